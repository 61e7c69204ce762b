"""What has been computed, by key, within a budget of bytes; and how many bytes a result keeps alive."""

import sys
import threading
from collections import Counter, OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import torch

TENSOR = 640  # bytes that a tensor takes beside its numbers, its key and its place in a cache among them (measured)


@dataclass(frozen=True)
class Held:
    """What a result keeps alive. own: bytes of Python's objects. memory: numbers, that others may share: where → bytes."""

    own: int
    memory: Mapping[Hashable, int]

    @property
    def total(self) -> int:
        return self.own + sum(self.memory.values())


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

    def _let_go(self, held: Held) -> None:
        self.bytes -= held.own
        for memory, size in held.memory.items():
            self._sharers[memory] -= 1
            if not self._sharers[memory]:
                del self._sharers[memory]
                self.bytes -= size


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
            memory[str(one.device), address(storage)] = storage.nbytes()
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


def address(storage: torch.UntypedStorage) -> int:
    """Where the numbers lie: the same for a tensor and for an array that shares them."""
    try:
        return storage.data_ptr()
    except RuntimeError:  # a tensor of another kind, that keeps its numbers elsewhere
        return storage._cdata
