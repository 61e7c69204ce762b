"""A matrix as it travels: an hour of clips has a million pairs, so that cells of a large one are means of neighbours."""

from typing import Any

from app.figures.context import Context
from app.figures.pack import MAP_SIDE, array, coded, floats, pooled
from core.kinds import Matrix


def pack(output: Matrix, value: Any, context: Context) -> dict[str, Any]:
    """The cells that are drawn, and whole: how many rows and columns there are."""
    whole_RC = array(value)
    names = list(context.trace[output.names]) if output.names else []
    return coded(pooled(whole_RC, MAP_SIDE), floats) | {
        "whole": list(whole_RC.shape), "rows": output.rows, "columns": output.columns, "names": names,
    }  # fmt: skip
