"""What the filters leave, as a download: a table, a notebook, a figure, or a folder for another program, zipped."""

import base64
import io
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.errors.questions import Questions, message_of
from app.server.answers import run_named
from app.server.errors import sentence
from app.server.jobs import Running
from core import ReaderError
from core.workbench.exports import FOLDERS, Chosen, write

KIND = "export"  # the kind of run that a reader looks after and calls off
BYTES = 48 << 20  # of a file: it travels through the page
CLIPS = 5000  # with pictures: of more, the command writes a folder
FORMS = {
    "csv": "table, CSV", "parquet": "table, Parquet", "ipynb": "notebook that checks its numbers", "pdf": "figure, PDF",
    "png": "figure, PNG", "fiftyone": "FiftyOne data set (ZIP)", "atlas": "Embedding Atlas (ZIP)",
}  # fmt: skip


class Exports:
    """What a browser can ask for. running: the page's."""

    def __init__(self, questions: Questions, running: Running):
        self.questions, self.running = questions, running

    def functions(self) -> list[Callable[..., str]]:
        """For the tab's component."""
        return [sentence(self.export, message_of)]

    def export(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """{name, type, data: base64, clips} of the clips at A that fit."""
        run, table, a, _, filters = self.questions.question(message)
        form = message.get("form")
        if form not in FORMS:
            raise ReaderError(f"An export is one of {', '.join(FORMS)}, got {str(form)[:40]!r}.")
        chosen = Chosen(run.folder, table, a, filters)
        if f".{form}" in FOLDERS and chosen.count > CLIPS:
            raise ReaderError(
                f"A download has pictures of up to {CLIPS} clips, and these are {chosen.count}: {as_command(form)}"
            )
        who = run_named(message)[0]
        work = partial(self._written, chosen, f"{run.name}.{form}")
        return self.running.aside(self.running.start(who, KIND, long=True), work)

    def _written(self, chosen: Chosen, name: str, job: Any) -> dict[str, Any]:
        job.progress("writing", 0.0)
        with TemporaryDirectory() as folder:
            to = Path(folder) / name
            clips = write(chosen, to)
            held, name = (zipped(to), f"{name}.zip") if to.is_dir() else (to.read_bytes(), name)
        if len(held) > BYTES:
            raise ReaderError(f"This would be {len(held) >> 20} MB, and a download has up to {BYTES >> 20}: {as_command(name)}")
        return {"name": name, "type": "application/octet-stream", "data": base64.b64encode(held).decode(), "clips": clips}


def as_command(name: str) -> str:
    """What does the same without the page."""
    return f"python -m core.workbench export RUN --where … --to FILE.{name.rpartition('.')[2]} writes them all."


def zipped(folder: Path) -> bytes:
    """A folder as a ZIP, in it under its own name."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            out.write(file, f"{folder.name}/{file.relative_to(folder).as_posix()}")
    return held.getvalue()
