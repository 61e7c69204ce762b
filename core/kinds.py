"""What an output of a method *is*. The page knows how each kind is drawn; a method says only what it means.

`stage` names the result that holds it; `symbol` is the paper's; `unit` goes on the axis or the colour bar.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Output:
    """A stage's result, and how it is called. value: what its numbers are, where they are not just any."""

    value: ClassVar[str] = "number"
    stage: str
    symbol: str
    title: str
    unit: str = ""


class PatchMap(Output):
    """A number per frame and patch, [T, P] ≥ 0, drawn over the frame on one scale for the whole clip."""


class RegionMask(Output):
    """A truth value per frame and patch, [T, P] bool."""

    value = "truth"


class GapScores(Output):
    """A number per gap between consecutive frames, [G]."""


class GapCounts(Output):
    """A whole number per gap between consecutive frames, [G]."""

    value = "count"


class TokenSequence(Output):
    """The order of the tokens that enter the network."""


class TextScores(Output):
    """A number per text query, [Y], −1 to 1."""


class ChosenFrames(Output):
    """Which frames of the clip support the current one, counted from 0: a tuple [K]; the same frame may stand there twice."""


class Pictures(Output):
    """uint8 RGB as the network gets to see it: one frame [H, W, 3], or [T, H, W, 3]."""


class PromptAttention(Output):
    """Where each prompt looked, [N, Q, K, P] ≥ 0: for every head and prompt it sums to 1 over supports and patches."""


class MapGrid(Output):
    """(rows, columns) of the patches P of this run's PromptAttention, row-major."""


class SupportScores(Output):
    """A number per support frame, [K] ≥ 0."""


class PromptScores(Output):
    """A number per prompt, [Q], 0–1."""


class PromptMaps(Output):
    """Maps of every prompt in every block, {(stage, block): [Q, h, w]} ≥ 0, stages and blocks counted from 0."""


class FeatureChange(Output):
    """A map for every stage of the tower, {stage: [h, w]} ≥ 0, each of its own size, all over the whole frame."""


@dataclass(frozen=True)
class StageScores(Output):
    """A number per stage of the tower, [I], −1 to 1. against: the knob that they are drawn against, over all of its span."""

    against: str = ""


class Boxes(Output):
    """What a detector finds in one frame: boxes in fractions of the frame, names, scores 0–1 and, if it has them, masks."""


class Tracks(Output):
    """What is found in every frame of a clip, linked to instances: boxes as in `Boxes`, and an instance's number for each."""


class Followed(Output):
    """One thing through the clip from its first box: a box for each frame, in fractions of it, and whether it is seen there."""


class Cost(Output):
    """What a run costs, in tokens and floating-point operations: plain whole numbers by name."""


class PixelMask(Output):
    """A truth value per frame and pixel of what the network sees, [T, H, W] bool."""

    value = "truth"


class CombMap(Output):
    """A number (of either sign) or truth value per cell of a comb, [T, Z] or [Z]. A cell holds the pixels whose row and column
    leave the same remainders: it is no place in the frame, and is not drawn over one."""


class SignedPatchMap(Output):
    """A number per patch, [T, P] or [P], of either sign: its zero is the middle of its colours."""


class FrameScores(Output):
    """A number per frame, [T], 0–1; not a number where the method has none to give."""


class FrameCounts(Output):
    """A whole number per frame, [T]."""

    value = "count"


class Fact(Output):
    """One number, several, or yes or no: told in words."""
