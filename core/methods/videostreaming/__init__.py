"""VideoStreaming: a long video is read clip by clip into memories of fixed size, and a question chooses V of them.

Qian et al., Streaming Long Video Understanding with Large Language Models, NeurIPS 2024 (arXiv 2405.16009). We found no code of
theirs; equations are quoted from summaries of the paper, and what these do not say is our reading (`lesson.READINGS`). In place
of Phi-2 and Vicuna-7B there are two small transformers, trained on our world.

Letters: K clips, T frames of a clip, P summary tokens of a frame, M = T·P memory tokens, V chosen clips, F = V·T chosen frames,
E features of the frozen tower, D width, A answers, S candidates, or tokens of a step.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.device import upload
from core.errors import BadGiven
from core.fold import fold
from core.kinds import (
    Answer,
    ChosenFrames,
    ChosenPictures,
    ChosenTimes,
    Fact,
    Matrix,
    Segments,
    SegmentScores,
    SegmentTruths,
    Sentence,
)
from core.knobs import KnobSet, knob
from core.method import Group, Method, Network
from core.methods import shared
from core.methods.videostreaming import equations, world
from core.methods.videostreaming.networks import CHOSEN, LONGEST, PARTS, VOCABULARY, same_length, word_ids
from core.methods.videostreaming.weights import load_streaming
from core.networks.text import words
from core.networks.weights import load_clip
from core.video.footage import in_batches, per_second
from core.world.questions import ANSWERS

PROMPTS = {"both": ("history", "clip"), "history": ("history",), "clip": ("clip",), "none": ()}
SAID = 3  # likeliest answers that are told


class StreamingKnobs(KnobSet):
    """What a reader may turn."""

    frames: int = knob(4, "T", (2, LONGEST, 1), "frames of a clip, a frame a second")
    parts: int = knob(1, "P", (1, PARTS, 1), "summary tokens of a frame: a memory has T·P")
    budget: int = knob(4, "V", (1, CHOSEN, 1), "clips whose memories the reader is given")
    memory: bool = knob(True, "H", None, "each clip is read after the memory of those before it; off: alone")
    prompts: str = knob("both", "t", tuple(PROMPTS), "time prompts: from when to when history and clip last")
    selector: str = knob("adaptive", "I", ("adaptive", "last", "random", "even", "oracle"), "what chooses the V clips")
    noise: int = knob(0, "γ", (0, 99, 1), "draw of the Gumbel noise on the similarities, and of random clips; 0: no noise")
    shown: int = knob(2, "k", (1, 256, 1), "the step whose attention is shown; behind the end: the last")


@dataclass(frozen=True, eq=False)
class Encoding:
    """What one step leaves: memory_MD is H_k, clip_D is Ĥ_k, look_SS who looked at whom in the last block, mean over heads."""

    memory_MD: Tensor
    clip_D: Tensor
    look_SS: Tensor


# ---- the video, clip by clip --------------------------------------------------------------------------------------------


def candidate_S(video) -> tuple[int, ...]:
    """The frames shown at 0, 1, 2 … seconds."""
    return tuple(per_second(video, 1.0))


def feature_SE(video, candidate_S: tuple[int, ...], clip_towers, device) -> Tensor:
    """The frozen tower's feature of each of these frames, unit length; a few frames are in memory at a time."""
    vision = clip_towers.vision
    return torch.cat(
        in_batches(video, candidate_S, lambda clip: vision.encode(vision.embed(vision.pixels(upload(clip, device)))))
    )


def clip_KTE(feature_SE: Tensor, frames: int) -> Tensor:
    """F_k: T frames after T frames; the last clip is filled up with its last frame."""
    missing = -len(feature_SE) % frames
    return torch.cat([feature_SE, feature_SE[-1:].expand(missing, -1)]).unflatten(0, (-1, frames))


def span_K2(video, candidate_S: tuple[int, ...], frames: int, device) -> Tensor:
    """[t_k, t_{k+1}]: from when to when each clip lasts."""
    return shared.spans(video, [*candidate_S[::frames], video.N]).to(device)


@fold(over="clip_KTE")
def steps(
    before: tuple[int, Tensor] | None, clip_TE: Tensor, streaming, parts: int, memory: bool, prompts: str
) -> tuple[tuple[int, Tensor], Encoding]:  # fmt: skip
    """H_k, Ĥ_k = g([t ∘ H_{k−1} ∘ F_k ∘ S_k ∘ Ŝ_k]): each clip through the causal encoder, after the memory before it."""
    k, memory_BMD = before or (0, None)
    T = len(clip_TE)
    told = equations.Told(T * k, T * (k + 1), PROMPTS[prompts])
    memory_BMD, clip_BD, look_BNSS = equations.step(
        streaming.encoder, memory_BMD if memory else None, clip_TE[None], parts, told
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


# ---- a question of it ---------------------------------------------------------------------------------------------------


def question_D(question: str, memory_KMD: Tensor, streaming, parts: int) -> Tensor:
    """Ĥ_Q = g([H_K ∘ Q]): the question indicator, read after the last clip's memory."""
    return equations.indicator(streaming.encoder, memory_KMD[None, -1], spoken(question, streaming), parts)[0]


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


def true_K(video, question: str, span_K2: Tensor) -> Tensor:
    """The clips that show what is asked for, where the video says what it shows and the question is one that we can read."""
    found = world.evidence(question, getattr(video, "segments", ()))
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
        return tuple((2 * v + 1) * K // (2 * V) for v in range(V))
    first_K = true_K * 1e6 if selector == "oracle" else 0.0
    return tuple(sorted((logit_K + first_K).topk(V).indices.tolist()))


def answer_A(memory_KMD: Tensor, chosen_V: tuple[int, ...], question: str, streaming) -> Tensor:
    """p = softmax(reader([H_v ∘ Q])): every answer's probability, from V·T·P tokens of the video and the question's words."""
    return streaming.reader(memory_KMD[None, list(chosen_V)], spoken(question, streaming))[0].softmax(-1)


def answer(answer_A: Tensor) -> str:
    """a = argmax p: the likeliest answer."""
    return ANSWERS[int(answer_A.argmax())]


def said(answer_A: Tensor) -> str:
    """The likeliest answers and their probabilities."""
    likely = answer_A.topk(SAID)
    return ", ".join(f"{ANSWERS[a]} {p:.0%}" for p, a in zip(likely.values.tolist(), likely.indices.tolist(), strict=True))


def tokens(memory_KMD: Tensor, chosen_V: tuple[int, ...]) -> tuple[int, int]:
    """V·T·P and K·T·P: tokens of the video that the reader is given, and those of all memories."""
    K, M, _ = memory_KMD.shape
    return len(chosen_V) * M, K * M


# ---- what is seen in them -----------------------------------------------------------------------------------------------


def frame_F(chosen_V: tuple[int, ...], candidate_S: tuple[int, ...], frames: int) -> tuple[int, ...]:
    """The frames of the chosen clips, in the order of time."""
    return tuple(frame for v in chosen_V for frame in candidate_S[v * frames : (v + 1) * frames])


def time_F(video, frame_F: tuple[int, ...], device) -> Tensor:
    """t: the second at which each of them begins to be shown."""
    return shared.time_K(video, frame_F, device)


def picture_FHWC(video, frame_F: tuple[int, ...], device) -> Tensor:
    """The frames of the chosen clips themselves. The reader does not see them: it is given their memories."""
    return shared.picture_KHWC(video, frame_F, device)


def clips_of(frames: int) -> dict[str, int]:
    """The knobs with which so many frames are those of whole clips, as long as in training where there are enough."""
    length = min(max(frames, 2), StreamingKnobs().frames)
    return {"frames": length, "budget": max(1, frames // length)}


CLIP = Network("clip", load_clip)


METHOD = Method(
    name="videostreaming",
    place=64,
    title="VideoStreaming — memories of clips, and those that a question chooses",
    paper="Qian et al., Streaming Long Video Understanding with Large Language Models, NeurIPS 2024",
    knobs=StreamingKnobs,
    stages=(
        candidate_S, feature_SE, clip_KTE, span_K2, steps, memory_KMD, clip_KD, drift_KM, likeness_KK, look_SS, token_names,
        question_D, unknown_words, score_K, logit_K, true_K, chosen_V, answer_A, answer, said, tokens, frame_F, time_F,
        picture_FHWC,
    ),
    networks={"streaming": Network("videostreaming", load_streaming, (CLIP,)), "clip_towers": CLIP},
    outputs=(
        Segments("span_K2", "[t, t′]", "clips", "seconds"),
        SegmentScores("score_K", "s", "how well each clip fits the question", "cosine", unknown="unknown_words"),
        SegmentTruths("true_K", "y", "clips that show what is asked for"),
        ChosenFrames("frame_F", "I", "frames of the chosen clips", budget=clips_of),
        ChosenTimes("time_F", "t", "when they are shown", "seconds"),
        SegmentScores("logit_K", "s/τ + γ", "the same with the noise of a draw", "logit"),
        Answer("answer", "a", "the likeliest answer", when="network"),
        Sentence("said", "a, p", "the likeliest answers", when="network"),
        Fact(
            "tokens", "V·T·P", "tokens that the reader is given",
            words=lambda knobs: "The reader is given *{}* tokens of the video, whatever its length; all memories are {}.",
        ),
        Matrix("drift_KM", "ΔH", "what a clip changes in the memory", "of its length", rows="clip", columns="memory token"),
        Matrix("likeness_KK", "cos(H_j, H_k)", "how alike two memories are", "cosine", rows="clip", columns="clip"),
        Matrix(
            "look_SS", "A_k", "who looks at whom in one step", "share", rows="token that looks", columns="token looked at",
            names="token_names",
        ),
        ChosenPictures("picture_FHWC", "F", "what is seen in them", when="network"),
    ),
    layout=(
        Group("Where in the video", ("span_K2", "score_K", "true_K", "frame_F", "time_F")),
        Group("What the reader answers", ("said",)),
        Group("What the reader is given", ("tokens",)),
        Group("With the noise of a draw", ("span_K2", "logit_K", "frame_F", "time_F")),
        Group("The memory, clip by clip", ("drift_KM",)),
        Group("How alike the memories are", ("likeness_KK",)),
        Group("One step of the encoder", ("look_SS",)),
        Group("The chosen clips", ("frame_F", "time_F", "picture_FHWC")),
    ),
    untrained=lambda labels, knobs: ["VideoStreaming"] if any("UNTRAINED" in label for label in labels) else [],
)  # fmt: skip
