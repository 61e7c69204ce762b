"""What a program may ask over HTTP: typed from the methods' own declarations, and without any file of the server's.

client = gradio_client.Client(address)
client.predict(clip="…", texts=["a red ring moves left"], alpha=0.3, api_name="/explain_METHOD")
client.predict(file=handle_file("juggle.mp4"), texts=["a ball flies"], api_name="/explain_METHOD_file")
client.predict(clip="…", t=5, box=[0.1, 0.2, 0.4, 0.6], api_name="/through_METHOD")

`explain_…` tells of one frame or of the clip; `through_…`, where a method reads the whole clip, of what a detector finds in
every frame: tracks, and one thing that is followed from its box (x0, y0, x1, y1 in fractions of the first frame; none: the best
that is found there).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from inspect import Parameter, Signature
from typing import Any

import gradio as gr

from app.figures.pack import array, runs
from app.server.clips import Clips
from app.server.errors import as_message
from core import Engine, ReaderError
from core.kinds import Output
from core.knobs import Knob
from core.method import Method
from core.publish.view import FRAMES
from core.video.clip import Clip
from core.video.read import LIMITS, checked_moment

READ = " start and end: the seconds of the file that the frames are read from; both 0: all of it."
MOMENT = ("start", "end")  # names of the seconds that are read of a file
Typed = Mapping[str, tuple[type, Any]]  # name of a parameter → its type and its default


def publish(engine: Engine, clips: Clips) -> None:
    """The endpoints, inside the page's Blocks."""
    first = next(iter(engine.methods))

    def examples() -> list[dict]:
        """The example clips: the name to ask for, and the sentence that is true of each."""
        return [{"name": one.name, "caption": one.title} for one in clips.examples.values()]

    def knobs(method: str = first) -> list[dict]:
        """The knobs of a method: name, symbol, default, span [low, high, step], meaning."""
        with as_message():
            limits = engine.limits(method)
        return [
            {"name": k.name, "symbol": k.symbol, "default": k.default, "span": span(k, limits), "meaning": k.meaning}
            for k in engine.method(method).knobs.knobs()
        ]

    gr.api(examples)
    gr.api(knobs)
    for method in engine.methods.values():
        for endpoint in endpoints(engine, clips, method):
            endpoint.publish_example()
            endpoint.publish_file()


def endpoints(engine: Engine, clips: Clips, method: Method) -> "list[Endpoint]":
    """What can be said in numbers of one frame or clip at a knob's price: no pictures, no sequence that is only told in words;
    and apart from it, what reads the whole clip anew."""
    through = tuple(one for one in method.outputs if one.value == "box" and one.when == "whole")
    known = [one for one in method.outputs if one.value != "token" and "H" not in one.over and not one.closer]
    at_once = tuple(one for one in known if one not in through)
    made = [Endpoint(f"explain_{method.name}", engine, clips, method, at_once)]
    return made + ([Endpoint(f"through_{method.name}", engine, clips, method, through, boxed=True)] if through else [])


@dataclass(frozen=True)
class Endpoint:
    """outputs: what is answered. boxed: whether a box to follow may be given, and no texts."""

    name: str
    engine: Engine
    clips: Clips
    method: Method
    outputs: tuple[Output, ...]
    boxed: bool = False

    @property
    def titles(self) -> str:
        """What is answered, in words."""
        return ", ".join(dict.fromkeys(one.title for one in self.outputs))

    @property
    def said(self) -> str:
        """Of frames, in words."""
        return READ if "clip" in self.method.sources else ""

    def parameters(self, needed: bool) -> Typed:
        """What is asked of a clip or a file, in order: what the stages ask for, frames, a box, every knob. needed: whether
        texts and a question must be given; Gradio's components have a default each."""
        sources, defaults = self.method.sources, self.engine.settings(self.method.name, {})
        blank = {"texts": (list[str], []), "question": (str, "")}
        written = {name: (of, Parameter.empty if needed else one) for name, (of, one) in blank.items() if name in sources}
        box = {"box": (list[float], [])} if self.boxed else {}
        knobs = {k.name: (type(k.default), defaults[k.name]) for k in self.method.knobs.knobs()}
        frames = {"frames": (int, FRAMES.default)} if "clip" in sources else {}
        frames |= {name: (float, 0.0) for name in MOMENT} if frames else {}
        return ({} if self.boxed else written) | frames | box | knobs

    def publish_example(self) -> None:
        """On an example clip, by its name."""
        typed = {"clip": (str, Parameter.empty), **self.parameters(needed=True)}

        def explain(clip: Any, *row: Any) -> dict[str, Any]:
            with as_message():
                examples = self.clips.examples
                if not isinstance(clip, str) or clip not in examples:
                    raise ReaderError(f"There is no example {str(clip)[:40]!r}. The examples are {', '.join(examples)}.")
                return self.answer(examples[clip].path, dict(zip(list(typed)[1:], row, strict=True)))

        explain.__doc__ = f"{self.method.title}, on an example clip: {self.titles} as JSON.{self.said} {self.method.paper}"
        declare(explain, typed)
        gr.api(explain, api_name=self.name)

    def publish_file(self) -> None:
        """The same for an uploaded file. A component takes it, because only components check that it was uploaded."""
        knobs = {k.name: k for k in self.method.knobs.knobs()}
        typed = {"file": (str, Parameter.empty), **self.parameters(needed=False)}

        def explain(file: Any, *row: Any) -> dict[str, Any]:
            with as_message():
                if file is None:
                    raise ReaderError("A video file is needed, got none.")
                return self.answer(file, dict(zip(list(typed)[1:], row, strict=True)))

        declare(explain, typed)
        with gr.Column(visible=False):
            # any file, as where one is dropped on the page: the reader says what it is, and its name proves nothing
            file = gr.File(label="file")
            others = [component(name, default, knobs.get(name)) for name, (_, default) in list(typed.items())[1:]]
            for one in others:
                one.preprocess = as_it_is  # the engine checks, in a sentence that is told
            file.preprocess = path_of
            gr.Button().click(
                explain, [file, *others], gr.JSON(), api_name=f"{self.name}_file",
                api_description=f"{self.method.title}, on an uploaded video: {self.titles} as JSON.{self.said}",
            )  # fmt: skip

    def answer(self, path: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """One run as plain lists, named as the stages are. arguments: by name, as `parameters` are."""
        method, knobs = self.method, {k.name: arguments[k.name] for k in self.method.knobs.knobs()}
        more = {name: value for name, value in arguments.items() if name not in knobs and name not in ("frames", *MOMENT)}
        texts = more.get("texts")
        clip = None
        if "frames" in arguments:
            moment = moment_in(*(arguments[name] for name in MOMENT))
            clip = self.clips.open(path, FRAMES.check(arguments["frames"]), (), moment)
        wanted = [one.stage for one in self.outputs] + [stage for one in self.outputs for stage in one.with_it]
        wanted = [stage for stage in wanted if texts or stage not in method.text_stages]
        if "video" in method.sources:
            more["video"] = self.clips.video(path)
        trace = self.engine.run(method.name, clip, outputs=wanted, **more, **knobs)
        return {
            **{name: plain(trace[name]) for name in wanted},
            "knobs": knobs,
            **({} if clip is None else of_clip(clip)),
            "weights": dict(trace.weights),
            "ran": {name: round(ms, 2) for name, ms in trace.ms.items()},
        }


def moment_in(start: Any, end: Any) -> tuple[float, ...]:
    """The seconds that are read. An end of 0 is that of the file."""
    return checked_moment([start, LIMITS.seconds if end == 0 else end]) if (start, end) != (0, 0) else ()


def of_clip(clip: Clip) -> dict[str, Any]:
    """What is told of the frames that were read."""
    return {
        "time_T": [float(t) for t in clip.time_T],
        "source_T": [int(i) for i in clip.source_T],
        "notes": list(clip.notes),
    }


def component(name: str, default: Any, knob: Knob | None) -> gr.components.Component:
    """What takes a value of an endpoint for files."""
    if knob is None:
        made = {"frames": partial(gr.Number, precision=0), "question": gr.Textbox} | dict.fromkeys(MOMENT, gr.Number)
        made = made.get(name, gr.JSON)
    else:
        made = {"switch": gr.Checkbox, "choice": gr.Textbox}.get(knob.kind, gr.Number)
    return made(default, label=name)


def path_of(payload: Any) -> Any:
    """The file that was uploaded. Gradio (6.31) says by the machine's list of types what a video is, and by that no gif."""
    return payload and payload.path


def as_it_is(payload: Any) -> Any:
    """What was sent."""
    return payload


def plain(value: Any) -> Any:
    """A result as JSON has it. A map of a stage or a block is named by their numbers from 0: "1" or "1.0". A mask over
    pixels is its size and the lengths of its runs of 0, 1, 0, … along the rows."""
    if hasattr(value, "cpu"):
        made = array(value)
        if made.dtype == bool and made.ndim == 3:
            return {"size": list(made.shape[1:]), "runs": [runs(one) for one in made]}
        return made.tolist()
    if isinstance(value, Mapping):
        return {".".join(map(str, at)) if isinstance(at, tuple) else str(at): plain(one) for at, one in value.items()}
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    return [plain(one) for one in value] if isinstance(value, (tuple, list)) else value


def declare(function: Callable[..., Any], typed: Typed) -> None:
    """Give a function the signature of these parameters, for Gradio to read."""
    function.__annotations__ = {name: of for name, (of, _) in typed.items()} | {"return": dict}
    function.__signature__ = Signature(
        [Parameter(n, Parameter.POSITIONAL_OR_KEYWORD, annotation=of, default=default) for n, (of, default) in typed.items()],
        return_annotation=dict,
    )


def span(knob: Knob, limits: Mapping[str, float]) -> list[Any]:
    """[low, high, step] with these weights, or what there is to choose from."""
    if knob.kind in ("switch", "choice"):
        return list(knob.span) if knob.span else [False, True]
    low, high, step = knob.span
    return [low, min(high, limits.get(knob.name, high)), step]
