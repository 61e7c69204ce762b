"""Filters that rows alone cannot answer, as filters of the rows' own columns:

["tag", "eq", NAME]                     what people wrote
["beside", "eq", "fixed"]               of A and B: both, fixed, broken or neither
["cluster", "eq", 3]                    a group of the map             ["map", "in", [[x, y], …]]      inside these corners
["thing", "in", [READER, {"real": …, "found": …}]]                     a cell of a detector's confusion
"""

from pathlib import Path
from typing import Any

from core.errors import ReaderError
from core.workbench.derived import area, atlas
from core.workbench.marks import Marks
from core.workbench.query.detection import clips_with
from core.workbench.query.slices import slice_stats
from core.workbench.query.table import ROWS, Table

FLIPS = {"both": (True, True), "fixed": (False, True), "broken": (True, False), "neither": (False, False)}  # A right, B right


def resolve(one: Any, folder: Path, table: Table, a: str, b: str = "") -> Any:
    """A filter that says the same of columns that there are."""
    if isinstance(one, dict) and len(one) == 1 and isinstance(inner := next(iter(one.values())), list):
        ((how, _),) = one.items()
        made = [[resolve(each, folder, table, a, b) for each in some] if how == "any" and isinstance(some, list)
                else resolve(some, folder, table, a, b) for some in inner]  # fmt: skip
        return {how: made}
    if (
        not isinstance(one, list)
        or len(one) != 3
        or not isinstance(one[0], str)
        or one[0] not in ANSWERS
        or one[0] in table.columns
    ):
        return one
    return ["clip_id", "in", ANSWERS[one[0]](one[1], one[2], folder, table, a, b)]


def slices_of(folder: Path, table: Table, setting: str) -> list[tuple[str, dict[str, Any] | None]]:
    """(name, how many are right) of every slice that people named; None of one that cannot be asked at one setting alone."""
    made: list[tuple[str, dict[str, Any] | None]] = []
    for name, filters in Marks(folder).slices.items():
        try:
            made.append((name, slice_stats(table, setting, [resolve(one, folder, table, setting) for one in filters])))
        except ReaderError:
            made.append((name, None))
    return made


def with_tag(what: Any, value: Any, folder: Path, table: Table, a: str, b: str) -> list[str]:
    """Clips that people gave a tag."""
    if what != "eq" or not isinstance(value, str):
        raise ReaderError(f"A tag is asked by its name, got {str(value)[:40]!r}.")
    return [clip for clip, own in Marks(folder).of("tag").items() if value in own]


def of_flip(what: Any, value: Any, folder: Path, table: Table, a: str, b: str) -> list[str]:
    """Clips that are right or wrong in A and in B."""
    if what != "eq" or not isinstance(value, str) or value not in FLIPS or not b:
        raise ReaderError(f"A beside B is asked for one of {', '.join(FLIPS)}, where there is a B.")
    if "right" not in table.columns:
        raise ReaderError("These settings answer nothing, so there is no right or wrong to compare.")
    found = table.ask(
        f"SELECT clip_id FROM {ROWS} AS a JOIN (SELECT * FROM {ROWS} WHERE setting = ?) AS b USING (clip_id) "
        'WHERE a.setting = ? AND a."right" = ? AND b."right" = ?',
        [b, a, *FLIPS[value]],
    )
    return [row["clip_id"] for row in found]


def of_cluster(what: Any, value: Any, folder: Path, table: Table, a: str, b: str) -> list[str]:
    """Clips of a group of the map."""
    drawn = atlas(folder, table, a)
    groups = int(drawn.cluster_N.max(initial=0))
    if what != "eq" or isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= groups:
        raise ReaderError(f"A group of this map has a number from 1 to {groups}, got {str(value)[:40]!r}.")
    return [one for one, cluster in zip(drawn.ids, drawn.cluster_N) if cluster == value]


def of_map(what: Any, value: Any, folder: Path, table: Table, a: str, b: str) -> list[str]:
    """Clips inside a part of the map."""
    if what != "in":
        raise ReaderError(f"A part of the map is asked for what lies in it, got {str(what)[:40]!r}.")
    return area(atlas(folder, table, a), value)


def of_thing(what: Any, value: Any, folder: Path, table: Table, a: str, b: str) -> list[str]:
    """Clips in which things are found, missed or taken for others."""
    cell = value[1] if what == "in" and isinstance(value, list) and len(value) == 2 else None
    fits = isinstance(cell, dict) and cell.keys() <= {"real", "found"} and all(isinstance(x, str | None) for x in cell.values())
    if not fits or not isinstance(value[0], str):
        raise ReaderError(f"A thing is asked as [reader, {{real, found}}], got {str(value)[:40]!r}.")
    return clips_with(folder, table, a, value[0], cell)


ANSWERS = {"tag": with_tag, "beside": of_flip, "cluster": of_cluster, "map": of_map, "thing": of_thing}
