"""What a viewer asks of the server: what comes at once, what takes longer, what reads the whole clip, a curve over a knob, how
far a run is, and the pictures of a clip. Every answer but those of the last three is a JSON text, an error's sentence in it."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from app.figures.payload import beside_payload, clip_payload, given, partial_payload, trace_payload
from app.server.errors import as_function
from app.server.jobs import PICTURE, VIDEO, Run
from app.server.memo import Memo
from app.server.request import WHO, Desk, Request
from core import Engine
from core.graph import inputs
from core.kinds import StageScores, TextScores, When
from core.sweep import values_of
from core.video.camera import camera_of, said

CAMERAS = 256  # sentences on what the camera does in a clip
POINTS = 6  # of a curve: the knob's ends, and four values between
Heard = Callable[[str, float], None]  # a stage, and how much of it is done
UNTIL: dict[str, When] = {"soon": "now", "later": "network", "whole": "whole"}  # a kind of run → what it ends with


class Reads(Exception):
    """A run that was thought to be short would read a video from end to end."""


class Answers:
    """To one method's viewer."""

    def __init__(self, desk: Desk):
        self.desk = desk
        self.scales: WeakKeyDictionary[Engine, float | None] = WeakKeyDictionary()
        self.cameras = Memo(CAMERAS)  # by the clip's frames
        networks = {*desk.method.networks}  # a stage that shows a video to one looks at all of its candidates
        asked = {stage.__name__: {*inputs(stage)} for stage in desk.method.stages}
        self.readers = {name for name, names in asked.items() if "video" in names and names & networks}

    def functions(self) -> tuple[Callable[..., Any], ...]:
        """All of them, for the viewer's component."""
        read = self.desk.served(self.at_once, self.everything, self.through, self.curve)
        return (*read, *map(as_function, (self.frames, self.camera, self.far, self.stop)))

    def at_once(self, request: Request) -> dict[str, Any]:
        """What needs no network that is to run again."""
        return self._at_a_knob_s_price(request, "soon")

    def everything(self, request: Request) -> dict[str, Any]:
        """That, and what takes longer."""
        return self._at_a_knob_s_price(request, "later")

    def _at_a_knob_s_price(self, request: Request, kind: str) -> dict[str, Any]:
        """Answered before anything that takes long; where a video must be read from end to end, it takes long itself."""
        run = self.desk.run_of(request, kind)
        with suppress(Reads), self.desk.running.knob():
            return self._picture(run, request, kind, self._not_reading)
        return self.desk.aside(request, kind, lambda run: self._picture(run, request, kind), VIDEO)

    def _not_reading(self, stage: str, done: float) -> None:
        if stage in self.readers:
            raise Reads

    def through(self, request: Request) -> dict[str, Any]:
        """That, and what reads the whole clip. It takes long: it waits for its turn among its like, and, as a part of the
        picture, is called off by a knob."""
        return self.desk.aside(request, "whole", lambda run: self._picture(run, request, "whole"), PICTURE)

    def _picture(self, run: Run, request: Request, kind: str, heard: Heard = lambda stage, done: None) -> dict[str, Any]:
        """One run, as the viewer wants it. heard: is told how far it is before the reader is, and may end it."""
        method, clip, complete = request.method, request.clip, kind != "soon"
        outputs, besides = method.until(UNTIL[kind], bool(request.texts)), {}
        if kind == "whole":
            besides = given(request.options.get("pointed"), clip, request.truth)

        def progress(stage: str, done: float) -> None:
            heard(stage, done)
            run.progress(stage, done)

        def emit(stage: str, partial: Any) -> None:
            if stage in outputs:
                run.made = partial_payload(method, stage, partial, clip, request.settings, request.stamp)

        trace = request.run(outputs, cancelled=run.cancelled, progress=progress, emit=emit, **besides)
        texts, grid = list(request.texts) if complete else None, request.engine.grid(method.name)
        made = trace_payload(
            method, trace, request.key, clip, request.settings, grid, texts, request.truth, request.stamp, request.question
        )  # fmt: skip
        made["edited"] = bool(request.edits)
        made["scale"] = self._scale(request) if made["texts"] else None
        made["strange"] = "" if self.desk.clips.of_world(request.path) else made["strange"]
        return made | beside_payload(request.engine, method, clip, request.settings, trace) if complete else made

    def _scale(self, request: Request) -> float | None:
        """The inverse temperature of the model's own softmax over texts; None where it has none. Looked up once an engine."""
        engine = request.engine
        if engine not in self.scales:
            texts = [one.scale for one in self.desk.method.outputs if isinstance(one, TextScores) and one.scale]
            found = [getattr(engine.network(name, self.desk.method.name).network, "scale", None) for name in texts]
            self.scales[engine] = next(filter(None, found), None)
        return self.scales[engine]

    def camera(self, key: Any) -> str:
        """What the camera does in an open clip, in a sentence; "" where it stands still."""
        found = self.desk.clips.of_key(key) if isinstance(key, str) else None
        if not found:
            return ""
        clip = found[0]
        return self.cameras.get(clip.key, lambda: said(camera_of(clip.frames_THWC)))

    def curve(self, request: Request) -> list[list[Any]]:
        """[[value, [a number per stage of the tower, for each output]], …] over the span of the knob that they are drawn
        against; nothing where no output is drawn so."""
        drawn = [one for one in request.method.outputs if isinstance(one, StageScores) and one.against]
        if not drawn:
            return []
        knob, stages = drawn[0].against, [one.stage for one in drawn]
        values = values_of(request.engine, request.method.name, knob, POINTS)

        def work(run: Run) -> list[list[Any]]:
            made = []
            for place, value in enumerate(values):
                run.progress("curve", place / len(values))
                trace = request.run(stages, cancelled=run.cancelled, **{knob: value})
                made.append([value, [[round(float(x), 6) for x in trace[stage]] for stage in stages]])
            return made

        return self.desk.running.aside(self.desk.run_of(request, "later"), work, PICTURE)

    def far(self, message: Any) -> list[Any] | None:
        """[stage, share of it that is done] of a reader's own run that is under way, and what of it is there so far."""
        return self.desk.running.far(*run_named(message))

    def stop(self, message: Any) -> None:
        """Call off a reader's own run."""
        self.desk.running.stop(*run_named(message))

    def frames(self, key: Any) -> dict[str, Any] | None:
        """The pictures of an open clip, asked for by the viewer once a clip."""
        found = self.desk.clips.of_key(key) if isinstance(key, str) else None
        return found and clip_payload(key, *found)


def run_named(message: Any) -> tuple[str, str]:
    """(who, kind) of a run that is asked about; what names none is nobody's."""
    who, kind = (message.get(name) if isinstance(message, Mapping) else None for name in ("who", "kind"))
    return who[:WHO] if isinstance(who, str) else "", kind[:WHO] if isinstance(kind, str) else ""
