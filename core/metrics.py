"""Pictures against truth: where a score points, what a region covers, whether counts follow motion."""

import numpy as np
from scipy.stats import spearmanr


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
