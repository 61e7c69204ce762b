"""Rows a page at a time, and the pictures of a few of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import ReaderError
from core.workbench.files import cursor, quoted
from core.workbench.plan import shard_file
from core.workbench.query.filters import Filters, where
from core.workbench.query.table import ROWS, Table

PAGE, TILES = 100, 60  # the most rows and pictures at once


def page(
    table: Table, setting: str, filters: Filters = (), sort: str = "clip_id", descending: bool = False, offset: int = 0,
    limit: int = PAGE, names: Sequence[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """{rows, total: that fit, of: of this setting, known: of those that fit, how many have what is sorted by}. What is not
    known stands last, whichever way it is sorted; among equals the clip's id decides. names: of the columns; not given, all."""
    column, (condition, values) = table.column(sort), where(table, filters, setting)
    if column.kind in ("texts", "numbers", "bytes"):
        raise ReaderError(f"{column.name} holds lists, which have no order.")
    if not whole(offset, 0, 1 << 40) or not whole(limit, 1, PAGE):
        raise ReaderError(f"A page has 1 to {PAGE} rows from row 0 on, got {str(limit)[:20]} from {str(offset)[:20]}.")
    shown = ", ".join(quoted(table.column(name).name) for name in names or table.settings_columns(setting))
    order = f"{quoted(sort)} {'DESC' if descending else 'ASC'} NULLS LAST, clip_id"
    counted = table.ask(f"SELECT count(*) AS total, count({quoted(sort)}) AS known FROM {ROWS} WHERE {condition}", values)[0]
    rows = table.ask(
        f"SELECT {shown} FROM {ROWS} WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?", [*values, limit, offset]
    )
    return {"rows": rows, "of": table.done.get(setting, 0), **counted}


def tiles(folder: Path, table: Table, setting: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """{clip_id: {strip, and the maps of this setting}} of up to 60 clips. Each lies in its shard's file, which is read."""
    if not isinstance(ids, (list, tuple)) or len(ids) > TILES or not all(isinstance(one, str) for one in ids):
        raise ReaderError(f"Pictures are asked for by up to {TILES} ids of clips, got {str(ids)[:40]!r}.")
    found = table.ask(
        f"SELECT clip_id, shard FROM {ROWS} WHERE setting = ? AND list_contains(?, clip_id)",
        [table.setting(setting), list(ids)],
    )
    shards: dict[int, list[str]] = {}
    for row in found:
        shards.setdefault(row["shard"], []).append(row["clip_id"])
    made: dict[str, dict[str, Any]] = {}
    for shard, some in shards.items():
        for kind, own in (("strips", ""), ("grids", setting)):
            for row in rows_by_id(shard_file(folder, kind, shard, own), some):
                made.setdefault(row["clip_id"], {}).update(row)
    return made


def rows_by_id(file: Path, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of these clips in one file; none where it is not there."""
    if not file.is_file():
        return []
    with cursor() as base:
        made = base.execute("SELECT * FROM read_parquet(?) WHERE list_contains(?, clip_id)", [str(file), list(ids)])
        head = [one[0] for one in made.description or ()]
        return [dict(zip(head, row)) for row in made.fetchall()]


def whole(value: Any, low: int, high: int) -> bool:
    """Whether it is a whole number from low to high."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
