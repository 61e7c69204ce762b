"""Presets: several knobs at once, and for some a clip and a sentence on what to look for.

A sentence is true of the shipped weights, its clip and its knobs (tests/app/help/test_help.py looks), and is shown only
with them.
`t` stays where it is unless a preset names it, or is of the defaults alone.
"""

import html
import json
import re

import gradio as gr

FRAME = "t"  # a knob of this name is a frame of the clip: it ends where the clip does, and a preset may leave it alone

# The sentence of the last preset that all values fitted; it stays, paler, when knobs move on, and goes with its clip.
LOOK = """
const looks = %(looks)s, line = element.querySelector(".look");
let last = null;
const fits = (wanted, values) => wanted.every((one, i) => one === null || one === values[i]);
document.addEventListener("taken", () => {
  const values = window.taken?.%(name)s?.values;
  if (!values) return;
  last = looks.find(one => fits([...one.clip, ...one.knobs], values)) ?? (last && fits(last.clip, values) ? last : null);
  line.innerHTML = last ? `<b>${last.name}.</b> ${last.look}` : "";
  line.classList.toggle("look-past", !!last && !fits([...last.clip, ...last.knobs], values));
});
"""


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
    script = LOOK % {"looks": json.dumps(listed), "name": method}
    line = '<p class="look" role="status"></p>'
    return gr.HTML(line, js_on_load=script, apply_default_css=False, padding=False, elem_classes="looks")
