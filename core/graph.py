"""A method is a list of functions; the graph between them is read from their signatures.

A **stage** is a plain function: its name is its result, its parameter names are its inputs. An input is an earlier
stage or a **source**: a knob, `clip`, `texts`, `device`, a network.

Every result has a key made of the stage's module and name and the keys of its inputs, so nothing can be forgotten
when a result is looked up: what a function receives *is* its key. A discrete result (counts, a mask) is keyed by what it
holds instead: a knob that moves but changes no count re-runs nothing below the counts.

A stage that is made of steps over a sequence (`core.fold`) has a key for each step, and runs those that are not known. A stage
whose result is given runs nothing, and what stands above it neither.
"""

import inspect
import textwrap
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any
from uuid import uuid4
from weakref import ref

import torch
from torch import nn

from core.cache import StageCache
from core.errors import BadGiven
from core.fold import Fold, items_of
from core.keys import content_key, digest
from core.pace import Pace
from core.progress import Cancelled, chances, watched

Stage = Callable[..., Any]
LINE, TIED = 110, "\u00a0"  # letters of a line of a trace that is printed, and a space at which no line ends


@dataclass(frozen=True)
class Source:
    """A value that comes from outside the stages, and the key that tells it from every other value.

    later: `value` is a function that makes it, called when a stage that runs asks for it: networks are loaded so."""

    value: Any
    key: str
    later: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """What one run computed. `trace["score_TP"]` is a stage's result.

    values: stage → result. ms: milliseconds, only of the stages that ran this time. weights: network → label.
    given: stages whose result was not theirs, but given. pace: the clips that these weights were trained with, if they say so.
    notes: sentences the reader should see. steps: stage that is made of steps, and ran → how many of them did, of how many.
    took: milliseconds of every stage; of one that is reused, those when it ran.
    """

    values: Mapping[str, Any]
    ms: Mapping[str, float]
    weights: Mapping[str, str]
    given: tuple[str, ...] = ()
    pace: Pace | None = None
    notes: tuple[str, ...] = ()
    steps: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    took: Mapping[str, float] = field(default_factory=dict)

    def __getitem__(self, stage: str) -> Any:
        return self.values[stage]

    def __repr__(self) -> str:
        """What was computed, by its shapes: the numbers are many."""
        told = (f"{stage} {size_of(value)}".rstrip() for stage, value in self.values.items())
        shapes = " · ".join(one.replace(" ", TIED) for one in told)
        head = f"Trace of {len(self.values)} stages, {len(self.ms)} computed in {sum(self.ms.values()):.0f} ms:"
        wrapped = textwrap.wrap(shapes, LINE, initial_indent="  ", subsequent_indent="  ", break_long_words=False)
        return "\n".join([head, *wrapped]).replace(TIED, " ")

    @property
    def ran(self) -> tuple[str, ...]:
        """Stages computed in this run, in order."""
        return tuple(self.ms)

    @property
    def reused(self) -> tuple[str, ...]:
        """Stages whose result was already known."""
        return tuple(name for name in self.values if name not in self.ms and name not in self.given)


@cache  # a run asks some hundred times, and reading a signature takes as long as a small stage
def inputs(stage: Stage) -> tuple[str, ...]:
    """The names a stage asks for."""
    return tuple(inspect.signature(stage).parameters)


def check_wiring(stages: Sequence[Stage], sources: Iterable[str]) -> None:
    """Raise ValueError where a stage asks for something that is neither a source nor an *earlier* stage."""
    known = set(sources)
    for stage in stages:
        missing = [name for name in inputs(stage) if name not in known]
        if missing:
            raise ValueError(f"{stage.__name__} asks for {', '.join(missing)}, which no earlier stage makes.")
        if stage.__name__ in known:
            raise ValueError(f"{stage.__name__} is made twice.")
        known.add(stage.__name__)


def downstream(stages: Sequence[Stage], name: str) -> tuple[str, ...]:
    """Stages that can change when the source or stage `name` does, in order."""
    touched = {name}
    for stage in stages:
        if touched & set(inputs(stage)):
            touched.add(stage.__name__)
    return tuple(stage.__name__ for stage in stages if stage.__name__ in touched - {name})


def upstream(stages: Sequence[Stage], outputs: Iterable[str], given: Iterable[str] = ()) -> tuple[Stage, ...]:
    """The stages needed for `outputs`, in order; what is given needs none. An unknown output is a ValueError."""
    wanted = set(outputs)
    unknown = wanted - {stage.__name__ for stage in stages}
    if unknown:
        raise ValueError(f"No stage makes {', '.join(sorted(unknown))}.")
    needed, there = [], set(given)
    for stage in reversed(stages):
        if stage.__name__ in wanted:
            needed.append(stage)
            wanted |= set(inputs(stage)) - wanted if stage.__name__ not in there else set()
    return tuple(reversed(needed))


def letters(name: str) -> str:
    """The letters of a result's dimensions, as its name says them: "TP" of region_TP; "" where it says none."""
    ending = name.rpartition("_")[2]
    return ending if ending.isupper() else ""


def size_of(value: Any) -> str:
    """A result's size as it is printed: of a tensor its shape, of what has parts how many; "" of anything else."""
    if isinstance(value, torch.Tensor):
        return f"[{', '.join(map(str, value.shape))}]"
    return f"({len(value)})" if isinstance(value, (tuple, Mapping)) else ""


def sizes_of(name: str, value: Any) -> dict[str, int]:
    """Letter → size. A sequence S is as long as it is, and tells nothing of another."""
    shape = tuple(value.shape) if isinstance(value, torch.Tensor) else (len(value),) if isinstance(value, tuple) else ()
    return {letter: size for letter, size in zip(letters(name), shape) if letter != "S"}


def run(
    stages: Sequence[Stage],
    sources: Mapping[str, Source],
    cache: StageCache,
    weights: Mapping[str, str] = MappingProxyType({}),
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[str, float], None] = lambda stage, done: None,
    settle: Callable[[], None] = lambda: None,
    given: Mapping[str, Source] = MappingProxyType({}),
    emit: Callable[[str, Any], None] = lambda stage, partial: None,
) -> Trace:
    """Compute every stage that is not known yet. settle: returns when the device is done with what it was given.

    `cancelled` is asked before each stage that would run, and within those that take long; `progress` is told the stage and
    how much of it is done, 0–1, at the same times, and `emit` what a stage has so far: nothing after it was called off.
    What was `sampled` is not kept. given: stage → what stands in place of its result; a size that is not that of the results
    before it is a BadGiven.
    """
    keys = {name: source.key for name, source in sources.items()}
    values = {name: source.value for name, source in sources.items() if not source.later}
    fresh: dict[str, Any] = {}  # with what a result holds: reading a mask waits for a GPU
    ms: dict[str, float] = {}
    took: dict[str, float] = {}
    walks: dict[str, tuple[int, int]] = {}
    sizes: dict[str, int] = {}

    def value_of(name: str) -> Any:
        if name not in values:
            values[name] = sources[name].value()
        return values[name]

    for stage in stages:
        name = stage.__name__
        if name in given:
            values[name], keys[name] = given[name].value, given[name].key
            for letter, size in sizes_of(name, values[name]).items():
                if sizes.get(letter, size) != size:
                    raise BadGiven(f"{name} is given with {letter} = {size}, and {letter} is {sizes[letter]} in this run.")
            continue
        links = step_keys(stage, keys, value_of)
        key = digest(stage.__module__, name, *(links[-1:] or [keys[one] for one in inputs(stage)]))
        held = known(cache.get(key))
        if held is None:

            def told(done: float, name: str = name) -> None:
                if cancelled():
                    raise Cancelled(f"Called off {f'in {name}' if done else f'before {name}'}.")
                progress(name, done)

            def hears(partial: Any, name: str = name) -> None:
                if cancelled():
                    raise Cancelled(f"Called off in {name}.")
                emit(name, partial)

            done = prefix(cache, links)
            if 0 < len(links) == len(done):
                value, walked, chance = stage.fold.result(done), {}, []
            else:
                told(0.0)
                for one in inputs(stage):
                    value_of(one)  # networks are loaded before the clock starts
                with watched(told, hears), chances() as chance:
                    (value, walked), ms[name] = timed(made, settle, stage, value_of, links, done)
            if links:
                walks[name] = len(links) - len(done), len(links)
            held = value, content_key(value), ms.get(name, 0.0)
            if chance:
                key = digest(key, uuid4().hex)  # nobody will ask for this one again
            else:
                fresh |= walked | {key: held}
        values[name], content, took[name] = held
        keys[name] = content or key
        sizes = sizes_of(name, values[name]) | sizes
    for key, (value, *rest) in fresh.items():  # only now: a cancelled run leaves nothing behind
        cache.put(key, (ref(value) if isinstance(value, nn.Module) else value, *rest))
    names = [stage.__name__ for stage in stages]
    there = tuple(name for name in names if name in given)
    results = MappingProxyType({name: values[name] for name in names})
    return Trace(results, MappingProxyType(ms), weights, there, steps=walks, took=MappingProxyType(took))


def step_keys(stage: Stage, keys: Mapping[str, str], value_of: Callable[[str], Any]) -> list[str]:
    """The keys of a stage's steps; none where it is not made of steps."""
    steps: Fold | None = getattr(stage, "fold", None)
    return steps.keys(stage, keys, items_of(value_of(steps.over))) if steps else []


def made(
    stage: Stage, value_of: Callable[[str], Any], links: Sequence[str], done: Sequence[Any]
) -> tuple[Any, dict[str, Any]]:  # fmt: skip
    """A stage's result, and key → step of those that ran. The first comes last: what leaves the cache first is then the step
    that the fewest others go on from."""
    steps: Fold | None = getattr(stage, "fold", None)
    if steps is None:
        return stage(*(value_of(one) for one in inputs(stage))), {}
    others = [value_of(one) for one in inputs(stage) if one != steps.over]
    walked = steps.walk(items_of(value_of(steps.over)), others, done)
    return steps.result(walked), {links[place]: walked[place] for place in reversed(range(len(done), len(links)))}


def prefix(cache: StageCache, links: Sequence[str]) -> list[Any]:
    """The steps that are known, from the first to the one before the first that is not; those at the end grow old first."""
    found = []
    for key in links:
        if (step := cache.get(key)) is None:
            break
        found.append(step)
    for key in reversed(links[: len(found)]):
        cache.get(key)
    return found


def known(held: tuple[Any, str | None, float] | None) -> tuple[Any, str | None, float] | None:
    """What the cache holds: a result, what it is known by, how long it took. Of a part of a network it holds a weak reference,
    so that it keeps no network alive; one that was let go is not known any more."""
    if held is None or not isinstance(held[0], ref):
        return held
    return None if held[0]() is None else (held[0](), *held[1:])


def timed(stage: Stage, settle: Callable[[], None], *args: Any) -> tuple[Any, float]:
    """The stage's result and its milliseconds, its own kernels on a GPU included and its neighbour's not."""
    began = time.perf_counter()
    # no_grad, not inference_mode: attribution must be able to differentiate through cached results
    with torch.no_grad():
        value = stage(*args)
    settle()
    return value, (time.perf_counter() - began) * 1e3
