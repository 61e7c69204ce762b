"""Facts about stories: what is asked of a long video is true of its pixels, and is not to be had without looking."""

from collections import Counter

import numpy as np
import pytest

from core import ReaderError
from core.methods.uniform import frame_K
from core.methods.videostreaming.asking import asked_Q
from core.video.read import read_clip
from core.world import COLOURS, SHAPES, SPLITS, long
from core.world.long import asked_video
from core.world.questions import (
    ANSWERS,
    COUNTS,
    FAMILIES,
    NOT_SHOWN,
    Question,
    combinations,
    constants,
    known_question,
    read_questions,
    story_json,
    tell,
)
from core.world.textures import RGB

SMALL = (32, 32)


@pytest.fixture(scope="module")
def stories():
    return [tell(seed, split, size=SMALL) for split in SPLITS for seed in range(30)]


def seen(frame_HW3, instance_HW) -> str:
    """The colour of the world that the pixels of the thing are nearest to."""
    rgb = np.median(frame_HW3[instance_HW == 1], axis=0)
    return min(COLOURS, key=lambda colour: np.linalg.norm(np.array(RGB[colour]) - rgb))


@pytest.mark.parametrize("seed", [0, 1])
def test_evidence_is_what_the_pixels_show_and_no_other_frame_does(seed):
    video, story = asked_video(seed, size=(64, 64))
    frames_THWC, truth = video.frames(range(video.N)).frames_THWC, video.truth(range(video.N))
    scene_T = [s for s, (begin, end) in enumerate(story.spans) for _ in range(begin, end)]
    assert len(scene_T) == video.N == 256 and all((frame == 1).sum() > 20 for frame in truth.instance_THW)
    colour_T = [seen(*one) for one in zip(frames_THWC, truth.instance_THW, strict=True)]
    shape_T = [story.scenes[s].actor.shape for s in scene_T]
    assert colour_T == [story.scenes[s].actor.colour for s in scene_T]
    asked = {question.family: question for question in story.questions}
    assert tuple(asked) == FAMILIES
    for question in story.questions:
        shown_T = question.shows(range(video.N))
        if question.family in ("find", "unanswerable"):
            what_T = shape_T if "colour" in question.text else colour_T
            word = question.text.rstrip("?").removesuffix(" thing").split()[-1]
            assert shown_T == [one == word for one in what_T]
        if question.family in ("begin", "end", "after", "first", "find"):
            answers = colour_T if question.answer in COLOURS else shape_T
            assert {answers[t] for t in range(video.N) if shown_T[t]} == {question.answer}
    scenes = [story.spans.index(span) for span in asked["count"].evidence]
    assert len(scenes) == int(asked["count"].answer) and len({story.scenes[s].actor.shape for s in scenes}) == 1
    first = story.scenes[story.spans.index(asked["order"].evidence[0])].actor
    assert asked["order"].answer in (first.colour, first.shape)


def test_scenes_fill_the_time_and_are_fleeting_or_segments(stories):
    for story in stories:
        begins, ends = zip(*story.spans, strict=True)
        assert begins == (0, *ends[:-1]) and ends[-1] == 256
        lengths = [end - begin for begin, end in story.spans]
        assert all(1 <= length <= 3 or 8 <= length <= 24 for length in lengths) and max(lengths[0], lengths[-1]) <= 3
        colours = [scene.actor.colour for scene in story.scenes]
        assert all(one != after for one, after in zip(colours, colours[1:]))
    fleeting = [end - begin <= 3 for story in stories for begin, end in story.spans[2:-2]]
    assert 0.19 < np.mean(fleeting) < 0.31


def test_uniform_sampling_sees_neither_the_beginning_nor_the_end(stories):
    middles = frame_K(tuple(range(256)), 8)
    ends = tuple(round(frame) for frame in np.linspace(0, 255, 8))
    for story in stories:
        for question in story.questions:
            if question.family in ("begin", "end"):
                assert not any(question.shows(middles)) and not any(question.shows(ends))
                assert question.family == ("begin" if question.evidence[0][0] < 128 else "end")


def test_options_tell_nothing_and_every_answer_is_as_frequent_as_others(stories):
    asked = [question for story in stories for question in story.questions]
    for question in asked:
        assert len(set(question.options)) == len(question.options) and question.options[question.letter] == question.answer
        assert NOT_SHOWN in question.options and set(question.options) <= set(ANSWERS)
    five = [question.letter for question in asked if question.family != "order"]
    assert all(0.15 < share / len(five) < 0.25 for share in Counter(five).values())
    for family, kinds in (("begin", COLOURS), ("end", COLOURS), ("count", COUNTS)):
        answers = [question.answer for question in asked if question.family == family]
        assert set(answers) == set(kinds) and max(Counter(answers).values()) < 2 * len(answers) / len(kinds)
    shares = constants(asked)
    assert shares["letter"] < 0.28 and shares["answer"] == 0.125 and shares["family"] < 0.32 and 0.2 < shares["chance"] < 0.23


def test_a_constant_answer_is_right_as_often_as_counted_by_hand():
    def question(family, answer, options):
        return Question(family, "?", options, answer, ())

    asked = [question("a", "x", ("x", "y")), question("a", "x", ("y", "x")), question("b", "y", ("x", "y"))]
    assert constants(asked) == pytest.approx({"letter": 2 / 3, "answer": 2 / 3, "family": 1.0, "chance": 0.5})


def test_splits_share_no_combination_and_no_seed_and_each_has_every_colour_of_every_shape(stories):
    sets = [combinations(split) for split in SPLITS]
    assert not (sets[0] & sets[1] or sets[0] & sets[2] or sets[1] & sets[2])
    for split, own in zip(SPLITS, sets):
        assert {(colour, shape) for colour, shape, _ in own} == {(colour, shape) for colour in COLOURS for shape in SHAPES}
        scenes = [scene for story in stories for scene in story.scenes if scene.split == split]
        assert {(one.actor.colour, one.actor.shape, one.action) for one in scenes} <= own
    drawn = [{scene.background.seed for scene in story.scenes} for story in stories]
    assert len(set().union(*drawn)) == sum(map(len, drawn))


def test_a_story_of_an_hour_is_told_without_a_frame_drawn_and_follows_from_its_seed(monkeypatch):
    monkeypatch.setattr(long, "Painter", lambda scene: pytest.fail("drawn"))
    video, story = asked_video(1, "val", 4096)
    assert video.N == 4096 == story.spans[-1][1] and asked_video(1, "val", 4096)[0].key == video.key
    assert asked_video(2, "val", 4096)[0].key != video.key and asked_video(1, "test", 4096)[0].key != video.key
    short = tell(1, seconds=36, segment=(4, 4), fleeting=0.0, families=("first",), size=SMALL)
    assert {end - begin for begin, end in short.spans} == {4} and [one.family for one in short.questions] == ["first"]


def test_the_command_writes_a_video_with_a_frame_a_second_and_what_is_asked_of_it(tmp_path, monkeypatch, capsys):
    drawn = long.asked_video
    monkeypatch.setattr(long, "asked_video", lambda *given: drawn(*given, size=SMALL))
    long.main(["--out", str(tmp_path), "--videos", "1", "--seed", "7", "--seconds", "208"])
    video, story = drawn(7, "test", 208, size=SMALL)
    assert read_questions(tmp_path / "test_000007.json") == story.questions
    clip = read_clip(tmp_path / "test_000007.mp4", 8)
    assert clip.time_T[-1] > 190 and "8 questions" in capsys.readouterr().out
    difference = clip.frames_THWC.astype(int) - video.frames(clip.source_T.tolist()).frames_THWC
    assert np.abs(difference).mean() < 12


def test_what_cannot_be_told_is_a_sentence(tmp_path):
    for wrong, why in (
        (lambda: tell(0, seconds=199), "lasts 200 to 86400 whole seconds, got 199"),
        (lambda: tell(0, split="all"), "split"),
        (lambda: tell(0, families=("why",)), "The family is one of find, begin"),
        (lambda: tell(0, fleeting=1.0), "share of fleeting scenes is from 0 to below 1, got 1.0"),
        (lambda: constants([]), "at least 1 question"),
        (lambda: read_questions(tmp_path / "x.json"), "x.json holds no questions"),
    ):
        (tmp_path / "x.json").write_text('{"questions": [{"family": "find"}]}')
        with pytest.raises(ReaderError, match=why):
            wrong()
    assert '"split": "test"' in story_json(tell(0, size=SMALL), split="test")


def test_a_question_is_known_however_its_letters_are_written():
    video = asked_video(0, "test", 256)[0]
    one = video.questions[0]
    assert known_question(video, f" {one.text.upper()}") == one and known_question(video, "what else?") is None
    assert asked_Q(one.text.lower(), video)[0] == one.text and len(asked_Q(one.text.lower(), video)) == len(video.questions)
