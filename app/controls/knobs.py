"""Knobs as they are drawn, and the words around them."""

import inspect
import sys
from collections.abc import Iterable, Mapping
from types import ModuleType

import gradio as gr
from gradio.components import Component

from app import assets
from app.controls.presets import FRAME as FRAME
from core.knobs import Knob
from core.method import Method
from core.methods import lesson
from core.publish.described import as_unicode as plain
from core.publish.view import FRAMES

DEFAULT_FRAMES = FRAMES.default


def knobs_of(method: Method, limits: Mapping[str, float]) -> dict[str, Component]:
    """{name: component} in the order of declaration, drawn in the order they are used."""
    declared = {one.name: one for one in method.knobs.knobs()}
    first = lesson(method, "FIRST") or tuple(declared)
    made = {name: control(declared[name], limits, method.name) for name in first}
    rest = [name for name in declared if name not in made]
    if rest:
        with gr.Accordion("More knobs: " + ", ".join(plain(declared[name].symbol) for name in rest), open=False):
            made |= {name: control(declared[name], limits, method.name) for name in rest}
    return {name: made[name] for name in declared}


def control(knob: Knob, limits: Mapping[str, float], tab: str) -> Component:
    """A knob as it is drawn, from its declaration. tab: the method it stands in, for its id."""
    symbol, word = plain(knob.symbol), knob.name.replace("_", " ")
    label, name = word if symbol == word else f"{symbol} · {word}", f"knob-{tab}-{knob.name}"
    if knob.kind == "switch":
        return gr.Checkbox(knob.default, label=label, info=knob.meaning, elem_id=name)
    if knob.kind == "choice":
        choices = [(one.replace("_", " "), one) for one in knob.span]
        return gr.Radio(choices, value=knob.default, label=label, info=knob.meaning, elem_id=name)
    low, high, step = knob.span
    high = min(high, limits.get(knob.name, high))
    made = gr.Slider(low, high, min(knob.default, high), step=step, label=label, info=knob.meaning, elem_id=name)
    made.preprocess = lambda payload: payload  # the engine checks, in a sentence that is shown; Gradio's refusal is not
    if knob.kind == "whole" and step > 1:  # a slider keeps what is typed between its steps, and the desk asks for the one below
        made.release(None, made, made, js=assets.event("page/values.js", "stepped", low, step), api_visibility="private")
    return made


def home_of(method: Method) -> ModuleType:
    """The file of a method: its first sentence and its readings are shown."""
    return sys.modules[method.knobs.__module__]


def first_sentence(method: Method) -> str:
    return (inspect.getdoc(home_of(method)) or "").splitlines()[0]


def readings(method: Method) -> None:
    """Where the paper is silent, what we chose; and what its code does otherwise: from the method's own lists."""
    differences = lesson(method, "DIFFERENCES")
    with gr.Accordion("Where the paper is silent: our readings", open=False):
        gr.Markdown(listed(lesson(method, "READINGS")) + f"\n\n{method.paper}")
        if differences:
            gr.Markdown(
                "**What the released code does that the paper does not say.** The numbers are ours: equations and stages refer "
                f"to them.\n\n{listed(differences)}"
            )  # fmt: skip


def listed(pairs: Iterable[tuple[str, str]]) -> str:
    """(topic, sentence) of each, as a list in Markdown."""
    return "\n".join(f"- **{plain(topic)}**: {plain(sentence)}" for topic, sentence in pairs)
