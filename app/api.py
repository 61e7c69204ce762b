"""What a program may ask over HTTP: typed from the methods' own declarations, and without any file of the server's.

client = gradio_client.Client(address)
client.predict(clip="…", texts=["a red ring moves left"], alpha=0.3, api_name="/explain_stop")
client.predict(file=handle_file("juggle.mp4"), texts=["a ball flies"], api_name="/explain_stop_file")
"""

from inspect import Parameter, Signature

import gradio as gr

from app.told import told
from app.viewer import array
from core import METHODS, ReaderError


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
    def explain(clip, texts, frames, *values, **named):
        with told():
            if clip not in clips.examples:
                raise ReaderError(f"There is no example {clip!r}. The examples are {', '.join(clips.examples)}.")
            return answer(engine, clips, method, clips.examples[clip].path, texts, frames, values)

    explain.__doc__ = f"{method.title}, on an example clip: every map, count and similarity as JSON. {method.paper}"
    declare(explain, method, clip=(str, Parameter.empty), texts=(list[str], Parameter.empty), frames=(int, 8))
    gr.api(explain, api_name=f"explain_{method.name}")


def explain_file(engine, clips, method):
    """The same for an uploaded file. A component takes it, because only components check that it was uploaded."""

    def explain(file, texts, frames, *values):
        with told():
            if file is None:
                raise ReaderError("A video file is needed, got none.")
            return answer(engine, clips, method, file, texts, frames, values)

    told_knobs = method.knobs.knobs()
    declare(explain, method, file=(str, Parameter.empty), texts=(list[str], []), frames=(int, 8))
    with gr.Column(visible=False):
        inputs = [
            gr.File(label="file", file_types=["video"]),
            gr.JSON([], label="texts"),
            gr.Number(8, label="frames", precision=0),
        ]
        inputs += [
            gr.Checkbox(k.default, label=k.name) if k.kind == "switch"
            else gr.Textbox(k.default, label=k.name) if k.kind == "choice"
            else gr.Number(k.default, label=k.name)
            for k in told_knobs
        ]  # fmt: skip
        gr.Button().click(
            explain, inputs, gr.JSON(), api_name=f"explain_{method.name}_file",
            api_description=f"{method.title}, on an uploaded video: every map, count and similarity as JSON.",
        )  # fmt: skip


def answer(engine, clips, method, path, texts, frames, values):
    """One run as plain lists, named as the stages are."""
    names = [k.name for k in method.knobs.knobs()]
    clip = clips.open(path, frames)
    wanted = [one.stage for one in method.outputs if type(one).__name__ != "TokenSequence"]
    wanted = [stage for stage in wanted if texts or stage != "similarity_Y"] + (["unknown_words"] if texts else [])
    trace = engine.run(method.name, clip, texts=texts, outputs=wanted, **dict(zip(names, values, strict=True)))
    results = {name: trace[name] for name in wanted}
    return {
        **{name: array(value).tolist() if hasattr(value, "cpu") else list(value) for name, value in results.items()},
        "knobs": dict(zip(names, values)),
        "time_T": [float(t) for t in clip.time_T],
        "source_T": [int(i) for i in clip.source_T],
        "notes": list(clip.notes),
        "weights": dict(trace.weights),
        "ran": {name: round(ms, 2) for name, ms in trace.ms.items()},
    }


def declare(function, method, **first):
    """Give a function the signature that a method's knobs make, for Gradio to read."""
    typed = first | {k.name: (type(k.default), k.default) for k in method.knobs.knobs()}
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
