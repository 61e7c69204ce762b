"""Kept cells: what a reader found worth keeping, as values and as one JSON. The forms in which they go on are `notebook` and
`report`.

A cell is a value: a reader keeps some of them, in the order they are read. Somebody else's JSON is checked before it is a cell:
its view by the knobs, its numbers and its picture by what they are.
"""

import base64
import json
import math
import struct
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from core.errors import ReaderError
from core.publish.described import as_unicode
from core.publish.figures import DPI, picture
from core.publish.link import Limits, from_plain, parsed
from core.publish.result import Result, numbers
from core.publish.view import VERSION, Setting, View, to_plain
from core.registry import method_named

CELLS, PICTURE_BYTES, JSON_BYTES = 200, 2_000_000, 64_000_000
SOONEST = 72  # dots an inch, of a picture that would be too large with more
PIXELS = 50_000_000  # of a picture: a small file can be a picture that no browser can open
PNG = b"\x89PNG\r\n\x1a\n"
FEW = 3  # knobs that a title names
PRECISIONS = ("", "auto", "float32", "bfloat16")


@dataclass(frozen=True)
class Cell:
    """One thing kept. weights: network → label. numbers: stage → what it said. picture: PNG. models, precision: the engine's
    that computed it; not given, its own choice."""

    view: View
    weights: Mapping[str, str]
    numbers: Mapping[str, list[float]]
    picture: bytes
    models: Mapping[str, str] = field(default_factory=dict)
    precision: str = ""

    @property
    def title(self) -> str:
        """ "A method on 1-moves, frame 3", and what it is compared with."""
        said = f"{about(self.view.shown)}, frame {self.view.frame + 1}"
        return f"{said}, against {against(self.view.compared, self.view.shown)}" if self.view.compared else said


class Cells(NamedTuple):
    """Cells that were read, and sentences on what was not understood."""

    cells: tuple[Cell, ...]
    notes: tuple[str, ...]


def keep(result: Result, models: Mapping[str, str] | None = None, precision: str = "") -> Cell:
    """The cell of what is on the screen. models, precision: as the engine was given them."""
    return Cell(result.view, dict(result.trace.weights), numbers(result), shown(result), dict(models or {}), precision)


def shown(result: Result) -> bytes:
    """The usual figure as PNG, with as many dots an inch as a cell has room for: photographs of many frames are large."""
    dpi, made = DPI, picture(result).data
    while len(made) > PICTURE_BYTES and dpi > SOONEST:
        dpi = max(SOONEST, round(0.9 * dpi * math.sqrt(PICTURE_BYTES / len(made))))
        made = picture(result, dpi=dpi).data
    return made


def about(asked: Setting) -> str:
    """ "A method on 1-moves"."""
    return f"{title_of(asked)} on {asked.clip}"


def title_of(asked: Setting) -> str:
    """What its method is called in short."""
    return method_named(asked.method).title.partition(" — ")[0]


def against(other: Setting, shown: Setting) -> str:
    """ "α = 0.9": what is other in the set that is compared; of another method or clip, which."""
    if (other.method, other.clip) != (shown.method, shown.clip):
        return about(other)
    knobs = method_named(other.method).knobs.knobs()
    turned = [one for one in knobs if other.settings[one.name] != shown.settings[one.name]]
    said = [f"{as_unicode(one.symbol)} = {worded(other.settings[one.name])}" for one in turned[:FEW]]
    said += [f"{len(turned) - FEW} more knobs"] if len(turned) > FEW else []
    said += ["another clip length"] if other.frames != shown.frames else []
    said += ["other edits"] if list(other.edits) != list(shown.edits) else []
    return ", ".join(said or ["other texts" if other.texts != shown.texts else "the same"])


def worded(value: Any) -> str:
    """A knob's value as a reader sees it."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value).replace("_", " ")


def alt(cell: Cell) -> str:
    """What its picture shows, in words."""
    title = next((one.title for one in method_named(cell.view.shown.method).outputs if one.stage == cell.view.overlay), "")
    return f"{title or 'frames'} over {cell.view.shown.length} frames of {cell.view.shown.clip}"


# ---- one JSON ---------------------------------------------------------------------------------------------------------


def to_json(cells: Iterable[Cell]) -> str:
    """Every cell in one text that `from_json` reads."""
    made = {"what": "kept cells", "version": VERSION, "cells": [cell_to_plain(one) for one in cells]}
    return json.dumps(made, ensure_ascii=False, indent=1)


def cell_to_plain(cell: Cell) -> dict[str, Any]:
    """A cell as JSON has it."""
    return {
        "view": to_plain(cell.view), "weights": dict(cell.weights), "numbers": dict(cell.numbers),
        "models": dict(cell.models), "precision": cell.precision, "picture": base64.b64encode(cell.picture).decode(),
    }  # fmt: skip


def from_json(text: str, clips: Collection[str] = (), limits: Limits = lambda method: {}) -> Cells:
    """The cells of a JSON, and notes. What is no such JSON, or too much, is a ReaderError; a bad cell costs itself only."""
    if len(text) > JSON_BYTES:
        raise ReaderError(f"Kept cells are read up to {JSON_BYTES // 10**6} MB, and this is {len(text) / 1e6:.0f} MB.")
    plain = parsed(text)
    listed = plain.get("cells") if isinstance(plain, dict) and plain.get("what") == "kept cells" else None
    if not isinstance(listed, list) or len(listed) > CELLS:
        raise ReaderError(f"This JSON does not hold kept cells, or holds more than {CELLS}.")
    cells, notes = [], []
    for place, one in enumerate(listed, 1):
        try:
            view, said = from_plain(one["view"], clips, limits)
            labels, models = _labels(one["weights"]), _labels(one.get("models", {}))
            image, precision = _png(one["picture"]), one.get("precision", "")
            if precision not in PRECISIONS:
                raise ReaderError(f"its precision is none of {', '.join(PRECISIONS[1:])}")
            cells.append(Cell(view, labels, _numbers(one["numbers"]), image, models, precision))
            notes += [f"Cell {place}: {note}" for note in said]
        except ReaderError as wrong:
            notes.append(f"Cell {place} is left out: {wrong}.")
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
            notes.append(f"Cell {place} is not understood and left out.")
    return Cells(tuple(cells), tuple(notes))


def _labels(given: Any) -> dict[str, str]:
    return {_word(name): _word(label) for name, label in dict(given).items()}


def _word(given: Any) -> str:
    """A text, however long: the whole JSON has an end."""
    if not isinstance(given, str):
        raise ValueError
    return given


def _numbers(given: Any) -> dict[str, list[float]]:
    made = {_word(stage): [float(value) for value in values] for stage, values in dict(given).items()}
    if not all(math.isfinite(value) for values in made.values() for value in values):
        raise ReaderError("some of its numbers are none")
    return made


def _png(given: Any) -> bytes:
    if len(given) > 4 * -(-PICTURE_BYTES // 3):
        raise ReaderError(f"its picture is larger than {PICTURE_BYTES / 1e6:g} MB")
    image = base64.b64decode(given, validate=True)
    if not image.startswith(PNG) or len(image) < 24 or math.prod(struct.unpack(">II", image[16:24])) > PIXELS:
        raise ReaderError(f"its picture is no PNG of up to {PIXELS / 1e6:g} million pixels")
    return image
