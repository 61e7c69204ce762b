"""Presets: several knobs at once, and for some a clip and a sentence on what to look for.

A sentence is true of the shipped weights, its clip and its knobs (tests/app/help/test_help.py looks), and is shown only
with them.
`t` stays where it is unless a preset names it, or is of the defaults alone.
"""

import html
import re

import gradio as gr

from app import assets

FRAME = "t"  # a knob of this name is a frame of the clip: it ends where the clip does, and a preset may leave it alone


def raised(text):
    """W^t → HTML."""
    return re.sub(r"\^(\w+)", r"<sup>\1</sup>", html.escape(text))


def looks_of(method, scenes, before, defaults):
    """Under a method's scenes: what to look for in the one that is on the page. before: preset → what stands before the knobs
    in `taken["values"]`, None where anything may. defaults: of all knobs, in their order."""
    listed = [
        {
            "name": name,
            "look": raised(one.look),
            "clip": before(one),
            "knobs": [None if knob == FRAME else value for knob, value in (defaults | one.values).items()],
        }
        for name, one in scenes.items()
    ]
    script = assets.component("page/presets.js", "presets", {"method": method, "looks": listed})
    line = '<p class="look" role="status"></p>'
    return gr.HTML(line, js_on_load=script, apply_default_css=False, padding=False, elem_classes="looks")
