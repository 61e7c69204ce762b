"""What the workbench (`core.workbench`) says of a clip besides what is answered: where the region lay, how counts fit motion,
what plain CLIP says, and which kind of error a wrong answer is.

A kind of error is the first of `ERRORS` that holds; all are kept as flags. What must be known for one and is not (truth, an
edit of the clip) leaves its flag unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import isotonic_regression

from core.kinds import as_array
from core.methods.stop.equations import highest
from core.methods.stop.regions import on_acting
from core.metrics import iou, pointing, precision, rank_correlation, recall
from core.workbench.causes import Oracle
from core.workbench.columns import Column
from core.workbench.reading import motion_G
from core.workbench.scores import Scores
from core.workbench.seen import Seen

NEAR = 0.1  # of the softmax between the answer and the right one: less is a near tie
ELSEWHERE = 0.5  # of the frames whose best patch is on what acts, the share below which it looks elsewhere
APART = 2.0  # prompts that a gap may have more or fewer than its motion asks for
STAGES = ("tokens_TSD", "score_TP", "region_TP", "prompt_count_G")

BESIDE = {(True, True): "both right", (True, False): "prompts fixed", (False, True): "prompts broke"}


@dataclass(frozen=True)
class Error:
    """A kind of error. holds: the row so far → whether it is one, None where that is not known."""

    name: str
    flag: str
    says: str
    holds: Callable[[Mapping[str, Any]], bool | None]


def known(row: Mapping[str, Any], *names: str) -> bool:
    """Whether all of these are."""
    return all(row.get(name) is not None for name in names)


def twin(row: Mapping[str, Any]) -> bool | None:
    """The reversed clip gets the label."""
    return row["reverse_pred"] in row["own"] if known(row, "reverse_pred") else None


def unordered(row: Mapping[str, Any]) -> bool | None:
    """The answer stays where the clip is frozen, or shuffled."""
    same = [row[name] for name in ("freeze_same", "shuffle_same") if known(row, name)]
    return any(same) if same else None


def caused(row: Mapping[str, Any], holds: bool, part: str) -> bool:
    """What goes with a wrong answer is its cause where without it the answer is right; not tried, it only goes with it."""
    return holds and row.get(f"right_if_{part}_true") is not False


def unread(unknown: Callable[[list[str]], Sequence[str]], own: list[str], every: list[str]) -> bool:
    """Whether a word of the class itself is unknown. One that is unknown in the text of every class belongs to what stands
    around the names, as “a video of”: it tells no class from another."""
    return any(word not in unknown([text]) for word in unknown(own) for text in every)


ERRORS = (
    Error("unknown words", "unread", "The text tower does not know a word of its class.", lambda row: row["unread"]),
    Error("the tower's error", "tower", "Plain CLIP says the same.", lambda row: row["plain_pred"] == row["pred"]),
    Error("near tie", "tie", f"Its own is less than {NEAR:.0%} behind the answer.", lambda row: row["behind"] < NEAR),
    Error("direction twin", "twin", "The reversed clip gets the label.", twin),
    Error("order ignored", "unordered", "The answer survives freezing or shuffling.", unordered),
    Error(
        "looks elsewhere", "elsewhere",
        f"Of less than {ELSEWHERE:.0%} of the frames the best patch is on what acts; where that was tried, "
        "the true region puts it right.",
        lambda row: caused(row, row["pointing"] < ELSEWHERE, "region") if known(row, "pointing") else None,
    ),
    Error(
        "too many or few prompts", "miscounted",
        f"A gap has {APART:g} prompts more or fewer than its motion asks for; where that was tried, true counts put it right.",
        lambda row: caused(row, row["misfit"] >= APART, "counts") if known(row, "misfit") else None,
    ),
)  # fmt: skip
OTHER = "other"


# ---- what can be set right -------------------------------------------------------------------------------------------


def region_true(seen: Seen) -> dict[str, Any] | None:
    """As many patches a frame as before: those on what acts first, of these and of the others those with most W^s."""
    on_TP = acting(seen)
    if on_TP is None:
        return None
    score_TP = torch.from_numpy(as_array(seen.trace["score_TP"]) + 2.0 * on_TP)  # W^s is 0 to 1
    return {"region_TP": highest(score_TP, seen.knobs["kept"])}


def counts_true(seen: Seen) -> dict[str, Any] | None:
    """As many prompts in all, each gap in the order of its true motion."""
    truth = seen.read.truth
    if truth is None:
        return None
    count_G = np.zeros(len(truth.energy_G), int)
    count_G[np.argsort(truth.energy_G, kind="stable")] = np.sort(seen.trace["prompt_count_G"])
    return {"prompt_count_G": tuple(count_G.tolist())}


ORACLES = (
    Oracle(
        "region",
        "Whether it is right with the region of the first prompted layer on what acts, as large as it is.",
        region_true,
    ),
    Oracle("counts", "Whether it is right with as many prompts in all, ordered as the true motion of the gaps.", counts_true),
)
FAITHFUL = ("score_TP", "region_TP")

COLUMNS = (
    Column("error", f"What kind of error it is: {', '.join(one.name for one in ERRORS)}, {OTHER}.", "text", needs="labels"),
    *(Column(f"error_{one.flag}", f"{one.says} (Of wrong answers.)", "truth", needs="labels") for one in ERRORS),
    Column("behind", "How much more of the softmax the answer gets than its own class.", "number", "share", "high", "labels"),
    Column("plain_pred", "What plain CLIP answers, the mean over its frames.", "text"),
    Column("plain_right", "Whether plain CLIP is right.", "truth", bad="low", needs="labels"),
    Column("beside_plain", "Both right, prompts fixed, prompts broke, or both wrong.", "text", needs="labels"),
    Column("pointing", "Frames whose best patch is on what acts.", "number", "share", "low", "truth"),
    Column("precision", "Kept patches that are on what acts.", "number", "share", "low", "truth"),
    Column("recall", "Patches of what acts that are kept.", "number", "share", "low", "truth"),
    Column("iou", "Overlap of the region with what acts.", "number", "share", "low", "truth"),
    Column("on_motion", "How much of what changes lies in the region.", "number", "share", "low"),
    Column("jitter", "How much of the region is another in the next frame: 1 less their overlap.", "number", "share", "high"),
    Column("border", "Kept patches at the edge of the frame.", "number", "share", "high"),
    Column("fits_motion", "Rank correlation of the counts with how much changes in each gap.", "number", "ρ", "low"),
    Column(
        "misfit", "The most that a gap's count is off what rises with motion at best (isotonic fit).", "number", "prompts",
        "high",
    ),
    Column("worst_gap", "The gap in which that is, counted from 1.", "count"),
)  # fmt: skip


def row(seen: Seen) -> dict[str, Any]:
    """One clip's values."""
    region_TP, score_TP = as_array(seen.trace["region_TP"]), as_array(seen.trace["score_TP"])
    made = where(seen, score_TP, region_TP) | counted(seen)
    if seen.scores is not None and seen.scores.sound:
        made |= beside(seen, seen.scores, made)
    return made


def where(seen: Seen, score_TP: np.ndarray, region_TP: np.ndarray) -> dict[str, Any]:
    """Where the region lies, against truth where there is any, and against what changes."""
    rows, columns = seen.grid
    inner = np.zeros((rows, columns), bool)
    inner[1:-1, 1:-1] = True
    made = {
        "on_motion": on_motion(region_TP, seen.read.grey_THW, (rows, columns)),
        "jitter": float(1 - iou(region_TP[1:], region_TP[:-1]).mean()),
        "border": float(region_TP[:, ~inner.ravel()].sum() / max(region_TP.sum(), 1)),
    }
    on_TP = acting(seen)
    if on_TP is not None:
        made |= {
            "pointing": float(pointing(score_TP, on_TP).mean()), "precision": float(precision(region_TP, on_TP).mean()),
            "recall": float(recall(region_TP, on_TP).mean()), "iou": float(iou(region_TP, on_TP)[on_TP.any(-1)].mean()),
        }  # fmt: skip
    return made


def acting(seen: Seen) -> np.ndarray | None:
    """[T, P] bool: the patches of what acts; None where that is not known, or nothing does."""
    truth = seen.read.truth
    on_TP = on_acting(truth, seen.grid) if truth is not None and truth.scene.action != "stays still" else None
    return on_TP if on_TP is not None and on_TP.any() else None


def on_motion(region_TP: np.ndarray, grey_THW: np.ndarray, grid: tuple[int, int]) -> float | None:
    """The share of all change, of each frame against its neighbours, that lies in the region; None of a still clip."""
    change_GHW = np.abs(np.diff(grey_THW, axis=0))
    change_THW = np.maximum(change_GHW[[0, *range(len(change_GHW))]], change_GHW[[*range(len(change_GHW)), -1]])
    change_TP = np.stack([cv2.resize(one, grid[::-1], interpolation=cv2.INTER_AREA).ravel() for one in change_THW])
    return float(change_TP[region_TP].sum() / change_TP.sum()) if change_TP.sum() > 0 else None


def counted(seen: Seen) -> dict[str, Any]:
    """How the counts fit the motion of each gap: the true one of a drawn clip, else how much changes."""
    count_G = np.asarray(seen.trace["prompt_count_G"], float)
    truth = seen.read.truth
    motion = np.asarray(truth.energy_G) if truth is not None else motion_G(seen.read.grey_THW)
    order_G = np.argsort(motion, kind="stable")
    off_G = np.empty(len(count_G))
    off_G[order_G] = count_G[order_G] - isotonic_regression(count_G[order_G]).x
    worst = int(np.abs(off_G).argmax())
    return {
        "fits_motion": rank_correlation(count_G, motion) if len(count_G) > 1 else None, "misfit": float(np.abs(off_G[worst])),
        "worst_gap": worst + 1,
    }  # fmt: skip


def beside(seen: Seen, scores: Scores, region: Mapping[str, Any]) -> dict[str, Any]:
    """What plain CLIP says of the same frames, and the kind of error of a wrong answer. region: what is known of where it looks
    and of the counts."""
    vision = seen.network("clip_towers").network.vision
    frames_TE = vision.encode(seen.trace["tokens_TSD"])
    plain_E = F.normalize(frames_TE.mean(0), dim=-1)
    plain = replace(scores, cosine_Y=seen.of_texts("text_YE") @ as_array(plain_E.float()))
    made: dict[str, Any] = {"plain_pred": plain.pred}
    if not scores.known:
        return made
    share_Y, right, plainly = scores.share_Y, scores.rank == 0, plain.rank == 0
    made |= {
        "plain_right": plainly, "beside_plain": BESIDE.get((right, plainly), "both wrong"),
        "behind": float(max(0.0, share_Y.max() - share_Y[scores.own_Y].max())),
    }  # fmt: skip
    return made if right else made | kind_of_error(seen, scores, region | made)


def kind_of_error(seen: Seen, scores: Scores, region: Mapping[str, Any]) -> dict[str, Any]:
    """Every flag, and the first that holds."""
    text = seen.network("clip_towers").network.text
    own = [seen.texts[name] for name, true in zip(scores.classes, scores.own_Y) if true]
    facts = seen.row | region | {"own": seen.entry.own, "unread": unread(text.unknown, own, list(seen.texts.values()))}
    flags = {one: one.holds(facts) for one in ERRORS}
    first = next((one.name for one, holds in flags.items() if holds), OTHER)
    return {"error": first} | {f"error_{one.flag}": holds for one, holds in flags.items()}
