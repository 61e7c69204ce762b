"""Trace → the small JSON that the viewer of the released code draws: combs and maps as they are, bars, and words.

    about_payload   once a page: outputs and stages in words
    clip_payload    once a clip: its frames as JPEG
    trace_payload   once a knob: pixels as bits, maps and weights as numbers, facts, and which stages ran
    besides         what STOP makes of the same clip, to stand beside it

A weight that is no number travels as null.
"""

import math

from app.figures.pack import array, bits, frames_payload, knobs_payload, ledger_payload, stages_payload, weights_payload
from core import METHODS, kinds

MAPS = (kinds.CombMap, kinds.SignedPatchMap)
KINDS = (kinds.PixelMask, *MAPS, kinds.FrameScores, kinds.FrameCounts, kinds.Fact, kinds.TextScores)


def about_payload(method):
    """What does not change while the page is open."""
    return {
        "title": method.title,
        "paper": method.paper,
        "outputs": [
            {"stage": one.stage, "symbol": one.symbol, "title": one.title, "unit": one.unit, "kind": type(one).__name__}
            for one in method.outputs
        ],
        "stages": stages_payload(method),
        "knobs": knobs_payload(method),
    }


def clip_payload(key, clip, truth=None):
    """The frames, where each came from, and the sentence that is true of them."""
    return frames_payload(key, clip) | {"truth": None if truth is None else {"caption": truth.caption}}


def trace_payload(method, trace, key, clip, knobs, grid, texts=None, truth=None, stamp=0):
    """Everything of one run that the viewer draws. texts None: what needs the networks has yet to come."""
    outputs = [one for one in method.outputs if one.stage in trace.values]
    scores = next((one for one in outputs if isinstance(one, kinds.TextScores)), None)
    return {
        "clip": key,
        "stamp": stamp,
        "knobs": knobs,
        "grid": list(grid),
        "values": {one.stage: packed(one, trace[one.stage]) for one in outputs if isinstance(one, KINDS)},
        "texts": scores and {"text": texts, "symbol": scores.symbol, "unit": scores.unit},
        "ledger": ledger_payload(trace),
        **weights_payload(trace, truth),
    }


def besides(engine, method, clip, knobs, trace):
    """STOP's regions and counts of the same clip, at its own default knobs."""
    stop = METHODS["stop"]
    region, count = (
        next(one.stage for one in stop.outputs if isinstance(one, kind)) for kind in (kinds.RegionMask, kinds.GapCounts)
    )
    made = engine.run(stop.name, clip, outputs=(region, count))
    return {
        "stop": {
            "grid": list(engine.grid(stop.name)),
            "region": bits(array(made[region])),
            "count": list(made[count]),
            "weights": list(made.weights.values()),
        }
    }


def packed(one, value):
    """A result as its kind travels."""
    if isinstance(one, kinds.PixelMask):
        mask_THW = array(value)
        return {"shape": list(mask_THW.shape), "code": bits(mask_THW)}
    return numbers(value if isinstance(value, (bool, int, float, tuple)) else array(value).tolist())


def numbers(value):
    """Lists of lists of numbers, or one, as JSON has them; truth values stay what they are."""
    if isinstance(value, (list, tuple)):
        return [numbers(one) for one in value]
    return short(value) if isinstance(value, float) else value


def short(value):
    """Four digits of a number; null where it is not finite."""
    value = float(value)
    return float(f"{value:.4g}") if math.isfinite(value) else None
