"""Runs that are under way: how far each is, and whether it is to stop. Who asks is told of his own alone."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

HELD = 1000  # readers; one who is forgotten can no longer be told how far he is


@dataclass(eq=False)
class Run:
    """stage: the one that runs. done: how much of it, 0–1. stopped: it is to be called off."""

    stage: str = ""
    done: float = 0.0
    stopped: bool = False

    def cancelled(self):
        return self.stopped

    def progress(self, stage, done):
        self.stage, self.done = stage, done


class Running:
    """Runs by who asked and what for. Safe under threads."""

    def __init__(self):
        self._runs: OrderedDict[tuple[str, str], Run] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, who, kind):
        """A run of this reader, in the place of his last one of the kind."""
        run = Run()
        with self._lock:
            self._runs.pop((who, kind), None)
            self._runs[who, kind] = run
            while len(self._runs) > HELD:
                self._runs.popitem(last=False)
        return run

    def of(self, who, kind):
        """His run of the kind that was started last, or None."""
        with self._lock:
            return self._runs.get((who, kind))

    def stop(self, who, kind):
        """Call it off, if it is still running."""
        run = self.of(who, kind)
        if run is not None:
            run.stopped = True
