"""Through a whole clip: masks with identities (VIS) and one thing followed from its first box (VOT), on clean frames, and
where some frames in a row are spoilt, as those of a clip are while something passes in front of the camera or it loses focus.
"""

from dataclasses import replace

import numpy as np
import torch

from core.data.rendered import Sample
from core.methods.stpn.linking import follow, link, tracks
from core.methods.stpn.networks import SIZE, Stpn
from core.methods.stpn.train import maps_of, support_features
from core.metrics import Things, overlap
from core.networks.detector import Found, paste
from core.world import SHAPES, degrade

WHOLE = 4  # supports of every frame where masks are asked for, spread over the clip
PAST = 2  # supports of a frame where one thing is followed: those before it
STRETCHED = ("motion_blur", "occluder", "defocus")  # what frames in a row suffer, clip by clip in turn
STRETCH, BAD = 3, 0.75  # frames in a row, and the severity


def stretched(sample: Sample, seed: int) -> Sample:
    """The clip with some frames in a row spoilt, but never its first, where the thing to follow is shown. seed: of the clip,
    says what spoils them and where they lie. The occluder stands before the actor."""
    T = len(sample.frames_THWC)
    first = 1 + int(np.random.default_rng([seed, T]).integers(max(T - STRETCH, 1)))
    frames = range(first, min(first + STRETCH, T))
    kind = STRETCHED[seed % len(STRETCHED)]
    return replace(sample, frames_THWC=degrade(sample.frames_THWC, kind, BAD, frames, seed, sample.box_TO4[:, 0]))


@torch.no_grad()
def found_in(model: Stpn, sample: Sample, device: torch.device, past_only: bool = False) -> tuple[list[Found], dict, list]:
    """Detections of every frame of a clip; the pyramid's levels of its first frame; supports of each frame.

    past_only: a frame's supports lie before it (the first frame is its own); otherwise one set for the whole clip.
    """
    T = len(sample.frames_THWC)
    if past_only:
        support = [[max(0, t - back) for back in range(PAST, 0, -1)] for t in range(T)]
    else:
        support = [np.linspace(0, T - 1, WHOLE).round().astype(int).tolist()] * T
    current = torch.from_numpy(sample.frames_THWC).to(device)
    features = {at: each[torch.tensor(support)] for at, each in support_features(model, current).items()}
    maps = maps_of(model, current, features)
    levels = model.detector.levels(maps)
    return model.detector.find(levels, SIZE), {name: one[:1] for name, one in levels.items()}, support


def segmentation(model: Stpn, samples: list[Sample], device: torch.device) -> tuple[list[Things], list[Things]]:
    """Tracks of masks that are there, and that are found: a track's IoU is that of its volume, frames one below the other
    (as YouTube-VIS)."""
    truths, guesses = [], []
    for sample in samples:
        T, H, W = sample.instance_THW.shape
        seen = [thing for thing in sample.scene.objects if (sample.instance_THW == thing.id).any()]
        truths.append(volumes([sample.instance_THW == thing.id for thing in seen], [SHAPES.index(o.shape) for o in seen]))
        found, _, _ = found_in(model, sample, device)
        numbers = link([one.embedding_NE.numpy() for one in found])
        masks = [paste(one, SIZE).numpy() > 0.5 for one in found]
        every = tracks(numbers, [one.label_N.numpy() for one in found], [one.score_N.numpy() for one in found])
        shown = []
        for track in every:
            volume_THW = np.zeros((T, H, W), bool)
            for t, place in enumerate(track.place_T):
                if place >= 0:
                    volume_THW[t] = masks[t][place]
            shown.append(volume_THW)
        guesses.append(volumes(shown, [track.label for track in every], [track.score for track in every]))
    return truths, guesses


def volumes(mask_THW: list[np.ndarray], labels: list[int], scores: list[float] | None = None) -> Things:
    """Masks through a clip as one tall picture each."""
    N = len(mask_THW)
    tall = np.stack([one.reshape(-1, one.shape[-1]) for one in mask_THW]) if N else np.zeros((0, 1, 1), bool)
    score_N = None if scores is None else np.array(scores, float)
    return Things(np.zeros((N, 4)), np.array(labels, int), score_N, mask_NHW=tall)


def tracking(model: Stpn, samples: list[Sample], device: torch.device) -> list[np.ndarray]:
    """Overlap of the followed box with the truth in every frame after the first that shows the actor, clip by clip; none of a
    clip whose first frame does not show it."""
    overlaps = []
    for sample in samples:
        box_T4 = sample.box_TO4[:, 0]
        if np.isnan(box_T4[0]).any():
            overlaps.append(np.zeros(0))
            continue
        found, levels, _ = found_in(model, sample, device, past_only=True)
        first = torch.from_numpy(box_T4[:1].astype(np.float32))
        with torch.no_grad():
            template_E = model.detector.embeddings(levels, [first])[0][0].cpu().numpy()
        boxes, embeddings = ([getattr(one, name).numpy() for one in found] for name in ("box_N4", "embedding_NE"))
        path = follow(box_T4[0], template_E, boxes, embeddings)
        shown = ~np.isnan(box_T4).any(1)
        shown[0] = False
        overlaps.append(overlap(path.box_T4[shown], box_T4[shown]))
    return overlaps


def followed(overlaps: list[np.ndarray]) -> dict[str, float]:
    """{ao, sr50, sr75}: mean overlap, and the shares of frames above a half and three quarters (as GOT-10k, which has no
    reset)."""
    every = np.concatenate([np.zeros(0), *overlaps])
    if not len(every):
        return dict.fromkeys(("ao", "sr50", "sr75"), float("nan"))
    return {"ao": float(every.mean()), "sr50": float((every > 0.5).mean()), "sr75": float((every > 0.75).mean())}


def drawn_overlap(overlaps: list[np.ndarray], weight_RN: np.ndarray) -> np.ndarray:
    """The mean overlap, had clip n been there weight_RN[r, n] times: [R], nan where nothing is followed."""
    total_N, count_N = (np.array([of(one) for one in overlaps], float) for of in (np.sum, len))
    with np.errstate(invalid="ignore"):
        return (weight_RN @ total_N) / (weight_RN @ count_N)
