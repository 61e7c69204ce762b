"""What the values of columns are, as bars: of all rows of a setting, and of those that fit."""

from collections.abc import Sequence
from typing import Any

from core.errors import ReaderError
from core.workbench.columns import NAMING
from core.workbench.files import quoted
from core.workbench.query.filters import Filters, where
from core.workbench.query.table import ROWS, Table

BINS, NAMES = 20, 50  # bars of numbers, and of names; of more names, the commonest


def facets(table: Table, setting: str, filters: Filters = (), names: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """{column: {kind, known, of, bars}}. bars of numbers: [low, high, how many fit, how many there are], equal parts of the
    span of all rows; of names and truth: [value, how many fit, how many there are]. known: of those that fit. names: of
    columns; not given, all but those that only tell clips apart."""
    usual = [name for name in table.settings_columns(setting) if name not in NAMING]
    chosen = [table.column(name) for name in names or usual]
    condition, values = where(table, filters)
    made = {}
    for one in chosen:
        if one.kind in ("texts", "numbers", "bytes"):
            if names:
                raise ReaderError(f"{one.name} holds lists, of which there are no bars.")
            continue
        bars = _numbers if one.kind in ("number", "count") else _names
        made[one.name] = {"kind": one.kind} | bars(table, setting, one.name, condition, values)
    return made


def _numbers(table: Table, setting: str, name: str, condition: str, values: list[Any]) -> dict[str, Any]:
    said = quoted(name)
    span = table.ask(
        f"SELECT min({said}) AS low, max({said}) AS high, count(*) FILTER ({condition}) AS of, "
        f"count({said}) FILTER ({condition}) AS known FROM {ROWS} WHERE setting = ?",
        [*values, *values, table.setting(setting)],
    )[0]
    low, high = span["low"], span["high"]
    if low is None:
        return {"known": 0, "of": span["of"], "bars": []}
    width = (high - low) / BINS or 1.0
    found = table.ask(
        f"SELECT least(CAST(floor(({said} - ?) / ?) AS INTEGER), {BINS - 1}) AS bin, count(*) AS every, "
        f"count(*) FILTER ({condition}) AS fit FROM {ROWS} WHERE setting = ? AND {said} IS NOT NULL GROUP BY 1",
        [low, width, *values, setting],
    )
    counts = {row["bin"]: (row["fit"], row["every"]) for row in found}
    bins = range(BINS if high > low else 1)
    bars = [[low + width * i, low + width * (i + 1) if high > low else high, *counts.get(i, (0, 0))] for i in bins]
    return {"known": span["known"], "of": span["of"], "bars": bars}


def _names(table: Table, setting: str, name: str, condition: str, values: list[Any]) -> dict[str, Any]:
    said = quoted(name)
    found = table.ask(
        f"SELECT {said} AS value, count(*) AS every, count(*) FILTER ({condition}) AS fit FROM {ROWS} WHERE setting = ? "
        "GROUP BY 1 ORDER BY every DESC, value",
        [*values, table.setting(setting)],
    )
    known = [row for row in found if row["value"] is not None]
    return {
        "known": sum(row["fit"] for row in known), "of": sum(row["fit"] for row in found), "names": len(known),
        "bars": [[row["value"], row["fit"], row["every"]] for row in known[:NAMES]],
    }  # fmt: skip
