"""Facts about a clip of one's own: it is read from a moment, opening it says how far it is, and no example's words stay."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from app.controls.uploads import Uploads
from app.figures.boxes import boxes_payload
from app.figures.payload import words_payload
from app.server.answers import Answers
from app.server.api import moment_in
from app.server.clips import Begun, Clips, Example, find_examples
from app.server.jobs import Running
from app.server.opening import Moments, opening, window
from app.server.request import Desk, moment_of
from app.tab import all_actions
from core import METHODS, ReaderError, read_clip
from core.graph import Trace
from core.methods import lesson
from core.networks.weights import SYNTHETIC
from core.pace import Pace
from core.video.read import LIMITS
from core.world import ACTIONS
from core.world.__main__ import main as render
from tests import tiny
from tests.core.video.test_read import write
from tests.pages import request_of


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    render(["--out", str(folder), "--clips", "1", "--action", "moves left", "--size", "64x96"])
    return find_examples(folder)


@pytest.fixture
def clips(examples):
    return Clips(examples)


@pytest.fixture
def desk(clips):
    return Desk(METHODS["stop"], {"tiny": tiny.engine()}, clips, Running())


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return write(tmp_path_factory.mktemp("own") / "own.mp4", 100)  # four seconds


def test_a_moment_is_read_whether_or_not_the_whole_file_is_open(clips, own):
    once = clips.open(own, 4, (), (1.0, 3.0))
    assert once.source_T.tolist() == read_clip(own, 4, start=1, end=3).source_T.tolist() == [31, 43, 56, 68]
    assert clips.open(own, 4, (), (1.0, 3.0)) is once and clips.of_key(clips.key(own, 4, (), (1.0, 3.0)))[0] is once
    again = Clips(clips.examples)
    again.video(own)
    assert again.open(own, 4, (), (1.0, 3.0)).source_T.tolist() == once.source_T.tolist()
    assert again.open(own, 4, (), (3.0, 99.0)).source_T.tolist() == read_clip(own, 4, start=3, end=99).source_T.tolist()
    for opened in (clips, again):
        with pytest.raises(ReaderError, match="a moment begins before that, got 5 s"):
            opened.open(own, 4, (), (5.0, 6.0))


def test_a_request_names_its_moment_and_what_is_none_is_refused(desk, own):
    request = desk.request(request_of(desk, own, moment="[1, 3]", texts="a ball"))
    assert request.moment == request.setting.moment == (1, 3) and 1 < request.clip.time_T[0] < request.clip.time_T[-1] < 3
    assert request.key != desk.request(request_of(desk, own, texts="a ball")).key
    for bad in ("[5, 3]", "[1]", "{}", "x", "[null, 2]", '["a", "b"]', "[" * 5000, 7):
        with pytest.raises(ReaderError, match="moment|start|seconds"):
            moment_of(bad)
    assert moment_in(0, 0) == () and moment_in(2.5, 0) == (2.5, LIMITS.seconds) and moment_in(1, 2) == (1, 2)


def test_opening_says_how_far_it_is_and_finds_the_moment_once(clips, own, tmp_path, monkeypatch):
    monkeypatch.setattr("app.server.opening.POLL", 0.01)
    *said, (last, found) = opening(clips, own, 2.0)
    assert said and all(words and not made for words, made in said) and last == ""
    assert any("reading all of the file" in words for words, _ in said)
    assert found.seconds == pytest.approx(4, abs=0.1) and found.moment[1] - found.moment[0] == pytest.approx(2)
    assert clips.begun(own, 2.0) is found and clips.begun(own, 60.0).moment == ()
    (tmp_path / "bad.mp4").write_bytes(b"no video at all")
    with pytest.raises(ReaderError, match=r"bad\.mp4"):
        list(opening(clips, tmp_path / "bad.mp4", 2.0))


def test_the_control_is_told_of_an_own_clip_and_not_of_an_example(desk, own):
    (ask,) = Moments(desk).functions()
    told = json.loads(ask(request_of(desk, own)))
    assert told["seconds"] == pytest.approx(4, abs=0.1) and len(told["busiest"]) == 2 and told["spacing"] == 0
    assert json.loads(ask(request_of(desk))) is None and "error" in json.loads(ask({"values": {"clip": "nobody's"}}))


def test_a_moment_is_as_long_as_the_clips_of_training(monkeypatch):
    engine = tiny.engine()
    assert window(engine, METHODS["stop"]) == 2.0 and window(engine, METHODS["clip_topk"]) == 0
    monkeypatch.setattr(engine, "pace", lambda method: Pace(8, 0.5))
    assert window(engine, METHODS["stop"]) == 4.0


class Seen:
    """A tab, as far as uploads know it."""

    def __init__(self, method):
        self.desk = SimpleNamespace(method=METHODS[method])
        names = [one.name for one in METHODS[method].knobs.knobs()]
        fields = {"texts": f"texts of {method}"} if "texts" in METHODS[method].sources else {}
        self.inputs = SimpleNamespace(fields=fields, knobs={name: f"{method} {name}" for name in names})


def test_texts_of_an_example_go_a_reader_s_own_stay_and_nothing_is_spoilt(clips):
    shared = SimpleNamespace(updates=lambda *given: dict(zip(("clip", "moment"), given)))
    uploads = Uploads(clips, shared, [Seen("stop"), Seen("stpn"), Seen("stop_released")], ["a ring moves left"], None)
    changed = uploads.changes("handle", (1.0, 3.0), ["a ring moves left", "a dog runs"])
    assert changed["clip"] == "handle" and json.loads(changed["moment"]) == [1, 3]
    assert changed["texts of stop"] == "" and changed["texts of stop_released"] == "a dog runs"
    assert changed["stpn spoil"] == "none" and lesson(METHODS["stpn"], "OWN") == {"spoil": "none"}


def test_a_file_that_is_brought_again_after_a_reload_has_its_moment_and_its_knobs(clips, own, examples):
    shared = SimpleNamespace(updates=lambda *given: dict(zip(("clip", "moment"), given)))
    uploads, found = Uploads(clips, shared, [Seen("stpn")], [], None), Begun(4.0, (1.0, 3.0))
    assert (
        uploads.again(own, found, '["own.mp4", [0.5, 1.5]]') == (0.5, 1.5)
        and uploads.again(own, found, '["own.mp4", []]') == ()
    )
    assert "stpn spoil" not in uploads.changes("handle", found.moment, [], (0.5, 1.5))
    assert uploads.changes("handle", found.moment, [], ())["moment"] == "[]"
    for awaited in ("", '["other.mp4", [0.5, 1.5]]', '["own.mp4", [5, 6]]', '["own.mp4", "x"]', "[]", "7"):
        assert uploads.again(own, found, awaited) is None, awaited


def test_all_actions_are_texts_of_the_example_s_own_thing_or_of_an_object(clips, examples, own):
    (example,) = examples.values()
    lines = all_actions(clips, clips.handle(example.path)).splitlines()
    noun = example.title.removesuffix(" moves left")
    assert {line.removeprefix(f"{noun} ") for line in lines} == {*ACTIONS} and lines[0] == example.title
    assert all_actions(clips, clips.handle(own)).splitlines() == [f"an object {one}" for one in ACTIONS]


def test_no_text_is_best_of_a_clip_that_the_weights_know_nothing_of(examples):
    (example,), clip = examples.values(), tiny.clip(T=8)
    trace = Trace({}, {}, {"towers": f"trained on {SYNTHETIC}"}, pace=Pace(8, 0.1))
    assert "know our synthetic clips alone" in words_payload(trace, clip, [0.5, 0.1], [], None)["doubt"]
    told = words_payload(trace, clip, [0.5, 0.1], [], example.truth)
    assert told["doubt"] == "" and told["spaced"].endswith("0.10 s apart, as in training.")
    assert words_payload(trace, clip, [], [], None)["doubt"] == "", "nothing is ranked"


def test_an_example_of_which_no_truth_is_known_is_none_of_the_world(clips, examples, own):
    (example,) = examples.values()
    beside = Clips({"own": Example("own", own), **examples})
    assert beside.of_world(example.path) and beside.shipped(own) and not beside.of_world(own) and not clips.of_world(own)
    named = Desk(METHODS["stop"], {"tiny": tiny.engine()}, beside, Running())
    assert json.loads(Moments(named).functions()[0](request_of(named, own)))["seconds"] == pytest.approx(4, abs=0.1), (
        "its moment is offered"
    )


def test_what_is_found_in_a_strange_clip_is_a_thing():
    seen = SimpleNamespace(box_N4=torch.rand(1, 4), score_N=torch.ones(1), mask_NHW=None, label_N=["ring"])
    assert boxes_payload(seen, [])["found"][0]["name"] == "ring"
    assert boxes_payload(seen, [], strange=True)["found"][0]["name"] == "thing"


def test_the_camera_is_told_of_an_open_clip_and_the_knob_for_it_is_the_method_s_own(desk, own, monkeypatch):
    desk.clips.open(own, 4)
    monkeypatch.setattr("app.server.answers.camera_of", lambda frames_THWC: len(frames_THWC))
    monkeypatch.setattr("app.server.answers.said", lambda camera: f"moves over {camera}")
    assert Answers(desk).camera(desk.clips.key(own, 4)) == "moves over 4" and Answers(desk).camera("nobody's") == ""
    known = {method.name: method.steady for method in METHODS.values() if method.steady}
    assert known == {"stop": "steady"}


def test_the_answer_has_the_model_s_own_scale(desk):
    made = json.loads(Answers(desk).functions()[1](request_of(desk, texts="a ball\na red ball")))
    assert made["scale"] == 10.0 and np.isfinite(made["values"]["similarity_Y"]).all()


def test_what_is_published_is_read_from_the_same_moment(clips, own):
    opened = clips.opener({"own.mp4": own})
    assert opened("own.mp4", 4, 1.0, 3.0) is clips.open(own, 4, (), (1.0, 3.0)) and opened("own.mp4", 4) is clips.open(own, 4)
