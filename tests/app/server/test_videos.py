"""Facts about long videos on the server: known by a recipe or a file, and read in a line of their own that no knob waits in."""

import json
import threading

import pytest

from app.server.answers import Answers
from app.server.clips import Clips, find_examples, find_videos
from app.server.jobs import Running
from app.server.request import Desk
from core import METHODS
from core.world.long import long_video
from tests import tiny
from tests.core.video.test_read import write
from tests.pages import request_of

METHOD = METHODS["clip_topk"]
RECIPE = {"title": "short", "question": "a red ball moves", "seed": 5, "seconds": 60, "rate": 1, "size": [32, 48]}


@pytest.fixture
def clips(tmp_path):
    (tmp_path / "short.json").write_text(json.dumps(RECIPE))
    return Clips(find_videos(tmp_path))


def test_a_recipe_is_an_example_that_is_whole_at_a_glance_and_drawn(clips):
    example = clips.examples["short"]
    assert example.title == "short" and clips.name(example.path) == "short" and clips.shipped(example.path)
    video = clips.video(example.path)
    assert video.key == long_video(5, 60, size=(32, 48)).key and clips.video(example.path) is video
    glance = clips.open(example.path, 4)
    assert glance.source_T.tolist() == [7, 22, 37, 52]
    found, truth, whole = clips.of_key(clips.key(example.path, 4))
    assert found is glance and truth is None and whole is video


def test_each_method_is_offered_what_it_can_look_at(clips, tmp_path):
    render = pytest.importorskip("core.world.__main__").main
    render(["--out", str(tmp_path / "clips"), "--clips", "1", "--size", "32x48"])
    both = Clips(clips.examples | find_examples(tmp_path / "clips"))
    assert list(both.examples_for(METHOD)) == ["short"]
    assert list(both.examples_for(METHODS["stop"])) == ["test_000000"]
    assert list(clips.examples_for(METHODS["stop"])) == ["short"], "rather another than none"


def test_a_file_is_opened_once_for_frames_and_glance_and_let_go_with_the_file(clips, tmp_path):
    file = write(tmp_path / "own.mp4", 40)
    video = clips.video(file)
    assert clips.video(str(file)) is video and clips.open(file, 4).source_T.tolist() == [5, 15, 25, 35]
    handle = clips.handle(file)
    file.unlink()
    with pytest.raises(Exception, match="no longer held"):
        clips.path(handle)
    clips.handle(clips.examples["short"].path)
    clips._let_go()
    assert not clips._videos.items()


def test_a_knob_is_answered_while_another_s_video_is_read(clips, monkeypatch):
    engine, running = tiny.engine(), Running()
    desk = Desk(METHOD, {"tiny": engine}, clips, running)
    answers, example = Answers(desk), clips.examples["short"]
    first = answers.at_once(desk.request(request_of(desk, question="a ball")))
    assert first["question"] == "a ball" and len(first["values"]["frame_K"]) == 8
    assert first["strange"] == "" and not first["done"]

    reading, go_on = threading.Event(), threading.Event()
    whole = long_video(6, 60, size=(32, 48))
    frames = type(whole).frames

    def slow(self, indices):
        if self is whole:
            reading.set()
            assert go_on.wait(60)
        return frames(self, indices)

    monkeypatch.setattr(type(whole), "frames", slow)
    other = desk.request(request_of(desk, question="a ball") | {"who": "other"})
    object.__setattr__(other, "video", whole)
    found = {}
    thread = threading.Thread(target=lambda: found.update(answers.at_once(other)))
    thread.start()
    assert reading.wait(60)
    assert running.far("other", "soon") == ["feature_TE", 0]
    knob = answers.at_once(desk.request(request_of(desk, path=example.path, question="a ball", budget=5)))
    assert len(knob["values"]["frame_K"]) == 5 and thread.is_alive(), "nobody waited"
    go_on.set()
    thread.join(60)
    assert len(found["values"]["frame_K"]) == 8


def test_what_is_read_is_called_off_by_its_reader(clips, monkeypatch):
    desk = Desk(METHOD, {"tiny": tiny.engine()}, clips, running := Running())
    answers = Answers(desk)
    (at_once,) = desk.served(answers.at_once)
    frames, seen = type(clips.video(clips.examples["short"].path)).frames, []

    def stopping(self, indices):
        seen.append(len(indices))
        if len(seen) > 1:
            running.stop("me", "soon")
        return frames(self, indices)

    monkeypatch.setattr(type(clips.video(clips.examples["short"].path)), "frames", stopping)
    assert json.loads(at_once(request_of(desk, question="a ball"))) == {"cancelled": True}
    assert len(desk.engine.cache) == 0 and len(seen) == 2
