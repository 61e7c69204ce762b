"""A method is a list of functions; the graph between them is read from their signatures.

A **stage** is a plain function: its name is its result, its parameter names are its inputs. An input is an earlier
stage or a **source**: a knob, `clip`, `texts`, `device`, a network.

Every result has a key made of the stage's module and name and the keys of its inputs, so nothing can be forgotten
when a result is looked up: what a function receives *is* its key. A discrete result (counts, a mask) is keyed by what it
holds instead: a knob that moves but changes no count re-runs nothing below the counts.
"""

import inspect
import sys
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from core.progress import Cancelled, watched

Stage = Callable[..., Any]
DISCRETE_BYTES = 1 << 16  # a mask of 32 frames × 1,024 patches is 32 kB: cheap to read
TENSOR = 640  # bytes that a tensor takes beside its numbers, its key and its place in a cache among them (measured)


@dataclass(frozen=True)
class Source:
    """A value that comes from outside the stages, and the key that tells it from every other value."""

    value: Any
    key: str


@dataclass(frozen=True, eq=False)
class Trace:
    """What one run computed. `trace["score_TP"]` is a stage's result.

    values: stage → result. ms: milliseconds, only of the stages that ran this time. weights: network → label.
    """

    values: Mapping[str, Any]
    ms: Mapping[str, float]
    weights: Mapping[str, str]

    def __getitem__(self, stage: str) -> Any:
        return self.values[stage]

    @property
    def ran(self) -> tuple[str, ...]:
        """Stages computed in this run, in order."""
        return tuple(self.ms)

    @property
    def reused(self) -> tuple[str, ...]:
        """Stages whose result was already known."""
        return tuple(name for name in self.values if name not in self.ms)


class StageCache:
    """Results by key, least recently used first out, bounded in bytes. Safe under threads.

    bytes: what the results hold together. Memory that several share counts once, for as long as one of them is here; a result
    that is a view of a larger one holds all of that.
    """

    def __init__(self, budget: int = 512 << 20):
        self.budget = budget
        self.bytes = 0
        self._entries: OrderedDict[str, tuple[Any, Held]] = OrderedDict()
        self._sharers: Counter[Hashable] = Counter()  # memory → how many results hold it
        self._lock = threading.Lock()

    def __len__(self):
        return len(self._entries)

    def get(self, key: str, default: Any = None) -> Any:
        with self._lock:
            if key not in self._entries:
                return default
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._sharers.clear()
            self.bytes = 0

    def put(self, key: str, value: Any) -> None:
        held = held_by(value)
        if held.total > self.budget:
            return
        with self._lock:
            if key in self._entries:
                self._let_go(self._entries.pop(key)[1])
            self._entries[key] = (value, held)
            self.bytes += held.own
            for memory, size in held.memory.items():
                self._sharers[memory] += 1
                self.bytes += size if self._sharers[memory] == 1 else 0
            while self.bytes > self.budget:
                self._let_go(self._entries.popitem(last=False)[1][1])

    def _let_go(self, held: "Held") -> None:
        self.bytes -= held.own
        for memory, size in held.memory.items():
            self._sharers[memory] -= 1
            if not self._sharers[memory]:
                del self._sharers[memory]
                self.bytes -= size


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


def upstream(stages: Sequence[Stage], outputs: Iterable[str]) -> tuple[Stage, ...]:
    """The stages needed for `outputs`, in order. An unknown output is a ValueError."""
    wanted = set(outputs)
    unknown = wanted - {stage.__name__ for stage in stages}
    if unknown:
        raise ValueError(f"No stage makes {', '.join(sorted(unknown))}.")
    needed = []
    for stage in reversed(stages):
        if stage.__name__ in wanted:
            needed.append(stage)
            wanted |= set(inputs(stage))
    return tuple(reversed(needed))


def run(
    stages: Sequence[Stage],
    sources: Mapping[str, Source],
    cache: StageCache,
    weights: Mapping[str, str] = MappingProxyType({}),
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[str, float], None] = lambda stage, done: None,
    settle: Callable[[], None] = lambda: None,
) -> Trace:
    """Compute every stage that is not known yet. settle: returns when the device is done with what it was given.

    `cancelled` is asked before each stage that would run, and within those that take long; `progress` is told the stage and
    how much of it is done, 0–1, at the same times.
    """
    keys = {name: source.key for name, source in sources.items()}
    values = {name: source.value for name, source in sources.items()}
    fresh: dict[str, tuple[Any, str | None]] = {}  # with what a result holds: reading a mask waits for a GPU
    ms: dict[str, float] = {}
    for stage in stages:
        name = stage.__name__
        key = digest(stage.__module__, name, *(keys[one] for one in inputs(stage)))
        held = cache.get(key)
        if held is None:

            def told(done: float, name: str = name) -> None:
                if cancelled():
                    raise Cancelled(f"Called off {f'in {name}' if done else f'before {name}'}.")
                progress(name, done)

            told(0.0)
            with watched(told):
                value, ms[name] = timed(stage, settle, *(values[one] for one in inputs(stage)))
            held = fresh[key] = value, content_key(value)
        values[name], content = held
        keys[name] = content or key
    for key, held in fresh.items():  # only now: a cancelled run leaves nothing behind
        cache.put(key, held)
    names = [stage.__name__ for stage in stages]
    return Trace(MappingProxyType({name: values[name] for name in names}), MappingProxyType(ms), weights)


def timed(stage: Stage, settle: Callable[[], None], *args: Any) -> tuple[Any, float]:
    """The stage's result and its milliseconds, its own kernels on a GPU included and its neighbour's not."""
    began = time.perf_counter()
    # no_grad, not inference_mode: attribution must be able to differentiate through cached results
    with torch.no_grad():
        value = stage(*args)
    settle()
    return value, (time.perf_counter() - began) * 1e3


def content_key(value: Any) -> str | None:
    """A key made of what a small discrete result holds; None for anything else."""
    if isinstance(value, (bool, int, str)):
        return digest("value", repr(value))
    if isinstance(value, tuple) and all(isinstance(one, (bool, int, float, str)) for one in value):
        return digest("value", repr(value))
    if isinstance(value, torch.Tensor) and not value.dtype.is_floating_point and value.nbytes <= DISCRETE_BYTES:
        held = value.detach().cpu().contiguous()
        return digest("tensor", str(held.dtype), repr(tuple(held.shape)), held.numpy().tobytes())
    return None


def digest(*parts: str | bytes) -> str:
    """One short key of many parts. Each part is preceded by its length, so ("ab", "c") and ("a", "bc") differ."""
    made = blake2b(digest_size=16)
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode()
        made.update(len(raw).to_bytes(8, "little"))
        made.update(raw)
    return made.hexdigest()


@dataclass(frozen=True)
class Held:
    """What a result keeps alive. own: bytes of Python's objects. memory: numbers, that others may share: where → bytes."""

    own: int
    memory: Mapping[Hashable, int]

    @property
    def total(self) -> int:
        return self.own + sum(self.memory.values())


def bytes_of(value: Any) -> int:
    """Memory that a result holds."""
    return held_by(value).total


def held_by(value: Any) -> Held:
    """The same in parts. What is no tensor, array, text, number or collection of them belongs to a network: not counted."""
    own, memory, waiting = 0, {}, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, torch.Tensor):
            storage = one.untyped_storage()  # the whole of it: a view keeps all of it alive
            memory[str(one.device), storage.data_ptr()] = storage.nbytes()
            own += TENSOR
        elif isinstance(one, np.ndarray):
            while isinstance(one.base, np.ndarray):
                one = one.base
            memory["cpu", one.ctypes.data] = one.nbytes
            own += TENSOR
        else:
            own += sys.getsizeof(one)
            if isinstance(one, Mapping):
                waiting += [*one.keys(), *one.values()]
            elif isinstance(one, (tuple, list, set, frozenset)):
                waiting += one
            elif is_dataclass(one) and not isinstance(one, type):
                waiting += [getattr(one, each.name) for each in fields(one)]
    return Held(own, memory)
