"""Questions of a long video of the world: each with its answer, options to choose from, and the seconds that show it.

    story = tell(seed=3, split="test", seconds=256)     # nothing is drawn: scenes are numbers
    story.scenes                                        # of 1 to 24 whole seconds, in their order: what a LongVideo is made of
    for question in story.questions:                    # one of each family, or a few
        question.family, question.text, question.options, question.answer, question.evidence
    asked_video(3).video, asked_video(3).questions      # the same, to be drawn lazily (`core.world.long`)

A story is an opening, a beginning, a middle, an end and a closing; every scene is one colour × shape × action × background, and
no two neighbours have the same colour. A second is a candidate frame: a *fleeting* scene lasts 1 to 3 of them, any other
`segment` = 8 to 24. Three needles are somewhere in the middle: one shape and one colour that a single scene has, fleeting or
not, and a shape that 1 to 4 scenes have; one shape and one colour are never shown.

    find           "What colour is the ring?" / "What shape is the red thing?", where one scene has it
    begin, end     the colour of the second thing, of the last but one. The opening and the closing are fleeting, and these are
                   `segment[0]` to that + 4 seconds: neither the first and last frame nor the middle of eighths of 256 seconds
                   shows them
    after          the colour of what follows the ring: who finds the ring has not found it
    count          "How many rings are shown?", 1 to 4
    order          which of the ring and the red thing is shown first
    first          the colour of the very first thing: the opening
    unanswerable   as find, of what is never shown

Every question has NOT_SHOWN among its options, so that no option tells whether it can be answered. Options are shuffled; wrong
ones are drawn from what the video shows elsewhere. `evidence` are spans [begin, end) in whole seconds: each frame in one shows
what answers, and no other frame does; none where nothing can. Splits share neither seeds nor a colour × shape × action
(`combinations`), while every colour × shape is in each: a shape does not tell its colour anywhere.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ReaderError
from core.world.captions import ACTIONS, COLOURS, SHAPES, SPLITS, caption, one_of
from core.world.scene import Scene, sample_scene

FAMILIES = ("find", "begin", "end", "after", "count", "order", "first", "unanswerable")
NOT_SHOWN = "not shown"
COUNTS = ("1", "2", "3", "4")
ANSWERS = (*COLOURS, *SHAPES, *COUNTS, NOT_SHOWN)  # all that any question is answered with
HIDING = ("blinks", "appears", "vanishes")  # of these a frame of the scene may show nothing
SEEN = tuple(action for action in ACTIONS if action not in HIDING)
FLEETING = (1, 3)  # seconds
SEGMENT = (8, 24)
MOST = 24 * 3600  # seconds of a story
AROUND = 4  # opening, beginning, end and closing


@dataclass(frozen=True)
class Question:
    """text: as a reader asks it. options: shuffled, `answer` among them. evidence: spans [begin, end) in seconds."""

    family: str
    text: str
    options: tuple[str, ...]
    answer: str
    evidence: tuple[tuple[float, float], ...]

    @property
    def letter(self) -> int:
        """The place of the right option, from 0."""
        return self.options.index(self.answer)

    def shows(self, seconds: Iterable[float]) -> list[bool]:
        """Of each of these seconds, whether what is shown then is evidence."""
        return [any(begin <= second < end for begin, end in self.evidence) for second in seconds]


@dataclass(frozen=True)
class Story:
    """Scenes in their order, of whole seconds, and what is asked of them."""

    scenes: tuple[Scene, ...]
    questions: tuple[Question, ...]

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """[begin, end) of each scene in seconds."""
        return spans(self.scenes)


def tell(
    seed: int, split: str = "test", seconds: int = 256, *, segment=SEGMENT, fleeting=0.25, families=FAMILIES, size=(128, 128)
) -> Story:  # fmt: skip
    """The story of a seed. segment: the shortest and the longest scene that is not fleeting, in seconds. fleeting: the share of
    the middle that is; with 0 nothing is, the opening, the closing and the needles neither."""
    first, last = segment
    lowest = (AROUND + 4) * last + first
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not lowest <= seconds <= MOST:
        raise ReaderError(
            f"A story of scenes of {first} to {last} seconds lasts {lowest} to {MOST} whole seconds, got {seconds!r}."
        )
    if not 0 <= fleeting < 1:
        raise ReaderError(f"The share of fleeting scenes is from 0 to below 1, got {fleeting!r}.")
    for family in families:
        one_of("family", family, FAMILIES)
    rng = np.random.default_rng([SPLITS.index(one_of("split", split, SPLITS)), seed, len("questions")])
    cast = Cast(*rng.permutation(SHAPES).tolist()[:3], *rng.permutation(COLOURS).tolist()[:2])
    length_S, parts = _lengths(rng, seconds, segment, fleeting)
    look_S = _looks(rng, cast, parts)
    scenes = tuple(_scene(rng, split, *look, length, size) for look, length in zip(look_S, length_S, strict=True))
    plot = Plot(cast, parts, look_S, spans(scenes))
    return Story(scenes, tuple(_ask(rng, family, plot) for family in families))


@dataclass(frozen=True)
class Cast:
    """Looks with a part of their own: what one scene has, what some have, what none has."""

    shape: str
    counted: str
    no_shape: str
    colour: str
    no_colour: str


@dataclass(frozen=True)
class Parts:
    """Which scenes the needles are, from 0. S: scenes in all."""

    S: int
    shape: int
    colour: int
    counted: tuple[int, ...]


@dataclass(frozen=True)
class Plot:
    """All that questions are made of. look_S: (colour, shape) of each scene; span_S: its seconds."""

    cast: Cast
    parts: Parts
    look_S: Sequence[tuple[str, str]]
    span_S: Sequence[tuple[int, int]]


def spans(scenes: Iterable[Scene]) -> tuple[tuple[int, int], ...]:
    """[begin, end) of scenes of whole seconds."""
    ends = np.cumsum([round(scene.seconds) for scene in scenes]).tolist()
    return tuple(zip([0, *ends[:-1]], ends, strict=True))


@cache
def combinations(split: str) -> frozenset[tuple[str, str, str]]:
    """Every (colour, shape, action) that a story of a split may show; no other split has one of them."""
    own = {"test": (0,), "val": (1,)}.get(one_of("split", split, SPLITS), (2, 3, 4))
    return frozenset(
        (colour, shape, action)
        for c, colour in enumerate(COLOURS)
        for s, shape in enumerate(SHAPES)
        for a, action in enumerate(SEEN)
        if (c + s + a) % 5 in own
    )


# ---- scenes ---------------------------------------------------------------------------------------------------------------


def _lengths(rng, seconds: int, segment, fleeting: float) -> tuple[list[int], Parts]:
    """Seconds of every scene, and where the needles are."""
    first, last = segment

    def short() -> int:
        return int(rng.integers(FLEETING[0], FLEETING[1] + 1)) if fleeting else int(rng.integers(first, last + 1))

    around = [short(), *(int(rng.integers(first, min(first + 4, last) + 1)) for _ in range(2)), short()]
    middle, left = [], seconds - sum(around)
    while left > 0:
        length = short() if rng.random() < fleeting else int(rng.integers(first, last + 1))
        middle.append(min(length, left) if left - length >= first else left)  # or a rest would be no scene
        left -= middle[-1]
    # a rest that is longer than a scene may be becomes two
    if middle[-1] > last:
        middle[-1:] = [middle[-1] - first, first]
    order = (2 + rng.permutation(len(middle))).tolist()
    shape, colour, *others = order
    counted = tuple(sorted(others[: 1 + int(rng.integers(min(len(COUNTS), len(others))))]))
    length_S = [*around[:2], *middle, *around[2:]]
    return length_S, Parts(len(length_S), shape, colour, counted)


def _looks(rng, cast: Cast, parts: Parts) -> list[tuple[str, str]]:
    """(colour, shape) of every scene: needles have theirs, others what is nobody's, neighbours differ in colour."""
    colours = [colour for colour in COLOURS if colour not in (cast.colour, cast.no_colour)]
    shapes = [shape for shape in SHAPES if shape not in (cast.shape, cast.counted, cast.no_shape)]
    looks = []
    for s in range(parts.S):
        before = looks[-1][0] if looks else ""
        colour = str(rng.choice([one for one in colours if one != before]))
        own = cast.shape if s == parts.shape else cast.counted if s in parts.counted else str(rng.choice(shapes))
        looks.append((cast.colour if s == parts.colour else colour, own))
    return looks


def _scene(rng, split: str, colour: str, shape: str, seconds: int, size) -> Scene:
    """A scene of one thing, whose background, place and path follow from a seed of its split."""
    actions = [action for action in SEEN if (colour, shape, action) in combinations(split)]
    action = str(rng.choice(actions))
    scene = sample_scene(int(rng.integers(2**31)), split, action=action, distractors=0, size=size, seconds=float(seconds))
    actor = replace(scene.actor, colour=colour, shape=shape)
    return replace(scene, objects=(actor,), caption=caption(colour, shape, action))


# ---- questions ------------------------------------------------------------------------------------------------------------


def _ask(rng, family: str, plot: Plot) -> Question:
    """The question of a family."""
    cast, parts = plot.cast, plot.parts
    by_shape = bool(rng.random() < 0.5)
    needle = parts.shape if by_shape else parts.colour
    if family in ("find", "unanswerable"):
        shown = family == "find"
        what = (cast.shape if shown else cast.no_shape) if by_shape else (cast.colour if shown else cast.no_colour)
        text = f"What colour is the {what}?" if by_shape else f"What shape is the {what} thing?"
        answer = plot.look_S[needle][not by_shape]
        wrong = _others(rng, plot, answer, 3)
        if shown:
            return _question(rng, family, text, answer, wrong, (plot.span_S[needle],))
        return _question(rng, family, text, NOT_SHOWN, [answer, *wrong], ())
    if family == "count":
        text, answer = f"How many scenes show a {cast.counted}?", str(len(parts.counted))
        spans_ = tuple(plot.span_S[s] for s in parts.counted)
        return _question(rng, family, text, answer, [count for count in COUNTS if count != answer], spans_)
    if family == "order":
        text = f"Which is shown first, the {cast.shape} or the {cast.colour} thing?"
        if parts.shape < parts.colour:
            answer, wrong = cast.shape, cast.colour
        else:
            answer, wrong = cast.colour, cast.shape
        both = tuple(plot.span_S[s] for s in sorted((parts.shape, parts.colour)))
        return _question(rng, family, text, answer, [wrong], both)
    text, s = {
        "begin": ("What colour is the second thing at the beginning?", 1),
        "end": ("What colour is the last but one thing at the end?", parts.S - 2),
        "after": (f"What colour is the thing that follows the {cast.shape}?", parts.shape + 1),
        "first": ("What colour is the very first thing?", 0),
    }[family]
    answer = plot.look_S[s][0]
    return _question(rng, family, text, answer, _others(rng, plot, answer, 3), (plot.span_S[s],))


def _others(rng, plot: Plot, answer: str, count: int) -> list[str]:
    """Wrong colours (or shapes, where the answer is one) that the video shows, and others where it shows too few."""
    every = COLOURS if answer in COLOURS else SHAPES
    shown = {look[answer in SHAPES] for look in plot.look_S}
    drawn = [str(one) for one in rng.permutation(every) if one != answer]
    return sorted(drawn, key=lambda one: one not in shown)[:count]


def _question(rng, family: str, text: str, answer: str, wrong: list[str], evidence) -> Question:
    options = list(dict.fromkeys([answer, *wrong, NOT_SHOWN]))
    return Question(family, text, tuple(options[i] for i in rng.permutation(len(options))), answer, tuple(evidence))


# ---- what is right without looking -----------------------------------------------------------------------------------------


def constants(questions: Iterable[Question]) -> dict[str, float]:
    """Shares that are right without looking at a video: always the option of one place, the best of them (`letter`); always
    the answer that is the most frequent one in these questions (`answer`); the most frequent of each family (`family`); and a
    drawn option (`chance`)."""
    asked = list(questions)
    if not asked:
        raise ReaderError("A baseline is measured on at least 1 question, got 0.")

    def most(values: Iterable) -> int:
        return max(Counter(values).values())

    of_family = [[one.answer for one in asked if one.family == family] for family in {one.family for one in asked}]
    N = len(asked)
    return {
        "letter": most(one.letter for one in asked) / N,
        "answer": most(one.answer for one in asked) / N,
        "family": sum(map(most, of_family)) / N,
        "chance": sum(1 / len(one.options) for one in asked) / N,
    }


# ---- on disk --------------------------------------------------------------------------------------------------------------


def story_json(story: Story, **about) -> str:
    """What is beside a video's mp4: its questions, and what each scene shows. about: seed, split …"""
    scenes = [
        {"seconds": span, "caption": scene.caption, "colour": scene.actor.colour, "shape": scene.actor.shape,
         "action": scene.action, "background": scene.background.kind}
        for span, scene in zip(story.spans, story.scenes, strict=True)
    ]  # fmt: skip
    return json.dumps({**about, "questions": [asdict(one) for one in story.questions], "scenes": scenes}, indent=1) + "\n"


def known_question(video: Any, question: str) -> Question | None:
    """The question as a video knows it, with its answer, however its letters are written; None of any other."""
    plain = question.strip().lower()
    return next((one for one in getattr(video, "questions", ()) if one.text.lower() == plain), None)


def read_questions(path: str | Path) -> tuple[Question, ...]:
    """The questions in such a file."""
    try:
        given = json.loads(Path(path).read_text(encoding="utf-8"))["questions"]
        return tuple(
            Question(
                str(one["family"]), str(one["text"]), tuple(one["options"]), str(one["answer"]),
                tuple((int(begin), int(end)) for begin, end in one["evidence"]),
            )
            for one in given
        )  # fmt: skip
    except (KeyError, TypeError, UnicodeDecodeError, ValueError) as wrong:
        raise ReaderError(
            f"{Path(path).name} holds no questions: a list, each with family, text, options, answer and evidence."
        ) from wrong
