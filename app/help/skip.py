"""What the keyboard meets first: past the head of the page, to the knobs or to the picture of the tab that is open."""

import gradio as gr

from app import assets

SKIP = """<button type="button" data-to="knobs">Skip to the knobs</button>
<button type="button" data-to="picture">Skip to the picture</button>"""


def skip() -> gr.HTML:
    """Seen while it has the focus."""
    script = assets.component("page/skip.js", "skip")
    return gr.HTML(SKIP, js_on_load=script, apply_default_css=False, padding=False, elem_id="skip")
