"""The mix “stretches”: clips of 24 frames in which some in a row are spoilt, as while something passes in front of the camera
or it loses focus. One state for a clip: the frame that is read lies in the stretch, and so do those of its supports that are
near; who looks further away, or over the clip, sees clean ones. A few clips are clean, and in a few a scene is cut: some
supports are of another clip, and nothing they show is there.

Supports are drawn as they are used: around the frame, behind it (following), over the whole clip, or anywhere; two to four.
Two current frames share them, for the features of supports are a fifth of a step.
"""

import numpy as np
import torch

from core.data.rendered import Sample
from core.methods.stpn.batches import LEAST_PIXELS, Batch, truth_of
from core.methods.stpn.shapes import shown
from core.world import SHAPES, degrade

FRAMES = 24  # of a clip
KINDS = {
    "motion_blur": 4, "defocus": 4, "occluder": 4, "deformation": 3, "noise": 1, "low_light": 1, "compression": 1,
}  # what spoils a stretch, and how often: most where a frame alone says least  # fmt: skip
CLEAN = 0.15  # share of clips in which nothing is spoilt
INSIDE = 0.5  # share of second current frames that lie in the stretch, too
LEAST, LONGEST = 0.35, 12  # severity from here to 1; frames of a stretch up to here, half a clip
BEFORE = 0.75  # share of occluders that stand before a thing, and not anywhere
CUT = 0.08  # share of clips of which some supports are another's
SUPPORTS = (2, 3, 4)
STRIDES = (1, 3, 6)


def batch(samples: list[Sample], size: int, rng: np.random.Generator, device: torch.device) -> Batch:
    """Two current frames of each of size / 2 clips, and one set of supports for both."""
    K = int(rng.choice(SUPPORTS))
    current, support, targets, seen, looks = [], [], [], [], []
    for clip in rng.choice(len(samples), size // 2, replace=False):
        one = samples[clip]
        T = len(one.frames_THWC)
        t = int(rng.integers(T))
        stretch = row_around(t, T, rng)
        pair = (t, int(rng.choice(stretch if rng.random() < INSIDE else range(T))))
        index_K = supports_of(t, T, K, rng)
        order = rng.permutation(3)  # of the colours, as everywhere in this training
        clean = {i: one.frames_THWC[i][..., order] for i in {*pair, *index_K}}
        spoilt = spoil(one, clean, stretch, rng)
        others, first = samples[int(rng.integers(len(samples)))], K // 2 if rng.random() < CUT else K
        shots = [(one, i, clean[i], spoilt[i]) for i in index_K[:first]]
        shots += [(others, i, frame, frame) for i in index_K[first:] for frame in [others.frames_THWC[i][..., order]]]
        support.append([shot[3] for shot in shots])
        looks += [shapes_of([shot[:3] for shot in shots])] * 2
        for i in pair:
            current.append(spoilt[i])
            targets.append(truth_of(one, i, int(clip), device))
            seen.append(shown(one, i))
    present_BC, colour_BC3 = (torch.from_numpy(np.stack(part)).float().to(device) for part in zip(*looks, strict=True))
    current_BHWC, support_BKHWC, shown_BHW = (torch.from_numpy(np.array(part)).to(device) for part in (current, support, seen))
    return Batch(current_BHWC, support_BKHWC, targets, shown_BHW.long(), present_BC, colour_BC3)


def row_around(t: int, T: int, rng: np.random.Generator) -> range:
    """Some frames in a row, t among them."""
    length = int(rng.integers(1, LONGEST + 1))
    first = t - int(rng.integers(length))
    return range(max(first, 0), min(first + length, T))


def supports_of(t: int, T: int, K: int, rng: np.random.Generator) -> list[int]:
    """K frames that support frame t."""
    how, stride = rng.integers(4), int(rng.choice(STRIDES))
    if how == 0:
        return np.linspace(0, T - 1, K).round().astype(int).tolist()
    if how == 1:
        return rng.choice(T, K, replace=False).tolist()
    steps = [-1, 1, -2, 2][:K] if how == 2 else range(-K, 0)
    return [min(max(t + stride * step, 0), T - 1) for step in sorted(steps)]


def spoil(one: Sample, clean: dict[int, np.ndarray], stretch: range, rng: np.random.Generator) -> dict[int, np.ndarray]:
    """The frames, those of the stretch degraded alike: one kind, one severity, an occluder before one thing or anywhere."""
    if rng.random() < CLEAN:
        return clean
    kind = str(rng.choice(list(KINDS), p=np.array(list(KINDS.values())) / sum(KINDS.values())))
    severity, seed = rng.uniform(LEAST, 1), int(rng.integers(1 << 31))
    number = int(rng.integers(one.box_TO4.shape[1]))
    before = rng.random() < BEFORE
    made = dict(clean)
    for i in clean:
        if i in stretch:
            box = one.box_TO4[i, number] if before else None
            made[i] = degrade(clean[i][None], kind, severity, seed=seed + i, box=box)[0]
    return made


def shapes_of(shots: list[tuple[Sample, int, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Which shapes some frames show, [C], and the mean colour of each of them there, 0–1, [C, 3]."""
    pixels_C, colour_C3 = np.zeros(len(SHAPES)), np.zeros((len(SHAPES), 3))
    for one, i, frame_HWC in shots:
        for thing in one.scene.objects:
            mask_HW = one.instance_THW[i] == thing.id
            if (count := int(mask_HW.sum())) >= LEAST_PIXELS:
                pixels_C[SHAPES.index(thing.shape)] += count
                colour_C3[SHAPES.index(thing.shape)] += frame_HWC[mask_HW].sum(0) / 255
    return (pixels_C > 0).astype(float), colour_C3 / np.maximum(pixels_C, 1)[:, None]
