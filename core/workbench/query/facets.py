"""What the values of columns are, as bars: of all rows of a setting, and of those that fit."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import ReaderError
from core.workbench.columns import NAMING, Column
from core.workbench.files import quoted
from core.workbench.query.filters import Filters, where
from core.workbench.query.table import ROWS, Table

BINS, NAMES = 20, 50  # bars of numbers, and of names; of more names, the commonest


def facets(table: Table, setting: str, filters: Filters = (), names: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """{column: {kind, known, of, bars}}. bars of numbers: [low, high, how many fit, how many there are], equal parts of the
    span of all rows; of names and truth: [value, how many fit, how many there are]. known: of those that fit. names: of
    columns; not given, all but those that only tell clips apart."""
    chosen = [table.column(name) for name in names or table.settings_columns(setting) if names or name not in NAMING]
    if lists := [one.name for one in chosen if one.kind in ("texts", "numbers", "bytes")] if names else []:
        raise ReaderError(f"{', '.join(lists)} holds lists, of which there are no bars.")
    chosen = [one for one in chosen if one.kind not in ("texts", "numbers", "bytes")]
    condition, values = where(table, filters)
    rows = f"(SELECT *, coalesce({condition}, false) AS fits FROM {ROWS} WHERE setting = ?)"
    bound = [*values, table.setting(setting)]
    number = [one for one in chosen if numeric(one)]
    cast = ", ".join(["fits", *(f"CAST({quoted(one.name)} AS DOUBLE) AS {quoted(one.name)}" for one in number)])
    held = table.arrays(f"SELECT {cast} FROM {rows}", bound)
    fits_N = np.ma.filled(held["fits"], False).astype(bool)
    made = {}
    for one in chosen:
        if numeric(one):
            found = of_numbers(held[one.name], fits_N)
        else:
            said = quoted(one.name)
            found = of_names(table.ask(
                f"SELECT {said} AS value, count(*) FILTER (fits) AS fit, count(*) AS every FROM {rows} "
                f"WHERE {said} IS NOT NULL GROUP BY 1 ORDER BY every DESC, value", bound,
            ))  # fmt: skip
        made[one.name] = {"kind": one.kind, "of": int(fits_N.sum())} | found
    return made


def numeric(column: Column) -> bool:
    """Whether its values have an order."""
    return column.kind in ("number", "count")


def of_numbers(value_N: np.ndarray, fits_N: np.ndarray) -> dict[str, Any]:
    """Bars of equal width; one where all are equal, none where nothing is known."""
    known_N = ~np.ma.getmaskarray(value_N)
    value_K, fits_K = np.ma.getdata(value_N)[known_N], fits_N[known_N]
    if not len(value_K):
        return {"known": 0, "bars": []}
    low, high = float(value_K.min()), float(value_K.max())
    width, bins = (high - low) / BINS, BINS if high > low else 1
    place_K = np.minimum(((value_K - low) / (width or 1.0)).astype(int), bins - 1)
    every, fit = (np.bincount(some, minlength=bins).tolist() for some in (place_K, place_K[fits_K]))
    bars = [[low + width * i, low + width * (i + 1), fit[i], every[i]] for i in range(bins)]
    return {"known": int(fits_K.sum()), "bars": bars}


def of_names(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The commonest first, of equals in the order of their names. names: how many there are."""
    bars = [[row["value"], row["fit"], row["every"]] for row in rows[:NAMES]]
    return {"known": sum(row["fit"] for row in rows), "names": len(rows), "bars": bars}
