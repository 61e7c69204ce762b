"""What a program may ask over HTTP: typed from the methods' own declarations, and without any file of the server's.

client = gradio_client.Client(address)
client.predict(clip="…", texts=["a red ring moves left"], alpha=0.3, api_name="/explain_stop")
client.predict(file=handle_file("juggle.mp4"), texts=["a ball flies"], api_name="/explain_stop_file")
client.predict(clip="…", t=5, spoil="occluder", severity=0.6, api_name="/explain_stpn")
client.predict(clip="…", t=5, box=[0.1, 0.2, 0.4, 0.6], api_name="/through_stpn")

`explain_…` tells of one frame or of the clip; `through_…` of what a detector finds in every frame: tracks, and one thing that
is followed from its box (x0, y0, x1, y1 in fractions of the first frame; none: the best that is found there).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from inspect import Parameter, Signature

import gradio as gr

from app.figures.pack import array, runs
from app.server.errors import as_message
from core import METHODS, ReaderError
from core.kinds import Output
from core.publish.view import FRAMES


def publish(engine, clips):
    """The endpoints, inside the page's Blocks."""

    def examples() -> list[dict]:
        """The example clips: the name to ask for, and the sentence that is true of each."""
        return [{"name": one.name, "caption": one.title} for one in clips.examples.values()]

    def knobs(method: str = "stop") -> list[dict]:
        """The knobs of a method: name, symbol, default, span [low, high, step], meaning."""
        with as_message():
            limits = engine.limits(method)
        return [
            {"name": k.name, "symbol": k.symbol, "default": k.default, "span": span(k, limits), "meaning": k.meaning}
            for k in METHODS[method].knobs.knobs()
        ]

    gr.api(examples)
    gr.api(knobs)
    for method in METHODS.values():
        for asked in questions(method):
            explain_example(engine, clips, method, asked)
            explain_file(engine, clips, method, asked)


@dataclass(frozen=True)
class Endpoint:
    """What an endpoint answers. name: of the endpoint. outputs: what is told. boxed: whether a box to follow may be given."""

    name: str
    outputs: tuple[Output, ...]
    texts: bool = False
    boxed: bool = False

    @property
    def told(self):
        """What is answered, in words."""
        return ", ".join(dict.fromkeys(one.title for one in self.outputs))


def questions(method):
    """What can be said in numbers of one frame or clip at a knob's price: no pictures, no sequence that is only told in words;
    and apart from it, what reads the whole clip anew."""
    through = tuple(one for one in method.outputs if one.value == "box" and one.when == "whole")
    at_once = tuple(one for one in method.outputs if one.value != "token" and "H" not in one.over and one not in through)
    made = [Endpoint(f"explain_{method.name}", at_once, bool(method.text_stages))]
    return made + ([Endpoint(f"through_{method.name}", through, boxed=True)] if through else [])


def explain_example(engine, clips, method, asked):
    def explain(clip, *given, **named):
        with as_message():
            if not isinstance(clip, str) or clip not in clips.examples:
                raise ReaderError(f"There is no example {str(clip)[:40]!r}. The examples are {', '.join(clips.examples)}.")
            return answer(engine, clips, method, asked, clips.examples[clip].path, given)

    explain.__doc__ = f"{method.title}, on an example clip: {asked.told} as JSON. {method.paper}"
    texts = {"texts": (list[str], Parameter.empty)} if asked.texts else {}
    box = {"box": (list[float], [])} if asked.boxed else {}
    declare(explain, engine, method, clip=(str, Parameter.empty), **texts, frames=(int, 8), **box)
    gr.api(explain, api_name=asked.name)


def explain_file(engine, clips, method, asked):
    """The same for an uploaded file. A component takes it, because only components check that it was uploaded."""

    def explain(file, *given):
        with as_message():
            if file is None:
                raise ReaderError("A video file is needed, got none.")
            return answer(engine, clips, method, asked, file, given)

    defaults = engine.settings(method.name, {})
    texts, box = ({"texts": (list[str], [])} if asked.texts else {}), ({"box": (list[float], [])} if asked.boxed else {})
    declare(explain, engine, method, file=(str, Parameter.empty), **texts, frames=(int, 8), **box)
    with gr.Column(visible=False):
        # any file, as where one is dropped on the page: what it is the reader says, who looks into it. Its name proves nothing
        inputs = [gr.File(label="file")]
        inputs += [gr.JSON([], label=name) for name in texts]
        inputs += [gr.Number(8, label="frames", precision=0)]
        inputs += [gr.JSON([], label=name) for name in box]
        inputs += [
            gr.Checkbox(defaults[k.name], label=k.name) if k.kind == "switch"
            else gr.Textbox(defaults[k.name], label=k.name) if k.kind == "choice"
            else gr.Number(defaults[k.name], label=k.name)
            for k in method.knobs.knobs()
        ]  # fmt: skip
        for one in inputs[1:]:
            one.preprocess = as_it_is  # the engine checks, in a sentence that is told
        inputs[0].preprocess = path_of
        gr.Button().click(
            explain, inputs, gr.JSON(), api_name=f"{asked.name}_file",
            api_description=f"{method.title}, on an uploaded video: {asked.told} as JSON.",
        )  # fmt: skip


def answer(engine, clips, method, asked, path, given):
    """One run as plain lists, named as the stages are. given: texts where they are read, frames, a box where one may be given,
    then every knob."""
    given, names = list(given), [k.name for k in method.knobs.knobs()]
    texts, frames, box = given.pop(0) if asked.texts else [], given.pop(0), given.pop(0) if asked.boxed else None
    clip = clips.open(path, FRAMES.check(frames))
    wanted = [one.stage for one in asked.outputs] + [stage for one in asked.outputs for stage in one.with_it]
    wanted = [stage for stage in wanted if texts or stage not in method.text_stages]
    trace = engine.run(method.name, clip, texts=texts, outputs=wanted, box=box, **dict(zip(names, given, strict=True)))
    return {
        **{name: plain(trace[name]) for name in wanted},
        "knobs": dict(zip(names, given)),
        "time_T": [float(t) for t in clip.time_T],
        "source_T": [int(i) for i in clip.source_T],
        "notes": list(clip.notes),
        "weights": dict(trace.weights),
        "ran": {name: round(ms, 2) for name, ms in trace.ms.items()},
    }


def path_of(payload):
    """The file that was uploaded. Gradio (6.31) says by the machine's list of types what a video is, and by that no gif."""
    return payload and payload.path


def as_it_is(payload):
    """What was sent."""
    return payload


def plain(value):
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


def declare(function, engine, method, **first):
    """Give a function the signature that a method's knobs make, for Gradio to read."""
    defaults = engine.settings(method.name, {})
    typed = first | {k.name: (type(k.default), defaults[k.name]) for k in method.knobs.knobs()}
    function.__annotations__ = {name: kind for name, (kind, _) in typed.items()} | {"return": dict}
    function.__signature__ = Signature(
        [Parameter(n, Parameter.POSITIONAL_OR_KEYWORD, annotation=kind, default=given) for n, (kind, given) in typed.items()],
        return_annotation=dict,
    )


def span(knob, limits):
    if knob.kind in ("switch", "choice"):
        return list(knob.span) if knob.span else [False, True]
    low, high, step = knob.span
    return [low, min(high, limits.get(knob.name, high)), step]
