"""A view with what was computed for it: all that a figure, a movie, a bundle or a kept cell is made of."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.engine import Engine
from core.graph import Trace
from core.kinds import Output, as_array
from core.method import Method
from core.networks.weights import SYNTHETIC
from core.publish.view import View
from core.registry import METHODS
from core.video.clip import Clip
from core.video.edits import edited
from core.video.examples import examples
from core.video.footage import Footage, evenly
from core.video.read import read_clip
from core.video.source import open_video
from core.world.recipes import read_recipe

FEW = 256  # numbers of one stage: the scores of an hour's candidates are not few
DIGITS = 6  # significant, of a kept number
CLOSE = 1e-3  # of the largest: other machines add up in another order


@dataclass(frozen=True, eq=False)
class Result:
    """view: what was asked. clip, trace: what it was computed on, and what came out. grid: rows and columns of the method's
    patches, None where it has none. other: the same of the set that is compared."""

    view: View
    clip: Clip
    trace: Trace
    grid: tuple[int, int] | None
    other: "Result | None" = None

    @property
    def method(self) -> Method:
        return METHODS[self.view.shown.method]

    @property
    def cells(self) -> tuple[int, int]:
        """(rows, columns) of its maps: of a method that has some."""
        assert self.grid, "who has maps has a grid"
        return self.grid

    @property
    def strange(self) -> bool:
        """Whether weights that know our synthetic clips alone have seen another: what they call a thing says nothing."""
        return self.view.shown.clip not in examples() and any(SYNTHETIC in one for one in self.trace.weights.values())

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The method's outputs that were computed."""
        return tuple(one for one in self.method.outputs if one.stage in self.trace.values)

    def output(self, over: str, value: str) -> Output | None:
        """The first of them that is over such dimensions and holds such values."""
        return next((one for one in self.outputs if (one.over, one.value) == (over, value)), None)

    def array(self, stage: str) -> np.ndarray:
        """A stage's result as numpy."""
        return as_array(self.trace[stage])


def compute(
    engine: Engine, view: View, opened: Callable[..., Clip], outputs: Iterable[str] | None = None,
    video: Callable[[str], Footage] | None = None, **watch: Any,
) -> Result:  # fmt: skip
    """Run what a view asks. opened: (clip's name, frames and, of a moment, start and end) → the clip, before any edit. video: a
    clip's name → the whole of its file, for a method whose stages ask for it. watch: `cancelled` and `progress`, as the
    engine's."""
    wanted = None if outputs is None else tuple(outputs)

    def one(asked) -> tuple[Clip, Trace, tuple[int, int] | None]:
        clip = edited(opened(asked.clip, asked.frames, *asked.moment), asked.edits)
        more = {"video": video(asked.clip)} if video and "video" in engine.method(asked.method).sources else {}
        more |= {"question": asked.question} if asked.question else {}
        unread = () if asked.texts else engine.method(asked.method).text_stages
        some = wanted and tuple(stage for stage in wanted if stage not in unread)
        trace = engine.run(asked.method, clip, texts=asked.texts, outputs=some, **more, **watch, **asked.settings)
        return clip, trace, engine.grid(asked.method)

    other = None
    if view.compared:
        overlay = view.overlay if view.compared.method == view.shown.method else ""
        frame = min(view.frame, view.compared.length - 1)
        other = Result(View(view.compared, frame, overlay), *one(view.compared))
    return Result(view, *one(view.shown), other)


def open_clip(name: str, frames: int, start: float | None = None, end: float | None = None) -> Clip:
    """An example by its name, a long video at a glance; anything else is a file that lies where this runs. start, end: the
    seconds that are read."""
    file = examples().get(name, Path(name))
    if file.suffix != ".json":
        return read_clip(file, frames=frames, start=start, end=end)
    video = open_whole(name)
    return video.frames(evenly(video, frames))


def open_whole(name: str) -> Footage:
    """The same, for a method that looks through all of it."""
    file = examples().get(name, Path(name))
    return read_recipe(file).video if file.suffix == ".json" else open_video(file)


def numbers(result: Result) -> dict[str, list[float]]:
    """What a result says in few numbers: stage → a list. Where a method has no number to give, the stage is left out."""
    made = {one.stage: result.array(one.stage) for one in result.outputs if one.row}
    told = {stage: values for stage, values in made.items() if len(values) <= FEW and np.isfinite(values).all()}
    return {stage: [float(f"{value:.{DIGITS}g}") for value in values] for stage, values in told.items()}


def against(kept: dict[str, list[float]], now: dict[str, list[float]]) -> str:
    """A sentence on whether kept numbers were found again."""
    wrong = [stage for stage, values in kept.items() if stage not in now or not _close(values, now[stage])]
    if wrong:
        return f"NOT as kept: {', '.join(wrong)}. Other weights, another clip or another version?"
    return f"As kept: {', '.join(kept) or 'no numbers'}."


def _close(one: list[float], other: list[float]) -> bool:
    span = max(map(abs, one), default=0.0)
    return len(one) == len(other) and all(math.isclose(a, b, rel_tol=0, abs_tol=CLOSE * span) for a, b in zip(one, other))
