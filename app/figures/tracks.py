"""Detections of every frame as they travel, each with its instance's number."""

from typing import Any

from app.figures.boxes import boxes_payload
from app.figures.context import Context
from app.figures.truth import boxes_of, things_seen
from core.kinds import Output


def pack(output: Output, value: Any, context: Context) -> dict[str, Any]:
    """Each frame as of one; thing: the number of the thing that a detection finds."""
    frames, size, there = [], None, []
    for seen, number_N, source in zip(value.seen_T, value.number_TN, context.clip.source_T, strict=True):
        things = [] if context.truth is None else things_seen(context.truth, source)
        packed, ids = boxes_payload(seen, boxes_of(things), strange=context.strange), [number for number, _, _ in things]
        for one, track in zip(packed["found"], number_N, strict=True):
            one |= {"track": track, "thing": None if one["thing"] is None else ids[one["thing"]]}
        frames.append(packed["found"])
        there.append(len(ids))
        size = packed["size"]
    return {"frames": frames, "there": there, "size": size}
