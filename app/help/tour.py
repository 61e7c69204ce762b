"""The top of the page: the tour in seven steps, and the glossary. Their words are in `glossary` and in the methods' lessons,
their files are assets/viewer/tour.js and glossary.js."""

import json

import gradio as gr

from app.figures.drawing import VIEWER
from app.help.glossary import entries
from core import METHODS
from core.methods import lesson

FILES = ("tour.js", "glossary.js")
KEYS = (("t", "the tour, or back to its card"), ("g", "the glossary"))
# What a step's check reads, and what stands instead of one that this page has not: tour.js.
STEPS = tuple(step for method in METHODS.values() for step in lesson(method, "TOUR"))
TOP = """<div class="teach"><span class="tour-offer" hidden>New here? <button type="button">Take the tour</button></span>
<button type="button" class="tour-open" title="seven steps (t)">Tour</button>
<button type="button" class="gl-open" title="what words mean (g)">Glossary</button></div>"""
SCRIPT = """
const url = URL.createObjectURL(new Blob([%(module)s], {type: "text/javascript"}));
globalThis.pageKeys = %(keys)s;
import(url).then(({tour, glossary}) => {
  const part = name => element.querySelector(name);
  glossary(part(".gl-open"), %(entries)s);
  tour(part(".tour-open"), part(".tour-offer"), %(steps)s);
});
"""


def source():
    """The text of the module."""
    return "\n".join((VIEWER / name).read_text(encoding="utf-8") for name in FILES)


def top():
    """The buttons of the tour and the glossary."""
    told = {"module": source(), "keys": KEYS, "entries": entries(), "steps": STEPS}
    script = SCRIPT % {name: json.dumps(value) for name, value in told.items()}
    return gr.HTML(TOP, js_on_load=script, apply_default_css=False, padding=False, elem_id="teach")
