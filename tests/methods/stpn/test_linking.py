"""Facts about linking the instances of frames through a clip, and about following one object from its first box."""

import numpy as np
import pytest

from core.methods.stpn.linking import follow, link, match, tracks, unit

# ---- linking ------------------------------------------------------------------------------------------------------

A, B, C = np.eye(4)[:3]


def near(one, seed=0, far=0.2):
    """An embedding not far from another."""
    return unit(one + far * np.random.default_rng(seed).standard_normal(one.shape) / 2)


def test_instances_are_linked_whatever_order_they_are_found_in():
    frames = [np.stack([A, B]), np.stack([near(B, 1), near(A, 2)]), np.stack([near(A, 3), near(B, 4)])]
    assert [one.tolist() for one in link(frames)] == [[0, 1], [1, 0], [0, 1]]


def test_who_is_away_for_a_while_comes_back_as_the_same_and_the_new_is_new():
    frames = [np.stack([A, B]), B[None], np.stack([C, B]), np.zeros((0, 4)), np.stack([B, C, A])]
    assert [one.tolist() for one in link(frames)] == [[0, 1], [1], [2, 1], [], [1, 2, 0]]
    assert [one.tolist() for one in link([np.zeros((0, 4)), A[None], A[None]])] == [[], [0], [0]]
    assert link([]) == []


def test_the_assignment_is_the_best_of_all_together_and_not_of_each():
    known, found = np.array([[1.0, 0], [0.8, 0.6]]), np.array([[0.96, 0.28], [1.0, 0.0]])
    assert (known @ found.T)[0].argmax() == 1 and (known @ found.T)[1].argmax() == 0
    # the greedy choice 0–1 (1.00) leaves 1–0 (0.936): 1.936 together, more than 0.96 + 0.8
    assert match(known, found, least=0.5).tolist() == [1, 0]
    known, found = np.array([[1.0, 0], [0.6, 0.8]]), np.array([[1.0, 0], [0.96, -0.28]])
    # 0–0 is the best pair, but it leaves 1–1 (0.352): 0–1 and 1–0 are 0.96 + 0.6 together
    assert match(known, found, least=0.0).tolist() == [1, 0]
    # below `least` a pair is worth nothing: 0–0 alone is then the best there is
    assert match(known, found, least=0.7).tolist() == [0, -1]


def test_a_track_keeps_its_last_embedding_or_a_mean():
    turn = [unit(np.array([np.cos(a), np.sin(a), 0, 0]))[None] for a in np.linspace(0, np.pi / 2, 4)]
    assert [one.tolist() for one in link(turn, least=0.8)] == [[0]] * 4  # 30° from the last each time
    assert [one.tolist() for one in link(turn, least=0.8, keep=0.9)] == [[0], [0], [1], [1]]  # 60° from where it began


def test_a_track_is_the_class_it_was_seen_as_most_surely():
    linked, label_TN = [np.array([0, 1]), np.array([1]), np.array([1, 0])], [[5, 2], [3], [2, 5]]
    first, second = tracks(linked, label_TN, [[0.9, 0.4], [0.6], [0.5, 0.7]])
    assert (first.number, first.label, first.place_T.tolist()) == (0, 5, [0, -1, 1]) and first.score == pytest.approx(0.8)
    assert (second.number, second.label, second.place_T.tolist()) == (1, 2, [1, 0, 0]) and second.score == pytest.approx(0.3)
    assert tracks([], [], []) == []


# ---- following ----------------------------------------------------------------------------------------------------


def box(x, y, side=10.0):
    return np.array([x - side / 2, y - side / 2, x + side / 2, y + side / 2])


def test_the_object_is_followed_among_others():
    box_TN4 = [np.stack([box(90, 50), box(20 + 4 * t, 50), box(20 + 4 * t, 80)]) for t in range(6)]
    embedding_TNE = [np.stack([near(A, t), near(A, 10 + t), near(B, 20 + t)]) for t in range(6)]
    path = follow(box(20, 50), A, box_TN4, embedding_TNE)
    assert path.place_T.tolist() == [-1, 1, 1, 1, 1, 1] and path.seen_T.all()  # its double stands far away, B is no double
    np.testing.assert_allclose(path.box_T4[:, 0], 15 + 4 * np.arange(6))
    assert path.value_T[0] == 1 and (path.value_T[1:] > 0.8).all()


def test_an_object_out_of_sight_moves_on_slows_down_and_is_found_again():
    box_TN4 = [box(20 + 5 * t, 50)[None] for t in range(8)]
    embedding_TNE = [A[None]] * 8
    for t in (3, 4):
        box_TN4[t], embedding_TNE[t] = np.zeros((0, 4)), np.zeros((0, 4))
    box_TN4[5], embedding_TNE[5] = box(45, 50)[None], B[None]  # something else stands where it should be
    path = follow(box(20, 50), A, box_TN4, embedding_TNE)
    assert path.seen_T.tolist() == [True, True, True, False, False, False, True, True]
    centre_T = path.box_T4[:, [0, 2]].mean(1)
    np.testing.assert_allclose(centre_T[:6], np.cumsum([20, 5, 5, 5, 5 * 0.7, 5 * 0.49]))
    np.testing.assert_allclose(centre_T[6:], [50, 55])
    np.testing.assert_allclose(path.box_T4[:, 2] - path.box_T4[:, 0], 10)


def test_the_past_does_not_know_the_future():
    rng = np.random.default_rng(0)
    box_TN4 = [np.stack([box(*rng.uniform(0, 100, 2)) for _ in range(4)]) for _ in range(8)]
    embedding_TNE = [unit(rng.standard_normal((4, 4))) for _ in range(8)]
    whole = follow(box_TN4[0][0], embedding_TNE[0][0], box_TN4, embedding_TNE, least=0.05)
    assert whole.seen_T[1:].any()
    for t in range(1, 9):
        part = follow(box_TN4[0][0], embedding_TNE[0][0], box_TN4[:t], embedding_TNE[:t], least=0.05)
        assert np.array_equal(part.box_T4, whole.box_T4[:t]) and np.array_equal(part.place_T, whole.place_T[:t])


def test_an_object_that_never_comes_back_is_never_seen():
    path = follow(box(20, 50), A, [[]] * 4, [[]] * 4)
    assert path.seen_T.tolist() == [True, False, False, False]
    np.testing.assert_allclose(path.box_T4, np.tile(box(20, 50), (4, 1)))
