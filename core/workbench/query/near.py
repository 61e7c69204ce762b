"""Clips that are like another one, by the features that the method gives whole clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import ReaderError
from core.workbench.files import read_rows
from core.workbench.plan import read_plan, read_settings, shard_file
from core.workbench.shard import faults

BLOCK, ROOM = 8192, 512  # clips at a time: half precision is widened block by block, while asked in the processor's own memory
SIGN = -(1 << 31)  # of a 32-bit number


@dataclass(frozen=True, eq=False)
class Features:
    """ids of N clips, and their features, [N, E] in half precision, unit length."""

    ids: tuple[str, ...]
    feature_NE: np.ndarray


def features_of(folder: Path, setting: str) -> Features:
    """Of all clips that are there; a ReaderError where the method gives none."""
    plan, settings = read_plan(folder), read_settings(folder)
    stage = next((name for name, how in settings[setting].drawn.items() if how == "feature"), None)
    if stage is None:
        raise ReaderError(f"{settings[setting].method} gives whole clips no feature, so none is near another.")
    ids, parts = [], []
    for shard in plan.shards:
        if faults(folder, plan, shard, setting, ("grids",)):
            continue
        rows = [row for row in read_rows(shard_file(folder, "grids", shard, setting), ["clip_id", stage]) if row[stage]]
        ids += [row["clip_id"] for row in rows]
        parts += [np.frombuffer(row[stage], np.float16) for row in rows]
    return unit(ids, np.stack(parts) if parts else np.zeros((0, 1), np.float16))


def unit(ids: Sequence[str], feature_NE: np.ndarray) -> Features:
    """The same of unit length; features of nothing, and what is no number, are nothing."""
    made_NE = np.empty(feature_NE.shape, np.float16)
    for start in range(0, len(feature_NE), BLOCK):
        some = np.nan_to_num(feature_NE[start : start + BLOCK].astype(np.float32), nan=0, posinf=0, neginf=0)
        made_NE[start : start + BLOCK] = some / np.maximum(np.linalg.norm(some, axis=1, keepdims=True), 1e-12)
    return Features(tuple(ids), made_NE)


def near(features: Features, clip_id: str, count: int = 10) -> list[tuple[str, float]]:
    """(clip, cosine) of the most like it, best first, not itself; among equals the earlier."""
    if clip_id not in features.ids:
        raise ReaderError(f"There is no feature of the clip {str(clip_id)[:60]!r}.")
    if not 1 <= count <= 100:
        raise ReaderError(f"1 to 100 neighbours are shown, got {count}.")
    place = features.ids.index(clip_id)
    own_E = features.feature_NE[place].astype(np.float32)
    cosine_N, most = products(features.feature_NE, own_E), min(count, len(features.ids) - 1)
    cosine_N[place] = -np.inf
    last = np.partition(cosine_N, -most)[-most] if most else np.inf
    some = np.flatnonzero(cosine_N >= last)
    order = some[np.argsort(-cosine_N[some], kind="stable")][:most]
    return [(features.ids[n], float(cosine_N[n])) for n in order]


def products(feature_NE: np.ndarray, own_E: np.ndarray) -> np.ndarray:
    """Of each row in half precision with one in single, [N]. The bits of a half, 13 places up, are a single over 2^112: so they
    are widened in a third of the time that a conversion takes. Finite numbers alone."""
    made_N, wide = np.empty(len(feature_NE), np.float32), own_E.astype(np.float32) * np.float32(2.0**112)
    bits_NE, room = np.ascontiguousarray(feature_NE).view(np.int16), np.empty((ROOM, feature_NE.shape[1]), np.int32)
    for start in range(0, len(bits_NE), ROOM):
        some = bits_NE[start : start + ROOM]
        bits = room[: len(some)]
        bits[...] = some
        bits <<= 13
        bits &= np.int32(SIGN | 0x0FFFE000)
        made_N[start : start + ROOM] = bits.view(np.float32) @ wide
    return made_N
