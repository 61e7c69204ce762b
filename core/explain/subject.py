"""What is explained: one number that a network gives, as a function of which patches it is shown.

    score(shown) = network(filled + shown · (whole − filled)),   shown: 1 = a patch as it is, 0 = filled

Attributions and their tests all work on `shown`, so that one patch means one thing everywhere: integrated gradients along
`shown` are those along the network's input, summed over each patch; to occlude a patch is to show its fill; a deletion
curve hides patches one after the other.

Letters: B variants at once, T frames, P = h × w patches (row-major), H W pixels, C channels.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.transforms.functional import gaussian_blur

from core.progress import Watch, watched

FILLS = ("blur", "mean")
BATCH = 8  # variants that are scored at once: more is no faster on a few cores, and a larger tower needs the memory


@dataclass(frozen=True, eq=False)
class Subject:
    """A number to explain.

    what: a phrase for the reader. net: (B inputs, held) → [B]; held: hard choices stay as they are for the whole input,
    see a method's `explain`. whole: the network's input, without B. filled: fill → the same input with nothing to see in it.
    spread: [B, T, h, w] → something to multiply such inputs with. frame_T: the explained frames' places in the clip, from 0.
    taps: the layers that Grad-CAM can look at, [B, D, h, w] or [B, D, T, h, w] each, the deepest last.
    """

    what: str
    net: Callable[[Tensor, bool], Tensor]
    whole: Tensor
    filled: Mapping[str, Tensor]
    spread: Callable[[Tensor], Tensor]
    frame_T: tuple[int, ...]
    grid: tuple[int, int]
    weights: Mapping[str, str] = field(default_factory=dict)
    taps: tuple[nn.Module, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(T, h, w) of its maps."""
        return len(self.frame_T), *self.grid

    def score(self, shown_BThw: Tensor, fill: str = "blur", held: bool = False) -> Tensor:
        """The number for each row, [B]; differentiable."""
        filled = self.filled[fill]
        return self.net(filled + self.spread(shown_BThw) * (self.whole - filled), held)

    def ones(self, B: int = 1) -> Tensor:
        """Everything shown."""
        return torch.ones(B, *self.shape, device=self.whole.device)

    def value(self) -> float:
        """The number itself."""
        with torch.no_grad():
            return self.score(self.ones()).item()

    def seconds(self) -> float:
        """What scoring one row costs here and now, from one timed batch."""
        shown_BThw = self.ones(BATCH)
        with torch.no_grad():
            self.score(shown_BThw[:1]).item()  # the first call of a network is slower than any other
            began = time.perf_counter()
            self.score(shown_BThw).sum().item()
        return (time.perf_counter() - began) / BATCH


@torch.no_grad()
def scores(subject: Subject, shown_NTP: np.ndarray, fill: str, watch: Watch) -> np.ndarray:
    """The number for each of N choices of patches, hard choices made anew each time: [N]."""
    shown_NThw = torch.from_numpy(shown_NTP.reshape(-1, *subject.shape)).to(subject.whole)
    made = []
    for some_BThw in shown_NThw.split(BATCH):
        watch.step(len(some_BThw))
        with watched(watch.ask):  # a large tower asks at every block
            made.append(subject.score(some_BThw, fill).cpu().double())
    return torch.cat(made).numpy()


def fills(pixels_TCHW: Tensor, side: int) -> dict[str, Tensor]:
    """Pictures with nothing to see in them: a Gaussian blur as wide as a patch (σ = `side` pixels), and the mean colour.

    The mean is the clip's, not the frame's: a filled clip is still, so that no fill looks like motion."""
    H, W = pixels_TCHW.shape[-2:]
    half = min(2 * side, min(H, W) - 1)
    return {
        "blur": gaussian_blur(pixels_TCHW, [2 * half + 1] * 2, [float(side)] * 2),
        "mean": pixels_TCHW.mean((0, 2, 3), keepdim=True).expand_as(pixels_TCHW),
    }
