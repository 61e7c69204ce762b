"""Chosen frames as they travel: small, as JPEG."""

from app.figures.pack import array, jpeg

SIDE = 176  # pixels: as many of them lie side by side


def pack(output, value, context):
    """A data URL for each."""
    return [jpeg(frame_HWC, SIDE, quality=80) for frame_HWC in array(value)]
