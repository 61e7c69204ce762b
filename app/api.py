"""What a program may ask over HTTP: typed from the methods' own declarations, and without any file of the server's.

client = gradio_client.Client(address)
client.predict(clip="…", texts=["a red ring moves left"], alpha=0.3, api_name="/explain_stop")
client.predict(file=handle_file("juggle.mp4"), texts=["a ball flies"], api_name="/explain_stop_file")
client.predict(clip="…", t=5, spoil="occluder", severity=0.6, api_name="/explain_stpn")
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from inspect import Parameter, Signature

import gradio as gr

from app.packing import array, runs
from app.told import told
from app.views import ASKED, UNSEEN, later, reads_texts
from core import METHODS, ReaderError
from core import kinds as kind


def publish(engine, clips):
    """The endpoints, inside the page's Blocks."""

    def examples() -> list[dict]:
        """The example clips: the name to ask for, and the sentence that is true of each."""
        return [{"name": one.name, "caption": one.title} for one in clips.examples.values()]

    def knobs(method: str = "stop") -> list[dict]:
        """The knobs of a method: name, symbol, default, span [low, high, step], meaning."""
        with told():
            limits = engine.limits(method)
        return [
            {"name": k.name, "symbol": k.symbol, "default": k.default, "span": span(k, limits), "meaning": k.meaning}
            for k in METHODS[method].knobs.knobs()
        ]

    gr.api(examples)
    gr.api(knobs)
    for method in METHODS.values():
        explain_example(engine, clips, method)
        explain_file(engine, clips, method)


def explain_example(engine, clips, method):
    def explain(clip, *given, **named):
        with told():
            if clip not in clips.examples:
                raise ReaderError(f"There is no example {clip!r}. The examples are {', '.join(clips.examples)}.")
            return answer(engine, clips, method, clips.examples[clip].path, given)

    explain.__doc__ = f"{method.title}, on an example clip: {told_of(method)} as JSON. {method.paper}"
    texts = {"texts": (list[str], Parameter.empty)} if reads_texts(method) else {}
    declare(explain, engine, method, clip=(str, Parameter.empty), **texts, frames=(int, 8))
    gr.api(explain, api_name=f"explain_{method.name}")


def explain_file(engine, clips, method):
    """The same for an uploaded file. A component takes it, because only components check that it was uploaded."""

    def explain(file, *given):
        with told():
            if file is None:
                raise ReaderError("A video file is needed, got none.")
            return answer(engine, clips, method, file, given)

    defaults, reads = engine.settings(method.name, {}), reads_texts(method)
    texts = {"texts": (list[str], [])} if reads else {}
    declare(explain, engine, method, file=(str, Parameter.empty), **texts, frames=(int, 8))
    with gr.Column(visible=False):
        inputs = [gr.File(label="file", file_types=["video"])]
        inputs += [gr.JSON([], label="texts")] if reads else []
        inputs += [gr.Number(8, label="frames", precision=0)]
        inputs += [
            gr.Checkbox(defaults[k.name], label=k.name) if k.kind == "switch"
            else gr.Textbox(defaults[k.name], label=k.name) if k.kind == "choice"
            else gr.Number(defaults[k.name], label=k.name)
            for k in method.knobs.knobs()
        ]  # fmt: skip
        gr.Button().click(
            explain, inputs, gr.JSON(), api_name=f"explain_{method.name}_file",
            api_description=f"{method.title}, on an uploaded video: {told_of(method)} as JSON.",
        )  # fmt: skip


def told_of(method):
    """What is answered, in words."""
    return ", ".join(dict.fromkeys(one.title for one in told_outputs(method)))


def told_outputs(method):
    """What can be said in numbers of one frame or clip at a knob's price: no pictures, no sequence that is only told in words,
    and nothing that reads the whole clip anew."""
    return [one for one in method.outputs if not isinstance(one, (*UNSEEN, *ASKED, kind.Pictures, kind.PixelMask))]


def answer(engine, clips, method, path, given):
    """One run as plain lists, named as the stages are. given: texts where they are read, frames, then every knob."""
    names = [k.name for k in method.knobs.knobs()]
    texts, frames, *values = given if reads_texts(method) else ([], *given)
    clip = clips.open(path, frames)
    wanted = [one.stage for one in told_outputs(method) if texts or not isinstance(one, kind.TextScores)]
    wanted += [stage for stage in later(method) if texts and stage == "unknown_words"]
    trace = engine.run(method.name, clip, texts=texts, outputs=wanted, **dict(zip(names, values, strict=True)))
    return {
        **{name: plain(trace[name]) for name in wanted},
        "knobs": dict(zip(names, values)),
        "time_T": [float(t) for t in clip.time_T],
        "source_T": [int(i) for i in clip.source_T],
        "notes": list(clip.notes),
        "weights": dict(trace.weights),
        "ran": {name: round(ms, 2) for name, ms in trace.ms.items()},
    }


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
