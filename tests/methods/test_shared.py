"""Facts about what several methods do with a long video: candidates, the highest of them, their times and scores."""

import numpy as np
import pytest
import torch

from core import BadGiven
from core.methods import shared
from core.video.clip import Clip

CPU = torch.device("cpu")


class Uneven:
    """Six frames at uneven times; frame i is as bright as i."""

    key, N = "uneven", 6
    time_N = np.array([0.0, 0.5, 1.0, 3.0, 3.5, 6.0])

    def frames(self, indices):
        bright_T = np.array(indices, np.uint8)
        frames_THWC = np.broadcast_to(bright_T[:, None, None, None], (len(bright_T), 4, 4, 3)).copy()
        return Clip(frames_THWC, self.time_N[bright_T], bright_T)


def test_candidates_are_what_is_shown_at_even_times_each_once_and_last_until_the_next():
    video = Uneven()
    candidate_T = shared.candidate_T(video, 1.0)
    assert candidate_T == (0, 2, 3, 4, 5)  # at 2 s the frame of 1 s is still shown
    span_T2 = shared.span_T2(video, candidate_T, CPU)
    assert span_T2[:, 0].tolist() == [0.0, 1.0, 3.0, 3.5, 6.0]
    assert torch.equal(span_T2[:-1, 1], span_T2[1:, 0]) and span_T2[-1, 1] == pytest.approx(6 + 6 / 5)


def test_the_highest_are_those_that_a_plain_loop_finds():
    chance = torch.Generator().manual_seed(1)
    for budget in (1, 3, 7, 9):
        score_T = (torch.rand(7, generator=chance) * 4).round()  # with equals
        candidate_T, left = tuple(range(10, 24, 2)), list(range(7))
        chosen = []
        while left and len(chosen) < budget:
            best = max(left, key=lambda place: (float(score_T[place]), -place))
            chosen.append(candidate_T[best])
            left.remove(best)
        frame_K = shared.highest_K(score_T, candidate_T, budget)
        assert frame_K == tuple(sorted(chosen))
        assert shared.score_K(score_T, candidate_T, frame_K).tolist() == [float(score_T[(one - 10) // 2]) for one in frame_K]


def test_the_chosen_frames_are_handed_on_as_they_are_shown_with_their_seconds():
    video = Uneven()
    assert shared.time_K(video, (2, 5), CPU).tolist() == [1.0, 6.0]
    assert shared.picture_KHWC(video, (2, 5), CPU)[:, 0, 0, 0].tolist() == [2, 5]


def test_scores_of_other_candidates_are_refused():
    with pytest.raises(BadGiven, match="a score for each of the 3 candidates, got 2"):
        shared.highest_K(torch.zeros(2), (0, 1, 2), 1)
    with pytest.raises(BadGiven, match="7 is none of them"):
        shared.score_K(torch.zeros(3), (0, 1, 2), (1, 7))
