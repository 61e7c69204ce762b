"""The browser's Back and Forward: they bring back the tab, and the values, that were on the page before. All of it happens in
the browser (assets/viewer/page/history.js), so that a reader's own clip comes back too, which no link can hold."""

from collections.abc import Mapping

import gradio as gr

from app import assets
from app.controls.inputs import Tab
from app.export.link import own_components


def steps(tabs: gr.Tabs, made: Mapping[str, Tab]) -> None:
    """made: method's name → its tab."""
    components = own_components(made)
    places = [
        [
            [method, name, knob]
            for method, one in made.items()
            for knob, listed in ((False, one.inputs.fields), (True, one.inputs.knobs))
            for name, each in listed.items()
            if each is component
        ]
        for component in components
    ]
    script = assets.component("page/history.js", "steps", "back")
    page = gr.HTML("", js_on_load=script, apply_default_css=False, padding=False, elem_id="steps")
    restored = assets.event("page/history.js", "restored", places)
    # multiple: a second step while the first is under way is not lost
    page.back(None, None, [tabs, *components], js=restored, trigger_mode="multiple", api_visibility="private")
