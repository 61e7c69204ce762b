"""Questions of a closed grammar, and what captions say: a text becomes what is asked, or clauses, and a memory becomes runs.

"What colour is the thing right after the red ring?"   →   Asked("colour", Anchor("red", "ring"), after=True)
"1st red ring 4 3rd blue star"                         →   Clause("red", "ring", "4"), Clause("blue", "star")
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from core.errors import BadText
from core.methods.videolucy.memory import Entry, Memory, Period
from core.world.captions import COLOURS, SHAPES
from core.world.marks import NUMBERS

NOUN = rf"(?:(?P<colour>{'|'.join(COLOURS)}) )?(?P<shape>{'|'.join(SHAPES)}|thing)"
ANCHOR = rf"(?P<after>thing right after the )?{NOUN}"
FORMS = (
    re.compile(rf"what (?P<attribute>colou?r|shape) is the {ANCHOR}\s*\??"),
    re.compile(rf"(?:which|what) (?P<attribute>number) does the {ANCHOR} carry\s*\??"),
)
EXAMPLES = "“What colour is the ring?”, “Which number does the thing right after the red ring carry?”"


@dataclass(frozen=True)
class Anchor:
    """A thing that a question names: its colour, its shape, or both; empty where it does not say."""

    colour: str = ""
    shape: str = ""

    def fits(self, clause: "Clause") -> bool:
        """Whether a clause shows it."""
        return self.colour in ("", clause.colour) and self.shape in ("", clause.shape)

    def likeness(self, clause: "Clause") -> int:
        """How many of its words a clause has."""
        return (self.colour != "" and self.colour == clause.colour) + (self.shape != "" and self.shape == clause.shape)

    @property
    def words(self) -> int:
        return bool(self.colour) + bool(self.shape)

    def __str__(self) -> str:
        return f"{self.colour} {self.shape or 'thing'}".strip()


@dataclass(frozen=True)
class Asked:
    """attribute: "colour", "shape" or "number". after: of the thing right after the anchor."""

    attribute: str
    anchor: Anchor
    after: bool = False


@dataclass(frozen=True)
class Clause:
    """A thing as a caption has it."""

    colour: str
    shape: str
    number: str = ""

    @property
    def look(self) -> tuple[str, str]:
        return self.colour, self.shape


def asked(question: str) -> Asked:
    """What a question asks. Anything else than the grammar is a BadText, which says what can be asked."""
    plain = " ".join(question.lower().split())
    for form in FORMS:
        if (hit := form.fullmatch(plain)) and (hit["colour"] or hit["shape"] != "thing"):
            attribute = "colour" if hit["attribute"].startswith("colo") else hit["attribute"]
            shape = "" if hit["shape"] == "thing" else hit["shape"]
            return Asked(attribute, Anchor(hit["colour"] or "", shape), bool(hit["after"]))
    raise BadText(f"The rules read questions as {EXAMPLES}; got {question!r}. A language model reads any.")


def understood(question: str) -> Asked:
    """The same; of any other question the thing that it names, if it does, and no attribute: nothing can be looked up."""
    try:
        return asked(question)
    except BadText:
        words = re.findall(r"[a-z]+", question.lower())
        colour, shape = (next((one for one in words if one in every), "") for every in (COLOURS, SHAPES))
        return Asked("", Anchor(colour, shape))


@lru_cache(maxsize=1 << 14)
def clauses(caption: str) -> tuple[Clause, ...]:
    """The things that a caption names, in its order: a colour, a shape, and a number that may be near them."""
    found = []
    for part in re.split(r"\bthen\b|\b\d(?:st|nd|rd|th)\b|[,.;\n]", caption.lower()):
        words = re.findall(r"[a-z]+|\d+", part)
        colour, shape, number = (next((one for one in words if one in every), "") for every in (COLOURS, SHAPES, NUMBERS))
        if colour or shape:
            found.append(Clause(colour, shape, number))
    return tuple(found)


# ---- what a memory shows ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """One thing as long as captions show it without another: the periods whose captions do, and how often which number is in
    them. exact: nothing between this run and the next can have been overlooked, as far as their captions are fine enough."""

    look: tuple[str, str]
    periods: tuple[Period, ...]
    numbers: tuple[tuple[str, int], ...] = ()
    exact: bool = False

    @property
    def clause(self) -> Clause:
        return Clause(*self.look)


@lru_cache(maxsize=256)
def runs(memory: Memory) -> tuple[Run, ...]:
    """What the finest captions show, in the order of time; what ends one period and begins the next is one run. Two runs are
    next to each other for sure where one fine caption, or two of neighbouring periods, shows both."""
    made: list[list] = []  # look, periods, numbers, exact
    for entry in memory.finest:
        for place, one in enumerate(clauses(entry.caption)):
            before = made[-1][1][-1] if made else None
            joined = before is not None and place == 0 and abs(before.end - entry.period.start) < 1e-6
            if joined and made[-1][0] == one.look:
                made[-1][1].append(entry.period)
            else:
                if made:
                    made[-1][3] = (place > 0 or joined) and min(before.depth, entry.period.depth) > 0  # type: ignore
                made.append([one.look, [entry.period], [], False])
            made[-1][2].extend([one.number] if one.number else [])
    return tuple(
        Run(look, tuple(periods), tuple(Counter(numbers).most_common()), exact) for look, periods, numbers, exact in made
    )


def showing(memory: Memory, anchor: Anchor) -> tuple[tuple[Entry, Clause], ...]:
    """Every clause, of captions of all depths, that shows the anchor."""
    return tuple((entry, one) for entry in memory.entries for one in clauses(entry.caption) if anchor.fits(one))


def most(values: Iterable[str]) -> tuple[str, int, int]:
    """The most frequent value, how often it is there, and how often the next one is; ("", 0, 0) of none."""
    ranked = Counter(values).most_common(2)
    first, count = ranked[0] if ranked else ("", 0)
    return first, count, ranked[1][1] if len(ranked) > 1 else 0
