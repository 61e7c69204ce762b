"""What was measured at many values of one knob, as the page draws it beside the knobs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One line over the values: its name, and at each of them what was measured and the band that it may lie in, 0–1."""

    name: str
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Curve:
    """knob: a name in the method's knobs. title: what is measured. values: of the knob. note: on what, and what bands are."""

    knob: str
    title: str
    values: tuple[float, ...]
    lines: tuple[Line, ...]
    note: str
