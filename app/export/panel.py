"""What a reader takes along: a link, the call as Python, a figure, a movie, the numbers, a notebook, a page of its own.

All are made of one `View`: the values that are on the knobs now, and how the viewer is looked at (frame, overlay, and A). What
is made holds the names of files, never their places.
"""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from app import assets
from app.export.notebook import models_named, precision_of
from app.export.standalone import fits, interactive_html
from app.export.viewstate import looked_at
from app.server.api import as_it_is
from app.server.errors import as_message
from app.server.request import Desk, Request
from core.publish.bundle import bundle
from core.publish.cells import keep
from core.publish.figures import picture
from core.publish.link import to_link
from core.publish.movies import gif, mp4
from core.publish.notebook import to_notebook
from core.publish.python import as_python
from core.publish.report import page_address, to_html
from core.publish.result import Result, compute
from core.publish.view import View

COLUMNS = (("one column, 3.25 in", "one"), ("two columns, 6.75 in", "two"))
# what it is called → (how its file ends, what makes it)
FORMS: dict[str, tuple[str, Callable[[Result, str, Request], str | bytes]]] = {
    "Figure, PDF": ("pdf", lambda result, width, asked: picture(result, "pdf", width, beside=bool(result.other)).data),
    "Figure, SVG": ("svg", lambda result, width, asked: picture(result, "svg", width, beside=bool(result.other)).data),
    "Figure, PNG": ("png", lambda result, width, asked: picture(result, "png", width, beside=bool(result.other)).data),
    "Movie, MP4": ("mp4", lambda result, width, asked: mp4(result)),
    "Movie, GIF": ("gif", lambda result, width, asked: gif(result)),
    "Numbers: arrays, tables and a manifest (ZIP)": ("zip", lambda result, width, asked: bundle(result)),
    "Jupyter notebook that computes it again": (
        "ipynb",
        lambda result, width, asked: to_notebook([keep(result, models_named(asked.engine), precision_of(asked.engine))]),
    ),
    "Report, HTML": (
        "report.html",
        lambda result, width, asked: to_html([keep(result)], page_address(asked.options.get("page"))),
    ),
}
ALONE = "This page for this clip, with its sliders (HTML, works offline)"


def panel(desk: Desk) -> None:
    """Under a method's viewer."""
    method = desk.method
    with gr.Accordion("Take it along: link, Python, figure, movie, numbers, notebook", open=False, elem_classes="take"):
        with gr.Row():
            forms = [*FORMS, *([ALONE] if fits(method) else [])]
            form = gr.Dropdown(forms, value=forms[0], label="What", scale=2, elem_id=f"form-{method.name}")
            width = gr.Radio(COLUMNS, value="two", label="Width of a figure")
            button = gr.Button("Make the file", elem_id=f"make-{method.name}")
        file = gr.File(label="Made of the values that were on the knobs", interactive=False, elem_id=f"made-{method.name}")
        show = gr.Button("Show link and Python of what is on the page", elem_id=f"show-{method.name}")
        query, message = gr.Textbox(visible=False), gr.JSON(visible=False)
        message.preprocess = as_it_is
        link = gr.Textbox(label="Link", interactive=False, buttons=["copy"], elem_id=f"link-{method.name}")
        python = gr.Code(label="The same from Python", language="python", interactive=False, elem_id=f"python-{method.name}")
    files = Files(desk, Path(file.GRADIO_CACHE))
    sent: dict[str, Any] = {"js": assets.event("page/values.js", "withRequest", method.name), "api_visibility": "private"}
    button.click(files.make, [message, form, width], file, concurrency_limit=2, **sent)
    # queued: Gradio (6.31) shows no warning of an event that does not queue
    shown = show.click(files.code, message, [python, query], concurrency_limit=None, **sent)
    shown.success(None, query, link, js=assets.event("page/values.js", "link"), api_visibility="private")


class Files:
    """What one tab's panel makes. folder: Gradio's."""

    def __init__(self, desk: Desk, folder: Path):
        self.desk, self.folder = desk, folder
        cheap = all(one.when != "whole" for one in desk.method.outputs)  # nothing reads the whole clip
        self.outputs = None if cheap else desk.method.until("network")

    def view(self, message: Any, painted: bool = False) -> tuple[Request, View, dict[str, str]]:
        """(the request, how it is looked at, a clip's name → its file) in what the browser sent."""
        request = self.desk.request(message)
        view, files, notes = looked_at(self.desk, request, painted)
        for note in notes:
            gr.Warning(note)
        return request, view, files

    def code(self, message: Any) -> tuple[str, str]:
        """The call as Python, and the link."""
        with as_message():
            request, view, _ = self.view(message)
            if not self.desk.clips.shipped(request.path):
                gr.Warning(f"{request.name} is your own file: the link works only for who has it, and hands it in again.")
            return as_python(view, models=models_named(request.engine)), to_link(view)

    def make(self, message: Any, form: str, width: str) -> str:
        """The path of the file."""
        with as_message():
            request, view, files = self.view(message, painted=True)
            clips = self.desk.clips
            result = compute(
                request.engine, view, clips.opener(files), self.outputs,
                video=lambda name: clips.video(files[name]),
            )  # fmt: skip
            if form == ALONE:
                end, made = "interactive.html", interactive_html(result, request.truth)
            else:
                end, maker = FORMS[form]
                made = maker(result, width, request)
        # in a folder of its own within Gradio's, which deletes what it finds there: of a file elsewhere only its own copy
        name = f"{self.desk.method.name}-{Path(view.shown.clip).stem}.{end}"
        path = self.folder / secrets.token_hex(16) / name
        path.parent.mkdir(parents=True)
        path.write_bytes(made if isinstance(made, bytes) else made.encode())
        return str(path)
