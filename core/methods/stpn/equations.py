"""STPN's equations as functions of tensors and plain numbers: which frames support, what is read off prompts and maps.

Letters as in `core.methods.stpn`; h w the size of a map, D its width.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import BadKnob
from core.methods.stpn.networks import Looked, Stpn
from core.methods.stpn.weights import CHUNK
from core.networks.detector import Found, paste
from core.networks.tower import Pyramid
from core.world import degrade

Spoil = tuple[str, str]  # a degradation and its severity, as text: a small value that a result can be keyed by
NONE: Spoil = ("none", "0")


@dataclass(frozen=True, eq=False)
class Seen:
    """Detections of one frame, best first.

    box_N4: x0, y0, x1, y1 in fractions of the frame, 0–1. score_N: 0–1. label_N: what it is. mask_NHW: bool, over the frame
    as the network saw it; None where the network finds no masks.
    """

    box_N4: Tensor
    score_N: Tensor
    label_N: tuple[str, ...]
    mask_NHW: Tensor | None


# ---- frames ---------------------------------------------------------------------------------------------------------


def frame_at(t: int, T: int) -> int:
    """t, counted from 1 → the frame's place in the clip, counted from 0."""
    if t > T:
        raise BadKnob(f"t (t) is 1 to {T}, the frames of the clip, got {t}.")
    return t - 1


def support_index(centre: int, T: int, supports: int, stride: int) -> tuple[int, ...]:
    """τ = centre ± S, ± 2S, …, ± S·K/2 without the centre, ends repeated; S = 0: round(i·(T − 1)/(K − 1)), i = 0 … K − 1."""
    if supports % 2:
        raise BadKnob(f"K (supports) is an even number from 2 to 30, got {supports}.")
    if stride == 0:
        return tuple(np.linspace(0, T - 1, supports).round().astype(int).tolist())
    steps = [step for step in range(-(supports // 2), supports // 2 + 1) if step]
    return tuple(min(max(centre + stride * step, 0), T - 1) for step in steps)


def shuffle(index_K: tuple[int, ...]) -> tuple[int, ...]:
    """The same frames in another order, the same one every time."""
    order = list(index_K)
    random.Random(1).shuffle(order)
    return tuple(order)


def said(kind: str, severity: float, here: bool) -> Spoil:
    """What is done to frames, the same whenever nothing is."""
    return (kind, repr(severity)) if here and kind != "none" and severity > 0 else NONE


def spoilt(frame_HWC: Tensor, spoil: Spoil, t: int) -> Tensor:
    """A frame, degraded. What is left to chance depends on its place in the clip alone: more of it is more of the same."""
    kind, severity = spoil
    if kind == "none":
        return frame_HWC
    made_HWC = degrade(frame_HWC.cpu().numpy()[None], kind, float(severity), seed=t)[0]
    return torch.from_numpy(made_HWC).to(frame_HWC.device)


# ---- the tower ------------------------------------------------------------------------------------------------------


def walk(
    variant: Stpn, pixels_BCHW: Tensor, prompt_BLQD: Tensor | None = None, order: str = "plain", look: bool = True
) -> Pyramid:  # fmt: skip
    """Maps of all stages that the detector reads. With prompts, also what patches and prompts gave each other (look).

    prompt_BLQD: for every frame one set (shallow) or one for each place (deep); None skips the path.
    """
    places = variant.prompting.places
    prompts = None
    if prompt_BLQD is not None:
        shallow = variant.prompting.depth == "shallow"
        prompts = prompt_BLQD[:, 0] if shallow else {at: prompt_BLQD[:, i] for i, at in enumerate(places)}
    stages = range(len(variant.detector.shape.strides))
    return variant.detector.tower(pixels_BCHW, prompts, stages=stages, order=order, look=look and prompts is not None)


def support_features(variant: Stpn, pixels_BCHW: Tensor) -> Tensor:
    """E of each frame by itself, without prompts: [L, B, P, F]."""
    return torch.stack(list(variant.prompting.support(variant.detector.tower, pixels_BCHW).values()))


def every_support(variant: Stpn, frames_THWC: Tensor, stpn) -> Tensor:
    """The same of all frames of a clip, some at once: a long clip of large frames would take gigabytes. [L, T, P, F]"""
    made = [support_features(variant, stpn.prepare(some).pixels_BCHW) for some in frames_THWC.split(CHUNK)]
    return torch.cat(made, 1)


def predict(variant: Stpn, support_LKPF: Tensor, look: bool = True) -> Looked:
    """All trained prompts of one frame, from its supports' features, and where they looked."""
    support = {at: one_KPF[None] for at, one_KPF in zip(variant.prompting.places, support_LKPF)}
    looked = variant.prompting(support, look)
    assert looked is not None  # the baseline is never asked
    return looked


def first_prompts(looked: Looked, prompts: int) -> Tensor:
    """The first N prompts of one frame, for every place where they enter: [L, N, D]."""
    made = looked.prompts
    made_LQD = made if isinstance(made, Tensor) else torch.cat(list(made.values()))
    return made_LQD[:, :prompts].contiguous()


# ---- what is read off ------------------------------------------------------------------------------------------------


def relative_change(prompted: Mapping[int, Tensor], plain: Mapping[int, Tensor]) -> dict[int, Tensor]:
    """‖f_prompted − f_plain‖ at each place, divided by the mean of ‖f_plain‖ over the places: {stage: [h, w]}."""
    return {
        i: (prompted[i] - one_BDhw).norm(dim=1)[0] / one_BDhw.norm(dim=1).mean().clamp(min=1e-12)
        for i, one_BDhw in plain.items()
    }


def likeness(maps: Mapping[int, Tensor], clean: Mapping[int, Tensor]) -> Tensor:
    """Cosine of the features at each place of two frames, mean over the places of a stage: [I]."""
    return torch.stack([F.cosine_similarity(one_BDhw, clean[i], dim=1).mean() for i, one_BDhw in maps.items()])


def mass(attention_NQKP: Tensor) -> Tensor:
    """Share of the attention that each support frame received, mean over heads and prompts: [K], sums to 1."""
    return attention_NQKP.sum(-1).mean((0, 1))


def entropy(attention_NQKP: Tensor) -> Tensor:
    """−Σ a log a / log(K·P) of each prompt's attention, mean over heads first: 0 = one patch, 1 = all of them alike. [Q]"""
    share_QS = attention_NQKP.mean(0).flatten(1)
    return (-torch.xlogy(share_QS, share_QS).sum(-1) / np.log(share_QS.shape[-1])).clamp(0, 1)


def seen(found: Found, size: tuple[int, int], names: Sequence[str]) -> Seen:
    """A detector's answer in fractions of the frame. size: (H, W) of the picture whose pixels its boxes are in."""
    H, W = size
    box_N4 = found.box_N4 / found.box_N4.new_tensor([W, H, W, H])
    mask_NHW = None if found.mask_NMM is None else paste(found, size) > 0.5
    return Seen(box_N4, found.score_N, tuple(names[n] for n in found.label_N.tolist()), mask_NHW)
