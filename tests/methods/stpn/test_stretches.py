"""STPN's training on clips of which some frames in a row are spoilt: what is read, what supports it, and where it is kept."""

import numpy as np
import pytest
import torch

from core.data import stock as kept
from core.data.rendered import pool
from core.data.stock import stock
from core.errors import BadKnob
from core.methods.stpn import stretches
from core.methods.stpn import train as training
from core.methods.stpn.dvp import DualPredictor, MotionPredictor
from core.methods.stpn.weights import BASELINE, build, file_of
from core.networks.weights import save
from core.world import SHAPES

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def samples():
    return pool(100, 4, "val", stretches.FRAMES, (128, 128))


def test_a_stock_is_what_is_drawn_and_is_drawn_anew_only_where_the_world_has_changed(samples, tmp_path, monkeypatch):
    asked = (tmp_path, 100, 3, "val", stretches.FRAMES, (128, 128))
    for one, other in zip(stock(*asked), samples, strict=False):
        assert np.array_equal(one.frames_THWC, other.frames_THWC) and np.array_equal(one.instance_THW, other.instance_THW)
        assert np.array_equal(one.box_TO4, other.box_TO4, equal_nan=True) and one.scene == other.scene
    drawn, draw = [], kept.draw
    monkeypatch.setattr(kept, "draw", lambda *given: (drawn.append(given), draw(*given)))
    stock(*asked)
    assert not drawn
    (frames,) = tmp_path.glob("*/frames.npy")
    held = np.load(frames, mmap_mode="r+")
    held[0, 3, 5, 5] ^= 1
    held.flush()
    assert np.array_equal(stock(*asked)[0].frames_THWC, samples[0].frames_THWC) and len(drawn) == 1


def test_frames_of_the_stretch_are_spoilt_and_no_others(samples, monkeypatch):
    monkeypatch.setattr(stretches, "CLEAN", 0.0)
    monkeypatch.setattr(stretches, "KINDS", {"defocus": 1})
    for seed, one in enumerate(samples):
        rng = np.random.default_rng(seed)
        stretch = stretches.row_around(9, stretches.FRAMES, rng)
        assert 9 in stretch and len(stretch) <= stretches.LONGEST
        clean = dict(enumerate(one.frames_THWC))
        spoilt = stretches.spoil(one, clean, stretch, rng)
        assert [i for i in clean if not np.array_equal(clean[i], spoilt[i])] == [*stretch]


def test_a_frame_has_one_state_read_or_supporting_and_both_of_a_clip_share_supports(samples):
    shown = supported = 0
    for seed in range(12):
        one = stretches.batch(samples, 4, np.random.default_rng(seed), CPU)
        assert one.each == 2 and len(one.targets) == len(one.present_BC) == len(one.colour_BC3) == 4
        assert torch.equal(one.present_BC[0], one.present_BC[1]) and one.support_BKHWC.shape[1] in stretches.SUPPORTS
        for clip, support_KHWC in enumerate(one.support_BKHWC):
            for current_HWC in one.current_BHWC[2 * clip : 2 * clip + 2]:
                shown += 1
                supported += any(torch.equal(current_HWC, each) for each in support_KHWC)
    assert 0 < supported < shown


def test_prompts_are_asked_for_the_colour_that_a_shape_has_in_the_supports(samples):
    one = samples[0]
    painted_HWC = np.zeros((128, 128, 3), np.uint8)
    for n, thing in enumerate(one.scene.objects):
        painted_HWC[one.instance_THW[2] == thing.id] = (255, 51 * n, 0)
    present_C, colour_C3 = stretches.shapes_of([(one, 2, painted_HWC)])
    there = {SHAPES.index(thing.shape) for thing in one.scene.objects if (one.instance_THW[2] == thing.id).sum() >= 12}
    assert {*np.flatnonzero(present_C).tolist()} == there and (colour_C3[sorted(there), 0] == 1).all()
    assert not colour_C3[present_C == 0].any()


def test_prompts_of_both_branches_follow_the_frame_that_is_read_and_those_of_motion_the_order_of_supports():
    torch.manual_seed(0)
    support_BKPD, own_BPD = torch.randn(2, 3, 16, 32), torch.randn(2, 16, 32)
    dual, motion = DualPredictor(32, 16, heads=2), MotionPredictor(32, 16, heads=2)
    one, other = dual(support_BKPD, True, own_BPD), dual(support_BKPD, True, own_BPD.flip(-1))
    assert not torch.allclose(one[0], other[0]) and torch.allclose(one[1].sum((-1, -2)), torch.ones(2, 2, 5), atol=1e-5)
    assert torch.allclose(dual(support_BKPD, False, own_BPD)[0], one[0], atol=1e-5)
    with pytest.raises(BadKnob, match="from the current frame, too"):
        dual(support_BKPD)
    assert not torch.allclose(motion(support_BKPD)[0], motion(support_BKPD.flip(1))[0])
    still_BKPD = support_BKPD[:, :1].expand(-1, 3, -1, -1)
    assert torch.allclose(motion(still_BKPD)[0], motion(still_BKPD.flip(1))[0], atol=1e-6)


@pytest.mark.parametrize("variant", [BASELINE, "attention/shallow", "dual/shallow", "motion/shallow"])
def test_a_variant_goes_on_from_its_own_weights_or_from_the_baselines(tmp_path, monkeypatch, samples, variant):
    monkeypatch.setattr(training, "score", lambda model, device: {})
    monkeypatch.setattr(training, "stock", lambda *given: samples)
    began, out = tmp_path / "began", tmp_path / "out"
    for name in (BASELINE, "attention/shallow"):
        torch.manual_seed(len(name))
        model = build(name)
        about = dict(kind="stpn", variant=name, prompts=5, shape=model.detector.shape.to_json())
        save(file_of(began, name), {"stpn": model}, about, {})
    words = ["--out", str(out), "--mix", "stretches", "--from", str(began), "--only", variant, "--batch", "2", "--clips", "4"]
    training.main([*words, "--steps", "0", "--device", "cpu"])
    made = training.load(file_of(out, variant)).model
    source = training.load(file_of(began, variant if file_of(began, variant).is_file() else BASELINE)).model
    for name, tensor in source.detector.state_dict().items():
        assert torch.equal(made.detector.state_dict()[name], tensor)
    if variant == "attention/shallow":
        assert all(torch.equal(made.prompting.state_dict()[name], one) for name, one in source.prompting.state_dict().items())
        training.main([*words, "--steps", "1", "--prompts", "3", "--device", "cpu"])
        assert training.load(file_of(out, variant, prompts=3)).model.prompting.prompts == 3


def test_a_spoilt_frame_that_supports_itself_is_spoilt_there_too(samples, monkeypatch):
    monkeypatch.setattr(stretches, "CLEAN", 0.0)
    monkeypatch.setattr(stretches, "CUT", 0.0)
    monkeypatch.setattr(stretches, "KINDS", {"defocus": 1})
    monkeypatch.setattr(stretches, "supports_of", lambda t, T, K, rng: [t] * K)
    one = stretches.batch(samples, 8, np.random.default_rng(0), CPU)
    for current_HWC, support_KHWC in zip(one.current_BHWC[::2], one.support_BKHWC, strict=True):
        assert all(torch.equal(current_HWC, each) for each in support_KHWC)


def test_the_frame_that_is_read_counts_in_both_branches_of_dual():
    torch.manual_seed(0)
    support_BKPD, own_BPD = torch.randn(2, 3, 16, 32), torch.randn(2, 16, 32)
    dual = DualPredictor(32, 16, heads=2)
    one, other = dual(support_BKPD, True, own_BPD), dual(support_BKPD, True, own_BPD.flip(-1))
    assert not torch.allclose(one[1], other[1], atol=1e-6), "where supports are looked at hangs on the frame"
    for part in dual.own.parameters():
        torch.nn.init.zeros_(part)
    assert not torch.allclose(dual(support_BKPD, False, own_BPD)[0], one[0], atol=1e-4)
