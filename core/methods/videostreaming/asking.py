"""VideoStreaming's stages of a question: it is asked of what the video left, and nothing is encoded again.

Letters as in the method; Q questions.
"""

import re

import torch
from torch import Tensor

from core.errors import BadGiven
from core.methods import shared
from core.methods.shared import middles
from core.methods.videostreaming import equations, world
from core.methods.videostreaming.networks import VOCABULARY, same_length, word_ids
from core.networks.text import words
from core.world.questions import ANSWERS, known_question

SAID = 3  # likeliest answers that are told
ALL = 256  # memories that the reader is given to compare with, at most: what it costs grows with their square


def asked_Q(question: str, video) -> tuple[str, ...]:
    """The questions of this run: each that ends with a question mark, the first of which is shown; and those that are known of
    the video."""
    own = [one.strip() for one in re.findall(r"[^?]+\??", question) if one.strip()]
    own = [known.text if (known := known_question(video, one)) else one for one in own or [question]]
    return tuple(dict.fromkeys([*own, *(one.text for one in getattr(video, "questions", ()))]))


def question_D(asked_Q: tuple[str, ...], memory_KMD: Tensor, streaming, parts: int) -> Tensor:
    """Ĥ_Q = g([H_K ∘ Q]): the question indicator, read after the last clip's memory."""
    return equations.indicator(streaming.encoder, memory_KMD[None, -1], spoken(asked_Q[0], streaming), parts)[0]


def spoken(question: str, streaming) -> Tensor:
    """The question's words as tokens, [1, W + 1, D]."""
    ids_BW = same_length([word_ids(question)]).to(streaming.encoder.mean_E.device)
    return equations.spoken(streaming.encoder, ids_BW)


def unknown_words(question: str) -> tuple[str, ...]:
    """Words of the question that the encoder has never seen, and reads as one and the same unknown word."""
    return tuple(dict.fromkeys(word for word in words(question) if word not in VOCABULARY))


def score_K(question_D: Tensor, clip_KD: Tensor) -> Tensor:
    """s_k = cos(Ĥ_Q, Ĥ_k): how well each clip fits the question."""
    return equations.similarity(question_D[None], clip_KD[None])[0]


def logit_K(score_K: Tensor, noise: int) -> Tensor:
    """s/τ + γ, γ ~ Gumbel(0, 1): the same with the noise of a draw; none where it is 0."""
    chance = torch.Generator().manual_seed(noise)  # of the processor: the same numbers on every device
    return score_K / equations.TAU + (equations.gumbel(score_K, chance) if noise else 0.0)


def true_K(video, asked_Q: tuple[str, ...], span_K2: Tensor) -> Tensor:
    """The clips that show what is asked for, where the video says what it shows and the question is one that we can read."""
    found = world.evidence(asked_Q[0], getattr(video, "segments", ()))
    shown = [any(begin < end_k and begin_k < end for begin, end in found) for begin_k, end_k in span_K2.tolist()]
    return torch.tensor(shown, dtype=torch.bool, device=span_K2.device)


def chosen_V(logit_K: Tensor, true_K: Tensor, selector: str, noise: int, budget: int) -> tuple[int, ...]:
    """I = top-V of s/τ + γ, in the order of time; or the last clips, random ones, evenly spaced ones, the true ones first."""
    if len(logit_K) != len(true_K):
        raise BadGiven(f"There is a similarity for each of the {len(true_K)} clips, got {len(logit_K)}.")
    K = len(logit_K)
    V = min(budget, K)
    if selector == "last":
        return tuple(range(K - V, K))
    if selector == "random":
        return tuple(sorted(torch.randperm(K, generator=torch.Generator().manual_seed(noise))[:V].tolist()))
    if selector == "even":
        return middles(K, V)
    first_K = true_K * 1e6 if selector == "oracle" else 0.0
    return tuple(sorted((logit_K + first_K).topk(V).indices.tolist()))


def answer_A(memory_KMD: Tensor, chosen_V: tuple[int, ...], asked_Q: tuple[str, ...], streaming) -> Tensor:
    """p = softmax(reader([H_v ∘ Q])): every answer's probability, from V·T·P tokens of the video and the question's words."""
    place_V = torch.tensor(chosen_V, device=memory_KMD.device)
    return streaming.reader(memory_KMD[place_V][None], spoken(asked_Q[0], streaming))[0].softmax(-1)


def reply(answer_A: Tensor) -> str:
    """a = argmax p: the likeliest answer."""
    return ANSWERS[int(answer_A.argmax())]


def said(answer_A: Tensor) -> str:
    """The likeliest answers and their probabilities."""
    likely = answer_A.topk(SAID)
    return ", ".join(f"{ANSWERS[a]} {p:.0%}" for p, a in zip(likely.values.tolist(), likely.indices.tolist(), strict=True))


def every_A(memory_KMD: Tensor, asked_Q: tuple[str, ...], streaming) -> Tensor:
    """The same from the memories of all clips (of ALL, where there are more): what choosing saves. No reader was trained so."""
    return answer_A(memory_KMD, middles(len(memory_KMD), ALL), asked_Q, streaming)


def said_every(every_A: Tensor) -> str:
    """What it answers from all of them."""
    return said(every_A)


def answers(
    asked_Q: tuple[str, ...], memory_KMD: Tensor, clip_KD: Tensor, span_K2: Tensor, video, streaming, parts: int, selector: str,
    noise: int, budget: int,
) -> str:  # fmt: skip
    """Every question of this run on the one encoding: its likeliest answer, the clips that were chosen, and what is right."""
    lines = []
    for one in asked_Q:
        score = score_K(question_D((one,), memory_KMD, streaming, parts), clip_KD)
        chosen = chosen_V(logit_K(score, noise), true_K(video, (one,), span_K2), selector, noise, budget)
        answer = ANSWERS[int(answer_A(memory_KMD, chosen, (one,), streaming).argmax())]
        clips = ", ".join(str(v + 1) for v in chosen)
        known = known_question(video, one)
        right = "" if known is None else "; right" if known.answer == answer else f"; it is {known.answer}"
        lines.append(f"{one} {answer}{right} (clips {clips})")
    return "\n".join(lines)


def tokens(memory_KMD: Tensor, chosen_V: tuple[int, ...]) -> tuple[int, int]:
    """V·T·P and K·T·P: tokens of the video that the reader is given, and those of all memories."""
    K, M, _ = memory_KMD.shape
    return len(chosen_V) * M, K * M


def tokens_K3(memory_KMD: Tensor, budget: int) -> Tensor:
    """(k, min(k, V)·T·P, k·T·P): both after each number of clips."""
    K, M, _ = memory_KMD.shape
    clip_K = torch.arange(1, K + 1, device=memory_KMD.device)
    return torch.stack([clip_K, clip_K.clamp(max=budget) * M, clip_K * M], -1).float()


# ---- what is seen in the chosen clips --------------------------------------------------------------------------------------


def frame_F(chosen_V: tuple[int, ...], candidate_T: tuple[int, ...], frames: int) -> tuple[int, ...]:
    """The frames of the chosen clips, in the order of time."""
    return tuple(frame for v in chosen_V for frame in candidate_T[v * frames : (v + 1) * frames])


def time_F(video, frame_F: tuple[int, ...], device) -> Tensor:
    """t: the second at which each of them begins to be shown."""
    return shared.time_K(video, frame_F, device)


def picture_FHWC(video, frame_F: tuple[int, ...], device) -> Tensor:
    """The frames of the chosen clips themselves. The reader does not see them: it is given their memories."""
    return shared.picture_KHWC(video, frame_F, device)
