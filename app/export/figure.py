"""The figure composer in the notebook: a kept cell as a figure for a paper, seen as it will be before it is taken along.

    figure_choices   what a figure of a cell can have: rows, pictures, prompts
    figure_preview   the figure as a PNG at a screen's size
    figure_files     the figure with its caption, what it cites and the script that makes it again, as a ZIP
    figure_far       how far a reader's own preview or file is; figure_end calls it off

The first three are sent {who, cell, other, figure}. cell: {view, models, handle} of a kept cell; other: of the one that stands
beside it as A, or null. figure: {composition, format, sweep}: `core.publish.composition` by names; sweep: {x, y, number} as the
fold of that name has it, or null. They wait aside, so that a knob is answered first, and a reader's newest calls off his last.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.controls.knobs import plain
from app.export.cells import models_named, precision_of, reopened
from app.export.viewstate import OTHER_WEIGHTS, SAME_NAME
from app.panels.sweep import even_values, sweep_words, sweeps, wanted_of
from app.server.answers import run_named
from app.server.errors import as_function, sentence
from app.server.jobs import Run
from app.server.memo import Memo
from app.server.request import STRANGE, Desk
from core import Cancelled, Engine, ReaderError
from core.publish.bundle import zipped
from core.publish.composition import Composition, complete, composition_of, rows_in_order, rows_offered, usual_rows
from core.publish.figures import FORMATS, PREVIEW, preview
from core.publish.painting import COLOURS
from core.publish.paper import figure_files
from core.publish.python import engine_call
from core.publish.result import Result, compute
from core.publish.sheet import choosable
from core.publish.sweep_paper import sweep_files, sweep_of
from core.publish.sweeps import picture_of
from core.publish.view import View, to_json

RESULTS = 6  # kept at most: the one that is composed, beside a few that were
SHOWN, FILE = "figure", "figure file"  # the kinds of runs


def about_figure() -> dict[str, Any]:
    """What does not change: file formats, colours, and what is usual."""
    return {
        "formats": sorted(FORMATS),
        "colours": list(COLOURS),
        "usual": {"strength": Composition.strength, "width": Composition.width},
    }


@dataclass(frozen=True, eq=False)
class Asked:
    """One request. files: a clip's name → its file. notes: what of the cell is not as it was kept."""

    desk: Desk
    engine: Engine
    view: View
    files: Mapping[str, str]
    notes: tuple[str, ...]
    composition: Composition
    format: str
    sweep: Any

    @property
    def call(self) -> str:
        """What makes the engine again, in a script."""
        return engine_call(models_named(self.engine), precision_of(self.engine) if self.engine.models else None)

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.view.shown.method}-{Path(self.view.shown.clip).stem}".replace(" ", "-")

    @property
    def outputs(self) -> tuple[str, ...]:
        """What is computed: all that a network gives, and of what reads the whole clip the rows that are chosen."""
        method, texts = self.desk.method, all(one.texts for one in (self.view.shown, self.view.compared) if one)
        known = method.until("network", texts)
        return known + tuple(one for one in self.composition.rows if one in method.kinds and one not in known)


class Composer:
    """The server functions of the composer. desks: method's name → Desk."""

    def __init__(self, desks: Mapping[str, Desk]):
        self.desks, self.made = desks, Memo(RESULTS)
        self.running = next(iter(desks.values())).running

    def functions(self) -> list[Callable[..., str]]:
        """Each of the first three answers a JSON text, an error's sentence in it."""
        texts = map(sentence, (self.figure_choices, self.figure_preview, self.figure_files))
        return [*texts, *map(as_function, (self.figure_far, self.figure_end))]

    def figure_choices(self, message: Any) -> dict[str, Any]:
        """Rows by name, in words, whether each is usual; what the pictures are called; how many prompts can be told apart; what
        can be swept."""
        asked = self.asked(message, plain_figure=False)
        result = self.aside(message, SHOWN, lambda run: self.result(asked, run))
        usual, offered, known = usual_rows(result), rows_offered(result.method), result.method.kinds
        rows = [
            {
                "name": name,
                "said": plain(offered[name]),
                "usual": name in usual,
                "over": known[name].over if name in known else "",
            }
            for name in rows_in_order(result.method, usual)
            if name in usual or name not in known or name in result.trace.values or known[name].when == "whole"
        ]
        prompts = [result.array(one.stage).shape[1] for one in result.outputs if one.over == "NQKP"]
        pictures = choosable(result, complete(Composition(), result))
        made = {"rows": rows, "pictures": list(pictures), "prompts": max(prompts, default=0), "notes": list(asked.notes)}
        return made | {"sweep": self.sweep(asked) if sweeps(result.method) else None}

    def sweep(self, asked: Asked) -> dict[str, Any]:
        """What of the method can be swept, and a few values of each knob."""
        about, length = sweep_words(asked.desk.method), asked.view.shown.length
        knobs = [one | {"even": even_values(asked.engine, asked.desk.method, one["name"], length)} for one in about["knobs"]]
        return about | {"knobs": knobs}

    def figure_preview(self, message: Any) -> dict[str, Any]:
        """The picture, base64."""
        asked = self.asked(message)

        def work(run: Run) -> bytes:
            if asked.sweep:
                made, clip = self.swept(asked, run)
                grid, frame = asked.engine.grid(asked.view.shown.method) or (0, 0), asked.view.frame
                return picture_of(made, clip, grid, frame, "png", asked.composition, PREVIEW).data
            result = self.result(asked, run)
            if run.cancelled():
                raise Cancelled("Newer options came.")
            return preview(result, asked.composition).data

        made = self.aside(message, SHOWN, work)
        return {"picture": base64.b64encode(made).decode(), "notes": list(asked.notes)}

    def figure_files(self, message: Any) -> dict[str, Any]:
        """{name, type, data}: the ZIP, base64."""
        asked = self.asked(message)

        def work(run: Run) -> dict[str, bytes]:
            how = asked.composition, asked.format, asked.name, asked.call
            if asked.sweep:
                made, clip = self.swept(asked, run)
                grid = asked.engine.grid(asked.view.shown.method)
                return sweep_files(asked.view.shown, made, clip, grid, asked.view.frame, *how)
            return figure_files(self.result(asked, run), *how)

        data = zipped(self.aside(message, FILE, work))
        return {"name": f"{asked.name}.zip", "type": "application/zip", "data": base64.b64encode(data).decode()}

    def figure_far(self, message: Any) -> list[Any] | None:
        """[stage, share of it that is done] of a reader's own run that is under way."""
        return self.running.far(*run_named(message))

    def figure_end(self, message: Any) -> None:
        """Call off a reader's own run."""
        self.running.stop(*run_named(message))

    def aside(self, message: Any, kind: str, work: Callable[[Run], Any]) -> Any:
        """What `work` gives when it is its turn."""
        who, _ = run_named(message)
        return self.running.aside(self.running.start(who, kind, long=True), work)

    # ---- what is asked ------------------------------------------------------------------------------------------------

    def asked(self, message: Any, plain_figure: bool = True) -> Asked:
        """The request in what the browser sent. plain_figure: with a figure's options, else the usual ones."""
        cell = message.get("cell") if isinstance(message, Mapping) else None
        if not isinstance(cell, Mapping):
            raise ReaderError(STRANGE)
        view, engine, files, notes = self.cell(cell)
        if other := message.get("other"):
            beside, its_engine, more, its_notes = self.cell(other)
            if its_engine is not engine:
                raise ReaderError(OTHER_WEIGHTS)
            if files.get(beside.shown.clip) != more.get(beside.shown.clip) and beside.shown.clip == view.shown.clip:
                raise ReaderError(SAME_NAME)
            view, files, notes = replace(view, compared=beside.shown), {**more, **files}, (*notes, *its_notes)
        figure = message.get("figure") if plain_figure else {"composition": {}, "format": "pdf"}
        options = figure.get("composition") if isinstance(figure, Mapping) else None
        if not isinstance(figure, Mapping) or not isinstance(options, Mapping):
            raise ReaderError(STRANGE)
        if not isinstance(figure.get("format"), str) or figure["format"] not in FORMATS:
            raise ReaderError(f"The format is one of {', '.join(FORMATS)}, got {str(figure.get('format'))[:40]!r}.")
        desk = self.desks[view.shown.method]
        return Asked(desk, engine, view, files, notes, composition_of(options), figure["format"], figure.get("sweep"))

    def cell(self, cell: Any) -> tuple[View, Engine, dict[str, str], tuple[str, ...]]:
        """(its view, the engine that it was kept from or the page's, its clips' files, what is not as it was)."""
        if not isinstance(cell, Mapping):
            raise ReaderError(STRANGE)
        view, weights, files, notes = reopened(self.desks, cell.get("view"), cell.get("models"), cell.get("handle"))
        if gone := next((note for note in notes if note.startswith("The clip ")), None):
            clip = gone.partition(" is not here")[0]
            raise ReaderError(f"{clip} is no longer here: open it on the page again, and keep the view again.")
        return view, self.desks[view.shown.method].engines[weights], files, notes

    # ---- what is computed ---------------------------------------------------------------------------------------------

    def result(self, asked: Asked, run: Run) -> Result:
        """The cell's result, kept for the next option."""
        clips = asked.desk.clips

        def make() -> Result:
            return compute(
                asked.engine, asked.view, clips.opener(asked.files), asked.outputs,
                video=lambda name: clips.video(asked.files[name]), cancelled=run.cancelled, progress=run.progress,
            )  # fmt: skip

        return self.made.get((*_key(asked), asked.outputs), make, run.cancelled)

    def swept(self, asked: Asked, run: Run) -> Any:
        """The sweep of the cell, kept for the next option."""
        clips, shown, wanted = asked.desk.clips, asked.view.shown, wanted_of(asked.desk.method, asked.sweep)
        if not shown.texts and wanted.number[0] in asked.desk.method.text_stages:
            raise ReaderError("This cell has no texts to compare with: choose another number.")

        def make() -> Any:
            return sweep_of(
                asked.engine, shown, wanted.x, wanted.y, wanted.output.stage, wanted.number,
                clips.opener(asked.files), lambda name: clips.video(asked.files[name]),
                lambda done: run.progress("sweep", done), run.cancelled,
            )  # fmt: skip

        return self.made.get((*_key(asked), repr(wanted)), make, run.cancelled)


def _key(asked: Asked) -> tuple[Any, ...]:
    """Of a result, by content: the engine, the view and the files that its clips are."""
    clips = asked.desk.clips
    keys = tuple(clips.key(path, "file") for path in asked.files.values())
    return id(asked.engine), keys, to_json(replace(asked.view, note=""))
