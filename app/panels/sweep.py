"""The fold "Sweep": a method at every pair of two knobs' values, each a small picture and a number.

What can be drawn, and what is one number, is decided by what an output is, never by a method's name.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from app.controls.knobs import FRAME, plain
from app.figures.pack import bits, encoded
from app.server.jobs import Run
from app.server.request import STRANGE, Desk, Request
from core import Engine, ReaderError
from core.errors import BadKnob, BadText
from core.graph import downstream
from core.kinds import Output
from core.knobs import Knob
from core.method import Method
from core.methods import lesson
from core.report import curves_of
from core.sweep import MOST, Sweep, sweep_over, values_of

SPREAD = 4  # values of a knob, unless a reader writes others
STRIP = 8  # frames of a small picture: more are too small to see
VALUES_LENGTH = 400  # characters of a list of values


@dataclass(frozen=True)
class Wanted:
    """A sweep that was asked for, as `core.sweep.sweep_over` takes it."""

    x: tuple
    y: tuple
    output: Output
    number: tuple


def sweeps(method: Method) -> bool:
    """Whether there are two knobs to turn, and something to see."""
    numeric = [one for one in method.knobs.knobs() if one.kind in ("whole", "real")]
    return len(numeric) >= 2 and any(map(picture_kind, method.outputs))


def sweep_words(method: Method) -> dict[str, Any]:
    """Knobs, what can be drawn and what is a number, each with the knobs that move it; and the curves that ship."""
    knobs = method.knobs.knobs()
    moved = {one.name: downstream(method.stages, one.name) for one in knobs}

    def described(one: Output) -> dict[str, Any]:
        moves = [name for name, stages in moved.items() if one.stage in stages]
        return {"stage": one.stage, "title": one.title, "symbol": plain(one.symbol), "moves": moves}

    # first what decides, then what is over most; and first what a network has the last word in, then rows, then maps
    drawn = sorted(filter(picture_kind, method.outputs), key=lambda one: (one.value != "truth", -len(one.over)))
    numbers = sorted(method.outputs, key=lambda one: (one.when == "now", len(one.over)))
    return {
        "knobs": [{"name": k.name, "symbol": plain(k.symbol), "meaning": k.meaning} for k in knobs],
        "pair": list(next(iter(lesson(method, "PAIRS")), [k.name for k in knobs if k.kind in ("whole", "real")][:2])),
        "outputs": [
            described(one)
            | {"draw": picture_kind(one), "unit": unit_of(one), "over": one.over, "texts": of_texts(method, one.stage)}
            for one in drawn
        ],
        "numbers": [
            described(one)
            | {"how": how, "said": one.number_said(how), "texts": of_texts(method, one.stage), "long": one.when == "whole"}
            for one in numbers
            for how in one.numbers
        ],
        "most": MOST,
        "measured": [asdict(one) for one in curves_of(method)],
    }


def picture_kind(output: Output) -> str:
    """How an output is drawn in a cell: "mask", "map" or "bars"; "" where it is not."""
    if output.over.endswith("P"):
        return "mask" if output.value == "truth" else "map"
    few = output.over != "S" or getattr(output, "few", False)  # spans may be thousands
    return "bars" if output.numbers and len(output.over) == 1 and few else ""


def unit_of(output: Output) -> str:
    """What a cell's picture is in."""
    return "in even shares" if output.over == "NQKP" else output.unit


def sweep_functions(desk: Desk) -> tuple[Callable[..., str], ...]:
    """The server functions of the fold in one tab."""
    sweeping = Sweeps(desk)
    return desk.served(sweeping.sweep_values, sweeping.sweep_run)


class Sweeps:
    """Of one tab."""

    def __init__(self, desk: Desk):
        self.desk, self.method = desk, desk.method
        self.knobs = {one.name: one for one in desk.method.knobs.knobs()}

    def sweep_values(self, request: Request) -> dict[str, str]:
        """Values of the knob in the option `knob`, evenly spread over what these weights and this clip allow, as a reader would
        write them."""
        name = request.options.get("knob")
        if not isinstance(name, str) or name not in self.knobs:
            raise BadKnob(f"There is no knob {str(name)[:40]!r}. The knobs are {', '.join(self.knobs)}.")
        return {"values": even_values(request.engine, self.method, name, len(request.clip))}

    def sweep_run(self, request: Request) -> dict[str, Any]:
        """The whole sweep, of the option `sweep`. How far it is, `far` tells of the kind "sweep"."""
        wanted = wanted_of(self.method, request.options.get("sweep"))
        if not request.texts and any(of_texts(self.method, one) for one in (wanted.output.stage, wanted.number[0])):
            raise BadText("There is no text to compare with: write one, or choose another number.")
        count = len(wanted.x[1]) * len(wanted.y[1])

        def work(run: Run) -> Sweep:
            began = time.perf_counter()

            def progress(done: float) -> None:
                run.progress(stage_of(done, count, time.perf_counter() - began), done)

            return sweep_over(
                request.engine, self.method.name, request.clip, wanted.x, wanted.y, wanted.output.stage, wanted.number,
                request.texts, progress, run.cancelled, request.video, request.question or None, **request.settings,
            )  # fmt: skip

        made = self.desk.aside(request, "sweep", work)
        grid = request.grid() if picture_kind(wanted.output) != "bars" else None
        return sweep_payload(made, wanted.output, grid, self.knobs) | {"clip": request.name}


def even_values(engine: Engine, method: Method, name: str, length: int) -> str:
    """Values of a knob, evenly over what the weights and a clip of so many frames allow, as a reader would write them."""
    if name == FRAME:  # it ends where the clip does
        return listed(sorted({round(1 + i * (length - 1) / (SPREAD - 1)) for i in range(SPREAD)}))
    return listed(values_of(engine, method.name, name, SPREAD))


def stage_of(done: float, count: int, seconds: float) -> str:
    """ "cell 5 of 16, about 12 s left": the rest at the pace so far."""
    at = f"cell {min(round(done * count) + 1, count)} of {count}"
    return f"{at}, about {math.ceil(seconds * (1 - done) / done)} s left" if 0 < done < 1 else at


def of_texts(method: Method, stage: str) -> bool:
    """Whether a stage is there only where texts are."""
    return stage in method.text_stages


# ---- what is wanted ----------------------------------------------------------------------------------------------------


def wanted_of(method: Method, sweep: Any) -> Wanted:
    """What the browser asks: {x: [knob, text], y: [knob, text], output, number: [stage, how]}; else one sentence."""
    outputs = method.kinds
    try:
        x, y = ((str(name), values_in(method, str(name), text)) for name, text in (sweep["x"], sweep["y"]))
        output, (stage, how) = outputs[sweep["output"]], sweep["number"]
        allowed = picture_kind(output) and how in outputs[stage].numbers and not isinstance(how, bool)
    except (AttributeError, KeyError, TypeError, ValueError):
        allowed = False
    if not allowed:
        raise ReaderError(STRANGE)
    return Wanted(x, y, output, (stage, how))


def values_in(method: Method, name: str, text: Any) -> list[Any]:
    """ "0, 0.5, 1" → numbers (or names, or on and off); the spans are checked by whoever runs them."""
    one = next((one for one in method.knobs.knobs() if one.name == name), None)
    if one is None or not isinstance(text, str) or len(text) > VALUES_LENGTH:
        raise BadKnob(f"A sweep has knobs of {method.name}, and up to {VALUES_LENGTH} characters of values for each.")
    return [value_of(one, part.strip()) for part in text.split(",") if part.strip()]


def value_of(knob: Knob, text: str) -> Any:
    if knob.kind == "choice":
        return text
    try:
        return {"on": True, "off": False}[text.lower()] if knob.kind == "switch" else float(text)
    except (KeyError, ValueError):
        what = "on or off" if knob.kind == "switch" else "numbers"
        raise BadKnob(f"Values of {plain(knob.symbol)} ({knob.name}) are {what} between commas, got {text[:24]!r}.") from None


def listed(values: Iterable[Any]) -> str:
    """Values as a reader would write them."""
    return ", ".join({True: "on", False: "off"}[one] if isinstance(one, bool) else one if isinstance(one, str) else f"{one:g}"
                     for one in values)  # fmt: skip


# ---- what comes back --------------------------------------------------------------------------------------------------


def sweep_payload(made: Sweep, output: Output, grid: tuple[int, int] | None, knobs: Mapping[str, Knob]) -> dict[str, Any]:
    """Everything the fold draws. A number that is none travels as null; a map as 8-bit whole numbers on one scale."""
    how = picture_kind(output)
    pictures = [[picture_of(cell.value, output) for cell in row] for row in made.cells]
    flat = [one for row in pictures for one in row]
    finite = np.concatenate([one[np.isfinite(one)].ravel() for one in flat] or [np.zeros(0)])
    low, high = min(float(finite.min(initial=0)), 0.0), float(finite.max(initial=0))
    return {
        "x": {"name": made.x, "symbol": plain(knobs[made.x].symbol), "values": list(made.x_values)},
        "y": {"name": made.y, "symbol": plain(knobs[made.y].symbol), "values": list(made.y_values)},
        "draw": how,
        "unit": unit_of(output),
        "grid": None if grid is None else [int(one) for one in grid],
        "low": low,
        "high": high,
        "numbers": [[finite_or_none(cell.number) for cell in row] for row in made.cells],
        "cells": [[packed(one, how, low, high) for one in row] for row in pictures],
        "knobs": ", ".join(f"{plain(knobs[name].symbol)} = {listed([value])}" for name, value in made.knobs.items()),
        "weights": "; ".join(made.weights.values()),
        "seconds": round(made.seconds, 1),
    }


def picture_of(value: Any, output: Output) -> np.ndarray:
    """[frames, patches] of a map or mask, of up to STRIP frames; a row of numbers else."""
    made = np.asarray(value)
    if picture_kind(output) == "bars":
        return made.ravel().astype(float)
    if output.over == "NQKP":
        made = made.mean((0, 1)) * made.shape[-1] * made.shape[-2]  # over heads and prompts; 1 is an even share
    made = made.reshape(-1, made.shape[-1]).astype(float)
    return made[np.linspace(0, len(made) - 1, min(len(made), STRIP)).round().astype(int)]


def packed(picture: np.ndarray, how: str, low: float, high: float) -> list[Any]:
    """One cell's picture: [frames, its text] or its numbers."""
    if how == "bars":
        return [finite_or_none(one) for one in picture]
    if how == "mask":
        return [len(picture), bits(picture)]
    return [len(picture), encoded(((picture - low) / ((high - low) or 1) * 255).round().astype(np.uint8))]


def finite_or_none(number: float) -> float | None:
    return float(f"{number:.5g}") if math.isfinite(number) else None
