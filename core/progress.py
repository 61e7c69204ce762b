"""What a long computation tells whoever waits for it, and how it is called off.

A stage is a pure function and knows nobody. One that takes long calls `tick` now and then, and `emit` with what it has so far
(a caption's words, an agent's steps); whoever runs it says, around the call, what is to happen then. Where nobody waits,
nothing does. `Watch` counts the steps of what is made of many runs, and
`held` is for whoever must wait himself.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

Progress = Callable[[float], None]
CalledOff = Callable[[], bool]
PATIENCE = 0.1  # seconds for which whoever waits for a lock is deaf


class Cancelled(Exception):
    """The run was called off. Nothing of it is kept."""


_told: ContextVar[Callable[[float], None] | None] = ContextVar("told", default=None)


def tick(done: float) -> None:
    """Called by whatever takes long. done: how much of it is there, 0–1. Raises Cancelled where it was called off."""
    told = _told.get()
    if told is not None:
        told(done)


_hears: ContextVar[Callable[[Any], None] | None] = ContextVar("hears", default=None)


def emit(partial: Any) -> None:
    """Called by whatever comes piece by piece. partial: all that is there so far. Raises Cancelled where it was called off."""
    hears = _hears.get()
    if hears is not None:
        hears(partial)


_chance: ContextVar[list[bool] | None] = ContextVar("chance", default=None)


def sampled() -> None:
    """Called by whatever would give something else the next time: what comes of it is not to be kept."""
    chance = _chance.get()
    if chance is not None:
        chance.append(True)


@contextmanager
def chances() -> Iterator[list[bool]]:
    """What it gives is no longer empty once something inside was `sampled`."""
    found: list[bool] = []
    before = _chance.set(found)
    try:
        yield found
    finally:
        _chance.reset(before)


@contextmanager
def watched(told: Callable[[float], None], hears: Callable[[Any], None] | None = None) -> Iterator[None]:
    """Inside, `tick` calls `told` with its number, and `emit` calls `hears`."""
    before, heard = _told.set(told), _hears.set(hears)
    try:
        yield
    finally:
        _told.reset(before)
        _hears.reset(heard)


@contextmanager
def share(place: int, of: int) -> Iterator[None]:
    """Inside, `tick` counts within one of so many equal parts."""
    told = _told.get()
    before = _told.set(told and (lambda done: told((place + done) / of)))
    try:
        yield
    finally:
        _told.reset(before)


@contextmanager
def held(lock: "Lock", cancelled: CalledOff = lambda: False) -> Iterator[None]:
    """Inside, the lock is held. Who is called off while he waits for it leaves with Cancelled."""
    while not lock.acquire(timeout=PATIENCE):
        if cancelled():
            raise Cancelled("Called off before its turn.")
    try:
        yield
    finally:
        lock.release()


class Watch:
    """Counts what is done of `total`, tells it as a share of 1, and raises Cancelled when the reader has called it off."""

    def __init__(self, total: float, progress: Progress = lambda done: None, cancelled: CalledOff = lambda: False):
        self.total, self.progress, self.cancelled, self.done = max(total, 1), progress, cancelled, 0.0

    def ask(self, done: float = 0.0) -> None:
        """Raise Cancelled where it was called off. done is not asked for: `core.progress.watched` gives it."""
        if self.cancelled():
            raise Cancelled("Called off before all was done.")

    def step(self, more: float) -> None:
        """`more` is about to be done."""
        self.ask()
        self.progress(min(self.done / self.total, 1.0))
        self.done += more

    def end(self) -> None:
        """All is done."""
        self.progress(1.0)
