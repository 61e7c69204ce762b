"""A few results that take long, by what they were made of: who asks for the same is given the same."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakValueDictionary

from core.progress import CalledOff, held


class Memo:
    """Results of `most` in all at most, least recently used first out, but the newest always stays. size: of one of them; not
    given, each counts 1. Safe under threads; what raises is not kept.

    A key names content (a clip's frames, settings, weights), never a visitor: nobody learns from it whose it was."""

    def __init__(self, most: int, size: Callable[[Any], int] = lambda made: 1):
        self.most, self.size = most, size
        self._held: OrderedDict[Hashable, Any] = OrderedDict()
        self._turns: WeakValueDictionary[Hashable, Any] = WeakValueDictionary()  # key → a lock, while anybody wants it
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Any], cancelled: CalledOff = lambda: False) -> Any:
        """What is kept, or what `make` gives. While one makes it, others who want it wait; where nothing came of it, the next
        makes it himself. Other keys do not wait. Who is called off while he waits leaves with Cancelled."""
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with held(turn, cancelled):
            with self._lock:
                if key in self._held:
                    self._held.move_to_end(key)
                    return self._held[key]
            made = make()
            with self._lock:
                self._held[key] = made
                while sum(map(self.size, self._held.values())) > self.most and len(self._held) > 1:
                    self._held.popitem(last=False)
            return made

    def items(self) -> list[tuple[Any, Any]]:
        """What is kept now, with its keys."""
        with self._lock:
            return list(self._held.items())

    def drop(self, unwanted: Callable[[Any], bool]) -> None:
        """Keep no longer what has such a key."""
        with self._lock:
            for key in [key for key in self._held if unwanted(key)]:
                del self._held[key]
