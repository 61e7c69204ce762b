"""What a reader asks of one method: the values on the page become one request, checked once for every server function.

The browser sends {values, stamp, who, …}. values, by name:

    clip       the handle of its file; stages that ask for `video` are given the same file, without its edits
    weights    what they are called        frames   of the clip        edits   a JSON list of `core.video.edits`
    moment     a JSON list of the seconds from and until; [] all of the file
    texts      one a line, of a method whose stages ask for texts      question   of one whose stages ask for it
    knobs      {name: value}, every knob

stamp is the browser's clock, who the reader's own name for himself. What a fold or a figure says of what it wants stands
beside these, and is the request's `options`.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.server.clips import Clips, Example
from app.server.errors import sentence
from app.server.jobs import FOLD, Run, Running
from core import Engine, ReaderError, Trace
from core.errors import BadText
from core.method import Method
from core.publish.view import FRAMES, Setting
from core.video.clip import Clip
from core.video.edits import checked_edits
from core.video.footage import Footage
from core.video.read import checked_moment
from core.world import Truth

SHIPPED = "shipped"  # what an engine without named weights is called
WHO = 64  # characters of a reader's own name for himself
EDITS_LENGTH = 8000  # characters of a list of edits
ALWAYS = ("clip", "weights", "frames", "moment", "edits")  # the fields of every tab
WRITTEN = ("texts", "question")  # those of a tab whose method's stages ask for them
STRANGE = "The page and the server do not fit together: load the page again."


def fields_of(method: Method) -> tuple[str, ...]:
    """The names of a tab's values besides its knobs."""
    return (*ALWAYS, *(name for name in WRITTEN if name in method.sources))


@dataclass(frozen=True, eq=False)
class Request:
    """name: an example's, or what an own clip's file is called. moment: seconds of it, () all. clip: after the edits. key: what
    the browser knows it by.
    texts: one each, without blanks. video: the whole file, None where no stage asks for it. settings: every knob. truth: of
    an example. who: the reader's own name for himself, for his runs alone; a program without one is somebody else each time.
    options: what was said besides."""

    method: Method
    engine: Engine
    path: str
    name: str
    frames: int
    moment: tuple[float, ...]
    edits: tuple[dict[str, Any], ...]
    clip: Clip
    key: str
    truth: Truth | None
    texts: tuple[str, ...]
    question: str
    video: Footage | None
    settings: Mapping[str, Any]
    who: str
    stamp: float
    options: Mapping[str, Any]

    def run(self, outputs: tuple[str, ...] | list[str] | None = None, **more: Any) -> Trace:
        """The engine's trace of it. more: as `Engine.run` has it; knobs in it are in the place of the request's own."""
        known = {"texts": self.texts, "question": self.question, "video": self.video}
        sources = {name: known[name] for name in known.keys() & self.method.sources}
        return self.engine.run(self.method.name, self.clip, outputs=outputs, **{**self.settings, **sources, **more})

    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the patches that the method's maps are over: of this run, where they are its own."""
        own = next((one.stage for one in self.method.outputs if one.value == "grid"), None)
        return self.engine.grid(self.method.name) if own is None else self.run([own])[own]

    @property
    def setting(self) -> Setting:
        """The same as a view has it."""
        asked = (self.frames, self.settings, self.texts, self.edits, self.question, self.moment)
        return Setting(self.method.name, self.name, *asked)


class Desk:
    """Where requests for one method are read. engines: what weights are called → Engine, the first is used at the start."""

    def __init__(self, method: Method, engines: Mapping[str, Engine], clips: Clips, running: Running):
        self.method, self.engines, self.clips, self.running = method, dict(engines), clips, running
        self.fields = fields_of(method)
        self.names = tuple(one.name for one in method.knobs.knobs())

    @property
    def examples(self) -> dict[str, Example]:
        """What is offered to look at with this method; the first is open when its tab is."""
        return self.clips.examples_for(self.method)

    @property
    def engine(self) -> Engine:
        """The one that is used until a reader chooses another."""
        return next(iter(self.engines.values()))

    @property
    def weights(self) -> str:
        """What that one is called."""
        return next(iter(self.engines))

    def request(self, message: Any) -> Request:
        """The request in what the browser sent; what cannot be read is a ReaderError."""
        values = message.get("values") if isinstance(message, Mapping) else None
        knobs = values.get("knobs") if isinstance(values, Mapping) else None
        if not isinstance(values, Mapping) or not isinstance(knobs, Mapping):
            raise ReaderError(STRANGE)
        if {*values} != {*self.fields, "knobs"} or {*knobs} != {*self.names}:
            raise ReaderError(STRANGE)
        weights = values["weights"]
        if not isinstance(weights, str) or weights not in self.engines:
            raise ReaderError(f"The weights are {', '.join(self.engines)}, got {str(weights)[:40]!r}.")
        engine = self.engines[weights]
        settings = engine.settings(self.method.name, dict(knobs))
        settings |= {one.name: one.stepped(settings[one.name]) for one in self.method.knobs.knobs()}  # typed between steps
        path, frames, edits = self.clips.path(values["clip"]), FRAMES.check(values["frames"]), edits_of(values["edits"])
        moment = moment_of(values["moment"])
        video = self.clips.video(path) if "video" in self.method.sources else None
        reads = engine.reads_texts(self.method.name)  # else the page has said that none is read
        who = message.get("who")
        return Request(
            method=self.method,
            engine=engine,
            path=path,
            name=self.clips.name(path),
            frames=frames,
            moment=moment,
            edits=edits,
            clip=self.clips.open(path, frames, edits, moment),
            key=self.clips.key(path, frames, edits, moment),
            truth=self.clips.truth(path),
            texts=lines_of(values.get("texts")) if reads else (),
            question=values.get("question", ""),
            video=video,
            settings=settings,
            who=(who[:WHO] if isinstance(who, str) else "") or secrets.token_hex(8),
            stamp=number_of(message.get("stamp")),
            options={name: value for name, value in message.items() if name not in ("values", "who", "stamp")},
        )

    def values(self, setting: Setting, handle: str, weights: str) -> dict[str, Any]:
        """The other way: what the browser would have sent of a setting of this method. handle: of its clip."""
        made = {
            "clip": handle,
            "weights": weights,
            "frames": setting.frames,
            "moment": json.dumps(setting.moment),
            "edits": json.dumps([dict(one) for one in setting.edits]),
            "texts": "\n".join(setting.texts),
            "question": setting.question,
        }
        return {name: made[name] for name in self.fields} | {"knobs": setting.settings}

    def served(self, *functions: Callable[[Request], Any]) -> tuple[Callable[..., str], ...]:
        """Server functions of the same names: each is given the request in what the browser sent, and answers a JSON text."""
        return tuple(sentence(function, self.request) for function in functions)

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


def moment_of(text: Any) -> tuple[float, ...]:
    """A moment as it travels; what is none is a ReaderError."""
    try:
        return checked_moment(json.loads(text or "[]"))
    except (TypeError, ValueError, RecursionError) as wrong:
        raise ReaderError("A moment of a clip is a JSON list of two numbers of seconds, and this is none.") from wrong


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
