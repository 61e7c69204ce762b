"""Parquet files that are there as a whole or not at all.

A file is written under another name, forced to the disk, and renamed; so is, before it, its digest (`.sum`). So whatever ends
the writer, what stands under the file's own name is whole, and a byte that changes later is seen. What a file says of itself
(run, setting, shard, rows) is inside it.
"""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from platform import node
from typing import Any

import duckdb

from core.workbench.columns import SQL, Column

WRITING = ".writing"  # what ends so is left over from who was ended while writing


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """One for all files of this process: to open one takes as long as to read thirty files."""
    return duckdb.connect(config={"threads": 1})


def cursor() -> duckdb.DuckDBPyConnection:
    """One's own, with tables of its own."""
    return connection().cursor()


def write_bytes(file: Path, held: bytes) -> None:
    """A file as a whole: forced to the disk, then renamed, then the folder's entry too."""
    fresh = beside(file)
    with fresh.open("wb") as out:
        out.write(held)
        out.flush()
        os.fsync(out.fileno())
    into_place(fresh, file)


def write_text(file: Path, text: str) -> None:
    """The same of a text."""
    write_bytes(file, text.encode())


def write_parquet(file: Path, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], about: Mapping[str, str]) -> None:
    """Rows, of which a value that is not there is null. about: what the file says of itself."""
    fresh = beside(file)
    with cursor() as base:
        base.execute(f"CREATE TEMP TABLE made ({', '.join(f'{quoted(one.name)} {SQL[one.kind]}' for one in columns)})")
        if rows:
            lists = ", ".join(f"unnest(?::{SQL[one.kind]}[])" for one in columns)
            base.execute(f"INSERT INTO made SELECT {lists}", [[row.get(one.name) for row in rows] for one in columns])
        said = ", ".join(f"{quoted(name)}: {literal(value)}" for name, value in about.items())
        base.execute(f"COPY made TO {literal(str(fresh))} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{said}}})")
    with fresh.open("rb") as written:
        os.fsync(written.fileno())
    write_text(sum_of(file), digest(fresh))
    into_place(fresh, file)


def beside(file: Path) -> Path:
    """The name under which a file is written; its folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.with_name(f".{file.name}.{node()}.{os.getpid()}{WRITING}")  # two machines may count processes alike


def into_place(fresh: Path, file: Path) -> None:
    """Under its own name, for good."""
    os.replace(fresh, file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def leftovers(folder: Path) -> list[Path]:
    """What somebody was ended in the middle of."""
    return list(folder.rglob(f".*{WRITING}"))


def sum_of(file: Path) -> Path:
    """Where its digest stands."""
    return file.with_suffix(".sum")


def digest(file: Path) -> str:
    """Of all of its bytes."""
    return blake2b(file.read_bytes(), digest_size=16).hexdigest()


def wrong_with(file: Path, about: Mapping[str, str]) -> str:
    """What is wrong with a file, for a reader; "" where it is whole and what it should be."""
    if not file.is_file():
        return "is missing"
    try:
        known = sum_of(file).read_text("utf-8")
    except (OSError, ValueError):
        return "has no digest beside it"
    if digest(file) != known:
        return f"is not as it was written ({file.stat().st_size} bytes, another digest)"
    if differs := [name for name, value in about.items() if about_of(file).get(name) != value]:
        return f"belongs elsewhere: another {', '.join(differs)}"
    return ""


def about_of(file: Path) -> dict[str, str]:
    """What a file says of itself; {} where it is none that can be read."""
    with suppress(duckdb.Error, OSError, UnicodeDecodeError), cursor() as base:
        if file.is_file():
            found = base.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(file)]).fetchall()
            return {key.decode(): value.decode() for key, value in found}
    return {}


def read_rows(file: Path, names: Iterable[str] = ()) -> list[dict[str, Any]]:
    """All rows in their order. names: of the columns that are read; not given, all."""
    what = ", ".join(map(quoted, names)) or "*"
    with cursor() as base:
        made = base.execute(f"SELECT {what} FROM read_parquet(?)", [str(file)])
        head = [one[0] for one in made.description or ()]
        return [dict(zip(head, row)) for row in made.fetchall()]


def quoted(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in SQL, where it cannot be a parameter."""
    return "'" + text.replace("'", "''") + "'"


def now() -> str:
    """For what people read: seconds are enough."""
    return time.strftime("%Y-%m-%d %H:%M:%S")
