"""Long videos of the world as a selector in training has them: what a frozen CLIP sees in every candidate, once and for all.

Letters: V videos, J questions of each, T candidate frames, E features shared by frames and texts, A answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from core.data.features import features
from core.methods.tspo.networks import allowed
from core.networks.question import question_feature
from core.networks.weights import Loaded
from core.world.questions import ANSWERS, FAMILIES, Question, tell

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
