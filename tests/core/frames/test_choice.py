"""Facts about choices of frames held against each other: who takes part, what each costs, and what it is worth."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from core import METHODS
from core.evaluate import frames as evaluate
from core.evaluate.__main__ import main as command
from core.frames import choice
from core.frames.choice import choose, choosers, evidence, knobs_for, overlap, read, reader_of, recall
from core.networks.weights import WEIGHTS
from core.world.questions import Question
from tests import tiny

NAMES = ["uniform", "random_frames", "clip_topk", "tspo", "videostreaming", "videolucy"]
ASKED = Question("find", "What colour is the ball?", ("red", "blue"), "red", ((3, 5), (10, 14)))
SEGMENTS = ((0, 6, "a red ball moves"), (6, 10, "a ring grows"), (10, 12, "a red ball moves"))


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()


def test_whoever_chooses_frames_of_a_whole_video_takes_part_and_nobody_else():
    assert [one.name for one in choosers(METHODS)] == NAMES
    reader = reader_of(METHODS)
    assert reader and (reader[0].name, reader[2].stage) == ("tspo", "reply")
    # it answers from its memories, which no choice of frames changes
    assert reader_of({"videostreaming": METHODS["videostreaming"]}) is None


@pytest.mark.parametrize("budget", (1, 2, 7, 8, 32, 64))
def test_every_method_spends_the_same_budget_or_as_much_of_it_as_it_can(engine, budget):
    for name in NAMES:
        made = choose(engine, name, tiny.video(24), tiny.QUESTION, budget)
        clips = name == "videostreaming"  # it chooses whole clips, of two frames at least
        least, most = (min(24, budget // 4 * 4), max(2, budget)) if clips else (min(24, budget), budget)
        assert least <= len(made.frame_K) == len({*made.frame_K}) <= most
        assert made.second_K == tuple(map(float, made.frame_K)) == tuple(sorted(made.second_K))


def test_knobs_stay_within_their_spans():
    assert knobs_for(METHODS["uniform"], 64) == {"budget": 64}
    assert knobs_for(METHODS["videostreaming"], 64) == {"frames": 4, "budget": 8}
    assert knobs_for(METHODS["videostreaming"], 3) == {"frames": 3, "budget": 1}


def test_costs_are_those_of_looking(engine):
    """24 candidates: a network sees each of them once, reads the question once, and the agent all at once."""
    costs = {name: choose(engine, name, tiny.video(24), tiny.QUESTION, 8) for name in NAMES}
    assert {name: (one.looked, one.calls) for name, one in costs.items()} == {
        "uniform": (8, 0),
        "random_frames": (8, 0),
        "clip_topk": (24, 24 + 1),
        "tspo": (24, 24 + 1 + 1),
        "videostreaming": (24, 24 + 1 + 6 + 1),  # cut into six clips of four, which are read; the question
        "videolucy": (24, 1 + 4 + 3 * 9 + 12),  # captions, as many as periods; and calls
    }
    again = choose(engine, "clip_topk", tiny.video(24), tiny.QUESTION, 8)
    assert again == costs["clip_topk"] and again.ms > costs["uniform"].ms > 0, "what is known costs what it cost"


def test_the_reader_answers_from_whatever_frames_it_is_given(engine):
    video = tiny.video(24)
    own = engine.run("tspo", video=video, question=tiny.QUESTION)
    assert read(engine, video, tiny.QUESTION, own["frame_K"]).answer == own["reply"] in own["reading"]
    other = read(engine, video, tiny.QUESTION, (0, 1, 2))
    assert other.tokens == 4
    ran = engine.run("tspo", video=video, question=tiny.QUESTION, outputs=["reply"], given={"frame_K": (0, 1, 3)}).ran
    assert set(ran) == {"answer_A", "reply"}  # nothing of the video is read again


def test_evidence_is_what_the_video_knows_of_the_question_or_scenes_of_that_caption():
    video = SimpleNamespace(questions=(ASKED,), segments=SEGMENTS)
    assert evidence(video, " what colour is the BALL? ") == ((3, 5), (10, 14))
    assert evidence(video, "A red ball moves?") == ((0, 6), (10, 12))
    assert evidence(video, "Who?") == () == evidence(SimpleNamespace(), "Who?")


def test_recall_is_the_share_of_spans_in_which_a_frame_is_chosen():
    assert recall((4.0, 4.5, 20.0), ((3, 5), (10, 14))) == 0.5
    assert recall((5.0, 14.0), ((3, 5), (10, 14))) == 0.0, "a span ends before its end"
    assert recall((3.0, 10.0), ((3, 5), (10, 14))) == 1.0 and recall((1.0,), ()) is None


def test_overlap_is_the_share_of_frames_that_both_have():
    assert overlap((1, 2, 3), (2, 3, 4, 5)) == 2 / 5 and overlap((1,), (1,)) == 1 and overlap((1,), (2,)) == 0


# ---- on many videos -------------------------------------------------------------------------------------------------------


def test_the_bound_is_spread_over_every_span():
    video = SimpleNamespace(time_N=np.arange(20.0))
    assert evaluate.within(video, ((3, 5), (10, 14)), 4) == (3, 4, 10, 12)
    assert evaluate.within(video, ((3, 5), (10, 14)), 1) == (3,)
    assert evaluate.within(video, ((3, 5),), 8) == (3, 4)


def test_a_mean_is_over_videos_and_its_interval_draws_them_anew():
    costs = {"frames": 8, "looked": 8, "calls": 0}

    def rows(chooser, values):
        return [
            {"chooser": chooser, "K": 8, "video": v, "family": "find", "recall": recall, "accuracy": 1.0, **costs}
            for v, recall in enumerate(values)
        ]

    found = evaluate.summary([*rows("a", [0.0, 1.0, None]), *rows("b", [1.0, 1.0, None])])
    assert found["recall"]["8"]["a"] == {"mean": 0.5, "low": 0.0, "high": 1.0}
    assert found["recall"]["8"]["b"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert found["gain"]["recall"]["8"]["b"] == {"mean": 0.5, "low": 0.0, "high": 1.0}
    assert found["families"] == {"find": {"a": 1.0, "b": 1.0}}
    assert found["costs"]["a"] == {"frames": 8.0, "looked": 8.0, "calls": 0.0}


def test_a_question_that_nothing_answers_counts_for_its_family_alone():
    answered = {"chooser": "a", "K": 8, "video": 0, "family": "find", "recall": 1.0, "accuracy": 1.0}
    rows = [one | {"frames": 8, "looked": 8, "calls": 0} for one in (
        answered, answered | {"family": "unanswerable", "recall": None, "accuracy": 0.0}
    )]  # fmt: skip
    found = evaluate.summary(rows)
    assert found["accuracy"]["8"]["a"]["mean"] == 1 and found["families"]["unanswerable"] == {"a": 0.0}


def test_the_command_refuses_other_weights_with_a_sentence(tmp_path):
    with pytest.raises(SystemExit, match="compared with the shipped weights"):
        command(["frames", "--weights", str(tmp_path)])


@pytest.mark.skipif(not (WEIGHTS / "metrics_frames.json").is_file(), reason="was not measured")
def test_what_is_shipped_was_measured_with_who_takes_part_now():
    found = json.loads((WEIGHTS / "metrics_frames.json").read_text())
    assert list(found["accuracy"]["8"]) == [*NAMES, evaluate.BOUND]
    for measure in evaluate.MEASURES:
        for one in found[measure]["8"].values():
            assert 0 <= one["low"] <= one["mean"] <= one["high"] <= 1
    assert found["recall"]["8"][evaluate.BOUND]["mean"] == 1
    assert choice.reader_of(METHODS)


def test_the_reader_is_given_those_frames_and_not_its_own(engine):
    video = tiny.video(24)
    for frames in ((2,), (3,)):
        trace = engine.run("tspo", video=video, question=tiny.QUESTION, given={"frame_K": frames}, outputs=["reply"])
        assert read(engine, video, tiny.QUESTION, frames).answer == trace["reply"]
    assert read(engine, video, tiny.QUESTION, (2,)).answer != read(engine, video, tiny.QUESTION, (3,)).answer


def test_a_choice_has_the_answer_of_a_reader_that_sees_no_frames_and_no_other(engine):
    names = ("uniform", "tspo", "videostreaming")
    said = {name: choose(engine, name, tiny.video(24), tiny.QUESTION, 8).answer for name in names}
    own = engine.run("videostreaming", video=tiny.video(24), question=tiny.QUESTION)["reply"]
    assert said == {"uniform": "", "tspo": "", "videostreaming": own} and own


def test_a_choice_says_what_of_it_is_untrained():
    alone = tiny.engine(models={"clip": tiny.towers()})
    assert choose(alone, "tspo", tiny.video(24), tiny.QUESTION, 8).untrained == ("TSPO's agent",)


def test_nothing_overlaps_nothing_wholly_and_a_knob_has_a_floor():
    assert overlap((), ()) == 1 and knobs_for(METHODS["uniform"], 0) == {"budget": 1}
