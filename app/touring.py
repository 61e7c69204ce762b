"""The top of the page: the tour in seven steps, and the glossary. Their words are here and in `glossary`, their files are
assets/viewer/page/tour.js and glossary.js."""

import gradio as gr

from app import assets
from app.glossary import entries

KEYS = (("t", "the tour, or back to its card"), ("g", "the glossary"))
TERM = "#viewer-stop .eq-term[data-term=attention_TP]"
EQUATIONS = {
    "title": "What the letters mean",
    "text": "Under the picture every equation stands in terms that light the pixels they speak of, with the numbers of your "
    "patch.",
    "act": "Open “Equations” and choose the term A.",
    "keys": "Go to it, Enter; then Tab to A, Enter",
    "done": "The copy beside shows A, the attention, for as long as the term is chosen.",
    "tab": "STOP",
    "targets": [TERM, "#viewer-stop [data-panel=equations] > summary"],
    "check": {"seen": f"{TERM}[aria-pressed=true]"},
}
# What each step's check reads, and what stands instead of one that this page has not: tour.js.
STEPS = (
    {
        "title": "Watch the clip",
        "text": "Eight frames of a short video. White edges mark the patches that STOP keeps: see where they go.",
        "act": "Press ▶ under the picture.",
        "keys": "Go to it, Enter",
        "done": "It plays. Stop it whenever you like.",
        "tab": "STOP",
        "targets": ["#viewer-stop .vw-play"],
        "check": {"seen": "#viewer-stop .vw-play[aria-label=Pause]"},
    },
    {
        "title": "Look at one patch",
        "text": "A frame is cut into patches. The numbers behind the one you point at stand beside the picture.",
        "act": "Point at a patch with white edges.",
        "keys": "Go to it, then Shift + arrows",
        "done": "This one is kept: it is among the N_s highest scores of its frame, and gets a spatial prompt.",
        "tab": "STOP",
        "targets": ["#viewer-stop .vw-picture"],
        "check": {"looked": "kept"},
    },
    {
        "title": "Prompts between frames",
        "text": "A bar says how much changes between two frames. η turns change into prompts, the small number below.",
        "act": "Raise η until a gap has 8 prompts.",
        "keys": "Go to it, then →, or End",
        "done": "8 is the most a gap may hold here; where less changes, there are fewer.",
        "tab": "STOP",
        "targets": ["#knob-stop-eta"],
        "check": {"text": ["#viewer-stop .vw-gap b", "8"]},
    },
    {
        "title": "Attention alone",
        "text": "α blends two maps: where the frozen network looks, and where something changes.",
        "act": "Set α to 1.",
        "keys": "Go to it, then End",
        "done": "Now the kept patches are where the frozen network looks, whatever moves.",
        "tab": "STOP",
        "targets": ["#knob-stop-alpha"],
        "check": {"shown": ["stop", {"alpha": 1}]},
    },
    EQUATIONS,
    {
        "title": "Another method: STPN",
        "text": "STPN makes its prompts of other frames of the clip, the supports. Each prompt looks somewhere else.",
        "act": "Open the tab STPN and lock a prompt, P₁ to P₅.",
        "keys": "Go to it, Enter; again, then Tab to a prompt, Enter",
        "done": "The supports now show where this prompt looked.",
        "tab": "STPN",
        "targets": ["#viewer-stpn .vw-prompts"],
        "check": {"seen": "#viewer-stpn .vw-prompts [aria-checked=true]:not(:first-child)"},
    },
    {
        "title": "Spoil the frame",
        "text": "STPN is for frames that are hard to see. Two detectors read this one: with prompts, and without.",
        "act": "Set the severity, s, to 1.",
        "keys": "Go to it, then End",
        "done": "Compare what both find. That was all; everything may be turned now.",
        "tab": "STPN",
        "targets": ["#knob-stpn-severity"],
        "check": {"shown": ["stpn", {"severity": 1}]},
    },
)
# The last step of a page whose viewer of prompts can keep a view to compare with.
PIN = {
    "title": "Pin, and compare",
    "text": "STPN is for frames that are hard to see. What you see now becomes A; what you turn after that is B.",
    "act": "Press “pin as A”.",
    "keys": "Go to it, Enter",
    "done": "Now set the severity, s, to 1, and compare what is found. That was all; everything may be turned now.",
    "tab": "STPN",
    "targets": ["#viewer-stpn .vw-pin"],
    "check": {"seen": "#viewer-stpn .vw-pin[aria-pressed=true]"},
    "needs": "#viewer-stpn .vw-pin",
    "or": STEPS[-1],
}
TOP = """<div class="teach"><span class="tour-offer" hidden>New here? <button type="button">Take the tour</button></span>
<button type="button" class="tour-open" title="seven steps (t)">Tour</button>
<button type="button" class="gl-open" title="what words mean (g)">Glossary</button></div>"""


def top():
    """The buttons of the tour and the glossary."""
    given = {"keys": KEYS, "entries": entries(), "steps": [*STEPS[:-1], PIN]}
    script = assets.component("page/top.js", "top", given)
    return gr.HTML(TOP, js_on_load=script, apply_default_css=False, padding=False, elem_id="teach")
