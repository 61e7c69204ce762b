"""How a reader looks at what is shown (the frame, the overlay, what is pinned as A) on its way from a viewer into a view, and
from a link back to the viewer."""

import json
import math
from collections.abc import Mapping
from typing import Any

from core import ReaderError
from core.publish.layers import drawn
from core.publish.view import NONE, Setting, View, overlays

LENGTH = 40_000  # characters of what a viewer says of itself: A's texts and edits are in it
OTHER_WEIGHTS = "A has other weights than B, and a link or a file has one engine's: A is left out."
SAME_NAME = "A is another clip of the same name as B's, and a link or a file knows clips by their names: A is left out."


def looked_at(desk, said, request, painted=False):
    """→ (view, {clip's name: its file}, sentences on what the view cannot hold). said: a viewer's `state()` as JSON, of the
    request's values or some a little earlier. painted: the overlay must be one that figures know, else it is the method's own.
    """
    state, notes = _state(said), []
    frame, overlay = state.get("frame"), state.get("overlay")
    last = request.asked.length - 1
    frame = int(max(0, min(frame, last))) if isinstance(frame, (int, float)) and math.isfinite(frame) else 0
    known = (*drawn(desk.method), NONE) if painted else overlays(desk.method.name)
    overlay = overlay if isinstance(overlay, str) and overlay in known else ""
    try:
        other = desk.request(state["pinned"]) if state.get("pinned") else None
    except ReaderError as wrong:
        other, notes = None, [f"A is left out. {wrong}"]
    if other and other.engine is not request.engine:
        other, notes = None, [OTHER_WEIGHTS]
    if other and other.name == request.name and other.path != request.path:
        other, notes = None, [SAME_NAME]
    files = {one.name: one.path for one in (request, other) if one}
    return View(request.asked, frame, overlay, other.asked if other else None), files, notes


def _state(said: Any) -> Mapping[str, Any]:
    if not isinstance(said, str) or len(said) > LENGTH:
        return {}
    try:
        made = json.loads(said)
    except (ValueError, RecursionError):
        return {}
    return made if isinstance(made, Mapping) else {}


def look_of(view: View, taken) -> tuple[dict[str, Any], list[str]]:
    """What a link's view tells the viewer of its method, and sentences on what the page does not show. taken: a set → its
    values, as `app.server.request` takes them."""
    other, notes = view.compared, []
    if other and other.method != view.shown.method:
        other, notes = None, [f"The page compares within one method, and A is of {other.method}: it is left out here."]
    return {"frame": view.frame, "overlay": view.overlay, "pinned": other and taken(other)}, notes


def taken_of(asked: Setting, handle: str, weights: str) -> dict[str, Any]:
    """A set as the browser would have taken it. handle: of its clip."""
    texts, edits = "\n".join(asked.texts), json.dumps([dict(one) for one in asked.edits])
    return {"values": [handle, weights, asked.frames, texts, edits, *asked.settings.values()], "stamp": 0}
