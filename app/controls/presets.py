"""Presets: several knobs at once, and for some a clip and a sentence on what to look for.

A sentence is true of the shipped weights, its clip and its knobs (tests/app/help/test_help.py looks), and is shown only
with them.
`t` stays where it is unless a preset names it, or is of the defaults alone.
"""

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr
from gradio.components import Component

from app import assets
from app.server.clips import Example
from core.knobs import Preset
from core.method import Method
from core.methods import lesson

FRAME = "t"  # a knob of this name is a frame of the clip: it ends where the clip does, and a preset may leave it alone

PRESSED = "pressed"  # the event of a row

Presets = Mapping[str, Preset]  # what it is called → what it turns


def presets_of(method: Method) -> Presets:
    """Those that turn knobs only."""
    return {name: one for name, one in all_presets(method).items() if one.clip is None}


def scenes_of(method: Method, examples: Mapping[str, Example]) -> Presets:
    """Those that choose a clip too, if it is there, and say what to look for."""
    return {name: one for name, one in all_presets(method).items() if one.clip in examples}


def all_presets(method: Method) -> Presets:
    """As the method declares them; or the defaults alone."""
    return lesson(method, "PRESETS") or {"defaults": Preset()}


def row(kind: str, called: str, presets: Presets) -> gr.HTML:
    """Their buttons. One component for all: the page's opening goes through every component and event it has."""
    button = '<button type="button" data-preset="{0}" data-clip="{1}">{0}</button>'.format
    buttons = "".join(button(html.escape(name), html.escape(one.clip or "")) for name, one in presets.items())
    return gr.HTML(
        f'<div class="{kind}" role="group" aria-label="{called}">{buttons}</div>',
        js_on_load=assets.component("page/presets.js", "row", PRESSED), apply_default_css=False, padding=False,
    )  # fmt: skip


def set_knobs(row: gr.HTML, presets: Presets, knobs: Mapping[str, Component], defaults: Mapping[str, Any]) -> None:
    """A preset is there at once: in the browser, so that no reply of the server can arrive after a later knob."""
    values = {name: list(map({**defaults, **one.values}.get, knobs)) for name, one in presets.items()}
    frame = None
    if FRAME in knobs:
        frame = {"place": list(knobs).index(FRAME), "slider": f"#{knobs[FRAME].elem_id} input[type=range]"}
        frame["named"] = [name for name, one in presets.items() if FRAME in one.values]
        frame["whole"] = [name for name, one in presets.items() if not one.values]  # the defaults are those of the frame too
    script = assets.event("page/presets.js", "pressed", values, frame)
    row.pressed(None, None, list(knobs.values()), js=script, api_visibility="private")


def raised(text: str) -> str:
    """W^t → HTML."""
    return re.sub(r"\^(\w+)", r"<sup>\1</sup>", html.escape(text))


def looks_of(method: str, scenes: Presets, values: Callable[[Preset], dict[str, Any]]) -> gr.HTML:
    """Under a method's scenes: what to look for in the one that is on the page. values: what a scene's sentence was found true
    of, {clip: {name: value}, knobs: {name: value}}; anything may be where none is named."""
    looks = [{"name": name, "look": raised(one.look), **values(one)} for name, one in scenes.items()]
    script = assets.component("page/presets.js", "presets", {"method": method, "looks": looks})
    line = '<p class="look" role="status"></p>'
    return gr.HTML(line, js_on_load=script, apply_default_css=False, padding=False, elem_classes="looks")
