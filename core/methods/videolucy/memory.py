"""What VideoLucy holds: periods at three depths, captions of them, and each step of a search. All of it is frozen.

Depth 0 is coarse (periods of T_c seconds), 1 fine (T_f), 2 ultra-fine (T_uf).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

DEPTHS = ("coarse", "fine", "ultra-fine")
STEPS = ("caption", "survey", "answer", "locate", "forced")  # kinds of a step


@dataclass(frozen=True, order=True)
class Period:
    """Seconds [start, end) of the video, at a depth."""

    start: float
    end: float
    depth: int

    @property
    def seconds(self) -> float:
        return self.end - self.start

    def holds(self, other: "Period") -> bool:
        """Whether another one lies in it, at a deeper depth."""
        return other.depth > self.depth and self.start <= other.start and other.end <= self.end

    def __str__(self) -> str:
        return f"{self.start:g}–{self.end:g} s"


@dataclass(frozen=True)
class Entry:
    """What is remembered of a period. instruction: what the eye was told to look for; empty: nothing in particular."""

    period: Period
    caption: str
    instruction: str = ""


@dataclass(frozen=True)
class Memory:
    """Entries in the order of time, the shallow before the deep: one for each period, the newest."""

    entries: tuple[Entry, ...] = ()

    def of(self, period: Period) -> Entry | None:
        """The entry of a period."""
        return next((one for one in self.entries if one.period == period), None)

    @property
    def periods(self) -> tuple[Period, ...]:
        return tuple(one.period for one in self.entries)

    @property
    def finest(self) -> tuple[Entry, ...]:
        """Those that nothing deeper replaces, in the order of time. What a period was split into stands right behind it."""
        pairs = zip(self.entries, (*self.entries[1:], None))
        return tuple(one for one, after in pairs if after is None or not one.period.holds(after.period))


def with_entries(memory: Memory, entries: Iterable[Entry]) -> Memory:
    """The memory with these entries: one of a period that was there is replaced."""
    held = {one.period: one for one in (*memory.entries, *entries)}
    return Memory(tuple(sorted(held.values(), key=lambda one: (one.period.start, one.period.depth))))


def only(memory: Memory, periods: Iterable[Period]) -> Memory:
    """Its entries of these periods alone."""
    kept = set(periods)
    return replace(memory, entries=tuple(one for one in memory.entries if one.period in kept))


def split(start: float, end: float, seconds: float, depth: int) -> tuple[Period, ...]:
    """Periods of so many seconds from start to end; the last one is what is left."""
    count = max(1, -int(-(end - start) // seconds))
    borders = [*(start + seconds * k for k in range(count)), end]
    if count > 1 and borders[-1] - borders[-2] < 1e-6:
        borders.pop(-2)
    return tuple(Period(a, b, depth) for a, b in zip(borders[:-1], borders[1:], strict=True))


def memory_text(memory: Memory) -> str:
    """The memory as text, in the order of time: “2. 64–128 s: 1st red ring 5th blue star”; what is deeper is indented."""
    lines, number = [], [0, 0, 0]
    for one in memory.entries:
        depth = one.period.depth
        number[depth] += 1
        number[depth + 1 :] = [0] * (len(DEPTHS) - depth - 1)
        place = (f"{number[0]}.", f"({number[1]})", f"[{number[2]}]")[depth]
        sought = f" ({one.instruction})" if one.instruction else ""
        lines.append(f"{'   ' * depth}{place} {one.period}{sought}: {one.caption or 'nothing'}")
    return "\n".join(lines)


# ---- what agents say -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Survey:
    """Which coarse periods a question is about. whole: it needs all of them; else `periods`, the most relevant first."""

    whole: bool
    periods: tuple[Period, ...]
    request: str
    raw: str
    calls: int = 1


@dataclass(frozen=True)
class Location:
    """The period to look at more closely, and what the eye is told to look for there. period: None where nothing is left."""

    period: Period | None
    instruction: str
    request: str
    raw: str
    calls: int = 1


@dataclass(frozen=True)
class Reply:
    """What is answered. confident: the memory holds what shows it. period: where. reason: why, in a sentence."""

    answer: str
    confident: bool
    reason: str
    request: str
    raw: str
    period: Period | None = None
    calls: int = 1


@dataclass(frozen=True)
class Step:
    """One step of a search, as it was when it was over.

    kind: of STEPS. request, raw: what the agent was asked and said; of a caption step the instruction and all captions.
    period: the one that was located, or that shows the answer; None where there is none. depth: of that period. changed: the
    entries that were written. memory: after the step. captions, calls: how often the eye and the other agents were asked so
    far. confident: of the newest answer; answer: that answer. iteration: 0 before the loop. note: a sentence of what happened.
    """

    kind: str
    request: str
    raw: str
    period: Period | None
    depth: int | None
    changed: tuple[Entry, ...]
    memory: Memory
    captions: int
    calls: int
    confident: bool
    answer: str
    iteration: int
    note: str


@dataclass(frozen=True)
class Search:
    """All steps of a question. forced: the iterations were used up before an answer was sure. sparse: the coarse periods that
    the loop began with. exhaustive: how many captions every period of T_uf would be."""

    question: str
    answer: str
    confident: bool
    forced: bool
    steps: tuple[Step, ...]
    sparse: tuple[Period, ...]
    exhaustive: int

    @property
    def memory(self) -> Memory:
        return self.steps[-1].memory if self.steps else Memory()

    @property
    def captions(self) -> int:
        return self.steps[-1].captions if self.steps else 0

    @property
    def calls(self) -> int:
        return self.steps[-1].calls if self.steps else 0

    @property
    def visits(self) -> tuple[Period, ...]:
        """The periods that were located, in their order: the path of the search."""
        return tuple(one.period for one in self.steps if one.kind == "locate" and one.period is not None)
