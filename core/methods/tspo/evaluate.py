"""Measure TSPO against other choices of as many frames, on stories that training never saw:  python -m core.evaluate tspo

    recall, accuracy   {"1", "2", "4": {sampler: share}}: of questions of QUESTIONS, how much of the evidence is among K = 8
                       frames (a span counts when one of its frames is chosen), and how often the frozen reader then answers
                       right; at 1, 2 and 4 times the training length
    rewarded           the same for R_T, the share of chosen frames that lie in the evidence
    families           {family: {sampler: accuracy}} at the training length
    constant           what is right without looking: an option of one place, the most frequent answer (of a family), chance
    after              accuracy on what follows a thing, which this wiring cannot learn: F_e does not know the question
    map                [{length, depth, recall}] of the trained agent: how long the video is, and in which part of it (0–1) the
                       needle lies, the scene that is asked for; those in the first and the last are mostly *begin* and *end*
    intervals          where 95 % of recall and accuracy lie, when videos and training seeds are drawn anew
    better             the same of how much higher the trained agent is than each choice without one, on the same questions

Samplers: K middles of equal parts, a draw, top-K of the frame's cosine, the agent before training, trained by R_A + R_T, by
R_A alone, by rewards that are dealt out by chance, and evidence alone (the bound). Weights are all of `tspo*.safetensors`
beside the CLIP that they were trained on and in the folder `compared`, a training seed each; a seed that holds no agent of a
kind is left out where that is measured, and what chooses without an agent is read by the readers of all.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.errors import ReaderError
from core.evaluate.tables import number_table
from core.methods.shared import middles
from core.methods.tspo.equations import cosine, events
from core.methods.tspo.networks import Reader
from core.methods.tspo.reading import answer_logits
from core.methods.tspo.train import FEATURES, LENGTH, WINDOW, K
from core.methods.tspo.videos import Asked, asked
from core.methods.tspo.weights import Parts, load_parts
from core.metrics import interval
from core.networks.weights import given_clip, load_clip
from core.world.questions import constants

QUESTIONS = ("find", "begin", "end")
TIMES = (1, 2, 4)
MEASURES = ("recall", "accuracy", "rewarded")
SHARE = 12  # of --clips, one in so many is a video of each length
BOUND = "oracle"
AGENTS = {"tspo": "both", "r_a_only": "answer", "untrained": "untrained", "shuffled": "shuffled"}


def evaluate(weights: Path, clips: int, seed: int, device: torch.device) -> dict:
    """Every number of the module's first lines."""
    clip = load_clip(given_clip(weights))
    files = [file for folder in (weights, weights / "compared") for file in sorted(folder.glob("tspo*.safetensors"))]
    if not files:
        raise ReaderError(f"There are no trained weights of TSPO in {weights}: python -m core.training tspo")
    loaded = [load_parts(file, clip) for file in files]
    every = [one.network for one in loaded]  # where the videos' features are: the processor
    V = max(3, clips // SHARE)
    found: dict = {name: {} for name in MEASURES}
    intervals: dict = {"recall": {}, "accuracy": {}}
    better: dict = {"recall": {}, "accuracy": {}}
    needles, asked_all = {}, []
    for times in TIMES:
        data = asked(clip, "test", times * LENGTH, range(seed * 100_000, seed * 100_000 + V), FEATURES)
        asked_all += [one for every_one in data.questions for one in every_one if one.family in QUESTIONS]
        judgement = judged(every, data, QUESTIONS, seed)
        needles[times] = judgement["tspo"]
        for name, rows in judgement.items():
            for measure in MEASURES:
                found[measure].setdefault(str(times), {})[name] = float(rows[measure].mean())
            for measure in intervals:
                intervals[measure].setdefault(str(times), {})[name] = of_videos(rows[measure], rows["video"])
                if name not in (*AGENTS, BOUND):
                    more_SN = judgement["tspo"][measure] - rows[measure]
                    better[measure].setdefault(str(times), {})[name] = of_videos(more_SN, rows["video"])
        if times == 1:
            found["families"] = {
                family: {name: float(rows["accuracy"].mean()) for name, rows in judged(every, data, (family,), seed).items()}
                for family in (*QUESTIONS, "after")
            }
    found |= {
        "constant": constants(asked_all), "after": found["families"]["after"], "map": needle_map(needles),
        "intervals": intervals, "better": better,
        "about": {
            "videos": V, "chosen": K, "length": LENGTH, "training_seeds": len(every), "towers": clip.digest,
            "weights": [file.name for file in files], "digests": [one.digest for one in loaded],
        },
    }  # fmt: skip
    return found


def judged(every: list[Parts], data: Asked, families: tuple[str, ...], seed: int) -> dict[str, dict[str, np.ndarray]]:
    """Sampler → recall, accuracy and R_T of every question, [training seeds, N], its video and the depth of its evidence."""
    v_N, j_N = data.of(families).T
    shown_NT, N, T = data.shown_VJT[v_N, j_N], len(v_N), data.T
    question_NE = data.question_VJE[v_N, j_N]
    alone_NT = torch.stack([cosine(data.feature_VTE[v][None], q[None])[0] for v, q in zip(v_N, question_NE)])
    chance_NT = torch.from_numpy(np.random.default_rng([seed, T]).random((N, T)))
    fixed = dict(
        uniform=torch.tensor(middles(T, K)).expand(N, -1), random=chance_NT.topk(K, -1).indices,
        clip_topk=alone_NT.topk(K, -1).indices, oracle=spread_over(shown_NT),
    )  # fmt: skip
    place = {name: [(parts, one) for parts in every] for name, one in fixed.items()}
    for name, variant in AGENTS.items():
        there = [parts for parts in every if variant in parts.agents]
        if there:
            place[name] = [(parts, chosen(parts, variant, data, v_N, question_NE, alone_NT)) for parts in there]
    depth_N = (shown_NT * torch.arange(T)).sum(-1) / shown_NT.sum(-1) / T
    made = {}
    for name, several in place.items():
        rows = [measured(parts.reader, data, v_N, j_N, one.sort(-1).values) for parts, one in several]
        made[name] = {measure: np.stack([row[measure] for row in rows]) for measure in rows[0]}
        made[name] |= {"video": v_N.numpy(), "depth": depth_N.numpy()}
    return made


def chosen(parts: Parts, variant: str, data: Asked, v_N: Tensor, question_NE: Tensor, alone_NT: Tensor) -> Tensor:
    """Top-K of an agent's scores: [N, K]. What happens in a video is made once, whatever is asked of it."""
    with torch.no_grad():
        event_VTE = [events(one[None], parts.agent(variant), WINDOW) for one in data.feature_VTE]
        around_NT = torch.cat([cosine(event_VTE[v], q[None]) for v, q in zip(v_N, question_NE)])
    return (alone_NT + around_NT).topk(K, -1).indices


def measured(reader: Reader | None, data: Asked, v_N: Tensor, j_N: Tensor, place_NK: Tensor) -> dict[str, np.ndarray]:
    """Recall, accuracy and R_T of every question for one choice of frames."""
    assert reader is not None
    inside_NK = data.shown_VJT[v_N, j_N].gather(-1, place_NK)
    with torch.no_grad():
        logit_NA = torch.cat([
            answer_logits(
                reader, data.feature_VTE[v][None], data.question_VJE[v, j][None], place[None], data.option_VJA[v, j][None]
            )
            for v, j, place in zip(v_N, j_N, place_NK)
        ])  # fmt: skip
    recall = [
        np.mean([any(begin <= place < end for place in places) for begin, end in data.questions[v][j].evidence])
        for v, j, places in zip(v_N.tolist(), j_N.tolist(), place_NK.tolist())
    ]
    right_N = logit_NA.argmax(-1) == data.answer_VJ[v_N, j_N]
    return {"recall": np.array(recall), "accuracy": right_N.float().numpy(), "rewarded": inside_NK.float().mean(-1).numpy()}


def spread_over(shown_NT: Tensor) -> Tensor:
    """K frames of the evidence, as far apart as they are: what nobody who does not know the answer can choose. [N, K]"""
    rows = []
    for shown_T in shown_NT:
        there = shown_T.nonzero()[:, 0]
        rows.append(there[torch.arange(K) * len(there) // K])
    return torch.stack(rows)


def of_videos(value_SN: np.ndarray, video_N: np.ndarray) -> list[float]:
    """[low, high] of a mean over questions: videos, each with all that is asked of it, and training seeds are drawn anew."""
    made = interval(np.stack([value_SN[:, video_N == video].mean(1) for video in np.unique(video_N)], -1))
    return [made["low"], made["high"]]


def needle_map(rows: dict[int, dict[str, np.ndarray]], parts: int = 4) -> list[dict]:
    """Recall by length and by where in the video the evidence lies, in equal parts; None where no question has it there."""
    made = []
    for times, row in rows.items():
        bin_N = np.minimum((row["depth"] * parts).astype(int), parts - 1)
        for part in range(parts):
            there = bin_N == part
            recall = float(row["recall"][:, there].mean()) if there.any() else None
            made.append(
                {"length": times * LENGTH, "depth": (part + 0.5) / parts, "recall": recall, "questions": int(there.sum())}
            )
    return made


def table(found: dict) -> str:
    """The numbers as a person reads them."""
    lines = []
    for measure in ("recall", "accuracy"):
        names = {times: f"{times}× training length" for times in found[measure]}
        rows = {name: {t: row[name] for t, row in found[measure].items()} for name in found[measure]["1"]}
        lines += [measure, number_table(rows, names), ""]
    return "\n".join([*lines, f"without looking: {found['constant']}", f"after: {found['after']}"])
