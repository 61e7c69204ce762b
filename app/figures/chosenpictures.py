"""Chosen frames as they travel: small, as JPEG."""

from typing import Any

from app.figures.context import Context
from app.figures.pack import array, jpeg
from core.kinds import Output

SIDE = 176  # pixels: as many of them lie side by side


def pack(output: Output, value: Any, context: Context) -> list[str]:
    """A data URL for each."""
    return [jpeg(frame_HWC, SIDE, quality=80) for frame_HWC in array(value)]
