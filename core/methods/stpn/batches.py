"""What a step of training STPN reads: current frames, some of them spoilt, the supports of each, and what all of them show.

The mix “frames”: clips of 8 frames, each current frame spoilt by itself, its supports the nearest to be had. The mix
“stretches” is that of `core.methods.stpn.stretches`.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.data.rendered import Sample
from core.methods.stpn.shapes import shown
from core.methods.stpn.weights import PACE
from core.networks.detector import Target
from core.world import DEGRADATIONS, SHAPES, degrade

FRAMES = PACE.frames  # of a clip
TAUGHT = 2  # supports of a current frame: one before it, one after it
SPOILT, SPOILT_SUPPORTS = 0.7, 0.2  # share of current frames, and of support sets, that are degraded
LEAST = 0.2  # severity of a degradation, which is drawn from here to 1
LEAST_PIXELS = 12  # what shows less of itself is not asked for


@dataclass(frozen=True)
class Batch:
    """current_BHWC, support_BKHWC: uint8 RGB. targets: what the current frames show. shown_BHW: which shape each of their
    pixels shows. present_BC: 1 for every shape that one of the supports shows; colour_BC3: its mean RGB there, 0–1, where it is
    taught. The supports are of every current frame, or of as many current frames in a row as there are to one set."""

    current_BHWC: Tensor
    support_BKHWC: Tensor
    targets: list[Target]
    shown_BHW: Tensor
    present_BC: Tensor
    colour_BC3: Tensor | None = None

    @property
    def each(self) -> int:
        """Current frames that share one set of supports."""
        return len(self.current_BHWC) // len(self.support_BKHWC)


def truth_of(sample: Sample, t: int, clip: int, device: torch.device) -> Target:
    """Boxes around what is seen of each thing in frame t, its shape, its pixels, and a number for it.  clip: of the sample."""
    instance_HW = sample.instance_THW[t]
    shown = [thing for thing in sample.scene.objects if (instance_HW == thing.id).sum() >= LEAST_PIXELS]
    masks = [instance_HW == thing.id for thing in shown]
    return Target(
        torch.tensor(sample.box_TO4[t, [thing.id - 1 for thing in shown]], dtype=torch.float32, device=device),
        torch.tensor([SHAPES.index(thing.shape) for thing in shown], dtype=torch.long, device=device),
        torch.tensor(np.array(masks, np.uint8).reshape(-1, *instance_HW.shape), device=device),
        torch.tensor([8 * clip + thing.id for thing in shown], dtype=torch.long, device=device),
    )


def batch(
    samples: list[Sample], size: int, rng: np.random.Generator, device: torch.device,
    share: float = SPOILT, least: float = LEAST,
) -> Batch:  # fmt: skip
    """Two current frames of each of size / 2 clips, with their supports. share, least: of the current frames' degradations."""
    current, support, targets, seen, present = [], [], [], [], []
    for clip in rng.choice(len(samples), size // 2, replace=False):
        sample = samples[clip]
        frames_THWC = np.ascontiguousarray(sample.frames_THWC[..., rng.permutation(3)])
        for t in rng.choice(FRAMES, 2, replace=False):
            current.append(spoilt(frames_THWC[t : t + 1], rng, share, least, around(sample, int(t), rng))[0])
            before, after = range(0, t), range(t + 1, FRAMES)
            beside = [int(rng.choice(side)) for side in (before, after) if len(side)]
            chosen = beside if len(beside) == TAUGHT else beside * TAUGHT  # a side that is empty repeats the other
            support.append(spoilt(frames_THWC[chosen], rng, SPOILT_SUPPORTS, LEAST))
            targets.append(truth_of(sample, int(t), int(clip), device))
            seen.append(shown(sample, int(t)))
            labels = torch.cat([truth_of(sample, near, 0, device).label_N for near in chosen])
            present.append(F.one_hot(labels, len(SHAPES)).amax(0) if len(labels) else labels.new_zeros(len(SHAPES)))
    current_BHWC, support_BKHWC, shown_BHW = (torch.from_numpy(np.stack(one)).to(device) for one in (current, support, seen))
    return Batch(current_BHWC, support_BKHWC, targets, shown_BHW.long(), torch.stack(present).float())


def spoilt(frames_THWC: np.ndarray, rng: np.random.Generator, share: float, least: float, box=None) -> np.ndarray:
    """The frames as they are, or, in a `share` of the cases, one degradation of a random severity on all of them."""
    if rng.random() >= share:
        return frames_THWC
    kind, severity = DEGRADATIONS[rng.integers(len(DEGRADATIONS))], rng.uniform(least, 1)
    return degrade(frames_THWC, kind, severity, seed=int(rng.integers(1 << 31)), box=box)


def around(sample: Sample, t: int, rng: np.random.Generator):
    """What an occluder is to cover: half of the time the box of a thing in the frame, x0, y0, x1, y1, otherwise anything."""
    seen_N4 = sample.box_TO4[t][~np.isnan(sample.box_TO4[t]).any(-1)]
    return seen_N4[rng.integers(len(seen_N4))] if len(seen_N4) and rng.random() < 0.5 else None
