"""Facts about what travels from the page to the engine: values by name, read once."""

from types import MappingProxyType

import numpy as np
import pytest

from app.server.clips import Clips, Example
from app.server.jobs import Running
from app.server.request import STRANGE, Desk, fields_of
from core import METHODS, Engine, ReaderError
from core.knobs import KnobSet, knob
from core.method import Method
from core.publish.view import Setting
from core.video.footage import evenly
from core.world import Truth
from core.world.__main__ import main as render
from tests import tiny
from tests.pages import request_of


class Knobs(KnobSet):
    """How many."""

    chosen: int = knob(3, "K", (1, 8, 1), "frames that are chosen")


def chosen_K(video, chosen: int) -> tuple:
    return tuple(evenly(video, chosen))


def answer(chosen_K, question: str) -> str:
    return f"{question} {max(chosen_K)}"


SEEKER = Method("seeker", "Seeker", "none", Knobs, (chosen_K, answer), MappingProxyType({}), (), lambda networks: (1, 1))


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("request")
    render(["--out", str(folder), "--clips", "1", "--action", "moves left", "--size", "64x96"])
    (path,) = folder.glob("*.mp4")
    return {path.stem: Example(path.stem, path, Truth.from_json(path.with_suffix(".json").read_text()))}


@pytest.fixture
def stop(examples):
    return Desk(METHODS["stop"], {"tiny": tiny.engine()}, Clips(examples), Running())


def test_a_tab_has_the_fields_that_the_stages_of_its_method_ask_for():
    always = {"clip", "weights", "frames", "moment", "edits"}
    assert set(fields_of(METHODS["stop"])) == always | {"texts"}
    assert set(fields_of(METHODS["stpn"])) == always, "a detector is compared with no text"
    assert set(fields_of(SEEKER)) == always | {"question"}, "the video is the clip's own file"


def test_a_method_that_asks_for_a_video_and_a_question_is_given_both(examples):
    desk = Desk(SEEKER, {"one": Engine("cpu", methods={"seeker": SEEKER})}, Clips(examples), Running())
    message = request_of(desk, weights="one", question="Where?")
    request = desk.request(message)
    assert request.video and request.video.N > len(request.clip), "all of the file, not only what is shown"
    assert request.run()["answer"] == f"Where? {(5 * request.video.N) // 6}"
    assert request.run(chosen=1).ran == ("chosen_K", "answer")
    assert desk.request(message).video is request.video, "it is opened once"


def test_what_a_request_says_besides_its_values_are_its_options(stop):
    message = request_of(stop, texts="a ball\n\n a ring ", alpha=0.3) | {"pointed": [0, 0, 1, 1], "state": None}
    request = stop.request(message)
    assert request.options == {"pointed": [0, 0, 1, 1], "state": None}
    assert (request.texts, request.settings["alpha"], request.who) == (("a ball", "a ring"), 0.3, "me")
    with pytest.raises(AttributeError):
        request.texts = ()  # pyright: ignore


def test_values_that_are_not_those_of_the_tab_are_refused(stop):
    good = request_of(stop)
    values, knobs = good["values"], good["values"]["knobs"]
    for wrong in (
        [*values.values()],  # a row, as pages of before sent it
        {name: one for name, one in values.items() if name != "texts"},
        values | {"question": "Where?"},
        values | {"knobs": [*knobs.values()]},
        values | {"knobs": {name: one for name, one in knobs.items() if name != "alpha"}},
        values | {"knobs": knobs | {"gamma": 1}},
    ):
        with pytest.raises(ReaderError, match=STRANGE):
            stop.request(good | {"values": wrong})


def test_a_setting_goes_to_the_browser_and_comes_back_the_same(stop, examples):
    (name,) = examples
    setting = Setting("stop", name, 5, {"alpha": 0.7, "layer": 1}, ("a ring", "a ball"), ({"name": "reverse"},))
    values = stop.values(setting, stop.clips.handle(examples[name].path), "tiny")
    request = stop.request({"values": values, "stamp": 0})
    assert request.setting == setting and np.all(np.diff(request.clip.source_T) < 0)
    assert stop.values(request.setting, values["clip"], "tiny") == values
