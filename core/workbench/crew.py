"""Processes that work on shards, each on one at a time. One that is ended takes no other with it, and is known by its shard.

`Local` has them on this machine, `core.workbench.cluster` on several; both do what an `Order` does.
"""

import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Protocol

from core.errors import ReaderError
from core.progress import Cancelled
from core.workbench.plan import Plan, Setting
from core.workbench.shard import Measures, Task, do_shard

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
CANCEL, DRIVER = "CANCEL", "driver"  # files in the run's folder
READY, CLIP, DONE, OFF, FAILED, GONE = "ready", "clip", "done", "called off", "failed", "gone"  # what a process says


@dataclass(frozen=True)
class Order:
    """What a process is told when it starts. maker: gives what measures, in the process itself. driver: who hands out its
    shards; it stops where another one does."""

    folder: Path
    plan: Plan
    settings: dict[str, Setting]
    maker: Callable[[], Measures]
    driver: str = ""

    def called_off(self) -> bool:
        """Asked between clips."""
        return (self.folder / CANCEL).exists() or driver_of(self.folder) != self.driver

    def do(self, task: Task, measure: Measures, begun: Callable[[str], None]) -> str:
        """The shard is done, or called off."""
        with suppress(Cancelled):
            do_shard(self.folder, self.plan, self.settings, task, measure, begun, self.called_off)
            return DONE
        return OFF


def driver_of(folder: Path) -> str:
    """Who hands out the shards of a run, "" nobody yet."""
    with suppress(OSError):
        return (folder / DRIVER).read_text("utf-8")
    return ""


class Process(Protocol):
    """Where shards are worked on, one at a time."""

    def send(self, task: Task) -> None: ...

    def kill(self) -> None:
        """At once, whatever it does; it is heard of as gone."""
        ...

    def end(self) -> None:
        """For good."""
        ...


@dataclass
class Worker:
    """A process as its driver knows it. task: what it works on, since when, the clips of it that it touched, the last one, and
    when it was heard. ready: whether it has loaded what it measures with."""

    process: Any  # a Process, of the crew's own kind
    task: Task | None = None
    since: float = 0.0
    last: float = field(default_factory=time.monotonic)
    ready: bool = False
    clip_id: str = ""
    clips: list[str] = field(default_factory=list)

    def give(self, task: Task) -> None:
        """Work; whoever is gone is noticed by the crew's `messages`."""
        self.task, self.clip_id, self.clips = task, "", []
        self.since = self.last = time.monotonic()
        self.process.send(task)


class Crew(Protocol):
    """Where processes come from. `messages`: what they say within so many seconds, (who, what, which clip or why)."""

    def new(self, order: Order) -> Process: ...

    def again(self, order: Order, process: Any) -> Process:
        """In place of one that was ended."""
        ...

    def messages(self, workers: list[Worker], seconds: float) -> Iterator[tuple[Worker, str, str]]: ...

    def close(self) -> None: ...


# ---- processes of this machine -------------------------------------------------------------------------------------------


@dataclass
class Spawned:
    """A process of its own, and the link to it."""

    process: Any
    link: Connection

    def send(self, task: Task) -> None:
        """Work."""
        with suppress(OSError):
            self.link.send(task)

    def kill(self) -> None:
        """At once."""
        self.process.kill()

    def end(self) -> None:
        """At once, and waited for."""
        self.process.kill()
        self.process.join()
        self.link.close()


class Local:
    """Processes of this machine, with one thread each for what computes."""

    def new(self, order: Order) -> Spawned:
        """A fresh one."""
        here, there = multiprocessing.Pipe()
        with environment(dict.fromkeys(THREADS, "1")):
            process = multiprocessing.get_context("spawn").Process(target=work, args=(there, order), daemon=True)
            process.start()
        there.close()
        return Spawned(process, here)

    def again(self, order: Order, process: Spawned) -> Spawned:
        """Another one in its place."""
        process.end()
        return self.new(order)

    def messages(self, workers: list[Worker], seconds: float) -> Iterator[tuple[Worker, str, str]]:
        """Gone is whose link is broken."""
        links = {one.process.link: one for one in workers}
        for link in wait(list(links), seconds):
            worker = links[link]  # type: ignore[index]  # what is waited for are these connections
            try:
                while worker.process.link.poll():
                    what, which = worker.process.link.recv()
                    yield worker, what, which
            except (EOFError, OSError):
                yield worker, GONE, ""

    def close(self) -> None:
        """They have ended."""


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Inside, these variables are set: a process that starts there has them."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def work(link: Connection, order: Order) -> None:
    """Shard after shard, until nobody is left to give any: who tells of the next clip then finds the link broken."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who drives decides what an interruption means
    try:
        measure = order.maker()
        link.send((READY, ""))
        while True:
            link.send((order.do(link.recv(), measure, lambda clip_id: link.send((CLIP, clip_id))), ""))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except BaseException as wrong:
        with suppress(OSError):
            link.send((FAILED, reason(wrong)))


def reason(wrong: BaseException) -> str:
    """Why a process gives up: what no other shard would do better, a full disk, weights that are gone."""
    sentence = isinstance(wrong, (ReaderError, OSError))
    return str(wrong) if sentence else "".join(traceback.format_exception_only(wrong)).strip()
