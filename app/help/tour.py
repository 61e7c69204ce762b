"""The top of the page: the tour in seven steps, and the glossary. Their words are in `glossary` and in the methods' lessons,
their files are assets/viewer/page/tour.js and glossary.js."""

import gradio as gr

from app import assets
from app.help.glossary import entries
from core import METHODS
from core.methods import lesson

KEYS = (("t", "the tour, or back to its card"), ("g", "the glossary"))
# What a step's check reads, and what stands instead of one that this page has not: tour.js.
STEPS = tuple(step for method in METHODS.values() for step in lesson(method, "TOUR"))
TOP = """<div class="teach"><span class="tour-offer" hidden>New here? <button type="button">Take the tour</button></span>
<button type="button" class="tour-open" title="seven steps (t)">Tour</button>
<button type="button" class="gl-open" title="what words mean (g)">Glossary</button></div>"""


def top() -> gr.HTML:
    """The buttons of the tour and the glossary."""
    given = {"keys": KEYS, "entries": entries(), "steps": STEPS}
    script = assets.component("page/top.js", "top", given)
    return gr.HTML(TOP, js_on_load=script, apply_default_css=False, padding=False, elem_id="teach")
