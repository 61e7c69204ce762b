"""What a long computation tells whoever waits for it, and how it is called off.

A stage is a pure function and knows nobody. One that takes long calls `tick` now and then; whoever runs it says, around the
call, what is to happen then. Where nobody waits, nothing does.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Cancelled(Exception):
    """The run was called off. Nothing of it is kept."""


_told: ContextVar[Callable[[float], None] | None] = ContextVar("told", default=None)


def tick(done: float) -> None:
    """Called by whatever takes long. done: how much of it is there, 0–1. Raises Cancelled where it was called off."""
    told = _told.get()
    if told is not None:
        told(done)


@contextmanager
def watched(told: Callable[[float], None]) -> Iterator[None]:
    """Inside, `tick` calls `told` with its number."""
    before = _told.set(told)
    try:
        yield
    finally:
        _told.reset(before)
