"""What the values of columns are, as bars: of all rows of a setting, and of those that fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from core.errors import ReaderError
from core.workbench.columns import NAMING, Column
from core.workbench.files import quoted
from core.workbench.query.filters import Filters, where
from core.workbench.query.table import ROWS, Table

SPAN = "span"
BINS, NAMES = 20, 50  # bars of numbers, and of names; of more names, the commonest


def facets(table: Table, setting: str, filters: Filters = (), names: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """{column: {kind, known, of, bars}}. bars of numbers: [low, high, how many fit, how many there are], equal parts of the
    span of all rows; of names and truth: [value, how many fit, how many there are]. known: of those that fit. names: of
    columns; not given, all but those that only tell clips apart."""
    chosen = [table.column(name) for name in names or table.settings_columns(setting) if names or name not in NAMING]
    if lists := [one.name for one in chosen if one.kind in ("texts", "numbers", "bytes")] if names else []:
        raise ReaderError(f"{', '.join(lists)} holds lists, of which there are no bars.")
    chosen = [one for one in chosen if one.kind not in ("texts", "numbers", "bytes")]
    condition, values = where(table, filters, setting)
    fits = f"FROM {ROWS} WHERE {condition}"
    spans = spans_of(table, setting, [one.name for one in chosen if numeric(one)])
    held = table.arrays(f"SELECT {', '.join(map(double, spans))} {fits}", values) if spans else {}
    of = table.ask(f"SELECT count(*) AS n {fits}", values)[0]["n"]
    made = {}
    for one in chosen:
        if numeric(one):
            found = spans[one.name].of(held[one.name])
        else:
            said = quoted(one.name)
            rows = table.ask(f"SELECT {said} AS value, count(*) AS n {fits} AND {said} IS NOT NULL GROUP BY 1", values)
            found = of_names(names_in(table, setting, one.name), rows)
        made[one.name] = {"kind": one.kind, "of": of} | found
    return made


def numeric(column: Column) -> bool:
    """Whether its values have an order."""
    return column.kind in ("number", "count")


def double(name: str) -> str:
    """A column of numbers in SQL."""
    return f"CAST({quoted(name)} AS DOUBLE) AS {quoted(name)}"


@dataclass(frozen=True)
class Span:
    """Of all that is known of a column: bars of equal width, how many there are in each; none where nothing is known."""

    low: float
    width: float
    every: tuple[int, ...]

    def of(self, value_N: np.ndarray) -> dict[str, Any]:
        """Bars of some of the rows beside those of all."""
        fit = counted(np.ma.compressed(value_N), self.low, self.width, len(self.every))
        bars = [
            [self.low + self.width * i, self.low + self.width * (i + 1), n, every]
            for i, (n, every) in enumerate(zip(fit, self.every))
        ]
        return {"known": sum(fit), "bars": bars}


def counted(value_K: np.ndarray, low: float, width: float, bins: int) -> list[int]:
    """How many lie in each of some bars."""
    place_K = np.minimum(((value_K - low) / (width or 1.0)).astype(int), bins - 1)
    return np.bincount(place_K, minlength=bins).tolist() if bins else []


def span_of(value_N: np.ndarray) -> Span:
    """Of all rows; one bar where all are equal."""
    value_K = np.ma.compressed(value_N)
    if not len(value_K):
        return Span(0.0, 0.0, ())
    low, high = float(value_K.min()), float(value_K.max())
    width, bins = (high - low) / BINS, BINS if high > low else 1
    return Span(low, width, tuple(counted(value_K, low, width, bins)))


def spans_of(table: Table, setting: str, names: Sequence[str]) -> dict[str, Span]:
    """Of each column, read once: they are the same whatever is filtered."""
    known = {name: span for name in names if (span := table.known.get((SPAN, setting, name)))}
    fresh = [name for name in names if name not in known]
    query = f"SELECT {', '.join(map(double, fresh))} FROM {ROWS} WHERE setting = ?"
    for name, value_N in (table.arrays(query, [setting]) if fresh else {}).items():
        known[name] = table.once((SPAN, setting, name), partial(span_of, value_N))
    return {name: known[name] for name in names}


def names_in(table: Table, setting: str, name: str) -> dict[str, Any]:
    """{names: how many there are, every: the commonest and how often}, of equals in the order of their names."""
    said = quoted(name)
    rows = f"FROM {ROWS} WHERE setting = ? AND {said} IS NOT NULL"
    return table.once(("names", setting, name), lambda: {
        "names": table.ask(f"SELECT count(DISTINCT {said}) AS n {rows}", [setting])[0]["n"],
        "every": table.ask(
            f"SELECT {said} AS value, count(*) AS n {rows} GROUP BY 1 ORDER BY n DESC, value LIMIT {NAMES}", [setting]
        ),
    })  # fmt: skip


def of_names(held: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """names: how many there are; bars of the commonest."""
    fit = {row["value"]: row["n"] for row in rows}
    bars = [[row["value"], fit.get(row["value"], 0), row["n"]] for row in held["every"]]
    return {"known": sum(fit.values()), "names": held["names"], "bars": bars}
