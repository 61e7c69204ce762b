"""Frames as the network sees them, as they travel: only those that the browser has not."""

from typing import Any

import numpy as np

from app.figures.context import Context
from app.figures.pack import array, jpeg
from core.kinds import ChosenFrames, Pictures

SUPPORT_SIDE = 128  # pixels of a chosen frame: it is drawn small


def pack(output: Pictures, value: Any, context: Context) -> dict[str, Any]:
    """frames: {place: JPEG} of the current frame, or of the chosen ones beside it that are not as in the clip. done: what was
    done to them, in words; "" where nothing was."""
    frames, done = array(value), context.trace.values.get(output.done, ("none",))
    if frames.ndim == 3:
        made = {context.place: jpeg(frames, quality=92)}
    else:
        plain = context.trace.values.get(output.plain)
        chosen = sorted({k for one in context.of(ChosenFrames) for k in context.trace[one.stage]} - {context.place})
        spoilt = [k for k in chosen if plain is None or not np.array_equal(frames[k], array(plain[k]))]
        made = {k: jpeg(frames[k], SUPPORT_SIDE, 85) for k in spoilt}
    return {"frames": {str(k): picture for k, picture in made.items()}, "done": in_words(*done)}


def in_words(what: str, much: str = "") -> str:
    """("motion_blur", "0.6") → "motion blur, 0.6"."""
    return "" if what == "none" else f"{what.replace('_', ' ')}, {float(much):g}"
