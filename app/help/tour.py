"""The top of the page: the tour, a step for each thing to do, and the glossary. Words are in `glossary` and in the methods'
lessons, their files are assets/viewer/page/tour.js and glossary.js."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import gradio as gr

from app import assets
from app.help.glossary import entries
from core.method import Method
from core.methods import lesson

KEYS = (("t", "the tour, or back to its card"), ("g", "the glossary"))
# What a step's check reads, and what stands instead of one that this page has not: tour.js.
FRAMES = {
    "title": "Which frames?",
    "text": "A question about a long video, and every way to choose eight frames of it on one time line. Where the answer is "
    "seen is shaded; the same reader answers from each choice.",
    "act": "Open the tab “Which frames?” and click another method's name.",
    "keys": "Go to it, Enter; then Tab to a name, Enter",
    "done": "These are the frames that the reader gets from it. Now move K: the curve below says from where on it is enough.",
    "tab": "Which frames?",
    "targets": ["#frames .wf-rows"],
    "check": {"seen": "#frames tbody tr:not(:first-child) button[aria-pressed=true]"},
}
TOP = """<div class="teach"><span class="tour-offer" hidden>New here? <button type="button">Take the tour</button></span>
<button type="button" class="tour-open" title="a few steps (t)">Tour</button>
<button type="button" class="gl-open" title="what words mean (g)">Glossary</button></div>"""


# Of the tab that shows runs of the workbench, where the page has one.
RUNS = {
    "title": "Where it fails",
    "text": "One clip says little. A run is a row of numbers for each of many: bars, words and cells of the confusion filter "
    "them, B beside A says what another setting fixes and breaks.",
    "act": "Open a clip: click its row, or press j.",
    "keys": "Go to it, Enter; then j",
    "done": "Its frames, its numbers, and room for tags and a note. Enter opens it on its method's tab, Back comes back here.",
    "tab": "Errors",
    "targets": [".er-rows"],
    "check": {"seen": ".er-right[data-clip]"},
}


def steps(methods: Iterable[Method], several: bool, runs: bool) -> tuple[dict[str, Any], ...]:
    """Of the tour of a page with these methods. several: whether ways to choose frames stand side by side; runs: whether
    runs are shown."""
    own = (step for method in methods for step in lesson(method, "TOUR"))
    return (*own, *([FRAMES] if several else []), *([RUNS] if runs else []))


def top(steps: Sequence[Mapping[str, Any]]) -> gr.HTML:
    """The buttons of the tour, if it has a step, and of the glossary."""
    given = {"keys": KEYS, "entries": entries(), "steps": steps}
    script = assets.component("page/top.js", "top", given)
    return gr.HTML(TOP, js_on_load=script, apply_default_css=False, padding=False, elem_id="teach")
