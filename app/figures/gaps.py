"""Trace → the small JSON that the viewer of regions and gaps draws. Grids and numbers travel, never painted pictures.

    about_payload   once a page: a method's maps and stages in words
    clip_payload    once a clip: its frames as JPEG, and the actor's outline where the truth is known
    trace_payload   once a knob: grids, counts, similarities, and which stages ran

A map is sent as 16-bit whole numbers on the fixed scale 0–1.
"""

import math
from functools import lru_cache

from app.figures.pack import array, bits, frames_payload, grid16, knobs_payload, ledger_payload, stages_payload, weights_payload
from core import kinds
from core.metrics import on_actor


def about_payload(method):
    """What does not change while the page is open."""
    return {
        "title": method.title,
        "paper": method.paper,
        "maps": [
            {"stage": one.stage, "symbol": one.symbol, "title": one.title, "unit": one.unit, "kind": type(one).__name__}
            for one in method.outputs
            if isinstance(one, (kinds.PatchMap, kinds.RegionMask))
        ],
        "stages": stages_payload(method),
        "knobs": knobs_payload(method),
        "texts": any(isinstance(one, kinds.TextScores) for one in method.outputs),
    }


def clip_payload(key, clip, truth=None):
    """The frames, where each came from, and what is true of them."""
    known = None if truth is None else {"caption": truth.caption, "masks": [bits(m) for m in actor_THW(clip, truth)]}
    return frames_payload(key, clip) | {"truth": known}


def trace_payload(method, trace, key, clip, knobs, grid, texts=None, truth=None, stamp=0):
    """Everything of one run that the viewer draws. texts None: similarities have yet to come."""
    outputs = {one.stage: one for one in method.outputs if one.stage in trace.values}
    region_TP = next((array(trace[n]) for n, one in outputs.items() if isinstance(one, kinds.RegionMask)), None)
    payload = {
        "clip": key,
        "stamp": stamp,
        "knobs": knobs,
        "grid": list(grid),
        "maps": {name: grid16(array(trace[name])) for name, one in outputs.items() if isinstance(one, kinds.PatchMap)},
        "region": None if region_TP is None else bits(region_TP),
        "kept": None if region_TP is None else region_TP.sum(1).tolist(),
        "gaps": gaps_payload(outputs, trace, knobs),
        "blend": blend(knobs) if outputs.keys() >= {"attention_TP", "dynamics_TP", "score_TP"} else None,
        "texts": texts_payload(method, trace, texts),
        "unknown": list(trace.values.get("unknown_words", ())),
        "ledger": ledger_payload(trace),
        **weights_payload(trace, truth),
    }
    if truth is not None and "score_TP" in trace.values:
        payload["pointing"] = pointing_T(array(trace["score_TP"]), actor_TP(clip, truth, tuple(grid)), grid)
    return payload


def gaps_payload(outputs, trace, knobs):
    """W^t and N^t of every gap, and the rule between them in numbers."""
    scores = [one for one in outputs.values() if isinstance(one, kinds.GapScores)]
    counts = [one for one in outputs.values() if isinstance(one, kinds.GapCounts)]
    if not scores or not counts:
        return None
    change_G = [float(w) for w in array(trace[scores[0].stage])]
    count_G = [int(n) for n in trace[counts[0].stage]]
    eta = knobs.get("eta")  # a method whose counts come about otherwise has none
    off = not knobs.get("temporal", True)
    return {
        "symbols": [scores[0].symbol, counts[0].symbol],
        "unit": scores[0].unit,
        "score": [float(f"{w:.6g}") for w in change_G],
        "count": count_G,
        "eta": eta,
        "rule": [rule(g, w, n, eta, off) for g, (w, n) in enumerate(zip(change_G, count_G))],
    }


def rule(gap, change, count, eta, off=False):
    """ "gap 3→4: W = 0.31, η = 8 → ⌈2.48⌉ = 3"; without η "gap 3→4: W = 0.31 → 3". Frames are counted from 1."""
    if eta is None:
        return f"gap {gap + 1}→{gap + 2}: W = {change:.3g} → {count}"
    said = f"gap {gap + 1}→{gap + 2}: W = {change:.3g}, η = {eta:g} → "
    if off:
        return said + "temporal prompts are off: 0"
    raw = round(eta * change, 2)  # as the method rounds it
    said += f"⌈{raw:.2f}⌉ = {math.ceil(raw)}"
    return said if count == math.ceil(raw) else f"{said}, capped at {count}"


def blend(knobs):
    """How a hovered patch's score is made of the two maps, for the viewer to write in numbers."""
    if "alpha" not in knobs:
        return None
    alpha = knobs["alpha"]
    return {"result": "score_TP", "terms": [["attention_TP", alpha], ["dynamics_TP", 1 - alpha]], "rule": "W = αA + (1 − α)M"}


def texts_payload(method, trace, texts):
    """Similarity of the clip with each text; None until it is computed."""
    one = next((one for one in method.outputs if isinstance(one, kinds.TextScores)), None)
    if one is None or texts is None:
        return None
    value_Y = array(trace[one.stage]) if texts else ()
    return {"text": texts, "value": [round(float(c), 4) for c in value_Y], "unit": one.unit, "symbol": one.symbol}


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


def actor_THW(clip, truth):
    """Where the actor is seen in each frame of the clip."""
    return truth.instance_THW[clip.source_T] == 1
