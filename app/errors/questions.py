"""What the tab asks of a run. Every function is given a mapping from the browser and answers what JSON can hold.

A message names the run, A and B (settings, B may be missing), and filters as `core.workbench.query.filters` and
`core.workbench.outside` have them.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app.controls.knobs import plain
from app.errors.runs import Run, Runs, in_order
from app.figures.pack import knob_payload
from app.server.errors import sentence
from core import METHODS, ReaderError
from core.workbench.again import DRAWN
from core.workbench.columns import ANSWERED, GENERAL, SEEN, edit_columns
from core.workbench.exports.chosen import region_of
from core.workbench.outside import resolve
from core.workbench.plan import Setting, said
from core.workbench.query import Table, check_filters, compare, confusion, facets, page, slice_ids, slice_stats, tiles
from core.workbench.query.page import PAGE, TILES
from core.workbench.query.table import ROWS

STRANGE = "This is no question to a run that the page would ask: load the page again."
FIRST = ("clip_id", "label", "pred", "right", "margin", "loss")  # columns that are seen before any is chosen
LETTERS = 100  # of a class that is looked for
MORE = 4  # of the method's own, beside them
Message = Mapping[str, Any]


class Questions:
    """The questions that nothing is run for."""

    def __init__(self, runs: Runs):
        self.runs = runs

    def functions(self) -> list[Callable[..., str]]:
        """For the tab's component."""
        asked = (self.overview, self.rows, self.bars, self.confusion, self.comparison, self.clip, self.mark, self.unmark)
        return [sentence(one, message_of) for one in asked]

    def of(self, message: Message) -> tuple[Run, Table, str, str]:
        """(run, its table, A, B or ""); A is the first setting where none is named."""
        run = self.runs.run(message.get("run"))
        table = self.runs.table(run)
        a = table.setting(message.get("a") or in_order(table.settings)[0])
        return run, table, a, table.setting(message["b"]) if message.get("b") else ""

    def question(self, message: Message) -> tuple[Run, Table, str, str, list[Any]]:
        """The same, and filters of the table's own columns."""
        run, table, a, b = self.of(message)
        filters = message.get("filters") or []
        if not isinstance(filters, list):
            raise ReaderError(STRANGE)
        return run, table, a, b, [resolve(one, run.folder, table, a, b) for one in filters]

    def overview(self, message: Message) -> dict[str, Any]:
        """What there is to ask: runs, settings, columns, what people wrote, and how far the run is."""
        run, table, _, _ = self.of(message)
        names, progress = said(table.settings), run.progress()
        return {
            "runs": list(self.runs.runs), "run": run.name, "data": run.plan.data, "clips": run.plan.clips,
            "frames": run.plan.frames, "notes": list(run.plan.notes), "unknown": table.unknown,
            "settings": [setting_payload(name, table.settings[name], names[name], table) for name in in_order(table.settings)],
            "state": progress.get("state", ""), "eta": progress.get("eta"), "page": PAGE, "tiles": TILES,
            "tags": tags(run), "slices": run.marks.slices,
        }  # fmt: skip

    def rows(self, message: Message) -> dict[str, Any]:
        """A page of rows, and how many of all that fit are right; pictures of them where those are wanted."""
        run, table, a, b, filters = self.question(message)
        asked = {name: message[name] for name in ("sort", "descending", "offset", "limit") if name in message}
        names = names_of(message.get("names"), table)
        found = page(table, a, filters, names=list(dict.fromkeys(("clip_id", "status", *names))), **asked)
        ids = [row["clip_id"] for row in found["rows"]]
        found |= {"stats": slice_stats(table, a, filters), "tags": tags_of(run, ids)}
        if b:
            found["beside"] = slice_stats(table, b, [["clip_id", "in", slice_ids(table, a, filters)]] if filters else [])
        if message.get("pictures") is True:
            found["pictures"] = pictures(run, table, a, ids[:TILES])
        return found

    def bars(self, message: Message) -> dict[str, Any]:
        """Histograms of the columns that are named."""
        _, table, a, _, filters = self.question(message)
        return {"columns": facets(table, a, filters, names_of(message.get("names"), table))}

    def confusion(self, message: Message) -> dict[str, Any]:
        """Which classes are taken for which others; find: letters of some."""
        _, table, a, _, filters = self.question(message)
        find = message.get("find") or ""
        if not isinstance(find, str) or len(find) > LETTERS:
            raise ReaderError(STRANGE)
        return confusion(table, a, filters, find=find)

    def comparison(self, message: Message) -> dict[str, Any]:
        """A and B, clip by clip."""
        _, table, a, b, filters = self.question(message)
        return compare(table, a, b, filters)

    def clip(self, message: Message) -> dict[str, Any]:
        """All that is known of a clip: its row at A and at B, its pictures, what people wrote."""
        run, table, a, b = self.of(message)
        wanted = message.get("clip")
        only = [["clip_id", "in", [wanted]]]
        rows = {which: page(table, one, only, limit=1)["rows"] for which, one in (("a", a), ("b", b)) if one}
        if not rows["a"]:
            raise ReaderError(f"There is no clip {str(wanted)[:60]!r} at this setting.")
        row, drawn = rows["a"][0], pictures(run, table, a, [wanted])
        return {
            "row": row, "other": next(iter(rows.get("b", [])), None), "picture": drawn.get(wanted, {}),
            "tags": tags_of(run, [wanted]).get(wanted, []), "note": run.marks.of("note").get(wanted, {}).get("", ""),
            "opens": row["source"] == DRAWN or run.root is not None,
        }  # fmt: skip

    def mark(self, message: Message) -> dict[str, Any]:
        """A tag, a note or a slice is on the disk when this answers. value: null takes it away."""
        run, table, a, _ = self.of(message)
        kind, subject, name, value = (message.get(key) for key in ("kind", "subject", "name", "value"))
        if kind == "slice":
            check_filters(table, self.question({**message, "filters": value or []})[-1])  # or it could not be opened again
        elif not isinstance(subject, str) or not page(table, a, [["clip_id", "in", [subject]]], limit=1)["rows"]:
            raise ReaderError("Tags and notes are of a clip of this run.")
        if kind == "tag" and value not in (True, None) or kind == "note" and not isinstance(value, str | None):
            raise ReaderError(STRANGE)
        run.marks.put(kind, subject or "", name or "", value or None)
        return self.marks(run, {"kind": kind, "subject": subject, "name": name})

    def unmark(self, message: Message) -> dict[str, Any]:
        """The last change is undone."""
        run, _, _, _ = self.of(message)
        return self.marks(run, run.marks.undo())

    def marks(self, run: Run, change: Mapping[str, Any] | None) -> dict[str, Any]:
        """What people wrote, as it is on the disk."""
        subject = change["subject"] if change else ""
        return {
            "change": change, "tags": tags(run), "slices": run.marks.slices,
            "of": tags_of(run, [subject]).get(subject, []), "note": run.marks.of("note").get(subject, {}).get("", ""),
        }  # fmt: skip


def message_of(message: Any) -> Message:
    """What the browser sent."""
    if not isinstance(message, Mapping):
        raise ReaderError(STRANGE)
    return message


# ---- what people wrote ------------------------------------------------------------------------------------------------------


def tags(run: Run) -> list[str]:
    """Every tag in use, by name."""
    return sorted({name for one in run.marks.of("tag").values() for name in one})


def tags_of(run: Run, ids: list[Any]) -> dict[str, list[str]]:
    """Clip → its tags."""
    every = run.marks.of("tag")
    return {one: sorted(every[one]) for one in ids if one in every}


def names_of(names: Any, table: Table) -> list[str]:
    """Columns that are wanted."""
    if not isinstance(names, list) or not names or len(names) > len(table.columns):
        raise ReaderError(STRANGE)
    return [table.column(one).name for one in names]


# ---- what travels ----------------------------------------------------------------------------------------------------------


def setting_payload(name: str, setting: Setting, words: str, table: Table) -> dict[str, Any]:
    """A setting, its columns, and what could be turned in it."""
    method = METHODS.get(setting.method)
    unknown = () if labelled(table, name) else ("labels",)  # columns of what is right stand empty where nobody knows
    shown = [one for one in setting.columns if one.kind not in ("numbers", "bytes") and one.needs not in unknown]
    general = {one.name for one in (*GENERAL, *SEEN, *ANSWERED, *edit_columns(setting.edits))}
    own = [one.name for one in shown if one.name not in general and (one.kind == "text" or one.bad)]
    first = [one.name for one in shown if one.name in FIRST]
    return {
        "id": name, "words": words, "method": setting.method, "done": table.done.get(name, 0),
        "title": method.title.partition(" — ")[0] if method else setting.method, "edits": setting.edits,
        "readers": dict(setting.readers),
        "columns": [
            {"name": one.name, "says": one.says, "kind": one.kind, "unit": one.unit, "bad": one.bad, "needs": one.needs}
            for one in shown
        ],
        "first": [*sorted(first, key=FIRST.index), *own[:MORE]],
        "drawn": {one.stage: f"{plain(one.symbol)}, {one.title}" for one in method.outputs} if method else {},
        "knobs": [knob_payload(one) | {"value": setting.knobs.get(one.name)} for one in method.knobs.knobs()] if method else [],
    }  # fmt: skip


def labelled(table: Table, setting: str) -> bool:
    """Whether a clip has a label; of a setting without rows that is not known, and its columns are there."""
    query = f"SELECT count(*) AS n, count(label) AS known FROM {ROWS} WHERE setting = ?"
    found = table.once(("labelled", setting), lambda: table.ask(query, [setting])[0])
    return bool(found["known"]) or not found["n"]


def pictures(run: Run, table: Table, setting: str, ids: list[Any]) -> dict[str, dict[str, Any]]:
    """Clip → its strip, and the maps that lie over its frames."""
    held = table.settings[setting]
    return {one: picture(held, found) for one, found in tiles(run.folder, table, setting, ids).items()}


def picture(setting: Setting, found: Mapping[str, Any]) -> dict[str, Any]:
    """strip: a JPEG, base64, its frames side by side. grid: rows and columns of patches. region: 1 where a map that is true or
    not is true, share: a map of shares in bytes, each [T·P] and base64. rows: numbers along the frames or the gaps."""
    strip = base64_of(found["strip"]) if found.get("strip") else ""
    made: dict[str, Any] = {"strip": strip, "grid": list(setting.grid), "rows": {}}
    P = int(np.prod(setting.grid)) if setting.grid else 0
    for stage, how in setting.drawn.items():
        held = found.get(stage)
        if held is None:
            continue
        if how == "row":
            made["rows"][stage] = [float(one) for one in held]
        elif how == "share" and P:
            made["share"] = base64_of(bytes(held))
    region_Thw = region_of(setting, found)
    return made if region_Thw is None else made | {"region": base64_of(region_Thw.tobytes())}


def base64_of(held: bytes) -> str:
    """As it travels."""
    return base64.b64encode(held).decode()
