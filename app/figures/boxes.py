"""Detections as they travel, each with the thing that it finds where the truth is known.

Letters: D detections, O things that are there.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.figures.context import Context
from app.figures.pack import array, runs
from app.figures.truth import Things, boxes_of, things_seen
from core.kinds import THING, Boxes
from core.metrics import overlap


def pack(output: Boxes, value: Any, context: Context) -> dict[str, Any]:
    """Those of the current frame."""
    truth, source = context.truth, context.clip.source_T[context.place]
    there = [] if truth is None else boxes_of(things_seen(truth, source))
    return boxes_payload(value, there, output.match, context.strange)


def boxes_payload(seen: Any, there: Things, match: float = Boxes.match, strange: bool = False) -> dict[str, Any]:
    """Detections, best first. thing: which of the things that are there it finds, each found once; None: none of them.
    strange: the clip is none of those that the weights know: what is found is a thing, whatever they would call it."""
    box_D4, score_D = array(seen.box_N4), array(seen.score_N)
    mask_DHW = None if seen.mask_NHW is None else array(seen.mask_NHW)
    made = []
    for d, (box_4, score, thing) in enumerate(zip(box_D4, score_D, things_found(seen.label_N, box_D4, there, match))):
        made.append(
            {"box": [round(float(x), 4) for x in box_4], "score": round(float(score), 3), "thing": thing,
             "name": THING if strange else seen.label_N[d], "runs": None if mask_DHW is None else runs(mask_DHW[d])}
        )  # fmt: skip
    return {"found": made, "there": len(there), "size": None if mask_DHW is None else list(mask_DHW.shape[1:])}


def things_found(
    label_D: Sequence[str], box_D4: Sequence[np.ndarray] | np.ndarray, there: Things, match: float = Boxes.match
) -> list[int | None]:
    """Which of the things that are there each detection finds, best first, each found once; None: none of them."""
    before: set[int | None] = set()
    made: list[int | None] = []
    for label, box_4 in zip(label_D, box_D4):
        alike = [(overlap(box_4, theirs), o) for o, (name, theirs) in enumerate(there) if name == label and o not in before]
        best, thing = max(alike, default=(0.0, None))
        made.append(thing if best >= match else None)
        before.add(made[-1])
    return made
