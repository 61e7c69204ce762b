"""Random frames: K candidates drawn by chance from a long video, each as likely as any other.

What a choice of frames must beat to be worth anything: the same number of frames, chosen without looking.

Letters: T candidate frames, K chosen frames.
"""

import torch
from torch import Tensor

from core.kinds import ChosenFrames, ChosenPictures, ChosenScores, ChosenTimes, Segments, SegmentScores
from core.knobs import KnobSet, knob
from core.method import Group, Method
from core.methods.shared import candidate_T, highest_K, picture_KHWC, score_K, span_T2, time_K


class RandomKnobs(KnobSet):
    """What a reader may turn."""

    budget: int = knob(8, "K", (1, 64, 1), "frames that are chosen")
    seed: int = knob(0, "seed", (0, 999, 1), "of the chance: the same one draws the same frames")
    rate: float = knob(1.0, "r", (0.1, 2.0, 0.1), "candidate frames a second")


def score_T(candidate_T: tuple[int, ...], seed: int, device) -> Tensor:
    """u ~ U(0, 1): a number drawn for each candidate."""
    chance = torch.Generator().manual_seed(seed)  # of the processor: the same numbers on every device
    return torch.rand(len(candidate_T), generator=chance).to(device)


def frame_K(score_T: Tensor, candidate_T: tuple[int, ...], budget: int) -> tuple[int, ...]:
    """v = top-K of u: K candidates without any twice; one more frame leaves those that were drawn."""
    return highest_K(score_T, candidate_T, budget)


METHOD = Method(
    name="random_frames",
    place=61,
    title="Random — frames drawn by chance",
    paper="No paper: what chance chooses",
    knobs=RandomKnobs,
    stages=(candidate_T, span_T2, score_T, frame_K, time_K, picture_KHWC, score_K),
    networks={},
    outputs=(
        ChosenFrames("frame_K", "v", "frames that are chosen"),
        ChosenTimes("time_K", "t", "when they are shown", "seconds"),
        ChosenPictures("picture_KHWC", "V", "what is seen in them", when="network"),
        ChosenScores("score_K", "u", "the number that was drawn for each", "drawn, 0–1"),
        Segments("span_T2", "[t, t′]", "candidates, each until the next", "seconds"),
        SegmentScores("score_T", "u", "a number drawn for each candidate", "drawn, 0–1"),
    ),
    layout=(
        Group("Where in the video", ("span_T2", "score_T", "frame_K", "time_K")),
        Group("Frames that are chosen", ("frame_K", "time_K", "score_K", "picture_KHWC")),
    ),
)
