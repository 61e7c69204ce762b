"""VideoStreaming's equations, for training and the page alike, with a batch in front.

Letters: B batch, K clips, T frames of a clip, P summary tokens of a frame, M = T·P memory tokens, V chosen clips, W words,
S sequence, E features of the frozen tower, D width, N heads, A answers; J of how many clips ago, X = M·D + 1 numbers of a
memory, C colours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.methods import shared
from core.methods.videostreaming.networks import Encoder, Reader

PROMPTS = ("history", "clip")
TAU = 0.1  # temperature of the similarities: they are cosines, and lie close to each other


@dataclass(frozen=True)
class Told:
    """What a time prompt says of one step, in seconds: history 0 … before, clip before … until. prompts: of which there are
    any, "history" and "clip"."""

    before: float
    until: float
    prompts: tuple[str, ...] = PROMPTS


def step(
    encoder: Encoder, memory_BMD: Tensor | None, clip_BTE: Tensor, parts: int, told: Told
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """H_k, Ĥ_k = g([time prompt ∘ H_{k−1} ∘ F_k ∘ S_k ∘ Ŝ_k]): memory [B, M, D], clip indicator [B, D], and the last block's
    attention [B, N, S, S]. Without a memory, as before the first clip, H_{k−1} is left out.

    Our readings: Ŝ_k is the mean of F_k, and S_k are learned tokens to which H_{k−1} is added: what no clip changes stays."""
    B, T, _ = clip_BTE.shape
    frame_BTD = encoder.frames(clip_BTE)
    slot_MD = encoder.slots_MD(T, parts)
    summary_BMD = (slot_MD + encoder.of_kind("summary")).expand(B, -1, -1)
    said = [encoder.told("told history", 0.0, told.before)] if "history" in told.prompts else []
    said += [encoder.told("told clip", told.before, told.until)] if "clip" in told.prompts else []
    parts_BSD = [one.expand(B, -1, -1) for one in said]
    if memory_BMD is not None:
        parts_BSD.append(memory_BMD + slot_MD + encoder.of_kind("memory"))
        summary_BMD = summary_BMD + memory_BMD
    parts_BSD.append(frame_BTD + encoder.place.weight[:T] + encoder.of_kind("frame"))
    parts_BSD += [summary_BMD, frame_BTD.mean(1, keepdim=True) + encoder.of_kind("global")]
    out_BSD, look_BNSS = encoder(torch.cat(parts_BSD, 1))
    return out_BSD[:, -1 - len(slot_MD) : -1], out_BSD[:, -1], look_BNSS


def stream(
    encoder: Encoder, clip_BKTE: Tensor, parts: int, memory: bool = True, prompts: tuple[str, ...] = PROMPTS
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Clip after clip, a frame a second: every H_k [B, K, M, D] and every Ĥ_k [B, K, D]."""
    T, memories, indicators = clip_BKTE.shape[2], [], []
    for k, clip_BTE in enumerate(clip_BKTE.unbind(1)):
        before = memories[-1] if memory and memories else None
        memory_BMD, indicator_BD, _ = step(encoder, before, clip_BTE, parts, Told(T * k, T * (k + 1), prompts))
        memories.append(memory_BMD)
        indicators.append(indicator_BD)
    return torch.stack(memories, 1), torch.stack(indicators, 1)


def spoken(encoder: Encoder, ids_BW: Tensor) -> Tensor:
    """A question's words and an end that gathers them, [B, W + 1, D]."""
    W = ids_BW.shape[1]
    end_BD = encoder.of_kind("end").expand(len(ids_BW), 1, -1)
    words_BWD = encoder.word(ids_BW) + encoder.of_kind("word")
    return torch.cat([words_BWD, end_BD], 1) + encoder.order.weight[: W + 1].flip(0)  # counted from the end


def indicator(encoder: Encoder, memory_BMD: Tensor, words_BWD: Tensor, parts: int) -> Tensor:
    """Ĥ_Q = g([H_K ∘ Q]), its last token: what the question looks for, [B, D]."""
    slot_MD = encoder.slots_MD(memory_BMD.shape[1] // parts, parts)
    out_BSD, _ = encoder(torch.cat([memory_BMD + slot_MD + encoder.of_kind("memory"), words_BWD], 1))
    return out_BSD[:, -1]


def similarity(indicator_BD: Tensor, clip_BKD: Tensor) -> Tensor:
    """s_k = cos(Ĥ_Q, Ĥ_k), [B, K]."""
    return F.cosine_similarity(indicator_BD[:, None], clip_BKD, dim=-1)


def gumbel(shape_of: Tensor, chance: torch.Generator | None = None) -> Tensor:
    """γ = −log(−log u), u ~ U(0, 1): what makes top-V of s/τ + γ a draw without replacement."""
    return shared.gumbel(shape_of.shape, chance).to(shape_of)


def gumbel_top(score_BK: Tensor, chosen: int, gumbel_BK: Tensor | float = 0.0) -> tuple[Tensor, Tensor]:
    """I = top-V of s/τ + γ, in the order of time, [B, V]; and for each a weight that is 1 and has the gradient of the softmax
    (straight-through): a memory that is multiplied by it teaches the similarities what was worth choosing."""
    logits_BK = score_BK / TAU + gumbel_BK
    place_BV = logits_BK.topk(min(chosen, logits_BK.shape[1])).indices.sort(-1).values
    soft_BV = logits_BK.softmax(-1).gather(1, place_BV)
    return place_BV, 1 + soft_BV - soft_BV.detach()


def answer(reader: Reader, memory_BKMD: Tensor, place_BV: Tensor, weight_BV: Tensor, words_BWD: Tensor) -> Tensor:
    """Logits of every answer from the memories of the chosen clips, [B, A]."""
    chosen_BVMD = memory_BKMD[torch.arange(len(place_BV), device=place_BV.device)[:, None], place_BV]
    return reader(chosen_BVMD * weight_BV[..., None, None], words_BWD)


# ---- what a memory holds -----------------------------------------------------------------------------------------------------


def read(probe_JXC: Tensor, memory_KMD: Tensor) -> Tensor:
    """What each probe finds for each colour in each memory, [J, K, C]."""
    flat_KX = memory_KMD.flatten(1)
    return torch.cat([flat_KX, flat_KX.new_ones(len(flat_KX), 1)], 1) @ probe_JXC


def fitted_probes(memory_BKMD: Tensor, colour_BK: Tensor, lags: Sequence[int], colours: int) -> Tensor:
    """By least squares, of each j: which colour clip k − j showed, from H_k. [J, M·D + 1, C]"""
    K, flat_BKX, made = memory_BKMD.shape[1], memory_BKMD.flatten(2), []
    flat_BKX = torch.cat([flat_BKX, flat_BKX.new_ones(*flat_BKX.shape[:2], 1)], 2)
    for lag in lags:
        x_NX, y_N = flat_BKX[:, lag:].flatten(0, 1), colour_BK[:, : K - lag].flatten()
        system_XX = x_NX.T @ x_NX + torch.eye(x_NX.shape[1])  # 1 keeps it from following chance
        made.append(torch.linalg.solve(system_XX, x_NX.T @ F.one_hot(y_N, colours).float()))
    return torch.stack(made)
