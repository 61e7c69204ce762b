"""What a clip can be worse for: columns that may explain a failure, and those that say what a failure is.

What is computed from the answer and the label explains nothing: a wrong answer has a high loss because it is wrong.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import ReaderError
from core.workbench.columns import ANSWERED, GENERAL, NAMING, SEEN, Column, edit_columns
from core.workbench.files import quoted
from core.workbench.query.filters import Filters, where
from core.workbench.query.near import Features, unit
from core.workbench.query.table import ROWS, Table

WORST = 0.25  # of all clips: those at the bad end of a column, where right or wrong is not known
ASIDE = (*NAMING, "status", "decode_ms", "run_ms", "margin")  # tell clips apart, are this machine's, or are the answer's


@dataclass(frozen=True, eq=False)
class Outcome:
    """Of N clips, in the order of their ids: whether each fails, and the film that it is cut from. says: what failing is."""

    name: str
    says: str
    ids: tuple[str, ...]
    fails_N: np.ndarray
    group_N: np.ndarray


def outcomes(table: Table, setting: str) -> list[Column]:
    """Columns that say what a failure is: right or wrong, else those of the method that have a bad end."""
    held = table.settings[table.setting(setting)]
    usual = {one.name for one in (*GENERAL, *SEEN)}
    ends = [one for one in held.columns if one.bad and one.name not in usual and one.kind in ("number", "count", "truth")]
    first = {"right": 0} | {one.name: 1 for one in ends if one.needs == "truth"}
    return sorted(ends, key=lambda one: first.get(one.name, 2))


def outcome(table: Table, setting: str, of: str = "", filters: Filters = ()) -> Outcome:
    """Which clips fail. of: a column with a bad end; not given, the first that tells clips apart. A ReaderError where none."""
    known = outcomes(table, setting)
    if of and of not in {one.name for one in known}:
        raise ReaderError(
            f"What fails is said by one of {', '.join(one.name for one in known) or 'no column'}, got {of[:40]!r}."
        )
    for column in [one for one in known if not of or one.name == of]:
        condition, values = where(table, filters, setting)
        rows = table.ask(
            f'SELECT clip_id, "group" AS film, {quoted(column.name)} AS value FROM {ROWS} WHERE {condition} '
            f"AND status = 'ok' AND {quoted(column.name)} IS NOT NULL ORDER BY clip_id",
            values,
        )
        fails_N, says = failing(column, np.array([float(row["value"]) for row in rows]))
        if fails_N.any() and not fails_N.all():
            ids, films = [row["clip_id"] for row in rows], [row["film"] or row["clip_id"] for row in rows]
            return Outcome(column.name, says, tuple(ids), fails_N, np.array(films, object))
    raise ReaderError("No clip does worse than the others here, as far as that is known: there is nothing to explain.")


def failing(column: Column, value_N: np.ndarray) -> tuple[np.ndarray, str]:
    """(which clips fail, how a sentence says it)."""
    if column.kind == "truth":
        return value_N == (column.bad == "high"), "wrong" if column.name == "right" else f"{said(column)} {no_or_yes(column)}"
    sign = 1 if column.bad == "low" else -1
    bound = float(np.quantile(sign * value_N, WORST)) if len(value_N) else 0.0
    few = sign * value_N < bound
    fails_N = few if (sign * value_N <= bound).mean() > 2 * WORST else sign * value_N <= bound
    end = (value_N[fails_N].max() if sign > 0 else value_N[fails_N].min()) if fails_N.any() else 0.0
    return fails_N, f"worst in {said(column)} ({end:.3g} or {'less' if sign > 0 else 'more'})"


def no_or_yes(column: Column) -> str:
    """The bad one."""
    return "yes" if column.bad == "high" else "no"


def said(column: Column) -> str:
    """A column in a sentence: by its name, or as what its method calls the map that it is a number of."""
    what, _, how = column.says.removesuffix(".").rpartition(": ")
    return f"{how} of “{what}”" if what and column.name.endswith(f"_{how}") else column.name.replace("_", " ")


def explaining(table: Table, setting: str, of: str = "right") -> list[Column]:
    """Columns that may explain it: not those that are made of the answer and the label, nor what a method says with the same
    truth of the same thing."""
    held, target = table.settings[table.setting(setting)], table.columns.get(of)
    general = {one.name for one in (*GENERAL, *SEEN, *ANSWERED, *edit_columns(held.edits))}
    aside = {*ASIDE, of, *(f"{name}_margin" for name in held.edits)}
    made = []
    for one in held.columns:
        own = one.name not in general and target is not None and one.needs == target.needs
        if one.name in aside or one.kind in ("texts", "numbers", "bytes") or own:
            continue
        if one.needs != "labels" or one.name == "label":
            made.append(one)
    return made


def features_of_numbers(table: Table, setting: str) -> Features:
    """Clips by what their numbers are, each in standard deviations, where the method gives whole clips no feature."""
    names = [one.name for one in explaining(table, setting) if one.kind in ("number", "count", "truth")]
    shown = ", ".join(f"CAST({quoted(name)} AS DOUBLE) AS {quoted(name)}" for name in names)
    rows = table.ask(f"SELECT clip_id, {shown} FROM {ROWS} WHERE setting = ? AND status = 'ok' ORDER BY clip_id", [setting])
    value_NF = np.array([[np.nan if row[name] is None else row[name] for name in names] for row in rows], float)
    value_NF = value_NF.reshape(len(rows), len(names))
    varies_F = np.array([np.ptp(one[~np.isnan(one)]) > 0 if (~np.isnan(one)).any() else False for one in value_NF.T], bool)
    value_NF = value_NF[:, varies_F]
    if not value_NF.size:
        return Features(tuple(row["clip_id"] for row in rows), np.zeros((len(rows), 1), np.float16))
    z_NF = (value_NF - np.nanmean(value_NF, 0)) / np.nanstd(value_NF, 0)
    return unit([row["clip_id"] for row in rows], np.nan_to_num(z_NF).astype(np.float32))
