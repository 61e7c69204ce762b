"""Measure VideoStreaming on stories that no training has seen:  python -m core.evaluate videostreaming

1× is the length of the longest videos in training, 16 clips of 4 seconds; 2× and 4× are twice and four times as long. Answers
are open: the likeliest of every colour, shape, count and "not shown", so that chance is one in eight at best.

    moment    "What colour is the ring?", "What shape is the red thing?": right, by selector
    recall    the share of the clips that show it which are among the V chosen (of V, where more do), by selector
    first     "What colour is the very first thing?", the reader being given the last V clips: with memory, and without
    constant  what is right of moments and first things for who always gives the most frequent answer
    count     "How many scenes show a ring?", adaptive: by the true number
    tokens    of a video that the reader is given, reader_ms: how long an answer takes; all_tokens, all_ms: of all memories
    forgetting  how often a linear probe, fitted on training videos, reads the colour of clip k − j in H_k, by j

Letters: K clips, T frames of a clip, E features, M memory tokens, V chosen clips, D width, A answers.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.data.features import features
from core.methods.videostreaming import stories, world
from core.methods.videostreaming.equations import answer, gumbel_top, indicator, read, similarity, spoken, stream
from core.methods.videostreaming.networks import FRAMES, LAGS, Streaming, same_length, word_ids
from core.methods.videostreaming.weights import load_streaming
from core.metrics import interval
from core.networks.weights import Loaded, given_clip, load_clip
from core.world.questions import ANSWERS, Question, Story, constants, tell

PARTS, CHOSEN = 1, 2
SECONDS = {"1": 64, "2": 128, "4": 256}
FAMILIES = ("find", "find", "first", "count")
TOLD = {"segment": stories.LENGTHS, "families": FAMILIES}
SELECTORS = ("adaptive", "last", *["random"] * 5)  # who draws is asked five times
VAL = range(12)
Sample = tuple[Tensor, tuple[Question, ...]]  # features of a story's seconds, and what is asked of it
SEEDS = 10  # the most training seeds that are looked for


def file_of(out: Path, seed: int) -> Path:
    """Where a seed is written: what the engine loads at the top, what it is compared with in a folder."""
    return out / "videostreaming.safetensors" if seed == 0 else out / "compared" / f"videostreaming_{seed}.safetensors"


@dataclass(frozen=True, eq=False)
class Encoded:
    """A story after the last clip: its memories [1, K, M, D], indicators [1, K, D], and what is asked of it."""

    memory_BKMD: Tensor
    clip_BKD: Tensor
    questions: tuple[Question, ...]


def encoded(model: Streaming, feature_TE: Tensor, questions: Iterable[Question], memory: bool = True) -> Encoded:
    """A video of whole clips, encoded once. feature_TE: of its seconds."""
    clip_BKTE = feature_TE.unflatten(0, (-1, FRAMES))[None]
    return Encoded(*stream(model.encoder, clip_BKTE, PARTS, memory), tuple(questions))


def chosen(model: Streaming, one: Encoded, question: Question, selector: str, chance: torch.Generator) -> tuple[Tensor, Tensor]:
    """The clips that a selector gives the reader [1, V], and the question's words."""
    words_BWD = spoken(model.encoder, same_length([word_ids(question.text)]))
    K = one.clip_BKD.shape[1]
    V = min(CHOSEN, K)
    if selector == "last":
        return torch.arange(K - V, K)[None], words_BWD
    if selector == "random":
        return torch.randperm(K, generator=chance)[:V].sort().values[None], words_BWD
    asks_BD = indicator(model.encoder, one.memory_BKMD[:, -1], words_BWD, PARTS)
    return gumbel_top(similarity(asks_BD, one.clip_BKD), CHOSEN)[0], words_BWD


def true_clips(question: Question, clips: int) -> Tensor:
    """Which clips show the answer, [K]."""
    return torch.tensor(question.shows(range(clips * FRAMES))).reshape(clips, FRAMES).any(1)


def said(model: Streaming, one: Encoded, place_BV: Tensor, words_BWD: Tensor) -> str:
    """The likeliest answer."""
    logits_BA = answer(model.reader, one.memory_BKMD, place_BV, torch.ones(place_BV.shape), words_BWD)
    return ANSWERS[int(logits_BA.argmax())]


@torch.no_grad()
def asked(model: Streaming, samples: Sequence[Sample], seed: int = 0) -> dict[str, dict]:
    """{moment, recall: by selector, first: {memory, without}, count: by true number}: 0 or 1 (or a share) for each question."""
    chance = torch.Generator().manual_seed(seed)
    found: dict[str, dict[str, list[float]]] = {"moment": {}, "recall": {}, "first": {}, "count": {}}

    def note(what: str, name: str, value: float) -> None:
        found[what].setdefault(name, []).append(float(value))

    for feature_TE, questions in samples:
        one, without = encoded(model, feature_TE, questions), encoded(model, feature_TE, questions, memory=False)
        for question in questions:
            if question.family == "first":
                for name, way in (("memory", one), ("without", without)):
                    right = said(model, way, *chosen(model, way, question, "last", chance)) == question.answer
                    note("first", name, right)
                continue
            for selector in SELECTORS if question.family == "find" else ("adaptive",):
                place_BV, words_BWD = chosen(model, one, question, selector, chance)
                right = said(model, one, place_BV, words_BWD) == question.answer
                if question.family == "count":
                    note("count", question.answer, right)
                    continue
                true_K = true_clips(question, one.clip_BKD.shape[1])
                note("moment", selector, right)
                note("recall", selector, true_K[place_BV[0]].sum() / min(CHOSEN, int(true_K.sum())))
    return found


def samples(clip: Loaded, split: str, seeds: Iterable[int], seconds: int, folder: Path) -> list[Sample]:
    """(features, questions) of stories."""
    return [
        (features(clip, split, seconds, seed, folder, **TOLD), tell(seed, split, seconds, **TOLD).questions) for seed in seeds
    ]


def measured(model: Streaming, clip: Loaded, split: str, seeds: Sequence[int], folder: Path) -> dict[str, float]:
    """What stands beside the weights: moments, recall and the very first thing at 1×."""
    found = asked(model, samples(clip, split, seeds, SECONDS["1"], folder))
    one = {"moment": found["moment"]["adaptive"], "recall": found["recall"]["adaptive"], "first": found["first"]["memory"]}
    return {f"{split}_{name}": float(np.mean(values)) for name, values in one.items()} | {"stories": len(seeds)}


# ---- the command ----------------------------------------------------------------------------------------------------------


def evaluate(weights: Path, clips: int, seed: int, device: torch.device) -> dict:
    """Every number of the module's first lines; fractions are 0–1, means over training seeds. clips: stories of each length."""
    clip, folder = load_clip(given_clip(weights)), stories.FOLDER
    files = [file for s in range(SEEDS) if (file := file_of(weights, s)).is_file()]
    models = [load_streaming(file, clip).network for file in files]
    if not models:
        raise SystemExit(f"There are no trained VideoStreaming weights in {weights}.")
    seeds = range(seed * 100_000, seed * 100_000 + clips)
    costs = ("tokens", "all_tokens", "reader_ms", "all_ms")
    found: dict = {name: {} for name in ("moment", "recall", "first", "count", "constant", *costs, "spread")}
    for length, seconds in SECONDS.items():
        told = samples(clip, "test", seeds, seconds, folder)
        each = [asked(model, told, seed) for model in models]
        for what in ("moment", "recall", "first", "count"):
            value_of = {name: np.stack([one[what][name] for one in each]) for name in each[0][what]}
            found[what][length] = {name: float(value_SN.mean()) for name, value_SN in value_of.items()}
            if what != "count":
                found["spread"].setdefault(what, {})[length] = {n: interval(v_SN, seed) for n, v_SN in value_of.items()}
        for what, family in (("moment", "find"), ("first", "first")):
            of_family = [one for _, questions in told for one in questions if one.family == family]
            found["constant"].setdefault(what, {})[length] = constants(of_family)["answer"]
        found["tokens"][length] = min(CHOSEN, seconds // FRAMES) * FRAMES * PARTS
        found["all_tokens"][length] = seconds * PARTS
        found["reader_ms"][length] = reader_ms(models[0], told[0])
        found["all_ms"][length] = reader_ms(models[0], told[0], every=True)
    found["forgetting"] = forgetting(models[0], told, [tell(one, "test", seconds, **TOLD) for one in seeds])
    found["about"] = {
        "command": f"python -m core.evaluate videostreaming --clips {clips} --seed {seed}", "split": "test", "stories": clips,
        "seconds": SECONDS, "frames": FRAMES, "chosen": CHOSEN, "training_seeds": len(models), "weights": [clip.label],
    }  # fmt: skip
    return found


@torch.no_grad()
def reader_ms(model: Streaming, sample: Sample, every: bool = False, times: int = 50) -> float:
    """Milliseconds from the memories to an answer, the question's own reading and choice included; the quickest of
    several, as others have the processor, too. every: from all memories, of which none is chosen."""
    one = encoded(model, *sample)
    question, chance, taken = one.questions[0], torch.Generator(), []
    for _ in range(times):
        began = time.perf_counter()
        place_BV, words_BWD = chosen(model, one, question, "adaptive", chance)
        said(model, one, torch.arange(one.clip_BKD.shape[1])[None] if every else place_BV, words_BWD)
        taken.append((time.perf_counter() - began) * 1e3)
    return min(taken)


@torch.no_grad()
def forgetting(
    model: Streaming, told: Sequence[tuple[Tensor, tuple[Question, ...]]], stories_: Sequence[Story]
) -> dict[str, float]:
    """{j: how often the probe of j names the colour that clip k − j shows longest, from H_k}."""
    right: dict[int, list[Tensor]] = {lag: [] for lag in LAGS}
    for (feature_TE, questions), story in zip(told, stories_, strict=True):
        memory_KMD = encoded(model, feature_TE, questions).memory_BKMD[0]
        K = len(memory_KMD)
        span_K2 = torch.arange(K + 1).unfold(0, 2, 1) * FRAMES
        colour_K = world.colours([(*span, one.caption) for span, one in zip(story.spans, story.scenes)], span_K2)
        assert colour_K is not None, "every caption of a story names a colour"
        read_JK = read(model.probe_JXC, memory_KMD).argmax(-1)
        for lag, read_K in zip(LAGS, read_JK, strict=True):
            right[lag].append(read_K[lag:] == colour_K[: K - lag])
    return {str(lag): float(torch.cat(each).float().mean()) for lag, each in right.items()}


def table(found: Mapping) -> str:
    """The numbers as a person reads them."""
    lines = [f"{'':20}" + "".join(f"{length + '×':>22}" for length in SECONDS)]
    for what in ("moment", "recall", "first"):
        for name in found[what]["1"]:
            cells = [f"{row['mean']:.3f} ({row['low']:.3f}–{row['high']:.3f})" for row in
                     (found["spread"][what][length][name] for length in SECONDS)]  # fmt: skip
            lines.append(f"{what + ', ' + name:20}" + "".join(f"{cell:>22}" for cell in cells))
    for what, row in found["constant"].items():
        lines.append(f"{what + ', constant':20}" + "".join(f"{row[length]:>22.3f}" for length in SECONDS))
    for true in sorted(found["count"]["1"]):
        cells = [found["count"][length].get(true) for length in SECONDS]
        lines.append(
            f"{'count, ' + true:20}" + "".join(f"{'—' if cell is None else format(cell, '.3f'):>22}" for cell in cells)
        )
    for what, form in (("tokens", "d"), ("all_tokens", "d"), ("reader_ms", ".2f"), ("all_ms", ".2f")):
        lines.append(f"{what:20}" + "".join(f"{format(found[what][length], form):>22}" for length in SECONDS))
    probe = "  ".join(f"{j}: {share:.2f}" for j, share in found["forgetting"].items())
    return "\n".join([*lines, "", f"colour of clip k − j read from H_k  {probe}"])
