"""A method is a list of functions; the graph between them is read from their signatures.

A **stage** is a plain function: its name is its result, its parameter names are its inputs. An input is an earlier
stage or a **source**: a knob, `clip`, `texts`, `device`, a network.

Every result has a key made of the stage's module and name and the keys of its inputs, so nothing can be forgotten
when a result is looked up: what a function receives *is* its key. A discrete result (counts, a mask) is keyed by what it
holds instead: a knob that moves but changes no count re-runs nothing below the counts.
"""

import inspect
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from hashlib import blake2b
from types import MappingProxyType
from typing import Any
from weakref import ref

import torch
from torch import nn

from core.watch import Cancelled, watched

Stage = Callable[..., Any]
DISCRETE_BYTES = 1 << 16  # a mask of 32 frames × 1,024 patches is 32 kB: cheap to read


@dataclass(frozen=True)
class Source:
    """A value that comes from outside the stages, and the key that tells it from every other value.

    later: `value` is a function that makes it, called when a stage that runs asks for it: networks are loaded so."""

    value: Any
    key: str
    later: bool = False


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
    """Results by key, least recently used first out, bounded in bytes. Safe under threads."""

    def __init__(self, budget: int = 512 << 20):
        self.budget = budget
        self.bytes = 0
        self._entries: OrderedDict[str, tuple[Any, int]] = OrderedDict()
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
            self.bytes = 0

    def put(self, key: str, value: Any) -> None:
        size = bytes_of(value)
        if size > self.budget:
            return
        with self._lock:
            if key in self._entries:
                self.bytes -= self._entries.pop(key)[1]
            self._entries[key] = (value, size)
            self.bytes += size
            while self.bytes > self.budget:
                self.bytes -= self._entries.popitem(last=False)[1][1]


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
    values = {name: source.value for name, source in sources.items() if not source.later}
    fresh: dict[str, tuple[Any, str | None]] = {}  # with what a result holds: reading a mask waits for a GPU
    ms: dict[str, float] = {}
    for stage in stages:
        name = stage.__name__
        key = digest(stage.__module__, name, *(keys[one] for one in inputs(stage)))
        held = known(cache.get(key))
        if held is None:

            def told(done: float, name: str = name) -> None:
                if cancelled():
                    raise Cancelled(f"Called off {f'in {name}' if done else f'before {name}'}.")
                progress(name, done)

            told(0.0)
            for one in inputs(stage):
                if one not in values:
                    values[one] = sources[one].value()
            with watched(told):
                value, ms[name] = timed(stage, settle, *(values[one] for one in inputs(stage)))
            held = fresh[key] = value, content_key(value)
        values[name], content = held
        keys[name] = content or key
    for key, (value, content) in fresh.items():  # only now: a cancelled run leaves nothing behind
        cache.put(key, (ref(value) if isinstance(value, nn.Module) else value, content))
    names = [stage.__name__ for stage in stages]
    return Trace(MappingProxyType({name: values[name] for name in names}), MappingProxyType(ms), weights)


def known(held: tuple[Any, str | None] | None) -> tuple[Any, str | None] | None:
    """What the cache holds. Of a part of a network it holds a weak reference, so that it keeps no network alive; one that was
    let go is not known any more."""
    if held is None or not isinstance(held[0], ref):
        return held
    return None if held[0]() is None else (held[0](), held[1])


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


def bytes_of(value: Any) -> int:
    """Memory a result holds: the bytes of its tensors and arrays, and a little for the rest."""
    if isinstance(value, torch.Tensor):
        return value.untyped_storage().nbytes() + 64  # the whole storage: a view keeps all of it alive
    if hasattr(value, "nbytes"):
        return int(value.nbytes) + 64
    if isinstance(value, Mapping):
        return 64 + sum(bytes_of(one) for one in value.values())
    if isinstance(value, (tuple, list)):
        return 64 + sum(bytes_of(one) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return 64 + sum(bytes_of(getattr(value, one.name)) for one in fields(value))
    return 64
