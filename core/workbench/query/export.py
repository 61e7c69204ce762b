"""Rows that fit, as a table for other programs: CSV or Parquet.

A cell of a CSV that begins as a formula does gets a quote before it: a spreadsheet would run it.
"""

from pathlib import Path

from core.errors import ReaderError
from core.workbench.columns import Column
from core.workbench.files import beside, cursor, into_place, literal, quoted
from core.workbench.plan import read_plan, read_settings
from core.workbench.query.filters import Filters, where
from core.workbench.query.table import open_run, rows_there

FORMS = {".csv": "FORMAT csv, HEADER", ".parquet": "FORMAT parquet, COMPRESSION zstd"}
FORMULA = "^[=+@\\t\\r\\-]"


def export(folder: Path, setting: str, filters: Filters, to: Path) -> int:
    """Written as a whole or not at all; how many rows. setting: "" of all."""
    to = Path(to)
    if to.suffix.lower() not in FORMS:
        raise ReaderError(f"An export ends in {', '.join(FORMS)}, got {to.name!r}.")
    settings = {name: one for name, one in read_settings(folder).items() if setting in ("", name)}
    condition, values = where(open_run(folder, list(settings)), filters, setting)
    files, _ = rows_there(folder, read_plan(folder), settings)
    some = [str(one) for each in files.values() for one in each]
    if not some:
        raise ReaderError(f"There is no row of {folder.name} yet.")
    columns = {column.name: column for one in settings.values() for column in one.columns}
    shown = ", ".join(cell(one, to.suffix.lower() == ".csv") for one in columns.values())
    fresh = beside(to)
    with cursor() as base:
        base.execute(
            f"CREATE TEMP TABLE made AS SELECT {shown} FROM read_parquet(?, union_by_name = true) WHERE {condition} "
            "ORDER BY setting, shard, clip_id", [some, *values],
        )  # fmt: skip
        base.execute(f"COPY made TO {literal(str(fresh))} ({FORMS[to.suffix.lower()]})")
        found = base.execute("SELECT count(*) FROM made").fetchone()
    into_place(fresh, to)
    return found[0] if found else 0


def cell(column: Column, csv: bool) -> str:
    """A column in SQL; in a CSV, texts that a spreadsheet would run are quoted, and lists are joined."""
    said = quoted(column.name)
    if csv and column.kind in ("text", "texts"):
        text = said if column.kind == "text" else f"array_to_string({said}, ', ')"
        return f"CASE WHEN regexp_matches({text}, '{FORMULA}') THEN '''' || {text} ELSE {text} END AS {said}"
    return said
