"""Processes on the machines of a Ray cluster (Moritz et al., OSDI 2018): the same shards, by the same function.

The run's folder, the clips and the program lie where every machine sees them under the same name: a POSIX folder that is
shared. An actor that is ended is replaced by another, and its shard handed out anew by `drive`, never by Ray: it knows neither
what is on the disk nor which clip did it, and an actor that Ray starts again refuses work until it is there. One has one shard
at a time (to hand out the next takes a millisecond), and what it touches it writes down before it does.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Any

from core.errors import BadData
from core.workbench.crew import CLIP, FAILED, GONE, Order, Worker, reason
from core.workbench.shard import Measures, Task

UNDER_WAY = "under_way"  # in the run's folder: what each process has touched of its shard
MISSING = "--engine ray needs Ray, which is not installed: pip install 'ray>=2.40,<3'. --engine local needs nothing."
STORE = 80 << 20  # bytes for objects on this machine: shards and reasons are all that travels


def ray() -> Any:
    """The library; a BadData where it is not there."""
    try:
        import ray as library  # an extra: a second to import, and for clusters alone
    except ImportError as none:
        raise BadData(MISSING) from none
    return library


class Shards:
    """The actor: what `core.workbench.crew.work` does, asked from afar."""

    def __init__(self, order: Order):
        self.order = order
        self.measure: Measures | None = None

    def do(self, task: Task, log: Path) -> tuple[str, str]:
        """One shard; each clip stands in the log before it is touched."""

        def begun(clip_id: str) -> None:
            with log.open("a", encoding="utf-8") as out:
                out.write(json.dumps(clip_id) + "\n")

        try:
            self.measure = self.measure or self.order.maker()
            return self.order.do(task, self.measure, begun), ""
        except BaseException as wrong:
            return FAILED, reason(wrong)


@dataclass
class Actor:
    """An actor as its driver holds it. answer: what it is asked for now, None nothing. log: where it writes down what it
    touches; seen: how much of that was read."""

    handle: Any
    logs: Path
    answer: Any = None
    log: Path | None = None
    seen: int = 0

    def send(self, task: Task) -> None:
        """Work, for an actor that may still be starting."""
        self.forget()
        self.log, self.seen = self.logs / token_hex(8), 0
        self.answer = self.handle.do.remote(task, self.log)

    def kill(self) -> None:
        """It is heard of as gone."""
        ray().kill(self.handle)

    def end(self) -> None:
        """For good."""
        ray().kill(self.handle)
        self.forget()

    def forget(self) -> None:
        """What it touched before."""
        if self.log:
            self.log.unlink(missing_ok=True)

    def touched(self) -> list[str]:
        """Clips that it has touched since this was asked."""
        with suppress(OSError):
            whole = self.log.read_text("utf-8").split("\n")[:-1] if self.log else []
            fresh, self.seen = whole[self.seen :], len(whole)
            return [json.loads(one) for one in fresh]
        return []


class Cluster:
    """Actors that Ray places. address: of a cluster that runs, "" a small one on this machine, which ends with us. gpus: of an
    actor, 0.5 where two share one."""

    def __init__(self, workers: int, address: str = "", gpus: float = 0.0):
        self.gpus, self.own = gpus, not ray().is_initialized()
        if self.own:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its maker of every start
            quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
            here = {"num_cpus": workers, "include_dashboard": False, "object_store_memory": STORE}
            try:
                ray().init(address=address or "local", **quiet, **({} if address else here))
            except (ConnectionError, RuntimeError, ValueError) as wrong:
                raise BadData(f"No Ray cluster answers at {address or 'this machine'}: {str(wrong).splitlines()[0]}") from wrong

    def new(self, order: Order) -> Actor:
        """A fresh one."""
        folder = order.folder.resolve()  # an actor starts in another one
        logs = folder / UNDER_WAY
        logs.mkdir(exist_ok=True)
        actor = ray().remote(Shards).options(num_cpus=1, num_gpus=self.gpus, max_restarts=0, max_task_retries=0)
        return Actor(actor.remote(replace(order, folder=folder)), logs)

    def again(self, order: Order, process: Actor) -> Actor:
        """Another one in its place. The old one may live on where it is only not reached, and two must not write one shard."""
        process.end()
        return self.new(order)

    def messages(self, workers: list[Worker], seconds: float) -> Iterator[tuple[Worker, str, str]]:
        """Gone is who does not answer any more; whatever he touched is heard of before."""
        waiting = {one.process.answer: one for one in workers if one.process.answer is not None}
        ready = ray().wait(list(waiting), timeout=seconds)[0] if waiting else []
        for one in workers:
            for clip_id in one.process.touched():
                yield one, CLIP, clip_id
        for answer in ready:
            yield waiting[answer], *heard(waiting[answer].process)

    def close(self) -> None:
        """What was started here ends here."""
        if self.own:
            ray().shutdown()


def heard(process: Actor) -> tuple[str, str]:
    """What became of what an actor was asked to do."""
    answer, process.answer = process.answer, None
    try:
        return ray().get(answer)
    except ray().exceptions.RayTaskError as wrong:
        return FAILED, reason(wrong)
    except ray().exceptions.RayError:
        return GONE, ""
