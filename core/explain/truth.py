"""A map against the truth of a clip: does it point at the actor (or another thing), and does it cover it?

Chance is the same map looking elsewhere: it is shifted over rows and columns, around the edges, in all frames alike. So what
chance gets is as smooth and as still as the map, and frames are not taken for independent: a still map that hits a still thing
once hits it in every frame. All h · w shifts are looked at, no shift among them, and a map is called better than chance if at
most one in twenty does as well: points at least as well, and if as well, covers as much. So of fewer than twenty patches no
map is better than chance. What is filmed is often in the middle; that is not chance's doing, and `centre_map` shows what it is
worth.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import ReaderError
from core.explain.faithfulness import LEVEL, order_of
from core.metrics import top


@dataclass(frozen=True)
class Agreement:
    """A map against where the actor is. pointing: share of frames whose highest patch is on it (equals in a random order).
    iou: of as many of a frame's patches as the actor has; of a mask itself. shifted_…: mean and standard deviation of the same
    map over all shifts. as_well: how many of so many `shifts` point better, or as well and cover at least as much; no shift is
    one of them. what: who is looked for, "the actor" or any other thing."""

    pointing: float
    iou: float
    shifted_pointing: float
    shifted_pointing_sd: float
    shifted_iou: float
    shifted_iou_sd: float
    as_well: int
    shifts: int
    what: str = "the actor"

    @property
    def better(self) -> bool:
        """Than chance."""
        return self.as_well <= LEVEL * self.shifts

    @property
    def sentence(self) -> str:
        """For the reader."""
        return (
            f"On {self.what} in {self.pointing:.2f} of frames against {self.shifted_pointing:.2f} ± "
            f"{self.shifted_pointing_sd:.2f} for the same map shifted elsewhere, IoU {self.iou:.2f} against "
            f"{self.shifted_iou:.2f} ± {self.shifted_iou_sd:.2f}; {self.as_well} of {self.shifts} shifts "
            f"{'does' if self.as_well == 1 else 'do'} as well: {'better' if self.better else 'not better'} than chance."
        )


def against_truth(map_TP: np.ndarray, truth_TP: np.ndarray, grid: tuple[int, int], what: str = "the actor") -> Agreement:
    """truth_TP: patches that hold a part of the actor, as `core.metrics.on_actor` makes them; a frame without it counts not.
    grid: (h, w) of the patches. what: who it is, for the sentence."""
    map_TP = np.asarray(map_TP)
    if map_TP.shape != truth_TP.shape or not truth_TP.any():
        raise ReaderError(f"A map of {list(map_TP.shape)} needs a truth of the same shape, and an actor that is seen.")
    if truth_TP.shape[1] != grid[0] * grid[1]:
        raise ReaderError(f"A map over {grid[0]} × {grid[1]} patches has {grid[0] * grid[1]} a frame, got {truth_TP.shape[1]}.")
    seen = truth_TP.any(-1)
    rank = np.empty(map_TP.size)
    rank[order_of(map_TP)] = -np.arange(map_TP.size)  # no two are equal, so none is first for standing first
    rank_TP, truth_TP = rank.reshape(map_TP.shape)[seen], truth_TP[seen]
    if map_TP.dtype == bool:
        region_TP = map_TP[seen]
    else:
        region_TP = np.stack([top(rank_P[None], int(on_P.sum()))[0] for rank_P, on_P in zip(rank_TP, truth_TP)])
    hit_Thw = shared(top(rank_TP, 1), truth_TP, grid)
    both_Thw = shared(region_TP, truth_TP, grid)
    either_Thw = (region_TP.sum(-1) + truth_TP.sum(-1))[:, None, None] - both_Thw
    hits_hw, iou_hw = hit_Thw.sum(0), (both_Thw / either_Thw).mean(0)
    pointing_hw, rank_hw = hits_hw / len(hit_Thw), hits_hw + iou_hw / 2  # IoU decides between those that point as well
    return Agreement(
        float(pointing_hw[0, 0]), float(iou_hw[0, 0]), float(pointing_hw.mean()), float(pointing_hw.std()),
        float(iou_hw.mean()), float(iou_hw.std()), int((rank_hw > rank_hw[0, 0] - 1e-9).sum()), hits_hw.size, what,
    )  # fmt: skip


def shared(map_TP: np.ndarray, truth_TP: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """How many patches of a mask lie on the truth, if it is shifted by y rows and x columns around the edges: [T, h, w], no
    shift first. It is the correlation of the two, and a Fourier transform gives it for all shifts at once."""
    map_Thw, truth_Thw = (one.reshape(-1, *grid).astype(float) for one in (map_TP, truth_TP))
    return np.rint(np.fft.irfft2(np.fft.rfft2(map_Thw).conj() * np.fft.rfft2(truth_Thw), grid)).astype(int)
