"""Facts about long videos of the world: drawn when asked for, the same pixels as a rendered sequence, bounded in memory."""

import numpy as np
import pytest

from core import BadClip, ReaderError
from core.progress import Cancelled, watched
from core.video.footage import Footage, evenly, in_batches, per_second
from core.world import long, render_sequence
from core.world.long import LongVideo, long_video
from core.world.recipes import read_recipe


@pytest.fixture(scope="module")
def video():
    return long_video(5, 60, rate=2.0, size=(32, 48))


def test_frames_are_those_of_the_rendered_sequence_in_whatever_order_they_are_asked_for(video):
    frames_THWC, truth = render_sequence(video.scenes, video.rate)
    assert isinstance(video, Footage) and video.N == len(frames_THWC) == 120 and len(video.scenes) > 2
    for indices in (range(120), [119, 3, 3, 60], evenly(video, 7)):
        clip = video.frames(indices)
        assert np.array_equal(clip.frames_THWC, frames_THWC[list(indices)])
        assert np.array_equal(clip.time_T, truth.time_T[list(indices)]) and clip.source_T.tolist() == list(indices)
    own = video.truth([119, 60])
    assert np.array_equal(own.instance_THW, truth.instance_THW[[119, 60]]) and own.scenes == truth.scenes


def test_its_key_is_that_of_its_recipe_and_not_of_its_name():
    first = long_video(5, 60, size=(32, 48))
    assert first.key == long_video(5, 60, size=(32, 48), name="other").key
    others = [long_video(6, 60, size=(32, 48)), long_video(5, 61, size=(32, 48)), long_video(5, 60, 2.0, size=(32, 48))]
    assert len({first.key, *(one.key for one in others)}) == 4


def test_scenes_follow_each_other_without_a_hole_and_none_is_shorter_than_may_be():
    for seed in range(5):
        video = long_video(seed, 100, size=(32, 48))
        begins, ends, _ = zip(*video.segments)
        assert begins == (0, *ends[:-1]) and ends[-1] == video.seconds == 100
        assert all(long.SHORTEST <= end - begin <= long.LONGEST + long.SHORTEST for begin, end in zip(begins, ends))


def test_what_it_keeps_is_bounded_and_asked_for_again_is_not_drawn_again(video, monkeypatch):
    few = LongVideo(video.scenes, video.rate, store=long.Store(10 * 32 * 48 * 3))
    first = few.frames(range(100))
    assert few.store.bytes == few.store.budget
    monkeypatch.setattr(long, "Painter", lambda scene: pytest.fail("drawn again"))
    assert np.array_equal(few.frames(range(95, 100)).frames_THWC, first.frames_THWC[95:])


def test_a_batch_at_a_time_gives_the_same_tells_how_far_it_is_and_can_be_called_off(video):
    heard, sizes, fresh = [], [], LongVideo(video.scenes, video.rate)

    def work(clip):
        sizes.append(len(clip))
        return clip.frames_THWC.mean((1, 2, 3))

    with watched(heard.append):
        found = in_batches(fresh, per_second(fresh, 1.0), work, batch=16)
    assert sizes == [16, 16, 16, 12] and heard == sorted(heard) and len(set(heard)) > 20 and heard[-1] < 1
    assert np.array_equal(np.concatenate(found), video.frames(range(0, 120, 2)).frames_THWC.mean((1, 2, 3)))

    def stop(done):
        if done > 0.5:
            raise Cancelled("enough")

    with pytest.raises(Cancelled), watched(stop):
        in_batches(fresh, range(120), work, batch=16)
    assert sum(sizes) < 60 + 120


@pytest.mark.parametrize("make, wrong, told", [
    (lambda: long_video(0, 7), ReaderError, "A long video lasts 8 to 86400 whole seconds, got 7."),
    (lambda: long_video(0, 60.5), ReaderError, "A long video lasts 8 to 86400 whole seconds, got 60.5."),
    (lambda: long_video(0, 60, 0), ReaderError, "Frames a second are above 0 and up to 60, got 0."),
    (lambda: long_video(0, 60).frames([60]), BadClip, "a long video has 60 frames: an index is a whole number from 0 to 59"),
    (lambda: long_video(0, 60).frames([]), BadClip, "a long video: at least one frame is asked for, got none."),
])  # fmt: skip
def test_what_cannot_be_is_a_sentence(make, wrong, told):
    with pytest.raises(wrong) as caught:
        make()
    assert str(caught.value).startswith(told)


def test_a_recipe_is_the_video_of_its_numbers_and_anything_else_a_sentence(tmp_path):
    file = tmp_path / "short.json"
    file.write_text('{"title": "a", "question": "b?", "seed": 5, "seconds": 60, "rate": 2.0, "size": [32, 48]}')
    recipe = read_recipe(file)
    assert (recipe.title, recipe.question, recipe.video.name) == ("a", "b?", "short")
    assert recipe.video.key == long_video(5, 60, rate=2.0, size=(32, 48)).key
    for wrong in ("[]", "{}", "no", '{"title": "a", "question": "b", "seed": 5, "length": 3, "size": [32, 48]}'):
        file.write_text(wrong)
        with pytest.raises(ReaderError, match="short.json is no recipe of a long video"):
            read_recipe(file)
