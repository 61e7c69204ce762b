"""What a figure is made of, as plain data: its rows, its frames, and how strongly maps lie over them.

    Composition(rows=("raw", "score_TP", "prompt_count_G"), frames=(0, 3, 7), strength=0.6, colours="magma")

A row is "raw", the pictures without a map, or a stage of the method's outputs. What each becomes is said by the letters it is
over: maps and boxes lie over pictures (`core.publish.layers`), numbers of gaps and frames stand under them, those of texts,
prompts and stages of the tower in charts of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from core.errors import ReaderError
from core.method import Method
from core.publish.layers import ALONG, found, output_of, painted_outputs
from core.publish.painting import COLOURS, STRENGTH
from core.publish.result import Result
from core.publish.view import NONE, default_overlay

RAW = "raw"
UNDER = {"G": "T", "T": "T", "K": "K"}  # numbers that stand under pictures → which pictures these are
CHARTS = ("Y", "S", "I", "Q")
WIDTHS = {"one": 3.25, "two": 6.75}  # inches: a paper's column, and both
COLUMNS = {"one": 4, "two": 8}  # most pictures in a row
ROWS, FRAMES = 12, 64


@dataclass(frozen=True)
class Composition:
    """A figure as data.

    rows: names, from above; none given, the usual ones of the view. frames: places of the pictures, from 0, of frames or of
    supports; not given, as many as a row holds, evenly. strength: of the overlay, 0–1. colours: a name in
    `core.publish.painting.COLOURS`. width: "one" column or "two". prompt: of maps of prompts one, from 0; not given, all.
    beside: the set that is compared, A, beside the shown one, B; not given, where there is one. difference: B − A below them.
    """

    rows: tuple[str, ...] = ()
    frames: tuple[int, ...] | None = None
    strength: float = STRENGTH
    colours: str = COLOURS[0]
    width: str = "two"
    prompt: int | None = None
    beside: bool | None = None
    difference: bool = True

    def __post_init__(self):
        for what, value, known in (("width", self.width, WIDTHS), ("colour map", self.colours, COLOURS)):
            if not isinstance(value, str) or value not in known:
                raise ReaderError(f"The {what} is one of {', '.join(known)}, got {value!r:.40}.")
        if not _is_number(self.strength) or not 0 <= self.strength <= 1:
            raise ReaderError(f"The strength of an overlay is 0 to 1, got {self.strength!r:.40}.")
        object.__setattr__(self, "rows", tuple(self.rows))
        if len(self.rows) > ROWS or not all(isinstance(name, str) for name in self.rows):
            raise ReaderError(f"A figure has up to {ROWS} rows, each by its name, got {list(self.rows)!r:.80}.")
        if self.frames is not None:
            object.__setattr__(self, "frames", tuple(self.frames))
            if not 0 < len(self.frames) <= FRAMES or not all(isinstance(place, int) and place >= 0 for place in self.frames):
                raise ReaderError(f"Frames are 1 to {FRAMES} places, counted from 0, got {list(self.frames)!r:.80}.")

    @property
    def inches(self) -> float:
        return WIDTHS[self.width]


def composition_of(plain: Mapping[str, Any]) -> Composition:
    """The composition of what JSON has. A field that is not known, or of another type, is a ReaderError."""
    known = {one.name for one in fields(Composition)}
    if unknown := sorted(set(plain) - known):
        raise ReaderError(f"A figure has {', '.join(sorted(known))}, and no {', '.join(unknown)[:80]}.")
    lists = [name for name in ("rows", "frames") if not isinstance(plain.get(name, ()), (list, tuple, type(None)))]
    flags = [name for name in ("beside", "difference") if not isinstance(plain.get(name), (bool, type(None)))]
    if lists or flags or not isinstance(plain.get("prompt"), (int, type(None))):
        raise ReaderError(f"This is no figure: {', '.join(lists + flags) or 'the prompt'} has the wrong type.")
    return Composition(**plain)


def to_plain(composition: Composition) -> dict[str, Any]:
    """A composition as JSON has it: what is not as usual."""
    usual = asdict(Composition())
    return {name: value for name, value in asdict(composition).items() if value != usual[name]}


def rows_offered(method: Method) -> dict[str, str]:
    """Every row that a figure of a method can have → what it shows, in words."""
    known = [one for one in method.outputs if one in painted_outputs(method) or numeric(one)]
    stages = {one.stage: f"{one.symbol}: {one.title}" for one in known}
    return {RAW: "the pictures without a map", **stages}


def rows_in_order(method: Method, usual: Sequence[str]) -> tuple[str, ...]:
    """Every row that is offered: the usual ones as they stand, each behind those that the method makes before it."""
    offered = tuple(rows_offered(method))
    following = [next((name for name in offered[place:] if name in usual), "") for place in range(len(offered))]
    free = {name: [one for one, next_ in zip(offered, following) if next_ == name and one != name] for name in (*usual, "")}
    return tuple(one for name in (*usual, "") for one in (*free[name], name) if one)


def numeric(one: Any) -> bool:
    """Whether an output's numbers can stand under pictures or in a chart."""
    return one.row and one.value not in ("place", "second") and one.over in (*UNDER, *CHARTS)


def complete(composition: Composition, result: Result) -> Composition:
    """The same with everything said: rows, frames, beside. What the result does not hold is a ReaderError."""
    beside = bool(result.other) if composition.beside is None else composition.beside
    if beside and result.other is None:
        raise ReaderError("Two sets beside each other need a set to compare with.")
    rows = composition.rows or usual_rows(result)
    offered = rows_offered(result.method)
    for name in rows:
        if name not in offered:
            raise ReaderError(f"A figure of {result.method.name} has rows of {', '.join(offered)}, and not {name!r:.40}.")
        if name != RAW and output_of(result, name) is None:
            raise ReaderError(f"{name} was not computed, so it cannot be a row of the figure.")
    return replace(composition, rows=rows, beside=beside)


def usual_rows(result: Result) -> tuple[str, ...]:
    """Pictures as they are, then what is looked at, then the numbers that belong to it: counts, shares, boxes, texts."""
    overlay = output_of(result, result.view.overlay)
    if overlay is None and default_overlay(result.method.name) == NONE:  # there is nothing else to look at
        overlay = result.output("THW", "truth")
    overlay = overlay if overlay in painted_outputs(result.method) else None
    along = ALONG[overlay.over] if overlay else "T"
    looked = [overlay.stage] if overlay else []
    counts = found(result, "G", "count") or found(result, "T", "count")
    under = {"T": counts, "K": found(result, "K", "share") + found(result, "K", "signed"), "I": []}[along]
    texts = [one.stage for one in (*found(result, "S", "signed"), *found(result, "Y", "signed"))]
    whole = [one for one in result.outputs if one.over == "HWC" and result.array(one.stage).ndim == 3] if along != "T" else []
    boxes = found(result, "N", "box")
    head = [one.stage for one in (*whole, *boxes)]
    raw = [RAW] if along != "I" and not (overlay and overlay.value == "picture") else []
    return tuple(dict.fromkeys((*head, *raw, *looked, *(one.stage for one in under), *texts)))


def frames_chosen(composition: Composition, count: int) -> tuple[int, ...]:
    """Places of the pictures that are shown, of so many."""
    if composition.frames is None:
        shown = min(count, COLUMNS[composition.width])
        return tuple(int(place) for place in np.linspace(0, count - 1, shown).round())
    if any(place >= count for place in composition.frames):
        raise ReaderError(f"Frames are places from 0 to {count - 1}, got {list(composition.frames)!r:.80}.")
    return composition.frames


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
