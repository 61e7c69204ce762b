"""In one frame of each clip: what is found there, spoilt or not, with clean or other supports, and where prompts look."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from core.data.rendered import Sample
from core.methods.stpn.batches import FRAMES, truth_of
from core.methods.stpn.equations import support_index
from core.methods.stpn.networks import SIZE, Stpn
from core.methods.stpn.train import maps_of, support_features, things
from core.metrics import Things, average_precision, on_actor, overlap
from core.networks.swin import Place
from core.world import degrade, render, segment_centres

SUPPORTS = 6  # K of the tables, spread over the clip
NEAR = 2  # frames: a thing's speed is its box's mean IoU with itself up to so far away (half a second)


@dataclass(frozen=True, eq=False)
class Subject:
    """A network, the clips it is tried on, and what each clean frame can say as a support: {place: [N, T, P, D]}."""

    model: Stpn
    samples: list[Sample]
    clean: dict[Place, torch.Tensor]
    device: torch.device


def subject(model: Stpn, samples: list[Sample], device: torch.device) -> Subject:
    """Every clean frame encoded once, for all degradations and all K and S."""
    every = [support_features(model, to(device, list(sample.frames_THWC))) for sample in samples]
    return Subject(model, samples, {at: torch.stack([one[at] for one in every]) for at in every[0]}, device)


def detection(one: Subject, current_N: np.ndarray, **asked) -> dict[str, float]:
    """{ap, ap50, ap75} of `detected`."""
    return average_precision(*detected(one, current_N, **asked))


@torch.no_grad()
def detected(
    one: Subject, current_N: np.ndarray, *, kind: str = "", severity: float = 0.0, supports: int = SUPPORTS, stride: int = 0,
    spoil_supports: bool = False, without_actor: bool = False, other_clip: bool = False,
    speed: tuple[float, float] | None = None, prompts: int | None = None,
) -> tuple[list[Things], list[Things]]:  # fmt: skip
    """What is in one frame of each clip, and what is found there. supports 0: without prompts. prompts: the first so many
    enter. speed: only things whose motion IoU lies between these two are asked for."""
    truths, found, cpu = [], [], torch.device("cpu")
    for start in range(0, len(one.samples), 16):
        chosen = range(start, min(start + 16, len(one.samples)))
        current, support = [], []
        for n in chosen:
            t, sample = int(current_N[n]), one.samples[n]
            spoil = dict(kind=kind, severity=severity, seed=n, box=sample.box_TO4[t, 0])
            current.append(spoilt(sample.frames_THWC[[t]], **spoil)[0])
            index = list(support_index(t, len(sample.frames_THWC), max(supports, 2), stride))
            if spoil_supports:
                support.append(support_features(one.model, to(one.device, [*spoilt(sample.frames_THWC[index], **spoil)])))
            elif without_actor:
                gone_THWC = emptied(sample)
                gone_THWC[t] = spoilt(gone_THWC[[t]], **spoil)[0]  # here too, a frame that supports itself is no cleaner
                support.append(support_features(one.model, to(one.device, [*gone_THWC[index]])))
            elif other_clip:
                support.append({at: each[(n + 1) % len(one.samples), index] for at, each in one.clean.items()})
            else:  # a frame that supports itself is no cleaner than it is
                own = support_features(one.model, to(one.device, [current[-1]])) if t in index else {}
                support.append({at: among(each[n, index], own.get(at), index, t) for at, each in one.clean.items()})
        together = {at: torch.stack([each[at] for each in support]) for at in one.clean} if supports else {}
        maps = maps_of(one.model, to(one.device, current), together, prompts)
        found += map(things, one.model.detector.heads(maps, SIZE))
        for n in chosen:
            target = truth_of(one.samples[n], int(current_N[n]), n, cpu)
            ignored = None if speed is None else ~within(motion(one.samples[n], int(current_N[n])), speed)
            truths.append(Things(target.box_N4.numpy(), target.label_N.numpy(), ignored_N=ignored))
    return truths, found


@torch.no_grad()
def looks(one: Subject) -> dict[str, float]:
    """Of the attention to clean supports, mean over heads and prompts: on_things, the share on patches that hold a part of a
    thing; even, their share of the patches, which is what looking everywhere alike gives; best, the share of clips whose best
    patch is one of them."""
    stride, found = one.model.detector.shape.strides[-1], []
    index = list(support_index(0, FRAMES, SUPPORTS, 0))  # spread over the clip, wherever the current frame is
    for sample, clean in zip(one.samples, zip(*one.clean.values(), strict=True), strict=True):
        looked = one.model.prompting({at: each[index][None] for at, each in zip(one.clean, clean)}, look=True)
        assert looked is not None
        share_KP = torch.stack([each[0].mean((0, 1)) for each in looked.attention.values()]).mean(0).cpu().numpy()
        things_KP = on_actor((sample.instance_THW[index] > 0).astype(int), (SIZE[0] // stride, SIZE[1] // stride))
        found.append((share_KP[things_KP].sum() / share_KP.sum(), things_KP.mean(), things_KP.flat[share_KP.argmax()]))
    on_things, even, best = np.mean(found, axis=0, dtype=float)
    return {"on_things": float(on_things), "even": float(even), "best": float(best)}


def emptied(sample: Sample) -> np.ndarray:
    """The frames of the same clip, had the actor never been there."""
    actor, *others = sample.scene.objects
    gone = replace(actor, motion=replace(actor.motion, action="vanishes", moment=0.0))
    return render(replace(sample.scene, objects=(gone, *others)), segment_centres(sample.scene.seconds, FRAMES))[0]


def among(clean_KPD: torch.Tensor, own_1PD: torch.Tensor | None, index: list[int], t: int) -> torch.Tensor:
    """The supports' features, with the current frame's own in the places where it supports itself."""
    if own_1PD is None:
        return clean_KPD
    itself_K = torch.tensor([i == t for i in index], device=clean_KPD.device)
    return torch.where(itself_K[:, None, None], own_1PD, clean_KPD)


def spoilt(frames_THWC: np.ndarray, kind: str, severity: float, seed: int, box) -> np.ndarray:
    """The frames degraded, or as they are without a kind or a severity."""
    return degrade(frames_THWC, kind, severity, seed=seed, box=box) if kind and severity else frames_THWC


def motion(sample: Sample, t: int) -> np.ndarray:
    """Motion IoU of each thing that `truth_of` asks for in frame t: mean overlap of its box with its boxes nearby."""
    own = truth_of(sample, t, 0, torch.device("cpu"))
    boxes = dict(zip(own.id_N.tolist(), own.box_N4.numpy())) if own.id_N is not None else {}
    found: dict[int, list] = {i: [] for i in boxes}
    for near in range(max(0, t - NEAR), min(FRAMES, t + NEAR + 1)):
        if near == t:
            continue
        other = truth_of(sample, near, 0, torch.device("cpu"))
        assert other.id_N is not None
        there = dict(zip(other.id_N.tolist(), other.box_N4.numpy()))
        for i in boxes:
            found[i].append(overlap(boxes[i], there[i]) if i in there else 0.0)
    return np.array([np.mean(found[i]) for i in boxes])


def within(value_N: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    """low ≤ value < high."""
    return (value_N >= bounds[0]) & (value_N < bounds[1])


def to(device: torch.device, frames: list[np.ndarray]) -> torch.Tensor:
    """Arrays of one shape as one tensor there."""
    return torch.from_numpy(np.stack(frames)).to(device)
