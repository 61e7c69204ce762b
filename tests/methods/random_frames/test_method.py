"""Facts about frames drawn by chance: every candidate is as likely as any other, and a seed draws the same again."""

import numpy as np

from core import Engine
from tests import tiny

CHOSEN = ["frame_K"]


def test_every_candidate_is_chosen_as_often_as_any_other():
    engine, video, count_T, draws = Engine("cpu"), tiny.video(24), np.zeros(24), 600
    for seed in range(draws):
        frame_K = engine.run("random_frames", video=video, budget=6, seed=seed, outputs=CHOSEN)["frame_K"]
        assert len(set(frame_K)) == 6 and list(frame_K) == sorted(frame_K)
        count_T[list(frame_K)] += 1
    expected = draws * 6 / 24
    assert ((count_T - expected) ** 2 / expected).sum() < 49.7  # χ² of 23 degrees: one in a thousand draws is above


def test_one_more_frame_leaves_those_that_were_drawn_and_another_seed_does_not():
    engine, video = Engine("cpu"), tiny.video(24)
    few, more, other = (
        set(engine.run("random_frames", video=video, outputs=CHOSEN, **knobs)["frame_K"])
        for knobs in ({"budget": 6}, {"budget": 7}, {"budget": 6, "seed": 1})
    )
    assert few < more and few != other
