"""One thing through the clip as it travels, and how well its box agrees with the truth."""

from typing import Any

import numpy as np

from app.figures.context import Context
from app.figures.pack import array, short
from app.figures.truth import numbered, things_seen
from core.kinds import Boxes, Output
from core.metrics import overlap
from core.video.clip import Clip
from core.world import Truth


def pack(output: Output, value: Any, context: Context) -> dict[str, Any]:
    """A thing's box in every frame."""
    return followed_payload(value, context.clip, context.truth)


def followed_payload(followed: Any, clip: Clip, truth: Truth | None = None) -> dict[str, Any]:
    """thing: the number of the thing that is in the first box, None where nobody knows. overlap: with that thing's box, in the
    frames after the first that show it; ao: their mean (as GOT-10k's)."""
    box_T4 = array(followed.box_T4)
    known = {} if truth is None else {n: box_4 for n, _, box_4 in numbered(things_seen(truth, clip.source_T[0]))}
    best, thing = max(((overlap(box_T4[0], box_4), number) for number, box_4 in known.items()), default=(0.0, None))
    thing = thing if best >= Boxes.match else None
    ious: list[float | None] = [None] * len(box_T4)
    for t, source in enumerate(clip.source_T):
        there = [] if thing is None or t == 0 else numbered(things_seen(truth, source))
        ious[t] = next((round(overlap(box_T4[t], box_4), 4) for number, _, box_4 in there if number == thing), None)
    measured = [one for one in ious if one is not None]
    return {
        "box": [[round(float(x), 4) for x in box_4] for box_4 in box_T4],
        "seen": list(followed.seen_T),
        "thing": thing,
        "overlap": ious,
        "ao": short(np.mean(measured), 4) if measured else None,
    }
