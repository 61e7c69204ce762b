"""What the workbench (`core.workbench`) says of a clip: every frame of it read in turn as the current one, with prompts and by
the single-frame detector, and summed up; every thing that is found or there is listed besides.

A thing that is seen in a frame is found where a box of its name overlaps its own by `Boxes.match` or more.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.data.rendered import Sample
from core.kinds import as_array
from core.methods.stpn.equations import Seen as Found
from core.methods.stpn.outputs import OUTPUTS
from core.metrics import on_actor, overlap
from core.workbench.columns import Column
from core.workbench.seen import Seen
from core.workbench.tide import Frame

MATCH = next(one.match for one in OUTPUTS if one.stage == "prompted_found")
READERS = {"prompted": "with prompts", "baseline": "by the single-frame detector"}
STAGES = ()
COLUMNS = (
    Column("best", "The best score with prompts, mean over the frames; 0 where nothing is found.", "number", "score", "low"),
    Column("best_baseline", "The same of the single-frame detector.", "number", "score", "low"),
    Column("best_gain", "How much prompts add to it.", "number", "score", "low"),
    Column("weakest_frame", "The frame whose best score with prompts is the lowest, counted from 1.", "count"),
    Column("things", "Things found with prompts, mean over the frames.", "number", "a frame"),
    Column("spread", "How widely prompts looked, mean over prompts and frames.", "number", "share of the largest entropy"),
    Column("found", "Things that are seen and found with prompts.", "number", "share", "low", "truth"),
    Column("found_baseline", "The same of the single-frame detector.", "number", "share", "low", "truth"),
    Column("found_gain", "How much prompts add to it.", "number", "share", "low", "truth"),
    Column("missed_frame", "The frame in which most things are missed with prompts, counted from 1.", "count", needs="truth"),
    Column(
        "on_things", "Attention of the prompts on patches that hold a thing, over what looking everywhere alike gives.",
        "number", "times", "low", "truth",
    ),
)  # fmt: skip


def row(seen: Seen) -> dict[str, Any]:
    """One clip's values."""
    outputs = ["prompted_found", "baseline_found", "entropy_Q", "prompt_attention_NQKP", "support_index_K", "support_grid"]
    every = [seen.run(outputs, t=t) for t in range(1, len(seen.clip) + 1)]
    best = {name: np.array([highest(trace[f"{name}_found"]) for trace in every]) for name in READERS}
    made = {
        "best": float(best["prompted"].mean()), "best_baseline": float(best["baseline"].mean()),
        "best_gain": float((best["prompted"] - best["baseline"]).mean()), "weakest_frame": int(best["prompted"].argmin()) + 1,
        "things": float(np.mean([len(trace["prompted_found"].label_N) for trace in every])),
        "spread": float(np.mean([as_array(trace["entropy_Q"]).mean() for trace in every])),
    }  # fmt: skip
    truth = seen.read.truth
    if truth is None:
        return made
    made["on_things"] = on_things(truth, every)
    if seen.network("stpn").network.classes:  # these weights have other names for things than the world
        return made
    hits = {name: [hits_of(trace[f"{name}_found"], truth, t) for t, trace in enumerate(every)] for name in READERS}
    shares = {name: share_of(of_frames) for name, of_frames in hits.items()}
    missed_T = [int((~hit_O).sum()) for hit_O in hits["prompted"]]
    made |= {"found": shares["prompted"], "found_baseline": shares["baseline"], "missed_frame": int(np.argmax(missed_T)) + 1}
    if shares["prompted"] is not None and shares["baseline"] is not None:
        made["found_gain"] = shares["prompted"] - shares["baseline"]
    return made


def highest(found: Found) -> float:
    """The best score; 0 where nothing is found."""
    return float(found.score_N.max()) if len(found.label_N) else 0.0


def hits_of(found: Found, truth: Sample, t: int) -> np.ndarray:
    """Whether each thing that is seen in a frame is found there. [O]"""
    label_O, box_O4 = there(truth, t)
    box_N4 = as_array(found.box_N4)
    hits = []
    for label, box_4 in zip(label_O, box_O4):
        named = np.array([one == label for one in found.label_N], bool)
        like_N = overlap(box_N4, np.broadcast_to(box_4, box_N4.shape)) if len(box_N4) else np.zeros(0)
        hits.append(bool((named & (like_N >= MATCH)).any()))
    return np.array(hits, bool)


def there(truth: Sample, t: int) -> tuple[list[str], np.ndarray]:
    """What is seen in a frame: names, and boxes in shares of the frame, [O, 4]."""
    H, W = truth.instance_THW.shape[1:]
    box_O4 = truth.box_TO4[t] / [W, H, W, H]
    seen_O = ~np.isnan(box_O4).any(1)
    return [thing.shape for thing, seen in zip(truth.scene.objects, seen_O) if seen], box_O4[seen_O]


def things(seen: Seen) -> dict[str, list[Frame]]:
    """Every frame as each reader saw it; what is there is known of drawn clips, where the weights have the world's names."""
    truth = None if seen.network("stpn").network.classes else seen.read.truth
    made: dict[str, list[Frame]] = {name: [] for name in READERS}
    for t in range(len(seen.clip)):
        label_O, box_O4 = there(truth, t) if truth is not None else (None, np.zeros((0, 4)))
        trace = seen.run([f"{name}_found" for name in READERS], t=t + 1)
        for name, frames in made.items():
            found: Found = trace[f"{name}_found"]
            frames.append(Frame(label_O, box_O4, found.label_N, as_array(found.box_N4), as_array(found.score_N)))
    return made


def share_of(hits: Sequence[np.ndarray]) -> float | None:
    """Of all frames together; None where nothing is seen in any."""
    every = np.concatenate(hits)
    return float(every.mean()) if len(every) else None


def on_things(truth: Sample, every: Sequence[Any]) -> float | None:
    """Attention on patches that hold a thing, over their share of the patches, mean over frames."""
    found = []
    for trace in every:
        attention_NQKP, grid = as_array(trace["prompt_attention_NQKP"]), tuple(trace["support_grid"])
        thing_TP = on_actor((truth.instance_THW > 0).astype(np.uint8), grid)
        thing_KP = thing_TP[list(trace["support_index_K"])]
        if thing_KP.any():
            share = attention_NQKP[:, :, thing_KP].sum(-1) / attention_NQKP.sum((-2, -1))
            found.append(float(share.mean() / thing_KP.mean()))
    return float(np.mean(found)) if found else None
