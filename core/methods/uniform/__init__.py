"""Uniform: the frame in the middle of each of K equal parts of a long video, whatever is in it.

What every choice of frames is compared with. It looks at no pixel and reads no question.

Letters: T candidate frames, S parts, K chosen frames.
"""

from torch import Tensor

from core.kinds import ChosenFrames, ChosenPictures, ChosenScores, ChosenTimes, Segments, SegmentScores
from core.knobs import KnobSet, knob
from core.method import Group, Method
from core.methods.shared import candidate_T, picture_KHWC, spans, time_K


class UniformKnobs(KnobSet):
    """What a reader may turn."""

    budget: int = knob(8, "K", (1, 64, 1), "frames that are chosen")
    rate: float = knob(1.0, "r", (0.1, 2.0, 0.1), "candidate frames a second")


def border_S(candidate_T: tuple[int, ...], budget: int) -> tuple[int, ...]:
    """b_k = ⌊k·T/K⌋: where each of K equal parts of the candidates begins, K of them and the end; no part is empty."""
    parts, T = min(budget, len(candidate_T)), len(candidate_T)
    return tuple(part * T // parts for part in range(parts + 1))


def span_S2(video, candidate_T: tuple[int, ...], border_S: tuple[int, ...], device) -> Tensor:
    """[t_b, t_b']: the seconds of each part."""
    return spans(video, [*(candidate_T[place] for place in border_S[:-1]), video.N]).to(device)


def share_S(span_S2: Tensor) -> Tensor:
    """w_k: the share of the video's time that a part is, for which its one frame stands; they sum to 1."""
    length_S = span_S2[:, 1] - span_S2[:, 0]
    return length_S / length_S.sum().clamp(min=1e-9)


def frame_K(candidate_T: tuple[int, ...], budget: int) -> tuple[int, ...]:
    """v_k = ⌊(2k + 1)·T / 2K⌋: the candidate in the middle of each part."""
    parts, T = min(budget, len(candidate_T)), len(candidate_T)
    return tuple(candidate_T[(2 * part + 1) * T // (2 * parts)] for part in range(parts))


def share_K(share_S: Tensor, frame_K: tuple[int, ...]) -> Tensor:
    """w: the share of the video that each chosen frame stands for."""
    return share_S[: len(frame_K)]


METHOD = Method(
    name="uniform",
    place=60,
    title="Uniform — one frame of every equal part",
    paper="No paper: what every choice of frames is compared with",
    knobs=UniformKnobs,
    stages=(candidate_T, border_S, span_S2, share_S, frame_K, time_K, picture_KHWC, share_K),
    networks={},
    outputs=(
        ChosenFrames("frame_K", "v", "frames that are chosen"),
        ChosenTimes("time_K", "t", "when they are shown", "seconds"),
        ChosenPictures("picture_KHWC", "V", "what is seen in them", when="network"),
        ChosenScores("share_K", "w", "share of the video that each stands for", "of its time"),
        Segments("span_S2", "[t, t′]", "equal parts of the video", "seconds"),
        SegmentScores("share_S", "w", "share of the video that each part is", "of its time"),
    ),
    layout=(
        Group("Where in the video", ("span_S2", "share_S", "frame_K", "time_K")),
        Group("Frames that are chosen", ("frame_K", "time_K", "share_K", "picture_KHWC")),
    ),
)
