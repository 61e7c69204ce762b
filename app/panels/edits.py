"""The fold "What if": the clip is edited in the browser's list of edits, and every tab follows.

A list is tried here before the page takes it, so that what cannot be done is a sentence in the fold and the last picture stays.
"""

from app.figures.pack import jpeg, knob_payload
from app.server.errors import sentence
from app.server.request import BEFORE_KNOBS, edits_of
from core import ReaderError
from core.publish.view import FRAMES
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


def about_whatif(desk):
    """The edits with their knobs, and where the values lie that say what the clip is."""
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
        "of_order": of_order(desk.method),
        "truth": TRUTH,
        "places": {name: BEFORE_KNOBS.index(name) for name in ("clip", "frames", "edits")},
    }


def of_order(method):
    """What to look at in what a method of this kind shows of a clip in another order."""
    has = {(one.over, one.value) for one in method.outputs}
    said = []
    if ("G", "count") in has:
        said.append("Counts stand between two neighbours: another order makes other gaps.")
    if ("K", "place") in has:
        said.append("Supports are chosen by their place around the current frame: in another order they may be other frames.")
    for one in method.knobs.knobs():
        if one.name == "shuffled":
            said.append(f"{one.symbol} ({one.name}) leaves the clip as it is: {one.meaning}.")
    return said


def whatif_functions(desk):
    """The server function of the fold in one tab."""

    @sentence
    def edited_clip(taken):
        """The clip after edits that the page has not taken yet: its frames, small, and what was done, in words."""
        values = taken.get("values") if isinstance(taken, dict) else None
        if not isinstance(values, list) or len(values) < len(BEFORE_KNOBS):
            raise ReaderError("The page and the server do not fit together: load the page again.")
        handle, _, frames, _, text = values[: len(BEFORE_KNOBS)]
        path, edits = desk.clips.path(handle), edits_of(text)
        clip = desk.clips.open(path, FRAMES.check(frames), edits)
        return {
            "edits": edits,
            "words": [in_words([one]) for one in edits],
            "frames": [jpeg(frame_HWC, SIDE, 80) for frame_HWC in clip.frames_THWC],
            "width": clip.frames_THWC.shape[2],
            "height": clip.frames_THWC.shape[1],
            "source": clip.source_T.tolist(),
            "truth": desk.clips.truth(path) is not None,
        }

    return (edited_clip,)
