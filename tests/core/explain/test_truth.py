"""Facts about maps against the truth: chance is the same map shifted elsewhere."""

import numpy as np
import pytest

from core.errors import ReaderError
from core.explain import against_truth


def shifts_by_hand(map_TP, truth, grid):
    """Pointing and IoU of a map of numbers, or IoU of a mask, for every shift, frame by frame."""
    found, (h, w) = [], grid
    for y in range(h):
        for x in range(w):
            hits, overs = [], []
            for map_P, on_P in zip(map_TP, truth):
                if on_P.any():
                    moved_P = np.roll(map_P.reshape(h, w), (y, x), (0, 1)).ravel()
                    kept = moved_P if map_P.dtype == bool else moved_P >= np.sort(moved_P)[-on_P.sum()]
                    hits.append(on_P[moved_P.argmax()])
                    overs.append((kept & on_P).sum() / (kept | on_P).sum())
            found.append((np.mean(hits), np.mean(overs)))
    return np.array(found).T


def test_chance_is_the_same_map_shifted_over_every_row_and_column():
    grid, rng = (5, 7), np.random.default_rng(1)
    truth = rng.random((6, 35)) < 0.2
    truth[2] = False  # a frame without the actor counts not
    map_TP = rng.random((6, 35))
    found, (hit, over) = against_truth(map_TP, truth, grid), shifts_by_hand(map_TP, truth, grid)
    assert (found.pointing, found.iou) == pytest.approx((hit[0], over[0]))
    assert (found.shifted_pointing, found.shifted_pointing_sd) == pytest.approx((hit.mean(), hit.std()))
    assert (found.shifted_iou, found.shifted_iou_sd) == pytest.approx((over.mean(), over.std()))
    better, alike = hit > hit[0] + 1e-9, np.isclose(hit, hit[0])
    assert (found.as_well, found.shifts) == ((better | alike & (over > over[0] - 1e-9)).sum(), 35) and 1 < found.as_well < 35
    mask = map_TP > 0.6  # a mask stays of its own size
    found, (_, over) = against_truth(mask, truth, grid), shifts_by_hand(mask, truth, grid)
    assert (found.iou, found.shifted_iou, found.shifted_iou_sd) == pytest.approx((over[0], over.mean(), over.std()))
    wide = against_truth(np.ones_like(mask), truth, grid)  # every patch kept: it is the same wherever it is shifted
    assert wide.iou == pytest.approx(wide.shifted_iou) and wide.shifted_iou_sd < 1e-9
    flat = against_truth(np.zeros_like(map_TP), truth, grid)
    assert flat.pointing < 0.5 and not flat.better  # not the first patch, whatever it holds


def still(rows, columns, grid=(8, 8), frames=8):
    """True in a rectangle that stays where it is."""
    made = np.zeros((frames, *grid), bool)
    made[:, rows, columns] = True
    return made.reshape(frames, -1)


def test_the_truth_itself_agrees_and_a_map_that_knows_nothing_does_so_one_time_in_twenty():
    walk = np.stack([still(slice(t, t + 2), slice(2, 4))[0] for t in range(7)])
    own = against_truth(walk.astype(float), walk, (8, 8))
    assert own.pointing == own.iou == 1 and own.better and own.as_well == 1
    assert own.sentence.endswith("; 1 of 64 shifts does as well: better than chance.")
    elsewhere = f"against {own.shifted_pointing:.2f} ± {own.shifted_pointing_sd:.2f} for the same map shifted elsewhere"
    assert elsewhere in own.sentence
    for seed in range(4):  # of all shifts of any map, exactly those that are among the best twentieth
        map_TP = np.random.default_rng(seed).random(walk.shape).reshape(7, 8, 8)
        moved = [np.roll(map_TP, (y, x), (1, 2)).reshape(7, 64) for y in range(8) for x in range(8)]
        assert sum(against_truth(one, walk, (8, 8)).better for one in moved) <= 64 / 20


def test_a_still_map_on_a_still_thing_is_right_in_all_frames_by_chance():
    """Frames are not independent: it is one hit, however many frames there are."""
    thing, maps = still(slice(2, 4), slice(5, 7)), np.random.default_rng(0).random((8, 8))
    shifts = [np.roll(maps, (y, x), (0, 1)).ravel() for y in range(8) for x in range(8)]
    found = [against_truth(np.tile(one, (8, 1)), thing, (8, 8)) for one in shifts]
    assert sorted(one.pointing for one in found) == [0] * 60 + [1] * 4  # more than one in twenty are right, and in all frames
    assert 1 <= sum(one.better for one in found) <= 3
    for one in found:
        assert one.shifted_pointing == pytest.approx(4 / 64)
        assert one.shifted_pointing_sd == pytest.approx((4 / 64 * 60 / 64) ** 0.5)
    assert any(one.sentence.endswith("; 4 of 64 shifts do as well: not better than chance.") for one in found)


def test_in_one_frame_the_truth_is_better_than_chance_also_where_it_is_large():
    thing = still(slice(4, 9), slice(4, 9), grid=(16, 16), frames=1)  # a tenth of the frame
    found = against_truth(thing.astype(float), thing, (16, 16))
    assert found.iou == 1 and found.as_well == 1 and found.better
    small = still(0, 0, grid=(3, 4), frames=1)
    assert against_truth(small, small, (3, 4)).as_well == 1
    assert not against_truth(small, small, (3, 4)).better  # of twelve places none is rare enough


def test_a_map_needs_a_truth_of_its_own_shape():
    truth = np.ones((2, 6), bool)
    with pytest.raises(ReaderError, match="same shape"):
        against_truth(np.ones((2, 3)), truth, (2, 3))
    with pytest.raises(ReaderError, match="an actor that is seen"):
        against_truth(np.ones((2, 6)), ~truth, (2, 3))
    with pytest.raises(ReaderError, match="3 × 3 patches has 9 a frame, got 6"):
        against_truth(np.ones((2, 6)), truth, (3, 3))
