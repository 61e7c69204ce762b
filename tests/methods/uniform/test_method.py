"""Facts about uniform sampling: parts are equal, every frame is its part's middle, and nothing is looked at."""

import numpy as np
import pytest

from core import Engine
from core.world.long import long_video
from tests import tiny


@pytest.mark.parametrize("budget", (1, 3, 8, 24, 64))
def test_frames_are_the_middles_of_parts_that_fill_the_video(budget):
    trace = Engine("cpu").run("uniform", video=tiny.video(24), budget=budget)
    parts = min(budget, 24)
    cut = np.array_split(np.arange(24), parts)  # numpy's parts are as equal, only in another order
    assert sorted(map(len, cut)) == sorted(np.diff(trace["border_S"]).tolist()) and len(trace["frame_K"]) == parts
    for frame, first, after in zip(trace["frame_K"], trace["border_S"], trace["border_S"][1:]):
        assert first <= frame < after and abs((frame - first) - (after - 1 - frame)) <= 1
    assert trace["span_S2"][0, 0] == 0 and trace["span_S2"][-1, 1] == 24
    assert trace["share_S"].sum() == pytest.approx(1) and trace["share_K"].tolist() == trace["share_S"].tolist()


def test_it_chooses_before_any_frame_is_drawn_and_asks_nothing():
    video = long_video(0, 3600, size=(32, 48))
    trace = Engine("cpu").run("uniform", video=video, budget=4, outputs=["frame_K", "time_K"])
    assert trace["frame_K"] == (450, 1350, 2250, 3150) and trace["time_K"].tolist() == [450, 1350, 2250, 3150]
    assert video.store.bytes == 0
