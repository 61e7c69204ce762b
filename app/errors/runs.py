"""The runs that the page shows, each read again when it has grown."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import METHODS, ReaderError
from core.workbench.drive import read_progress
from core.workbench.marks import Marks
from core.workbench.plan import Plan, Setting, read_plan, read_settings
from core.workbench.query import Table, open_run

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "runs"


@dataclass(frozen=True, eq=False)
class Run:
    """root: the folder below which its clips lie, as the command line named it; None where it did not."""

    name: str
    folder: Path
    plan: Plan
    root: Path | None = None
    marks: Marks = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "marks", Marks(self.folder))

    def progress(self) -> dict[str, Any]:
        """How far whoever measures it is."""
        return read_progress(self.folder)


def find_runs(folder: Path, data: Mapping[str, Path] | None = None) -> dict[str, Run]:
    """Runs by name: the folder itself, or those in it. data: a run's name → the folder of its clips; in a folder of runs also
    one that is not there yet, which the page may start."""
    data = data or {}
    found = [folder] if (folder / "run.json").is_file() else sorted(one.parent for one in folder.glob("*/run.json"))
    made = {one.name: Run(one.name, one, read_plan(one), data.get(one.name)) for one in (each.resolve() for each in found)}
    unknown = [name for name in data if name not in made]
    if unknown and not holds_more(folder):
        raise ReaderError(f"--data names a run, one of {', '.join(made) or 'none'}, got {', '.join(unknown)}.")
    for name, root in data.items():
        if name in ("", ".", "..") or set(name) & set("/\\\0"):
            raise ReaderError(f"--data names a run, and a run is a folder: {name!r} cannot be one.")
        if not root.is_dir():
            raise ReaderError(f"--data {name}: there is no folder {str(root)!r}.")
    return made


def holds_more(folder: Path) -> bool:
    """Whether runs can be started in it: not in what is shipped, nor in a run."""
    return folder.resolve() != SHIPPED and not (folder / "run.json").is_file()


class Runs:
    """Safe under threads."""

    def __init__(self, runs: Mapping[str, Run]):
        self.runs = dict(runs)
        self._tables: dict[str, tuple[Any, Table]] = {}
        self._lock = threading.Lock()

    def run(self, name: Any) -> Run:
        """By its name."""
        if not isinstance(name, str) or name not in self.runs:
            raise ReaderError(f"There is no run {str(name)[:60]!r}. The runs are {', '.join(self.runs)}.")
        return self.runs[name]

    def table(self, run: Run) -> Table:
        """Its rows, as they are on the disk now."""
        files = [*run.folder.glob("settings/*.json"), *run.folder.glob("rows/*/*.parquet")]
        stamp = sorted((str(one), one.stat().st_mtime_ns) for one in files if one.is_file())
        with self._lock:
            known = self._tables.get(run.name)
            if known and known[0] == stamp:
                return known[1]
            if not read_settings(run.folder):
                raise ReaderError(f"Nothing of {run.name} is measured yet.")
            made = open_run(run.folder)
            self._tables[run.name] = stamp, made
            return made


def in_order(settings: Mapping[str, Setting]) -> list[str]:
    """Ids of settings, those with fewest knobs turned first: what a method does by itself is what others are held against."""

    def turned(name: str) -> int:
        one = settings[name]
        knobs = METHODS[one.method].knobs.knobs() if one.method in METHODS else ()
        return sum(one.knobs.get(knob.name) != knob.default for knob in knobs)

    return sorted(settings, key=turned)
