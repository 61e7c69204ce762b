"""Deep memory backtracking, VideoLucy's Algorithm 1, over frozen values: a generator of steps.

    for step in steps(agents, question, seconds, Settings()):
        ...                                     # each as it happens
    found = search(agents, question, seconds)   # all of it; `core.progress.emit` is given what is there after each step

Who captions, surveys, locates and answers is given as `Agents`: rules and a small network (`core.methods.videolucy.agents`), or
models on other machines. The loop holds nothing and asks nobody else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from core.methods.videolucy.memory import (
    DEPTHS,
    Entry,
    Location,
    Memory,
    Period,
    Reply,
    Search,
    Step,
    Survey,
    memory_text,
    only,
    split,
    with_entries,
)
from core.progress import emit


@dataclass(frozen=True)
class Settings:
    """coarse, fine, ultra: T_c, T_f, T_uf in seconds. iterations: of the loop, at most. sparse: begin with the most relevant
    periods alone. relevant: how many. neighbours: of each on either side. instruct: whether the eye is told what to look for.
    captions: no iteration begins once there were so many; 0: no such limit."""

    coarse: float = 64.0
    fine: float = 8.0
    ultra: float = 1.0
    iterations: int = 5
    sparse: bool = True
    relevant: int = 3
    neighbours: int = 1
    instruct: bool = True
    captions: int = 0

    def deeper(self, depth: int) -> float:
        """Seconds of the periods that one of this depth is split into; 0 where it is the deepest."""
        return (self.fine, self.ultra, 0.0)[depth]


class Agents(Protocol):
    """The four of the paper, localization and instruction being one call. Each says what it was asked and what it said."""

    def caption(self, periods: Sequence[Period], instruction: str) -> Sequence[str]:
        """Capt: a text for each of these periods. instruction: what to look for; empty: nothing in particular."""
        ...

    def survey(self, question: str, memory: Memory, relevant: int) -> Survey:
        """Which of the coarse periods the question is about, or that it needs all of them."""
        ...

    def locate(self, question: str, memory: Memory, searched: Sequence[Period], instruct: bool) -> Location:
        """Loc and Ins: one period of the memory that was not searched, and what to look for in it."""
        ...

    def answer(self, question: str, memory: Memory, forced: bool = False) -> Reply:
        """Ans: the answer, and whether the memory holds what shows it. forced: it must answer, and is not sure."""
        ...


def steps(agents: Agents, question: str, seconds: float, settings: Settings = Settings()) -> Iterator[Step]:
    """Every step of a search through a video of so many seconds, each when it is over; the last one holds the answer."""
    now = _Place(agents, settings)
    yield now.captioned(split(0.0, seconds, settings.coarse, 0), "", 0)
    whole = now.memory
    if settings.sparse:
        found = agents.survey(question, whole, settings.relevant)
        if not found.whole:
            now.memory = only(whole, around(whole.periods, found.periods, settings.neighbours))
        kept = len(now.memory.entries)
        note = "It needs the whole video." if found.whole else f"{kept} of {len(whole.entries)} coarse periods are kept."
        yield now.step("survey", found, found.periods[0] if found.periods else None, note)
    reply = agents.answer(question, now.memory)
    yield now.answered("answer", reply)
    searched: tuple[Period, ...] = ()
    for now.iteration in range(1, settings.iterations + 1):
        if reply.confident or (settings.captions and now.captions >= settings.captions):
            break
        there = agents.locate(question, now.memory, searched, settings.instruct)
        if there.period is None and len(now.memory.periods) < len({*now.memory.periods, *whole.periods}):
            yield now.step("locate", there, None, "Nothing is left here: the other coarse periods are taken, too.")
            now.memory = with_entries(whole, now.memory.entries)
            there = agents.locate(question, now.memory, searched, settings.instruct)
        if there.period is None:
            yield now.step("locate", there, None, "Nothing is left to look at.")
            break
        searched = (*searched, there.period)
        sought = there.instruction if settings.instruct else ""
        yield now.step("locate", there, there.period, f"{there.period}, {DEPTHS[there.period.depth]}: {sought or 'look again'}")
        yield now.captioned((there.period, *children(there.period, settings)), sought, there.period.depth)
        reply = agents.answer(question, now.memory)
        yield now.answered("answer", reply)
    if not reply.confident:
        yield now.answered("forced", agents.answer(question, now.memory, forced=True))


def search(agents: Agents, question: str, seconds: float, settings: Settings = Settings()) -> Search:
    """All steps. Whoever waits is given what is there after each: a Search without an answer yet."""
    made: list[Step] = []
    for one in steps(agents, question, seconds, settings):
        made.append(one)
        emit(search_so_far(question, made, seconds, settings))
    return search_so_far(question, made, seconds, settings)


def search_so_far(question: str, made: Sequence[Step], seconds: float, settings: Settings) -> Search:
    """What these steps say, whether or not they are all."""
    last, sparse = made[-1], next((one.memory for one in made if one.kind in ("survey", "answer")), made[0].memory)
    return Search(
        question, last.answer, last.confident, last.kind == "forced", tuple(made), sparse.periods,
        ceil(seconds / settings.ultra - 1e-9),
    )  # fmt: skip


def children(period: Period, settings: Settings) -> tuple[Period, ...]:
    """What a period is split into at the next depth, its own rest included; nothing where there is no deeper one."""
    seconds = settings.deeper(period.depth)
    return split(period.start, period.end, seconds, period.depth + 1) if seconds else ()


def around(every: Sequence[Period], some: Sequence[Period], neighbours: int) -> tuple[Period, ...]:
    """These periods and so many neighbours of each on either side, in the order of time."""
    place = {one: k for k, one in enumerate(every)}
    near = {place[one] + step for one in some if one in place for step in range(-neighbours, neighbours + 1)}
    return tuple(one for k, one in enumerate(every) if k in near)


class _Place:
    """How far a search is: what its next step begins with."""

    def __init__(self, agents: Agents, settings: Settings):
        self.agents, self.settings = agents, settings
        self.memory, self.captions, self.calls, self.iteration = Memory(), 0, 0, 0
        self.confident, self.answer = False, ""

    def captioned(self, periods: Sequence[Period], instruction: str, depth: int) -> Step:
        """The eye looks at periods, and what it says is written."""
        said = self.agents.caption(periods, instruction)
        made = tuple(Entry(one, text, instruction) for one, text in zip(periods, said, strict=True))
        self.memory = with_entries(self.memory, made)
        self.captions += len(made)
        note = f"{len(made)} captions are written, {self.captions} in all."
        return self._step("caption", instruction, memory_text(Memory(made)), made[0].period, depth, made, note)

    def answered(self, kind: str, reply: Reply) -> Step:
        """The answering agent's step."""
        self.confident, self.answer = reply.confident and kind != "forced", reply.answer
        return self.step(kind, reply, reply.period, reply.reason)

    def step(self, kind: str, said: Survey | Location | Reply, period: Period | None, note: str) -> Step:
        """The step of an agent that reads and writes words."""
        self.calls += said.calls
        return self._step(kind, said.request, said.raw, period, period and period.depth, (), note)

    def _step(self, kind, request, raw, period, depth, changed, note) -> Step:
        return Step(
            kind, request, raw, period, depth, changed, self.memory, self.captions, self.calls, self.confident, self.answer,
            self.iteration, note,
        )  # fmt: skip
