"""Facts about tests of maps, on maps whose worth is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import ReaderError
from core.explain import FILLS, controls, faithfulness_of, sensitivity_of
from core.explain import faithfulness as tests_of_maps
from core.explain.captum_tests import boxes_of, infidelity_of
from core.progress import Cancelled
from tests import tiny
from tests.core.explain.toys import WEIGHT, T, bent, counting, h, toy, w
from tests.oracle import chance


def test_the_areas_of_a_known_ranking():
    gain = torch.zeros(T, h, w)
    gain[0, 0, 0], gain[1, 2, 3] = 3.0, 1.0
    one = counting(gain)
    found = faithfulness_of(one, "own", gain.flatten(1).numpy(), controls(one, steps=60, seeds=2))
    by = {(curve.kind, curve.fill): curve for curve in found.curves}
    # 60 patches, one a step: after one 1 is left, after two nothing; shown, it is the mirror image
    assert by["deletion", "blur"].score_S[:4] == pytest.approx((4, 1, 0, 0), abs=1e-5)
    assert by["deletion", "blur"].auc == pytest.approx((2.5 + 0.5) / 60, abs=1e-5)
    assert by["insertion", "mean"].auc == pytest.approx(4 - (2.5 + 0.5) / 60, abs=1e-4)
    assert by["insertion", "mean"].inverted == by["deletion", "mean"].auc
    assert found.overall == pytest.approx(4 - 2 * 3 / 60, abs=1e-4) and found.inverted == -found.overall


def test_an_inverted_map_has_the_curves_of_the_map_exchanged():
    one, map_TP = toy(bent), chance(T, h * w, seed=8).numpy()
    against = controls(one, seeds=2)
    up, down = (faithfulness_of(one, "a map", sign * map_TP, against) for sign in (1, -1))
    assert down.overall == pytest.approx(up.inverted, abs=1e-6)
    assert [c.auc for c in down.curves] == pytest.approx([c.inverted for c in up.curves], abs=1e-6)


def test_the_true_map_is_better_than_chance_and_its_inverse_is_not():
    gain = chance(T, h, w, seed=5)
    one = counting(gain)
    against = controls(one)
    own = faithfulness_of(one, "own", gain.flatten(1).numpy(), against)
    assert own.better and own.overall > own.centre and own.sentence.endswith(": better than chance.")
    said = f"random places {own.random:.3f} ± {own.reach:.3f} (2.0 standard deviations)"
    assert f"own: {own.overall:.3f} against {said}" in own.sentence
    assert own.better == (own.overall > own.random + own.reach), "the verdict goes by the interval that is said"
    wrong = faithfulness_of(one, "wrong", -gain.flatten(1).numpy(), against)
    assert not wrong.better and wrong.sentence.endswith("not better than chance.")


def blob(shape, y_T, x_T):
    """Around a place in each frame, in fractions of it."""
    (_, h, w), (y_T, x_T) = shape, (np.broadcast_to(one, shape[0])[:, None, None] for one in (y_T, x_T))
    far = np.hypot((np.arange(h)[:, None] + 0.5) / h - y_T, (np.arange(w) + 0.5) / w - x_T)
    return np.exp(-8 * far**2).reshape(shape[0], h * w)


def large(gain):
    """A scorer that adds up what is shown of `gain` [4, 8, 8]."""
    one = replace(counting(torch.from_numpy(gain).float()), frame_T=(0, 1, 2, 3), grid=(8, 8))
    return replace(one, filled={fill: torch.zeros(gain.shape) for fill in FILLS})


def test_blobs_that_know_nothing_are_better_than_chance_one_time_in_twenty():
    """Clips of six smooth things that move: still blobs, moving blobs and white noise are not true to them; the things are."""
    shape, rng, better = (4, 8, 8), np.random.default_rng(0), {"still": [], "moving": [], "noise": []}
    for _ in range(30):
        ends = rng.random((6, 2, 2))
        gain = sum(rng.normal() * blob(shape, *np.linspace(*each, 4).T) ** 4 for each in ends).reshape(shape)
        one = large(gain)
        against = controls(one)
        for _ in range(10):
            (y0, x0), (y1, x1) = rng.random((2, 2))
            blind = {
                "still": blob(shape, y0, x0), "noise": rng.random((4, 64)),
                "moving": blob(shape, np.linspace(y0, y1, 4), np.linspace(x0, x1, 4)),
            }  # fmt: skip
            for name, map_TP in blind.items():
                better[name].append(faithfulness_of(one, name, map_TP, against).better)
        assert faithfulness_of(one, "own", gain.reshape(4, 64), against).better
    assert {name: np.mean(some) <= 0.05 for name, some in better.items()} == dict.fromkeys(better, True), better


def test_random_places_lie_evenly_and_are_the_same_in_all_frames():
    maps = np.stack([tests_of_maps.random_map((3, 8, 8), seed) for seed in range(64)])
    assert (maps == maps[:, :1]).all() and (maps.std((1, 2)) > 0.1).all()
    place = maps[:, 0].argmax(1)
    quarter = 2 * (place // 8 >= 4) + (place % 8 >= 4)
    for some in (8, 16, 64):
        assert np.bincount(quarter[:some], minlength=4).min() >= some // 8, "no quarter of the frame is left out"
    assert len(set(place)) > 48
    wide = tests_of_maps.random_map((2, 5, 9), 3)
    assert wide.shape == (2, 45) and wide.max() <= 1


def test_few_places_have_to_be_passed_by_more():
    """Of normal numbers one in twenty lies so far above the others, however few these are."""
    rng = np.random.default_rng(0)
    for seeds in (2, 4, 8):
        known, new = rng.normal(size=(20_000, seeds)), rng.normal(size=20_000)
        above = new > known.mean(1) + tests_of_maps.beyond(seeds) * known.std(1, ddof=1)
        assert above.mean() == pytest.approx(0.05, abs=0.006)
    assert tests_of_maps.beyond(8) == pytest.approx(2.0, abs=0.02)


def test_a_map_that_points_at_the_middle_is_told_so():
    spot = blob((4, 8, 8), 0.5, 0.5) ** 4
    one = large(spot.reshape(4, 8, 8))
    against = controls(one)
    nearly = faithfulness_of(one, "nearly", spot + 0.02 * chance(4, 64).numpy(), against)
    assert nearly.better and nearly.sentence.endswith("better than chance, but not than pointing at the middle.")


def test_a_mask_is_tested_with_its_equals_in_random_order():
    order = tests_of_maps.order_of(np.array([[True, False, False], [False, True, False]]), seed=4)
    assert set(order[:2]) == {0, 4} and list(order[2:]) != sorted(order[2:])
    flat = faithfulness_of(one := counting(chance(T, h, w, seed=5)), "flat", np.ones((T, h * w)), controls(one))
    assert not flat.better


def test_a_map_of_another_shape_or_without_numbers_is_refused():
    one = toy()
    with pytest.raises(ReaderError, match=r"over 3 frames of 4 × 5 patches, got \[3, 5\]"):
        faithfulness_of(one, "small", np.ones((3, 5)))
    with pytest.raises(ReaderError, match="none"):
        faithfulness_of(one, "nan", np.full((T, h * w), np.nan), controls(one, seeds=2))
    with pytest.raises(ReaderError, match="at least 2"):
        controls(one, seeds=1)


def test_faithfulness_tells_its_progress_counts_its_rows_and_can_be_called_off():
    told, scored = [], []

    def net(x, held):
        scored.append(len(x))
        return bent(x)

    one = toy(net)
    against = controls(one, progress=told.append)
    faithfulness_of(one, "a map", np.ones((T, h * w)), against, told.append)
    assert told[0] == 0 and told.count(1.0) == 2 and sum(scored) == tests_of_maps.rows(one)
    with pytest.raises(Cancelled):
        controls(one, cancelled=lambda: len(told) > 5)


def test_infidelity_is_nothing_for_a_map_that_adds_up():
    one = toy()
    own = (WEIGHT * (one.whole - one.filled["blur"])).flatten(1).numpy()
    boxes = boxes_of(one.shape)
    known = boxes, tests_of_maps.scores(one, ~boxes, "blur", tests_of_maps.Watch(1))
    lost = one.value() - known[1]
    assert infidelity_of(one, 7 * own, known, one.value()) == pytest.approx(0, abs=1e-6)  # no unit is asked for
    assert infidelity_of(one, np.zeros_like(own), known, one.value()) == pytest.approx((lost**2).mean(), rel=1e-5)
    other = chance(T, h * w, seed=9).numpy()
    told = boxes.reshape(len(boxes), -1) @ other.ravel()
    best = (told @ lost) / (told @ told)
    assert infidelity_of(one, other, known, one.value()) == pytest.approx(((best * told - lost) ** 2).mean(), rel=1e-3)


def test_sensitivity_is_nothing_for_a_fixed_map_and_grows_with_the_gain():
    clip = tiny.clip(T=2)

    def brightness(clip, gain):
        light = clip.frames_THWC.mean((1, 2, 3)) / 255
        return np.repeat((1 + gain * light)[:, None], 4, 1)

    assert sensitivity_of(lambda one: np.ones((2, 4)), clip) == 0
    small, large = (sensitivity_of(lambda one, gain=gain: brightness(one, gain), clip, radius=0.1) for gain in (0.1, 10))
    assert 0 < small < large < 0.2
    with pytest.raises(Cancelled):
        sensitivity_of(lambda one: np.ones((2, 4)), clip, cancelled=lambda: True)
