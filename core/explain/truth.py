"""A map against the truth of a clip: does it point at the actor (or another thing), and does it cover it?"""

from dataclasses import dataclass

import numpy as np

from core.errors import ReaderError
from core.explain.faithfulness import SIGMAS, order_of, random_map
from core.metrics import iou, pointing, top


@dataclass(frozen=True)
class Agreement:
    """A map against where the actor is. pointing: share of frames whose highest patch is on it (equals in a random order).
    iou: of as many of a frame's patches as the actor has; of a mask itself. The others are what random maps get. what: who is
    looked for, "the actor" or any other thing."""

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


def against_truth(map_TP: np.ndarray, truth_TP: np.ndarray, seeds: int = 20, what: str = "the actor") -> Agreement:
    """truth_TP: patches that hold a part of the actor, as `core.metrics.on_actor` makes them; a frame without it counts not.
    what: who it is, for the sentence."""
    map_TP = np.asarray(map_TP)
    if map_TP.shape != truth_TP.shape or not truth_TP.any():
        raise ReaderError(f"A map of {list(map_TP.shape)} needs a truth of the same shape, and an actor that is seen.")

    def measured(one_TP):
        rank = np.empty(one_TP.size)
        rank[order_of(one_TP)] = -np.arange(one_TP.size)  # no two are equal, so none is first for standing first
        rank_TP = rank.reshape(one_TP.shape)
        region_TP = one_TP if one_TP.dtype == bool else np.stack([
            top(rank_P[None], int(truth_P.sum()))[0] for rank_P, truth_P in zip(rank_TP, truth_TP)
        ])  # fmt: skip
        return pointing(rank_TP, truth_TP).mean(), iou(region_TP, truth_TP)[truth_TP.any(-1)].mean()

    chance = np.array([measured(random_map((*truth_TP.shape, 1), seed)) for seed in range(seeds)])
    (hit, over), mean, sd = measured(map_TP), chance.mean(0), chance.std(0, ddof=1)
    return Agreement(float(hit), float(over), float(mean[0]), float(sd[0]), float(mean[1]), float(sd[1]), what)
