"""STPN against the same detector without prompts, on clips no training has seen:  python -m core.evaluate stpn

clean, degraded   boxes in one frame of each clip, clean or spoilt, its supports clean (VOD)
speed             the spoilt frames again, by how fast the things move
looks             where prompts look in clean supports: on things, or beside them
vis, vot          masks with identities through the clip; one thing followed from its first box
predictors        every trained predictor, shallow and deep
prompts           the same with fewer prompts: the first N of those that were trained
sweeps            K and S; supports as bad as the current frame; supports that never show the thing; a scene cut
gains             what is more, or less, with an interval: the clips drawn anew, the same for both of a pair
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch

from core.data.rendered import Sample, pool
from core.methods.stpn.equations import support_index
from core.methods.stpn.evaluate_clips import PAST, WHOLE, segmentation, tracking
from core.methods.stpn.networks import SIZE, Stpn
from core.methods.stpn.train import FRAMES, maps_of, support_features, things, truth_of
from core.methods.stpn.weights import BASELINE, VARIANTS, file_of, load
from core.metrics import RESAMPLES, Things, average_precision, deviation, drawn_precision, on_actor, overlap
from core.networks.swin import Place
from core.world import DEGRADATIONS, degrade, pairs, render, segment_centres

SEVERITIES = (0.25, 0.5, 0.75, 1.0)
USUAL = "attention/shallow"  # the variant called "stpn" in the tables
SUPPORTS = 6  # K of the tables, spread over the clip
SWEPT = (2, 4, 6, 8)  # K of its sweep: a clip has no more frames
STRIDED = 4  # K where S is swept
PROMPTS = (1, 3, 5)  # N of the tables
SEEDS = 10  # the most training seeds that are looked for
NEAR = 2  # frames: a thing's speed is its box's mean IoU with itself up to so far away (half a second)
SPEEDS = {"slow": (0.9, 1.01), "medium": (0.7, 0.9), "fast": (-0.01, 0.7)}  # ImageNet VID's bounds of the motion IoU


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


def evaluate(weights: Path, clips: int, seed: int, device: torch.device) -> dict:
    """Every number of the module's first lines; fractions are 0–1, AP50 where nothing else is said. Of several training seeds
    headline and predictors have the mean, the rest the first."""
    models = trained(weights, device)
    if BASELINE not in models or USUAL not in models:
        raise SystemExit(f"There are no trained weights of {BASELINE} and {USUAL} in {weights}: python -m core.training stpn")
    samples = pool(seed * 100_000, clips, "test", FRAMES, SIZE)
    current_N = np.random.default_rng(seed).integers(0, FRAMES, clips)
    tried = {name: [subject(model, samples, device) for model in several] for name, several in models.items()}
    pair = {"baseline": tried[BASELINE][0], "stpn": tried[USUAL][0]}
    weight_RN = draws(clips, seed)

    def ap50(one: Subject, **asked) -> float:
        return detection(one, current_N, **asked)["ap50"]

    @cache
    def at(variant: str, number: int, kind: str, severity: float) -> np.ndarray:
        """AP50 of one network, on frames spoilt so, in every draw of the clips: the first has each of them once. [R]"""
        return drawn_precision(*detected(tried[variant][number], current_N, kind=kind, severity=severity), weight_RN)

    def mean_spoilt(variant: str, number: int) -> np.ndarray:
        """The same of frames spoilt at severity 0.5 and 1, mean over the kinds. [R]"""
        return np.mean([at(variant, number, kind, severity) for kind in DEGRADATIONS for severity in (0.5, 1.0)], 0)

    spoilt_SR = {name: np.stack([mean_spoilt(name, s) for s in range(len(several))]) for name, several in tried.items()}
    compared = {"baseline": BASELINE, "stpn": USUAL}

    found: dict = {
        "clean": {name: detection(one, current_N) for name, one in pair.items()},
        "degraded": {
            kind: {
                str(severity): {name: float(at(variant, 0, kind, severity)[0]) for name, variant in compared.items()}
                for severity in SEVERITIES
            }
            for kind in DEGRADATIONS
        },
        "speed": {
            speed: {name: ap50(one, kind="motion_blur", severity=0.5, speed=bounds) for name, one in pair.items()}
            for speed, bounds in SPEEDS.items()
        },
        "headline": {name: spread(spoilt_SR[variant][:, 0]) for name, variant in compared.items()},
        "predictors": {
            variant: {"clean": spread([ap50(one) for one in several]), "spoilt": spread(spoilt_SR[variant][:, 0])}
            for variant, several in tried.items()
        },
    }
    usual, spoil = pair["stpn"], dict(kind="motion_blur", severity=0.75)
    prompted = [name for name in tried if not name.startswith(BASELINE)]
    found["prompts"] = {name: {f"N = {N}": ap50(tried[name][0], prompts=N, **spoil) for N in PROMPTS} for name in prompted}
    controls = {
        "clean": {},
        "as bad as the current frame": {"spoil_supports": True},
        "without the actor": {"without_actor": True},
        "of another clip (a scene cut)": {"other_clip": True},
        "no prompts, same weights": {"supports": 0},
    }
    supports_R = {
        name: drawn_precision(*detected(usual, current_N, **spoil, **asked), weight_RN) for name, asked in controls.items()
    }
    found["sweeps"] = {
        "K": {str(K): ap50(usual, supports=K, **spoil) for K in SWEPT},
        "S": {str(S): ap50(usual, supports=STRIDED, stride=S, **spoil) for S in (1, 2, 3)},
        "supports": {name: float(one_R[0]) for name, one_R in supports_R.items()},
    }
    found["looks"] = looks(usual)
    few = samples[: max(2, clips // 4)]
    masks = {name: segmentation(one.model, few, device) for name, one in pair.items()}
    found["vis"] = {name: average_precision(*both) for name, both in masks.items()}
    masks_R = {name: drawn_precision(*both, draws(len(few), seed), "ap") for name, both in masks.items()}
    found["gains"] = {
        "predictors": {name: interval(spoilt_SR[name].mean(0) - spoilt_SR[beside(name, tried)].mean(0)) for name in prompted},
        "supports": {name: interval(one_R - supports_R["clean"]) for name, one_R in supports_R.items() if name != "clean"},
        "vis": interval(masks_R["stpn"] - masks_R["baseline"]),
    }
    found["vot"] = {name: tracking(one.model, few, device) for name, one in pair.items()}
    found["about"] = {
        "command": f"python -m core.evaluate stpn --clips {clips} --seed {seed}", "split": "test", "clips": clips,
        "clips_vis_vot": len(few), "frames": FRAMES, "supports": SUPPORTS, "supports_strided": STRIDED, "supports_vis": WHOLE,
        "supports_vot": PAST, "known": known(samples, current_N), "resamples": RESAMPLES, "device": str(device),
        "training_seeds": {name: len(several) for name, several in models.items()},
    }  # fmt: skip
    return found


def trained(weights: Path, device: torch.device) -> dict[str, list[Stpn]]:
    """The variants that are there, each with all its seeds; what took other steps than the baseline says how many."""
    every = [file_of(weights, variant, seed) for variant in VARIANTS for seed in range(SEEDS)]
    every += [file_of(weights / "compared" / "brief", variant) for variant in VARIANTS]
    ones, made = [load(file) for file in every if file.is_file()], {}
    usual = next((one.steps for one in ones if one.variant == BASELINE), 0)
    for one in ones:
        name = one.variant if one.steps == usual else f"{one.variant}, {one.steps} steps"
        made.setdefault(name, []).append(one.model.to(device))
    return made


def beside(name: str, models: Collection[str]) -> str:
    """The baseline that a variant is held against: trained for as many steps, if there is one."""
    own = f"{BASELINE},{name.partition(',')[2]}"
    return own if own in models else BASELINE


def spread(values: Sequence[float]) -> dict:
    """Mean and standard deviation over training seeds, and how many there are."""
    return {"mean": float(np.mean(values)), "sd": deviation(values), "seeds": len(values)}


def draws(clips: int, seed: int) -> np.ndarray:
    """How often each clip is in each draw of as many clips, the first of which has every clip once: [1 + RESAMPLES, N]."""
    drawn_RN = np.random.default_rng([seed, RESAMPLES]).multinomial(clips, np.full(clips, 1 / clips), RESAMPLES)
    return np.concatenate([np.ones((1, clips), drawn_RN.dtype), drawn_RN])


def interval(gain_R: np.ndarray) -> dict[str, float]:
    """A difference of two on the clips as they are, and where it lies in 95 of 100 draws of them (Efron, 1979). What other
    training seeds would give is no part of it."""
    low, high = np.nanpercentile(gain_R[1:], [2.5, 97.5])
    return {"mean": float(gain_R[0]), "low": float(low), "high": float(high)}


def known(samples: list[Sample], current_N: np.ndarray) -> float:
    """Share of what is asked for whose colour and shape an actor of the training split may have: only actors' are held out."""
    numbers = [truth_of(one, int(t), 0, torch.device("cpu")).id_N for one, t in zip(samples, current_N, strict=True)]
    asked = [one.scene.objects[i - 1] for one, ids in zip(samples, numbers) if ids is not None for i in ids.tolist()]
    return float(np.mean([(thing.colour, thing.shape) in pairs("train") for thing in asked]))


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
            index = list(support_index(t, FRAMES, max(supports, 2), stride))
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


def seeds(one: dict) -> str:
    """ "69.3% ± 0.5% (3 seeds)"."""
    return f"{one['mean']:.1%}" + ("" if one["sd"] is None else f" ± {one['sd']:.1%} ({one['seeds']} seeds)")


def table(found: dict) -> str:
    """The numbers as a person reads them, in percent."""
    lines = [f"{'AP50':34}{'baseline':>10}{'STPN':>8}{'gain':>8}"]

    def row(name: str, pair: dict) -> None:
        a, b = pair["baseline"], pair["stpn"]
        lines.append(f"{name:34}{a:10.1%}{b:8.1%}{b - a:+8.1%}")

    row("clean", {name: one["ap50"] for name, one in found["clean"].items()})
    for kind, severities in found["degraded"].items():
        for severity, pair in severities.items():
            row(f"{kind} {severity}", pair)
    for speed, pair in found["speed"].items():
        row(f"motion_blur 0.5, {speed} things", pair)
    for name, one in found["headline"].items():
        lines.append(f"mean of severities 0.5 and 1, {name}: {seeds(one)}")
    for name, one in found["predictors"].items():
        lines.append(f"{name:24} clean {seeds(one['clean'])}  spoilt {seeds(one['spoilt'])}")
    lines.append("more than the baseline finds in spoilt frames, less than with clean supports, more of masks (95 % of draws):")
    for name, one in (found["gains"]["predictors"] | found["gains"]["supports"] | {"vis": found["gains"]["vis"]}).items():
        lines.append(f"{name:30} {one['mean']:+.1%} ({one['low']:+.1%} to {one['high']:+.1%})")
    for name, one in found["prompts"].items():
        lines.append(f"{name:24} motion blur 0.75: " + "  ".join(f"{value} {ap:.1%}" for value, ap in one.items()))
    for name, one in found["sweeps"].items():
        lines.append(f"{name}: " + "  ".join(f"{value} {ap:.1%}" for value, ap in one.items()))
    lines.append("where prompts look: " + "  ".join(f"{what} {value:.1%}" for what, value in found["looks"].items()))
    for task in ("vis", "vot"):
        for name, one in found[task].items():
            lines.append(f"{task} {name}: " + "  ".join(f"{what} {value:.1%}" for what, value in one.items()))
    return "\n".join(lines)
