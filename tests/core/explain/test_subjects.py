"""Facts about STOP and STPN as scorers: what is explained is the number on the page."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from core.explain import ATTRIBUTIONS, attribution
from core.methods.stop.explain import stop_subject
from core.methods.stpn.explain import stpn_subject
from core.world import SHAPES
from tests import tiny

BRIEF = {"integrated_gradients": dict(steps=4), "feature_ablation": dict(by="place")}


@pytest.mark.parametrize(
    "registers, knobs",
    [(0, {}), (2, {}), (2, {"depth": "all"}), (0, {"spatial": False}), (0, {"temporal": False}), (2, {"alpha": 1, "layer": 2})],
)
def test_a_clip_that_is_shown_whole_has_the_similarity_of_the_page(registers, knobs):
    engine, clip = tiny.engine(tiny.towers(registers=registers)), tiny.clip(T=4)
    knobs = {"kept": 2, **knobs}
    found = engine.run("stop", clip, texts=tiny.TEXTS, **knobs)["similarity_Y"]
    for text in (0, 2):
        one = stop_subject(engine, clip, tiny.TEXTS, text, **knobs)
        assert one.value() == pytest.approx(found[text].item(), abs=1e-5)
        assert one.score(one.ones(2), held=True).tolist() == pytest.approx([found[text].item()] * 2, abs=1e-5)
    assert one.shape == (4, 2, 3)


def two_colours(T=3):
    """Every pixel 40 or 120, as many of one as of the other: the mean colour is 80."""
    order = np.random.default_rng(2).permutation(np.repeat([40, 120], T * 32 * 48 // 2)).reshape(T, 32, 48, 1)
    return tiny.of_frames(np.repeat(order.astype(np.uint8), 3, -1))


@pytest.mark.parametrize("depth", ["first", "all"])
def test_a_filled_patch_is_what_the_engine_says_of_a_painted_clip(depth, engine):
    clip = two_colours()
    one = stop_subject(engine, clip, tiny.TEXTS, 1, kept=2, depth=depth)
    shown = one.ones()
    painted = clip.frames_THWC.copy()
    for t, i, j in [(0, 0, 0), (1, 1, 2), (2, 0, 1)]:
        shown[0, t, i, j] = 0
        painted[t, 16 * i : 16 * (i + 1), 16 * j : 16 * (j + 1)] = 80
    said = engine.run("stop", tiny.of_frames(painted), texts=tiny.TEXTS, kept=2, depth=depth)
    assert one.score(shown, "mean").item() == pytest.approx(said["similarity_Y"][1].item(), abs=1e-5)
    assert abs(one.value() - one.score(shown, "mean").item()) > 1e-4


def test_held_choices_stay_while_patches_go(engine):
    one = stop_subject(engine, tiny.clip(), tiny.TEXTS, kept=2)
    none = torch.zeros(1, *one.shape)
    still = one.score(none, "mean")  # a still clip: made anew, no prompt is left
    assert one.score(none, "mean", held=True).item() != pytest.approx(still.item(), abs=1e-4)


@pytest.mark.parametrize("depth", ["first", "all"])
def test_the_gradient_of_a_held_clip_is_its_slope(depth):
    one = stop_subject(tiny.engine(), tiny.clip(T=3), tiny.TEXTS, kept=2, depth=depth)
    one = replace(one, whole=one.whole.double(), filled={name: fill.double() for name, fill in one.filled.items()})
    net = one.net.__closure__ or ()  # the towers too must be in double precision, or the slope is rounding
    for cell in net:
        for part in getattr(cell.cell_contents, "__dict__", {}).values():
            if isinstance(part, nn.Module):
                part.double()
    score = next(cell.cell_contents for cell in net if hasattr(cell.cell_contents, "walk"))
    object.__setattr__(score, "prefix_RD", score.prefix_RD.double())
    object.__setattr__(score, "text_E", score.text_E.double())
    at = torch.full((1, *one.shape), 0.6, dtype=torch.float64, requires_grad=True)
    with sdpa_kernel(SDPBackend.MATH):  # exact to the last digit, so that the step may be shorter than the way to a ReLU's edge
        (slope,) = torch.autograd.grad(one.score(at, held=True).sum(), at)
        for place in [(0, 0, 1, 1), (0, 2, 0, 2)]:
            step = torch.zeros_like(at)
            step[place] = 1e-6
            rise = (one.score(at + step, held=True) - one.score(at - step, held=True)).item() / 2e-6
            assert slope[place].item() == pytest.approx(rise, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_every_attribution_answers_for_both_methods(name, engine):
    clip = tiny.clip(T=3)
    for one in (stop_subject(engine, clip, tiny.TEXTS, kept=2), found_one(engine, clip)):
        made = attribution(one, name, **BRIEF.get(name, {}))
        assert made.map_TP.shape == (one.shape[0], one.shape[1] * one.shape[2]) and np.isfinite(made.map_TP).all()
        assert made.weights and made.grid == one.grid and made.frame_T == one.frame_T and made.seconds > 0
        assert np.ptp(made.map_TP) > 0 or "the whole map is 0" in " ".join(made.notes)


def found_one(engine, clip, **asked):
    return stpn_subject(engine, clip, 0, t=2, spoil="none", **asked)


@pytest.mark.parametrize("reader", ["prompted", "baseline"])
def test_a_detection_has_the_score_of_its_class_in_its_box(reader, engine):
    clip = tiny.clip(T=3)
    knobs = dict(t=2, spoil="none")
    one = stpn_subject(engine, clip, 0, reader, **knobs)
    trace = engine.run("stpn", clip, outputs=["plain", "prompted", "pixels", "variant", f"{reader}_found"], **knobs)
    found, pixels = trace[f"{reader}_found"], trace["pixels"]
    detector = (trace["variant"] if reader == "prompted" else engine.network("stpn").network.baseline).detector
    maps = list(trace["prompted"].maps.values()) if reader == "prompted" else detector.features(pixels.pixels_BCHW)
    box = found.box_N4[:1] * torch.tensor([pixels.size[1], pixels.size[0]] * 2)
    roi = detector.roi
    with torch.no_grad():
        logits = roi.box_predictor(roi.box_head(roi.box_roi_pool(detector.levels(maps), [box], [])))[0]
    assert one.value() == pytest.approx(logits.softmax(-1)[0, SHAPES.index(found.label_N[0]) + 1].item(), abs=1e-5)
    assert one.frame_T == (1,) and found.label_N[0] in one.what and reader in one.what
    assert one.shape == (1, 3, 6)  # 24 × 48 pixels, the second map has one cell in eight of them
    hidden = one.ones()
    hidden[0, 0, 1:, 2:] = 0
    assert abs(one.score(hidden).item() - one.value()) > 1e-5
