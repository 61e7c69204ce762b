"""What is there in a clip, where the truth is known, as it travels: things by their numbers, names, boxes and outlines."""

from typing import Any

import numpy as np

from app.figures.pack import runs
from core.video.clip import Clip
from core.world import Truth
from core.world.scene import Scene

Seen = list[tuple[int, str, np.ndarray]]  # things of a frame: number, name, mask
Things = list[tuple[str, np.ndarray]]  # name, and x0 y0 x1 y1 in fractions of the frame


def truth_payload(clip: Clip, truth: Truth) -> dict[str, Any]:
    """What is true of a clip, and the things of each of its frames. actor: in each, the number of the caption's own."""
    seen_T = [things_seen(truth, source) for source in clip.source_T]
    return {
        "caption": truth.caption,
        "size": list(truth.instance_THW.shape[1:]),
        "things": [things_payload(seen) for seen in seen_T],
        "actor": [actor_of(truth, source) for source in clip.source_T],
    }


def scene_of(truth: Truth, source: int) -> tuple[Scene, int]:
    """(the scene that a frame of the file is of, how many things the scenes before it have)."""
    left, before = truth.time_T[source], 0
    for scene in truth.scenes:
        if left < scene.seconds or scene is truth.scenes[-1]:
            break
        left, before = left - scene.seconds, before + len(scene.objects)
    return scene, before


def things_seen(truth: Truth, source: int) -> Seen:
    """(number, name, mask) of everything that is seen in a frame of the file; no two things of a clip share a number."""
    instance_HW = truth.instance_THW[source]
    scene, before = scene_of(truth, source)
    seen = ((before + place, thing.shape, instance_HW == place) for place, thing in enumerate(scene.objects, 1))
    return [(number, name, mask_HW) for number, name, mask_HW in seen if mask_HW.any()]


def actor_of(truth: Truth, source: int) -> int:
    """The number of a frame's actor: its scene's first thing."""
    return scene_of(truth, source)[1] + 1


def actor_THW(clip: Clip, truth: Truth) -> np.ndarray:
    """Where the actor is seen in each frame of the clip."""
    return truth.instance_THW[clip.source_T] == 1


def boxes_of(seen: Seen) -> Things:
    """(name, x0 y0 x1 y1 in fractions of the frame) of things by their masks."""
    made = []
    for _, name, mask_HW in seen:
        H, W = mask_HW.shape
        rows, columns = np.flatnonzero(mask_HW.any(1)), np.flatnonzero(mask_HW.any(0))
        made.append((name, np.array([columns[0] / W, rows[0] / H, (columns[-1] + 1) / W, (rows[-1] + 1) / H])))
    return made


def numbered(seen: Seen) -> list[tuple[int, str, np.ndarray]]:
    """(number, name, box) of things by their masks."""
    return [(number, name, box_4) for (number, _, _), (name, box_4) in zip(seen, boxes_of(seen))]


def things_payload(seen: Seen) -> list[dict[str, Any]]:
    """Things of a frame: their numbers, names, boxes and outlines."""
    return [
        {"number": number, "name": name, "box": [round(float(x), 4) for x in box_4], "runs": runs(mask_HW)}
        for (number, name, mask_HW), (_, box_4) in zip(seen, boxes_of(seen))
    ]


def pointed_at(box: list[float] | None, clip: Clip, truth: Truth | None) -> list[float] | None:
    """The box that is followed: the one a reader chose; else the actor's in the first frame, or the first thing's that is seen
    there, where the truth is known; else it is left to the method."""
    there = [] if truth is None else boxes_of(things_seen(truth, clip.source_T[0]))
    return box or (there[0][1].tolist() if there else None)
