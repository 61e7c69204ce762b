"""Captum's two tests of a map: is it as large as what the network loses (infidelity), and does it stay when little changes
(sensitivity)? (Yeh et al., On the (In)fidelity and Sensitivity of Explanations, 2019)"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.explain.subject import Subject
from core.progress import CalledOff, Progress, Watch
from core.video.clip import Clip

BOXES = 16  # taken away to measure infidelity
RADIUS, SAMPLES = 4 / 255, 3  # of the noise that sensitivity is measured with, and how often


def infidelity_of(subject: Subject, map_TP: np.ndarray, boxes: tuple[np.ndarray, np.ndarray], whole: float) -> float:
    """Captum's infidelity (Yeh et al., 2019): how far the map's sum over a box misses what the number loses when the box is
    filled, squared, mean over boxes. The map is scaled as it fits best, so that maps without a unit can be compared.

    boxes: as in `Controls`, so that the network has to answer once for all maps. whole: the number with nothing filled."""
    from captum.metrics import infidelity

    box_SThw = torch.from_numpy(boxes[0]).float().view(-1, *subject.shape)
    score_S = torch.from_numpy(boxes[1])

    def filled(shown_SThw: Tensor) -> tuple[Tensor, Tensor]:
        return box_SThw, shown_SThw - box_SThw

    def known(shown_SThw: Tensor) -> Tensor:
        """Captum asks for all boxes at once, and for the whole clip as often."""
        return score_S if (shown_SThw == 0).any() else torch.full((len(shown_SThw),), whole, dtype=torch.float64)

    if not np.any(map_TP):
        return float(np.mean((whole - boxes[1]) ** 2))  # a map of nothing says that nothing is ever lost
    map_1Thw = torch.from_numpy(np.asarray(map_TP, np.float32).reshape(1, *subject.shape))
    ones_1Thw = torch.ones_like(map_1Thw)
    found = infidelity(known, filled, ones_1Thw, map_1Thw, n_perturb_samples=len(box_SThw), normalize=True)
    return float(found)


def boxes_of(shape: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    """True in a random box of space and time, up to half the clip in each direction: [S, T·P]."""
    rng, made = np.random.default_rng(seed), np.zeros((BOXES, *shape), bool)
    for one in made:
        length = [int(rng.integers(1, max(size // 2, 1) + 1)) for size in shape]
        start = [int(rng.integers(0, size - long + 1)) for size, long in zip(shape, length)]
        one[tuple(slice(a, a + long) for a, long in zip(start, length))] = True
    return made.reshape(BOXES, -1)


def sensitivity_of(
    explain: Callable[[Clip], np.ndarray], clip: Clip, radius: float = RADIUS, samples: int = SAMPLES, seed: int = 0,
    progress: Progress = lambda done: None, cancelled: CalledOff = lambda: False,
) -> float:  # fmt: skip
    """Captum's sensitivity_max (Yeh et al., 2019): the furthest that a map moves, over its own length, when no pixel moves by
    more than `radius` (of 1). A map that never moves has 0, and need not be true for that.

    explain: a clip → its map [T, P]; asked `samples` + 1 times."""
    from captum.metrics import sensitivity_max

    generator = torch.Generator().manual_seed(seed)
    watch = Watch(samples + 1, progress, cancelled)

    def noisy(frames: Any, within: Any) -> tuple[Tensor]:
        one = frames[0] if isinstance(frames, tuple) else frames
        noise = (2 * torch.rand(one.shape, generator=generator) - 1) * within
        return ((one + noise).clamp(0, 1),)

    def explained(frames: Any) -> Tensor:
        one_BTHWC = frames[0] if isinstance(frames, tuple) else frames
        maps = []
        for frames_THWC in one_BTHWC:
            watch.step(1)
            pixels = (frames_THWC * 255).round().byte().numpy()
            maps.append(torch.from_numpy(np.asarray(explain(Clip(pixels, clip.time_T, clip.source_T, clip.name)), np.float32)))
        return torch.stack(maps)

    frames_1THWC = torch.from_numpy(clip.frames_THWC)[None].float() / 255
    found = sensitivity_max(
        explained, frames_1THWC, noisy, perturb_radius=radius, n_perturb_samples=samples, max_examples_per_batch=1
    )
    watch.end()
    return float(found)
