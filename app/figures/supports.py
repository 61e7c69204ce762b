"""Trace → the small JSON that the viewer of prompts and supports draws. Every output is packed by its kind, so the viewer
knows kinds and not one stage by name.

    about_payload   once a page: a method's outputs and stages in words
    clip_payload    once a clip: its frames as JPEG, and the outlines of all things where the truth is known
    trace_payload   once a knob: the spoilt frame, attention, maps, scores, boxes, and which stages ran

Shares of attention are sent as multiples of an even share: 1 is what a prompt that looks everywhere alike gives a patch.

Letters: N heads, Q prompts, K supports, P patches of a support, h w of a map, D detections, O things that are there.
"""

import math
from dataclasses import asdict

import numpy as np

from app.figures.pack import (
    array,
    encoded,
    frames_payload,
    jpeg,
    knobs_payload,
    ledger_payload,
    log16,
    pooled,
    runs,
    stages_payload,
    weights_payload,
)
from core import kinds
from core.metrics import overlap

MAP_SIDE = 64  # cells: a map of more is averaged before it travels
HEAD_SIDE = 8  # the same for one head's thumbnail
HEADS = (-1.0, 2.0)  # log10 of the ends of a thumbnail's colours, in even shares
SUPPORT_SIDE = 128  # pixels of a support frame that had to be sent, as it is spoilt
MATCH = 0.5  # IoU of boxes from which a detection counts as the thing


def about_payload(method):
    """What does not change while the page is open."""
    return {
        "title": method.title,
        "paper": method.paper,
        "heads": HEADS,
        "match": MATCH,
        "outputs": [
            {"stage": one.stage, "symbol": one.symbol, "title": one.title, "unit": one.unit, "kind": type(one).__name__}
            for one in method.outputs
        ],
        "stages": stages_payload(method),
        "knobs": knobs_payload(method),
    }


def clip_payload(key, clip, truth=None):
    """The frames, where each came from, and what is seen in each."""
    known = None
    if truth is not None:
        seen_T = [things_seen(truth, source) for source in clip.source_T]
        size = truth.instance_THW.shape[1:]
        frames = [things_payload(seen) for seen in seen_T]
        known = {"caption": truth.caption, "size": list(size), "things": frames}
    return frames_payload(key, clip) | {"truth": known}


def trace_payload(method, trace, key, clip, knobs, grid, texts=None, truth=None, stamp=0):
    """Everything of one run that the viewer draws. texts None: boxes and likeness have yet to come."""
    outputs = {one.stage: one for one in method.outputs if one.stage in trace.values}
    place = knobs["t"] - 1
    there = [] if truth is None else boxes_of(things_seen(truth, clip.source_T[place]))
    packed = {stage: PACKED[type(one)](trace[stage]) for stage, one in outputs.items() if type(one) in PACKED}
    for stage, one in outputs.items():
        if isinstance(one, kinds.Boxes):
            packed[stage] = boxes_payload(trace[stage], there)
        if isinstance(one, kinds.Tracks):
            packed[stage] = tracks_payload(trace[stage], clip, truth)
        if isinstance(one, kinds.Followed):
            packed[stage] = followed_payload(trace[stage], clip, truth)
        if isinstance(one, kinds.Pictures):
            shown = next((trace[name] for name, other in outputs.items() if isinstance(other, kinds.ChosenFrames)), ())
            packed[stage] = pictures_payload(array(trace[stage]), shown, knobs, place)
        if isinstance(one, kinds.PromptAttention) and texts is not None:
            packed["heads"] = heads_payload(trace[stage], grid_of(outputs, trace, grid))
    return {
        "clip": key,
        "stamp": stamp,
        "knobs": knobs,
        "frame": place,
        "done": texts is not None,
        "values": packed,
        "ledger": ledger_payload(trace),
        **weights_payload(trace, truth),
        "untrained": untrained(trace.weights.values(), knobs),
    }


def besides(engine, method, clip, knobs, trace):
    """What needs a second, small run: the prompts of the same supports in the other order."""
    stage = next((stage.__name__ for stage in method.stages if stage.__name__ == "prompt_LQD"), None)
    if stage is None or "shuffled" not in knobs:
        return {}
    other = engine.run(method.name, clip, outputs=[stage], **(knobs | {"shuffled": not knobs["shuffled"]}))
    here, there = array(trace[stage]), array(other[stage])
    return {"shuffle": {"moved": short(np.abs(here - there).max()), "largest": short(np.abs(here).max())}}


def given(box, clip, truth):
    """What is followed: the box a reader chose; else the actor's in the first frame, or the first thing's that is seen there,
    where the truth is known; else it is left to the method."""
    there = [] if truth is None else boxes_of(things_seen(truth, clip.source_T[0]))
    return {"box": box or (there[0][1].tolist() if there else None)}


# ---- kinds ----------------------------------------------------------------------------------------------------------


def attention_payload(attention_NQKP):
    """Mean over heads, in even shares."""
    share_QKP = array(attention_NQKP).mean(0)
    Q, K, P = share_QKP.shape
    return {"shape": [Q, K, P], "code": log16(share_QKP * K * P), "heads": len(attention_NQKP)}


def heads_payload(attention_NQKP, grid):
    """Every head by itself, coarse: 8 bits between the ends of its colours."""
    share_NQKhw = array(attention_NQKP)
    N, Q, K, P = share_NQKhw.shape
    share_NQKhw = pooled(share_NQKhw.reshape(N, Q, K, *grid), HEAD_SIDE)
    low, high = HEADS
    place = (np.log10(np.maximum(share_NQKhw * K * P, 1e-9)) - low) / (high - low)
    codes = (np.clip(place, 0, 1) * 255).round().astype(np.uint8)
    return {"shape": list(codes.shape), "code": encoded(codes)}


def prompt_maps_payload(maps):
    """{(stage, block): [Q, h, w]} → one entry a block, as shares of all attention that is given."""
    made = []
    for (stage, block), share_Qhw in maps.items():
        share_Qhw = pooled(array(share_Qhw), MAP_SIDE)
        made.append({"at": [stage, block], "shape": list(share_Qhw.shape), "code": log16(share_Qhw)})
    return made


def change_payload(maps):
    """{stage: [h, w]} → one entry a stage."""
    made = []
    for stage, change_hw in maps.items():
        change_hw = pooled(array(change_hw), MAP_SIDE)
        made.append({"at": [stage], "shape": [1, *change_hw.shape], "code": log16(change_hw)})
    return made


def scores_payload(scores):
    return [short(one, 6) for one in array(scores)]  # an entropy of 0.99996 is not 1


def boxes_payload(seen, there):
    """Detections, best first. thing: which of the things that are there it finds, each found once; None: none of them."""
    box_D4, score_D = array(seen.box_N4), array(seen.score_N)
    mask_DHW = None if seen.mask_NHW is None else array(seen.mask_NHW)
    made = []
    for d, (box_4, score, thing) in enumerate(zip(box_D4, score_D, things_found(seen.label_N, box_D4, there))):
        made.append(
            {"box": [round(float(x), 4) for x in box_4], "score": round(float(score), 3), "name": seen.label_N[d],
             "thing": thing, "runs": None if mask_DHW is None else runs(mask_DHW[d])}
        )  # fmt: skip
    return {"found": made, "there": len(there), "size": None if mask_DHW is None else list(mask_DHW.shape[1:])}


def things_found(label_D, box_D4, there):
    """Which of the things that are there each detection finds, best first, each found once; None: none of them."""
    taken, made = set(), []
    for label, box_4 in zip(label_D, box_D4):
        alike = [(overlap(box_4, other), o) for o, (name, other) in enumerate(there) if name == label and o not in taken]
        best, thing = max(alike, default=(0.0, None))
        made.append(thing if best >= MATCH else None)
        taken.add(made[-1])
    return made


def tracks_payload(tracks, clip, truth=None):
    """Detections of every frame as of one, each with its instance's number; thing: the number of the thing that it finds."""
    frames, size, there = [], None, []
    for seen, number_N, source in zip(tracks.seen_T, tracks.number_TN, clip.source_T, strict=True):
        things = [] if truth is None else things_seen(truth, source)
        packed, ids = boxes_payload(seen, boxes_of(things)), [number for number, _, _ in things]
        for one, track in zip(packed["found"], number_N, strict=True):
            one |= {"track": track, "thing": None if one["thing"] is None else ids[one["thing"]]}
        frames.append(packed["found"])
        there.append(len(ids))
        size = packed["size"]
    return {"frames": frames, "there": there, "size": size}


def followed_payload(followed, clip, truth=None):
    """A thing's box in every frame; thing: the number of the thing that is in the first box, None where nobody knows.
    overlap: with that thing's box, in the frames after the first that show it; ao: their mean (as GOT-10k's)."""
    box_T4 = array(followed.box_T4)
    known = {} if truth is None else {n: box_4 for n, _, box_4 in numbered(things_seen(truth, clip.source_T[0]))}
    best, thing = max(((overlap(box_T4[0], box_4), number) for number, box_4 in known.items()), default=(0.0, None))
    thing = thing if best >= MATCH else None
    ious = [None] * len(box_T4)
    for t, source in enumerate(clip.source_T):
        there = [] if thing is None or t == 0 else numbered(things_seen(truth, source))
        ious[t] = next((round(overlap(box_T4[t], box_4), 4) for number, _, box_4 in there if number == thing), None)
    told = [one for one in ious if one is not None]
    return {
        "box": [[round(float(x), 4) for x in box_4] for box_4 in box_T4],
        "seen": list(followed.seen_T),
        "thing": thing,
        "overlap": ious,
        "ao": short(np.mean(told)) if told else None,
    }


def pictures_payload(frames, index_K, knobs, place):
    """The current frame; of the supports, only those that are spoilt: the others the browser has."""
    if frames.ndim == 3:
        return jpeg(frames, quality=92)
    if knobs.get("spoil") == "none" or not knobs.get("severity") or knobs.get("spoiled") == "current":
        return {}
    return {str(k): jpeg(frames[k], SUPPORT_SIDE, 85) for k in sorted(set(index_K)) if k != place}


PACKED = {
    kinds.ChosenFrames: list,
    kinds.MapGrid: list,
    kinds.PromptAttention: attention_payload,
    kinds.SupportScores: scores_payload,
    kinds.PromptScores: scores_payload,
    kinds.StageScores: scores_payload,
    kinds.PromptMaps: prompt_maps_payload,
    kinds.FeatureChange: change_payload,
    kinds.Cost: asdict,
}


# ---- what is there ----------------------------------------------------------------------------------------------------


def things_seen(truth, source):
    """(number, name, mask) of everything that is seen in a frame of the file; no two things of a clip share a number."""
    instance_HW = truth.instance_THW[source]
    left, before, here = truth.time_T[source], 0, truth.scenes[-1]
    for scene in truth.scenes:
        if left < scene.seconds or scene is truth.scenes[-1]:
            here = scene
            break
        left, before = left - scene.seconds, before + len(scene.objects)
    seen = ((before + place, thing.shape, instance_HW == place) for place, thing in enumerate(here.objects, 1))
    return [(number, name, mask_HW) for number, name, mask_HW in seen if mask_HW.any()]


def boxes_of(seen):
    """(name, x0 y0 x1 y1 in fractions of the frame) of things by their masks."""
    made = []
    for _, name, mask_HW in seen:
        H, W = mask_HW.shape
        rows, columns = np.flatnonzero(mask_HW.any(1)), np.flatnonzero(mask_HW.any(0))
        made.append((name, np.array([columns[0] / W, rows[0] / H, (columns[-1] + 1) / W, (rows[-1] + 1) / H])))
    return made


def numbered(seen):
    """(number, name, box) of things by their masks."""
    return [(number, name, box_4) for (number, _, _), (name, box_4) in zip(seen, boxes_of(seen))]


def things_payload(seen):
    """Things of a frame: their numbers, names, boxes and outlines."""
    return [
        {"number": number, "name": name, "box": [round(float(x), 4) for x in box_4], "runs": runs(mask_HW)}
        for (number, name, mask_HW), (_, box_4) in zip(seen, boxes_of(seen))
    ]


def grid_of(outputs, trace, grid):
    """(rows, columns) of this run's support patches; where no output tells, that of the loaded weights."""
    return next((tuple(trace[stage]) for stage, one in outputs.items() if isinstance(one, kinds.MapGrid)), tuple(grid))


def untrained(labels, knobs):
    """Which of the networks that are shown have random weights, by what the labels of the weights say."""
    shown = (f"{knobs.get('predictor')}/{knobs.get('depth')}", "baseline")
    made = []
    for label in labels:
        before, said, names = label.partition("UNTRAINED")
        if said:
            listed = [one.strip() for one in names.lstrip(": ").split(",")]
            made += [name for name in shown if name in listed or not before.rstrip().endswith("·")]
    return made


def short(value, digits=4):
    """A few digits of a number; JSON has no other number for what is not finite."""
    value = float(value)
    return float(f"{value:.{digits}g}") if math.isfinite(value) else 0.0
