"""A notebook that computes every number of an export again from the run, and ends where one is another."""

import math
import os
import pprint
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import core
from core.publish.notebook import bound, written
from core.workbench.exports.chosen import Chosen
from core.workbench.plan import digest_of, said
from core.workbench.query.compare import compare
from core.workbench.query.confusion import confusion
from core.workbench.query.slices import slice_stats

HOME = Path(core.__file__).resolve().parents[1]
WORST, OTHERS = 10, 4  # clips that are listed, and settings that are compared
HEAD = """\
# {title}

{clips} clips of `{data}` at {setting}: {words}.

Every number below is computed again from the run when its cell runs, where this project is installed. A number that is not as \
it was ends the notebook with an error."""
SETUP = """\
from pathlib import Path

import core
from core.workbench.exports import Chosen, figure
from core.workbench.exports.notebook import ids_digest, same, worst_clips
from core.workbench.query import compare, confusion, open_run, slice_stats

run = {place}  # ← where the run lies
table = open_run(run)
setting = {setting!r}  # {name}
filters = {filters}
chosen = Chosen(run, table, setting, filters)
assert ids_digest(chosen) == {digest!r}, "These are other clips than those of the export."
print(chosen.count, "clips,", chosen.words)"""
ASKED = """\
kept = {kept}
found = {question}
assert same(found, kept), f"Not as it was: {{found}}"
found"""


def to_notebook(chosen: Chosen, folder: Path | None = None) -> str:
    """Its text (nbformat 4.5). folder: in which it is to lie; not given, it finds the run in this installation alone."""
    made = Cells()
    named = said(chosen.table.settings)
    about = {"clips": chosen.count, "data": chosen.plan.data, "setting": chosen.name, "words": chosen.words}
    made.words(HEAD.format(title=f"Where {chosen.name} fails", **about))
    given = {"setting": chosen.setting, "name": " ".join(chosen.name.split()), "filters": literal(list(chosen.filters))}
    made.code(SETUP.format(place=place_of(chosen.folder, folder), digest=ids_digest(chosen), **given))
    made.words("## How many are right\n\nWilson's 95 % interval; clips that could not be read count neither way.")
    made.asked("slice_stats(table, setting, filters)", slice_stats(chosen.table, chosen.setting, chosen.filters))
    if "right" in chosen.table.settings_columns(chosen.setting):
        made.words("## What is taken for what\n\n`cells`: [what it is, what was answered, how many clips].")
        made.asked("confusion(table, setting, filters)", confusion(chosen.table, chosen.setting, chosen.filters))
        for other in chosen.others[:OTHERS]:
            made.words(f"## Against {named[other]}\n\nThe same clips at both; p is of McNemar's exact test.")
            made.asked(
                f"compare(table, setting, {other!r}, filters)", compare(chosen.table, chosen.setting, other, chosen.filters)
            )
        made.words("## The wrong clips with most loss")
        made.asked("worst_clips(chosen)", worst_clips(chosen))
        made.words("## The figure")
        made.code("figure(chosen)")
    return bound(made.cells)


class Cells:
    """A notebook's cells, as they are added."""

    def __init__(self) -> None:
        self.cells: list[dict[str, Any]] = []

    def words(self, text: str) -> None:
        self.cells.append(written("markdown", text, str(len(self.cells))))

    def code(self, text: str) -> None:
        self.cells.append(written("code", text, str(len(self.cells))))

    def asked(self, question: str, kept: Any) -> None:
        self.code(ASKED.format(question=question, kept=literal(kept)))


def literal(value: Any) -> str:
    """As Python writes it."""
    return pprint.pformat(value, width=110, compact=True, sort_dicts=False)


def place_of(run: Path, folder: Path | None) -> str:
    """An expression for where a run lies, without naming a place of this machine: within the installation, or seen from the
    notebook."""
    run = run.resolve()
    if run.is_relative_to(HOME):
        return f"Path(core.__file__).resolve().parents[1] / {run.relative_to(HOME).as_posix()!r}"
    return f"Path({Path(os.path.relpath(run, folder.resolve())).as_posix() if folder else run.name!r})"


# ---- what its cells call -----------------------------------------------------------------------------------------------


def same(found: Any, kept: Any) -> bool:
    """Whether both hold the same: numbers to nine digits, all else exactly."""
    if isinstance(found, Mapping) and isinstance(kept, Mapping):
        return found.keys() == kept.keys() and all(same(found[name], kept[name]) for name in kept)
    if isinstance(found, (list, tuple)) and isinstance(kept, (list, tuple)):
        return len(found) == len(kept) and all(map(same, found, kept))
    if isinstance(found, float) and isinstance(kept, float):
        return math.isclose(found, kept, rel_tol=1e-9) or (math.isnan(found) and math.isnan(kept))
    return type(found) is type(kept) and found == kept


def ids_digest(chosen: Chosen) -> str:
    """Of which clips there are."""
    return digest_of([row["clip_id"] for row in chosen.rows()])


def worst_clips(chosen: Chosen) -> list[list[Any]]:
    """[clip, what it is, what was answered, loss] of the wrong ones with most loss."""
    return [[row["clip_id"], row["label"], row["pred"], row["loss"]] for row in chosen.rows(worst=WORST)]
