"""Clips that are like another one, by the features that the method gives whole clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import ReaderError
from core.workbench.files import read_rows
from core.workbench.plan import read_plan, read_settings, shard_file
from core.workbench.shard import faults

BLOCK = 8192  # clips at a time: half precision is widened block by block


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
    """The same of unit length; features of nothing stay nothing."""
    made_NE = np.empty(feature_NE.shape, np.float16)
    for start in range(0, len(feature_NE), BLOCK):
        some = feature_NE[start : start + BLOCK].astype(np.float32)
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
    blocks = range(0, len(features.ids), BLOCK)
    cosine_N = np.concatenate([features.feature_NE[start : start + BLOCK].astype(np.float32) @ own_E for start in blocks])
    cosine_N[place] = -np.inf
    some = np.argsort(-cosine_N, kind="stable")[: min(count, len(cosine_N) - 1)]
    return [(features.ids[n], float(cosine_N[n])) for n in some]
