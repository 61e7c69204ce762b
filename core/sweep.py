"""A grid over two knobs: what a method gives at each pair of their values, and one number of it.

made = sweep_over(engine, name, clip, ("alpha", [0, 0.5, 1]), ("kept", [2, 6, 12]), "region_TP", ("score_TP", "mean"))
made.cells[0][2].number    # kept = 2, alpha = 1
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from core.engine import Engine
from core.errors import BadKnob, ReaderError
from core.kinds import REDUCED, Output
from core.knobs import Knob
from core.progress import CalledOff, Progress, Watch
from core.video.clip import Clip
from core.video.footage import Footage

MOST = 64  # cells: more are no picture any more
Axis = tuple[str, Sequence[Any]]  # a knob and its values
Number = tuple[str, str | int]  # a result, and how it becomes one number: a name in REDUCED, or a place in it


@dataclass(frozen=True, eq=False)
class Combination:
    """One setting. knobs: the two that differ. value: the chosen output, as an array. number: of the chosen result."""

    knobs: Mapping[str, Any]
    value: np.ndarray
    number: float


@dataclass(frozen=True, eq=False)
class Sweep:
    """cells[j][i] is at y_values[j] and x_values[i]. knobs: the settings that stayed. weights: labels of what was loaded."""

    method: str
    output: str
    number: Number
    x: str
    y: str
    x_values: tuple[Any, ...]
    y_values: tuple[Any, ...]
    cells: tuple[tuple[Combination, ...], ...]
    knobs: Mapping[str, Any]
    weights: Mapping[str, str]
    seconds: float

    @property
    def numbers(self) -> np.ndarray:
        """[rows, columns]."""
        return np.array([[cell.number for cell in row] for row in self.cells])


def sweep_over(
    engine: Engine, method: str, clip: Clip | None, x: Axis, y: Axis, output: str, number: Number,
    texts: Sequence[str] | None = None, progress: Progress = lambda done: None, cancelled: CalledOff = lambda: False,
    video: Footage | None = None, question: str | None = None, **knobs: Any,
) -> Sweep:  # fmt: skip
    """Run the method at every pair of values, at most 64, on what it asks for of clip, texts, video and question. Values are
    checked before anything runs; the engine keeps what does not change from cell to cell. A called-off sweep raises
    Cancelled."""
    chosen, began = engine.method(method), time.perf_counter()
    kinds = {stage.__name__: Output(stage.__name__, "", "") for stage in chosen.stages} | chosen.kinds
    for asked in (output, number[0]):
        if asked not in kinds:
            raise ReaderError(f"{chosen.name} makes no {asked!r}. It makes {', '.join(s.__name__ for s in chosen.stages)}.")
    if x[0] == y[0]:
        raise BadKnob(f"A sweep is over two different knobs, got {x[0]} twice.")
    if not 0 < len(x[1]) * len(y[1]) <= MOST:
        raise BadKnob(f"A sweep has 1 to {MOST} cells, got {len(x[1])} × {len(y[1])}.")
    (x_name, x_values), (y_name, y_values) = ((one[0], _checked(engine, method, *one)) for one in (x, y))
    watch, rows = Watch(len(x_values) * len(y_values), progress, cancelled), []
    weights: Mapping[str, str] = {}
    for y_value in y_values:
        row = []
        for x_value in x_values:
            watch.step(1)
            turned = {x_name: x_value, y_name: y_value}
            wanted = {output, number[0]}
            trace = engine.run(
                method, clip, texts=texts, outputs=wanted, cancelled=cancelled, video=video, question=question,
                **(knobs | turned),
            )  # fmt: skip
            weights = trace.weights
            shown, counted = (_array(kinds[stage], trace[stage]) for stage in (output, number[0]))
            row.append(Combination(MappingProxyType(turned), shown, reduced(counted, number)))
        rows.append(tuple(row))
    watch.end()
    rest = {name: value for name, value in engine.settings(method, knobs).items() if name not in (x_name, y_name)}
    return Sweep(
        method, output, number, x_name, y_name, x_values, y_values, tuple(rows), MappingProxyType(rest), weights,
        time.perf_counter() - began,
    )  # fmt: skip


def values_of(engine: Engine, method: str, name: str, count: int = 5) -> tuple[Any, ...]:
    """Up to `count` values of a knob, spread evenly over what the loaded networks allow, on its steps."""
    one = _knob(engine, method, name)
    if one.kind in ("switch", "choice"):
        return (False, True) if one.kind == "switch" else tuple(one.span)
    low, high, step = one.span
    places = int((engine.limits(method).get(name, high) - low) / step + 1e-9)
    chosen = sorted({round(i * places / max(count - 1, 1)) for i in range(count)})
    return tuple(one.check(low + place * step) for place in chosen)


def reduced(value: np.ndarray, number: Number) -> float:
    """A result as one number."""
    (stage, how), flat = number, value.ravel()
    if isinstance(how, int) and not isinstance(how, bool):
        if not 0 <= how < flat.size:
            raise ReaderError(f"{stage} has {flat.size} numbers, counted from 0, got {how}.")
        return float(flat[how])
    if how not in REDUCED:
        raise ReaderError(f"A result becomes a number by {', '.join(REDUCED)} or a place in it, got {how!r}.")
    return float(REDUCED[how](flat.astype(np.float64))) if flat.size else 0.0


def _array(output: Output, result: Any) -> np.ndarray:
    """The numbers that a result holds."""
    made = output.array(result)
    if made.dtype.kind not in "biuf":
        raise ReaderError(f"A sweep shows numbers, and {output.stage} holds none.")
    return made


def _checked(engine: Engine, method: str, name: str, values: Sequence[Any]) -> tuple[Any, ...]:
    """The values as the knob's own type; one outside its span is a BadKnob."""
    _knob(engine, method, name)
    return tuple(engine.settings(method, {name: value})[name] for value in values)


def _knob(engine: Engine, method: str, name: str) -> Knob:
    known = {one.name: one for one in engine.method(method).knobs.knobs()}
    if name not in known:
        raise BadKnob(f"There is no knob {name!r}. The knobs are {', '.join(known)}.")
    return known[name]
