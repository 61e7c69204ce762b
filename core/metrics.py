"""Pictures against truth: where a score points, what a region covers, whether counts follow motion, what is detected; and
how far a number would be another with other seeds, or other clips."""

from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO

import numpy as np
from scipy.stats import spearmanr

RECALLS = np.linspace(0, 1, 101)  # where COCO asks for the precision
RESAMPLES = 2000  # draws of the clips, and of training seeds
IOUS = {"ap": slice(0, 10), "ap50": slice(0, 1), "ap75": slice(5, 6)}  # of COCO's ten thresholds: 0.5, 0.55 … 0.95


def on_actor(instance_THW: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """[T, P] bool: patches that hold a visible part of the actor (instance 1). Frames of any size no smaller than the grid."""
    (_, H, W), (rows, columns) = instance_THW.shape, grid
    tops, lefts = np.arange(rows) * H // rows, np.arange(columns) * W // columns
    touched = np.logical_or.reduceat(np.logical_or.reduceat(instance_THW == 1, tops, 1), lefts, 2)
    return touched.reshape(len(touched), -1)


def pointing(score_TP: np.ndarray, truth_TP: np.ndarray) -> np.ndarray:
    """Whether each frame's highest-scoring patch is on the actor, of the frames that show it. (Zhang et al., 2016)"""
    seen = truth_TP.any(-1)
    return truth_TP[seen, score_TP[seen].argmax(-1)]


def precision(region_TP: np.ndarray, truth_TP: np.ndarray) -> np.ndarray:
    """Share of each frame's kept patches that are on the actor, of the frames that show it."""
    seen = truth_TP.any(-1)
    return (region_TP & truth_TP)[seen].sum(-1) / region_TP[seen].sum(-1)


def recall(region_TP: np.ndarray, truth_TP: np.ndarray) -> np.ndarray:
    """Share of the actor's patches that are kept, of the frames that show it."""
    seen = truth_TP.any(-1)
    return (region_TP & truth_TP)[seen].sum(-1) / truth_TP[seen].sum(-1)


def iou(region_TP: np.ndarray, truth_TP: np.ndarray) -> np.ndarray:
    """Intersection over union of each frame's region with its truth; 0 where both are empty. [T]"""
    both = (region_TP & truth_TP).sum(-1)
    return both / np.maximum((region_TP | truth_TP).sum(-1), 1)


def top(score_TP: np.ndarray, kept: int) -> np.ndarray:
    """True for the `kept` highest of each frame; among equals the earlier."""
    order = np.argsort(-score_TP, axis=-1, kind="stable")[:, :kept]
    region_TP = np.zeros(score_TP.shape, dtype=bool)
    np.put_along_axis(region_TP, order, True, -1)
    return region_TP


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's ρ, −1 to 1; 0 where one of them never changes."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(spearmanr(a, b).statistic)


def deviation(values: Sequence[float]) -> float | None:
    """Standard deviation over training seeds (one less than their number below); None of one seed, which tells none."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def interval(value_SN: np.ndarray, seed: int = 0) -> dict[str, float]:
    """{mean, low, high} of a number for each of S training seeds and N clips: its mean, and where that lies in 95 of 100 draws
    of as many clips and as many seeds (Efron, 1979)."""
    (S, N), rng = value_SN.shape, np.random.default_rng([seed, RESAMPLES])
    weight_RS, weight_RN = (rng.multinomial(n, np.full(n, 1 / n), RESAMPLES) / n for n in (S, N))
    low, high = np.percentile(np.einsum("rs,sn,rn->r", weight_RS, value_SN, weight_RN, optimize=True), [2.5, 97.5])
    return {"mean": float(value_SN.mean()), "low": float(low), "high": float(high)}


def gain(value_SN: np.ndarray, other_SN: np.ndarray) -> dict[str, float]:
    """The same of the difference of two, clip by clip and seed by seed; one that was not trained has one row for all seeds."""
    return interval(np.asarray(value_SN, float) - np.asarray(other_SN, float))


def ranks(query_QE: np.ndarray, key_KE: np.ndarray, query_Q: np.ndarray, key_K: np.ndarray) -> np.ndarray:
    """How many keys of others each query finds before its own, by their dot product: 0 where it finds its own first. [Q]

    query_Q, key_K: whose they are; every query has a key of its own, the best of which counts. Among equals the others come
    first, so that a model that says the same of everything is never right. A few rows at a time: Q · K may be large."""
    found = [np.zeros(0, int)]
    for start in range(0, len(query_QE), 256):
        rows = slice(start, start + 256)
        score_RK = query_QE[rows] @ key_KE.T
        own_RK = query_Q[rows, None] == key_K
        best_R1 = np.where(own_RK, score_RK, -np.inf).max(1, keepdims=True)
        found.append(((score_RK >= best_R1) & ~own_RK).sum(1))
    return np.concatenate(found)


def within(rank_Q: np.ndarray, *most: int) -> dict[str, float]:
    """{"1": …, "5": …}: the share of queries whose own is among the first so many; R@k, or top-k. 0–1, nan without queries."""
    return {str(k): float((rank_Q < k).mean()) if len(rank_Q) else float("nan") for k in most}


@dataclass(frozen=True, eq=False)
class Things:
    """What is, or was found, in one image or clip. box_N4: x0, y0, x1, y1; label_N from 0.

    score_N: of what was found. ignored_N: True for what is there and is not asked for: to find it is neither right nor wrong.
    mask_NHW: bool; where it is given, masks are compared, not boxes. A clip's masks are its frames' one below the other.
    """

    box_N4: np.ndarray
    label_N: np.ndarray
    score_N: np.ndarray | None = None
    ignored_N: np.ndarray | None = None
    mask_NHW: np.ndarray | None = None


def average_precision(truths: Sequence[Things], found: Sequence[Things]) -> dict[str, float]:
    """{ap, ap50, ap75} over all images, mean over classes, by COCO's own code; 0–1, or nan where nothing is asked for."""
    if not asks(truths):
        return dict.fromkeys(IOUS, float("nan"))
    if not any(len(one.label_N) for one in found):
        return dict.fromkeys(IOUS, 0.0)
    measured = matched(truths, found)
    with redirect_stdout(StringIO()):  # pycocotools tells its progress
        measured.accumulate()
        measured.summarize()
    return {name: float(max(measured.stats[i], 0)) for i, name in enumerate(IOUS)}


def drawn_precision(
    truths: Sequence[Things], found: Sequence[Things], weight_RN: np.ndarray, which: str = "ap50"
) -> np.ndarray:  # fmt: skip
    """One of `average_precision`'s numbers, had image n been there weight_RN[r, n] times: [R], nan where nothing is asked for.

    COCO matches within an image, so no draw of the images changes a match: only how often it counts."""
    R, total_R, classes_R = len(weight_RN), np.zeros(len(weight_RN)), np.zeros(len(weight_RN))
    if not asks(truths):
        return np.full(R, np.nan)
    if not any(len(one.label_N) for one in found):
        return np.where((weight_RN @ [asks([one]) for one in truths]) > 0, 0.0, np.nan)
    measured = matched(truths, found)
    of_classes = np.array(measured.evalImgs, object).reshape(len(measured.params.catIds), -1, len(truths))[:, 0]
    for of_images in of_classes:  # things of all sizes come first
        asked_N = np.array([0 if one is None else len(one["gtIgnore"]) - np.sum(one["gtIgnore"]) for one in of_images])
        asked_R = weight_RN @ asked_N
        some = [(n, one) for n, one in enumerate(of_images) if one is not None and len(one["dtScores"])]
        classes_R += asked_R > 0
        if not some:
            continue
        image_D = np.concatenate([[n] * len(one["dtScores"]) for n, one in some])
        order_D = np.argsort(-np.concatenate([one["dtScores"] for _, one in some]), kind="stable")
        right_ID, ignored_ID = (np.concatenate([one[name] for _, one in some], 1) > 0 for name in ("dtMatches", "dtIgnore"))
        weight_RD = weight_RN[:, image_D[order_D]]
        for right_D, ignored_D in zip(right_ID[IOUS[which]][:, order_D], ignored_ID[IOUS[which]][:, order_D]):
            total_R += mean_precision(weight_RD[:, ~ignored_D], right_D[~ignored_D], asked_R)
    thresholds = IOUS[which].stop - IOUS[which].start
    return np.where(classes_R > 0, total_R / np.maximum(classes_R, 1) / thresholds, np.nan)


def mean_precision(weight_RD: np.ndarray, right_D: np.ndarray, asked_R: np.ndarray) -> np.ndarray:
    """Mean over `RECALLS` of the best precision at that recall or more, detections from the surest on; 0 where none is
    asked for. [R]"""
    right_RJ = weight_RD[:, right_D].cumsum(1)  # J: the right ones, for a wrong one is never the best place to stop
    precision_RJ = right_RJ / np.maximum(weight_RD.cumsum(1)[:, right_D], 1)
    best_RJ = np.maximum.accumulate(precision_RJ[:, ::-1], 1)[:, ::-1]
    reached_RJ = np.searchsorted(RECALLS, right_RJ / np.maximum(asked_R, 1)[:, None], side="right")
    return (best_RJ * np.diff(reached_RJ, axis=1, prepend=0)).sum(1) / len(RECALLS) * (asked_R > 0)


def asks(truths: Sequence[Things]) -> bool:
    """Whether anything there is asked for."""
    return any(len(one.label_N) and (one.ignored_N is None or not one.ignored_N.all()) for one in truths)


def matched(truths: Sequence[Things], found: Sequence[Things]):
    """COCO's evaluation, as far as each image's detections are matched with what is there."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    masks = all(one.mask_NHW is not None for one in truths)
    labels = sorted({int(label) for one in truths for label in one.label_N})
    coco, results = COCO(), []
    coco.dataset = {
        "images": [{"id": i + 1} | _size(truth) for i, truth in enumerate(truths)],
        "categories": [{"id": label} for label in labels],
        "annotations": [],
    }
    for i, (truth, guess) in enumerate(zip(truths, found, strict=True)):
        for n, area in enumerate(_areas(truth, masks)):
            ignored = truth.ignored_N is not None and bool(truth.ignored_N[n])
            coco.dataset["annotations"].append(
                _entry(truth, n, i, masks) | {"id": len(coco.dataset["annotations"]) + 1, "area": area, "iscrowd": int(ignored)}
            )
        assert guess.score_N is not None
        results += [_entry(guess, n, i, masks) | {"score": float(score)} for n, score in enumerate(guess.score_N)]
    with redirect_stdout(StringIO()):  # pycocotools tells its progress
        coco.createIndex()
        measured = COCOeval(coco, coco.loadRes(results), "segm" if masks else "bbox")
        measured.evaluate()
    return measured


def _size(one: Things) -> dict:
    return {} if one.mask_NHW is None else {"height": one.mask_NHW.shape[1], "width": one.mask_NHW.shape[2]}


def _areas(one: Things, masks: bool) -> list[float]:
    if masks:
        assert one.mask_NHW is not None
        return [float(mask.sum()) for mask in one.mask_NHW]
    return [float((x1 - x0) * (y1 - y0)) for x0, y0, x1, y1 in one.box_N4]


def _entry(one: Things, n: int, image: int, masks: bool) -> dict:
    """One thing as COCO writes it."""
    from pycocotools.mask import encode

    said: dict = {"image_id": image + 1, "category_id": int(one.label_N[n])}
    if masks:
        assert one.mask_NHW is not None
        return said | {"segmentation": encode(np.asfortranarray(one.mask_NHW[n], dtype=np.uint8))}
    x0, y0, x1, y1 = (float(v) for v in one.box_N4[n])
    return said | {"bbox": [x0, y0, x1 - x0, y1 - y0]}


def overlap(a_N4: np.ndarray, b_N4: np.ndarray) -> np.ndarray:
    """IoU of boxes, pair by pair: [N]; 0 for an empty one."""
    low, high = np.maximum(a_N4[..., :2], b_N4[..., :2]), np.minimum(a_N4[..., 2:], b_N4[..., 2:])
    both = np.clip(high - low, 0, None).prod(-1)
    each = [np.clip(one[..., 2:] - one[..., :2], 0, None).prod(-1) for one in (a_N4, b_N4)]
    return both / np.maximum(each[0] + each[1] - both, 1e-9)
