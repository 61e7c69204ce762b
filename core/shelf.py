"""Networks in memory: each loaded when it is first asked for, what is the same held once, the least recently used first out.

A network that left is loaded again when somebody asks for it; its label and its digest stay known, so that results which were
made with it are found without it.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from core.method import Network
from core.networks.checkpoints import guarded
from core.networks.weights import Loaded
from core.pace import Pace


@dataclass(frozen=True)
class Known:
    """What stays of a network that left. twin: what is equal in two networks that are the same."""

    label: str
    digest: str
    twin: tuple
    pace: Pace | None = None


class Shelf:
    """models: model → what the reader named in place of the shipped weights. place: puts a network where it runs.

    budget: bytes of parameters and buffers. What a run uses never leaves, nor does the latest, however large it is.
    """

    def __init__(self, models: Mapping[str, Any], place: Callable[[Loaded], None], budget: int):
        self.models, self.place, self.budget = models, place, budget
        self._known: dict[tuple, Known] = {}
        self._loaded: OrderedDict[tuple, Loaded] = OrderedDict()
        self._used: Counter[tuple] = Counter()
        self._lock = threading.RLock()
        self._bytes: int | None = None  # counting takes milliseconds, and every run asks more than once

    def __len__(self):
        """How many networks are held, two names of the same counted once."""
        return len({id(one.network) for one in self._loaded.values()})

    @property
    def bytes(self) -> int:
        """Of all that is held; a tensor of two networks counts once."""
        if self._bytes is None:
            self._bytes = bytes_of([one.network for one in self._loaded.values()])
        return self._bytes

    def known(self, wanted: Network) -> Known:
        """Label and digest; loads the network where it never was."""
        with self._lock:
            if wanted.key not in self._known:
                self.get(wanted)
            return self._known[wanted.key]

    def get(self, wanted: Network) -> Loaded:
        """The network, ready to run."""
        with self._lock:
            if wanted.key not in self._loaded:
                with self.using(wanted.after):
                    before = [self.get(one) for one in wanted.after]
                    # whatever a method that joins forgets to say is said in a sentence
                    made = guarded(wanted.load)(self.models.get(wanted.model), *before)
                twin = (wanted.load, made.digest, *(one.digest for one in before))
                same = [one for key, one in self._loaded.items() if self._known[key].twin == twin]
                if same:
                    made = replace(made, network=same[0].network)
                else:
                    self.place(made)
                self._known[wanted.key] = Known(made.label, made.digest, twin, made.pace)
                self._loaded[wanted.key], self._bytes = made, None
            self._loaded.move_to_end(wanted.key)
            self._shrink()
            return self._loaded[wanted.key]

    def module(self, wanted: Network) -> Any:
        """What stages are given."""
        return self.get(wanted).network

    @contextmanager
    def using(self, networks: Iterable[Network]) -> Iterator[None]:
        """Inside, none of them leaves."""
        keys = [one.key for one in networks]
        with self._lock:
            self._used.update(keys)
        try:
            yield
        finally:
            with self._lock:
                self._used.subtract(keys)
                self._shrink()

    def _shrink(self) -> None:
        for key in list(self._loaded)[:-1]:
            if self.bytes <= self.budget:
                return
            if not self._used[key]:
                del self._loaded[key]
                self._bytes = None


def bytes_of(networks: Iterable[Any]) -> int:
    """Of parameters and buffers; a service on another machine has none here."""
    held: dict[int, int] = {}
    for network in networks:
        if isinstance(network, nn.Module):
            held |= {id(one): one.nbytes for part in (network.parameters(), network.buffers()) for one in part}
    return sum(held.values())
