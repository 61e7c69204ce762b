"""TSPO's equations, shared by training, evaluation and page: scores of candidates, draws without replacement, what is learned.

Letters: B videos, T candidate frames, W frames of a window, N heads, E features, K chosen frames, G rollouts.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from core.methods import shared
from core.methods.tspo.networks import Agent

SURROGATES = ("code", "paper", "exact")
SIZE = 0.3
SOFT = 1e-4  # added to the spread of a group's rewards


# ---- event-aware agent ----------------------------------------------------------------------------------------------------


def position(T: int, E: int, device: torch.device) -> Tensor:
    """PE_t = sin, cos of (t/T) / 10000^(2i/E): where in the video a candidate is, whatever the video's length. [T, E]"""
    rate_I = 10_000.0 ** (-torch.arange(0, E, 2, device=device) / E)
    angle_TI = torch.arange(T, device=device)[:, None] / T * rate_I
    return torch.stack([angle_TI.sin(), angle_TI.cos()], -1).flatten(1)[:, :E]


def attended(x_BTE: Tensor, agent: Agent, window: int) -> Tensor:
    """Self-attention in a window: candidate t reads t − ⌊w/2⌋ … t + ⌈w/2⌉ − 1, where they are. The W neighbours of each are
    gathered, all first ones, then all second ones …, so that thousands of candidates cost thousands of windows and no T × T.
    [B, T, E]"""
    T, before = x_BTE.shape[1], window // 2
    q_BTNd, k_BTNd, v_BTNd = (one(x_BTE).unflatten(-1, (agent.heads, -1)) for one in (agent.query, agent.key, agent.value))
    k_BSNd, v_BSNd = (F.pad(one, (0, 0, 0, 0, before, window - 1 - before)) for one in (k_BTNd, v_BTNd))
    q_BTNd = q_BTNd / q_BTNd.shape[-1] ** 0.5
    logit_BTNW = torch.stack([(q_BTNd * k_BSNd[:, w : w + T]).sum(-1) for w in range(window)], -1)
    place_TW = torch.arange(T, device=x_BTE.device)[:, None] + torch.arange(window, device=x_BTE.device) - before
    away_TW = (place_TW < 0) | (place_TW >= T)
    share_BTNW = logit_BTNW.masked_fill(away_TW[:, None], -torch.inf).softmax(-1)
    read_BTNd = torch.zeros_like(v_BTNd)
    for w in range(window):
        read_BTNd = read_BTNd + share_BTNW[..., w, None] * v_BSNd[:, w : w + T]
    return read_BTNd.flatten(2)


def sized(feature_TE: Tensor) -> Tensor:
    """Unit-length features as the agent takes them: SIZE of the length that would make their mean square 1; PE has 0.7 of it.
    Were they longer, the agent would hardly see when a frame is shown."""
    return SIZE * feature_TE * feature_TE.shape[-1] ** 0.5


def events(feature_BTE: Tensor, agent: Agent, window: int) -> Tensor:
    """F_e = MLP(attention(F_f + PE)) + F_f: what happens around each candidate. [B, T, E]"""
    _, T, E = feature_BTE.shape
    frame_BTE = sized(feature_BTE)
    return agent.mlp(attended(frame_BTE + position(T, E, feature_BTE.device), agent, window)) + frame_BTE


def cosine(feature_BTE: Tensor, question_BE: Tensor) -> Tensor:
    """cos(F, F_t) of every candidate: [B, T]."""
    return F.cosine_similarity(feature_BTE, question_BE[:, None], dim=-1)


def scores(feature_BTE: Tensor, question_BE: Tensor, agent: Agent, window: int) -> Tensor:
    """S = cos(F_e, F_t) + cos(F_f, F_t), [B, T]. (Equation 3)"""
    return cosine(events(feature_BTE, agent, window), question_BE) + cosine(feature_BTE, question_BE)


# ---- choosing ---------------------------------------------------------------------------------------------------------------


def gumbel(shape: tuple[int, ...], seed: int) -> Tensor:
    """γ = −log(−log u), u ~ U(0, 1): of the processor, the same numbers on every device."""
    return shared.gumbel(shape, torch.Generator().manual_seed(seed))


def drawn(logit_T: Tensor, noise_GT: Tensor, K: int) -> Tensor:
    """top-K of S/τ + γ in the order in which they are drawn, [G, K]: K draws without replacement, each among those that are
    left with probabilities softmax(S/τ). (Equation 4; Kool et al., 2019.) Leading dimensions are batches."""
    return (logit_T[..., None, :] + noise_GT).topk(min(K, logit_T.shape[-1]), -1).indices


def best_of_bins(score_T: Tensor, K: int) -> list[int]:
    """argmax S in each of K equal parts: the released code's sampler for one benchmark."""
    T = len(score_T)
    parts = min(K, T)
    border_S = [part * T // parts for part in range(parts + 1)]
    return [begin + int(score_T[begin:end].argmax()) for begin, end in pairwise(border_S)]


# ---- learning from rewards ------------------------------------------------------------------------------------------------


def advantage(reward_BG: Tensor) -> Tensor:
    """A_i = (R_i − mean R) / (std R + 10⁻⁴) within the rollouts of one question; 0 where all are rewarded alike."""
    return (reward_BG - reward_BG.mean(-1, keepdim=True)) / (reward_BG.std(-1, keepdim=True) + SOFT)


def log_likelihood(logit_BT: Tensor, noise_BGT: Tensor, place_BGK: Tensor, surrogate: str) -> Tensor:
    """What is differentiated of a rollout, [B, G]:

    code     mean of log softmax(S/τ) over the chosen, without noise: of K draws *with* replacement, divided by K
    paper    log of the product of softmax(S/τ + γ) over the chosen (equation 5)
    exact    Plackett–Luce: each draw among those that are left
    """
    G = place_BGK.shape[1]
    logit_BGT = logit_BT[:, None].expand(-1, G, -1)
    if surrogate == "code":
        return logit_BGT.log_softmax(-1).gather(-1, place_BGK).mean(-1)
    if surrogate == "paper":
        return (logit_BGT + noise_BGT).log_softmax(-1).gather(-1, place_BGK).sum(-1)
    if surrogate != "exact":
        raise ValueError(f"The surrogate is one of {', '.join(SURROGATES)}, got {surrogate!r}.")
    chosen_BGK = logit_BGT.gather(-1, place_BGK)
    never_BG = logit_BGT.scatter(-1, place_BGK, -torch.inf).logsumexp(-1)  # those that no draw takes
    # what is left before draw k: never drawn, or drawn at k or later
    left_BGK = torch.cat([chosen_BGK, never_BG[..., None]], -1).flip(-1).logcumsumexp(-1).flip(-1)[..., :-1]
    return (chosen_BGK - left_BGK).sum(-1)


def loss(log_BG: Tensor, advantage_BG: Tensor) -> Tensor:
    """−mean of ratio · A, the ratio to the policy that drew: always 1, its gradient that of the logarithm. No clip, no KL."""
    return -((log_BG - log_BG.detach()).exp() * advantage_BG).mean()


def annealed(step: int, steps: int, tau: tuple[float, float]) -> float:
    """τ, linear from the first to the last step."""
    return tau[0] + (tau[1] - tau[0]) * step / max(1, steps - 1)
