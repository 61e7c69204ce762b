"""A view: everything that decides what a reader sees, as one value. Its link and how it is read again are in `link`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.engine import QUESTION_LENGTH, checked_text, checked_texts, without_control
from core.errors import BadClip, BadKnob, ReaderError
from core.knobs import Knob, KnobSet
from core.registry import method_named
from core.video.edits import checked_edits, frames_left
from core.video.read import FRAMES as SPAN
from core.video.read import checked_moment

VERSION = 1  # of the JSON and of the link
FRAMES = Knob("frames", "T", 8, (*SPAN, 1), "read from the file at the centres of equal segments")
NAME_LENGTH, NOTE_LENGTH = 80, 4000  # characters
NONE = "none"  # no overlay
CHOSEN = "KHWC"  # what pictures of chosen frames are over


@dataclass(frozen=True)
class Setting:
    """What a run is asked, and all that decides its numbers besides the weights.

    clip: the name of an example, or what an own clip is called: never a path. knobs: a KnobSet, or names and values of which
    the missing are at their defaults. edits: of the clip, as `core.video.edits` has them, done before the method runs.
    question: "" where none is asked. moment: (start, end), the seconds of the file that are read; () for all of it.
    Anything out of bounds is a ReaderError.
    """

    method: str
    clip: str
    frames: int = FRAMES.default
    knobs: KnobSet | Mapping[str, Any] | None = None
    texts: tuple[str, ...] = ()
    edits: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    question: str = ""
    moment: tuple[float, ...] = ()

    def __post_init__(self):
        made = self.knobs if isinstance(self.knobs, KnobSet) else method_named(self.method).knobs.of(dict(self.knobs or {}))
        if not isinstance(made, method_named(self.method).knobs):
            raise BadKnob(f"These are not the knobs of {self.method}.")
        if self.clip != clip_name(self.clip):
            raise BadClip(f"A clip's name is 1 to {NAME_LENGTH} printable characters without a slash, got {self.clip!r:.40}.")
        for name, value in (("knobs", made), ("frames", FRAMES.check(self.frames)), ("texts", checked_texts(self.texts))):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "edits", checked_edits(self.edits))
        object.__setattr__(self, "moment", checked_moment(self.moment))
        if self.question != "":
            object.__setattr__(self, "question", checked_text(self.question, "A question", QUESTION_LENGTH, but="\n"))
        frames_left(self.edits, self.frames)

    @property
    def length(self) -> int:
        """Frames of the clip that the method is given: as many as are read, less those that edits drop."""
        return frames_left(self.edits, self.frames)

    @property
    def settings(self) -> dict[str, Any]:
        """Every knob's value by name."""
        return {one.name: getattr(self.knobs, one.name) for one in method_named(self.method).knobs.knobs()}


Asked = Setting  # what notebooks that were saved with 0.1 import


@dataclass(frozen=True)
class View:
    """What was asked, and how it is looked at.

    frame: the current one, from 0. overlay: a stage that the method's outputs name, or "none"; not given, the map that decides.
    compared: a second set beside the first. note: the reader's own words.
    """

    shown: Setting
    frame: int = 0
    overlay: str = ""
    compared: Setting | None = None
    note: str = ""

    def __post_init__(self):
        if not self.overlay:
            object.__setattr__(self, "overlay", default_overlay(self.shown.method))
        if self.overlay not in overlays(self.shown.method):
            raise ReaderError(f"The overlay is one of {', '.join(overlays(self.shown.method))}, got {self.overlay!r:.40}.")
        if isinstance(self.frame, bool) or not isinstance(self.frame, int) or not 0 <= self.frame < self.shown.length:
            raise ReaderError(f"The current frame is 0 to {self.shown.length - 1}, got {self.frame!r:.40}.")
        object.__setattr__(self, "note", without_control(self.note, but="\n\t"))
        if len(self.note) > NOTE_LENGTH:
            raise ReaderError(f"A note has up to {NOTE_LENGTH} characters, got {len(self.note)}.")


def overlays(method: str) -> tuple[str, ...]:
    """What can lie over a frame: the stages of the method's outputs, or none of them."""
    return (*(one.stage for one in method_named(method).outputs), NONE)


def default_overlay(method: str) -> str:
    """What decides: the last map over patches, where prompts look, or the frames that are chosen themselves."""
    outputs = method_named(method).outputs
    maps = [one.stage for one in outputs if one.value == "share" and one.over.endswith("P")]
    return (maps or [one.stage for one in outputs if one.over == CHOSEN] or [NONE])[-1]


def clip_in_words(asked: Setting) -> str:
    """ "holiday.mp4, 8 frames from 3.20 to 4.95 s"."""
    moment = " from {:.2f} to {:.2f} s".format(*asked.moment) if asked.moment else ""
    return f"{asked.clip}, {asked.frames} frames{moment}"


def clip_name(file: str) -> str:
    """What a file may be called in a view: its last part, printable and short."""
    last = str(file).replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip(" .")[:NAME_LENGTH].strip(" .") or "clip"


def to_plain(view: View) -> dict[str, Any]:
    """A view as JSON has it: every knob, not only those that were turned."""
    made = {"version": VERSION, **_plain(view.shown), "frame": view.frame, "overlay": view.overlay}
    return made | {"compared": view.compared and _plain(view.compared), "note": view.note}


def _plain(asked: Setting) -> dict[str, Any]:
    lists = {name: list(getattr(asked, name)) for name in ("texts", "edits", "moment")}
    return asdict(asked) | {"knobs": asked.settings} | lists


def to_json(view: View) -> str:
    """A view as a JSON text."""
    return json.dumps(to_plain(view), ensure_ascii=False, indent=1)
