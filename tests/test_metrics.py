"""What is measured against truth, on pictures small enough to count by hand."""

import numpy as np

from core.metrics import on_actor, pointing, precision, rank_correlation, recall, top


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
