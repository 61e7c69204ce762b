"""STPN following one thing from its first box (VOT): each frame's supports lie before it, and nothing later is looked at.

Following is that of `core.methods.stpn.linking`, as in `core.evaluate stpn`: of a frame's detections, the one that is most like
the thing and lies where it was headed. K and S say which past frames support: t − S·K … t − S, the first one repeated where
the clip has not begun; S = 0: spread over all that is past. The first frame has no past, and supports itself. As in `tracks`,
frame t is as it is on the screen, read or as a past frame, and the others as they are in the clip.

Letters as in `core.methods.stpn`. Boxes are x0, y0, x1, y1 in fractions of the frame.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.methods.stpn.linking import follow
from core.methods.stpn.networks import Stpn
from core.methods.stpn.tracks import Read, prompted_through, prompts_through
from core.networks.detector import Detector


@dataclass(frozen=True, eq=False)
class Followed:
    """box_T4: where the thing is; the first is given, and an unseen one is where it was headed, be it outside the frame.

    seen_T: whether a detection was it. value_T: 0–1, how well that fitted; 0 where it is not seen, 1 in the first frame.
    """

    box_T4: Tensor
    seen_T: tuple[bool, ...]
    value_T: Tensor


def past_index(place: int, supports: int, stride: int) -> tuple[int, ...]:
    """The K frames before a place that support it, counted from 0."""
    if stride == 0:
        return tuple(np.linspace(0, max(place - 1, 0), supports).round().astype(int).tolist())
    return tuple(max(place - stride * step, 0) for step in range(supports, 0, -1))


def past_TLQD(
    feature_LTPF: Tensor, clean_LTPF: Tensor, shown_LPF: Tensor, t: int, supports: int, stride: int, prompts: int, variant: Stpn
) -> Tensor:  # fmt: skip
    """P of every frame, from supports before it."""
    index_TK = [past_index(place, supports, stride) for place in range(feature_LTPF.shape[1])]
    return prompts_through(index_TK, feature_LTPF, clean_LTPF, shown_LPF, t, prompts, variant)


def past_read(shown_THWC: Tensor, past_TLQD: Tensor, variant: Stpn, merging: str, stpn) -> Read:
    """What is found in every frame with prompts of its past."""
    return prompted_through(shown_THWC, past_TLQD, variant, merging, stpn)


def first_box(box: tuple[float, ...], baseline_read: Read) -> tuple[float, ...]:
    """What is followed: the box that is given, else the best that the single-frame detector finds in the first frame, else
    the whole frame."""
    if box:
        return box
    (H, W), best_N4 = baseline_read.size, baseline_read.found_T[0].box_N4[:1]
    made = (best_N4 / best_N4.new_tensor([W, H, W, H])).flatten().tolist()
    return tuple(made) or (0.0, 0.0, 1.0, 1.0)


def prompted_followed(past_read: Read, first_box: tuple[float, ...], variant: Stpn) -> Followed:
    """One thing, by what is found with prompts of the past."""
    return followed(past_read, first_box, variant.detector)


def baseline_followed(baseline_read: Read, first_box: tuple[float, ...], stpn) -> Followed:
    """The same thing, by what the single-frame detector finds."""
    return followed(baseline_read, first_box, stpn.baseline.detector)


def followed(read: Read, first_box: tuple[float, ...], detector: Detector) -> Followed:
    """The thing that is in the box in the first frame, in all frames."""
    (H, W), found_T = read.size, read.found_T
    side_4 = np.array([W, H, W, H], np.float32)
    box_4 = np.array(first_box, np.float32) * side_4
    given_N4 = torch.from_numpy(box_4[None])
    template_E = detector.embeddings(read.first, [given_N4])[0][0].cpu().numpy()
    boxes, embeddings = ([getattr(one, name).numpy() for one in found_T] for name in ("box_N4", "embedding_NE"))
    path = follow(box_4, template_E, boxes, embeddings)
    box_T4 = torch.from_numpy((path.box_T4 / side_4).astype(np.float32))
    return Followed(box_T4, tuple(path.seen_T.tolist()), torch.from_numpy(path.value_T.astype(np.float32)))


STAGES = (past_TLQD, past_read, first_box, prompted_followed, baseline_followed)
