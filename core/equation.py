"""A method's equations as they are written, for a page to typeset: their terms are stages and knobs.

A method's lesson may declare EQUATIONS. Where it does not, they are those that its outputs' docstrings begin with.

    Equation("{score_TP} = {alpha}·{attention_TP} + (1 − {alpha})·{dynamics_TP}", "What stands out, and what moves.")
"""

import inspect
import re
from dataclasses import dataclass
from typing import NamedTuple

TERM = re.compile(r"\{(\w+)(?:\|([^|{}]*))?(?:\|(\w+))?\}")


class Term(NamedTuple):
    """name: of a stage or a knob. symbol: as it is written; None: as the output or the knob is. lights: the output that shows
    it, where the stage itself is drawn nowhere."""

    name: str
    symbol: str | None = None
    lights: str | None = None


@dataclass(frozen=True)
class Equation:
    """formula: text with terms {name}, {name|symbol} or {name|symbol|lights}; ^ and _ raise and lower one word. said: a plain
    sentence. numbers: the right side with numbers in the place of terms, for the patch or gap that is looked at. paper,
    released: what the paper and its released code say where ours is not the same; ours: topics of READINGS."""

    formula: str
    said: str
    numbers: str = ""
    paper: str = ""
    released: str = ""
    ours: tuple[str, ...] = ()


def parts(text: str) -> list[str | Term]:
    """Text and terms in the order they stand."""
    made, end = [], 0
    for found in TERM.finditer(text):
        made += [text[end : found.start()], Term(*found.groups())]
        end = found.end()
    return [one for one in (*made, text[end:]) if one]


def derived(method) -> tuple[Equation, ...]:
    """What the docstrings of a method's outputs begin with, for one that declares no EQUATIONS."""
    stages = {stage.__name__: stage for stage in method.stages}
    return tuple(_derived(one, stages[one.stage]) for one in method.outputs)


def _derived(output, stage) -> Equation:
    """“W^s = α·A + (1 − α)·M: what stands out” → its formula and its sentence."""
    head, _, said = " ".join((inspect.getdoc(stage) or "").split()).partition(": ")
    left, equals, right = head.partition(" = ")
    if equals and said:
        return Equation(f"{{{output.stage}|{left}}} = {right}", said)
    return Equation(f"{{{output.stage}}}", said if said and len(head) <= 12 else f"{head}: {said}" if said else head)
