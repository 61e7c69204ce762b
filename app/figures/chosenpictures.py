"""Chosen frames as they travel: small, as JPEG; a pixel of very small ones is a square of several."""

from typing import Any

from app.figures.context import Context
from app.figures.pack import array, jpeg
from core.kinds import Output

SIDE = 176  # pixels: as many of them lie side by side


def pack(output: Output, value: Any, context: Context) -> list[str]:
    """A data URL for each."""
    frame_KHWC = array(value)
    times = max(1, SIDE // max(frame_KHWC.shape[1:3]))
    return [jpeg(frame_HWC, SIDE, quality=80) for frame_HWC in frame_KHWC.repeat(times, 1).repeat(times, 2)]
