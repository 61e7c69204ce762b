"""What is made of a run's rows and kept beside them, in `derived/`: the map with its groups, and failure modes.

Whoever deletes it loses nothing: it is made again, the same of the same rows. Where it cannot be written it is made each time.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import numpy as np

from core.errors import ReaderError
from core.workbench.columns import Column
from core.workbench.files import about_of, read_rows, write_parquet, write_text, wrong_with
from core.workbench.query.causes import features_of_numbers, outcome
from core.workbench.query.clusters import clusters
from core.workbench.query.modes import Mode, modes, values_of
from core.workbench.query.near import Features, features_of
from core.workbench.query.places import places
from core.workbench.query.table import Table

NO_MODE = "No rule and no group of the map fails more than the rest on the first half of the films, so nothing was tested."
MAKING = Lock()  # who asks for a map that is being made waits for it
VERSION = "2"  # of what is made; another one is made anew
PLACES = (Column("clip_id", "", "text"), Column("x", "", "number"), Column("y", "", "number"), Column("cluster", "", "count"))


@dataclass(frozen=True, eq=False)
class Atlas:
    """A place and a group for every clip that is there. place_N2: 0 to 1. cluster_N: from 1, 0 for none. how: "t-SNE" or "PCA"
    and of what; share: of all variance, where it is a PCA."""

    ids: tuple[str, ...]
    place_N2: np.ndarray
    cluster_N: np.ndarray
    how: str
    share: float | None


@dataclass(frozen=True)
class Findings:
    """of: the column by which clips fail; says: what failing is. n: clips of which it is known, failed: of those; films: what
    they are cut from."""

    of: str
    says: str
    n: int
    failed: int
    films: int
    modes: tuple[Mode, ...]


def features(folder: Path, table: Table, setting: str) -> tuple[Features, str]:
    """What clips are alike by, and what that is: the method's feature of the whole clip, or the numbers of its row."""
    try:
        return features_of(folder, setting), "the features of whole clips"
    except ReaderError:
        return features_of_numbers(table, setting), "the numbers of its rows, for the method gives whole clips no feature"


def atlas(folder: Path, table: Table, setting: str) -> Atlas:
    """The map of a setting: read, or made and kept."""
    with MAKING:
        return _atlas(folder, table, setting)


def _atlas(folder: Path, table: Table, setting: str) -> Atlas:
    file, about = folder / "derived" / "map" / f"{setting}.parquet", stamp(table, setting)
    if not wrong_with(file, about):
        rows, told = read_rows(file), about_of(file)
        place_N2 = np.array([[row["x"], row["y"]] for row in rows]).reshape(-1, 2)
        cluster_N, share = np.array([row["cluster"] for row in rows], int), told["share"]
        return Atlas(tuple(row["clip_id"] for row in rows), place_N2, cluster_N, told["how"], float(share) if share else None)
    held, of = features(folder, table, setting)
    put, cluster_N = places(held), clusters(held)
    made = Atlas(held.ids, put.place_N2, cluster_N, f"{put.how} of {of}", put.share)
    rows = [
        {"clip_id": one, "x": float(x), "y": float(y), "cluster": int(c)}
        for one, (x, y), c in zip(made.ids, made.place_N2, made.cluster_N)
    ]
    with suppress(OSError, duckdb.Error):
        write_parquet(file, PLACES, rows, about | {"how": made.how, "share": "" if made.share is None else repr(made.share)})
    return made


def failure_modes(folder: Path, table: Table, setting: str, of: str = "") -> Findings:
    """Of all clips of a setting: read, or found and kept."""
    with MAKING:
        return _failure_modes(folder, table, setting, of)


def _failure_modes(folder: Path, table: Table, setting: str, of: str) -> Findings:
    name = blake2b(json.dumps([setting, of]).encode(), digest_size=8).hexdigest()
    file, about = folder / "derived" / "modes" / f"{name}.json", stamp(table, setting)
    with suppress(OSError, ValueError, TypeError, KeyError):
        held = json.loads(file.read_text("utf-8"))
        if held.pop("about") == about:
            return Findings(**held | {"modes": tuple(Mode(**one) for one in held["modes"])})
    seen, drawn = outcome(table, setting, of), _atlas(folder, table, setting)
    cluster = dict(zip(drawn.ids, drawn.cluster_N.tolist()))
    values, columns = values_of(table, setting, seen)
    found = modes(values, columns, seen, np.array([cluster.get(one, 0) for one in seen.ids], int))
    made = Findings(
        seen.name, seen.says, len(seen.ids), int(seen.fails_N.sum()), len(np.unique(seen.group_N.astype(str))), tuple(found)
    )
    with suppress(OSError):
        write_text(beside(file), json.dumps(asdict(made) | {"about": about}) + "\n")
    return made


def beside(file: Path) -> Path:
    """The file, its folder there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def stamp(table: Table, setting: str) -> dict[str, str]:
    """What is made of other rows, or otherwise, is not this."""
    return {"setting": table.setting(setting), "rows": str(table.done.get(setting, 0)), "derived": VERSION}


def area(drawn: Atlas, corners: Any) -> list[str]:
    """Clips inside a polygon on the map, [[x, y], …] from 0 to 1."""
    if not isinstance(corners, list) or not 3 <= len(corners) <= 200 or not all(is_place(one) for one in corners):
        raise ReaderError(f"A part of the map is 3 to 200 places [x, y], got {str(corners)[:40]!r}.")
    corner_C2 = np.array(corners, float)
    x_N, y_N = drawn.place_N2.T
    inside_N = np.zeros(len(drawn.ids), bool)
    for (x0, y0), (x1, y1) in zip(corner_C2, np.roll(corner_C2, -1, axis=0)):  # how many sides a ray to the right crosses
        crosses_N = (y0 > y_N) != (y1 > y_N)
        inside_N ^= crosses_N & (x_N < (x1 - x0) * (y_N - y0) / ((y1 - y0) or 1.0) + x0)
    return [one for one, inside in zip(drawn.ids, inside_N) if inside]


def is_place(one: Any) -> bool:
    """Two numbers."""
    return isinstance(one, list) and len(one) == 2 and all(isinstance(v, (int, float)) and abs(v) < 1e6 for v in one)
