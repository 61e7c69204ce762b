"""Facts about VideoLucy's page: what may be remembered, what a knob re-runs, what is told of a search, what is looked at, and
what its released demo does otherwise."""

import json

import pytest

from core.kinds import Effort, MemoryTree, Steps
from core.methods.videolucy import METHOD, measured, released, stages
from core.methods.videolucy.lesson import DIFFERENCES, EXAMPLE, READINGS
from core.methods.videolucy.memory import Entry, Memory, Period, Search
from core.methods.videolucy.service import pictures_of
from core.world.recipes import read_recipe
from tests import tiny

VIDEO = tiny.numbers()
ASKED = {one.text: one for one in VIDEO.questions}
FOUND = ASKED[tiny.NUMBER]  # in the coarse memory
NEVER = next(one for one in VIDEO.questions if one.family == "unanswerable")


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()


@pytest.fixture(scope="module")
def trace(engine):
    return engine.run("videolucy", video=VIDEO, question=tiny.NUMBER)


def test_periods_of_each_depth_cover_the_video_and_lie_within_those_above():
    coarse, fine, ultra = stages.tree(300.0, 64, 8, 1)
    assert (len(coarse), len(fine), len(ultra)) == (5, 38, 300)
    for level in (coarse, fine, ultra):
        assert level[0][0] == 0 and level[-1][1] == 300
        assert all(a[1] == b[0] for a, b in zip(level[:-1], level[1:]))
    assert coarse[-1] == (256, 300) and fine[-1] == (296, 300), "what is left is a period of its own"
    borders = {begin for begin, _ in fine}
    assert all(begin in borders for begin, _ in coarse)


def test_the_search_finds_what_eight_frames_of_a_minute_do_not_show(trace):
    found = trace["search"]
    assert found.steps[1].kind == "survey" and not any(one.confident for one in found.steps[:3])
    assert trace["reply"] == FOUND.answer and found.confident and not found.forced
    begin, end = FOUND.evidence[0]
    last = found.steps[-1].period
    assert last.start <= begin and end <= last.end
    assert trace["said"].startswith(f"“{FOUND.answer}”, sure, shown at {last}") and "It is right." in trace["said"]


def test_a_forced_answer_is_marked_and_says_what_is_right(engine):
    trace = engine.run("videolucy", video=VIDEO, question=NEVER.text, iterations=1)
    assert trace["search"].forced and "FORCED: no memory shows it" in trace["said"] and "It is right." in trace["said"]
    wrong = engine.run("videolucy", video=VIDEO, question=FOUND.text, iterations=0)
    assert "FORCED" in wrong["said"] and f"It is {FOUND.answer}." in wrong["said"]


def test_a_question_that_the_rules_cannot_read_is_searched_for_and_not_answered(engine):
    trace = engine.run("videolucy", video=VIDEO, question="Why is the green ring there?")
    assert (
        trace["reply"] == "" and trace["said"].startswith("No answer, FORCED") and "a language model reads any" in trace["said"]
    )
    where = [one.period for one in trace["search"].steps if one.kind == "locate"][0]
    scene = next((begin, end) for begin, end, what in VIDEO.segments if what.startswith("green ring"))
    assert where.start < scene[1] and scene[0] < where.end, "it looks where that is named"


def test_coarse_captions_are_written_once_for_all_questions_and_searches(engine, trace):
    again = engine.run("videolucy", video=VIDEO, question=NEVER.text, iterations=2)
    assert "search" in again.ran and "caption_S" not in again.ran and "tree" not in again.ran
    assert again["search"].steps[0].changed == trace["search"].steps[0].changed
    assert "caption_S" in engine.run("videolucy", video=VIDEO, question=NEVER.text, coarse=128).ran


def test_the_step_that_is_looked_at_searches_nothing(engine, trace):
    moved = engine.run("videolucy", video=VIDEO, question=tiny.NUMBER, shown=1)
    assert moved.ran == ("step_said",)
    first = trace["search"].steps[0]
    assert (
        moved["step_said"]
        == f"Step 1 of {len(trace['search'].steps)}, caption: {first.note} It wrote 5 memories and changed 0."
    )
    place = next(i for i, one in enumerate(trace["search"].steps) if i and one.changed)
    told = engine.run("videolucy", video=VIDEO, question=tiny.NUMBER, shown=place + 1)["step_said"]
    fine = len(trace["search"].steps[place].changed) - 1
    assert fine in (6, 8) and told.endswith(f"It wrote {fine} memories and changed 1."), "a coarse period anew, and its parts"


def test_what_it_took_are_frames_calls_and_captions_of_every_step(trace):
    found = trace["search"]
    looked = [one.period for step in found.steps for one in step.changed]
    frames = {frame for period in looked for frame in pictures_of(VIDEO, period)}
    assert trace["effort"] == (len(frames), found.captions + found.calls, len(looked), 300)
    assert trace["spent_X4"][-1].tolist() == [len(found.steps), len(looked), found.calls, len(looked) + found.calls]
    assert len(looked) < 300 / 10, "few of what captioning every second takes"


def test_frames_that_answer_come_first_then_those_that_were_seen_last(engine, trace):
    period, chosen = trace["search"].steps[-1].period, trace["frame_K"]
    assert chosen == tuple(sorted(pictures_of(VIDEO, period))) and len(chosen) == 8 and period.depth < 2
    more = engine.run("videolucy", video=VIDEO, question=tiny.NUMBER, budget=20)["frame_K"]
    assert {*chosen} < {*more} and len(more) == 20
    latest = trace["search"].steps[-2].changed
    assert all(any(frame in pictures_of(VIDEO, one.period) for one in latest) for frame in more)
    every = engine.run("videolucy", video=VIDEO, question=tiny.NUMBER, budget=64)["frame_K"]
    assert len(every) == 64, "and then those of earlier steps"


def test_steps_are_given_as_they_come(engine):
    heard = []
    engine.run(
        "videolucy", video=VIDEO, question=NEVER.text, iterations=3, outputs=["search"],
        emit=lambda stage, partial: heard.append((stage, partial)),
    )  # fmt: skip
    assert {stage for stage, _ in heard} == {"search"} and all(isinstance(one, Search) for _, one in heard)
    counts = [len(one.steps) for _, one in heard]
    assert counts == list(range(1, len(counts) + 1)) and heard[0][1].steps[0].changed


def test_it_shows_a_tree_steps_and_effort_and_begins_with_its_own_video():
    kinds = {type(one): one for one in METHOD.outputs}
    assert kinds[Steps].turns == "shown" and kinds[Steps].depths == ("coarse", "fine", "ultra-fine")
    assert kinds[MemoryTree].when == "now" and kinds[Effort].when == "network"
    recipe = read_recipe(f"assets/videos/{EXAMPLE}.json")
    assert recipe.question in [one.text for one in recipe.video.questions] and recipe.video.seconds == 600
    assert all(said.startswith("Our reading: ") for _, said in READINGS)


# ---- what was measured -----------------------------------------------------------------------------------------------------


def test_what_was_measured_is_shown_of_the_weights_that_it_was_measured_of_alone(tmp_path, engine, trace):
    found = {
        "about": {"digests": ["mine"]},
        "depths": {name: {"entropy": 1.0 + i, "relevance": 0.5} for i, name in enumerate(("coarse", "fine", "ultra-fine"))},
        "needle": {"600": [0.5, None, 1, 1], "1800": [0.25] * 4, "3600": [1.0] * 4},
        "failures": {"located wrong": {"share": 0.125, "case": "Which? 3."}, "captioned wrong": {"share": 0.0}},
    }  # fmt: skip
    file = tmp_path / "metrics.json"
    file.write_text(json.dumps(found))
    assert measured.metrics_of(file, "other") == {} == measured.metrics_of(tmp_path / "none", "mine")

    class Eye:
        measured = measured.metrics_of(file, "mine")

    assert stages.depth_D2(Eye, "cpu").tolist() == [[1, 0.5], [2, 0.5], [3, 0.5]]
    needle_SQ = stages.needle_SQ(Eye, "cpu")
    assert needle_SQ.shape == (3, 4) and needle_SQ[0, 1].isnan() and needle_SQ[1].tolist() == [0.25] * 4
    assert stages.failures(Eye) == "located wrong: 12.5%. Which? 3.\ncaptioned wrong: 0.0%."
    assert trace["depth_D2"].numel() == 0 == trace["needle_SQ"].numel() and "Nobody measured" in trace["failures"]


# ---- what the released demo does otherwise ---------------------------------------------------------------------------------


@pytest.mark.parametrize("question, skips", [
    ("What is the second thing?", True), ("How many seconds does it last?", True), ("What is the plastic cup for?", True),
    ("Which number does the red ring carry?", False),
])  # fmt: skip
def test_an_ordinal_is_looked_for_within_words(question, skips):
    assert released.skips_sparse(question) == skips


def test_a_tail_of_ten_seconds_is_taken_for_a_fine_period_and_ours_is_not():
    assert released.lost(790, 60) and not released.lost(780, 60) and not released.lost(785, 60)
    assert stages.tree(790.0, 60, 10, 1)[0][-1] == (780, 790), "ours is coarse, however long"


def test_a_forced_answer_is_given_what_was_left_out():
    kept, out = Entry(Period(0, 60, 0), "anew"), Entry(Period(60, 120, 0), "left out")
    before = Entry(Period(0, 60, 0), "before")
    assert released.forced_memory(Memory((kept,)), (before, out)).entries == (kept, out)
    assert [name for name, _ in DIFFERENCES] == [f"D{n}" for n in range(1, 8)]
