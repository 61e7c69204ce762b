"""How a reader looks at what is shown (the frame, the overlay, what is pinned as A) on its way from a viewer into a view, and
from a link back to the viewer."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from app.server.request import Desk, Request
from core import ReaderError
from core.publish.layers import drawn
from core.publish.view import NONE, Setting, View, overlays

OTHER_WEIGHTS = "A has other weights than B, and a link or a file has one engine's: A is left out."
SAME_NAME = "A is another clip of the same name as B's, and a link or a file knows clips by their names: A is left out."


def looked_at(desk: Desk, request: Request, painted: bool = False) -> tuple[View, dict[str, str], list[str]]:
    """→ (view, {clip's name: its file}, sentences on what the view cannot hold). The request's option `state` is what a viewer
    says of itself, of the request's values or some a little earlier. painted: the overlay must be one that figures know, else
    it is the method's own."""
    state, notes = request.options.get("state"), []
    state = state if isinstance(state, Mapping) else {}
    frame, overlay = state.get("frame"), state.get("overlay")
    last = request.setting.length - 1
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
    return View(request.setting, frame, overlay, other.setting if other else None), files, notes


def look_of(view: View, values: Callable[[Setting], dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """What a link's view tells the viewer of its method, and sentences on what the page does not show. values: of a setting,
    as `app.server.request` reads them."""
    other, notes = view.compared, []
    if other and other.method != view.shown.method:
        other, notes = None, [f"The page compares within one method, and A is of {other.method}: it is left out here."]
    return {"frame": view.frame, "overlay": view.overlay, "pinned": other and {"values": values(other), "stamp": 0}}, notes
