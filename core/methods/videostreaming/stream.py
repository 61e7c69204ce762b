"""VideoStreaming's stages of the video alone: it is read clip by clip, and what each clip leaves is looked at.

Letters as in the method; J of how many clips ago.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.fold import fold
from core.methods import shared
from core.methods.videostreaming import equations, world
from core.methods.videostreaming.networks import LAGS

PROMPTS = {"both": ("history", "clip"), "history": ("history",), "clip": ("clip",), "none": ()}


@dataclass(frozen=True, eq=False)
class Encoding:
    """What one step leaves: memory_MD is H_k, clip_D is Ĥ_k, look_SS who looked at whom in the last block, mean over heads."""

    memory_MD: Tensor
    clip_D: Tensor
    look_SS: Tensor


def candidate_T(video) -> tuple[int, ...]:
    """i: the frames shown at 0, 1, 2 … seconds."""
    return shared.candidate_T(video, 1.0)


def clip_KNE(feature_TE: Tensor, frames: int, hidden: int, streaming) -> Tensor:
    """F_k: N frames after N frames; the last clip is filled up with its last frame. In the place of a hidden clip stands what
    is usual: the mean of all that the encoder was trained on."""
    missing = -len(feature_TE) % frames
    made_KNE = torch.cat([feature_TE, feature_TE[-1:].expand(missing, -1)]).unflatten(0, (-1, frames))
    if hidden:
        made_KNE[min(hidden, len(made_KNE)) - 1] = streaming.encoder.mean_E
    return made_KNE


def span_K2(video, candidate_T: tuple[int, ...], frames: int, device) -> Tensor:
    """[t_k, t_{k+1}]: from when to when each clip lasts."""
    return shared.spans(video, [*candidate_T[::frames], video.N]).to(device)


@fold(over="clip_KNE")
def steps(
    before: tuple[int, Tensor] | None, clip_NE: Tensor, streaming, parts: int, memory: bool, prompts: str
) -> tuple[tuple[int, Tensor], Encoding]:  # fmt: skip
    """H_k, Ĥ_k = g([t ∘ H_{k−1} ∘ F_k ∘ S_k ∘ Ŝ_k]): each clip through the causal encoder, after the memory before it."""
    k, memory_BMD = before or (0, None)
    N = len(clip_NE)
    told = equations.Told(N * k, N * (k + 1), PROMPTS[prompts])
    memory_BMD, clip_BD, look_BNSS = equations.step(
        streaming.encoder, memory_BMD if memory else None, clip_NE[None], parts, told
    )
    return (k + 1, memory_BMD), Encoding(memory_BMD[0], clip_BD[0], look_BNSS[0].mean(0))


def memory_KMD(steps: tuple[Encoding, ...]) -> Tensor:
    """H_1 … H_K: what is known after each clip, always M tokens."""
    return torch.stack([one.memory_MD for one in steps])


def clip_KD(steps: tuple[Encoding, ...]) -> Tensor:
    """Ĥ_1 … Ĥ_K: the clip indicators, one vector for each clip."""
    return torch.stack([one.clip_D for one in steps])


def drift_KM(memory_KMD: Tensor) -> Tensor:
    """‖H_k − H_{k−1}‖ / ‖H_k‖, token by token: what a clip changes in the memory; before the first nothing is there."""
    before_KMD = torch.cat([torch.zeros_like(memory_KMD[:1]), memory_KMD[:-1]])
    return (memory_KMD - before_KMD).norm(dim=-1) / memory_KMD.norm(dim=-1).clamp(min=1e-6)


def likeness_KK(memory_KMD: Tensor) -> Tensor:
    """cos(H_j, H_k): how alike the memories after any two clips are."""
    unit_KD = F.normalize(memory_KMD.flatten(1), dim=-1)
    return unit_KD @ unit_KD.T


def look_SS(steps: tuple[Encoding, ...], shown: int) -> Tensor:
    """softmax(q kᵀ / √d) of step k, mean over heads: which token of the step looks at which before it."""
    return steps[min(shown, len(steps)) - 1].look_SS


def token_names(frames: int, parts: int, memory: bool, prompts: str, shown: int) -> tuple[str, ...]:
    """What each token of that step is: t time prompts, H memory, F frames, S summary tokens, Ŝ the global token."""
    own = [f"t {name}" for name in PROMPTS[prompts]]
    history = [f"H {m + 1}" for m in range(frames * parts)] if memory and shown > 1 else []
    summary = [f"S {m + 1}" for m in range(frames * parts)]
    return (*own, *history, *(f"F {t + 1}" for t in range(frames)), *summary, "Ŝ")


def forgotten_J2(video, memory_KMD: Tensor, span_K2: Tensor, streaming) -> Tensor:
    """(j, how often a linear probe of H_k names the colour that clip k − j shows): what a memory still holds of clips gone by.
    Of a video that does not say what it shows, the colour that the probe itself read when the clip was there. The probes belong
    to memories of one size; with another T or P there is none."""
    K, X = len(memory_KMD), memory_KMD[0].numel()
    if not streaming.probe_JXC.any() or streaming.probe_JXC.shape[1] != X + 1:
        return memory_KMD.new_zeros(0, 2)
    read_JK = equations.read(streaming.probe_JXC, memory_KMD).argmax(-1)
    shown_K = world.colours(getattr(video, "segments", ()), span_K2)
    shown_K = read_JK[0] if shown_K is None else shown_K.to(read_JK)
    there = [(lag, read_K[lag:] == shown_K[: K - lag]) for lag, read_K in zip(LAGS, read_JK, strict=True) if lag < K]
    return memory_KMD.new_tensor([[lag, right_K.float().mean()] for lag, right_K in there])
