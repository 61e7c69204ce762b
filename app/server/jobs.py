"""Runs that are under way: how far each is, and whether it is to stop. Who asks is told of his own alone.

Knobs come first. What takes seconds or minutes (explanations, their tests, sweeps, a whole clip) waits for its turn, is worked
on in threads of its own that get a core when no other wants it (see `aside`), and stands still while a knob is answered.
Such a long run is called off when its reader asks for another of its kind, or when he is gone.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.server.aside import Aside
from core.errors import ReaderError
from core.progress import Cancelled

HELD = 1000  # readers; one who is forgotten can no longer be told how far he is
AT_ONCE = 2  # long runs of a line side by side: each takes all cores, and more would only slow each other down
WAITING = 16  # long runs that wait: each holds one of the server's threads, and the page needs some for itself
AWAY = 90  # seconds in which nobody asks how far a long run is: its tab is closed, for one in the background asks once a minute
REST = 4  # a long run stands still for so many times as long as it worked before, at most: it goes on whatever others do
FOLD, PICTURE, VIDEO = "fold", "picture", "video"  # lines: for a fold, for a picture of a whole clip, for one of a long video


@dataclass(eq=False)
class Run:
    """stage: the one that runs. done: how much of it, 0–1. stopped: it is to be called off. asked: when its reader last wanted
    to know how far it is, of a long run; a program never does. line: that it stands in. pause: lets knobs go first. made: what
    of it is there so far, as it travels, and was not told yet."""

    long: bool
    clock: Callable[[], float]
    stage: str = ""
    done: float = 0.0
    stopped: bool = False
    asked: float | None = None
    line: str = ""
    pause: Callable[[], None] = lambda: None
    made: Any = None

    def cancelled(self) -> bool:
        return self.stopped or (self.long and self.asked is not None and self.clock() - self.asked > AWAY)

    def progress(self, stage: str, done: float) -> None:
        self.stage, self.done = stage, done
        self.pause()


class Running:
    """Runs by who asked and what for. Safe under threads. clock: seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._runs: OrderedDict[tuple[str, str], Run] = OrderedDict()
        self._lock = threading.Lock()
        self._line: list[Run] = []  # long runs; the first AT_ONCE of each line are under way
        self._moved = threading.Condition()
        self._knobs = 0  # answers to a knob that are being made
        self._quiet = threading.Condition()
        self._aside = Aside(3 * AT_ONCE)

    def start(self, who: str, kind: str, long: bool = False) -> Run:
        """A run of this reader, in the place of his last one of the kind. A long one calls that one off, which nobody could any
        more."""
        run = Run(long, self._clock)
        with self._lock:
            last = self._runs.pop((who, kind), None)
            if long and last is not None:
                last.stopped = True
            self._runs[who, kind] = run
            while len(self._runs) > HELD:
                self._runs.popitem(last=False)
        return run

    def of(self, who: str, kind: str) -> Run | None:
        """His run of the kind that was started last, or None."""
        with self._lock:
            return self._runs.get((who, kind))

    def far(self, who: str, kind: str) -> list[Any] | None:
        """[stage, share of it that is done] of that run, or None; behind them what of it came since he last asked, if anything
        did. Whoever asks is there, and is remembered."""
        with self._lock:
            run = self._runs.get((who, kind))
            if run is None:
                return None
            self._runs.move_to_end((who, kind))
            run.asked = self._clock()
            made, run.made = run.made, None
        return [run.stage, run.done, *([] if made is None else [made])]

    def stop(self, who: str, kind: str) -> None:
        """Call it off, if it is still running."""
        run = self.of(who, kind)
        if run is not None:
            run.stopped = True

    def aside(self, run: Run, work: Callable[[Run], Any], line: str = FOLD) -> Any:
        """What `work` gives when it is the long run's turn, in a thread that stands back."""
        with self.turn(run, line):
            return self._aside.result(work, run)

    @contextmanager
    def turn(self, run: Run, line: str = FOLD) -> Iterator[Run]:
        """Inside, the long run has its turn. It can be called off before, and the reader is told how many are ahead of it."""
        run.line = line
        with self._moved:
            if sum(not one.cancelled() for one in self._line) >= AT_ONCE + WAITING:
                raise ReaderError(f"{WAITING} long computations are waiting here already: try again in a minute.")
            self._line.append(run)
        try:
            with self._moved:
                while (ahead := self._place(run) - AT_ONCE) > 0:
                    if run.cancelled():
                        raise Cancelled("Called off before its turn.")
                    run.progress(f"waiting: {ahead} ahead", 0.0)
                    self._moved.wait(0.2)
            run.pause = self._pausing(run)
            yield run
        finally:
            with self._moved:
                self._line.remove(run)
                self._moved.notify_all()

    def _place(self, run: Run) -> int:
        """Of its line, from 1."""
        return [one for one in self._line if one.line == run.line].index(run) + 1

    @contextmanager
    def knob(self) -> Iterator[None]:
        """Inside, an answer to a knob is made, and long runs stand still."""
        with self._quiet:
            self._knobs += 1
        try:
            yield
        finally:
            with self._quiet:
                self._knobs -= 1
                self._quiet.notify_all()

    def _pausing(self, run: Run) -> Callable[[], None]:
        """→ a call that waits while answers to knobs are made, but no longer than REST times what was worked since the last."""
        since = time.monotonic()

        def pause() -> None:
            nonlocal since
            until = time.monotonic() + REST * (time.monotonic() - since)
            with self._quiet:
                while self._knobs and not run.cancelled() and (left := until - time.monotonic()) > 0:
                    self._quiet.wait(min(left, 0.2))
            since = time.monotonic()

        return pause
