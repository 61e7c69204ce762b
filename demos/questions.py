"""Questions to the reader, and what is said to an answer. The right one is computed from the notebook's own arrays.

    answer = None  # how many prompts does gap 3 → 4 receive with η = 4?
    check(answer, number(counts(change_G, 4.0)[2], "⌈4 · 0.67⌉"))

    Not answered yet: write your answer in the place of None, and run the cell again.
    Not so: 2 is too small.
    Right: ⌈4 · 0.67⌉.

A question can also be a task: what is given to `check` then tries the answer out, and any value that does it is right.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from core import ReaderError

Tried = Callable[[Any], tuple[bool, str]]  # answer → whether it is right, and a sentence
UNANSWERED = "Not answered yet: write your answer in the place of None, and run the cell again."


@dataclass(frozen=True)
class Verdict:
    """What a reader is told. right: None as long as there is no answer."""

    right: bool | None
    sentence: str

    def __repr__(self) -> str:
        return self.sentence


def check(answer: Any, tried: Tried) -> Verdict:
    """What is said to an answer. A value that no knob takes, or that is of another kind, is not so; nothing is raised."""
    if answer is None:
        return Verdict(None, UNANSWERED)
    if getattr(answer, "ndim", None) == 0:
        answer = answer.item()  # a tensor's or an array's one number
    try:
        right, sentence = tried(answer)
    except ReaderError as wrong:
        right, sentence = False, str(wrong)
    except (TypeError, ValueError, IndexError, KeyError) as wrong:
        right, sentence = False, f"{answer!r} could not be tried ({wrong})."
    return Verdict(right, f"{'Right' if right else 'Not so'}: {sentence}")


def number(true: Any, because: str, within: float = 0.0) -> Tried:
    """A number, off by at most `within`. A wrong one is too small or too large."""
    true = float(true)

    def tried(answer: Any) -> tuple[bool, str]:
        if isinstance(answer, bool) or not isinstance(answer, Real):
            return False, f"the answer is a number, got {answer!r}."
        if abs(float(answer) - true) <= within:
            return True, because
        return False, f"{answer} is too {'small' if float(answer) < true else 'large'}."

    return tried


def yes_or_no(true: Any, because: str) -> Tried:
    """True or False. There are two answers, so the reason is told to both."""

    def tried(answer: Any) -> tuple[bool, str]:
        if not isinstance(answer, bool):
            return False, f"the answer is True or False, got {answer!r}."
        return answer == bool(true), because

    return tried


def several(true: Sequence[Any], because: str) -> Tried:
    """A list in its order. A wrong one is told how many of its places are right."""

    def tried(answer: Any) -> tuple[bool, str]:
        if isinstance(answer, str) or not isinstance(answer, Sequence):
            return False, f"the answer is a list such as [1, 2], got {answer!r}."
        if len(answer) != len(true):
            return False, f"the list has {len(true)} places, got {len(answer)}."
        hits = sum(one == other for one, other in zip(answer, true, strict=True))
        return hits == len(true), because if hits == len(true) else f"{hits} of {len(true)} places are right."

    return tried


def one_of(true: str, names: Sequence[str], because: str) -> Tried:
    """A name among some."""

    def tried(answer: Any) -> tuple[bool, str]:
        if answer not in names:
            return False, f"the answer is one of {', '.join(names)}, got {answer!r}."
        return answer == true, because if answer == true else f"it is not {answer}."

    return tried
