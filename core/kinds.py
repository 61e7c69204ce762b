"""What an output of a method *is*. The page knows how each kind is drawn; a method says only what it means.

`stage` names the result that holds it; `symbol` is the paper's; `unit` goes on the axis or the colour bar.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Output:
    """A stage's result, and how it is called."""

    stage: str
    symbol: str
    title: str
    unit: str = ""


class PatchMap(Output):
    """A number per frame and patch, [T, P] ≥ 0, drawn over the frame on one scale for the whole clip."""


class RegionMask(Output):
    """A truth value per frame and patch, [T, P] bool."""


class GapScores(Output):
    """A number per gap between consecutive frames, [G]."""


class GapCounts(Output):
    """A whole number per gap between consecutive frames, [G]."""


class TokenSequence(Output):
    """The order of the tokens that enter the network."""


class TextScores(Output):
    """A number per text query, [Y], −1 to 1."""
