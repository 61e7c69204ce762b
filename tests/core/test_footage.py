"""A method may ask for a long video and a question: what it is given, what runs again, what is said where one is missing."""

from types import MappingProxyType

import numpy as np
import pytest

from core import METHODS, BadClip, BadText, Clip, Engine, open_video
from core.knobs import KnobSet, knob
from core.method import Method
from core.progress import Cancelled
from core.video.footage import evenly
from tests import tiny
from tests.core.video.test_read import codes, write


class Knobs(KnobSet):
    """How many."""

    chosen: int = knob(4, "K", (1, 500, 1), "frames that are chosen")


def chosen_K(video, chosen: int) -> tuple:
    return tuple(evenly(video, chosen))


def code_K(video, chosen_K) -> tuple:
    return tuple(codes(video.frames(chosen_K)))


def answer(code_K, question: str) -> str:
    return f"{question} {max(code_K)}"


TOY = Method("toy", "Toy", "none", Knobs, (chosen_K, code_K, answer), MappingProxyType({}), (), lambda networks: (1, 1))


class Drawn:
    """A video that is no file: frame i is as bright as i."""

    key = "drawn"
    N = 100
    time_N = np.arange(N) / 2

    def frames(self, indices):
        place_T = np.array(indices)
        return Clip(np.zeros((len(place_T), 48, 64, 3), np.uint8), self.time_N[place_T], place_T)


@pytest.fixture
def toy():
    return Engine("cpu", methods={**METHODS, "toy": TOY})


@pytest.fixture(scope="module")
def forty(tmp_path_factory):
    return open_video(write(tmp_path_factory.mktemp("footage") / "forty.mp4", 40))


def test_a_method_sees_the_video_and_the_question_and_only_what_follows_runs_again(toy, forty):
    first = toy.run("toy", video=forty, question="  How far?\nA: 5, B: 35 ")
    assert first["code_K"] == (5, 15, 25, 35) and first["answer"] == "How far?\nA: 5, B: 35 35"
    assert toy.run("toy", video=open_video(forty.path), question="How far?\nA: 5, B: 35").ran == ()
    assert toy.run("toy", video=forty, question="Where?").ran == ("answer",)
    assert toy.run("toy", video=forty, question="Where?", chosen=1).ran == ("chosen_K", "code_K", "answer")
    assert toy.run("toy", video=Drawn(), question="Where?")["code_K"] == (0, 0, 0, 0)
    assert toy.run("toy", video=forty, outputs=["chosen_K"], chosen=1).reused == ("chosen_K",)  # asks no question
    assert toy.run("toy", video=forty, question="Where?", given={"chosen_K": [3, 9]})["answer"] == "Where? 9"


@pytest.mark.parametrize("more, wrong, told", [
    ({"question": "Where?"}, BadClip, "toy looks through a whole video: give one, video=open_video(path)."),
    ({"question": "Where?", "video": "a.mp4"}, BadClip, "A video is what `open_video` gives, got the path 'a.mp4'."),
    ({"question": "Where?", "video": 3}, BadClip, "A video is what `open_video` gives, got a int."),
    ({"question": "Where?", "video": Drawn(), "clip": 3}, BadClip, "A clip is what `read_clip` gives, got a int."),
    ({"video": Drawn()}, BadText, 'toy answers a question about what is seen: give one, question="What happens first?".'),
    ({"video": Drawn(), "question": " "}, BadText, "A question has 1 to 4000 characters, got 0: ''."),
    ({"video": Drawn(), "question": ["Where?"]}, BadText, "A question is a sentence, got ['Where?']."),
    ({"video": Drawn(), "question": "a\ud83d"}, BadText, "A question has whole characters, got half of one, as of a cut emoji"),
])  # fmt: skip
def test_what_is_missing_or_is_something_else_is_a_sentence(toy, more, wrong, told):
    with pytest.raises(wrong) as caught:
        toy.run("toy", **more)
    assert str(caught.value).startswith(told)


def test_a_method_of_clips_is_as_it_was_and_wants_its_clip():
    engine = tiny.engine()
    trace = engine.run("stop", tiny.clip(T=4), video=Drawn(), question="Where?")
    assert trace.ran and engine.run("stop", tiny.clip(T=4)).ran == ()
    with pytest.raises(BadClip, match="A clip is what `read_clip` gives, got nothing."):
        engine.run("stop", video=Drawn())


def test_reading_within_a_stage_is_heard_of_and_can_be_called_off(toy, forty):
    video = open_video(forty.path, keep_mb=0)
    heard = []
    toy.run("toy", video=video, question="Where?", chosen=40, progress=lambda stage, done: heard.append((stage, done)))
    shares = [done for stage, done in heard if stage == "code_K"]
    assert shares == sorted(shares) and len(set(shares)) > 10
    off = Engine("cpu", methods=toy.methods)
    with pytest.raises(Cancelled):
        off.run("toy", video=video, question="Where?", cancelled=lambda: bool(heard), progress=lambda *said: heard.append(said))
    assert len(off.cache) == 0
