"""Maps over patches as they travel: 16 bits a number, how a sum is made of others, and where the highest patch is."""

from functools import lru_cache

from app.figures.pack import array, coded, grid16
from core.kinds import PatchMap
from core.metrics import on_actor


def pack(output, value, context):
    """terms: [[stage, factor], …] of a map that is a sum of others. points: of the map that is last, where it is highest."""
    map_TP = array(value)
    made = coded(map_TP, grid16)
    if output.terms is not None:
        made["terms"] = [[stage, factor] for stage, factor in output.terms(context.knobs).items()]
    if context.truth is not None and output == context.of(PatchMap)[-1]:
        made["points"] = pointing_T(map_TP, actor_TP(context.clip, context.truth, context.grid), context.grid)
    return made


def pointing_T(score_TP, actor_TP, grid):
    """Per frame: does the top-scoring patch hold a part of the actor (as `core.evaluate` measures it)? None where the actor
    is not to be seen."""
    tops = score_TP.argmax(1).tolist()
    return [
        {"patch": list(divmod(top, grid[1])), "hit": bool(hit_P[top]) if hit_P.any() else None}
        for top, hit_P in zip(tops, actor_TP)
    ]


def actor_TP(clip, truth, grid):
    """Patches that hold a part of the actor: the same for every knob, so measured once for these frames of the file."""
    return _actor_TP(truth, tuple(clip.source_T.tolist()), grid)


@lru_cache(maxsize=64)
def _actor_TP(truth, source_T, grid):
    return on_actor(truth.instance_THW[list(source_T)] == 1, grid)
