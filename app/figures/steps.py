"""What agents did as it travels: every step with all that was said in it."""

from typing import Any

from app.figures.context import Context
from core.kinds import Steps


def pack(output: Steps, value: Any, context: Context) -> list[dict[str, Any]]:
    """One entry a step. kept: places [depth, from, to] of what its memory holds; written: what it changed, each with its place,
    its text and what was looked for."""
    return [
        {
            "kind": one.kind,
            "note": one.note,
            "request": one.request,
            "raw": one.raw,
            "period": place(one.period),
            "answer": one.answer,
            "confident": one.confident,
            "answered": one.kind in (output.answers, output.forced),
            "forced": one.kind == output.forced,
            "captions": one.captions,
            "calls": one.calls,
            "iteration": one.iteration,
            "written": [[*place(entry.period), entry.caption, entry.instruction] for entry in one.changed],
            "kept": [place(period) for period in one.memory.periods],
        }
        for one in value.steps
    ]  # fmt: skip


def place(period: Any) -> Any:
    """[depth, from, to] of a period; None of none."""
    return period and [period.depth, period.start, period.end]
