"""Processes that work on shards, each on one at a time. One that is ended takes no other with it, and is known by its shard."""

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
from typing import Any

from core.errors import ReaderError
from core.progress import Cancelled
from core.workbench.plan import Plan, Setting
from core.workbench.shard import Measures, Task, do_shard

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
CANCEL = "CANCEL"  # a file in the run's folder


@dataclass(frozen=True)
class Order:
    """What a process is told when it starts. maker: gives what measures, in the process itself."""

    folder: Path
    plan: Plan
    settings: dict[str, Setting]
    maker: Callable[[], Measures]


@dataclass
class Worker:
    """One process. task: what it works on, since when, the clips of it that it touched, the last one, and when it was heard.
    ready: whether it has loaded what it measures with."""

    process: Any
    link: Connection
    task: Task | None = None
    since: float = 0.0
    last: float = 0.0
    ready: bool = False
    clip_id: str = ""
    clips: list[str] = field(default_factory=list)

    def give(self, task: Task) -> None:
        """Work; whoever is gone is noticed by `messages`."""
        self.task, self.clip_id, self.clips = task, "", []
        self.since = self.last = time.monotonic()
        with suppress(OSError):
            self.link.send(task)

    def end(self) -> None:
        """At once, whatever it does."""
        self.process.kill()
        self.process.join()
        self.link.close()


def new_worker(order: Order) -> Worker:
    """A process of its own, with one thread for what computes."""
    here, there = multiprocessing.Pipe()
    with environment(dict.fromkeys(THREADS, "1")):
        process = multiprocessing.get_context("spawn").Process(target=work, args=(there, order), daemon=True)
        process.start()
    there.close()
    return Worker(process, here)


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
        link.send(("ready", ""))
        while True:
            task = link.recv()
            with suppress(Cancelled):
                do_shard(
                    order.folder, order.plan, order.settings, task, measure, lambda clip_id: link.send(("clip", clip_id)),
                    (order.folder / CANCEL).exists,
                )  # fmt: skip
                link.send(("done", ""))
                continue
            link.send(("called off", ""))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except BaseException as wrong:  # what no other shard would do better: a full disk, weights that are gone
        sentence = isinstance(wrong, (ReaderError, OSError))
        said = str(wrong) if sentence else "".join(traceback.format_exception_only(wrong)).strip()
        with suppress(OSError):
            link.send(("failed", said))


def messages(workers: list[Worker], seconds: float) -> Iterator[tuple[Worker, str, str]]:
    """What the processes say within so many seconds, (who, what, which clip or why); "gone" of one that was ended."""
    links = {one.link: one for one in workers}
    for link in wait(list(links), seconds):
        worker = links[link]  # type: ignore[index]  # what is waited for are these connections
        try:
            while worker.link.poll():
                what, which = worker.link.recv()
                yield worker, what, which
        except (EOFError, OSError):
            yield worker, "gone", ""
