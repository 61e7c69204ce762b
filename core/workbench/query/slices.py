"""How many of some clips are right, and how sure that is."""

from math import comb
from typing import Any

from scipy.stats import binomtest

from core.workbench.query.filters import Filters, where
from core.workbench.query.table import ROWS, Table


def slice_stats(table: Table, setting: str, filters: Filters = ()) -> dict[str, Any]:
    """{clips: that fit, left_out: of those, neither unreadable nor crashed ones count, n: whose truth is known, right,
    accuracy, low, high}: accuracy with Wilson's interval (1927), 95 %; None where nothing is known."""
    condition, values = where(table, filters, setting)
    right = '"right"' if "right" in table.columns else "NULL::BOOLEAN"
    found = table.ask(
        f"SELECT count(*) AS clips, count(*) FILTER (status <> 'ok') AS left_out, "
        f"count({right}) FILTER (status = 'ok') AS n, count(*) FILTER (status = 'ok' AND {right}) AS good "
        f"FROM {ROWS} WHERE {condition}",
        values,
    )[0]
    good, n = found.pop("good"), found["n"]
    low, high = wilson(good, n)
    return found | {"right": good, "accuracy": good / n if n else None, "low": low, "high": high}


def wilson(right: int, n: int) -> tuple[float | None, float | None]:
    """95 % of Wilson's interval; (None, None) of nothing."""
    if not n:
        return None, None
    found = binomtest(right, n).proportion_ci(0.95, "wilson")
    return float(found.low), float(found.high)


def mcnemar(fixed: int, broken: int) -> float:
    """The exact p of as uneven a split or a more uneven one, were either as likely (McNemar, 1947); 1 where nothing changed."""
    n = fixed + broken
    if n > 1000:
        return float(binomtest(fixed, n, 0.5).pvalue)
    tail = sum(comb(n, k) for k in range(min(fixed, broken) + 1))
    return min(1.0, 2 * tail / 2**n)


def against_rest(table: Table, setting: str, filters: Filters) -> dict[str, Any]:
    """A slice, and all that is not in it."""
    return {"slice": slice_stats(table, setting, filters), "rest": slice_stats(table, setting, [{"not": list(filters)}])}


def slice_ids(table: Table, setting: str, filters: Filters = ()) -> list[str]:
    """The clips of a slice, by their ids."""
    condition, values = where(table, filters, setting)
    return [row["clip_id"] for row in table.ask(f"SELECT clip_id FROM {ROWS} WHERE {condition} ORDER BY clip_id", values)]
