"""STPN's training pairs and evaluation: what is asked for is what is there, and nothing is given away."""

import json

import numpy as np
import pytest
import torch

from core.data.rendered import pool
from core.methods.stpn import evaluate as stpn
from core.methods.stpn import evaluate_clips as through
from core.methods.stpn import evaluate_frames as frames
from core.methods.stpn import evaluate_long as far
from core.methods.stpn import train as training
from core.methods.stpn.batches import FRAMES, LEAST, SPOILT, TAUGHT, around, batch, truth_of
from core.methods.stpn.equations import support_index
from core.methods.stpn.networks import Looked
from core.methods.stpn.weights import build, file_of, load
from core.metrics import Things, average_precision, drawn_precision, on_actor, overlap
from core.networks.detector import DetectorShape, Found
from core.networks.weights import read
from core.world import SHAPES, pairs

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def samples():
    return pool(100, 6, "val", 8, (128, 128))


def test_a_target_is_what_is_seen_of_each_thing(samples):
    for n, sample in enumerate(samples):
        for t in range(8):
            target = truth_of(sample, t, n, CPU)
            for box_4, label, mask_HW, number in zip(target.box_N4, target.label_N, target.mask_NHW, target.id_N, strict=True):
                thing = sample.scene.objects[int(number) - 8 * n - 1]
                assert SHAPES[label] == thing.shape
                assert np.array_equal(mask_HW.numpy().astype(bool), sample.instance_THW[t] == thing.id)
                x0, y0, x1, y1 = box_4.int().tolist()
                assert mask_HW[y0:y1, x0:x1].sum() == mask_HW.sum()
                assert all(side.any() for side in (mask_HW[y0], mask_HW[y1 - 1], mask_HW[:, x0], mask_HW[:, x1 - 1]))


def test_two_frames_of_each_clip_share_the_numbers_of_its_things(samples):
    one = batch(samples, 6, np.random.default_rng(0), CPU)
    assert one.current_BHWC.shape == (6, 128, 128, 3) and one.support_BKHWC.shape == (6, TAUGHT, 128, 128, 3)
    numbers = [set(target.id_N.tolist()) for target in one.targets]
    for first, second in zip(numbers[0::2], numbers[1::2]):
        assert first & second
    assert not numbers[0] & numbers[2]


def test_a_frame_never_supports_itself_in_training(samples, monkeypatch):
    monkeypatch.setattr("core.methods.stpn.batches.SPOILT_SUPPORTS", 0.0)
    moving = [sample for sample in samples if len({frame.tobytes() for frame in sample.frames_THWC}) == 8]
    assert len(moving) >= 2
    for seed in range(10):
        one = batch(moving, 4, np.random.default_rng(seed), CPU, share=0.0)
        for current_HWC, support_KHWC in zip(one.current_BHWC, one.support_BKHWC):
            assert not any(torch.equal(current_HWC, support_HWC) for support_HWC in support_KHWC)


def test_every_frame_of_a_clip_is_asked_for_sooner_or_later(samples):
    fast = next(one for one in samples if len({frame.tobytes() for frame in one.frames_THWC}) == 8)
    batches = [batch([fast], 2, np.random.default_rng(seed), CPU, share=0.0).current_BHWC.numpy() for seed in range(30)]
    asked = {np.sort(frame).tobytes() for one in batches for frame in one}  # whatever the order of its colours
    assert asked == {np.sort(frame).tobytes() for frame in fast.frames_THWC}


def test_the_colours_of_a_clip_are_exchanged_alike_in_a_frame_and_its_supports(samples, monkeypatch):
    monkeypatch.setattr("core.methods.stpn.batches.SPOILT_SUPPORTS", 0.0)
    still, orders = pool(3, 1, "val", 8, (128, 128), action="stays still", distractors=2), set()
    for seed in range(20):
        one = batch(still, 2, np.random.default_rng(seed), CPU, share=0.0)
        for current_HWC, support_KHWC in zip(one.current_BHWC, one.support_BKHWC):
            assert all(torch.equal(current_HWC, support_HWC) for support_HWC in support_KHWC)
            orders.add(current_HWC.numpy().tobytes())
    assert len(orders) == 6


def test_the_last_part_of_training_is_harder_than_the_start(samples):
    """So many frames are spoilt, and none less than so much."""
    clean = {np.sort(frame).tobytes() for one in samples for frame in one.frames_THWC}
    batches = [batch(samples, 6, np.random.default_rng(seed), CPU, share=1.0, least=1.0) for seed in range(3)]
    assert not {np.sort(frame).tobytes() for one in batches for frame in one.current_BHWC.numpy()} & clean
    assert training.HARDER["share"] > SPOILT and training.HARDER["least"] > LEAST


def test_an_occluder_is_offered_a_thing_that_is_there(samples):
    rng = np.random.default_rng(0)
    offered = [around(samples[0], 3, rng) for _ in range(20)]
    assert any(box is None for box in offered) and any(box is not None for box in offered)
    for x0, y0, x1, y1 in (box.astype(int) for box in offered if box is not None):
        assert (samples[0].instance_THW[3, y0:y1, x0:x1] > 0).any()


class Seer:
    """Finds exactly what is there. Its supports' features are their pixels."""

    def __init__(self):
        self.detector = self.prompting = self.tower = self
        self.places = ((0, 0),)

    def pixels(self, frames_BHWC):
        return frames_BHWC

    def support(self, tower, frames_BHWC):
        return {(0, 0): frames_BHWC.flatten(1, 2)}

    def heads(self, maps, size):
        return [found(target) for target in maps]


def found(target):
    N = len(target.label_N)
    return Found(target.box_N4, target.label_N, torch.ones(N), torch.eye(max(N, 1), 32)[:N])


def seen_by(monkeypatch, samples, t, **asked):
    """Current frames and supports that the network is given, one batch of them."""
    seen = []

    def maps_of(model, current_BHWC, support, prompts):
        seen.append((current_BHWC.numpy(), support[0, 0].unflatten(2, (128, 128)).numpy()))
        return [truth_of(sample, t, n, CPU) for n, sample in enumerate(samples)]

    monkeypatch.setattr(frames, "maps_of", maps_of)
    one = frames.subject(Seer(), samples, CPU)
    assert frames.detection(one, np.full(len(samples), t), kind="noise", severity=0.7, **asked)["ap50"] == 1
    return seen[0]


@pytest.mark.parametrize(("asked", "spoilt", "clip"), [
    ({}, False, 0), ({"spoil_supports": True}, True, 0), ({"other_clip": True}, False, 1),
])  # fmt: skip
def test_supports_are_clean_spoilt_or_of_another_clip_as_asked(samples, monkeypatch, asked, spoilt, clip):
    current, support = seen_by(monkeypatch, samples, 3, supports=2, stride=0, **asked)  # the first and the last frame
    assert not np.array_equal(current[0], samples[0].frames_THWC[3])
    for k, t in enumerate((0, 7)):
        assert np.array_equal(support[0, k], samples[clip].frames_THWC[t]) != spoilt


def test_supports_without_the_actor_are_the_same_clip_had_it_never_been_there(samples, monkeypatch):
    _, support = seen_by(monkeypatch, samples, 3, supports=2, stride=0, without_actor=True)
    for sample in samples:
        emptied_THWC = frames.emptied(sample)
        for t, frame_HWC in enumerate(sample.frames_THWC):
            differs_HW = (emptied_THWC[t] != frame_HWC).any(-1)
            shown_HW = sample.instance_THW[t] == 1
            assert differs_HW[shown_HW].mean() > 0.95 if shown_HW.any() else not differs_HW.any()
            assert differs_HW.sum() < 4 * shown_HW.sum() + 1  # it and its shadow, and nothing else
    assert np.array_equal(support[0, 0], frames.emptied(samples[0])[0])


def test_a_frame_that_supports_itself_is_as_spoilt_without_the_actor(samples, monkeypatch):
    current, support = seen_by(monkeypatch, samples, 0, supports=2, stride=0, without_actor=True)
    for n, sample in enumerate(samples):
        emptied_THWC = frames.emptied(sample)
        own_HWC = frames.spoilt(emptied_THWC[[0]], "noise", 0.7, n, None)[0]
        assert np.array_equal(support[n, 0], own_HWC) and not np.array_equal(own_HWC, emptied_THWC[0])
        assert np.array_equal(support[n, 1], emptied_THWC[7])


def test_every_k_of_the_sweep_has_that_many_frames():
    assert [len(set(support_index(0, FRAMES, K, 0))) for K in stpn.SWEPT] == list(stpn.SWEPT)


def test_clips_are_drawn_alike_for_both_of_a_pair(samples):
    """What one finds and the other misses is a gain in every draw; the same network gains nothing in any."""
    truths = [training.things(found(truth_of(sample, 3, n, CPU))) for n, sample in enumerate(samples)]
    missed = [Things(one.box_N4[:1], one.label_N[:1], one.score_N[:1]) for one in truths]
    weight_RN = stpn.draws(len(samples), 0)
    assert weight_RN.shape == (stpn.RESAMPLES + 1, 6) and (weight_RN.sum(1) == 6).all() and (weight_RN[0] == 1).all()
    every, some = (drawn_precision(truths, one, weight_RN) for one in (truths, missed))
    told = stpn.interval(every - some)
    assert told["mean"] == pytest.approx(1 - average_precision(truths, missed)["ap50"])
    assert 0 < told["low"] < told["mean"] < told["high"]
    assert stpn.interval(every - every) == {"mean": 0, "low": 0, "high": 0}
    assert np.array_equal(stpn.draws(6, 0), weight_RN) and not np.array_equal(stpn.draws(6, 1), weight_RN)


def test_not_all_that_is_asked_for_has_a_pair_that_is_held_out():
    tested = pool(0, 6, "test", 8, (128, 128))
    asked = [(o.colour, o.shape) for one in tested for o in one.scene.objects if (one.instance_THW[3] == o.id).sum() >= 12]
    share = stpn.known(tested, np.full(6, 3))
    assert share == pytest.approx(np.mean([pair in pairs("train") for pair in asked])) and 0 < share < 1
    assert not any((one.scene.objects[0].colour, one.scene.objects[0].shape) in pairs("train") for one in tested)


class Looker(Seer):
    """Its prompts look at `at`: places of the supports' 8 × 8 patches, [K·P] weights."""

    def __init__(self, at):
        super().__init__()
        self.at, self.shape = at, DetectorShape()

    def support(self, tower, frames_BHWC):
        return {(0, 0): torch.zeros(len(frames_BHWC), 64, 1)}

    def __call__(self, support_BKPD, look):
        share = self.at(support_BKPD[0, 0].shape[1])
        return Looked(torch.zeros(1, 1, 1), {(0, 0): share.view(1, 1, 1, -1, 64) / share.sum()})


def test_looking_at_things_is_told_from_looking_everywhere(samples):
    def asked(at):
        looker = Looker(at)
        looker.places = ((0, 0),)
        one = frames.Subject(looker, samples[:1], {(0, 0): torch.zeros(1, 8, 64, 1)}, CPU)
        return frames.looks(one)

    index = list(support_index(0, 8, frames.SUPPORTS, 0))
    things = torch.from_numpy(on_actor((samples[0].instance_THW[index] > 0).astype(int), (8, 8))).float()
    even = asked(lambda K: torch.ones(K, 64))
    assert even["on_things"] == pytest.approx(even["even"], abs=1e-6) and even["even"] == pytest.approx(things.mean().item())
    assert asked(lambda K: things)["on_things"] == pytest.approx(1) and asked(lambda K: things)["best"] == 1
    assert asked(lambda K: 1 - things)["on_things"] == 0 == asked(lambda K: 1 - things)["best"]


def test_a_frame_among_its_own_supports_is_as_spoilt_as_it_is(samples, monkeypatch):
    current, support = seen_by(monkeypatch, samples, 0, supports=2, stride=0)
    assert np.array_equal(support[0, 0], current[0]) and not np.array_equal(current[0], samples[0].frames_THWC[0])
    assert np.array_equal(support[0, 1], samples[0].frames_THWC[7])


def test_speed_is_how_much_a_box_overlaps_itself_nearby():
    actions = ("stays still", "moves left")
    still, fast = (pool(3, 1, "val", 8, (128, 128), action=action, distractors=1)[0] for action in actions)
    assert frames.motion(still, 4) == pytest.approx([1, 1])
    own = fast.box_TO4[:, 0]
    for t, beside in ((4, (2, 3, 5, 6)), (1, (0, 2, 3))):
        assert frames.motion(fast, t) == pytest.approx([np.mean([overlap(own[t], own[near]) for near in beside]), 1])


@pytest.mark.parametrize("variant", ["attention/shallow", "attention/deep"])
def test_fewer_prompts_are_the_first_of_them(samples, variant):
    torch.manual_seed(0)
    model, frames = build(variant).eval(), torch.from_numpy(samples[0].frames_THWC)
    support = {at: each[None] for at, each in training.support_features(model, frames[1:3]).items()}
    with torch.no_grad():
        every = model.prompting(support).prompts
        cut = every[:, :2] if isinstance(every, torch.Tensor) else {at: each[:, :2] for at, each in every.items()}
        wanted = model.detector.features(model.pixels(frames[:1]), cut)
        two, five, all_of_them = (training.maps_of(model, frames[:1], support, N) for N in (2, 5, None))
    for a, b, c, d in zip(wanted, two, five, all_of_them):
        assert torch.equal(a, b) and torch.equal(c, d)
    assert not torch.equal(two[-1], five[-1])


@pytest.mark.parametrize("named, expected", [("rightly", 1.0), ("wrongly", 0.0)])
def test_what_is_written_beside_the_weights_is_how_much_is_found(samples, monkeypatch, named, expected):
    every = iter([(n, sample) for n, sample in enumerate(samples)] * 2)

    class Seer:
        def heads(self, maps, size):
            n, sample = next(every)
            truth = truth_of(sample, n % 8, n, CPU)
            label_N = truth.label_N if named == "rightly" else (truth.label_N + 1) % len(SHAPES)
            return [Found(truth.box_N4, label_N, torch.ones(len(label_N)), torch.zeros(len(label_N), 1))]

    monkeypatch.setattr(training, "pool", lambda *given: samples)
    monkeypatch.setattr(training, "maps_of", lambda *given: [])
    monkeypatch.setattr(training, "support_features", lambda model, frames: {})
    model = type("Model", (), {"detector": Seer()})()
    found = training.score(model, CPU, clips=len(samples))
    assert found == {"val_clean_ap50": expected, "val_motion_blur_ap50": expected, "clips": len(samples)}


def test_every_variant_goes_on_from_one_detector(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "score", lambda model, device: {"val_clean_ap50": 0.5})
    asked = ["--out", str(tmp_path), "--teach", "1"]
    asked += ["--start", "1", "--steps", "0", "--batch", "2", "--clips", "2", "--device", "cpu"]
    training.main([*asked, "--only", "baseline", "attention/shallow"])
    start = load(tmp_path / "compared" / "stpn_start.safetensors").model.detector.state_dict()
    for variant in ("baseline", "attention/shallow"):
        told = read(file_of(tmp_path, variant))[1]["made"]
        assert json.loads(file_of(tmp_path, variant).with_suffix(".json").read_text())["scores"] == {"val_clean_ap50": 0.5}
        own = load(file_of(tmp_path, variant)).model.detector.state_dict()
        assert all(torch.equal(own[name], tensor) for name, tensor in start.items())
        assert told["command"].startswith(f"python -m core.training stpn --only {variant}") and "--start 1 " in told["command"]


def test_frames_in_a_row_are_spoilt_and_the_first_never(samples):
    for seed, sample in enumerate(samples):
        spoilt = through.stretched(sample, seed).frames_THWC
        changed = [t for t in range(8) if not np.array_equal(spoilt[t], sample.frames_THWC[t])]
        shown = [t for t in changed if through.STRETCHED[seed % 3] != "occluder" or not np.isnan(sample.box_TO4[t, 0]).any()]
        assert shown and shown[0] > 0 and changed[-1] - changed[0] < through.STRETCH
    assert len({through.stretched(samples[0], seed).frames_THWC.tobytes() for seed in range(0, 30, 3)}) > 1


def test_near_supports_are_spoilt_and_far_ones_of_another_scene(samples):
    current_N = np.array([0, 3, 7, 4, 4, 4])
    spoilt, cut = far.near_spoilt(samples, current_N), far.cut_beyond(samples, current_N)
    for n, t in enumerate(current_N):
        near = [i for i in range(8) if abs(i - t) <= far.NEAR]
        changed = [i for i in range(8) if not np.array_equal(spoilt[n].frames_THWC[i], samples[n].frames_THWC[i])]
        assert changed == [i for i in near if i != t]
        for i in range(8):
            whose = samples[n] if i in near else samples[(n + 1) % 6]
            assert np.array_equal(cut[n].frames_THWC[i], whose.frames_THWC[i])


def test_the_mean_overlap_of_draws_weighs_clips_by_their_frames():
    overlaps, weight_RN = [np.array([1.0, 0.5]), np.zeros(0), np.array([0.2])], np.array([[1, 1, 1], [0, 2, 3], [0, 3, 0]])
    assert through.drawn_overlap(overlaps, weight_RN) == pytest.approx([1.7 / 3, 0.2, np.nan], nan_ok=True)
    assert through.followed(overlaps)["ao"] == pytest.approx(1.7 / 3) and through.followed(overlaps)["sr75"] == pytest.approx(
        1 / 3
    )


def test_draws_of_a_gain_draw_training_seeds_too():
    """Clips that all agree leave no interval with one seed, and that of the seeds with three."""
    one_SR, three_SR = np.full((1, 200), 0.5), np.repeat([[0.4], [0.5], [0.9]], 200, 1)
    assert stpn.over(one_SR, one_SR - 0.1) == pytest.approx({"mean": 0.1, "low": 0.1, "high": 0.1})
    gain = stpn.over(three_SR, one_SR)
    assert gain["mean"] == pytest.approx(0.1) and gain["low"] < 0 < gain["high"]
    assert stpn.over(three_SR, three_SR) == {"mean": 0, "low": 0, "high": 0}
