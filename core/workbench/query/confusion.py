"""Which classes are taken for which others."""

from typing import Any

from core.workbench.query.filters import Filters, where
from core.workbench.query.table import ROWS, Table

CLASSES = 50  # of a picture: those that are confused most


def confusion(table: Table, setting: str, filters: Filters = (), most: int = CLASSES, find: str = "") -> dict[str, Any]:
    """{classes, cells, n, right, of}. cells: [label, answer, how many clips], of the classes shown alone; classes: those with
    most wrong clips (as label or as answer), in the order of their names. n: clips whose label is known; of: all classes.
    find: letters; classes that have them, in any case, and what those are confused with, are shown instead."""
    condition, values = where(table, filters, setting)
    rows = table.ask(
        f"SELECT label, pred, count(*) AS n, count(*) FILTER (\"right\") AS good FROM {ROWS} WHERE {condition} "
        "AND label IS NOT NULL AND pred IS NOT NULL AND \"right\" IS NOT NULL GROUP BY 1, 2",
        values,
    ) if {"label", "pred", "right"} <= table.columns.keys() else []  # fmt: skip
    wrong: dict[str, int] = {}
    for row in rows:
        bad = row["n"] - row["good"]
        wrong[row["label"]] = wrong.get(row["label"], 0) + bad
        wrong[row["pred"]] = wrong.get(row["pred"], 0) + bad
    some = [name for row in rows for name in (row["label"], row["pred"]) if has(find, row["label"]) or has(find, row["pred"])]
    order = sorted(set(some), key=lambda name: (not has(find, name), -wrong[name], name))
    shown = sorted(order[:most])
    known = set(shown)
    cells = sorted([row["label"], row["pred"], row["n"]] for row in rows if row["label"] in known and row["pred"] in known)
    return {
        "classes": shown, "cells": cells, "n": sum(row["n"] for row in rows), "right": sum(row["good"] for row in rows),
        "of": len(wrong),
    }  # fmt: skip


def has(letters: str, name: str) -> bool:
    """Whether a name has these letters, in any case."""
    return letters.casefold() in name.casefold()
