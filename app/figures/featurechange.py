"""What the features of every stage changed by, as it travels."""

from typing import Any

from app.figures.context import Context
from app.figures.pack import maps16
from core.kinds import Output


def pack(output: Output, value: Any, context: Context) -> list[dict[str, Any]]:
    """{stage: [h, w]} → one entry a stage."""
    return maps16({(stage,): change_hw[None] for stage, change_hw in value.items()})
