"""What the tab asks of all clips of a run together: the map, neighbours, failure modes, and a detector's errors."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app.errors.questions import STRANGE, Message, Questions, base64_of, message_of, pictures
from app.errors.runs import Run
from app.server.errors import sentence
from app.server.memo import Memo
from core import ReaderError
from core.workbench.derived import NO_MODE, Atlas, atlas, failure_modes, features
from core.workbench.files import quoted
from core.workbench.query import Features, Table, bins, near, pairs, wilson
from core.workbench.query.causes import outcome, outcomes
from core.workbench.query.filters import where
from core.workbench.query.modes import values_of, what_sets_apart
from core.workbench.query.table import ROWS

POINTS = 5000  # of the map that is drawn; of more clips, some of those that fit and some of the others
NEIGHBOURS = 8
COLOURS = 8  # names that have one of their own on the map


class Analysis:
    """Of a page."""

    def __init__(self, questions: Questions):
        self.questions = questions
        self._features, self._groups = Memo(4), Memo(32)

    def functions(self) -> list[Callable[..., str]]:
        """For the tab's component."""
        return [sentence(one, message_of) for one in (self.atlas, self.neighbours, self.modes, self.bins, self.pairs)]

    def atlas(self, message: Message) -> dict[str, Any]:
        """{how, share, ids, places: x, y of each from 0 to 65535, fits: 1 or 0 of each, colour, groups, of: clips that there
        are}. colour: {name, numbers} or {name, names, index of each, −1 for the rest}."""
        run, table, a, _, filters = self.questions.question(message)
        drawn = atlas(run.folder, table, a)
        condition, values = where(table, filters, a)
        fitting = {row["clip_id"] for row in table.ask(f"SELECT clip_id FROM {ROWS} WHERE {condition}", values)}
        fits_N = np.array([one in fitting for one in drawn.ids], bool)
        some = sample(fits_N)
        ids = [drawn.ids[n] for n in some]
        return {
            "how": drawn.how, "share": drawn.share, "of": len(drawn.ids), "ids": ids,
            "places": base64_of(np.rint(drawn.place_N2[some] * 65535).astype("<u2").tobytes()),
            "fits": base64_of(fits_N[some].astype(np.uint8).tobytes()), "colour": colour(table, a, message.get("colour"), ids),
            "groups": self._groups.get(self.key(run, table, a), lambda: groups(table, a, drawn)),
        }  # fmt: skip

    def neighbours(self, message: Message) -> dict[str, Any]:
        """{of: what they are alike by, near: rows with their likeness, pictures}."""
        run, table, a, _ = self.questions.of(message)
        held, of = self.features(run, table, a)
        found = near(held, str(message.get("clip")), min(NEIGHBOURS, max(1, len(held.ids) - 1)))
        names = [name for name in ("clip_id", "label", "pred", "right", "status") if name in table.columns]
        ids = [clip for clip, _ in found]
        rows = table.ask(
            f"SELECT {', '.join(map(quoted, names))} FROM {ROWS} WHERE setting = ? AND list_contains(?, clip_id)", [a, ids]
        )
        known = {row["clip_id"]: row for row in rows}
        return {
            "of": of, "near": [known[clip] | {"like": like} for clip, like in found if clip in known],
            "pictures": pictures(run, table, a, ids),
        }  # fmt: skip

    def modes(self, message: Message) -> dict[str, Any]:
        """{of, outcomes: columns that say what a failure is, n, failed, films, says, modes, none: a sentence where none is}."""
        run, table, a, _ = self.questions.of(message)
        of = message.get("of") or ""
        if not isinstance(of, str):
            raise ReaderError(STRANGE)
        found = failure_modes(run.folder, table, a, of)
        return {
            "of": found.of, "says": found.says, "outcomes": [one.name for one in outcomes(table, a)], "n": found.n,
            "failed": found.failed, "films": found.films, "none": "" if found.modes else NO_MODE,
            "modes": [
                {"says": one.sentence(found.says), "filters": one.filters, "clips": one.clips, "confirmed": one.confirmed}
                for one in found.modes
            ],
        }  # fmt: skip

    def bins(self, message: Message) -> dict[str, Any]:
        """Of each reader, TIDE's bins and what each costs."""
        run, table, a, _, filters = self.questions.question(message)
        return {"readers": bins(run.folder, table, a, filters)}

    def pairs(self, message: Message) -> dict[str, Any]:
        """A detector's confusion, with background and missed."""
        run, table, a, _, filters = self.questions.question(message)
        return pairs(run.folder, table, a, filters, str(message.get("reader") or ""))

    def features(self, run: Run, table: Table, a: str) -> tuple[Features, str]:
        """Read once."""
        return self._features.get(self.key(run, table, a), lambda: features(run.folder, table, a))

    def key(self, run: Run, table: Table, a: str) -> tuple[Any, ...]:
        """What changes when the run grows."""
        return run.name, a, table.done.get(a, 0)


def sample(fits_N: np.ndarray) -> np.ndarray:
    """Places of the points that are drawn: all of them, or some drawn by chance, those that fit first."""
    order = np.random.default_rng(0).permutation(len(fits_N))
    return np.sort(order[np.argsort(~fits_N[order], kind="stable")][:POINTS])


def colour(table: Table, a: str, name: Any, ids: list[str]) -> dict[str, Any]:
    """What each point is coloured by."""
    column = table.column(name or next((one.name for one in outcomes(table, a)), "status"))
    rows = table.ask(
        f"SELECT clip_id, {quoted(column.name)} AS value FROM {ROWS} WHERE setting = ? AND clip_id IN (SELECT unnest(?))",
        [a, ids],
    )
    known = {row["clip_id"]: row["value"] for row in rows}
    if column.kind in ("number", "count"):
        return {"name": column.name, "numbers": [known.get(one) for one in ids]}
    if column.kind not in ("text", "truth"):
        raise ReaderError(f"{column.name} holds lists, which have no colour.")
    count: dict[Any, int] = {}
    for value in known.values():
        count[value] = count.get(value, 0) + (value is not None)
    names = sorted((one for one in count if one is not None), key=lambda one: (-count[one], str(one)))[:COLOURS]
    names = sorted(names, key=str)
    place = {one: n for n, one in enumerate(names)}
    return {"name": column.name, "names": names, "index": [place.get(known.get(one), -1) for one in ids]}


def groups(table: Table, a: str, drawn: Atlas) -> list[dict[str, Any]]:
    """Of each group of the map {number, clips, n, right, low, high: where that is known, words: what its clips share}."""
    right = '"right"' if "right" in table.columns else "NULL::BOOLEAN"
    rows = table.ask(f"SELECT clip_id, {right} AS good FROM {ROWS} WHERE setting = ? AND status = 'ok'", [a])
    good, made = {row["clip_id"]: row["good"] for row in rows}, []
    apart = set_apart(table, a, dict(zip(drawn.ids, drawn.cluster_N.tolist())))
    for number in range(1, int(drawn.cluster_N.max(initial=0)) + 1):
        own = [one for one, cluster in zip(drawn.ids, drawn.cluster_N) if cluster == number]
        known = [good[one] for one in own if good.get(one) is not None]
        low, high = wilson(sum(known), len(known))
        made.append({
            "number": number, "clips": len(own), "n": len(known), "right": sum(known), "low": low, "high": high,
            "words": apart.get(number, ""),
        })  # fmt: skip
    return made


def set_apart(table: Table, a: str, cluster: Mapping[str, int]) -> dict[int, str]:
    """What most clips of a group share, in words; nothing where no clip does worse than another."""
    try:
        seen = outcome(table, a)
    except ReaderError:
        return {}
    values, columns = values_of(table, a, seen)
    own_N = np.array([cluster.get(one, 0) for one in seen.ids])
    return {
        int(number): what_sets_apart(values, columns, own_N == number).strip(" ()") for number in np.unique(own_N) if number
    }
