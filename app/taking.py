"""What a reader takes along: a link, the call as Python, a figure, a movie, the numbers, a notebook, a page of its own.

All are made of one `View`: the values that are on the knobs now. What is made holds the names of files, never their places.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import gradio as gr

from app.standalone import interactive_html
from app.told import told
from app.views import later
from core.publish.bundle import bundle
from core.publish.figures import picture
from core.publish.link import from_link, to_link
from core.publish.movies import gif, mp4
from core.publish.notebook import keep, to_html, to_notebook
from core.publish.python import as_python
from core.publish.result import Result, compute
from core.publish.view import View

COLUMNS = (("one column, 3.25 in", "one"), ("two columns, 6.75 in", "two"))
# what it is called → (how its file ends, what makes it)
FORMS: dict[str, tuple[str, Callable[[Result, str], str | bytes]]] = {
    "Figure, PDF": ("pdf", lambda result, width: picture(result, "pdf", width).data),
    "Figure, SVG": ("svg", lambda result, width: picture(result, "svg", width).data),
    "Figure, PNG": ("png", lambda result, width: picture(result, "png", width).data),
    "Movie, MP4": ("mp4", lambda result, width: mp4(result)),
    "Movie, GIF": ("gif", lambda result, width: gif(result)),
    "Numbers: arrays, tables and a manifest (ZIP)": ("zip", lambda result, width: bundle(result)),
    "Jupyter notebook that computes it again": ("ipynb", lambda result, width: to_notebook([keep(result)])),
    "Report, HTML": ("html", lambda result, width: to_html([keep(result)])),
}
ALONE = "This page for this clip, with its sliders (HTML, works offline)"
# The link of what is on the page now, with the place where the page is.
HERE = "query => [new URL('?' + query, document.location.href).href]"


def panel(desk, inputs):
    """Under a method's viewer. inputs: what `desk.request` takes, as components."""
    clips, method = desk.clips, desk.method

    def view_of(*values):
        request = desk.request({"values": list(values)})
        return View(request.asked), request, request.engine

    def code(*given):
        with told():
            view, _, engine = view_of(*given)
            models = {name: one.rpartition("/")[2] if Path(one).is_file() else one for name, one in engine.models.items()
                      if isinstance(one, str)}  # fmt: skip
            return as_python(view, models=models), to_link(view)

    def make(form, width, *given):
        with told():
            view, request, engine = view_of(*given)
            every = None if method.name == "stop" else later(method)  # all of STOP is cheap; others read whole clips
            result = compute(engine, view, lambda name, frames: clips.open(request.path, frames), every)
            if form == ALONE:
                end, made = "html", interactive_html(result, request.truth)
            else:
                end, maker = FORMS[form]
                made = maker(result, width)
        file = Path(tempfile.mkdtemp()) / f"{method.name}-{Path(view.shown.clip).stem}.{end}"
        file.write_bytes(made if isinstance(made, bytes) else made.encode())
        return str(file)

    with gr.Accordion("Take it along: link, Python, figure, movie, numbers, notebook", open=False, elem_classes="take"):
        with gr.Row():
            forms = [*FORMS, *([ALONE] if method.name == "stop" else [])]
            form = gr.Dropdown(forms, value=forms[0], label="What", scale=2, elem_id=f"form-{method.name}")
            width = gr.Radio(COLUMNS, value="two", label="Width of a figure")
            button = gr.Button("Make the file", elem_id=f"make-{method.name}")
        file = gr.File(label="Made of the values that were on the knobs", interactive=False, elem_id=f"made-{method.name}")
        show = gr.Button("Show link and Python of what is on the page", elem_id=f"show-{method.name}")
        query = gr.Textbox(visible=False)
        link = gr.Textbox(label="Link", interactive=False, buttons=["copy"], elem_id=f"link-{method.name}")
        python = gr.Code(label="The same from Python", language="python", interactive=False, elem_id=f"python-{method.name}")
    button.click(make, [form, width, *inputs], file, concurrency_limit=2, api_visibility="private")
    show.click(code, inputs, [python, query], queue=False, api_visibility="private").success(
        None, query, link, js=HERE, api_visibility="private"
    )


def opened_by(page, tabs, engines, clips, handle, edits, inputs):
    """What a link asks for is on the knobs when the page has loaded. inputs: method's name → (names of its knobs, its inputs
    as in `panel`)."""

    def of_link(several):
        """Frames, texts and knobs of a method: the clip, its edits and the weights are not a tab's own."""
        _, _, frames, texts, _, *knobs = several
        return frames, texts, *knobs

    order = [component for _, several in inputs.values() for component in of_link(several)]

    def limits(method):
        return next(iter(engines.values())).limits(method)

    def follow(request: gr.Request):
        asked = "&".join(f"{quote(k)}={quote(v)}" for k, v in request.query_params.multi_items()) if request else ""
        if "m=" not in asked:
            return [gr.skip()] * (3 + len(order))
        read = from_link(asked, tuple(clips.examples), limits)
        for note in read.notes:
            gr.Warning(note)
        shown, updates = read.view.shown, []
        for name, (knobs, several) in inputs.items():
            if name != shown.method:
                updates += [gr.skip()] * len(of_link(several))
                continue
            updates += [shown.frames, "\n".join(shown.texts), *(shown.settings[knob] for knob in knobs)]
        handle_now, edits_now = clips.handle(clips.examples[shown.clip].path), json.dumps(shown.edits)
        return [gr.Tabs(selected=shown.method), handle_now, edits_now, *updates]

    # queued: Gradio (6.31) shows no warning of an event that does not queue
    page.load(follow, None, [tabs, handle, edits, *order], show_progress="hidden", api_visibility="private")
