"""What a reader takes along: a link, the call as Python, a figure, a movie, the numbers, a notebook, a page of its own.

All are made of one `View`: the values that are on the knobs now, and how the viewer is looked at (frame, overlay, and A). What
is made holds the names of files, never their places. The page's own address is the link too, where it opens the same again.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import gradio as gr

from app import assets
from app.export.notebook import models_named, precision_of
from app.export.standalone import interactive_html
from app.export.viewstate import look_of, looked_at, taken_of
from app.figures.drawing import later
from app.server.errors import as_message
from core import Engine, ReaderError
from core.publish.bundle import bundle
from core.publish.cells import keep
from core.publish.figures import picture
from core.publish.link import from_link, to_link
from core.publish.movies import gif, mp4
from core.publish.notebook import to_notebook
from core.publish.python import as_python
from core.publish.report import to_html
from core.publish.result import Result, compute

COLUMNS = (("one column, 3.25 in", "one"), ("two columns, 6.75 in", "two"))
# what it is called → (how its file ends, what makes it)
FORMS: dict[str, tuple[str, Callable[[Result, str, Engine], str | bytes]]] = {
    "Figure, PDF": ("pdf", lambda result, width, engine: picture(result, "pdf", width, beside=bool(result.other)).data),
    "Figure, SVG": ("svg", lambda result, width, engine: picture(result, "svg", width, beside=bool(result.other)).data),
    "Figure, PNG": ("png", lambda result, width, engine: picture(result, "png", width, beside=bool(result.other)).data),
    "Movie, MP4": ("mp4", lambda result, width, engine: mp4(result)),
    "Movie, GIF": ("gif", lambda result, width, engine: gif(result)),
    "Numbers: arrays, tables and a manifest (ZIP)": ("zip", lambda result, width, engine: bundle(result)),
    "Jupyter notebook that computes it again": (
        "ipynb",
        lambda result, width, engine: to_notebook([keep(result, models_named(engine), precision_of(engine))]),
    ),
    "Report, HTML": ("report.html", lambda result, width, engine: to_html([keep(result)])),
}
ALONE = "This page for this clip, with its sliders (HTML, works offline)"


def panel(desk, inputs):
    """Under a method's viewer. inputs: what `desk.request` takes, as components."""
    clips, method = desk.clips, desk.method

    def view_of(said, values, painted=False):
        request = desk.request({"values": list(values)})
        view, files, notes = looked_at(desk, said, request, painted)
        for note in notes:
            gr.Warning(note)
        return view, request, files

    def code(said, *given):
        with as_message():
            view, request, _ = view_of(said, given)
            return as_python(view, models=models_named(request.engine)), to_link(view)

    def make(said, form, width, *given):
        with as_message():
            view, request, files = view_of(said, given, painted=True)
            every = None if method.name == "stop" else later(method)  # all of STOP is cheap; others read whole clips
            result = compute(request.engine, view, lambda name, frames: clips.open(files[name], frames), every)
            if form == ALONE:
                end, made = "interactive.html", interactive_html(result, request.truth)
            else:
                end, maker = FORMS[form]
                made = maker(result, width, request.engine)
        # in a folder of its own within Gradio's, which deletes what it finds there: of a file elsewhere only its own copy
        path = Path(file.GRADIO_CACHE) / secrets.token_hex(16) / f"{method.name}-{Path(view.shown.clip).stem}.{end}"
        path.parent.mkdir(parents=True)
        path.write_bytes(made if isinstance(made, bytes) else made.encode())
        return str(path)

    with gr.Accordion("Take it along: link, Python, figure, movie, numbers, notebook", open=False, elem_classes="take"):
        with gr.Row():
            forms = [*FORMS, *([ALONE] if method.name == "stop" else [])]
            form = gr.Dropdown(forms, value=forms[0], label="What", scale=2, elem_id=f"form-{method.name}")
            width = gr.Radio(COLUMNS, value="two", label="Width of a figure")
            button = gr.Button("Make the file", elem_id=f"make-{method.name}")
        file = gr.File(label="Made of the values that were on the knobs", interactive=False, elem_id=f"made-{method.name}")
        show = gr.Button("Show link and Python of what is on the page", elem_id=f"show-{method.name}")
        query, said = gr.Textbox(visible=False), gr.Textbox(visible=False)
        link = gr.Textbox(label="Link", interactive=False, buttons=["copy"], elem_id=f"link-{method.name}")
        python = gr.Code(label="The same from Python", language="python", interactive=False, elem_id=f"python-{method.name}")
    asked = {"js": assets.event("page/values.js", "withState", method.name), "api_visibility": "private"}
    button.click(make, [said, form, width, *inputs], file, concurrency_limit=2, **asked)
    # queued: Gradio (6.31) shows no warning of an event that does not queue
    shown = show.click(code, [said, *inputs], [python, query], concurrency_limit=None, **asked)
    shown.success(None, query, link, js=assets.event("page/values.js", "link"), api_visibility="private")


def address_of(desk):
    """The server function that the page's own address comes from."""

    def address(taken):
        """The query string of what is on the page; "" where its link would open another clip or other weights, None where there
        is no view."""
        try:
            request = desk.request(taken)
            view, files, _ = looked_at(desk, json.dumps(taken.get("state")), request)
            if request.truth is None or request.engine is not desk.engine:
                return ""
            known = all(desk.clips.truth(path) for path in files.values())
            return to_link(view if known else replace(view, compared=None))
        except ReaderError:
            return None

    return address


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
            return [gr.skip()] * (4 + len(order))
        read = from_link(asked, tuple(clips.examples), limits)
        shown, updates = read.view.shown, []
        weights = inputs[shown.method][1][1].value
        look, notes = look_of(read.view, lambda one: taken_of(one, clips.handle(clips.examples[one.clip].path), weights))
        for note in (*read.notes, *notes):
            gr.Warning(note)
        for name, (knobs, several) in inputs.items():
            if name != shown.method:
                updates += [gr.skip()] * len(of_link(several))
                continue
            updates += [shown.frames, "\n".join(shown.texts), *(shown.settings[knob] for knob in knobs)]
        handle_now, edits_now = clips.handle(clips.examples[shown.clip].path), json.dumps(shown.edits)
        return [gr.Tabs(selected=shown.method), handle_now, edits_now, json.dumps({shown.method: look}), *updates]

    # queued: Gradio (6.31) shows no warning of an event that does not queue
    looked = gr.Textbox(visible=False)
    read = page.load(follow, None, [tabs, handle, edits, looked, *order], show_progress="hidden", api_visibility="private")
    read.success(None, looked, None, js=assets.event("page/values.js", "follow"), api_visibility="private")
