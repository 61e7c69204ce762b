"""A method as a line of boxes, from its frames to its results, read from its stages: what a strip above a picture shows.

Results stand in the order of the stages that make them. Those that follow each other and are drawn in one picture are one box;
a stage that is drawn nowhere is a part of the first result that needs it, so that every stage that ran has its place.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.graph import inputs
from core.kinds import Output
from core.method import Method

BOXES = 8  # at most: more are too narrow to be read in one line


@dataclass(frozen=True)
class Result:
    """stage: that makes it. stages: it, and what runs for it and for no result before it. follows: whether it is made of the
    result before it in its box."""

    stage: str
    stages: tuple[str, ...]
    follows: bool


@dataclass(frozen=True)
class Box:
    """Results of one picture. follows: whether any is made of one of the box before; of the first, of the frames."""

    title: str
    results: tuple[Result, ...]
    follows: bool


def pipeline(method: Method) -> tuple[Box, ...]:
    """The boxes of a method, in the order of its stages. One number or fact about a run is no step of it, and has no place."""
    above = made_of(method)
    shown = {one.stage: one for one in method.outputs if (one.over or one.value == "text") and not one.closer}
    rows: list[tuple[str, list[str]]] = []
    for stage in (stage for stage in above if stage in shown):
        title = title_of(method, shown[stage])
        if not rows or rows[-1][0] != title:
            rows.append((title, []))
        rows[-1][1].append(stage)
    while len(rows) > BOXES:
        place = min(range(len(rows) - 1), key=lambda i: len(rows[i][1]) + len(rows[i + 1][1]))
        (title, stages), (other, more) = rows[place : place + 2]
        rows[place : place + 2] = [(f"{title} · {other}", stages + more)]
    boxes, seen, before = [], set(), []
    for title, stages in rows:
        follows = not before or any(above[stage] & {*before} for stage in stages)
        boxes.append(Box(title, _results(stages, above, seen, shown), follows))
        before = stages
    return tuple(boxes)


def _results(
    stages: Sequence[str], above: dict[str, set[str]], seen: set[str], shown: dict[str, Output]
) -> tuple[Result, ...]:  # fmt: skip
    """Of one box; results with one symbol are one. seen: stages that have their place already; it grows."""
    made: dict[str, Result] = {}
    for before, stage in pairwise(["", *stages]):
        own = tuple(name for name in above if name in above[stage] | {stage} and name not in seen)
        seen |= {*own}
        symbol = shown[stage].symbol
        if symbol in made:
            made[symbol] = Result(made[symbol].stage, made[symbol].stages + own, made[symbol].follows)
        else:
            made[symbol] = Result(stage, own, before in above[stage])
    return tuple(made.values())


def made_of(method: Method) -> dict[str, set[str]]:
    """Stage → every stage that it is made of, in the method's order."""
    above: dict[str, set[str]] = {}
    for stage in method.stages:
        direct = {name for name in inputs(stage) if name in above}
        above[stage.__name__] = direct.union(*(above[name] for name in direct))
    return above


def title_of(method: Method, output: Output) -> str:
    """What an output's picture is called, without what is said of it behind; its own title where it is in none."""
    found = next((one.title for one in method.groups if output.stage in one.stages), output.title)
    title = re.split(r"[:,(]", found)[0].strip()
    return title[:1].upper() + title[1:]
