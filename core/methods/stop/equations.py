"""STOP's equations: any leading dimensions, differentiable where they can be. Training and the page run the same lines.

Letters: B batch, T frames, G = T − 1 gaps, P patches (row-major), Q prompts a gap can hold, D width, R prefix tokens,
H and E what the two prompters read of a patch and of a gap.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.methods.stop.networks import CAP, Prompter
from core.networks.vision import VisionTower

SILENT = 1e-12  # a map whose largest value is below this is all zero: a still clip has no dynamics to scale


def mean_square(x: Tensor) -> Tensor:
    """1/d · Σ_k x_k² over the last dimension."""
    return x.square().mean(-1)


def to_clip_scale(map_TP: Tensor) -> Tensor:
    """Divided by the clip's largest value; a map of nothing stays zero. One scale per clip, never per frame."""
    top = map_TP.amax((-2, -1), keepdim=True)
    return torch.where(top > SILENT, map_TP / top.clamp(min=SILENT), 0)


def blend(attention_TP: Tensor, dynamics_TP: Tensor, alpha: float | Tensor) -> Tensor:
    """α·A + (1 − α)·M."""
    return alpha * attention_TP + (1 - alpha) * dynamics_TP


def highest(score_TP: Tensor, kept: int) -> Tensor:
    """True for the `kept` highest of each frame; among equals the earlier patch."""
    top_TK = score_TP.sort(dim=-1, descending=True, stable=True).indices[..., :kept]
    return torch.zeros_like(score_TP, dtype=torch.bool).scatter(-1, top_TK, True)


def add_prompts(h_TPD: Tensor, prompt_TPD: Tensor, region_TP: Tensor) -> Tensor:
    """h + r·p."""
    return h_TPD + region_TP.unsqueeze(-1).to(h_TPD.dtype) * prompt_TPD


def differences(h_TPD: Tensor) -> Tensor:
    """h_{i+1} − h_i, [T − 1, P, D]."""
    return h_TPD[..., 1:, :, :] - h_TPD[..., :-1, :, :]


def weighted_change(filtered_GPD: Tensor, region_TP: Tensor, beta: float | Tensor) -> Tensor:
    """1/(N_p·d) · Σ_j (1 + β·r_j) Σ_k x_jk², with the region of the gap's later frame. [G]"""
    weight_GP = 1 + beta * region_TP[..., 1:, :].to(filtered_GPD.dtype)
    return (weight_GP * mean_square(filtered_GPD)).mean(-1)


def counts(change_G: Tensor, eta: float | Tensor) -> Tensor:
    """⌈η·W⌉, from 0 to CAP, whole numbers.

    Our reading: η·W is rounded to two digits first. A ceiling makes a whole prompt of the least change, and a still clip that
    was stored as a video is never quite still; and 4 × 0.5 must give 2, whatever the last bit of a 32-bit product says."""
    return (eta * change_G).double().mul(100).round().div(100).ceil().clamp(0, CAP).long()


def interleave(prefix_RD: Tensor, frames_TPD: Tensor, prompt_GQD: Tensor, count_G: tuple[int, ...]) -> Tensor:
    """[prefix; frame 1; the first N_1 prompts of gap 1; frame 2; …]."""
    parts = [prefix_RD, frames_TPD[0]]
    for frame_PD, prompt_QD, count in zip(frames_TPD[1:], prompt_GQD, count_G, strict=True):
        parts += [prompt_QD[:count], frame_PD]
    return torch.cat(parts)


def heard(sequence_SD: Tensor) -> Tensor | None:
    """[1, S]: False for prompts of zeros, which nobody attends to; None where there are none.

    Our reading: a prompter that was never trained writes zeros and is to say nothing, but a token of zeros would still take
    its share of every softmax."""
    heard_S = sequence_SD.any(-1)
    return None if heard_S.all() else heard_S[None]


def split(sequence_SD: Tensor, count_G: tuple[int, ...], R: int, P: int) -> tuple[Tensor, Tensor, list[Tensor]]:
    """`interleave` undone: prefix, frames, and the prompts of each gap."""
    sizes = [R, P, *(size for count in count_G for size in (count, P))]
    prefix_RD, *parts = sequence_SD.split(sizes)
    return prefix_RD, torch.stack(parts[0::2]), parts[1::2]


def with_prefix(prefix_BRD: Tensor, h_BTPD: Tensor) -> Tensor:
    """A video's prefix before each of its frames: [B · T, R + P, D]."""
    return torch.cat([prefix_BRD[:, None].expand(-1, h_BTPD.shape[1], -1, -1), h_BTPD], 2).flatten(0, 1)


@dataclass(frozen=True)
class Settings:
    """The knobs one prompted layer needs."""

    alpha: float | Tensor
    kept: int
    beta: float | Tensor
    eta: float | Tensor
    spatial: bool = True
    temporal: bool = True


@dataclass(frozen=True)
class Prompted:
    """What the two modules make of one layer's tokens. read_…: what the prompters read before they write prompts."""

    region_BTP: Tensor
    read_BTPH: Tensor
    read_BGQE: Tensor
    prompted_BTPD: Tensor
    change_BG: Tensor
    count_BG: Tensor
    temporal_BGQD: Tensor


def prompt_layer(
    h_BTPD: Tensor, attention_BTP: Tensor, prompter: Prompter, grid: tuple[int, int], settings: Settings
) -> Prompted:
    """The stages above for a batch of clips at one layer, with straight-through gradients where they are hard.

    The top-N_s and the ceiling have no gradient. Forward both are exact; backward r passes the gradient of a sigmoid
    around the N_s-th score, so that 𝒩^s learns, and each prompt that is there passes that of a sigmoid around its rank,
    so that 𝒩^t learns. The tower's gradient, which is wild, teaches what is written, not what is read: the readers
    learn from a head of their own (`core.methods.stop.train`). In inference nothing of this is seen.
    """
    attention = to_clip_scale(attention_BTP)
    dynamics = to_clip_scale(mean_square(prompter.dynamics_filter(h_BTPD, grid)))
    score = blend(attention, dynamics, settings.alpha)
    region = highest(score, settings.kept)
    gate = straight_through(region.to(h_BTPD.dtype), soft_region(score, region))
    read_BTPH = prompter.spatial.read(h_BTPD.detach(), grid)
    written = prompter.spatial.write(read_BTPH.detach(), h_BTPD)
    prompted = add_prompts(h_BTPD, written, gate) if settings.spatial else h_BTPD
    gap = differences(prompted)
    # detached: what W^t would like to change is 𝒩^t, not the prompts it measures (else both grow without bound)
    change = weighted_change(prompter.gap_filter(gap.detach(), grid), gate, settings.beta) / prompter.change_scale
    count = counts(change.detach(), settings.eta) if settings.temporal else torch.zeros_like(change, dtype=torch.long)
    read_BGQE = prompter.temporal.read(gap.detach(), grid)
    prompt_BGQD = prompter.temporal.write(read_BGQE.detach())
    rank_Q = torch.arange(CAP, device=h_BTPD.device)
    there_BGQ = (rank_Q < count.unsqueeze(-1)).to(h_BTPD.dtype)
    soft_BGQ = torch.sigmoid(4 * ((settings.eta * change).unsqueeze(-1) - rank_Q))
    prompt_BGQD = prompt_BGQD * straight_through(there_BGQ, soft_BGQ).unsqueeze(-1)
    return Prompted(region, read_BTPH, read_BGQE, prompted, change, count, prompt_BGQD)


def prompt_again(
    h_BTPD: Tensor, held: Prompted, prompter: Prompter, grid: tuple[int, int], settings: Settings
) -> Prompted:  # fmt: skip
    """The same layer for other tokens of one clip, r, W^t and N^t held as they are: these are the steps, and what is left, p^s
    and p^t, has a gradient of its own at every token."""
    read_BTPH = prompter.spatial.read(h_BTPD, grid)
    written = prompter.spatial.write(read_BTPH, h_BTPD)
    prompted = add_prompts(h_BTPD, written, held.region_BTP) if settings.spatial else h_BTPD
    read_BGQE = prompter.temporal.read(differences(prompted), grid)
    made_BGQD, count_BG = prompter.temporal.write(read_BGQE), held.count_BG.expand(len(h_BTPD), -1)
    return Prompted(held.region_BTP, read_BTPH, read_BGQE, prompted, held.change_BG, count_BG, made_BGQD)


def padded(prefix_BRD: Tensor, made: Prompted) -> tuple[Tensor, Tensor]:
    """The sequence of a batch, and what is seen of it: every gap has as many places as the fullest, and neither the empty ones
    nor prompts of zeros (`heard`) are.

    Attention has no order, so the prompts may stand at the end here and between the frames in the paper's picture."""
    places = int(made.count_BG.max())
    frames_BSD, prompts_BSD = made.prompted_BTPD.flatten(1, 2), made.temporal_BGQD[:, :, :places].flatten(1, 2)
    there = torch.arange(places, device=frames_BSD.device) < made.count_BG.unsqueeze(-1)
    there_BS = there.flatten(1) & prompts_BSD.any(-1)
    kept = torch.ones(frames_BSD.shape[0], prefix_BRD.shape[1] + frames_BSD.shape[1], dtype=torch.bool, device=there.device)
    return torch.cat([prefix_BRD, frames_BSD, prompts_BSD], 1), torch.cat([kept, there_BS], 1)


def encode(
    vision: VisionTower, prefix_BRD: Tensor, h_BTPD: Tensor, layers: int, prompts: Callable[[int, Tensor, Tensor], Prompted],
    tap: Callable[[int, Tensor], Tensor] = lambda i, tokens_BSD: tokens_BSD,
) -> tuple[Tensor, list[Prompted]]:  # fmt: skip
    """v [B, E] of a batch of clips, and what `prompts` made before each of the first `layers` blocks.

    prompts: (i, prefix, h) of layer i → its prompts; temporal ones of the layer before are dropped. tap: the tokens that enter
    block i pass through it.
    """
    (T, P), R, made = h_BTPD.shape[1:3], prefix_BRD.shape[1], []
    for i in range(vision.depth):
        if i < layers:
            made.append(prompts(i, prefix_BRD, h_BTPD))
            tokens_BSD, seen_BS = padded(prefix_BRD, made[-1])
        tokens_BSD = tap(i, tokens_BSD)
        if i + 1 < vision.depth:
            tokens_BSD = vision.blocks(tokens_BSD, seen_BS, i, i + 1)
            prefix_BRD, h_BTPD = tokens_BSD[:, :R], tokens_BSD[:, R : R + T * P].unflatten(1, (T, P))
    return vision.feature(vision.last_block(tokens_BSD, seen_BS)), made


def straight_through(hard: Tensor, soft: Tensor) -> Tensor:
    """The value of `hard` with the gradient of `soft` (Bengio et al., 2013)."""
    return hard + (soft - soft.detach() if soft.requires_grad else 0)


def soft_region(score_TP: Tensor, region_TP: Tensor) -> Tensor:
    """A sigmoid around the lowest kept score of each frame."""
    edge_T1 = score_TP.masked_fill(~region_TP, torch.inf).amin(-1, keepdim=True).detach()
    return torch.sigmoid(10 * (score_TP - edge_T1))
