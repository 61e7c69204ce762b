"""Facts about movies: they play, and what a slide needs is on every picture."""

import io
from dataclasses import replace

import av
import numpy as np
import pytest

from core import ReaderError, read_clip
from core.publish import movies
from core.publish.composition import Composition, complete
from tests.core.publish.test_figures import alone
from tests.published import stop, stpn


def moved(pictures):
    """Where pictures differ from one to another, [H, W] bool."""
    return (np.ptp(pictures.astype(int), axis=0) > 40).any(-1)


def test_movies_play_at_the_clip_s_pace_and_show_the_overlay(tmp_path):
    shown = movies.movie_IHWC(stop(), 360)
    assert shown.shape == (8, 360, 640, 3)
    for name, made in (("m.mp4", movies.mp4(stop(), 360)), ("m.gif", movies.gif(stop(), 360))):
        path = tmp_path / name
        path.write_bytes(made)
        clip = read_clip(path, frames=8)
        assert clip.frames_THWC.shape == shown.shape
        assert np.diff(clip.time_T) == pytest.approx(0.25, abs=0.011), "GIF counts in hundredths"
        far = np.abs(clip.frames_THWC.astype(int) - shown).mean((1, 2, 3))
        assert far.max() < 8, "each picture is its own"
    assert movies.mp4(stop(), 360) == movies.mp4(stop(), 360)
    for wrong in (4096, 96, 0.5):
        with pytest.raises(ReaderError, match="A movie's height is a whole number from 180 to 1080"):
            movies.gif(stop(), wrong)


def test_a_slide_has_two_pictures_the_frame_s_number_a_mark_that_walks_colours_and_texts():
    shown = movies.movie_IHWC(alone(stop()), 360)
    moves, still = moved(shown), shown[0] < 245
    assert moves[10:45, 520:].any(), "the number of the frame, at the right above"
    mark = moves[285:325]
    assert mark.any() and np.flatnonzero(mark.any(0)).size < 8 * 6, "thin: the bars stand still"
    assert still[60:250, 480:560].any() and not moves[60:250, 495:560].any(), "the colours' bar"
    assert still[270:330, 340:].any() and not moves[270:330, 340:].any(), "the texts"
    left, right = shown[:, 55:250, 65:265].astype(int), shown[:, 55:250, 283:483].astype(int)
    assert np.abs(left - right).mean() > 1, "as it is, and under its map"


def test_a_stands_beside_b():
    both, one = movies.movie_IHWC(stop(), 360), movies.movie_IHWC(alone(stop()), 360)
    left = np.s_[:, 55:250, 65:265]
    assert np.abs(both[left].astype(int) - one[left]).mean() > 0.5, "A under its map, and not the frame as it is"


def test_of_two_sets_whose_frames_are_others_both_are_named():
    rows = movies._beside(stpn(), complete(Composition(), stpn()))
    assert movies._when(stpn(), rows, 1).startswith(rows[-1].made.name_I[1])
    other = replace(rows[0], made=replace(rows[0].made, name_I=("frame 9",) * 4))
    assert movies._when(stpn(), (other, rows[-1]), 1) == f"A frame 9, B {rows[-1].made.name_I[1]}\n2 of 4"


def test_a_movie_of_supports_counts_them():
    shown = movies.movie_IHWC(stpn(), 240)
    assert len(shown) == 4 and moved(shown)[:30, 340:].any()


def test_an_mp4_is_what_browsers_play():
    with av.open(io.BytesIO(movies.mp4(stpn(), 181))) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.codec_context.height % 2 == stream.codec_context.width % 2 == 0
