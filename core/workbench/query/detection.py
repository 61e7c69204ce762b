"""What a detector does wrong: TIDE's bins with what each costs, and a confusion with "background" and "missed".

ΔAP of a bin is AP50 were that kind of error cured and no other (`core.workbench.tide` says how), less AP50: the mean over the
classes that are there, COCO's 101 recalls. A class of which nothing is asked for any more leaves the mean.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ReaderError
from core.metrics import mean_precision
from core.workbench.files import cursor, quoted
from core.workbench.plan import read_plan, shard_file
from core.workbench.query.filters import Filters, where
from core.workbench.query.table import ROWS, Table
from core.workbench.tide import BINS, MISSED, RIGHT, SAYS

MOST = 50  # classes of a picture
TRUE_OR_NOT = ("real", "pair", "cures")
NAMES = ("clip_id", "label", "score", "bin", "beside", *TRUE_OR_NOT)


def bins(folder: Path, table: Table, setting: str, filters: Filters = ()) -> list[dict[str, Any]]:
    """Of each reader {reader, says, found, real, ap50, bins: [name, what it is, how many, ΔAP]}, of clips that fit and whose
    truth is known; ap50 None where nothing is there."""
    made = []
    for reader, says in readers_of(table, setting).items():
        rows = things(folder, table, setting, filters, reader)
        judged_D = {name: rows[name][~rows["real"]] for name in ("label", "score", "bin", "beside", "cures")}
        real_O, missed_O = rows["label"][rows["real"]], rows["bin"][rows["real"]] == MISSED
        before = precision(judged_D["label"], judged_D["score"], judged_D["bin"] == RIGHT, real_O)
        listed = []
        for name in BINS:
            count = int(missed_O.sum() if name == MISSED else (judged_D["bin"] == name).sum())
            after = cured(name, judged_D, real_O, missed_O)
            listed.append([name, SAYS[name], count, None if before is None or after is None else after - before])
        made.append({
            "reader": reader, "says": says, "found": len(judged_D["label"]), "real": len(real_O), "ap50": before,
            "bins": listed,
        })  # fmt: skip
    return made


def cured(name: str, judged_D: Mapping[str, np.ndarray], real_O: np.ndarray, missed_O: np.ndarray) -> float | None:
    """AP50 without one bin's errors."""
    right_D = judged_D["bin"] == RIGHT
    if name == MISSED:
        return precision(judged_D["label"], judged_D["score"], right_D, real_O[~missed_O])
    own_D = judged_D["bin"] == name
    cured_D = own_D & judged_D["cures"]
    label_D = np.where(cured_D, judged_D["beside"], judged_D["label"])  # a Loc has the right name already
    stays_D = cured_D | ~own_D
    return precision(label_D[stays_D], judged_D["score"][stays_D], (right_D | cured_D)[stays_D], real_O)


def precision(label_D: np.ndarray, score_D: np.ndarray, right_D: np.ndarray, real_O: np.ndarray) -> float | None:
    """AP50: the mean over the classes that are there; None where none is."""
    order = np.argsort(-score_D.astype(float), kind="stable")
    made = []
    for label in sorted(set(real_O)):
        own_D = right_D[order][label_D[order] == label]
        asked = np.array([float((real_O == label).sum())])
        made.append(float(mean_precision(np.ones((1, len(own_D))), own_D, asked)[0]))
    return float(np.mean(made)) if made else None


def pairs(
    folder: Path, table: Table, setting: str, filters: Filters = (), reader: str = "", most: int = MOST
) -> dict[str, Any]:
    """{reader, classes, cells, of, real, paired}. cells: [what is there, what was found, how many], None of the one where
    nothing is there (background), of the other where nothing was found (missed). A thing is in one cell, as a detection is.
    classes: those that are confused most."""
    readers = readers_of(table, setting)
    reader = reader or next(iter(readers))
    if reader not in readers:
        raise ReaderError(f"Things are found {' or '.join(readers)}, got {reader[:40]!r}.")
    rows = things(folder, table, setting, filters, reader)
    count: dict[tuple[Any, Any], int] = {}
    for label, beside, real, pair in zip(rows["label"], rows["beside"], rows["real"], rows["pair"]):
        if real or not pair:
            cell = (label, beside if pair else None) if real else (None, label)
            count[cell] = count.get(cell, 0) + 1
    wrong: dict[str, int] = {}
    for cell, n in count.items():
        for name in filter(None, cell):
            wrong[name] = wrong.get(name, 0) + n * (cell[0] != cell[1])
    known = {None, *sorted(wrong, key=lambda name: (-wrong[name], name))[:most]}
    cells = sorted(([*cell, n] for cell, n in count.items() if known >= set(cell)), key=str)
    return {
        "reader": reader, "classes": sorted(filter(None, known)), "cells": cells, "of": len(wrong),
        "real": int(rows["real"].sum()), "paired": int((rows["real"] & rows["pair"]).sum()),
    }  # fmt: skip


def clips_with(folder: Path, table: Table, setting: str, reader: str, cell: Mapping[str, Any]) -> list[str]:
    """Clips in which a cell of the confusion is. cell: {"real": …, "found": …}, each a class, None as `pairs` has it, or not
    there where it does not matter."""
    rows = things(folder, table, setting, (), reader)
    fits = rows["real"] | ~rows["pair"]
    real = np.where(rows["real"], rows["label"], None)
    found = np.where(rows["real"], np.where(rows["pair"], rows["beside"], None), rows["label"])
    for name, held in (("real", real), ("found", found)):
        if name in cell:
            fits = fits & np.array([one == cell[name] for one in held], bool)
    return sorted(set(rows["clip_id"][fits]))


def readers_of(table: Table, setting: str) -> Mapping[str, str]:
    """Who finds things: a ReaderError where the method finds none."""
    held = table.settings[table.setting(setting)]
    if not held.readers:
        raise ReaderError(f"{held.method} finds no things, so there is nothing to sort into bins.")
    return held.readers


def things(folder: Path, table: Table, setting: str, filters: Filters, reader: str) -> dict[str, np.ndarray]:
    """Columns of the rows of things whose truth is known, of clips that fit."""
    plan, (condition, values) = read_plan(folder), where(table, filters, setting)
    every = [shard_file(folder, "things", shard, setting) for shard in plan.shards]
    files = [str(one) for one in every if one.is_file()]
    if not files:
        return {name: np.array([], object) for name in NAMES} | {name: np.array([], bool) for name in TRUE_OR_NOT}
    ids = [row["clip_id"] for row in table.ask(f"SELECT clip_id FROM {ROWS} WHERE {condition}", values)] if filters else []
    only = " AND clip_id IN (SELECT unnest(?))" if filters else ""
    with cursor() as base:
        found = base.execute(
            f"SELECT {', '.join(map(quoted, NAMES))} FROM read_parquet(?) WHERE reader = ? AND (bin IS NOT NULL OR real){only}",
            [files, reader, *([ids] if filters else [])],
        ).fetchnumpy()
    made = {name: np.ma.filled(np.ma.asarray(held).astype(object), None) for name, held in found.items()}
    return made | {name: made[name] == True for name in TRUE_OR_NOT}  # noqa: E712 — what is not known is not so
