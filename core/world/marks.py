"""Long videos of things that carry a number for a moment, and questions of a closed grammar about them.

    video = marked_video(seed=3, seconds=600)       # nothing is drawn yet; a LongVideo of two frames a second
    video.questions                                 # each with family, text, options, answer, evidence

Scenes of LONG whole seconds, one thing each; FLEETING ones of 1 to 3 seconds between them. Beside many things a number is seen
for a while, CARRIED seconds, and not again: who looks once in eight seconds sees every long scene, few of the fleeting ones and
of the numbers, and what follows what only as far as he looked. Of a needle there is one: its colour × shape, or its shape, is
shown in no other scene.

    colour        "What colour is the ring?"                               a long scene
    number        "Which number does the red ring carry?"                  a long scene
    after         "What colour is the thing right after the red ring?"     what follows is long, or fleeting
    after number  "Which number does the thing right after the red ring carry?"
    fleeting      as colour and number, of a fleeting scene
    unanswerable  as all of them, of what is never shown, or of what carries no number

NOT_SHOWN is among the options of every question. Splits share no seed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from core.errors import ReaderError
from core.world.captions import COLOURS, SHAPES, SPLITS, one_of
from core.world.long import LongVideo
from core.world.motions import Motion, pose
from core.world.questions import MOST, NOT_SHOWN, Question, spans
from core.world.rendering import moments
from core.world.scene import Scene, Thing, sample_background

NUMBERS = ("1", "2", "3", "4", "5", "6", "7", "8", "9")
FAMILIES = ("colour", "number", "after", "after number", "fleeting", "unanswerable")
LONG, FLEETING = (8, 24), (1, 3)  # seconds of a scene, whole
CARRIED = (0.5, 1.0, 2.0, 3.0)  # seconds for which a number is seen
RATE = 2.0  # frames a second: the shortest number is one frame
SHORTEST = 300  # seconds of a video: every needle has a scene of its own
SHARE = 0.25  # of scenes that are fleeting
NUMBERED = {"long": 0.4, "fleeting": 0.5}  # shares of scenes that have a number
SIZE, BESIDE = 0.52, 0.34  # diameters of a thing and of a number, of the frame's shorter side
ACTIONS = ("stays still", "shakes", "grows")


@dataclass(frozen=True)
class Look:
    """What a scene shows. number: seen beside it, empty where none is; carried: [begin, end), in seconds of the scene."""

    colour: str
    shape: str
    number: str = ""
    carried: tuple[float, float] = (0.0, 0.0)

    @property
    def noun(self) -> str:
        return f"{self.colour} {self.shape}"


@dataclass(frozen=True)
class Needles:
    """Places of the scenes that are asked about. after: those whose next scene is asked for."""

    colour: int
    number: tuple[int, ...]
    after: tuple[int, ...]
    after_number: tuple[int, ...]
    fleeting: int
    bare: int

    @property
    def paired(self) -> tuple[int, ...]:
        """Those with a colour × shape of their own."""
        return (*self.number, *self.after, *self.after_number, self.bare)


def marked_video(seed: int = 0, split: str = "test", seconds: int = 600, size: tuple[int, int] = (96, 96)) -> LongVideo:
    """The video of a seed, with its questions."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not SHORTEST <= seconds <= MOST:
        raise ReaderError(f"A video of numbers lasts {SHORTEST} to {MOST} whole seconds, got {seconds!r}.")
    rng = np.random.default_rng([SPLITS.index(one_of("split", split, SPLITS)), seed, len("marks")])
    needles = None
    while needles is None:
        length_S = lengths(rng, seconds)
        needles = chosen(rng, length_S)
    shapes = [str(one) for one in rng.permutation(SHAPES)]
    look_S = looks(rng, length_S, needles, shapes)
    scenes = tuple(scene(rng, look, length, split, size) for look, length in zip(look_S, length_S, strict=True))
    questions = tuple(asked(rng, look_S, spans(scenes), needles, shapes[2]))
    return LongVideo(scenes, RATE, f"{split} video of numbers {seed}", questions)


# ---- scenes ---------------------------------------------------------------------------------------------------------------


def lengths(rng: np.random.Generator, seconds: int) -> list[int]:
    """Seconds of every scene: no two fleeting ones follow each other, and the first and the last are long."""
    made, left = [], seconds
    while left:
        short = bool(made) and made[-1] >= LONG[0] and rng.random() < SHARE / (1 - SHARE)
        length = int(rng.integers(FLEETING[0], FLEETING[1] + 1) if short else rng.integers(LONG[0], LONG[1] + 1))
        if left - length < LONG[0] and left != length:
            length = left if left <= LONG[1] else left // 2
        made.append(length)
        left -= length
    return made


def fleeting(length: int) -> bool:
    """Whether a scene of so many seconds is one."""
    return length < LONG[0]


def chosen(rng: np.random.Generator, length_S: list[int]) -> Needles | None:
    """Which scenes are needles, each for one question; after one of either kind comes a fleeting scene. None where there are
    too few scenes of a kind."""
    S = len(length_S)
    order = [int(one) for one in rng.permutation(S)]
    long = [s for s in order if not fleeting(length_S[s])]
    before_long = [s for s in long if s + 1 < S and not fleeting(length_S[s + 1])]
    before_short = [s for s in long if s + 1 < S and fleeting(length_S[s + 1])]
    if len(before_long) < 3 or len(before_short) < 2 or len(long) < 11:
        return None
    after, after_number = (before_long[0], before_short[0]), (before_long[1], before_long[2], before_short[1])
    rest = [s for s in long if s not in (*after, *after_number, *(s + 1 for s in after_number))]  # what follows has a number
    short = [s for s in order if fleeting(length_S[s]) and s not in (before_short[0] + 1, before_short[1] + 1)]
    return Needles(rest[0], tuple(rest[1:5]), after, after_number, short[0], rest[5]) if short else None


def looks(rng: np.random.Generator, length_S: list[int], needles: Needles, shapes: list[str]) -> list[Look]:
    """What every scene shows: needles their own, others what is nobody's; none is like one of the two before it."""
    alone, passing, _, *usual = shapes  # the shapes of the needle of colour, of the fleeting one, of none; of all others
    pairs = [(colour, shape) for colour in COLOURS for shape in usual]
    pairs = [pairs[i] for i in rng.permutation(len(pairs))]
    own = dict(zip(needles.paired, pairs[: len(needles.paired)], strict=True))
    free = pairs[len(needles.paired) :]
    numbered = {*needles.number, *(s + 1 for s in needles.after_number), needles.fleeting}
    made: list[tuple[str, str]] = []
    for s in range(len(length_S)):
        before = made[-2:]
        colour = str(rng.choice([one for one in COLOURS if not before or one != before[-1][0]]))
        if s == needles.colour or s == needles.fleeting:
            made.append((colour, alone if s == needles.colour else passing))
        else:
            near = {*before, own.get(s + 1), own.get(s + 2)}
            made.append(own.get(s) or free[next(i for i in rng.permutation(len(free)) if free[i] not in near)])
    found = []
    for s, (look, length) in enumerate(zip(made, length_S, strict=True)):
        share = NUMBERED["fleeting" if fleeting(length) else "long"]
        if s != needles.bare and (s in numbered or rng.random() < share):
            carried = float(rng.choice([one for one in CARRIED if one <= length]))
            begin = float(rng.integers(0, round((length - carried) * RATE) + 1)) / RATE
            found.append(Look(*look, str(rng.choice(NUMBERS)), (begin, begin + carried)))
        else:
            found.append(Look(*look))
    return found


def scene(rng: np.random.Generator, look: Look, seconds: int, split: str, size: tuple[int, int]) -> Scene:
    """The scene of a look: a large thing, and its number at the upper right."""
    action = str(rng.choice(ACTIONS))
    x, y, angle = rng.uniform(0.36, 0.46), rng.uniform(0.52, 0.62), rng.uniform(-10, 10)
    reach = {"stays still": 0.0, "shakes": 0.04, "grows": 1.12}[action]
    motion = Motion(action, x, y, SIZE * rng.uniform(0.92, 1.0), angle, reach)
    things = [Thing(1, "actor", look.shape, look.colour, motion.size, motion)]
    words = look.noun
    if look.number:
        begin, end = ((second - 0.25 / RATE) / seconds for second in look.carried)  # between two frames
        flash = Motion("flashes", 0.82, 0.22, BESIDE, 0.0, end - begin, moment=begin)
        things.append(Thing(2, "number", look.number, "white", BESIDE, flash))
        words += f" {look.number}"
    background = sample_background(rng, 0.0)
    return Scene(
        tuple(things), background, (0.0, 0.0), action, words, float(seconds), tuple(size), int(rng.integers(2**31)), split
    )


# ---- questions ------------------------------------------------------------------------------------------------------------


def asked(
    rng: np.random.Generator, look_S: list[Look], span_S: Iterable[tuple[int, int]], needles: Needles, never: str
) -> list[Question]:  # fmt: skip
    """All questions of a video."""
    span = list(span_S)
    of_colour, of_number = "What colour is the {}?", "Which number does the {} carry?"
    after = "thing right after the {}"

    def seen(s: int) -> tuple[float, float]:
        begin, end = look_S[s].carried
        return span[s][0] + begin, span[s][0] + end

    def one(family: str, text: str, answer: str, where: tuple[float, float] | None) -> Question:
        return question(rng, look_S, family, text, answer, where)

    made = [one("colour", of_colour.format(look_S[needles.colour].shape), look_S[needles.colour].colour, span[needles.colour])]
    made += [one("number", of_number.format(look_S[s].noun), look_S[s].number, seen(s)) for s in needles.number]
    for s in needles.after:
        made.append(one("after", of_colour.format(after.format(look_S[s].noun)), look_S[s + 1].colour, span[s + 1]))
    for s in needles.after_number:
        text = of_number.format(after.format(look_S[s].noun))
        made.append(one("after number", text, look_S[s + 1].number, seen(s + 1)))
    s = needles.fleeting
    if rng.random() < 0.5:
        made.append(one("fleeting", of_colour.format(look_S[s].shape), look_S[s].colour, span[s]))
    else:
        made.append(one("fleeting", of_number.format(look_S[s].noun), look_S[s].number, seen(s)))
    absent = f"{rng.choice(COLOURS)} {never}"
    texts = (of_colour.format(never), of_number.format(absent), of_colour.format(after.format(absent)))
    made.append(one("unanswerable", str(rng.choice(texts)), NOT_SHOWN, None))
    made.append(one("unanswerable", of_number.format(look_S[needles.bare].noun), NOT_SHOWN, None))
    return made


def question(
    rng: np.random.Generator, look_S: list[Look], family: str, text: str, answer: str, where: tuple[float, float] | None
) -> Question:  # fmt: skip
    """With four or, where nothing answers it, five options in an order of chance."""
    every, shown = COLOURS, {look.colour for look in look_S}
    if text.startswith("Which number"):
        every, shown = NUMBERS, {look.number for look in look_S}
    drawn = [str(one) for one in rng.permutation(every) if one != answer]
    wrong = sorted(drawn, key=lambda one: one not in shown)[: 3 if where else 4]
    options = list(dict.fromkeys([answer, *wrong, NOT_SHOWN]))
    order = rng.permutation(len(options))
    return Question(family, text, tuple(options[i] for i in order), answer, () if where is None else (where,))


def shown(video: LongVideo, indices: Iterable[int]) -> list[tuple[str, str, str]]:
    """Colour, shape and number that each of these frames shows; "" where it shows no number."""
    second_T = video.time_N[list(indices)]
    found = []
    for s, u in zip(*moments(video.scenes, second_T)):
        thing, *number = video.scenes[s].objects
        found.append((thing.colour, thing.shape, next((one.shape for one in number if pose(one.motion, u).shown), "")))
    return found


def resized(video: LongVideo, size: tuple[int, int]) -> LongVideo:
    """The same video, drawn at another size (H, W)."""
    return replace(video, scenes=tuple(replace(one, size=size) for one in video.scenes))
