"""STPN's training pairs and evaluation: what is asked for is what is there, and nothing is given away."""

import numpy as np
import pytest
import torch

from core.evaluate import stpn
from core.metrics import overlap
from core.networks.detector import Found
from core.training.pool import pool
from core.training.stpn import SUPPORTS, around, batch, truth_of
from core.world import SHAPES

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
    assert one.current_BHWC.shape == (6, 128, 128, 3) and one.support_BKHWC.shape == (6, SUPPORTS, 128, 128, 3)
    numbers = [set(target.id_N.tolist()) for target in one.targets]
    for first, second in zip(numbers[0::2], numbers[1::2]):
        assert first & second
    assert not numbers[0] & numbers[2]


def test_a_frame_never_supports_itself_in_training(samples, monkeypatch):
    monkeypatch.setattr("core.training.stpn.SPOILT", 0.0)
    monkeypatch.setattr("core.training.stpn.SPOILT_SUPPORTS", 0.0)
    moving = [sample for sample in samples if len({frame.tobytes() for frame in sample.frames_THWC}) == 8]
    assert len(moving) >= 2
    for seed in range(10):
        one = batch(moving, 4, np.random.default_rng(seed), CPU)
        for current_HWC, support_KHWC in zip(one.current_BHWC, one.support_BKHWC):
            assert not any(torch.equal(current_HWC, support_HWC) for support_HWC in support_KHWC)


def test_an_occluder_is_offered_a_thing_that_is_there(samples):
    rng = np.random.default_rng(0)
    offered = [around(samples[0], 3, rng) for _ in range(20)]
    assert any(box is None for box in offered) and any(box is not None for box in offered)
    for x0, y0, x1, y1 in (box.astype(int) for box in offered if box is not None):
        assert (samples[0].instance_THW[3, y0:y1, x0:x1] > 0).any()


class Seer:
    """Finds exactly what is there."""

    def __init__(self):
        self.detector = self

    def heads(self, maps, size):
        return [found(target) for target in maps]


def found(target):
    N = len(target.label_N)
    return Found(target.box_N4, target.label_N, torch.ones(N), torch.eye(max(N, 1), 32)[:N])


def test_a_frame_among_its_own_supports_is_as_spoilt_as_it_is(samples, monkeypatch):
    seen = []

    def maps_of(model, one):
        seen.append(one)
        return one.targets

    monkeypatch.setattr(stpn, "maps_of", maps_of)
    current_N = np.full(len(samples), 3)
    asked = dict(kind="noise", severity=0.7, supports=2, stride=0)  # first and last frame
    assert stpn.detection(Seer(), samples, current_N, CPU, **asked)["ap50"] == 1
    assert not torch.equal(seen[0].support_BKHWC[0, 0], seen[0].current_BHWC[0])
    assert np.array_equal(seen[0].support_BKHWC[0, 0].numpy(), samples[0].frames_THWC[0])
    seen.clear()
    stpn.detection(Seer(), samples, np.full(len(samples), 0), CPU, **asked)
    assert torch.equal(seen[0].support_BKHWC[0, 0], seen[0].current_BHWC[0])  # frame 1 supports itself
    assert not np.array_equal(seen[0].current_BHWC[0].numpy(), samples[0].frames_THWC[0])


def test_speed_is_how_much_a_box_overlaps_itself_nearby():
    actions = ("stays still", "moves left")
    still, fast = (pool(3, 1, "val", 8, (128, 128), action=action, distractors=1)[0] for action in actions)
    assert stpn.motion(still, 4) == pytest.approx([1, 1])
    own = fast.box_TO4[:, 0]
    expected = np.mean([overlap(own[4], own[near]) for near in (2, 3, 5, 6)])
    assert stpn.motion(fast, 4) == pytest.approx([expected, 1])
