"""Maps over patches as they travel: 16 bits a number, how a sum is made of others, and where the highest patch is."""

from functools import lru_cache
from typing import Any

import numpy as np

from app.figures.context import Context
from app.figures.pack import array, coded, grid16
from core.kinds import PatchMap
from core.metrics import on_actor
from core.video.clip import Clip
from core.world import Truth


def pack(output: PatchMap, value: Any, context: Context) -> dict[str, Any]:
    """terms: [[stage, factor], …] of a map that is a sum of others. points: of the map that is last, where it is highest."""
    map_TP = array(value)
    made = coded(map_TP, grid16)
    if output.terms is not None:
        made["terms"] = [[stage, factor] for stage, factor in output.terms(context.knobs).items()]
    if context.truth is not None and output == context.of(PatchMap)[-1]:
        made["points"] = pointing_T(map_TP, actor_TP(context.clip, context.truth, context.grid), context.grid)
    return made


def pointing_T(score_TP: np.ndarray, actor_TP: np.ndarray, grid: tuple[int, int]) -> list[dict[str, Any]]:
    """Per frame: does the top-scoring patch hold a part of the actor (as `core.evaluate` measures it)? None where the actor
    is not to be seen."""
    tops = score_TP.argmax(1).tolist()
    return [
        {"patch": list(divmod(top, grid[1])), "hit": bool(hit_P[top]) if hit_P.any() else None}
        for top, hit_P in zip(tops, actor_TP)
    ]


def actor_TP(clip: Clip, truth: Truth, grid: tuple[int, int]) -> np.ndarray:
    """Patches that hold a part of the actor: the same for every knob, so measured once for these frames of the file."""
    return _actor_TP(truth, tuple(clip.source_T.tolist()), grid)


@lru_cache(maxsize=64)
def _actor_TP(truth: Truth, source_T: tuple[int, ...], grid: tuple[int, int]) -> np.ndarray:
    return on_actor(truth.instance_THW[list(source_T)] == 1, grid)
