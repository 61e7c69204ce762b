"""What is measured against truth, on pictures small enough to count by hand."""

import numpy as np
import pytest

from core.metrics import (
    Things,
    average_precision,
    deviation,
    drawn_precision,
    on_actor,
    overlap,
    pointing,
    precision,
    rank_correlation,
    recall,
    top,
)  # fmt: skip


def truth():
    instance_THW = np.zeros((2, 5, 8), np.uint8)  # 2 × 4 patches; rows 0–1 and 2–4, columns in pairs
    instance_THW[0, 1, 3] = 1  # one pixel: patch (0, 1)
    instance_THW[0, 2:, 6:] = 2  # a distractor
    return on_actor(instance_THW, (2, 4))


def test_a_patch_is_on_the_actor_where_it_holds_one_of_its_pixels():
    assert np.argwhere(truth()).tolist() == [[0, 1]]


def test_frames_without_the_actor_are_not_counted():
    score_TP = np.zeros((2, 8))
    score_TP[0, 1] = score_TP[1, 5] = 1
    assert pointing(score_TP, truth()).tolist() == [True]
    assert pointing(-score_TP, truth()).tolist() == [False]


def test_precision_and_recall():
    region_TP = np.zeros((2, 8), bool)
    region_TP[:, [1, 2, 3, 4]] = True
    assert precision(region_TP, truth()).tolist() == [0.25]
    assert recall(region_TP, truth()).tolist() == [1.0]


def test_the_top_of_equals_is_the_earlier():
    assert top(np.array([[1.0, 3.0, 3.0, 3.0]]), 2).tolist() == [[False, True, True, False]]


def test_rank_correlation_ends_and_constants():
    assert rank_correlation(np.array([1, 2, 3]), np.array([10, 20, 90])) == 1
    assert rank_correlation(np.array([1, 2, 3]), np.array([9, 4, 1])) == -1
    assert rank_correlation(np.array([1, 1, 1]), np.array([9, 4, 1])) == 0


def things(boxes, labels, scores=None, **rest):
    return Things(np.array(boxes, float).reshape(-1, 4), np.array(labels), None if scores is None else np.array(scores), **rest)


TWO = things([(0, 0, 40, 40), (50, 50, 90, 90)], [0, 1])


def test_all_found_and_nothing_else_is_an_average_precision_of_1():
    assert average_precision([TWO], [things(TWO.box_N4, [0, 1], [0.9, 0.8])]) == pytest.approx({"ap": 1, "ap50": 1, "ap75": 1})


def test_a_wrong_name_a_miss_and_an_empty_hand_are_worth_nothing():
    assert average_precision([TWO], [things(TWO.box_N4, [1, 0], [0.9, 0.8])])["ap50"] == 0
    assert average_precision([TWO], [things([], [], [])]) == {"ap": 0, "ap50": 0, "ap75": 0}
    assert average_precision([TWO], [things(TWO.box_N4[:1], [0], [0.9])])["ap50"] == pytest.approx(0.5)  # one class of two


def test_a_box_that_overlaps_by_six_tenths_is_right_at_a_half_and_wrong_at_three_quarters():
    found = average_precision([things([(0, 0, 40, 40)], [0])], [things([(0, 0, 40, 24)], [0], [1.0])])
    assert found["ap50"] == pytest.approx(1) and found["ap75"] == 0


def test_what_is_not_asked_for_is_neither_right_nor_wrong():
    asked = things(TWO.box_N4, [0, 0], ignored_N=np.array([False, True]))
    assert average_precision([asked], [things(TWO.box_N4, [0, 0], [0.8, 0.9])])["ap"] == pytest.approx(1)
    nothing = things(TWO.box_N4, [0, 0], ignored_N=np.array([True, True]))
    assert np.isnan(average_precision([nothing], [things(TWO.box_N4, [0, 0], [0.8, 0.9])])["ap"])


@pytest.mark.parametrize("which", ["ap", "ap50", "ap75"])
def test_an_image_that_is_drawn_twice_counts_as_two(which):
    """The oracle is COCO's own code on the images themselves, as often as each was drawn."""
    rng = np.random.default_rng(0)
    truths, found = [], []
    for image in range(12):
        box_N4 = rng.uniform(0, 60, (image % 4, 4)) + (0, 0, 70, 70)
        label_N = rng.integers(0, 3, len(box_N4))
        truths.append(Things(box_N4, label_N, ignored_N=rng.random(len(box_N4)) < 0.2))
        near_N4 = np.concatenate([box_N4 + rng.normal(0, 8, box_N4.shape), rng.uniform(0, 60, (2, 4)) + (0, 0, 70, 70)])
        found.append(Things(near_N4, np.concatenate([label_N, rng.integers(0, 4, 2)]), rng.random(len(near_N4))))
    weight_RN = np.concatenate([np.ones((1, 12), int), rng.multinomial(12, [1 / 12] * 12, size=20)])
    told = drawn_precision(truths, found, weight_RN, which)
    for weight_N, value in zip(weight_RN, told, strict=True):
        repeated = [[one[n] for n in np.repeat(np.arange(12), weight_N)] for one in (truths, found)]
        assert value == pytest.approx(average_precision(*repeated)[which])
    assert len(set(told.round(6))) > 10
    nothing = [things([], [], []) for _ in found]
    assert drawn_precision(truths, nothing, weight_RN, which).tolist() == [0] * 21
    assert np.isnan(drawn_precision(nothing, found, weight_RN, which)).all()


def test_one_seed_has_no_deviation():
    assert deviation([0.1, 0.2, 0.6]) == pytest.approx(np.sqrt((0.2**2 + 0.1**2 + 0.3**2) / 2))
    assert deviation([0.1]) is None


def test_masks_are_compared_where_they_are_known():
    mask = np.zeros((1, 60, 60), bool)
    mask[0, :40, :40] = True
    lower = np.zeros((1, 60, 60), bool)
    lower[0, 20:, :40] = True
    truth = things([(0, 0, 0, 0)], [3], mask_NHW=mask)
    assert average_precision([truth], [things([(0, 0, 0, 0)], [3], [0.9], mask_NHW=mask)])["ap"] == pytest.approx(1)
    assert average_precision([truth], [things([(0, 0, 0, 0)], [3], [0.9], mask_NHW=lower)])["ap50"] == 0


def test_overlap_is_what_two_boxes_share_of_what_they_cover():
    a, b = ([[0, 0, 2, 2], [0, 0, 1, 1], [0, 0, 0, 0]], [[1, 0, 3, 2], [2, 2, 3, 3], [0, 0, 0, 0]])
    assert overlap(np.array(a, float), np.array(b, float)).tolist() == pytest.approx([1 / 3, 0, 0])
