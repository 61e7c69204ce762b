"""VideoLucy's agents without a language model: rules that read the question's grammar, and the trained eye.

    Rules(eye, video)       # Agents of `core.methods.videolucy.loop`

Locating is a match of words: periods whose captions name the anchor; where none does, the middle of the widest stretch that
nobody has searched. The instruction is the attribute that is missing. The answer is looked up, and is sure only where a
caption binds anchor and attribute: of what follows the anchor, where no scene can have been overlooked between the two.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.methods.videolucy import prompts
from core.methods.videolucy.eye import Eye
from core.methods.videolucy.grammar import EXAMPLES, Anchor, Asked, clauses, most, runs, showing, understood
from core.methods.videolucy.memory import Entry, Location, Memory, Period, Reply, Survey
from core.video.footage import Footage
from core.world.captions import COLOURS, SHAPES
from core.world.marks import NUMBERS
from core.world.questions import NOT_SHOWN

STRICT = ("any", "bound", "twice")  # any clause is enough; it must bind anchor and attribute; in two captions


@dataclass(frozen=True)
class Rules:
    """eye: that writes captions. strict: of STRICT, when the answering agent is sure. noise: share of a caption's colours,
    shapes and numbers in whose place another stands; seed: which."""

    eye: Eye
    video: Footage
    strict: str = "bound"
    noise: float = 0.0
    seed: int = 0

    def caption(self, periods: Sequence[Period], instruction: str) -> Sequence[str]:
        """The eye's captions, with the noise."""
        said = self.eye.captions(self.video, periods, instruction)
        return [disturbed(text, self.noise, (self.seed, period)) for period, text in zip(periods, said, strict=True)]

    def survey(self, question: str, memory: Memory, relevant: int) -> Survey:
        """Periods that name the anchor, those first that have more of its words; all where none names it."""
        anchor = understood(question).anchor
        found = [(best_likeness(one, anchor), one.period) for one in memory.entries if one.period.depth == 0]
        whole = not anchor.words or all(like < anchor.words for like, _ in found)
        near = [] if whole else [one for like, one in sorted(found, key=lambda one: -one[0]) if like][:relevant]
        reason = f"No caption names the {anchor}." if whole else f"These captions name the {anchor}, or a part of it."
        raw = {"Flag": whole, "Time Period": [[one.start, one.end] for one in near], "Reason": reason}
        return Survey(whole, tuple(near), prompts.survey(question, memory, relevant), json.dumps(raw))

    def locate(self, question: str, memory: Memory, searched: Sequence[Period], instruct: bool) -> Location:
        """A period that may show what is missing; the coarse before the fine, the early before the late."""
        what = understood(question)
        left = [one.period for one in memory.entries if one.period.depth < 2 and one.period not in searched]
        wanted = targets(memory, what)
        near = sorted((one for one in left if one in wanted), key=lambda one: (one.depth, one.start))
        period = near[0] if near else widest(left)
        instruction = prompts.LOOK if instruct and what.attribute == "number" else ""
        if near:
            reason = f"Its captions name the {what.anchor}" + (", or what follows it." if what.after else ".")
        else:
            reason = f"No caption that is left names the {what.anchor}: the middle of the widest stretch not searched."
        raw = {"Time Period": period and [period.start, period.end], "Instruction": instruction, "Reason": reason}
        return Location(period, instruction, prompts.locate(question, memory, searched), json.dumps(raw))

    def answer(self, question: str, memory: Memory, forced: bool = False) -> Reply:
        """What the memory's clauses bind to the anchor: the most frequent value."""
        what = understood(question)
        held = bound(memory, what)
        sure = self.strict == "any" and guesses(memory, what) or held
        value, count, next_count = most(one for one, _ in sure)
        least = 2 if self.strict == "twice" else 1
        confident = not forced and count >= least and count > next_count
        if not value:
            value, count, next_count = most(one for one, _ in guesses(memory, what))
        period = next((where for one, where in (*sure, *guesses(memory, what)) if one == value), None)
        reason = f"{times(count)} said it is {value}" if value else f"No caption says which {what.attribute} it is"
        reason += f", {times(next_count)} said something else." if next_count else "."
        reply = value or NOT_SHOWN
        if not what.attribute:
            reply, reason = "", f"The rules read questions as {EXAMPLES}: a language model reads any."
        raw = {"Answer": reply, "Time Period": period and [period.start, period.end], "Reason": reason}
        raw = raw if forced else {"Confidence": confident, **raw}
        return Reply(reply, confident, reason, prompts.answer(question, memory, forced), json.dumps(raw), period)


def times(count: int) -> str:
    """In words: how many captions."""
    return "One caption" if count == 1 else f"{count} captions"


def best_likeness(entry: Entry, anchor: Anchor) -> int:
    """The most words of the anchor that one clause of a caption has."""
    return max((anchor.likeness(one) for one in clauses(entry.caption)), default=0)


# ---- what the memory binds -------------------------------------------------------------------------------------------------

Found = list[tuple[str, Period]]


def bound(memory: Memory, what: Asked) -> Found:
    """Values of the asked attribute that captions bind to the anchor, each with the period that shows it."""
    return of_anchor(memory, what) if not what.after else of_next(memory, what, exact=True)


def guesses(memory: Memory, what: Asked) -> Found:
    """The same, where what follows in a coarse caption counts as what is right after."""
    return of_anchor(memory, what) if not what.after else of_next(memory, what, exact=False)


def of_anchor(memory: Memory, what: Asked) -> Found:
    """From every clause that shows the anchor."""
    shown = showing(memory, what.anchor) if what.attribute else ()
    found = [(getattr(one, what.attribute), entry.period) for entry, one in shown]
    return [(value, period) for value, period in found if value]


def of_next(memory: Memory, what: Asked, exact: bool) -> Found:
    """From the run that follows one of the anchor."""
    found, every = [], runs(memory)
    for one, after in zip(every[:-1], every[1:]):
        if what.anchor.fits(one.clause) and (one.exact or not exact):
            if what.attribute == "number":
                found += [(number, after.periods[0]) for number, count in after.numbers for _ in range(count)]
            else:
                found.append((getattr(after.clause, what.attribute), after.periods[0]))
    return found


def targets(memory: Memory, what: Asked) -> set[Period]:
    """Periods that may show what is asked: those that name the anchor; or where it ends, and what comes next."""
    if not what.after:
        return {entry.period for entry, _ in showing(memory, what.anchor)}
    found, every, finest = set(), runs(memory), memory.finest
    for one, after in zip(every, (*every[1:], None)):
        if not what.anchor.fits(one.clause):
            continue
        if one.exact and after is not None:
            found |= set(after.periods)
        else:
            end = one.periods[-1].end
            found |= {*one.periods[-2:], *(entry.period for entry in finest if abs(entry.period.start - end) < 1e-6)}
    return found


def widest(left: Sequence[Period]) -> Period | None:
    """The coarse period in the middle of the widest stretch not searched; a fine one where no coarse one is left."""
    depth = min((one.depth for one in left), default=0)
    stretches: list[list[Period]] = []
    for one in sorted(one for one in left if one.depth == depth):
        if stretches and abs(stretches[-1][-1].end - one.start) < 1e-6:
            stretches[-1].append(one)
        else:
            stretches.append([one])
    best = max(stretches, key=len, default=None)
    return best[len(best) // 2] if best else None


# ---- noise -----------------------------------------------------------------------------------------------------------------


def disturbed(caption: str, share: float, place: tuple) -> str:
    """A caption in which a share of its words became others of their kind, by a draw that `place` decides."""
    if not share:
        return caption
    seed, period = place
    rng = np.random.default_rng([seed, round(period.start * 1000), round(period.end * 1000)])
    made = []
    for word in caption.split():
        kind = next((every for every in (COLOURS, SHAPES, NUMBERS) if word in every), ())
        made.append(str(rng.choice([one for one in kind if one != word])) if kind and rng.random() < share else word)
    return " ".join(made)
