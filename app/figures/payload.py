"""A method, a clip, a run → the JSON that its viewer draws: the same for every method, each result as its kind travels.

    about_payload   once a page: outputs, groups and stages in words
    clip_payload    once a clip: its frames as JPEG, and what is there where the truth is known
    trace_payload   once a knob: {stage: its result}, which stages ran, and what made it
    partial_payload while it runs: what a stage has so far
    beside_payload  what a second run adds, when everything is there

A kind that needs more than `pack.plain` has a file here of its name, with `pack(output, value, context)`.
"""

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from functools import cache
from typing import Any

import numpy as np

from app.controls.presets import FRAME
from app.figures.context import Context
from app.figures.pack import frames_payload, knobs_payload, ledger_payload, plain, stages_payload, weights_payload
from app.figures.truth import pointed_at, truth_payload
from core import Engine
from core.graph import Trace
from core.kinds import Output, TextScores
from core.method import Method
from core.pipeline import pipeline
from core.ranking import doubt
from core.registry import method_named
from core.video.clip import Clip
from core.video.footage import Footage, last_seconds
from core.video.moment import spaced
from core.world import Truth


def about_payload(method: Method) -> dict[str, Any]:
    """What does not change while the page is open."""
    return {
        "title": method.title,
        "paper": method.paper,
        "outputs": [
            *(in_words(one) for one in method.outputs),
            *(in_words(one) | {"beside": True} for one in (method.beside.outputs if method.beside else ())),
        ],
        "groups": [
            {"title": one.title, "figure": method.figure(one), "stages": list(one.stages), "words": dict(one.words)}
            for one in method.groups
        ],
        "stages": stages_payload(method),
        "knobs": knobs_payload(method),
        "pipeline": [asdict(one) for one in pipeline(method)],
        "steady": next(
            ({"name": one.name, "symbol": one.symbol} for one in method.knobs.knobs() if one.name == method.steady), None
        ),
        "frame": FRAME if FRAME in (one.name for one in method.knobs.knobs()) else None,
        "beside": method.beside and method_named(method.beside.method).title.partition(" — ")[0],
    }


def in_words(output: Output) -> dict[str, Any]:
    """An output's kind, and all that it says of itself; what is a function is asked in Python."""
    said = {one.name: getattr(output, one.name) for one in fields(output)}
    return {"kind": type(output).__name__} | {
        name: value for name, value in said.items() if value is not None and not callable(value)
    }


def clip_payload(key: str, clip: Clip, truth: Truth | None = None, video: Footage | None = None) -> dict[str, Any]:
    """The frames, where each came from, and what is true of them. Of a whole video, of which these are a few, scenes: from when
    to when what is seen, and questions: [text, spans that show the answer], where that is known."""
    made = frames_payload(key, clip) | {"truth": truth and truth_payload(clip, truth)}
    if video is not None:
        made["scenes"] = [list(one) for one in getattr(video, "segments", ())]
        made["questions"] = [[one.text, one.evidence] for one in getattr(video, "questions", ())]
        made["whole"] = {"frames": video.N, "seconds": float(video.time_N[-1]) + last_seconds(video)}
    return made


def trace_payload(
    method: Method, trace: Trace, key: str, clip: Clip, knobs: Mapping[str, Any], grid: tuple[int, int] | None,
    texts: list[str] | None = None, truth: Truth | None = None, stamp: float = 0, question: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Everything of one run that the viewer draws. texts None: what needs a network has yet to come."""
    context = Context(method, trace, clip, knobs, grid and tuple(grid), truth, texts is not None)
    scored = context.of(TextScores)
    similarity = [float(one) for output in scored for one in trace[output.stage]]
    unknown = [word for one in method.outputs if (name := getattr(one, "unknown", "")) for word in trace.values.get(name, ())]
    return {
        "clip": key,
        "stamp": stamp,
        "knobs": dict(knobs),
        "grid": grid and list(grid),
        "question": question,
        "values": packed({one.stage: one for one in method.outputs}, trace.values, context),
        "texts": texts if scored or not texts else None,
        "unknown": unknown,
        **words_payload(trace, clip, similarity, unknown, truth),
        "done": context.done,
        "ledger": ledger_payload(trace),
        **weights_payload(trace, truth),
        "untrained": method.untrained(trace.weights.values(), knobs),
    }


def partial_payload(
    method: Method, stage: str, partial: Any, clip: Clip, knobs: Mapping[str, Any], stamp: float
) -> dict[str, Any]:  # fmt: skip
    """What an output has so far, of the run with that stamp, for a picture in which it is not there yet."""
    context = Context(method, Trace({}, {}, {}), clip, knobs, None, None, False)
    return {"stamp": stamp, "values": packed({stage: method.kinds[stage]}, {stage: partial}, context)}


def words_payload(
    trace: Trace, clip: Clip, similarity: list[float], unknown: list[str], truth: Truth | None
) -> dict[str, str]:  # fmt: skip
    """doubt: why no text may be called the best, "" where one may. spaced: how far apart the frames are, where they are in the
    order of time."""
    label, ordered = " · ".join(trace.weights.values()), bool((np.diff(clip.time_T) >= 0).all())
    why = doubt(similarity, unknown, label, trace.pace, len(clip), truth is not None, clip.spacing) if similarity else ""
    return {"doubt": why, "spaced": spaced(clip, trace.pace.spacing if trace.pace else 0.0) if ordered else ""}


def beside_payload(engine: Engine, method: Method, clip: Clip, knobs: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
    """What the method's second run adds to the payload of its first: values, and the grid and weights that they are of."""
    if method.beside is None:
        return {}
    beside, other = method.beside, method_named(method.beside.method)
    made = engine.run(other.name, clip, outputs=beside.stages, **beside.knobs(knobs))
    grid = tuple(engine.grid(other.name))
    context = Context(method, made, clip, knobs, grid, None, True)
    values = packed({one.stage: one for one in beside.outputs}, beside.values(trace, made), context)
    return {"beside": {"values": values, "grid": list(grid), "weights": list(made.weights.values())}}


def given(box: list[float] | None, clip: Clip, truth: Truth | None) -> dict[str, Any]:
    """What a run through the whole clip is given besides. box: that a reader pointed at."""
    return {"box": pointed_at(box, clip, truth)}


def packed(outputs: Mapping[str, Output], values: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Stage → its result as it travels. Tokens do not: they are drawn from what is counted."""
    here = [one for stage, one in outputs.items() if stage in values and one.value != "token"]
    return {one.stage: packer(type(one))(one, values[one.stage], context) for one in here}


@cache
def packer(kind: type[Output]) -> Callable[[Output, Any, Context], Any]:
    """How results of a kind travel: as those of the kind that it is one of, where it has no way of its own."""
    names = [f"app.figures.{one.__name__.lower()}" for one in kind.__mro__ if issubclass(one, Output)]
    name = next(filter(importlib.util.find_spec, names), None)
    return importlib.import_module(name).pack if name else plain


def figures_of(method: Method) -> tuple[str, ...]:
    """The names of the figures that draw a method, each once."""
    return tuple(dict.fromkeys(method.figure(one) for one in method.groups))
