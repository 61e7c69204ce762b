"""Long videos of the world as a selector in training has them: what a frozen CLIP sees in every candidate, once and for all.

A video's features are computed once and lie in a folder beside what made them: `DIGEST_split_seconds_seed.npy`, float16 [T, E].

Letters: V videos, J questions of each, T candidate frames, E features shared by frames and texts, A answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from core.methods.shared import encoded
from core.methods.tspo.networks import allowed
from core.networks.question import question_feature
from core.networks.weights import Loaded
from core.video.footage import in_batches
from core.world.long import asked_video
from core.world.questions import ANSWERS, FAMILIES, Question, tell

CPU = torch.device("cpu")
TWICE = (*FAMILIES, *FAMILIES)  # of each family two questions, drawn anew


@dataclass(frozen=True, eq=False)
class Asked:
    """Videos of one length and what is asked of them. shown_VJT: evidence; option_VJA, answer_VJ: places in ANSWERS."""

    feature_VTE: Tensor
    question_VJE: Tensor
    shown_VJT: Tensor
    option_VJA: Tensor
    answer_VJ: Tensor
    questions: tuple[tuple[Question, ...], ...]

    @property
    def T(self) -> int:
        return self.feature_VTE.shape[1]

    def of(self, families: Sequence[str]) -> Tensor:
        """(video, question) of every question of these families: [N, 2]."""
        places = [(v, j) for v, asked in enumerate(self.questions) for j, one in enumerate(asked) if one.family in families]
        return torch.tensor(places)


def asked(clip: Loaded, split: str, seconds: int, seeds: Sequence[int], folder: Path, families=TWICE) -> Asked:
    """Videos of these seeds; those that the folder does not hold are drawn and looked at."""
    folder.mkdir(parents=True, exist_ok=True)
    bar = tqdm(seeds, desc=f"{split} {seconds} s", unit="video", leave=False)
    feature_VTE = torch.stack([features(clip, split, seconds, seed, folder) for seed in bar])
    questions = tuple(tell(seed, split, seconds, families=families).questions for seed in seeds)
    with torch.no_grad():
        made = {text: question_feature(text, clip.network.text) for text in {one.text for every in questions for one in every}}

    def stacked(of) -> Tensor:
        return torch.stack([torch.stack([torch.as_tensor(of(one)) for one in every]) for every in questions])

    return Asked(
        feature_VTE, stacked(lambda one: made[one.text]), stacked(lambda one: one.shows(range(seconds))),
        stacked(lambda one: allowed(one.options)), stacked(lambda one: ANSWERS.index(one.answer)), questions,
    )  # fmt: skip


def features(clip: Loaded, split: str, seconds: int, seed: int, folder: Path) -> Tensor:
    """What the frozen tower sees in each second of a video: [T, E], unit length."""
    file = folder / f"{clip.digest[:12]}_{split}_{seconds}_{seed}.npy"
    if not file.is_file():
        video, _ = asked_video(seed, split, seconds)
        with torch.no_grad():
            made_TE = torch.cat(in_batches(video, range(video.N), lambda part: encoded(part, clip.network.vision, CPU)))
        fresh = file.with_suffix(".writing")
        with fresh.open("wb") as opened:
            np.save(opened, made_TE.half().numpy())
        fresh.replace(file)  # an interruption while writing loses nothing
    return torch.from_numpy(np.load(file)).float()
