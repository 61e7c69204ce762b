"""The notebook under the tabs: what a reader found worth keeping, in the order he wants it.

Cells live in his browser alone: the server makes one of what is on the page, reads a JSON of them, and writes the forms in
which they go on. It holds none of them, and lays down no file.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import gradio as gr
from gradio.components import Component

from app import assets
from app.controls.inputs import Tab
from app.controls.knobs import plain
from app.export.cells import checked_text, models_named, precision_of, reopened
from app.export.figure import Composer, about_figure
from app.export.link import own_components, turned_to
from app.export.viewstate import look_of, looked_at
from app.server.clips import Clips
from app.server.errors import as_message, sentence
from app.server.request import STRANGE, Desk
from core import METHODS, ReaderError
from core.publish.bundle import zipped
from core.publish.cells import CELLS, JSON_BYTES, Cell, alt, cell_to_plain, from_json, keep, to_json, worded
from core.publish.notebook import to_notebook
from core.publish.python import ROOT, as_python, example_file
from core.publish.report import page_address, to_html, to_markdown
from core.publish.result import compute
from core.publish.view import NOTE_LENGTH, Setting, clip_in_words
from core.video.edits import in_words

FORMS = {  # what it is called → (its file, its type, cells, the file of a clip, the address of the page → what is in it)
    "Jupyter": ("kept.ipynb", "application/x-ipynb+json", lambda cells, file, page: to_notebook(cells, file).encode()),
    "HTML": ("kept.html", "text/html", lambda cells, file, page: to_html(cells, page).encode()),
    "Markdown": ("kept.zip", "application/zip", lambda cells, file, page: zipped(to_markdown(cells, page))),
    "JSON": ("kept.json", "application/json", lambda cells, file, page: to_json(cells).encode()),
}


def notebook(tabs: gr.Tabs, made: Mapping[str, Tab]) -> None:
    """The panel. made: method's name → its tab."""
    desks = {name: one.desk for name, one in made.items()}
    about = {
        "forms": list(FORMS),
        "cells": CELLS,
        "bytes": JSON_BYTES,
        "note": NOTE_LENGTH,
        "reopen": "reopen",
        "figure": about_figure(),
        "present": True,
    }
    shown = gr.HTML(
        "", html_template='<div class="nb"></div>', js_on_load=assets.component("page/notebook.js", "notebook", about),
        apply_default_css=False, server_functions=[*Notebook(desks).functions(), *Composer(desks).functions()],
        elem_id="notebook",
    )  # fmt: skip
    looked = gr.Textbox(visible=False)

    def reopen(event: gr.EventData) -> dict[Component, Any]:
        with as_message():
            view, weights, files, notes = reopened(desks, event.view, event.models, event.handle)
        opened = made[view.shown.method]

        def values(setting: Setting) -> dict[str, Any]:
            return opened.desk.values(setting, opened.desk.clips.handle(files[setting.clip]), weights)

        look, more = look_of(view, values)
        for note in (*notes, *more):
            gr.Warning(note)
        return turned_to(tabs, looked, opened, values(view.shown), look)

    changed = [tabs, looked, *own_components(made)]
    # queued: Gradio (6.31) shows no warning of an event that does not queue
    read = shown.reopen(reopen, None, changed, show_progress="hidden", api_visibility="private")
    read.success(None, looked, None, js=assets.event("page/values.js", "follow"), api_visibility="private")


class Notebook:
    """The server functions of the panel. desks: method's name → Desk."""

    def __init__(self, desks: Mapping[str, Desk]):
        self.desks = desks
        self.clips = next(iter(desks.values())).clips

    def functions(self) -> list[Callable[..., str]]:
        """Each answers a JSON text, an error's sentence in it."""
        return [sentence(one) for one in (self.keep_view, self.read_cells, self.write_cells)]

    def file(self, clip: str) -> str:
        """What a notebook opens."""
        return file_of(self.clips, clip)

    def keep_view(self, message: Any) -> dict[str, Any]:
        """A cell of a request with its method and the viewer's state."""
        method = message.get("method") if isinstance(message, Mapping) else None
        if not isinstance(method, str) or method not in self.desks:
            raise ReaderError(STRANGE)
        cell, notes = kept(self.desks[method], message)
        return {"cells": [shown_cell(cell, self.file)], "notes": notes}

    def read_cells(self, text: Any) -> dict[str, Any]:
        """Cells of a JSON that was written here, or anywhere."""
        cells, notes = from_json(checked_text(text))
        known = [models_named(engine) for desk in self.desks.values() for engine in desk.engines.values()]
        cells, more = zip(*(of_here(place, cell, known) for place, cell in enumerate(cells, 1))) if cells else ((), ())
        return {"cells": [shown_cell(cell, self.file) for cell in cells], "notes": [*notes, *filter(None, more)]}

    def write_cells(self, message: Any) -> dict[str, Any]:
        """The file of {form, text, page}: its name, its type, and what is in it, base64; how many cells that are, and sentences
        on those that are not in it. text: as `read_cells` takes it."""
        form = message.get("form") if isinstance(message, Mapping) else None
        if not isinstance(form, str) or form not in FORMS:
            raise ReaderError(f"The form is {', '.join(FORMS)}, got {str(form)[:40]!r}.")
        name, kind, make = FORMS[form]
        cells, notes = from_json(checked_text(message.get("text")))
        data = base64.b64encode(make(cells, self.file, page_address(message.get("page")))).decode()
        return {"name": name, "type": kind, "data": data, "cells": len(cells), "notes": notes}


# ---- making a cell ----------------------------------------------------------------------------------------------------


def kept(desk: Desk, message: Any) -> tuple[Cell, list[str]]:
    """The cell of what the browser sent, and sentences on what of it could not be kept."""
    request, clips = desk.request(message), desk.clips
    view, files, notes = looked_at(desk, request, painted=True)
    texts = all(one.texts for one in (view.shown, view.compared) if one)
    outputs = desk.method.until("network", texts)  # nothing that reads the whole clip
    result = compute(
        request.engine, view, clips.opener(files), outputs,
        video=lambda name: clips.video(files[name]),
    )  # fmt: skip
    return keep(result, models_named(request.engine), precision_of(request.engine)), notes


def file_of(clips: Clips, clip: str) -> str:
    """What a notebook opens, from the project's folder: an example where it is shipped, anything else beside it."""
    example, shipped = clips.examples.get(clip), example_file(clip)
    if example is None or (ROOT / shipped).resolve() == example.path.resolve():
        return shipped
    return example.path.name


# ---- what the browser is told of a cell -------------------------------------------------------------------------------


def shown_cell(cell: Cell, file: Callable[[str], str]) -> dict[str, Any]:
    """A cell as JSON has it, and in words for the panel."""
    view = cell.view
    outputs = {one.stage: f"{plain(one.symbol)}, {one.title}" for one in METHODS[view.shown.method].outputs}
    compared = turned(view.compared, view.shown) if view.compared else []
    words = {
        "title": cell.title, "alt": alt(cell), "turned": turned(view.shown), "compared": compared,
        "clip": clip_in_words(view.shown), "edits": in_words(view.shown.edits),
        "texts": list(view.shown.texts),
        "names": {stage: outputs[stage] for stage in cell.numbers if stage in outputs},
        "python": as_python(view, file, cell.models, cell.precision or None, cell.weights),
    }  # fmt: skip
    return cell_to_plain(cell) | {"told": words}


def turned(setting: Setting, beside: Setting | None = None) -> list[str]:
    """ "α = 0.3": every knob that is not at its default; or that is not as it is beside."""
    usual = {one.name: one.default for one in METHODS[setting.method].knobs.knobs()}
    usual = beside.settings if beside and beside.method == setting.method else usual
    knobs = [one for one in METHODS[setting.method].knobs.knobs() if setting.settings[one.name] != usual[one.name]]
    return [f"{plain(one.symbol)} = {worded(setting.settings[one.name])}" for one in knobs]


def of_here(place: int, cell: Cell, known: list[dict[str, str]]) -> tuple[Cell, str]:
    """Nobody's JSON decides which weights a notebook that is written here loads."""
    if not cell.models or dict(cell.models) in known:
        return cell, ""
    named = ", ".join(cell.models.values())[:80]
    note = f"Cell {place}: this page has no weights {named!r}, so a notebook of it uses the shipped ones."
    return replace(cell, models={}), note
