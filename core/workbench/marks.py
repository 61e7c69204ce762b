"""What people write of a run: tags and notes of clips, and slices with names. On disk before it is said to be.

Every change is a row of its own, so there is a history, and what was done last can be undone. A run never touches this file.

    marks = Marks(folder)
    marks.put("tag", clip_id, "blurred")        marks.put("note", clip_id, value="half of it is black")
    marks.put("slice", name="dark", value=[["brightness", "lt", 0.2]])        marks.undo()
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from core.errors import ReaderError
from core.workbench.files import now

KINDS = ("tag", "note", "slice")
LONGEST = {"subject": 4000, "name": 100, "value": 20_000}  # characters
TABLES = """
CREATE TABLE IF NOT EXISTS changes (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL,
    before TEXT, after TEXT, undoes INTEGER REFERENCES changes (id)
);
CREATE TABLE IF NOT EXISTS marks (
    kind TEXT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, subject, name)
);
"""


class Marks:
    """The marks of a run. Safe under threads and processes: every call has a connection of its own."""

    def __init__(self, folder: Path):
        self.file = Path(folder) / "marks.sqlite"

    def put(self, kind: str, subject: str = "", name: str = "", value: Any = True) -> None:
        """A mark; None takes it away. subject: the clip's id, "" of a slice. value: what JSON can hold."""
        after = None if value is None else json.dumps(value)
        check(kind, subject, name, after)
        with self.writing() as base:
            self._change(base, kind, subject, name, after)

    def undo(self) -> dict[str, Any] | None:
        """What was changed last is as before; which change that was, None where there is none left."""
        with self.writing() as base:
            last = base.execute(
                "SELECT id, kind, subject, name, before FROM changes WHERE undoes IS NULL AND id NOT IN "
                "(SELECT undoes FROM changes WHERE undoes IS NOT NULL) ORDER BY id DESC LIMIT 1"
            ).fetchone()
            if last is None:
                return None
            number, kind, subject, name, before = last
            self._change(base, kind, subject, name, before, number)
            return {"kind": kind, "subject": subject, "name": name, "value": None if before is None else json.loads(before)}

    def _change(
        self, base: sqlite3.Connection, kind: str, subject: str, name: str, after: str | None, undoes: int | None = None
    ) -> None:  # fmt: skip
        found = base.execute("SELECT value FROM marks WHERE kind = ? AND subject = ? AND name = ?", (kind, subject, name))
        before = next((row[0] for row in found), None)
        if before == after and undoes is None:
            return
        base.execute(
            "INSERT INTO changes (at, kind, subject, name, before, after, undoes) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (now(), kind, subject, name, before, after, undoes),
        )
        if after is None:
            base.execute("DELETE FROM marks WHERE kind = ? AND subject = ? AND name = ?", (kind, subject, name))
        else:
            base.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?)", (kind, subject, name, after))

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """{subject: {name: value}} of a kind."""
        made: dict[str, dict[str, Any]] = {}
        for subject, name, value in self.rows("SELECT subject, name, value FROM marks WHERE kind = ? ORDER BY 1, 2", kind):
            made.setdefault(subject, {})[name] = json.loads(value)
        return made

    @property
    def slices(self) -> dict[str, Any]:
        """Name → filters."""
        return self.of("slice").get("", {})

    @property
    def history(self) -> list[dict[str, Any]]:
        """Every change, the last first."""
        names = ("id", "at", "kind", "subject", "name", "before", "after", "undoes")
        return [dict(zip(names, row)) for row in self.rows(f"SELECT {', '.join(names)} FROM changes ORDER BY id DESC")]

    def rows(self, query: str, *values: Any) -> list[tuple]:
        """What a query of ours finds; nothing where nobody has written yet."""
        if not self.file.is_file():
            return []
        with self.writing() as base:
            return base.execute(query, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Inside, one transaction; behind it, what was written is on the disk."""
        try:
            with closing(sqlite3.connect(self.file, timeout=30)) as base:
                base.execute("PRAGMA journal_mode = WAL")
                base.execute("PRAGMA synchronous = FULL")
                base.executescript(TABLES)
                with base:
                    base.execute("BEGIN IMMEDIATE")
                    yield base
        except sqlite3.Error as wrong:
            raise ReaderError(f"Nothing was written to {self.file.name}: {wrong}.") from wrong


def check(kind: str, subject: str, name: str, value: str | None) -> None:
    """A ReaderError where a mark is none."""
    if kind not in KINDS:
        raise ReaderError(f"A mark is a {', a '.join(KINDS)}, got {str(kind)[:40]!r}.")
    for what, text in {"subject": subject, "name": name, "value": value or ""}.items():
        if not isinstance(text, str) or len(text) > LONGEST[what]:
            raise ReaderError(f"The {what} of a mark is a text of up to {LONGEST[what]} characters, got {str(text)[:40]!r}.")
    if (kind == "slice") == bool(subject):
        raise ReaderError("Tags and notes are of a clip, slices of none.")
    if not name and kind != "note":
        raise ReaderError(f"A {kind} has a name.")
