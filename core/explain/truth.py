"""A map against the truth of a clip: does it point at the actor (or another thing), and does it cover it?

What a map in a random order would get is not drawn but known: of P patches, n on the actor and m kept, the highest is on it
with probability n / P, and the number of kept patches on it is hypergeometric.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import hypergeom

from core.errors import ReaderError
from core.explain.faithfulness import SIGMAS, order_of
from core.metrics import iou, pointing, top


@dataclass(frozen=True)
class Agreement:
    """A map against where the actor is. pointing: share of frames whose highest patch is on it (equals in a random order).
    iou: of as many of a frame's patches as the actor has; of a mask itself. random_…: mean and standard deviation of a map in
    a random order, or of a mask of as many patches. what: who is looked for, "the actor" or any other thing."""

    pointing: float
    iou: float
    random_pointing: float
    random_pointing_sd: float
    random_iou: float
    random_iou_sd: float
    what: str = "the actor"

    @property
    def sentence(self) -> str:
        """For the reader."""
        better = self.pointing > self.random_pointing + SIGMAS * self.random_pointing_sd
        return (
            f"On {self.what} in {self.pointing:.2f} of frames against random {self.random_pointing:.2f} ± "
            f"{self.random_pointing_sd:.2f}, IoU {self.iou:.2f} against {self.random_iou:.2f} ± {self.random_iou_sd:.2f}: "
            f"{'better' if better else 'not better'} than chance."
        )


def against_truth(map_TP: np.ndarray, truth_TP: np.ndarray, what: str = "the actor") -> Agreement:
    """truth_TP: patches that hold a part of the actor, as `core.metrics.on_actor` makes them; a frame without it counts not.
    what: who it is, for the sentence."""
    map_TP = np.asarray(map_TP)
    if map_TP.shape != truth_TP.shape or not truth_TP.any():
        raise ReaderError(f"A map of {list(map_TP.shape)} needs a truth of the same shape, and an actor that is seen.")
    seen = truth_TP.any(-1)
    rank = np.empty(map_TP.size)
    rank[order_of(map_TP)] = -np.arange(map_TP.size)  # no two are equal, so none is first for standing first
    rank_TP, truth_TP = rank.reshape(map_TP.shape)[seen], truth_TP[seen]
    if map_TP.dtype == bool:
        region_TP = map_TP[seen]
    else:
        region_TP = np.stack([top(rank_P[None], int(on_P.sum()))[0] for rank_P, on_P in zip(rank_TP, truth_TP)])
    hit, over = pointing(rank_TP, truth_TP).mean(), iou(region_TP, truth_TP).mean()
    return Agreement(float(hit), float(over), *by_chance(region_TP.sum(-1), truth_TP), what)


def by_chance(kept_T: np.ndarray, truth_TP: np.ndarray) -> tuple[float, float, float, float]:
    """Mean and standard deviation of pointing, then of IoU, over all orders of the patches, each frame by itself."""
    T, P = truth_TP.shape
    hit_T = truth_TP.mean(-1)
    mean_T, variance_T = np.zeros(T), np.zeros(T)
    for t, (kept, n) in enumerate(zip(kept_T, truth_TP.sum(-1))):
        both = np.arange(min(kept, n) + 1)
        share, value = hypergeom(P, n, kept).pmf(both), both / (n + kept - both)
        mean_T[t] = share @ value
        variance_T[t] = share @ (value - mean_T[t]) ** 2
    spread = (hit_T * (1 - hit_T)).sum() ** 0.5 / T, variance_T.sum() ** 0.5 / T
    return float(hit_T.mean()), float(spread[0]), float(mean_T.mean()), float(spread[1])
