"""A few results that take long, by what they were made of: who asks for the same is given the same."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class Kept:
    """`most` results at most, least recently used first out. Safe under threads; what raises is not kept.

    A key names content (a clip's frames, settings, weights), never a visitor: nobody learns from it whose it was."""

    def __init__(self, most: int):
        self.most = most
        self._held: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is kept, or what `make` gives."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        made = make()  # outside the lock: it takes long, and others need not wait
        with self._lock:
            self._held[key] = made
            while len(self._held) > self.most:
                self._held.popitem(last=False)
        return made
