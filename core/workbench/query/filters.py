"""Filters are structures: what a browser or a command sends becomes SQL whose values are bound and whose names are the table's.

    [["right", "eq", False], ["margin", "lt", 0.1], ["label", "in", ["runs", "walks"]], ["clip_id", "in", [...]]]

    eq ne       equals, or does not (or is not known)      lt le gt ge     of numbers        between   [low, high], both in
    in          one of a list                              has             of texts: holds these letters, in any case
    known       True or False: whether it is known at all

All of a list hold; {"any": [filters, filters]} where one of several must, {"not": filters} where they must not.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

from core.errors import ReaderError
from core.workbench.columns import Column
from core.workbench.files import quoted
from core.workbench.query.table import Table

COMPARED = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
SIGNS = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥", "has": "has", "in": "one of"}
WHATS = ("eq", "ne", *COMPARED, "between", "in", "has", "known")
MOST, DEEP, LONG, MANY = 50, 4, 1000, 100_000  # filters of a list, lists in lists, characters of a text, values of "in"
FEW = 5  # values of "in" that are named in words
Filters = Sequence[Any]


def where(table: Table, filters: Filters, setting: str = "") -> tuple[str, list[Any]]:
    """A condition, and the values that are bound in it. setting: of the rows."""
    conditions, values = _all(table, filters or [], 0)
    own = ["setting = ?"] if setting else []
    return " AND ".join([*own, *conditions]) or "true", [*([table.setting(setting)] if setting else []), *values]


def check_filters(table: Table, filters: Filters) -> None:
    """A ReaderError where they are none."""
    where(table, filters)


def _all(table: Table, filters: Filters, depth: int) -> tuple[list[str], list[Any]]:
    if not isinstance(filters, (list, tuple)) or len(filters) > MOST or depth > DEEP:
        raise ReaderError(f"Filters are a list of up to {MOST}, got {str(filters)[:60]!r}.")
    conditions, values = [], []
    for one in filters:
        condition, bound = _group(table, one, depth) if isinstance(one, dict) else _single(table, one)
        conditions.append(condition)
        values += bound
    return conditions, values


def _group(table: Table, one: dict[str, Any], depth: int) -> tuple[str, list[Any]]:
    if len(one) != 1 or next(iter(one)) not in ("any", "not"):
        raise ReaderError(f"A group of filters is {{'any': …}} or {{'not': …}}, got {str(one)[:60]!r}.")
    ((how, inner),) = one.items()
    if how == "not":
        conditions, values = _all(table, inner, depth + 1)
        return f"NOT coalesce(({' AND '.join(conditions) or 'true'}), false)", values
    if not isinstance(inner, (list, tuple)) or not inner:
        raise ReaderError("{'any': …} holds lists of filters, at least one.")
    made = [_all(table, each, depth + 1) for each in inner]
    said = " OR ".join(f"({' AND '.join(conditions) or 'true'})" for conditions, _ in made)
    return f"({said})", [value for _, bound in made for value in bound]


def _single(table: Table, one: Any) -> tuple[str, list[Any]]:
    if not isinstance(one, (list, tuple)) or len(one) != 3:
        raise ReaderError(f"A filter is [column, what, value], got {str(one)[:60]!r}.")
    name, what, value = one
    column = table.column(name)
    if what not in WHATS:
        raise ReaderError(f"A filter asks one of {', '.join(WHATS)}, got {str(what)[:40]!r}.")
    said = quoted(column.name)
    if what == "known":
        return f"{said} IS {'NOT ' if bound_value(Column('known', '', 'truth'), value) else ''}NULL", []
    if column.kind in ("texts", "numbers", "bytes"):
        if what != "has" or column.kind != "texts":
            raise ReaderError(f"{column.name} holds lists: it is asked has, of texts, or known, got {what}.")
        return f"coalesce(list_contains({said}, ?), false)", [bound_value(Column(name, "", "text"), value)]
    if what == "in":
        if not isinstance(value, (list, tuple)) or len(value) > MANY:
            raise ReaderError(f"“in” has a list of up to {MANY} values, got {str(value)[:40]!r}.")
        return f"coalesce(list_contains(?, {said}), false)", [[bound_value(column, each) for each in value]]
    if what == "has":
        if column.kind != "text":
            raise ReaderError(f"“has” is asked of texts, and {column.name} is a {column.kind}.")
        return f"contains(lower({said}), lower(?))", [bound_value(column, value)]
    if what == "between":
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise ReaderError(f"“between” has two numbers, got {str(value)[:40]!r}.")
        low, high = (bound_value(number(column, what), each) for each in value)
        return f"{said} BETWEEN ? AND ?", [low, high]
    if what in COMPARED:
        return f"{said} {COMPARED[what]} ?", [bound_value(number(column, what), value)]
    return f"{said} IS {'' if what == 'ne' else 'NOT '}DISTINCT FROM ?", [bound_value(column, value)]


def number(column: Column, what: str) -> Column:
    """The column, where it holds numbers."""
    if column.kind not in ("number", "count"):
        raise ReaderError(f"“{what}” is asked of numbers, and {column.name} is a {column.kind}.")
    return column


def bound_value(column: Column, value: Any) -> Any:
    """The value as the column's own kind."""
    if column.kind == "truth":
        fits = isinstance(value, bool)
    elif column.kind in ("number", "count"):
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e300
        value = float(value) if fits else value
    else:
        fits = isinstance(value, str) and len(value) <= LONG and encodable(value)
    if not fits:
        kinds = {"truth": "True or False", "number": "a number", "count": "a number"}
        what = kinds.get(column.kind, f"a text of up to {LONG} characters")
        raise ReaderError(f"{column.name} is compared with {what}, got {str(value)[:40]!r}.")
    return value


def encodable(text: str) -> bool:
    """Whether it has whole characters alone: half of one no database holds."""
    return text.encode("utf-8", "ignore").decode("utf-8") == text


def filters_of(words: Sequence[str]) -> list[list[Any]]:
    """["right:eq:false", "label:in:[\\"runs\\"]"] as filters: values are JSON where they can be, else texts."""
    made = []
    for word in words:
        name, _, rest = word.partition(":")
        what, sign, text = rest.partition(":")
        if not sign:
            raise ReaderError(f"A filter is COLUMN:WHAT:VALUE, as right:eq:false, got {word[:60]!r}.")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        made.append([name, what, value])
    return made


def in_words(filters: Filters) -> str:
    """What filters ask, for a caption: "right = no and margin < 0.1"."""
    return " and ".join(_in_words(one) for one in filters or [])


def _in_words(one: Any) -> str:
    if isinstance(one, dict):
        ((how, inner),) = one.items()
        if how == "not":
            return f"not ({in_words(inner) or 'every clip'})"
        return f"({' or '.join(in_words(each) or 'every clip' for each in inner)})"
    name, what, value = one
    if what == "known":
        return f"{name} is {'' if value else 'not '}known"
    if what == "between":
        return f"{name} from {_worded(value[0])} to {_worded(value[1])}"
    if what == "in" and len(value) > FEW:
        return f"{len(value)} chosen clips" if name == "clip_id" else f"{name} one of {len(value)}"
    return f"{name} {SIGNS[what]} {', '.join(map(_worded, value)) if what == 'in' else _worded(value)}"


def _worded(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
