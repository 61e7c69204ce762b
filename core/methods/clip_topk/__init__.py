"""CLIP top-K: the K frames of a long video that a frozen CLIP finds most like the question, each by itself.

What most selectors start from and are compared with. Nothing here is trained for choosing frames: the cosines are those of the
CLIP that is loaded, frame by frame, and no frame knows of another.

Letters: T candidate frames, K chosen frames, E features shared by frames and texts.
"""

from torch import Tensor

from core.kinds import ChosenFrames, ChosenPictures, ChosenScores, ChosenTimes, Segments, SegmentScores
from core.knobs import KnobSet, knob
from core.method import Group, Method, Network
from core.methods.shared import (
    candidate_T,
    feature_TE,
    highest_K,
    picture_KHWC,
    question_E,
    score_K,
    span_T2,
    time_K,
    unknown_words,
)
from core.networks.weights import load_clip


class TopKnobs(KnobSet):
    """What a reader may turn."""

    budget: int = knob(8, "K", (1, 64, 1), "frames that are chosen")
    rate: float = knob(1.0, "r", (0.1, 2.0, 0.1), "candidate frames a second")


def score_T(feature_TE: Tensor, question_E: Tensor) -> Tensor:
    """S = cos(F, q): how well each candidate fits the question, by itself."""
    return feature_TE @ question_E


def frame_K(score_T: Tensor, candidate_T: tuple[int, ...], budget: int) -> tuple[int, ...]:
    """v = top-K of S, in the order of time; among equals the earlier."""
    return highest_K(score_T, candidate_T, budget)


METHOD = Method(
    name="clip_topk",
    place=62,
    title="CLIP top-K — the frames most like the question",
    paper="No paper: CLIP (Radford et al., 2021) frame by frame",
    knobs=TopKnobs,
    stages=(candidate_T, span_T2, feature_TE, question_E, score_T, frame_K, time_K, picture_KHWC, score_K, unknown_words),
    networks={"clip_towers": Network("clip", load_clip)},
    outputs=(
        ChosenFrames("frame_K", "v", "frames that are chosen"),
        ChosenTimes("time_K", "t", "when they are shown", "seconds"),
        ChosenPictures("picture_KHWC", "V", "what is seen in them", when="network"),
        ChosenScores("score_K", "S", "how well each fits the question", "cosine"),
        Segments("span_T2", "[t, t′]", "candidates, each until the next", "seconds"),
        SegmentScores("score_T", "S", "how well each candidate fits the question", "cosine", unknown="unknown_words"),
    ),
    layout=(
        Group("Where in the video", ("span_T2", "score_T", "frame_K", "time_K")),
        Group("Frames that are chosen", ("frame_K", "time_K", "score_K", "picture_KHWC")),
    ),
)
