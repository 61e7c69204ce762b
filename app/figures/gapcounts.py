"""Counts of gaps as they travel: each with the sentence that says how it comes of its gap's score."""

from typing import Any

from app.figures.context import Context
from app.figures.pack import array
from core.kinds import GapCounts, GapScores, Knobs


def pack(output: GapCounts, value: Any, context: Context) -> dict[str, Any]:
    """each: how much more a gap's score must be for one more, None where no rule says it."""
    count_G = [int(n) for n in value]
    scores = context.of(GapScores)
    made = {"count": count_G, "each": output.step(context.knobs) if output.step else None, "rule": None}
    if scores:
        change_G = [float(w) for w in array(context.trace[scores[0].stage])]
        made["rule"] = [rule(output, g, w, n, context.knobs) for g, (w, n) in enumerate(zip(change_G, count_G))]
    return made


def rule(output: GapCounts, gap: int, change: float, count: int, knobs: Knobs) -> str:
    """In words how a count comes about; where the method says nothing, "gap 3→4: W = 0.31 → 3". Frames count from 1."""
    return output.rule(gap, change, count, knobs) if output.rule else f"gap {gap + 1}→{gap + 2}: W = {change:.3g} → {count}"
