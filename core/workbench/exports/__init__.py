"""What a filter leaves of a run, taken along: as a table, a notebook, a figure, or laid out as another program reads it.

chosen = Chosen(folder, open_run(folder), setting, [["right", "eq", False]])
write(chosen, Path("wrong.pdf"))

.csv .parquet    rows                        .ipynb    computes its own numbers again, and says where they differ
.pdf .png        accuracy, confusion and the clips with most loss, with a caption
.fiftyone        a folder that FiftyOne imports as a FiftyOneDataset: strips of frames, labels, answers, numbers
.atlas           a folder with the Parquet file that Embedding Atlas shows: x, y, text, image, numbers
"""

from collections.abc import Callable
from pathlib import Path

from core.errors import ReaderError
from core.workbench.exports.atlas import write_atlas
from core.workbench.exports.chosen import Chosen
from core.workbench.exports.fiftyone import write_fiftyone
from core.workbench.exports.figure import figure
from core.workbench.exports.notebook import to_notebook
from core.workbench.files import beside, into_place
from core.workbench.query.export import FORMS as TABLES
from core.workbench.query.export import export as write_table

__all__ = ["FILES", "FOLDERS", "Chosen", "check_place", "figure", "to_notebook", "write"]

FILES: dict[str, Callable[[Chosen, Path], bytes]] = {
    ".ipynb": lambda chosen, to: to_notebook(chosen, to.parent).encode(),
    ".pdf": lambda chosen, to: figure(chosen, "pdf").data,
    ".png": lambda chosen, to: figure(chosen, "png").data,
}
FOLDERS: dict[str, Callable[[Chosen, Path], None]] = {".fiftyone": write_fiftyone, ".atlas": write_atlas}


def check_place(to: Path) -> None:
    """A ReaderError where nothing can be written under this name."""
    every = (*TABLES, *FILES, *FOLDERS)
    if to.suffix.lower() not in every:
        raise ReaderError(f"An export ends in {', '.join(every)}, got {to.name!r}.")
    if to.is_dir():
        raise ReaderError(f"{to.name} is there already, and it is a folder: name another place.")


def write(chosen: Chosen, to: Path) -> int:
    """Written as a whole or not at all; how many clips."""
    to = Path(to)
    check_place(to)
    form = to.suffix.lower()
    if form in TABLES:
        return write_table(chosen.folder, chosen.setting, chosen.filters, to)
    if not chosen.count:
        raise ReaderError("No clip fits these filters, so there is nothing to take along.")
    fresh = beside(to)
    if form in FILES:
        fresh.write_bytes(FILES[form](chosen, to))
    else:
        FOLDERS[form](chosen, fresh)
    into_place(fresh, to)
    return chosen.count
