"""Runs that are started from the page: processes of their own, so that closing the page ends none of them.

A folder of clips is one that the command line named (--data NAME=FOLDER), never a path that was typed on the page; its run is
NAME, beside the others. What is running is asked of the run's own folder, so a page that was started anew knows it too.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors.questions import STRANGE, Questions, message_of
from app.errors.runs import SHIPPED, Run
from app.errors.whatif import knobs_of
from app.server.errors import sentence
from core import METHODS, ReaderError
from core.workbench.columns import EDITS
from core.workbench.crew import CANCEL
from core.workbench.drive import is_driven, read_progress
from core.workbench.files import write_text
from core.workbench.plan import read_plan

ROOT = Path(__file__).resolve().parents[2]
LOG = "started.log"  # beside the run: what its process said
Begun = tuple[subprocess.Popen, Path]


@dataclass(frozen=True)
class Home:
    """folder: in which runs lie. data: name of a run → the folder of its clips. device: of the processes."""

    folder: Path
    data: Mapping[str, Path]
    device: str = "auto"


class Starts:
    """home: None where the page may start nothing new. spawn: starts a command, which tells its log."""

    def __init__(
        self, questions: Questions, home: Home | None, spawn: Callable[[list[str], Path], subprocess.Popen] | None = None
    ):
        self.questions, self.home, self.spawn = questions, home, spawn or in_background
        self._begun: dict[str, Begun] = {}
        self._lock = threading.Lock()

    def functions(self) -> list[Callable[..., str]]:
        """For the tab's component."""
        return [
            sentence(one, message_of) for one in (self.startable, self.start, self.start_setting, self.started, self.start_end)
        ]

    def startable(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """What a run can be started on, and with."""
        methods = [one for one in METHODS.values() if "clip" in one.sources and "question" not in one.sources]
        return {
            "data": sorted(self.home.data) if self.home else [], "edits": list(EDITS), "running": self.under_way(),
            "methods": [{"name": one.name, "title": one.title.partition(" — ")[0]} for one in methods],
        }  # fmt: skip

    def start(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A run of a folder that was named, or one more setting of it."""
        data, method, edits = (message.get(key) for key in ("data", "method", "edits"))
        if self.home is None or data not in self.home.data:
            named = ", ".join(self.home.data) if self.home else "none"
            raise ReaderError(f"Runs are started on folders that --data named: {named or 'none'}; got {str(data)[:40]!r}.")
        if method not in METHODS or not isinstance(edits, list) or any(one not in EDITS for one in edits):
            raise ReaderError(STRANGE)
        words = ["run", str(self.home.folder / data), "--data", str(self.home.data[data]), "--method", method]
        return self.begin(data, self.home.folder / data, words + (["--counterfactuals", ",".join(edits)] if edits else []))

    def start_setting(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A setting as A, with knobs that are turned, measured on all clips of the run."""
        run, table, a, _ = self.questions.of(message)
        if run.folder.is_relative_to(SHIPPED):
            raise ReaderError(
                "This run is shipped with the program, which is not written to: make one of your own, --runs DIR."
            )
        knobs = knobs_of(table.settings[a].method, message.get("knobs"))
        turned = [
            f"{name}={value if not isinstance(value, bool) else 'on' if value else 'off'}" for name, value in knobs.items()
        ]
        return self.begin(run.name, run.folder, ["add", str(run.folder), "--like", a, "--set", *turned])

    def begin(self, name: str, folder: Path, words: list[str]) -> dict[str, Any]:
        """One at a time: two would only take each other's cores."""
        with self._lock:
            if going := self.under_way():
                raise ReaderError(f"{going} is being measured: wait for it, or stop it.")
            if is_driven(folder):
                raise ReaderError(f"{name} is measured by somebody else now: wait for it.")
            log = folder.with_name(f".{folder.name}.{LOG}")  # a new run's folder is empty
            (folder / "progress.json").unlink(missing_ok=True)
            self._begun[name] = (
                self.spawn([*words, "--workers", "1", "--device", self.home.device if self.home else "auto"], log),
                folder,
            )
        return {"run": name}

    def under_way(self) -> str:
        """The run that a process of this page works on; "" none."""
        return next((name for name, (process, _) in self._begun.items() if process.poll() is None), "")

    def started(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """{state, done, clips, eta, wrong: why it could not be} of a run that was started here."""
        process, folder = self.one(message)
        code, progress = process.poll(), read_progress(folder)
        self.shown(folder)
        wrong = last_line(folder.with_name(f".{folder.name}.{LOG}")) if code not in (None, 0, 3) else ""
        state = "ended" if code is not None else progress.get("state", "loading")
        return {
            "state": state,
            "wrong": wrong,
            "called_off": code == 3,
            **{key: progress.get(key) for key in ("done", "clips", "eta")},
        }

    def start_end(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Asked to stop behind the clips under way; one that loads still is ended at once."""
        process, folder = self.one(message)
        if is_driven(folder):
            write_text(folder / CANCEL, "")
        else:
            process.terminate()
        return {}

    def one(self, message: Mapping[str, Any]) -> Begun:
        """A run that was started here."""
        name = message.get("run")
        if not isinstance(name, str) or name not in self._begun:
            raise ReaderError("No run of that name was started on this page.")
        return self._begun[name]

    def shown(self, folder: Path) -> None:
        """A new run is one of the page's as soon as it is written down."""
        runs = self.questions.runs.runs
        if folder.name not in runs and self.home and any(folder.glob("rows/*/*.parquet")):
            runs[folder.name] = Run(folder.name, folder, read_plan(folder), self.home.data.get(folder.name))


def in_background(words: list[str], log: Path) -> subprocess.Popen:
    """A command of the workbench in a session of its own; what it says is in its log."""
    command = [sys.executable, "-m", "core.workbench", *words]
    with log.open("w", encoding="utf-8") as out:
        return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)


def last_line(log: Path) -> str:
    """What a process said last."""
    try:
        lines = [one.strip() for one in log.read_text("utf-8", "replace").splitlines() if one.strip()]
    except OSError:
        lines = []
    return lines[-1][:500] if lines else "It ended, and did not say why."
