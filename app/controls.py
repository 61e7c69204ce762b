"""Knobs as they are drawn, presets, and the words around them."""

import inspect
import json
import sys

import gradio as gr

from core.publish.view import FRAMES

DEFAULT_FRAMES = FRAMES.default
FRAME = "t"  # a knob of this name is a frame of the clip: it ends where the clip does, and a preset leaves it alone
PRESETS = {
    "stop": {
        "defaults": {},
        "attention only": {"alpha": 1.0},
        "dynamics only": {"alpha": 0.0},
        "one patch": {"kept": 1},
        "many prompts": {"eta": 12.0},
        "no prompts": {"spatial": False, "temporal": False},
    },
    "stop_released": {
        "defaults": {},
        "alone": {"mate": "none"},
        "still beside": {"mate": "still"},
    },
    "stpn": {
        "defaults": {},
        "clean": {"spoil": "none"},
        "blurred": {"spoil": "motion_blur", "severity": 0.9},
        "occluded": {"spoil": "occluder", "severity": 0.6},
        "bad supports": {"severity": 0.9, "spoiled": "both"},
        "whole clip": {"supports": 14, "stride": 0},
    },
}
# What is turned most stands first; the rest is one click away. A method that is not named shows all, as declared.
FIRST = {"stpn": ("t", "severity", "spoil", "spoiled", "supports", "stride", "prompts", "shuffled")}


def knobs_of(method, limits):
    """{name: component} in the order of declaration, drawn in the order they are used."""
    declared = {one.name: one for one in method.knobs.knobs()}
    first = FIRST.get(method.name, tuple(declared))
    made = {name: control(declared[name], limits, method.name) for name in first}
    rest = [name for name in declared if name not in made]
    if rest:
        with gr.Accordion("More knobs: " + ", ".join(plain(declared[name].symbol) for name in rest), open=False):
            made |= {name: control(declared[name], limits, method.name) for name in rest}
    return {name: made[name] for name in declared}


def control(knob, limits, tab):
    """A knob as it is drawn, from its declaration. tab: the method it stands in, for its id."""
    symbol, said = plain(knob.symbol), knob.name.replace("_", " ")
    label, name = said if symbol == said else f"{symbol} · {said}", f"knob-{tab}-{knob.name}"
    if knob.kind == "switch":
        return gr.Checkbox(knob.default, label=label, info=knob.meaning, elem_id=name)
    if knob.kind == "choice":
        choices = [(one.replace("_", " "), one) for one in knob.span]
        return gr.Radio(choices, value=knob.default, label=label, info=knob.meaning, elem_id=name)
    low, high, step = knob.span
    high = min(high, limits.get(knob.name, high))
    made = gr.Slider(low, high, min(knob.default, high), step=step, label=label, info=knob.meaning, elem_id=name)
    made.preprocess = lambda payload: payload  # the engine checks, in a sentence that is shown; Gradio's refusal is not
    return made


def presets_of(method):
    """{name: (button, values of all knobs but the current frame)}"""
    chosen = PRESETS.get(method.name, {"defaults": {}})
    with gr.Row(elem_classes="presets"):
        return {name: (gr.Button(name, size="sm", min_width=60), values) for name, values in chosen.items()}


def set_knobs(button, knobs, values):
    """A preset is there at once: in the browser, so that no reply of the server can arrive after a later knob."""
    turned = [one for name, one in knobs.items() if name != FRAME]
    script = f"() => {json.dumps([value for name, value in values.items() if name != FRAME])}"
    button.click(None, None, turned, js=script, api_visibility="private")


def home_of(method):
    """The file of a method: its first sentence and its readings are shown."""
    return sys.modules[method.knobs.__module__]


def first_sentence(method):
    return (inspect.getdoc(home_of(method)) or "").splitlines()[0]


def readings(method):
    """Where the paper is silent, what we chose: said on the page, from the method's own list."""
    said = getattr(home_of(method), "READINGS", ())
    with gr.Accordion("Where the paper is silent: our readings", open=False):
        gr.Markdown("\n".join(f"- **{plain(topic)}**: {plain(sentence)}" for topic, sentence in said) + f"\n\n{method.paper}")


def plain(symbol):
    """A symbol as Unicode, for labels that know no markup."""
    for written, shown in {"_s": "ₛ", "^s": "ˢ", "^t": "ᵗ"}.items():
        symbol = symbol.replace(written, shown)
    return symbol
