"""STPN through a whole clip (VIS): every frame read with prompts of its own supports, and what is found linked to instances.

Frame t is as it is on the screen, the others as they are in the clip: does an instance keep its number through a frame that
is hard to see? One frame, one state: no frame that t supports gets another look at it than the reader does. Where supports
are spoilt, the others are so for each other; each is read, and supports itself, as it is in the clip. Linking is that of
`core.methods.stpn.linking`, as in `core.evaluate stpn`.

Letters as in `core.methods.stpn`; a `…_TN` is a tuple of tuples, one a frame, of different lengths.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.methods.stpn import equations as eq
from core.methods.stpn.linking import link, tracks
from core.methods.stpn.networks import Stpn
from core.methods.stpn.weights import CHUNK
from core.networks.detector import Detector, Found
from core.networks.tower import Size
from core.progress import tick
from core.world import SHAPES


@dataclass(frozen=True, eq=False)
class Read:
    """Every frame of a clip, read by itself.

    found_T: detections. first: the pyramid's levels of the first frame, where a box that is given is looked at. size: (H, W)
    of the picture whose pixels boxes are in.
    """

    found_T: tuple[Found, ...]
    first: dict[str, Tensor]
    size: Size


@dataclass(frozen=True, eq=False)
class Tracks:
    """Instances through a clip, numbered from 0, best first.

    seen_T: what is found in each frame. number_TN: which instance each of these is. label_I: what the instances are. score_I:
    0–1, the mean over the frames in which they are seen.
    """

    seen_T: tuple[eq.Seen, ...]
    number_TN: tuple[tuple[int, ...], ...]
    label_I: tuple[str, ...]
    score_I: Tensor


def shown_THWC(frames_THWC: Tensor, current_HWC: Tensor, t: int) -> Tensor:
    """The clip as the network reads it: frame t as it is on the screen, the others as they are."""
    shown = frames_THWC.clone()
    shown[t - 1] = current_HWC
    return shown


def clean_LTPF(feature_LTPF: Tensor, frames_THWC: Tensor, support_spoil: eq.Spoil, variant: Stpn, stpn) -> Tensor:
    """E of every frame as it is in the clip: that is how it is read, so that is how it supports itself."""
    return feature_LTPF.clone() if support_spoil == eq.NONE else eq.every_support(variant, frames_THWC, stpn)


def shown_LPF(
    feature_LTPF: Tensor, current_HWC: Tensor, t: int, current_spoil: eq.Spoil, support_spoil: eq.Spoil, variant: Stpn, stpn
) -> Tensor:  # fmt: skip
    """E of frame t as it is on the screen, which is what it gives to every frame that it supports."""
    if current_spoil == support_spoil:
        return feature_LTPF[:, t - 1].clone()
    return eq.support_features(variant, stpn.prepare(current_HWC[None]).pixels_BCHW)[:, 0]


def prompt_TLQD(
    feature_LTPF: Tensor, clean_LTPF: Tensor, shown_LPF: Tensor, t: int, supports: int, stride: int, per: str, prompts: int,
    variant: Stpn,
) -> Tensor:  # fmt: skip
    """P of every frame: from supports around it, or from the clip's one set."""
    T = feature_LTPF.shape[1]
    index_TK = [eq.support_index(place if per == "frame" else T // 2, T, supports, stride) for place in range(T)]
    return prompts_through(index_TK, feature_LTPF, clean_LTPF, shown_LPF, t, prompts, variant)


def prompted_read(shown_THWC: Tensor, prompt_TLQD: Tensor, variant: Stpn, merging: str, stpn) -> Read:
    """What is found in every frame with its prompts."""
    return prompted_through(shown_THWC, prompt_TLQD, variant, merging, stpn)


def baseline_read(shown_THWC: Tensor, stpn) -> Read:
    """What the single-frame detector finds in every frame."""
    detector = stpn.baseline.detector
    return through(shown_THWC, detector, lambda pixels_BCHW, _: detector.features(pixels_BCHW), stpn)


def prompted_tracks(prompted_read: Read, stpn) -> Tracks:
    """What is found with prompts, linked."""
    return linked(prompted_read, stpn.classes or SHAPES)


def baseline_tracks(baseline_read: Read, stpn) -> Tracks:
    """What the single-frame detector finds, linked."""
    return linked(baseline_read, stpn.classes or SHAPES)


def prompts_through(
    index_TK: Sequence[tuple[int, ...]], feature_LTPF: Tensor, clean_LTPF: Tensor, shown_LPF: Tensor, t: int, prompts: int,
    variant: Stpn,
) -> Tensor:  # fmt: skip
    """P of every frame from its supports: frame t as it is shown, the frame itself as it is in the clip, others as supports."""
    made = []
    for place, index_K in enumerate(index_TK):
        around = [shown_LPF if i == t - 1 else (clean_LTPF if i == place else feature_LTPF)[:, i] for i in index_K]
        made.append(eq.first_prompts(eq.predict(variant, torch.stack(around, 1), look=False), prompts))
    return torch.stack(made)


def prompted_through(shown_THWC: Tensor, prompt_TLQD: Tensor, variant: Stpn, merging: str, stpn) -> Read:
    """Every frame read with prompts of its own."""

    def maps(pixels_BCHW: Tensor, some: slice) -> list[Tensor]:
        return list(eq.walk(variant, pixels_BCHW, prompt_TLQD[some], merging, look=False).maps.values())

    return through(shown_THWC, variant.detector, maps, stpn)


def through(shown_THWC: Tensor, detector: Detector, maps: Callable[[Tensor, slice], list[Tensor]], stpn) -> Read:
    """Every frame read. maps: pixels of some frames, and which → their maps."""
    found_T, first, size = [], {}, stpn.prepare(shown_THWC[:1]).size
    for start in range(0, len(shown_THWC), CHUNK):  # a long clip of large frames would take gigabytes
        tick(start / len(shown_THWC))
        some = slice(start, start + CHUNK)
        levels = detector.levels(maps(stpn.prepare(shown_THWC[some]).pixels_BCHW, some))
        first = first or {name: one[:1].clone() for name, one in levels.items()}
        found_T += detector.find(levels, size)
    return Read(tuple(found_T), first, size)


def linked(read: Read, names: Sequence[str]) -> Tracks:
    """Detections of every frame → instances."""
    found_T, size = read.found_T, read.size
    numbers = link([one.embedding_NE.numpy() for one in found_T])
    every = tracks(numbers, [one.label_N.numpy() for one in found_T], [one.score_N.numpy() for one in found_T])
    rank = {track.number: place for place, track in enumerate(every)}
    return Tracks(
        tuple(eq.seen(one, size, names) for one in found_T),
        tuple(tuple(rank[number] for number in one_N.tolist()) for one_N in numbers),
        tuple(names[track.label] for track in every),
        torch.tensor([track.score for track in every]),
    )


STAGES = (shown_THWC, clean_LTPF, shown_LPF, prompt_TLQD, prompted_read, baseline_read, prompted_tracks, baseline_tracks)
