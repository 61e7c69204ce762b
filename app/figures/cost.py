"""What a run costs, as it travels."""

from dataclasses import asdict
from typing import Any

from app.figures.context import Context
from core.kinds import Cost


def pack(output: Cost, value: Any, context: Context) -> dict[str, Any]:
    """Whole numbers by name."""
    return asdict(value)
