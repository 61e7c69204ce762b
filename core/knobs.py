"""A knob: a number (or switch, or choice) a reader may turn, declared once where it is used.

The slider, the check, the help text and the row in the README all come from the declaration:

    class Knobs(KnobSet):
        alpha: float = knob(0.5, "α", (0.0, 1.0, 0.05), "1 = attention only, 0 = dynamics only")
        spatial: bool = knob(True, "P^s", None, "insert spatial prompts")
        depth: str = knob("first", "×L", ("first", "all"), "layers that are prompted")
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from core.errors import BadKnob


@dataclass(frozen=True)
class Knob:
    """One knob as the page draws it. span: (low, high, step) of a number, None of a switch, the names of a choice."""

    name: str
    symbol: str
    default: Any
    span: Any
    meaning: str

    @property
    def kind(self) -> str:
        """ "switch", "choice", "whole" or "real"."""
        if self.span is None:
            return "switch"
        if isinstance(self.default, str):
            return "choice"
        return "whole" if isinstance(self.default, int) else "real"

    def check(self, value: Any) -> Any:
        """`value` as this knob's type; raises BadKnob with the value and what is allowed."""
        told = f"{self.symbol} ({self.name})"
        if self.kind == "switch":
            if not isinstance(value, bool):
                raise BadKnob(f"{told} is on or off (True or False), got {value!r}.")
            return value
        if self.kind == "choice":
            if value not in self.span:
                raise BadKnob(f"{told} is one of {', '.join(self.span)}, got {value!r}.")
            return value
        low, high, _ = self.span
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) == math.inf:
            raise BadKnob(f"{told} is a number from {low} to {high}, got {value!r}.")
        if self.kind == "whole" and value != int(value):
            raise BadKnob(f"{told} is a whole number from {low} to {high}, got {value}.")
        if not low <= value <= high:
            raise BadKnob(f"{told} is {low} to {high}, got {value}.")
        # twelve digits: 0.1 + 0.2 and 0.3 are the same setting, and one cache entry
        return int(value) if self.kind == "whole" else round(float(value), 12)

    def read(self, word: str) -> Any:
        """A word of a command line as a value: "on", "0.4"; whether it is allowed, `check` says."""
        if self.kind in ("switch", "choice"):
            return {"on": True, "off": False}.get(word, word)
        try:
            return int(word) if word.lstrip("-").isdecimal() else float(word)
        except ValueError as wrong:
            raise BadKnob(f"{self.name} is a number, got {word[:40]!r}.") from wrong

    def stepped(self, value: Any) -> Any:
        """A checked value, where it is a whole number not above it that the slider has. Steps of other numbers are for the hand
        alone: every value between is one."""
        return value - (value - self.span[0]) % self.span[2] if self.kind == "whole" else value


def knob(default, symbol: str, span, meaning: str):
    """Declare a knob inside a KnobSet."""
    return field(default=default, metadata={"symbol": symbol, "span": span, "meaning": meaning})


class KnobSet:
    """The knobs of one method: a frozen dataclass whose values are checked when it is made."""

    def __init_subclass__(cls):
        dataclass(frozen=True, kw_only=True)(cls)

    def __post_init__(self):
        for one in self.knobs():
            object.__setattr__(self, one.name, one.check(getattr(self, one.name)))

    @classmethod
    def knobs(cls) -> tuple[Knob, ...]:
        """Every knob, in the order of declaration."""
        assert all(f.default is not MISSING for f in fields(cls))
        return tuple(Knob(f.name, default=f.default, **f.metadata) for f in fields(cls))

    @classmethod
    def of(cls, values: dict[str, Any]) -> "KnobSet":
        """A set with `values`, the rest at their defaults. An unknown name is a BadKnob."""
        known = [one.name for one in cls.knobs()]
        for name in values:
            if name not in known:
                raise BadKnob(f"There is no knob {name!r}. The knobs are {', '.join(known)}.")
        return cls(**values)


@dataclass(frozen=True)
class Preset:
    """values: of knobs, the others are at their defaults. clip: an example's name; None leaves the clip alone. look: what there
    is to see."""

    values: Mapping[str, Any] = field(default_factory=dict)
    clip: str | None = None
    look: str = ""
