"""The tab, its controls, and what happens there."""

from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.components import Component

from app import assets
from app.controls.inputs import Inputs, Shared, Tab
from app.controls.own import own_clip
from app.frames.choices import OURS, Choices
from app.help.glossary import glossed
from app.server.request import Desk
from app.tab import QUIET, choices_of, question_for
from core.frames.choice import BUDGET
from core.frames.service import ServiceReader

NAME = "frames"
FIELDS = ("clip", "weights", "question", "budget", "reader")
K = 8  # that the tab begins with
WHAT = (
    "One video, one question, K frames: what each way to choose them takes, what it costs, and whether the answer gets better. "
    "The same frozen reader answers from every choice."
)


def frames(page: gr.Blocks, tabs: gr.Tabs, desk: Desk, shared: Shared, services: Mapping[str, ServiceReader]) -> Tab:
    """Drawn where it is called, inside the tabs. desk: of a method that takes part, whose weights are those of the tab."""
    begin, choices = question_for(next(iter(desk.examples.values()))), Choices(desk, services)
    values = dict(zip(FIELDS, (shared.clip.value, desk.weights, begin, K, OURS)))
    with gr.Tab("Which frames?", id=NAME):
        gr.HTML(f"<p>{glossed(WHAT)}</p>", elem_classes="what", apply_default_css=False, padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=320):
                viewer = gr.HTML(
                    "", html_template='<div class="wf-root">Loading…</div>', apply_default_css=False, padding=False,
                    js_on_load=assets.component("frames/tab.js", "tab", {"values": values, "pick": "pick"}),
                    server_functions=choices.functions(), elem_id=NAME,
                )  # fmt: skip
            with gr.Column(scale=1, min_width=280, elem_classes="wf-controls"):
                question = gr.Textbox(begin, label="Question", lines=2, max_lines=10, elem_id=f"question-{NAME}")
                low, high = BUDGET
                budget = gr.Slider(
                    low, high, K, step=1, label="K · budget", info="frames that each may choose", elem_id=f"knob-{NAME}-budget"
                )
                budget.preprocess = lambda payload: payload  # checked in a sentence that is shown
                weights = gr.Radio(
                    choices_of(desk), value=desk.weights, label="Weights", visible=len(desk.engines) > 1,
                    elem_id=f"weights-{NAME}",
                )  # fmt: skip
                readers = [("the frozen reader of our world", OURS), *((name, name) for name in services)]
                reader = gr.Radio(
                    readers, value=OURS, label="Who answers", visible=bool(services), elem_id=f"reader-{NAME}",
                    info="a service is sent the chosen frames and the question",
                )  # fmt: skip
                own = own_clip(NAME)
    fields: dict[str, Component] = {
        "clip": shared.clip, "moment": shared.moment, "edits": shared.edits, "weights": weights, "question": question,
    }  # fmt: skip
    told = dict(zip(FIELDS, (shared.clip, weights, question, budget, reader)))
    noted = assets.event("frames/tab.js", "note", list(told))
    gr.on([one.change for one in told.values()], None, list(told.values()), js=noted, api_visibility="private")

    def link(request: gr.Request) -> Any:
        """A link to the tab opens it."""
        return gr.Tabs(selected=NAME) if request and NAME in request.query_params else gr.skip()

    page.load(link, None, tabs, **QUIET, queue=False)
    return Tab(desk, viewer, Inputs(fields, {}), {}, own)
