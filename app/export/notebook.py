"""The notebook under the tabs: what a reader found worth keeping, in the order he wants it.

Cells live in his browser alone: the server makes one of what is on the page, reads a JSON of them, and writes the forms in
which they go on. It holds none of them, and lays down no file.
"""

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from app import assets
from app.controls.knobs import plain
from app.export.viewstate import look_of, looked_at, taken_of
from app.server.errors import as_message, sentence
from app.server.request import Desk
from core import METHODS, Engine, ReaderError
from core.publish.bundle import zipped
from core.publish.cells import CELLS, JSON_BYTES, Cell, alt, cell_to_plain, from_json, keep, to_json
from core.publish.link import from_plain, parsed
from core.publish.notebook import to_notebook
from core.publish.python import ROOT, as_python, example_file
from core.publish.report import to_html, to_markdown
from core.publish.result import compute
from core.publish.view import NOTE_LENGTH, Setting
from core.video.edits import in_words

FORMS = {  # what it is called → (its file, its type, cells and the file of a clip → what is in it)
    "Jupyter": ("kept.ipynb", "application/x-ipynb+json", lambda cells, file: to_notebook(cells, file).encode()),
    "HTML": ("kept.html", "text/html", lambda cells, file: to_html(cells).encode()),
    "Markdown": ("kept.zip", "application/zip", lambda cells, file: zipped(to_markdown(cells))),
    "JSON": ("kept.json", "application/json", lambda cells, file: to_json(cells).encode()),
}
STRANGE = "The page and the server do not fit together: load the page again."


def notebook(desks: Mapping[str, Desk], tabs, handle, edits, inputs):
    """The panel. desks: method's name → Desk. tabs, handle, edits: of the page. inputs: method's name → (names of its knobs,
    all that a run is asked with, as `app.server.request` takes them)."""
    about = {"forms": list(FORMS), "cells": CELLS, "bytes": JSON_BYTES, "note": NOTE_LENGTH, "reopen": "reopen"}
    shown = gr.HTML(
        "", html_template='<div class="nb"></div>', js_on_load=assets.component("page/notebook.js", "notebook", about),
        apply_default_css=False, server_functions=list(served(desks)), elem_id="notebook",
    )  # fmt: skip

    def own(several):
        """Weights, frames, texts and knobs of a method: the clip and its edits are not a tab's own."""
        _, weights, frames, texts, _, *knobs = several
        return weights, frames, texts, *knobs

    order = [component for _, several in inputs.values() for component in own(several)]

    def reopen(picked: gr.EventData):
        with as_message():
            view, weights, file, notes = reopened(desks, picked.view, picked.models, picked.handle)
        asked, clips = view.shown, desks[view.shown.method].clips
        look, more = look_of(view, lambda one: taken_of(one, clips.handle(file(one.clip)), weights))
        for note in (*notes, *more):
            gr.Warning(note)
        changed = [gr.Tabs(selected=asked.method), json.dumps({asked.method: look})]
        changed += [clips.handle(file(asked.clip)), json.dumps(asked.edits)]
        for method, (knobs, several) in inputs.items():
            values = [weights, asked.frames, "\n".join(asked.texts), *(asked.settings.get(name) for name in knobs)]
            changed += values if method == asked.method else [gr.skip()] * len(own(several))
        return changed

    looked = gr.Textbox(visible=False)
    # queued: Gradio (6.31) shows no warning of an event that does not queue
    read = shown.reopen(reopen, None, [tabs, looked, handle, edits, *order], show_progress="hidden", api_visibility="private")
    read.success(None, looked, None, js=assets.event("page/values.js", "follow"), api_visibility="private")


def served(desks):
    """The server functions of the panel; each answers a JSON text, an error's sentence in it."""
    any_desk = next(iter(desks.values()))

    def file(clip):
        return file_of(any_desk.clips, clip)

    @sentence
    def keep_view(given):
        """A cell of {method, taken, frame, overlay, pinned}: how what was taken is looked at."""
        method = given.get("method") if isinstance(given, Mapping) else None
        if not isinstance(method, str) or method not in desks:
            raise ReaderError(STRANGE)
        cell, notes = kept(desks[method], given)
        return {"cells": [shown_cell(cell, file)], "notes": notes}

    @sentence
    def read_cells(text):
        """Cells of a JSON that was written here, or anywhere."""
        cells, notes = from_json(checked_text(text))
        known = [models_named(engine) for desk in desks.values() for engine in desk.engines.values()]
        cells, more = zip(*(of_here(place, cell, known) for place, cell in enumerate(cells, 1))) if cells else ((), ())
        return {"cells": [shown_cell(cell, file) for cell in cells], "notes": [*notes, *filter(None, more)]}

    @sentence
    def write_cells(given):
        """The file of {form, text}: its name, its type, and what is in it, base64; how many cells that are, and sentences on
        those that are not in it. text: as `read_cells` takes it."""
        form = given.get("form") if isinstance(given, Mapping) else None
        if not isinstance(form, str) or form not in FORMS:
            raise ReaderError(f"The form is {', '.join(FORMS)}, got {str(form)[:40]!r}.")
        name, kind, make = FORMS[form]
        cells, notes = from_json(checked_text(given.get("text")))
        data = base64.b64encode(make(cells, file)).decode()
        return {"name": name, "type": kind, "data": data, "cells": len(cells), "notes": notes}

    return keep_view, read_cells, write_cells


def checked_text(text: Any) -> str:
    if not isinstance(text, str):
        raise ReaderError("Kept cells are a JSON text.")
    return text


# ---- making a cell ----------------------------------------------------------------------------------------------------


def kept(desk: Desk, given: Mapping[str, Any]) -> tuple[Cell, list[str]]:
    """The cell of what was taken in the browser, and sentences on what of it could not be kept."""
    request, method = desk.request(given.get("taken") or {}), desk.method
    view, files, notes = looked_at(desk, said_of(given), request, painted=True)
    texts = all(one.texts for one in (view.shown, view.compared) if one)
    outputs = method.until("network", texts)  # nothing that reads the whole clip
    result = compute(request.engine, view, lambda name, frames: desk.clips.open(files[name], frames), outputs)
    return keep(result, models_named(request.engine), precision_of(request.engine)), notes


def said_of(given: Mapping[str, Any]) -> str:
    """What a viewer says of itself, as `app.export.viewstate` takes it."""
    return json.dumps({name: given.get(name) for name in ("frame", "overlay", "pinned")})


def models_named(engine: Engine) -> dict[str, str]:
    """The models that were named for an engine, a file by its own name: where it lies is nobody's business."""
    named = {name: one for name, one in engine.models.items() if isinstance(one, str)}
    return {name: one.rpartition("/")[2] if Path(one[:250]).is_file() else one for name, one in named.items()}


def precision_of(engine: Engine) -> str:
    """What it computes in, by name: another machine would choose its own."""
    return str(engine.precision).rpartition(".")[2]


def file_of(clips, clip: str) -> str:
    """What a notebook opens, from the project's folder: an example where it is shipped, anything else beside it."""
    example, shipped = clips.examples.get(clip), example_file(clip)
    if example is None or (ROOT / shipped).resolve() == example.path.resolve():
        return shipped
    return example.path.name


# ---- what the browser is told of a cell -------------------------------------------------------------------------------


def shown_cell(cell: Cell, file) -> dict[str, Any]:
    """A cell as JSON has it, and in words for the panel."""
    view = cell.view
    outputs = {one.stage: f"{plain(one.symbol)}, {one.title}" for one in METHODS[view.shown.method].outputs}
    compared = turned(view.compared, view.shown) if view.compared else []
    words = {
        "title": cell.title, "alt": alt(cell), "turned": turned(view.shown), "compared": compared,
        "clip": f"{view.shown.clip}, {view.shown.frames} frames", "edits": in_words(view.shown.edits),
        "texts": list(view.shown.texts),
        "names": {stage: outputs[stage] for stage in cell.numbers if stage in outputs},
        "python": as_python(view, file, cell.models, cell.precision or None, cell.weights),
    }  # fmt: skip
    return cell_to_plain(cell) | {"told": words}


def turned(asked: Setting, beside: Setting | None = None) -> list[str]:
    """ "α = 0.3": every knob that is not at its default; or that is not as it is beside."""
    usual = {one.name: one.default for one in METHODS[asked.method].knobs.knobs()}
    usual = beside.settings if beside and beside.method == asked.method else usual
    knobs = [one for one in METHODS[asked.method].knobs.knobs() if asked.settings[one.name] != usual[one.name]]
    return [f"{plain(one.symbol)} = {worded(asked.settings[one.name])}" for one in knobs]


def worded(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value).replace("_", " ")


def of_here(place: int, cell: Cell, known: list[dict[str, str]]) -> tuple[Cell, str]:
    """Nobody's JSON decides which weights a notebook that is written here loads."""
    if not cell.models or dict(cell.models) in known:
        return cell, ""
    named = ", ".join(cell.models.values())[:80]
    said = f"Cell {place}: this page has no weights {named!r}, so a notebook of it uses the shipped ones."
    return replace(cell, models={}), said


def reopened(desks: Mapping[str, Desk], text: Any, models: Any, handle: Any):
    """What a kept view is on this page: (the view, what its weights are called, a clip's name → its file, sentences on what is
    not as it was). handle: of the clip that it was kept from, where the server may still hold it."""
    clips = next(iter(desks.values())).clips
    files = {name: str(one.path) for name, one in clips.examples.items()}
    with suppress(ReaderError):  # an example needs none, and of an own clip that is gone a note says so
        own = clips.path(handle)
        files.setdefault(clips.name(own), own)

    def limits(method):
        return desks[method].engine.limits(method)

    view, notes = from_plain(parsed(checked_text(text)), tuple(files), limits)
    engines = desks[view.shown.method].engines
    weights = next((name for name, one in engines.items() if models_named(one) == models), next(iter(engines)))
    return view, weights, files.__getitem__, notes
