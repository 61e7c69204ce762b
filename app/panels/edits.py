"""The fold "What if": the clip is edited in the browser's list of edits, and every tab follows.

A list is tried here before the page takes it, so that what cannot be done is a sentence in the fold and the last picture stays.
"""

from collections.abc import Callable
from typing import Any

from app.figures.pack import jpeg, knob_payload
from app.server.request import Desk, Request
from core.method import Method
from core.video.edits import EDITS, MOST, in_words

SIDE = 256  # pixels of the fold's own picture
# What can be said of any clip, method and weights.
LOOK = {
    "paint": "What was in the box is gone: what is still marked there is marked for its fill and for what lies around it.",
    "blur": "Detail is gone, places and times are as they were.",
    "freeze": "Nothing changes between two equal frames: change that is still shown there does not come from the clip.",
    "drop": "Frames that were apart follow each other now: what is measured between neighbours spans more time.",
    "reverse": "The same frames backwards: what depends on a frame alone goes along with it, the rest on order or time.",
    "shuffle": "The same frames in another order: what depends on a frame alone goes along with it, the rest on order or time.",
}
REORDER = ("reverse", "shuffle")
TRUTH = "Outlines of the truth stay where the thing was in the file's frame, painted out or not."


def edit_words(method: Method) -> dict[str, Any]:
    """The edits with their knobs."""
    return {
        "edits": [
            {
                "name": one.name,
                "title": one.title,
                "look": LOOK[one.name],
                "reorders": one.name in REORDER,
                "knobs": [knob_payload(k) for k in one.knobs()],
            }
            for one in EDITS.values()
        ],
        "most": MOST,
        "of_order": of_order(method),
        "truth": TRUTH,
    }


def of_order(method: Method) -> list[str]:
    """What to look at in what a method of this kind shows of a clip in another order."""
    has = {(one.over, one.value) for one in method.outputs}
    lines = []
    if ("G", "count") in has:
        lines.append("Counts stand between two neighbours: another order makes other gaps.")
    if ("K", "place") in has:
        lines.append("Supports are chosen by their place around the current frame: in another order they may be other frames.")
    for one in method.knobs.knobs():
        if one.name == "shuffled":
            lines.append(f"{one.symbol} ({one.name}) leaves the clip as it is: {one.meaning}.")
    return lines


def whatif_functions(desk: Desk) -> tuple[Callable[..., str], ...]:
    """The server function of the fold in one tab."""
    return desk.served(edited_clip)


def edited_clip(request: Request) -> dict[str, Any]:
    """The clip after edits that the page may not have yet: its frames, small, and what was done, in words."""
    clip = request.clip
    return {
        "edits": request.edits,
        "words": [in_words([one]) for one in request.edits],
        "frames": [jpeg(frame_HWC, SIDE, 80) for frame_HWC in clip.frames_THWC],
        "width": clip.frames_THWC.shape[2],
        "height": clip.frames_THWC.shape[1],
        "source": clip.source_T.tolist(),
        "truth": request.truth is not None,
    }
