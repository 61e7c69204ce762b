"""Who hands out the shards of a run, and goes on when a process is ended. One at a time drives a run.

A shard whose process was ended twice is done carefully, clip by clip; a clip that ends its process twice then is `crashed`, and
the others of its shard are there. A process that is silent far longer than clips take is ended likewise.
"""

import json
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from platform import node
from statistics import median

from core.errors import BadData
from core.workbench.crew import CANCEL, CLIP, DONE, DRIVER, FAILED, GONE, OFF, Crew, Local, Order, Worker
from core.workbench.files import leftovers, now, write_text
from core.workbench.shard import Measures, Task, unfinished, wrong_in

COMPLETE, PARTIAL = "complete", "called off"
LONGEST, TIMES = 600.0, 20  # seconds that a clip may take, or so many times what clips take, whichever is longer
STARTING = 1800.0  # seconds that a process may take to load what it measures with
STARTS = 3  # processes in a row that may end before they touch a clip
TOLD = 0.5  # seconds between two looks at progress.json
LATE = 60.0  # seconds after which a file that another machine wrote is seen here


@dataclass
class Ledger:
    """What is known while a run goes on."""

    waiting: deque[Task]
    clips: dict[int, int]
    total: int
    done: int = 0
    seconds: list[float] = field(default_factory=list)  # that a clip took, of each shard
    deaths: Counter[int] = field(default_factory=Counter)
    strikes: Counter[str] = field(default_factory=Counter)
    crashed: dict[int, set[str]] = field(default_factory=dict)
    stillborn: int = 0
    began: float = field(default_factory=time.monotonic)
    fresh: int = 0
    written: float = 0.0


Tell = Callable[[dict], None]


def drive(order: Order, workers: int, tell: Tell = lambda progress: None, crew: Crew | None = None) -> str:
    """All that is not there yet of these settings; COMPLETE or PARTIAL. workers: processes; 0: this one. tell: is given what
    stands in progress.json. crew: where the processes are, this machine where none is named."""
    with driving(order.folder):
        (order.folder / CANCEL).unlink(missing_ok=True)
        order = replace(order, driver=f"{node()} {os.getpid()} {time.time_ns()}")
        write_text(order.folder / DRIVER, order.driver)
        for file in leftovers(order.folder):
            file.unlink(missing_ok=True)
        tasks, wrong = unfinished(order.folder, order.plan, order.settings)
        book = Ledger(
            deque(Task(shard, names) for shard, names in tasks.items()),
            {shard: order.plan.clips_of(shard) for shard in order.plan.shards}, order.plan.clips,
        )  # fmt: skip
        book.done = book.total - sum(book.clips[shard] for shard in tasks)
        redone = [f"{file.relative_to(order.folder)} {why}, and is made again." for file, why in wrong.items()]
        progress(order.folder, book, [], "running", tell, redone)
        try:
            state = together(order, book, workers, tell, crew or Local()) if workers else alone(order, book, tell)
        except KeyboardInterrupt:
            state = PARTIAL
        except BaseException:
            progress(order.folder, book, [], "failed", tell)
            raise
        progress(order.folder, book, [], state, tell)
        return state


def alone(order: Order, book: Ledger, tell: Tell) -> str:
    """In this process: what ends it ends the run, which can be gone on with."""
    measure: Measures | None = None
    while book.waiting:
        task, began, begun = book.waiting[0], time.monotonic(), []

        def told(clip_id: str, begun: list[str] = begun) -> None:
            begun.append(clip_id)
            progress(order.folder, book, [len(begun) - 1], "running", tell)

        measure = measure or order.maker()
        if order.do(task, measure, told) == OFF:
            return PARTIAL
        book.waiting.popleft()
        count_done(book, task, time.monotonic() - began)
    return COMPLETE


def together(order: Order, book: Ledger, workers: int, tell: Tell, crew: Crew) -> str:
    """By processes of their own."""
    team: list[Worker] = []
    try:
        team += [Worker(crew.new(order)) for _ in range(min(workers, len(book.waiting)))]
        while book.waiting or any(one.task for one in team):
            if (order.folder / CANCEL).exists():
                book.waiting.clear()
            for one in team:
                if one.task is None and book.waiting:
                    one.give(book.waiting.popleft())
            for one, what, which in crew.messages(team, 0.2):
                handle(order, book, team, crew, one, what, which)
            for one in team:
                if one.task and time.monotonic() - one.last > (patience(book) if one.ready else STARTING):
                    one.last = time.monotonic()
                    one.process.kill()  # it is heard of as gone
            progress(order.folder, book, [len(one.clips) - 1 for one in team if one.clips], "running", tell)
        return PARTIAL if (order.folder / CANCEL).exists() else COMPLETE
    finally:
        for one in team:
            one.process.end()
        crew.close()


def handle(order: Order, book: Ledger, team: list[Worker], crew: Crew, one: Worker, what: str, which: str) -> None:
    """What follows from what a process says."""
    one.last, one.ready = time.monotonic(), True
    if what == CLIP:
        one.clip_id, book.stillborn = which, 0
        one.clips.append(which)
    elif what == FAILED:
        raise BadData(f"The run stopped, and can be gone on with: {which}")
    elif what == GONE:
        if one.task:
            again(book, one)
        team[team.index(one)] = Worker(crew.again(order, one.process))
    elif what in (DONE, OFF):
        assert one.task is not None
        if what == DONE:
            check_there(order, one.task)
            count_done(book, one.task, time.monotonic() - one.since)
        one.task, one.clips = None, []


def check_there(order: Order, task: Task) -> None:
    """What is done is what is seen here: a BadData where it is not, and it is not only late, as a network's files may be."""
    end = time.monotonic() + LATE
    while wrong := wrong_in(order.folder, order.plan, order.settings, task):
        if time.monotonic() > end:
            file, why = next(iter(wrong.items()))
            raise BadData(
                f"Shard {task.shard} was measured, and here {file.name} {why}: the run's folder must be the same on every "
                "machine, under the same name."
            )
        time.sleep(TOLD)


def again(book: Ledger, one: Worker) -> None:
    """The shard of a process that was ended is done again: carefully after the second time, without a clip that ended two."""
    task = one.task
    assert task is not None
    book.deaths[task.shard] += 1
    if not one.clip_id:
        book.stillborn += 1
        if book.stillborn >= STARTS:
            raise BadData(
                f"{STARTS} processes in a row ended before they touched a clip: is there memory for {STARTS} more of them? "
                "--workers says how many there are."
            )
    if task.careful and one.clip_id:
        book.strikes[one.clip_id] += 1
        if book.strikes[one.clip_id] >= 2:
            book.crashed.setdefault(task.shard, set()).add(one.clip_id)
    crashed = tuple(sorted(book.crashed.get(task.shard, ())))
    book.waiting.appendleft(replace(task, careful=book.deaths[task.shard] >= 2, crashed=crashed))


def count_done(book: Ledger, task: Task, seconds: float) -> None:
    """A shard is there."""
    book.done += book.clips[task.shard]
    book.fresh += book.clips[task.shard]
    book.seconds.append(seconds / book.clips[task.shard])


def patience(book: Ledger) -> float:
    """Seconds for which a process may be silent."""
    return max(LONGEST, TIMES * median(book.seconds)) if book.seconds else LONGEST


# ---- beside the work -----------------------------------------------------------------------------------------------------


def progress(folder: Path, book: Ledger, under_way: list[int], state: str, tell: Tell, notes: list[str] | None = None) -> None:
    """progress.json: how far it is and when it will be there. under_way: clips done of the shards that are."""
    if state == "running" and not notes and time.monotonic() - book.written < TOLD:
        return
    book.written, some = time.monotonic(), sum(under_way)
    spent, fresh = time.monotonic() - book.began, book.fresh + some
    left = book.total - book.done - some
    made = {
        "state": state, "pid": os.getpid(), "at": now(), "clips": book.total, "done": book.done + some,
        "seconds": round(spent, 1),
        "eta": round(left * spent / fresh, 1) if fresh and left else 0 if not left else None,
        "crashed": sorted(one for some in book.crashed.values() for one in some), "notes": notes or [],
    }  # fmt: skip
    write_text(folder / "progress.json", json.dumps(made) + "\n")
    tell(made)


def read_progress(folder: Path) -> dict:
    """What stands there; {} where nobody has driven the run yet."""
    try:
        return json.loads((folder / "progress.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}


@contextmanager
def driving(folder: Path) -> Iterator[None]:
    """Inside, nobody else drives this run; a BadData where somebody does."""
    with (folder / "run.lock").open("a") as lock:
        if not take_lock(lock.fileno()):
            raise BadData(f"{folder.name} is driven by another process: wait for it, or call it off with `cancel`.")
        yield


def is_driven(folder: Path) -> bool:
    """Whether a process drives it now."""
    if not (folder / "run.lock").is_file():
        return False
    with (folder / "run.lock").open("a") as lock:
        return not take_lock(lock.fileno())


def take_lock(number: int) -> bool:
    """Whether the lock of this open file is ours now; it is let go with the file, whatever ends us."""
    try:
        import fcntl  # of POSIX systems alone
    except ImportError as none:
        raise BadData("A run needs a system that locks files as POSIX does: Linux or macOS, or WSL on Windows.") from none
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False
