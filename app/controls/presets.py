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

from app import assets
from core.knobs import Preset

FRAME = "t"  # a knob of this name is a frame of the clip: it ends where the clip does, and a preset may leave it alone

Presets = Mapping[str, tuple[gr.Button, Preset]]  # what it is called → its button, and what it turns


def raised(text: str) -> str:
    """W^t → HTML."""
    return re.sub(r"\^(\w+)", r"<sup>\1</sup>", html.escape(text))


def looks_of(method: str, scenes: Presets, values: Callable[[Preset], dict[str, Any]]) -> gr.HTML:
    """Under a method's scenes: what to look for in the one that is on the page. values: what a scene's sentence was found true
    of, {clip: {name: value}, knobs: {name: value}}; anything may be where none is named."""
    looks = [{"name": name, "look": raised(one.look), **values(one)} for name, (_, one) in scenes.items()]
    script = assets.component("page/presets.js", "presets", {"method": method, "looks": looks})
    line = '<p class="look" role="status"></p>'
    return gr.HTML(line, js_on_load=script, apply_default_css=False, padding=False, elem_classes="looks")
