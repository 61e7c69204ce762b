"""Prompts' maps of every block as they travel: shares of all attention that is given."""

from typing import Any

from app.figures.context import Context
from app.figures.pack import maps16
from core.kinds import Output


def pack(output: Output, value: Any, context: Context) -> list[dict[str, Any]]:
    """{(stage, block): [Q, h, w]} → one entry a block."""
    return maps16(value)
