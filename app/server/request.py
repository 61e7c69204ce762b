"""What a reader asks of one method: the values on the page become one request, checked once for every server function.

The browser sends `taken`: {values: [the clip's handle, weights, frames, texts, edits, every knob], stamp, who}. Texts are one
a line; edits are a JSON list of `core.video.edits`.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.server.clips import Clips
from app.server.jobs import FOLD, Run, Running
from core import Engine, ReaderError
from core.errors import BadText
from core.method import Method
from core.publish.view import FRAMES, Setting
from core.video.clip import Clip
from core.video.edits import checked_edits
from core.world import Truth

WHO = 64  # characters of a reader's own name for himself
EDITS_LENGTH = 8000  # characters of a list of edits
BEFORE_KNOBS = ("clip", "weights", "frames", "texts", "edits")  # what stands before the knobs in `taken["values"]`


@dataclass(frozen=True, eq=False)
class Request:
    """name: an example's, or what an own clip's file is called. clip: after the edits. key: what the browser knows it by.
    texts: one each, without blanks. settings: every knob. truth: of an example. who: the reader's own name for himself, for
    his runs alone; a program without one is somebody else each time."""

    method: Method
    engine: Engine
    path: str
    name: str
    frames: int
    edits: tuple[dict[str, Any], ...]
    clip: Clip
    key: str
    truth: Truth | None
    texts: tuple[str, ...]
    settings: Mapping[str, Any]
    who: str
    stamp: float

    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the patches that the method's maps are over: of this run, where they are its own."""
        own = next((one.stage for one in self.method.outputs if one.value == "grid"), None)
        if own is None:
            return self.engine.grid(self.method.name)
        return self.engine.run(self.method.name, self.clip, outputs=[own], **self.settings)[own]

    @property
    def asked(self) -> Setting:
        """The same as a view has it."""
        return Setting(self.method.name, self.name, self.frames, self.settings, self.texts, self.edits)


class Desk:
    """Where requests for one method are taken. engines: what weights are called → Engine, the first is used at the start."""

    def __init__(self, method: Method, engines: Mapping[str, Engine], clips: Clips, running: Running):
        self.method, self.engines, self.clips, self.running = method, dict(engines), clips, running
        self.names = tuple(one.name for one in method.knobs.knobs())

    @property
    def engine(self) -> Engine:
        """The one that is used until a reader chooses another."""
        return next(iter(self.engines.values()))

    def request(self, taken: Mapping[str, Any]) -> Request:
        """What was `taken` in the browser; what cannot be is a ReaderError."""
        given = taken.get("values") if isinstance(taken, Mapping) else None
        if not isinstance(given, list) or len(given) != len(BEFORE_KNOBS) + len(self.names):
            raise ReaderError("The page and the server do not fit together: load the page again.")
        handle, weights, frames, texts, edits, *values = given
        if not isinstance(weights, str) or weights not in self.engines:
            raise ReaderError(f"The weights are {', '.join(self.engines)}, got {str(weights)[:40]!r}.")
        settings = self.engines[weights].settings(self.method.name, dict(zip(self.names, values, strict=True)))
        settings |= {one.name: one.stepped(settings[one.name]) for one in self.method.knobs.knobs()}  # typed between steps
        who, stamp = taken.get("who"), number_of(taken.get("stamp"))
        who = who[:WHO] if isinstance(who, str) else ""
        engine, path, frames, edits = self.engines[weights], self.clips.path(handle), FRAMES.check(frames), edits_of(edits)
        read = lines_of(texts) if engine.reads_texts(self.method.name) else ()  # else the page has said that none is read
        return Request(
            self.method, engine, path, self.clips.name(path), frames, edits, self.clips.open(path, frames, edits),
            self.clips.key(path, frames, edits), self.clips.truth(path), read, settings,
            who or secrets.token_hex(8), stamp,
        )  # fmt: skip

    def run_of(self, request: Request, kind: str, long: bool = False) -> Run:
        """A run of this reader's that he can look after and call off, in the place of his last of the kind (see `Running`)."""
        return self.running.start(request.who, kind, long)

    def aside(self, request: Request, kind: str, work: Callable[[Run], Any], line: str = FOLD) -> Any:
        """The same for what takes seconds or minutes: what `work` gives of that run, when it has its turn."""
        return self.running.aside(self.run_of(request, kind, long=True), work, line)


def number_of(stamp: Any) -> float:
    """A browser's clock; what is no number is its beginning."""
    number = isinstance(stamp, (int, float)) and not isinstance(stamp, bool) and abs(stamp) < 1e15
    return stamp if number else 0


def lines_of(texts: Any) -> tuple[str, ...]:
    """Texts as they are written: one a line."""
    if not isinstance(texts, str | None):
        raise BadText(f"Texts are one text of lines, got a {type(texts).__name__}.")
    return tuple(line.strip() for line in (texts or "").splitlines() if line.strip())


def edits_of(text: Any) -> tuple[dict[str, Any], ...]:
    """Edits as they travel; what is no list of edits is a ReaderError."""
    if not text:
        return ()
    if not isinstance(text, str) or len(text) > EDITS_LENGTH:
        raise ReaderError(f"Edits of a clip are a text of up to {EDITS_LENGTH} characters.")
    try:
        return checked_edits(json.loads(text))
    except (ValueError, RecursionError) as wrong:
        raise ReaderError("Edits of a clip are a JSON list, and this is none.") from wrong
