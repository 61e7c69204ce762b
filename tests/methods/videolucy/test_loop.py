"""Facts about VideoLucy's loop, its rules and its world. The eye is one without a fault: it writes what is true of the frames
that an eye would be shown, so that what is missed is missed by sampling."""

from dataclasses import dataclass, replace
from functools import cache

import pytest

from core.errors import BadText
from core.methods.videolucy.agents import Rules, disturbed, targets, widest
from core.methods.videolucy.evaluate import Chance, cause, missing, results, summary, true_caption
from core.methods.videolucy.grammar import Anchor, Asked, asked, clauses, runs
from core.methods.videolucy.loop import Settings, around, children, search, steps
from core.methods.videolucy.memory import Entry, Memory, Period, memory_text, split, with_entries
from core.methods.videolucy.prompts import LOOK
from core.methods.videolucy.richness import entropy, relevance
from core.progress import watched
from core.world.marks import marked_video, shown
from core.world.questions import NOT_SHOWN

USUAL = Settings()


class TrueEye:
    """Writes what an eye without a fault would write."""

    def captions(self, video, periods, instruction=""):
        return tuple(true_caption(video, one, instruction) for one in periods)


@dataclass(frozen=True)
class Counted(Rules):
    """Rules that note every period that is captioned."""

    noted: tuple = ()

    def caption(self, periods, instruction):
        self.noted[0].append((tuple(periods), instruction))
        return super().caption(periods, instruction)


@cache
def video(seed=3, seconds=600):
    return marked_video(seed, "val", seconds, (32, 32))


def question(family, place=0, seed=3):
    return [one for one in video(seed).questions if one.family == family][place]


def run(text, seed=3, settings=USUAL):
    one = video(seed)
    return search(Rules(TrueEye(), one), text, one.seconds, settings)  # type: ignore


# ---- periods and memory ----------------------------------------------------------------------------------------------------


def test_periods_cover_the_video_and_a_rest_is_one_of_them():
    periods = split(0, 600, 64, 0)
    assert len(periods) == 10 and periods[-1] == Period(576, 600, 0)
    assert all(a.end == b.start for a, b in zip(periods, periods[1:]))
    assert split(0, 640, 64, 0)[-1] == Period(576, 640, 0)
    assert split(0, 5, 64, 0) == (Period(0, 5, 0),)
    # a rest of just T_f seconds is still a coarse period, and is split further
    assert children(Period(576, 584, 0), USUAL) == (Period(576, 584, 1),)
    assert len(children(Period(8, 16, 1), USUAL)) == 8 and children(Period(8, 9, 2), USUAL) == ()


def test_a_memory_holds_the_newest_entry_of_each_period_and_knows_which_are_finest():
    coarse = split(0, 128, 64, 0)
    memory = with_entries(Memory(), [Entry(one, "red ring") for one in reversed(coarse)])
    assert memory.periods == coarse
    fine = split(0, 64, 8, 1)
    memory = with_entries(memory, [Entry(coarse[0], "red ring 4", LOOK), *(Entry(one, "red ring") for one in fine)])
    assert len(memory.entries) == 10 and memory.of(coarse[0]).caption == "red ring 4"  # type: ignore
    assert tuple(one.period for one in memory.finest) == (*fine, coarse[1])
    assert memory_text(memory).splitlines()[:2] == ["1. 0–64 s (look for the number): red ring 4", "   (1) 0–8 s: red ring"]


def test_neighbours_of_the_relevant_periods_are_kept():
    periods = split(0, 640, 64, 0)
    assert around(periods, [periods[0], periods[5]], 1) == tuple(periods[k] for k in (0, 1, 4, 5, 6))
    assert around(periods, [periods[9]], 0) == (periods[9],)


# ---- words -----------------------------------------------------------------------------------------------------------------


def test_questions_of_the_grammar_are_read_and_others_are_refused():
    assert asked("What colour is the ring?") == Asked("colour", Anchor("", "ring"))
    assert asked(" which NUMBER does the red ring carry") == Asked("number", Anchor("red", "ring"))
    after = asked("Which number does the thing right after the white heart carry?")
    assert after == Asked("number", Anchor("white", "heart"), after=True)
    assert asked("What shape is the red thing?") == Asked("shape", Anchor("red", ""))
    for text in ("What colour is the thing?", "How many rings are there?", "What colour is the wolf?", ""):
        with pytest.raises(BadText, match="What colour is the ring"):
            asked(text)
    assert all(asked(one.text) for one in video().questions)


def test_clauses_are_read_from_captions_of_the_eye_and_of_others():
    assert [(c.colour, c.shape, c.number) for c in clauses("1st red ring 4 3rd blue star")] == [
        ("red", "ring", "4"), ("blue", "star", ""),
    ]  # fmt: skip
    said = "First a red ring with the number 4 can be seen. Then, a blue star; nothing else."
    assert [c.look for c in clauses(said)] == [("red", "ring"), ("blue", "star")] and clauses(said)[0].number == "4"
    assert clauses("") == ()


def test_only_fine_captions_tell_what_is_right_after():
    coarse = Memory((Entry(Period(0, 64, 0), "1st red ring 5th blue star"), Entry(Period(64, 128, 0), "blue star 3")))
    one, two = runs(coarse)
    assert one.look == ("red", "ring") and not one.exact
    assert two.periods == (Period(0, 64, 0), Period(64, 128, 0)) and two.numbers == (("3", 1),)  # it goes on: one run
    fine = Memory((Entry(Period(0, 8, 1), "red ring"), Entry(Period(8, 16, 1), "1st green star 4th blue star")))
    assert [one.exact for one in runs(fine)] == [True, True, False]
    apart = Memory((Entry(Period(0, 8, 1), "red ring"), Entry(Period(16, 24, 1), "blue star")))
    assert not runs(apart)[0].exact  # between them is what nobody saw
    mixed = Memory((Entry(Period(0, 8, 1), "red ring"), Entry(Period(8, 64, 0), "blue star")))
    assert not runs(mixed)[0].exact


def test_the_locator_goes_to_the_anchor_or_to_what_follows_it():
    periods = split(0, 64, 8, 1)
    memory = Memory(tuple(Entry(one, "red ring" if k < 2 else "blue star") for k, one in enumerate(periods)))
    assert targets(memory, asked("Which number does the red ring carry?")) == set(periods[:2])
    assert targets(memory, asked("Which number does the thing right after the red ring carry?")) == set(periods[2:])
    coarse = Memory((Entry(Period(0, 64, 0), "red ring"), Entry(Period(64, 128, 0), "blue star")))
    after = asked("What colour is the thing right after the red ring?")
    assert targets(coarse, after) == {Period(0, 64, 0), Period(64, 128, 0)}


def test_the_locator_takes_what_was_not_searched_the_coarse_before_the_fine_and_the_early_before_the_late():
    coarse, text = split(0, 192, 64, 0), "Which number does the red ring carry?"
    memory = Memory(tuple(Entry(one, "1st red ring" if k < 2 else "1st blue star") for k, one in enumerate(coarse)))
    memory = with_entries(memory, [Entry(one, "1st red ring") for one in split(0, 64, 8, 1)])
    rules = Rules(TrueEye(), video())  # type: ignore
    assert rules.locate(text, memory, (), True).period == coarse[0]
    there = rules.locate(text, memory, coarse[:1], True)
    assert there.period == coarse[1] and there.instruction == LOOK
    assert rules.locate(text, memory, coarse[:2], True).period == Period(0, 8, 1)
    assert rules.locate("What colour is the ring?", memory, (), True).instruction == ""


def test_without_a_match_the_middle_of_the_widest_stretch_is_next():
    periods = split(0, 640, 64, 0)
    assert widest(periods) == periods[5]
    assert widest([one for one in periods if one != periods[5]]) == periods[2]
    assert widest(split(0, 64, 8, 1)) == Period(32, 40, 1) and widest([]) is None


# ---- the loop --------------------------------------------------------------------------------------------------------------


def test_what_coarse_captions_show_needs_no_iteration():
    found = run(question("colour").text)
    assert [one.kind for one in found.steps] == ["caption", "survey", "answer"]
    assert found.answer == question("colour").answer and found.confident and not found.forced and not found.visits
    assert found.captions == 10 and found.calls == 2 and found.exhaustive == 600


@pytest.mark.parametrize("place", range(4))
def test_a_number_is_found_by_going_deeper_and_the_memory_shows_it(place):
    one = question("number", place)
    found = run(one.text)
    assert found.answer == one.answer and found.confident and found.visits[0].depth == 0
    shows = found.steps[-1].period
    begin, end = one.evidence[0]
    assert shows.start < end and begin < shows.end  # type: ignore
    assert one.answer in found.memory.of(shows).caption.split()  # type: ignore
    assert found.captions < 600 * 0.1


def test_what_follows_is_not_believed_to_coarse_captions():
    for one in [one for one in video().questions if one.family.startswith("after")]:
        found = run(one.text)
        assert found.answer == one.answer and found.confident and found.visits, one
    lenient = Rules(TrueEye(), video(), strict="any")  # type: ignore
    quick = search(lenient, question("after").text, 600, USUAL)
    assert quick.confident and not quick.visits


@pytest.mark.parametrize("place", range(2))
def test_what_is_never_shown_is_forced_after_the_last_iteration_and_said_to_be_not_shown(place):
    found = run(question("unanswerable", place).text)
    assert found.steps[-1].kind == "forced" and found.forced and not found.confident and found.answer == NOT_SHOWN
    assert len(found.visits) == USUAL.iterations == len(set(found.visits))
    assert run(question("unanswerable", place).text, settings=replace(USUAL, iterations=0)).visits == ()


def test_every_step_is_told_while_it_happens_and_adds_to_the_one_before():
    heard = []
    with watched(lambda done: None, heard.append):
        found = run(question("number").text)
    assert [len(one.steps) for one in heard] == list(range(1, len(found.steps) + 1)) and heard[-1] == found
    for before, after in zip(found.steps, found.steps[1:]):
        grown = {*before.memory.periods} - {*after.memory.periods}
        assert after.kind == "survey" or not grown
        assert after.captions == before.captions + len(after.changed)
        assert (after.kind == "caption") == (after.calls == before.calls) == bool(after.changed)
    assert all(one.request for one in found.steps if one.kind not in ("caption",))
    assert all(one.raw.startswith("{") for one in found.steps if one.kind != "caption")


def test_a_period_is_captioned_again_at_its_depth_and_at_the_next_with_the_instruction():
    noted = ([],)
    rules = Counted(TrueEye(), video(), noted=noted)  # type: ignore
    search(rules, question("number").text, 600, USUAL)
    (first, nothing), (again, instruction) = noted[0][:2]
    assert first == split(0, 600, 64, 0) and nothing == "" and instruction == LOOK
    assert again == (again[0], *children(again[0], USUAL))
    noted[0].clear()
    search(rules, question("number").text, 600, replace(USUAL, instruct=False))
    assert {instruction for _, instruction in noted[0]} == {""}


def test_a_sparse_start_leaves_out_what_is_far_from_the_anchor_and_takes_it_back_when_nothing_is_left():
    sparse, whole = run(question("number").text), run(question("number").text, settings=replace(USUAL, sparse=False))
    assert 2 <= len(sparse.sparse) < 10 and len(whole.sparse) == 10
    assert [one.kind for one in whole.steps][:2] == ["caption", "answer"]
    long = run(question("unanswerable", 1).text, settings=replace(USUAL, relevant=1, neighbours=0, iterations=40))
    assert any("other coarse periods" in one.note for one in long.steps) and len(long.memory.entries) > 100


def test_no_iteration_begins_when_the_captions_are_used_up():
    found = run(question("unanswerable").text, settings=replace(USUAL, iterations=50, captions=40))
    assert 40 <= found.captions < 40 + 9


def test_noise_is_the_same_each_time_and_makes_the_answer_unsure_where_two_captions_are_wanted():
    text = "1st red ring 4 3rd blue star"
    place = (0, Period(0, 8, 1))
    assert disturbed(text, 0.0, place) == text
    noisy = disturbed(text, 1.0, place)
    assert noisy == disturbed(text, 1.0, place) and noisy != disturbed(text, 1.0, (1, Period(0, 8, 1)))
    assert [a == b for a, b in zip(noisy.split(), text.split())] == [True, False, False, False, True, False, False]
    one = question("colour")
    memory = Memory((Entry(Period(0, 64, 0), f"{one.answer} {asked(one.text).anchor.shape}"),))
    twice = Rules(TrueEye(), video(), strict="twice")  # type: ignore
    assert not twice.answer(one.text, memory).confident and Rules(TrueEye(), video()).answer(one.text, memory).confident  # type: ignore
    told_otherwise = with_entries(memory, [Entry(Period(64, 128, 0), memory.entries[0].caption.replace(one.answer, "white"))])
    if one.answer != "white":
        assert not Rules(TrueEye(), video()).answer(one.text, told_otherwise).confident  # type: ignore


def test_the_generator_can_be_left_before_its_end():
    walk = steps(Rules(TrueEye(), video()), question("number").text, 600, USUAL)  # type: ignore
    assert next(walk).kind == "caption" and next(walk).kind == "survey"


# ---- the world, and what is measured ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed, seconds", [(0, 300), (1, 600), (2, 1800)])
def test_a_video_shows_what_its_questions_say(seed, seconds):
    one = marked_video(seed, "test", seconds, (32, 32))
    assert one.seconds == seconds and len(one.questions) == 13
    frames = range(one.N)
    seen = shown(one, frames)
    looks = [look for k, (*look, _) in enumerate(seen) if k == 0 or look != list(seen[k - 1][:2])]
    for question in one.questions:
        what = asked(question.text)
        assert question.answer in question.options and NOT_SHOWN in question.options and len(set(question.options)) == 5
        fits = [
            k for k, (colour, shape) in enumerate(looks) if what.anchor.colour in ("", colour) and what.anchor.shape == shape
        ]
        if question.family != "unanswerable":
            assert len(fits) == 1, question  # a needle is one scene
            begin, end = question.evidence[0]
            there = {seen[k] for k in frames if begin <= k / one.rate < end}
            assert len(there) == 1 or what.attribute == "colour"
            value = {(c if what.attribute == "colour" else n) for c, _, n in there}
            assert value == {question.answer}
    assert marked_video(seed, "val", seconds).key != one.key


def test_where_a_wrong_answer_comes_from_is_told_by_what_is_true():
    rules = Rules(TrueEye(), video())  # type: ignore
    every = results(TrueEye(), video(), "600", 0)  # type: ignore
    assert all(one.right["full"] for one in every if one.answerable and not one.missing)
    assert not any(one.right["coarse_only"] for one in every if one.question.family == "number")
    wrong = next(one for one in every if one.question.family == "number")
    blamed = replace(wrong, right={"full": False})
    assert cause(rules, video(), blamed) == "captioned wrong"  # for its memory would have answered rightly
    early = replace(blamed, found=run(wrong.question.text, settings=replace(USUAL, iterations=0)))
    assert cause(rules, video(), early) == "located wrong"
    assert cause(rules, video(), replace(early, missing=True)) == "not in the coarse memory"
    found = summary(every)
    assert found["abstains_on_unanswerable"] == 1 and found["false_confidence"] == 0
    assert found["accuracy"]["600"].keys() == {
        "full", "coarse_only", "random_period", "no_instruction", "flat", "faultless_eye", "constant",
    }  # fmt: skip
    assert 0.02 < found["captions_share"]["600"] < 0.06
    assert found["depths"]["coarse"]["relevance"] <= found["depths"]["ultra-fine"]["relevance"] == 1
    blind = [replace(one, eye=1, right=dict.fromkeys(one.right, False)) for one in every]
    both = summary([*every, *blind])
    assert both["accuracy"]["600"]["full"] == pytest.approx(found["accuracy"]["600"]["full"] / 2)
    assert both["eyes"]["600"] == [found["accuracy"]["600"]["full"], 0]
    assert both["intervals"]["600"]["full"]["low"] == 0  # a draw may have the blind eye alone
    asked_of = [one["questions"] for one in found["by_class"]["600"].values()]
    assert [one["questions"] for one in both["by_class"]["600"].values()] == asked_of


def test_a_fleeting_anchor_between_coarse_frames_is_missing_and_a_long_one_is_not():
    for seed in range(4):
        for one in marked_video(seed, "val", 600, (32, 32)).questions:
            if one.family not in ("fleeting", "unanswerable"):
                assert not missing(marked_video(seed, "val", 600, (32, 32)), one, USUAL)
    assert any(
        missing(
            own := marked_video(seed, "val", 600, (32, 32)), next(o for o in own.questions if o.family == "fleeting"), USUAL
        )
        for seed in range(4)
    )


def test_a_locator_by_chance_searches_each_period_once():
    own = Chance(TrueEye(), video())  # type: ignore
    found = search(own, question("unanswerable").text, 600, replace(USUAL, sparse=False, iterations=8))
    assert len(found.visits) == len(set(found.visits)) == 8


def test_captions_are_the_richer_the_more_they_name_and_what_goes_on_counts_once():
    assert entropy(["1st red ring", "1st red ring"]) == entropy(["1st red ring"]) == 1.0
    assert entropy(["1st red ring", "1st red ring 4"]) == pytest.approx(1.585, abs=1e-3)  # three words
    assert entropy(["1st red ring 2nd red star"]) == pytest.approx(1.5)
    assert entropy([]) == 0
    what = asked("Which number does the red ring carry?")
    assert [relevance([one], what) for one in ("1st red ring 4", "1st red ring", "1st blue ring 4")] == [1.0, 0.5, 0.0]
