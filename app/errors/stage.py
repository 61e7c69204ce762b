"""A clip of a run on its method's tab, with the knobs, texts and frames that it was measured with."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.controls.inputs import Tab
from app.errors.questions import Questions, message_of
from app.errors.runs import Run
from app.server.clips import Clips
from app.server.memo import Memo
from app.server.request import Desk
from core import ReaderError
from core.publish.view import Setting as Shown
from core.publish.view import clip_name
from core.workbench.again import DRAWN, clip_again, entry_of, file_of, fits, truth_again, write_frames
from core.workbench.listing import Entry
from core.workbench.plan import Setting
from core.workbench.query import page

OTHER_WEIGHTS = "The page has other weights than this run was measured with: what you see may differ from its row."
OTHER_FRAMES = "The frames differ from the run's: the file has changed since, or is decoded otherwise here."
TEXTS = 64  # that a tab takes
WRITTEN = 64  # drawn clips that lie in a folder


class Stage:
    """Of a page. made: method's name → its tab. folder: Gradio's own, in which drawn clips are
    files until their day is over."""

    def __init__(self, questions: Questions, made: Mapping[str, Tab], folder: Path):
        self.questions, self.made, self.folder = questions, made, folder
        self.clips: Clips = next(iter(made.values())).desk.clips
        self._written = Memo(WRITTEN)

    def scene(self, message: Any) -> tuple[Tab, dict[str, Any], list[str]]:
        """(the tab, its values, sentences on what is not as it was in the run)."""
        run, table, a, _ = self.questions.of(message_of(message))
        entry, setting = entry_of(run.folder, table, message.get("clip")), table.settings[a]
        if setting.method not in self.made:
            raise ReaderError(f"This page has no tab for {setting.method[:40]!r}.")
        tab = self.made[setting.method]
        row = page(table, a, [["clip_id", "in", [entry.clip_id]]], limit=1)["rows"][0]
        path, weights = self.file(run, entry), weights_of(tab.desk, setting)
        frames, notes = run.plan.frames, [] if weights else [OTHER_WEIGHTS]
        if "clip" in tab.desk.method.sources and self.clips.open(path, frames).key != row["clip_key"]:
            notes.append(OTHER_FRAMES)
        shown = Shown(
            setting.method, self.clips.name(path), frames, dict(setting.knobs), texts_of(run, row, entry),
            question=setting.question,
        )  # fmt: skip
        return tab, tab.desk.values(shown, self.clips.handle(path), weights or tab.desk.weights), notes

    def file(self, run: Run, entry: Entry) -> Path:
        """Where its frames are read from: its own file, or one that is written of a drawn clip."""
        if entry.source != DRAWN:
            return file_of(entry, run.root)

        def write() -> Path:
            path = self.folder / secrets.token_hex(16) / f"{clip_name(entry.clip_id.replace(':', ' '))}.mkv"
            path.parent.mkdir(parents=True)
            write_frames(clip_again(entry, run.plan, None), path)
            self.clips.know(path, truth_again(entry, run.plan))
            return path

        key = run.plan.run_id, entry.clip_id
        path = self._written.get(key, write)
        if not path.is_file():  # its day is over
            self._written.drop(lambda one: one == key)
            path = self._written.get(key, write)
        return path


def weights_of(desk: Desk, setting: Setting) -> str:
    """Which of a tab's weights a setting was measured with; "" for none of them."""
    return next((name for name, engine in desk.engines.items() if fits(engine, setting)), "")


def texts_of(run: Run, row: Mapping[str, Any], entry: Entry) -> tuple[str, ...]:
    """The sentences that the clip was held against: its own and its best first where there are more than a tab takes."""
    words = dict(zip(run.plan.classes, run.plan.texts))
    names = list(words)
    if len(names) > TEXTS:
        names = list(dict.fromkeys((*entry.own, *(row.get("top5") or ()))))
    return tuple(words[one] for one in names if one in words)
