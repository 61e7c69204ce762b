"""The rows of a run in memory: read once, then closed to everything outside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from core.errors import ReaderError
from core.workbench.columns import SQL, Column
from core.workbench.files import quoted
from core.workbench.plan import Plan, Setting, read_plan, read_settings, shard_file
from core.workbench.shard import faults

ROWS = "rows"
KNOWN = 256  # answers that are held, each of some kilobytes


@dataclass(frozen=True, eq=False)
class Table:
    """base: a connection with external access off and its configuration locked; each question takes a cursor of its own, so
    that threads may ask at once. done: setting → clips that are there. unknown: files that were left out, and why."""

    base: duckdb.DuckDBPyConnection
    columns: Mapping[str, Column]
    settings: Mapping[str, Setting]
    done: Mapping[str, int]
    clips: int
    unknown: Mapping[str, str]
    known: dict[Any, Any] = field(default_factory=dict)  # what was asked before: the rows never change

    def column(self, name: Any) -> Column:
        """A column, or a sentence that says which there are."""
        if not isinstance(name, str) or name not in self.columns:
            raise ReaderError(f"There is no column {str(name)[:60]!r}. The columns are {', '.join(self.columns)}.")
        return self.columns[name]

    def setting(self, name: Any) -> str:
        """A setting's id, or a sentence."""
        if not isinstance(name, str) or name not in self.settings:
            raise ReaderError(f"There is no setting {str(name)[:40]!r} in this run. They are {', '.join(self.settings)}.")
        return name

    def settings_columns(self, setting: Any) -> list[str]:
        """The names of a setting's own columns."""
        return [one.name for one in self.settings[self.setting(setting)].columns]

    def once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What `make` gives, made once for a key. The oldest of many are let go."""
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = make()
            for old in list(self.known)[:-KNOWN]:
                self.known.pop(old, None)
        return found

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """What a query of ours finds."""
        with self.base.cursor() as own:
            return dicts(own, query, values)

    def arrays(self, query: str, values: Sequence[Any]) -> dict[str, np.ndarray]:
        """The same as columns of numbers, masked where nothing is known."""
        with self.base.cursor() as own:
            return own.execute(query, list(values)).fetchnumpy()

    def ask_of(self, made: str, values: Sequence[Any], queries: Sequence[str]) -> list[list[dict[str, Any]]]:
        """What several find in a table `made`, which a query makes for them alone."""
        with self.base.cursor() as own:
            own.execute(f"CREATE TEMP TABLE made AS {made}", list(values))
            return [dicts(own, query) for query in queries]


def dicts(own: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Rows by the names of their columns."""
    own.execute(query, list(values))
    head = [one[0] for one in own.description or ()]
    return [dict(zip(head, row)) for row in own.fetchall()]


def open_run(folder: Path, only: Sequence[str] = ()) -> Table:
    """All that is there of a run. only: of these settings."""
    plan, settings = read_plan(folder), read_settings(folder)
    settings = {name: one for name, one in settings.items() if not only or name in only}
    files, unknown = rows_there(folder, plan, settings)
    return table_of(settings, files, plan.clips, unknown)


def rows_there(folder: Path, plan: Plan, settings: Mapping[str, Setting]) -> tuple[dict[str, list[Path]], dict[str, str]]:
    """({setting: its files of rows that are whole}, {file: what is wrong with it})."""
    files, unknown = {}, {}
    for name in settings:
        wrong = {}
        for shard in plan.shards:
            wrong |= faults(folder, plan, shard, name, ("rows",))
        every = [shard_file(folder, "rows", shard, name) for shard in plan.shards]
        files[name] = [one for one in every if one not in wrong]
        unknown |= {str(one.relative_to(folder)): why for one, why in wrong.items() if one.is_file()}
    return files, unknown


def table_of(
    settings: Mapping[str, Setting], files: Mapping[str, Sequence[Path]], clips: int, unknown: Mapping[str, str] | None = None
) -> Table:  # fmt: skip
    """Rows of these files, locked in."""
    columns: dict[str, Column] = {}
    for one in settings.values():
        columns |= {column.name: column for column in one.columns if column.name not in columns}
    base = duckdb.connect()
    base.execute(f"CREATE TABLE {ROWS} ({', '.join(f'{quoted(one.name)} {SQL[one.kind]}' for one in columns.values())})")
    for name, some in files.items():
        if some:
            own = ", ".join(quoted(column.name) for column in settings[name].columns)
            base.execute(f"INSERT INTO {ROWS} ({own}) SELECT {own} FROM read_parquet(?)", [[str(one) for one in some]])
    base.execute("SET enable_external_access = false")
    base.execute("SET lock_configuration = true")
    counted = base.execute(f"SELECT setting, count(*) FROM {ROWS} GROUP BY 1").fetchall() if columns else []
    return Table(base, columns, dict(settings), dict(counted), clips, unknown or {})
