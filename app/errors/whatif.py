"""What if a knob were another: some clips that are wrong are run again, and always as many right ones of the same classes."""

import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from app.errors.questions import Questions, message_of
from app.errors.runs import Run
from app.errors.stage import OTHER_WEIGHTS, weights_of
from app.server.answers import run_named
from app.server.clips import Clips
from app.server.errors import sentence
from app.server.memo import Memo
from app.server.request import Desk
from core import METHODS, ReaderError
from core.progress import Cancelled
from core.video.clip import Clip
from core.workbench.again import DRAWN, answer_again, clip_again, entry_of, file_of
from core.workbench.listing import Entry
from core.workbench.measure import Measure
from core.workbench.query import Table
from core.workbench.query.table import ROWS

MOST = 64  # clips that are tried at once, right ones not counted
KIND = "whatif"  # the kind of run that a reader looks after and calls off
HELD = 128 << 20  # bytes of drawn clips


class WhatIf:
    """desks: method's name → Desk."""

    def __init__(self, questions: Questions, desks: Mapping[str, Desk]):
        self.questions, self.desks = questions, desks
        self.clips: Clips = next(iter(desks.values())).clips
        self.running = next(iter(desks.values())).running
        self._drawn = Memo(HELD, size=lambda clip: clip.frames_THWC.nbytes)

    def functions(self) -> list[Callable[..., str]]:
        """For the tab's component."""
        return [sentence(self.whatif, message_of), sentence(self.whatif_far), sentence(self.call_off)]

    def whatif_far(self, message: Any) -> list[Any] | None:
        """[stage, share of it that is done] of the reader's own run."""
        return self.running.far(*run_named(message))

    def call_off(self, message: Any) -> None:
        """Call it off."""
        self.running.stop(*run_named(message))

    def whatif(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """{wrong, fixed, right, broken, rows: [clip_id, label, answer before, after, was right, is right]}. Of the clips
        that are named, those that are wrong at A are tried; knobs: {name: value}, of those that are turned."""
        run, table, a, _ = self.questions.of(message)
        setting, ids = table.settings[a], message.get("clips")
        if not isinstance(ids, list) or not ids or len(ids) > MOST or not all(isinstance(one, str) for one in ids):
            raise ReaderError(f"1 to {MOST} clips are tried at once, got {len(ids) if isinstance(ids, list) else 'none'}.")
        if setting.method not in self.desks:
            raise ReaderError(f"This page has no tab for {setting.method[:40]!r}.")
        desk, knobs = self.desks[setting.method], knobs_of(setting.method, message.get("knobs"))
        wrong, right = wrong_of(table, a, ids), []
        if not wrong:
            raise ReaderError("None of these clips is wrong at A, so there is nothing to fix.")
        right = as_many_right(table, a, wrong)
        weights = weights_of(desk, setting)
        if not weights:
            raise ReaderError(OTHER_WEIGHTS)
        measure = Measure(run.plan, desk.engines[weights])
        who = run_named(message)[0]
        work = partial(self._trial, run, table, measure, a, knobs, wrong, right)
        rows = self.running.aside(self.running.start(who, KIND, long=True), work)
        fixed = sum(now for *_, was, now in rows if not was)
        broken = sum(not now for *_, was, now in rows if was)
        return {"wrong": len(wrong), "fixed": fixed, "right": len(right), "broken": broken, "rows": rows}

    def _trial(
        self, run: Run, table: Table, measure: Measure, a: str, knobs: Mapping[str, Any], wrong: list[dict], right: list[dict],
        job: Any,
    ) -> list[list[Any]]:  # fmt: skip
        made = []
        for place, row in enumerate([*wrong, *right]):
            if job.cancelled():
                raise Cancelled("Called off.")
            job.progress(f"clip {place + 1} of {len(wrong) + len(right)}", place / (len(wrong) + len(right)))
            entry = entry_of(run.folder, table, row["clip_id"])
            pred, now = answer_again(measure, entry, self.clip(run, entry), table.settings[a], knobs)
            made.append([row["clip_id"], row["label"], row["pred"], pred, bool(row["right"]), now])
        return made

    def clip(self, run: Run, entry: Entry) -> Clip:
        """Its frames: of a file, those that the page holds open."""
        if entry.source == DRAWN:
            return self._drawn.get((run.plan.run_id, entry.clip_id), lambda: clip_again(entry, run.plan, None))
        return self.clips.open(file_of(entry, run.root), run.plan.frames)


def knobs_of(method: str, knobs: Any) -> dict[str, Any]:
    """Knobs that are turned, each within its span."""
    known = {one.name: one for one in METHODS[method].knobs.knobs()}
    if not isinstance(knobs, Mapping) or not knobs or any(name not in known for name in knobs):
        raise ReaderError(f"A knob is turned, one of {', '.join(known)}.")
    return {name: known[name].stepped(known[name].check(value)) for name, value in knobs.items()}


def wrong_of(table: Table, setting: str, ids: list[str]) -> list[dict[str, Any]]:
    """Those of these clips that are wrong."""
    if "right" not in table.columns:
        raise ReaderError("This setting answers nothing, so no clip is wrong.")
    return table.ask(
        f'SELECT clip_id, label, pred, "right" FROM {ROWS} WHERE setting = ? AND list_contains(?, clip_id) AND NOT "right" '
        "ORDER BY clip_id",
        [setting, ids],
    )


def as_many_right(table: Table, setting: str, wrong: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many right clips, drawn by chance (the same ones for the same wrong ones): of each class as many where there are,
    else of the others."""
    labels = {one["label"] for one in wrong}
    right = table.ask(
        f'SELECT clip_id, label, pred, "right" FROM {ROWS} WHERE setting = ? AND "right" ORDER BY clip_id', [setting]
    )
    random.Random(len(wrong)).shuffle(right)
    wanted = {label: sum(one["label"] == label for one in wrong) for label in labels}
    chosen = [one for label in sorted(labels) for one in [row for row in right if row["label"] == label][: wanted[label]]]
    known = {one["clip_id"] for one in chosen}
    rest = sorted((one for one in right if one["clip_id"] not in known), key=lambda one: one["label"] not in labels)
    return [*chosen, *rest[: len(wrong) - len(chosen)]]
