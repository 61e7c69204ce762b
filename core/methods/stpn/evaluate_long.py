"""K and S where they can matter: clips of 24 frames, of which one is read and spoilt, and so are those beside it.

nothing else    every other frame is clean: near or far, a support shows the same
near ones spoilt    the frames up to NEAR away are spoilt as the current one is: who looks further sees clean ones
a cut beyond them    the frames up to NEAR away are clean, all others are of another clip: who looks further sees another scene
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from core.data.rendered import Sample
from core.methods.stpn.evaluate_frames import Subject, detection, subject
from core.methods.stpn.networks import Stpn
from core.world import degrade

FRAMES = 24
NEAR = 3  # frames on either side
KIND, SEVERITY = "motion_blur", 0.75
SWEPT_K, SWEPT_S = (2, 4, 6, 8, 12, 16), (1, 2, 4, 5)  # K with S = 1: K/2 frames on either side; S with K = 4: 2·S frames
STRIDED = 4  # K where S is swept


def near_spoilt(samples: Sequence[Sample], current_N: np.ndarray) -> list[Sample]:
    """Clips whose frames near the current one are spoilt; the current one is spoilt where it is read."""
    made = []
    for n, (sample, t) in enumerate(zip(samples, current_N.tolist(), strict=True)):
        near = [i for i in range(max(t - NEAR, 0), min(t + NEAR + 1, len(sample.frames_THWC))) if i != t]
        box_T4 = sample.box_TO4[:, 0]
        made.append(replace(sample, frames_THWC=degrade(sample.frames_THWC, KIND, SEVERITY, near, n, box_T4)))
    return made


def cut_beyond(samples: Sequence[Sample], current_N: np.ndarray) -> list[Sample]:
    """Clips of which all but the frames near the current one are those of the next clip."""
    made = []
    for n, (sample, t) in enumerate(zip(samples, current_N.tolist(), strict=True)):
        frames_THWC = samples[(n + 1) % len(samples)].frames_THWC.copy()
        near = slice(max(t - NEAR, 0), t + NEAR + 1)
        frames_THWC[near] = sample.frames_THWC[near]
        made.append(replace(sample, frames_THWC=frames_THWC))
    return made


def precision(one: Subject, current_N: np.ndarray, **asked) -> float:
    """AP50 of current frames that are spoilt."""
    return detection(one, current_N, kind=KIND, severity=SEVERITY, **asked)["ap50"]


def long_clips(model: Stpn, samples: list[Sample], device: torch.device) -> dict[str, dict[str, dict[str, float]]]:
    """AP50 of the middle frames: {which of the three: {"K": {K: …}, "S": {S: …}, "none": {"no prompts": …}}}."""
    current_N = np.full(len(samples), FRAMES // 2)
    kinds = {
        "nothing else": samples,
        "near ones spoilt": near_spoilt(samples, current_N),
        "a cut beyond them": cut_beyond(samples, current_N),
    }
    found = {}
    for name, ones in kinds.items():
        one = subject(model, ones, device)
        ap50 = partial(precision, one, current_N)
        found[name] = {
            "K": {str(K): ap50(supports=K, stride=1) for K in SWEPT_K},
            "S": {str(S): ap50(supports=STRIDED, stride=S) for S in SWEPT_S},
            "none": {"no prompts": ap50(supports=0)},
        }
    return found
