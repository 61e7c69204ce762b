"""Stages that several methods have: what chooses K frames of a long video begins with candidates and ends with frames.

Letters: T candidate frames, K chosen frames, E features shared by frames and texts.
"""

import numpy as np
import torch
from torch import Tensor

from core.device import upload
from core.errors import BadGiven
from core.networks.question import question_feature, unread
from core.networks.vision import encoded
from core.video.footage import in_batches, last_seconds, per_second


def candidate_T(video, rate: float) -> tuple[int, ...]:
    """i: the frames shown at 0, 1/r, 2/r … seconds, each once: among these K are chosen."""
    return tuple(per_second(video, rate))


def span_T2(video, candidate_T: tuple[int, ...], device) -> Tensor:
    """[t_i, t_{i+1}]: the seconds that a candidate stands for, until the next."""
    return spans(video, [*candidate_T, video.N]).to(device)


def spans(video, border_S: list[int]) -> Tensor:
    """From each of these frames to the next, in seconds: [S, 2] of S + 1 borders. Frame N is the end of the video."""
    end = float(video.time_N[-1]) + last_seconds(video)
    second_S = torch.tensor([float(video.time_N[frame]) if frame < video.N else end for frame in border_S])
    return torch.stack([second_S[:-1], second_S[1:]], -1)


def feature_TE(video, candidate_T: tuple[int, ...], clip_towers, device) -> Tensor:
    """F_f: the frozen tower's feature of each candidate, unit length; a few frames are in memory at a time."""
    return torch.cat(in_batches(video, candidate_T, lambda clip: encoded(clip, clip_towers.vision, device)))


def middles(T: int, K: int) -> tuple[int, ...]:
    """The middle of each of K equal parts of T, or all of T: what a choice is compared with."""
    parts = min(K, T)
    return tuple((2 * part + 1) * T // (2 * parts) for part in range(parts))


def gumbel(shape: tuple[int, ...], chance: torch.Generator | None) -> Tensor:
    """γ = −log(−log u), u ~ U(0, 1): top-K of scores + γ is a draw of K without replacement. Of the processor, the same numbers
    on every device."""
    return -torch.rand(shape, generator=chance).clamp(1e-9, 1 - 1e-7).log().neg().log()


def question_E(question: str, clip_towers) -> Tensor:
    """F_t: the frozen text tower's feature of the question, without its options, unit length."""
    return question_feature(question, clip_towers.text)


def unknown_words(question: str, clip_towers) -> tuple[str, ...]:
    """Words of the question that the text tower has never seen: each is a vector of its own, which no picture was like."""
    return unread(question, clip_towers.text)


def highest_K(score_T: Tensor, candidate_T: tuple[int, ...], budget: int) -> tuple[int, ...]:
    """V = top-K of S (all, where there are fewer), in the order of time; among equals the earlier."""
    if len(score_T) != len(candidate_T):
        raise BadGiven(f"There is a score for each of the {len(candidate_T)} candidates, got {len(score_T)}.")
    order_T = np.argsort(-score_T.cpu().numpy(), kind="stable")
    return tuple(candidate_T[place] for place in sorted(order_T[:budget].tolist()))


def time_K(video, frame_K: tuple[int, ...], device) -> Tensor:
    """t: the second at which each chosen frame begins to be shown."""
    return torch.from_numpy(video.time_N[list(frame_K)]).float().to(device)


def picture_KHWC(video, frame_K: tuple[int, ...], device) -> Tensor:
    """The chosen frames themselves: what whoever answers the question is given to see."""
    return upload(video.frames(frame_K), device)


def score_K(score_T: Tensor, candidate_T: tuple[int, ...], frame_K: tuple[int, ...]) -> Tensor:
    """S_k: the score of each chosen frame, in the order of time."""
    place_of = {frame: place for place, frame in enumerate(candidate_T)}
    if strangers := [frame for frame in frame_K if frame not in place_of]:
        raise BadGiven(f"Frames are chosen among the candidates, and {strangers[0]} is none of them.")
    return score_T[torch.tensor([place_of[frame] for frame in frame_K]).to(score_T.device)]
