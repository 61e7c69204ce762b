"""The tab, and what happens when a clip is opened on its method's stage."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from app import assets
from app.controls.inputs import Tab
from app.errors.analysis import Analysis
from app.errors.export import FORMS, Exports
from app.errors.questions import Questions
from app.errors.runs import Runs
from app.errors.stage import Stage
from app.errors.start import Home, Starts
from app.errors.whatif import MOST, WhatIf
from app.export.link import own_components, turned_to
from app.server.errors import as_message

NAME = "errors"


def errors(page: gr.Blocks, tabs: gr.Tabs, made: Mapping[str, Tab], runs: Runs, home: Home | None = None) -> None:
    """Drawn where it is called, inside the tabs. made: method's name → its tab. home: where runs may be started."""
    questions = Questions(runs)
    trials, analysis = WhatIf(questions, {name: one.desk for name, one in made.items()}), Analysis(questions)
    exports = Exports(questions, trials.running)
    with gr.Tab("Errors", id=NAME):
        given = {"run": next(iter(runs.runs)), "stage": "stage", "most": MOST, "forms": FORMS}
        looked = gr.Textbox(visible=False)
        shown = gr.HTML(
            "", html_template='<div class="er-root">Loading the runs…</div>',
            js_on_load=assets.component("errors/tab.js", "tab", given), apply_default_css=False, padding=False,
            server_functions=[
                one for each in (questions, analysis, trials, Starts(questions, home), exports) for one in each.functions()
            ],
            elem_id=NAME,
        )  # fmt: skip
    stage = Stage(questions, made, Path(shown.GRADIO_CACHE))

    def on_stage(event: gr.EventData) -> dict[Component, Any]:
        with as_message():
            tab, values, notes = stage.scene({name: getattr(event, name, None) for name in ("run", "a", "clip")})
        for note in notes:
            gr.Warning(note)
        return turned_to(tabs, looked, tab, values, {"frame": 0})

    def link(request: gr.Request) -> Any:
        """A link to the tab opens it."""
        return gr.Tabs(selected=NAME) if request and NAME in request.query_params else gr.skip()

    changed = [tabs, looked, *own_components(made)]
    # queued: Gradio (6.31) shows no warning of an event that does not queue
    read = shown.stage(on_stage, None, changed, show_progress="hidden", api_visibility="private")
    read.success(None, looked, None, js=assets.event("page/values.js", "follow"), api_visibility="private")
    page.load(link, None, tabs, queue=False, show_progress="hidden", api_visibility="private")
