"""STPN against the same detector without prompts, on clips no training has seen:  python -m core.evaluate stpn

clean, degraded   boxes in one frame of each clip, clean or spoilt, its supports clean (VOD)
speed             the spoilt frames again, by how fast the things move
looks             where prompts look in clean supports: on things, or beside them
vis, vot          masks with identities through the clip; one thing through.followed from its first box
vis_spoilt, …     the same of clips in which some frames in a row are spoilt
predictors        every trained predictor, shallow and deep, two of ours, and the usual one with other numbers of prompts
prompts           the same with fewer prompts: the first N of those that were trained
sweeps            K and S; supports as bad as the current frame; supports that never show the thing; a scene cut
long              K and S on clips of 24 frames, where near supports are spoilt too, or far ones are of another scene
gains             what is more, or less, with an interval: clips and training seeds drawn anew, the same for both of a pair
"""

from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch

from core.data.rendered import Sample, pool
from core.methods.stpn import evaluate_clips as through
from core.methods.stpn import evaluate_long as far
from core.methods.stpn.batches import FRAMES, truth_of
from core.methods.stpn.evaluate_frames import SUPPORTS, Subject, detected, detection, looks, subject
from core.methods.stpn.networks import SIZE, Stpn
from core.methods.stpn.weights import BASELINE, COMPARED, VARIANTS, file_of, load
from core.metrics import RESAMPLES, average_precision, deviation, drawn_precision
from core.world import DEGRADATIONS, pairs

SEVERITIES = (0.25, 0.5, 0.75, 1.0)
BADLY = (0.5, 1.0)  # those of the headline, a mean over them and all kinds
USUAL = "attention/shallow"  # the variant called "stpn" in the tables
SWEPT = (2, 4, 6, 8)  # K of its sweep: a clip has no more frames
STRIDED = 4  # K where S is swept
PROMPTS = (1, 3, 5, 10)  # N of the tables, as far as there are so many
TRAINED = (1, 3, 10)  # N that the usual variant may be trained with besides
SEEDS = 10  # the most training seeds that are looked for
SPEEDS = {"slow": (0.9, 1.01), "medium": (0.7, 0.9), "fast": (-0.01, 0.7)}  # ImageNet VID's bounds of the motion IoU


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

    def every_seed(variant: str, kind: str, severity: float) -> np.ndarray:
        """The same of every training seed. [S, R]"""
        return np.stack([at(variant, number, kind, severity) for number in range(len(tried[variant]))])

    spoilt_SR = {
        name: np.mean([every_seed(name, kind, severity) for kind in DEGRADATIONS for severity in BADLY], 0) for name in tried
    }
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
    found["prompts"] = {
        name: {f"N = {N}": ap50(one, prompts=N, **spoil) for N in PROMPTS if N <= one.model.prompting.prompts}
        for name in prompted
        for one in tried[name][:1]
    }
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
    found["gains"] = {
        "predictors": {name: over(spoilt_SR[name], spoilt_SR[beside(name, tried)]) for name in prompted},
        "degraded": {
            kind: {str(severity): over(*(every_seed(name, kind, severity) for name in (USUAL, BASELINE))) for severity in BADLY}
            for kind in DEGRADATIONS
        },
        "supports": {name: interval(one_R - supports_R["clean"]) for name, one_R in supports_R.items() if name != "clean"},
    }
    few = samples[: max(2, clips // 4)]
    spoilt_clips = [through.stretched(sample, seed * 100_000 + n) for n, sample in enumerate(few)]
    for ending, ones in (("", few), ("_spoilt", spoilt_clips)):
        masks = {name: through.segmentation(one.model, ones, device) for name, one in pair.items()}
        boxes = {name: through.tracking(one.model, ones, device) for name, one in pair.items()}
        found[f"vis{ending}"] = {name: average_precision(*both) for name, both in masks.items()}
        found[f"vot{ending}"] = {name: through.followed(one) for name, one in boxes.items()}
        weights_RN = draws(len(few), seed)
        masks_R = {name: drawn_precision(*both, weights_RN, "ap") for name, both in masks.items()}
        boxes_R = {name: through.drawn_overlap(one, weights_RN) for name, one in boxes.items()}
        found["gains"] |= {
            f"{task}{ending}": interval(one_R["stpn"] - one_R["baseline"])
            for task, one_R in (("vis", masks_R), ("vot", boxes_R))
        }
    found["long"] = far.long_clips(usual.model, pool(seed * 100_000, len(few), "test", far.FRAMES, SIZE), device)
    found["about"] = {
        "command": f"python -m core.evaluate stpn --clips {clips} --seed {seed}", "split": "test", "clips": clips,
        "clips_vis_vot": len(few), "frames": FRAMES, "supports": SUPPORTS, "supports_strided": STRIDED,
        "supports_vis": through.WHOLE,
        "supports_vot": through.PAST, "stretch": through.STRETCH, "severity_stretch": through.BAD,
        "frames_long": far.FRAMES, "near_long": far.NEAR,
        "known": known(samples, current_N), "resamples": RESAMPLES, "device": str(device),
        "training_seeds": {name: len(several) for name, several in models.items()},
    }  # fmt: skip
    return found


def trained(weights: Path, device: torch.device) -> dict[str, list[Stpn]]:
    """The variants that are there, each with all its seeds; what took other steps than the baseline, or has another number of
    prompts than the others, says how many."""
    every = [file_of(weights, variant, seed) for variant in (*VARIANTS, *COMPARED) for seed in range(SEEDS)]
    every += [file_of(weights, USUAL, seed, N) for N in TRAINED for seed in range(SEEDS)]
    every += [file_of(weights / "compared" / "brief", variant) for variant in VARIANTS]
    ones, made = [load(file) for file in every if file.is_file()], {}
    usual = next((one.steps for one in ones if one.variant == BASELINE), 0)
    for one in ones:
        name = one.variant if one.steps == usual else f"{one.variant}, {one.steps} steps"
        if one.model.prompting.places and (N := one.model.prompting.prompts) in TRAINED:
            name += f", N = {N}"
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
    """A difference of two on the clips as they are, and where it lies in 95 of 100 draws of them (Efron, 1979)."""
    low, high = np.nanpercentile(gain_R[1:], [2.5, 97.5])
    return {"mean": float(gain_R[0]), "low": float(low), "high": float(high)}


def over(value_SR: np.ndarray, other_SR: np.ndarray) -> dict[str, float]:
    """The interval of how much more one is than another, means over training seeds, which every draw of the clips draws, too:
    the same where both have as many."""

    def mean(one_SR: np.ndarray) -> np.ndarray:
        S, R = one_SR.shape
        weight_RS = np.random.default_rng([S, RESAMPLES]).multinomial(S, np.full(S, 1 / S), R) / S
        weight_RS[0] = 1 / S
        return (weight_RS * one_SR.T).sum(1)

    return interval(mean(value_SR) - mean(other_SR))


def known(samples: list[Sample], current_N: np.ndarray) -> float:
    """Share of what is asked for whose colour and shape an actor of the training split may have: only actors' are held out."""
    numbers = [truth_of(one, int(t), 0, torch.device("cpu")).id_N for one, t in zip(samples, current_N, strict=True)]
    asked = [one.scene.objects[i - 1] for one, ids in zip(samples, numbers) if ids is not None for i in ids.tolist()]
    return float(np.mean([(thing.colour, thing.shape) in pairs("train") for thing in asked]))


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
    lines.append(
        "more than the baseline finds in spoilt frames, less than with clean supports, more through clips (95 % of draws):"
    )
    tasks = [f"{task}{ending}" for ending in ("", "_spoilt") for task in ("vis", "vot")]
    gains = found["gains"]
    for name, one in (gains["predictors"] | gains["supports"] | {task: gains[task] for task in tasks}).items():
        lines.append(f"{name:30} {one['mean']:+.1%} ({one['low']:+.1%} to {one['high']:+.1%})")
    for name, one in found["prompts"].items():
        lines.append(f"{name:24} motion blur 0.75: " + "  ".join(f"{value} {ap:.1%}" for value, ap in one.items()))
    for name, one in found["sweeps"].items():
        lines.append(f"{name}: " + "  ".join(f"{value} {ap:.1%}" for value, ap in one.items()))
    for name, sweeps in found["long"].items():
        for knob, one in sweeps.items():
            lines.append(f"long clips, {name}, {knob}: " + "  ".join(f"{value} {ap:.1%}" for value, ap in one.items()))
    lines.append("where prompts look: " + "  ".join(f"{what} {value:.1%}" for what, value in found["looks"].items()))
    for task in tasks:
        for name, one in found[task].items():
            lines.append(f"{task} {name}: " + "  ".join(f"{what} {value:.1%}" for what, value in one.items()))
    return "\n".join(lines)
