"""Facts about a moment: it is where things move, not where the camera does, and its frames are those of these seconds."""

import numpy as np
import pytest
import torch

from core import BadClip, BadKnob, busiest, edited, open_video, read_clip
from core.data.frames import Frames
from core.progress import Cancelled
from core.video.clip import Clip
from core.video.moment import FAR, motion, spaced
from tests.core.video.test_camera import H, W, ground, view
from tests.core.video.test_read import codes, encode, write

RATE = 10


class Film:
    """Frames that are made when they are asked for, ten a second."""

    def __init__(self, paint, seconds):
        self.paint, self.N, self.key = paint, seconds * RATE, "film"
        self.time_N = np.arange(self.N) / RATE

    def frames(self, indices):
        indices = list(indices)
        frames = np.stack([self.paint(i / RATE) for i in indices])
        return Clip(frames, self.time_N[indices], np.array(indices))


def with_ball(frame, second, begin, end):
    """A disc that crosses the frame between two moments."""
    if begin <= second < end:
        yy, xx = np.mgrid[:H, :W]
        frame[np.hypot(yy - 60, xx - 20 - 120 * (second - begin) / (end - begin)) < 14] = (250, 240, 30)
    return frame


def test_the_moment_is_where_a_thing_moves_and_not_where_the_camera_pans():
    wide = ground()
    film = Film(lambda s: with_ball(view(wide, 100 + 60 * min(max(s - 6, 0), 3), 90), s, 2, 4), 10)  # the camera: 6 to 9 s
    start, end = busiest(film)
    assert end - start == pytest.approx(2) and 1.7 <= start <= 2.3
    time_M, motion_M = motion(film)
    moves = (time_M > 2.1) & (time_M < 3.8)
    assert motion_M[moves].min() > 3 * motion_M[time_M > 4.2].max()


def test_no_moment_lies_across_a_cut():
    one, other = ground(), ground(seed=3)
    film = Film(lambda s: with_ball(view(one if s < 3 else other, 100, 100), s, 4.5, 6.5), 8)
    start, end = busiest(film)
    assert not start < 3 < end and 4.2 <= start <= 4.8


def test_where_nothing_moves_it_is_the_middle_and_of_a_short_video_all():
    still = ground()[:H, :W]
    assert busiest(Film(lambda s: still, 8)) == (3.0, 5.0)
    assert busiest(Film(lambda s: still, 2), seconds=4) == (0.0, 2.0)


def test_a_long_video_is_looked_at_in_as_many_pairs_and_can_be_called_off(tmp_path):
    seen = []
    film = Film(lambda s: seen.append(s) or np.full((16, 16, 3), 7, np.uint8), 3600)
    busiest(film)
    assert 900 < len(seen) <= 960 and max(seen) > 3590
    video, shares = open_video(write(tmp_path / "a.mp4", 100)), []
    busiest(video, 1.0, progress=shares.append)
    assert shares == sorted(shares) and shares[-1] == 1.0
    with pytest.raises(Cancelled):
        busiest(video, 1.0, cancelled=lambda: True)


def test_frames_of_a_range_are_those_shown_in_the_middle_of_its_parts(tmp_path):
    path = write(tmp_path / "hundred.mp4", 100)  # 25 a second
    clip = read_clip(path, frames=8, start=1, end=3)
    assert clip.source_T.tolist() == codes(clip) == [28, 34, 40, 46, 53, 59, 65, 71]
    assert read_clip(path, frames=4, start=2).source_T.tolist() == read_clip(path, frames=4, start=2, end=99).source_T.tolist()
    assert read_clip(path, frames=4, end=2).source_T.tolist() == [6, 18, 31, 43]
    vary = encode(tmp_path / "vfr.mkv", [0, 10, 15, 100, 101, 250, 400])
    assert read_clip(vary, frames=4, start=1, end=3).source_T.tolist() == [4, 4, 4, 5]
    assert clip.key == read_clip(path, indices=clip.source_T).key  # known by its frames, however they were asked for
    assert edited(clip, [{"name": "reverse"}]).source_T.tolist() == clip.source_T[::-1].tolist()


@pytest.mark.parametrize(
    ("asked", "wrong", "said"),
    [
        ({"start": 3, "end": 2}, BadKnob, "The start lies before the end, got 3 to 2 s."),
        ({"start": -1}, BadKnob, "start is a number of seconds from 0 to 14400, got -1."),
        ({"end": float("nan")}, BadKnob, "end is a number of seconds"),
        ({"start": True}, BadKnob, "start is a number of seconds"),
        ({"start": 4.5}, BadClip, "hundred.mp4 is 4.00 s long: a moment begins before that, got 4.5 s."),
        ({"start": 1, "indices": [3]}, BadKnob, "not by both"),
    ],
)
def test_what_is_no_range_is_refused_with_a_sentence(tmp_path, asked, wrong, said):
    path = write(tmp_path / "hundred.mp4", 100)
    with pytest.raises(wrong, match=said.replace("(", r"\(")):
        read_clip(path, **asked)


def test_so_many_seconds_of_the_middle_are_read_and_all_of_a_shorter_file(tmp_path):
    path = write(tmp_path / "hundred.mp4", 100)  # four seconds
    assert read_clip(path, 4, lasting=2.0).source_T.tolist() == read_clip(path, 4, start=1, end=3).source_T.tolist()
    assert read_clip(path, 4, lasting=60.0).source_T.tolist() == read_clip(path, 4, start=0, end=4).source_T.tolist()
    fast, wide = (Frames([path], 4, (16, 16), spacing=apart) for apart in (0.5, 0.0))
    assert fast.key(path) != wide.key(path) and not torch.equal(fast[0][1], wide[0][1])


def test_spacing_is_said_and_that_change_over_a_second_is_no_motion():
    def clip(apart, T=8):
        return Clip(np.zeros((T, 4, 4, 3), np.uint8), 3 + np.arange(T) * apart, np.arange(T))

    assert spaced(clip(0.25)) == "8 frames over 1.75 s, from 3.00 s to 4.75 s; 0.25 s apart."
    assert spaced(clip(0.25, 1)) == spaced(clip(0, 1)) == "1 frames, at 3.00 s.".replace("frames", "frame")
    assert "Change over 1.2 s is not motion" in spaced(clip(1.2)) and "not motion" not in spaced(clip(FAR - 0.01))
    assert "1.20 s apart, and 0.25 s in training. Change over 1.2 s" in spaced(clip(1.2), 0.25)
    assert spaced(clip(0.26), 0.25).endswith("0.26 s apart, as in training.")
