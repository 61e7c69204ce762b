"""What an output of a method *is*. A method says which kind its results are; everything else reads what is said here.

over      the letters of its dimensions: T frames, G gaps, P patches, K supports or chosen frames, Q prompts, N heads or
          things found, I stages of the tower, Y texts, W words, S tokens or spans of time, M tokens of the chosen frames,
          D width, Z cells, H W pixels, h w places of a map; "" where it is one value. Of a result with parts: those of each
value     what stands there: number, share (0–1, or ≥ 0 and compared with others), signed, truth, count, place (of a frame
          in the clip), second, grid (rows, columns), box, token, picture, text
numbers   how a table tells it in one number, the usual one first: a name in REDUCED, or a place; () where nobody would
figure    the file of assets/viewer/figures that draws it: of its own name, or another's, in whose picture it is drawn
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

REDUCED = {"mean": np.mean, "sum": np.sum, "largest": np.max, "smallest": np.min}

When = Literal["now", "network", "whole"]
Knobs = Mapping[str, Any]

THING = "thing"  # the name of what is found in a clip that the weights do not know


@dataclass(frozen=True)
class Output:
    """A stage's result, and how it is called.

    stage: that makes it. symbol: the paper's. unit: on the axis or the colour bar. when: shown "now", while a knob moves; when
    a "network" has run; or, because the "whole" clip must be read, when a reader asks."""

    over: ClassVar[str] = ""
    value: ClassVar[str] = "number"
    numbers: ClassVar[tuple[str | int, ...]] = ()
    figure: ClassVar[str] = ""
    closer: ClassVar[bool] = False  # whether it is a closer look at another output, and no step of its own

    stage: str
    symbol: str
    title: str
    unit: str = ""
    when: When = field(default="now", kw_only=True)

    def __init_subclass__(cls):
        cls.figure = vars(cls).get("figure", cls.__name__)

    @property
    def row(self) -> bool:
        """Whether it is one number for each of what its letter counts."""
        return len(self.over) == 1 and self.value != "box"

    @property
    def over_frames(self) -> bool:
        """Whether it lies over every frame, patch by patch, on one scale from 0."""
        return self.over == "TP" and self.value != "signed"

    @property
    def over_current(self) -> bool:
        """Whether it lies over one frame: maps of the stages of a tower."""
        return self.over.endswith("hw")

    @property
    def with_it(self) -> tuple[str, ...]:
        """Other stages that are told along with it."""
        return ()

    def array(self, result: Any) -> np.ndarray:
        """The numbers that a result holds."""
        return as_array(result)

    def number_said(self, how: str | int) -> str:
        """How one of its `numbers` is called."""
        return how if isinstance(how, str) else f"number {how + 1}"


def as_array(result: Any) -> np.ndarray:
    """A tensor of any device, or numbers in a row, as numpy."""
    return result.detach().cpu().numpy() if hasattr(result, "detach") else np.asarray(result)


@dataclass(frozen=True)
class PatchMap(Output):
    """A number per frame and patch, [T, P] ≥ 0, drawn over the frame on one scale for the whole clip. Of one that is a sum of
    others, terms: knobs → {stage of a map: what it is multiplied by}, and rule: the same as a formula."""

    over, value, numbers = "TP", "share", ("mean",)
    rule: str = ""
    terms: Callable[[Knobs], dict[str, float]] | None = None


@dataclass(frozen=True)
class HeadMaps(Output):
    """A map as `PatchMap` of each head of an attention, [N, T, P], on one scale for all of them. of: the stage of the map that
    tells of them together; said: what that does with them."""

    over, value, figure, closer = "NTP", "share", "PatchMap", True
    of: str = ""
    said: str = ""


class RegionMask(Output):
    """A truth value per frame and patch, [T, P] bool."""

    over, value, numbers, figure = "TP", "truth", ("mean",), "PatchMap"


@dataclass(frozen=True)
class SignedPatchMap(Output):
    """A number per patch, [T, P] or [P], of either sign: its zero is the middle of its colours. turns: the knob that a click on
    a patch turns to that patch, counted from 1."""

    over, value, numbers, figure = "TP", "signed", ("mean", "largest"), "CombMap"
    turns: str = ""


class GapScores(Output):
    """A number per gap between consecutive frames, [G]."""

    over, numbers = "G", ("mean", "largest")


@dataclass(frozen=True)
class GapCounts(Output):
    """A whole number per gap between consecutive frames, [G]. rule: (gap from 0, its score, its count, knobs) → in words how
    the count comes of the score; formula: the same as a formula; step: knobs → how much more score gives one more."""

    over, value, numbers, figure = "G", "count", ("sum",), "GapScores"
    rule: Callable[[int, float, int, Knobs], str] | None = None
    formula: str = ""
    step: Callable[[Knobs], float | None] | None = None


@dataclass(frozen=True)
class TokenSequence(Output):
    """The order of the tokens that enter the network, [S, D]. It is drawn from what is counted: the tokens do not travel.
    adds: the switch that says whether something is added to the patches that are kept."""

    over, value = "SD", "token"
    adds: str = ""


@dataclass(frozen=True)
class TextScores(Output):
    """A number per text query, [Y], −1 to 1. unknown: the stage that names words which the network never saw. scale: the
    network whose `scale` these numbers are multiplied by before a softmax, as it was trained."""

    over, value, numbers = "Y", "signed", (0, "largest")
    unknown: str = ""
    scale: str = ""

    @property
    def with_it(self) -> tuple[str, ...]:
        return (self.unknown,) if self.unknown else ()

    def number_said(self, how: str | int) -> str:
        return "of the first text" if how == 0 else super().number_said(how)


@dataclass(frozen=True)
class ChosenFrames(Output):
    """Which frames of the clip or video are chosen, as supports of the current one or to answer from, counted from 0: a tuple
    [K]; the same frame may stand there twice. budget: K → the knobs with which so many are chosen, or as near as it comes."""

    over, value = "K", "place"
    budget: Callable[[int], dict[str, Any]] = lambda frames: {"budget": frames}


class ChosenTimes(Output):
    """When each chosen frame is shown, in seconds from the start of the video, [K]."""

    over, value, figure = "K", "second", "ChosenFrames"


class ChosenScores(Output):
    """A number per chosen frame, of any sign, [K]."""

    over, value, numbers, figure = "K", "signed", ("mean", "largest", "smallest"), "ChosenFrames"


class ChosenPictures(Output):
    """The chosen frames themselves, uint8 RGB, [K, H, W, 3]: what whoever answers from them is given to see."""

    over, value, figure = "KHWC", "picture", "ChosenFrames"


class Segments(Output):
    """Spans of a video's time in their order, [S, 2] seconds: from when until when. A candidate frame is one, too: it stands
    for the time until the next."""

    over, value = "S2", "second"


@dataclass(frozen=True)
class SegmentScores(Output):
    """A number per span, of any sign, [S]. unknown: the stage that names words which the network never saw. pull: whether each
    says where its span's score is drawn to, an arrow from 0. few: whether there are so few spans that a cell of a sweep shows
    them as bars: clips, not candidates."""

    over, value, numbers, figure = "S", "signed", ("largest", "mean", "smallest"), "Segments"
    unknown: str = ""
    pull: bool = False
    few: bool = False

    @property
    def with_it(self) -> tuple[str, ...]:
        return (self.unknown,) if self.unknown else ()


class Rollouts(Output):
    """Draws of K candidates each, by their places in the order in which they were drawn, from 0: tuples [N][K]. They are drawn
    over the `Segments` of their group."""

    over, value = "NK", "place"


class RolloutRewards(Output):
    """What each draw is worth, tuples (answered right 0 or 1, share of its frames in the evidence 0–1, advantage over the
    others), [N][3]; () where nobody knows the answer."""

    over, value, figure = "N3", "signed", "Rollouts"


@dataclass(frozen=True)
class Sentence(Output):
    """A text: what a method says of what it saw. times: (in words, stage) of what it took, told behind it."""

    value = "text"
    times: tuple[tuple[str, str], ...] = ()


class Answer(Sentence):
    """What the question is answered with, in a word or a few, which may be held against the truth; "" where nothing answers.
    One that follows from `ChosenFrames` can be asked of any other choice of frames, too."""

    figure = "Sentence"


@dataclass(frozen=True)
class Pictures(Output):
    """uint8 RGB as the network gets to see it: one frame [H, W, 3], or [T, H, W, 3]. done: the stage that says what was done
    to them, (what, how badly) as text. plain: the stage of the same frames without it: those that are equal are not sent."""

    over, value = "HWC", "picture"
    done: str = ""
    plain: str = ""


@dataclass(frozen=True)
class PromptAttention(Output):
    """Where each prompt looked, [N, Q, K, P] ≥ 0: for every head and prompt it sums to 1 over supports and patches. anew: knobs
    that make it another network's: its colours, which else only widen, begin anew with them."""

    over, value = "NQKP", "share"
    anew: tuple[str, ...] = ()


class MapGrid(Output):
    """(rows, columns) of the patches P of this run's PromptAttention, row-major."""

    value, figure = "grid", "PromptAttention"


class SupportScores(Output):
    """A number per support frame, [K] ≥ 0."""

    over, value, numbers, figure = "K", "share", ("largest",), "PromptAttention"


class PromptScores(Output):
    """A number per prompt, [Q], 0–1."""

    over, value, numbers = "Q", "share", ("mean",)


@dataclass(frozen=True)
class PromptMaps(Output):
    """Maps of every prompt in every block, {(stage, block): [Q, h, w]} ≥ 0, stages and blocks counted from 0. among: what the
    shares are among, the "patches" that a prompt looks at or the "prompts" that a patch looks at, beside other patches."""

    over, value, figure = "Qhw", "share", "Pictures"
    among: Literal["patches", "prompts"] = "patches"


class FeatureChange(Output):
    """A map for every stage of the tower, {stage: [h, w]} ≥ 0, each of its own size, all over the whole frame."""

    over, figure = "hw", "Pictures"


@dataclass(frozen=True)
class StageScores(Output):
    """A number per stage of the tower, [I], −1 to 1. against: the knob that they are drawn against, over all of its span."""

    over, value, numbers = "I", "signed", ("mean", "smallest")
    against: str = ""


@dataclass(frozen=True)
class Boxes(Output):
    """What a detector finds in one frame: boxes in fractions of the frame, names, scores 0–1 and, if it has them, masks. match:
    the overlap (IoU) with a thing's own box from which one of the same name has found it."""

    over, value, numbers = "N", "box", ("largest",)
    match: float = 0.5

    def array(self, result: Any) -> np.ndarray:
        """The scores of what was found."""
        return as_array(result.score_N)


class Tracks(Output):
    """What is found in every frame of a clip, linked to instances: boxes as in `Boxes`, and an instance's number for each."""

    over, value = "TN", "box"


class Followed(Output):
    """One thing through the clip from its first box: a box for each frame, in fractions of it, and whether it is seen there."""

    over, value, figure = "T", "box", "Tracks"


@dataclass(frozen=True)
class Cost(Output):
    """What a run costs, in tokens and floating-point operations: whole numbers by name. steps: (in words, the number's name,
    the stage whose time it is, "" none). kept: (in words, stage) of what is computed once a clip."""

    value = "count"
    steps: tuple[tuple[str, str, str], ...] = ()
    kept: tuple[str, str] = ("", "")


class PixelMask(Output):
    """A truth value per frame and pixel of what the network sees, [T, H, W] bool."""

    over, value = "THW", "truth"


class CombMap(Output):
    """A number (of either sign) or truth value per cell of a comb, [T, Z] or [Z]. A cell holds the pixels whose row and column
    leave the same remainders: it is no place in the frame, and is not drawn over one."""

    over, value = "TZ", "signed"


class FrameScores(Output):
    """A number per frame, [T], 0–1; not a number where the method has none to give."""

    over, value, numbers = "T", "share", ("mean",)


class FrameCounts(Output):
    """A whole number per frame, [T]."""

    over, value, numbers = "T", "count", ("sum",)


@dataclass(frozen=True)
class Fact(Output):
    """One number, several, or yes or no: told in words. words: knobs → a sentence with {} for each number, *{}* for one that
    matters."""

    words: Callable[[Knobs], str] | None = None


class SegmentTruths(Output):
    """Whether each span shows what is asked for, where that is known, [S] bool; False everywhere where it is not."""

    over, value, figure = "S", "truth", "Segments"


@dataclass(frozen=True)
class Matrix(Output):
    """A number for each of its rows and columns, of any sign, [R, C]: clips and memory tokens, tokens and tokens. rows,
    columns: what these are, in the singular. names: the stage that names both, where they are the same tokens."""

    over, numbers = "RC", ("mean", "largest")
    rows: str = "row"
    columns: str = "column"
    names: str = ""

    @property
    def with_it(self) -> tuple[str, ...]:
        return (self.names,) if self.names else ()


@dataclass(frozen=True)
class MeasuredMatrix(Matrix):
    """A `Matrix` that was measured of the weights, [R, C], and is the same for every clip, so that no clip is told by it; empty
    where nobody measured. row_names, column_names: what each row and each column is."""

    numbers, figure = (), "Matrix"
    row_names: tuple[str, ...] = ()
    column_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Curves(Output):
    """Lines over one axis, [X, 1 + L]: where on it, and the height of each line there. against: the knob that the axis is, its
    setting being marked, or in words what it is; lines: what each is called."""

    over, value = "XL", "number"
    against: str = ""
    lines: tuple[str, ...] = ()


class Memories(Output):
    """What is remembered after each of a row of steps, [K, M, D]: M tokens of D numbers of either sign. It is drawn with the
    `Matrix` of what a step changes and that of how alike any two are, and the `Segments` that the steps read."""

    over, value = "KMD", "signed"


@dataclass(frozen=True)
class SquareMap(Output):
    """A share for each ordered pair of the tokens of the chosen frames, [M, M] 0–1, in the rows who looks. Tokens are frame
    after frame, and in a frame row by row. turns: the knob that a click turns to the token of a row, counted from 1."""

    over, value, numbers = "MM", "share", ("mean",)
    turns: str = ""


@dataclass(frozen=True)
class TokenMaps(Output):
    """One token's share for each patch of the chosen frames, [K, P] ≥ 0, drawn over these frames. turns: the knob that says
    which token it is, counted from 1; behind the end: the last."""

    over, value, numbers = "KP", "share", ("mean",)
    turns: str = ""


@dataclass(frozen=True)
class CellBars(Output):
    """For each patch of the first of the chosen frames a number for each of these frames, [P, K] ≥ 0: how much of each it sees.
    turns: the knob that a click turns to the token of that patch, counted from 1."""

    over, value, numbers = "PK", "share", ("mean",)
    turns: str = ""


class Caption(Sentence):
    """A text that is told word by word, with the numbers and maps of its words beside it; words are what spaces part."""


class WordScores(Output):
    """A number 0–1 for each word of the first `Caption` of its group, [W]; one more is of the end after the last word."""

    over, value, numbers, figure = "W", "share", ("mean", "smallest"), "Caption"


class WordMaps(Output):
    """What each word, and the end after the last, sees of each patch of the chosen frames, [W, K, P] ≥ 0."""

    over, value, figure = "WKP", "share", "Caption"


class MemoryTree(Output):
    """What may be remembered of a video: of each depth, the coarsest first, the spans of time [from, to] in seconds that a
    memory would be of, tuples [L][S][2]. Which of them are written is told by the `Steps` of its group."""

    over, value = "LS2", "second"


@dataclass(frozen=True)
class Steps(Output):
    """What agents did with a memory: a value with `steps`, in their order, each with kind: in a word; note: in a sentence;
    request and raw: what an agent was asked, and said; period: that was looked at, or shows the answer, with start, end and
    depth, or None; changed: the entries that it wrote, each with period, caption and the instruction that it was written by;
    memory: after it, with its periods; answer and confident: the newest, and whether it has support; captions and calls: how
    many there were by then; iteration: of the loop. While it is made, the same with the steps so far is emitted
    (`core.progress`).

    turns: the knob that says which step is looked at, from 1. depths: what each depth is called, the coarsest first. forced:
    the kind of a step in which an answer had to be given; answers: that of the others in which one was given."""

    value = "text"
    turns: str = ""
    depths: tuple[str, ...] = ()
    answers: str = "answer"
    forced: str = "forced"


class Effort(Fact):
    """What a run looked at and asked, where that hangs on what it saw: whole numbers, of which the first are the frames that a
    network was shown and the calls of networks."""

    value, numbers, figure = "count", (0, 1), "Fact"

    def number_said(self, how: str | int) -> str:
        return ("frames", "calls")[how] if how in self.numbers else super().number_said(how)
