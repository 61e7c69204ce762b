"""What costs a clip more runs, and is measured where it is asked for: whether it would be right if a part of the method were,
and whether the method's own maps are true to its answer.

A method says in the module `columns` of its folder what can be set right, and which of its maps are tested:

    ORACLES = (Oracle("region", "Whether …", region_true), …)      FAITHFUL = ("score_TP", …)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.kinds import as_array
from core.methods import part
from core.workbench.columns import Column
from core.workbench.scores import Scores

if TYPE_CHECKING:  # they bring torch
    from core.engine import Engine
    from core.workbench.seen import Seen

STEPS, SEEDS = 6, 4  # points of a curve, and random places: in a fair time, as `python -m core.explain` has them
MOST = 500  # clips whose maps are tested: each is a hundred and fifty runs and more


@dataclass(frozen=True)
class Oracle:
    """A part of a method that can be set right. says: of its column. given: stage → what stands in place of its result, as
    `Engine.run(given=…)` takes it; None where the truth is not known."""

    name: str
    says: str
    given: "Callable[[Seen], Mapping[str, Any] | None]"

    @property
    def column(self) -> str:
        """ "right_if_region_true"."""
        return f"right_if_{self.name}_true"


def oracles_of(method: str) -> dict[str, Oracle]:
    """By name."""
    return {one.name: one for one in getattr(part(method, "columns"), "ORACLES", ())}


def maps_tested(method: str) -> tuple[str, ...]:
    """Stages whose maps are tested; () where nothing of the method can be explained."""
    return tuple(getattr(part(method, "columns"), "FAITHFUL", ())) if part(method, "explain") else ()


def cause_columns(method: str, oracles: Sequence[str], faithful: bool) -> tuple[Column, ...]:
    """Of what is asked for."""
    known = oracles_of(method)
    made = [Column(known[name].column, known[name].says, "truth", needs="truth") for name in oracles]
    for stage in maps_tested(method) if faithful else ():
        made += [
            Column(
                f"faithful_{stage}", f"How true {stage} is to the answer: insertion less deletion, less that of random places.",
                "number", "cosine", "low", "faithful",
            ),
            Column(
                f"faithful_{stage}_better", f"Whether {stage} is truer to it than chance.", "truth", "", "low", "faithful",
            ),
        ]  # fmt: skip
    return tuple(made)


def if_true(
    seen: "Seen", method: str, names: Sequence[str], answer: "Callable[[Mapping[str, Any]], Scores | None]"
) -> dict[str, Any]:
    """Whether the clip is right with each part set right. answer: what stands in place of stages → scores."""
    made, known = {}, oracles_of(method)
    for name in names:
        given = known[name].given(seen) if seen.scores is not None and seen.scores.known else None
        scores = answer(given) if given else None
        if scores is not None and scores.sound:
            made[known[name].column] = scores.rank == 0
    return made


def faithfulness(seen: "Seen", engine: "Engine", method: str) -> dict[str, Any]:
    """Of the method's maps to the text that the clip was answered with."""
    from core.explain.faithfulness import controls, faithfulness_of  # they bring captum, seconds that few runs need
    from core.explain.offered import explained

    what = explained(method)
    if what is None or not seen.row.get("pred"):
        return {}
    texts = [seen.texts[seen.row["pred"]]]
    chosen = what.choices(engine, seen.clip, texts, seen.knobs, lambda: False)[0]
    subject, made = what.subject(engine, seen.clip, texts, chosen, seen.knobs), {}
    against = controls(subject, STEPS, SEEDS)
    for stage in maps_tested(method):
        found = faithfulness_of(subject, stage, as_array(seen.trace[stage]), against)
        made |= {f"faithful_{stage}": found.overall - found.random, f"faithful_{stage}_better": found.better}
    return made
