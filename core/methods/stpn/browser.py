"""STPN in a browser: the default predictor and depth, every knob that they have, boxes and masks of both detectors.

Towers, predictor and heads are ONNX graphs of the stages' own functions; a tower's maps travel between them as {stage: map}.
Which frames support, what is done to them, what is gathered and what is read off the attention is JavaScript.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from core.browser.boxes import found
from core.browser.ways import Again, Graph, Way
from core.methods.stpn import StpnKnobs, predicted
from core.methods.stpn import equations as eq
from core.methods.stpn.cost import spent
from core.methods.stpn.networks import Looked, Stpn
from core.networks.tower import Place, Pyramid
from core.world import SHAPES

MODULE = "site/prompts.js"
LEFT_OUT = (
    "STPN's other predictors, its deep prompts and its other order of merging have networks of their own, and what goes "
    "through a whole clip, linked or followed, has every frame of it read: these need Python."
)
Maps = dict[int, Tensor]  # stage of the tower → [1, D, h, w]


def trained_LQD(predicted: Looked) -> Tensor:
    """All prompts that were trained: N takes the first of them."""
    prompt_BQD = predicted.prompts
    assert isinstance(prompt_BQD, Tensor)
    return prompt_BQD


def looked_NQKP(predicted: Looked) -> Tensor:
    """Where all of them looked."""
    return torch.cat(list(predicted.attention.values())).mean(0)


def plain(current_HWC: Tensor, variant: Stpn) -> Maps:
    """The tower's maps of the current frame, prompts skipped."""
    return eq.walk(variant, variant.pixels(current_HWC[None])).maps


def walked(current_HWC: Tensor, prompt_LQD: Tensor, variant: Stpn, merging: str) -> Pyramid:
    """[P ; x] through the tower."""
    return eq.walk(variant, variant.pixels(current_HWC[None]), prompt_LQD[None], merging)


def prompted(walked: Pyramid) -> Maps:
    """Its maps, without prompts."""
    return walked.maps


def change(walked: Pyramid, plain: Maps) -> Maps:
    """‖f_prompted − f_plain‖ at each place over the mean of ‖f_plain‖ in its stage."""
    return eq.relative_change(walked.maps, plain)


def to_prompts(walked: Pyramid) -> dict[Place, Tensor]:
    """Patch → prompt, mean over heads."""
    return {at: look.to_prompts_BQhw[0] for at, look in walked.looks.items()}


def to_patches(walked: Pyramid) -> dict[Place, Tensor]:
    """Prompt → patch, mean over heads and copies."""
    return {at: look.to_patches_BQhw[0] for at, look in walked.looks.items()}


def cosine_plain_I(plain: Maps, clean_plain: Maps) -> Tensor:
    """Cosine of a frame's features with another's, mean over a stage's places."""
    return eq.likeness(plain, clean_plain)


def prompted_seen(prompted: Maps, variant: Stpn, stpn) -> dict[str, Tensor]:
    """What is read from the prompted maps: labels as numbers, masks over their boxes."""
    return found(variant.detector, list(prompted.values()), stpn.size)


def baseline_seen(current_HWC: Tensor, stpn) -> dict[str, Tensor]:
    """What the single-frame detector finds."""
    single = stpn.baseline
    return found(single.detector, single.detector.features(single.pixels(current_HWC[None])), stpn.size)


CURRENT = Graph("plain", (plain,), {})
PROMPTED = Graph("prompted", (walked, prompted, change, to_prompts, to_patches), {"Q": (1, 5)}, ("walked",))
LIKENESS = Graph("likeness", (cosine_plain_I,), {})
CLEAN = {"current_HWC": "clean_HWC", "plain": "clean_plain"}
WAYS = (
    Way(
        knobs={"predictor": "attention", "depth": "shallow", "order": "trained"},
        graphs=(
            CURRENT,
            Graph("prompts", (predicted, trained_LQD, looked_NQKP), {"K": (2, 30)}, ("predicted",)),
            PROMPTED,
            Graph("boxes", (prompted_seen,), {}),
            Graph("baseline", (baseline_seen,), {}),
            LIKENESS,
        ),
        again=(
            Again(CURRENT, {"current_HWC": "support_THWC"}, {"plain": "support_maps"}, each="current_HWC"),
            Again(CURRENT, CLEAN, {"plain": "clean_plain"}),
            Again(PROMPTED, CLEAN, {"prompted": "clean_prompted"}),
            Again(LIKENESS, {"plain": "prompted", "clean_plain": "clean_prompted"}, {"cosine_plain_I": "cosine_prompted_I"}),
        ),
        scripts={
            "frames_THWC": ("clip_THWC", "size"),
            "support_index_K": ("clip_THWC", "t", "supports", "stride", "per", "shuffled", "orders"),
            "clean_HWC": ("frames_THWC", "t"),
            "support_grid": ("grid",),
            "feature_LTPF": ("support_maps",),
            "own_LPF": ("feature_LTPF", "plain", "t", "own_spoil", "support_spoil"),
            "prompt_LQD": ("trained_LQD", "prompts"),
            "prompt_attention_NQKP": ("looked_NQKP", "prompts"),
            "prompted_found": ("prompted_seen", "names", "size"),
            "baseline_found": ("baseline_seen", "names", "size"),
            "cost": ("operations", "predicting", "supports", "prompts"),
        },
        without=("prompted_tracks", "baseline_tracks", "prompted_followed", "baseline_followed"),
    ),
)


def constants(networks: Mapping[str, Any]) -> dict[str, Any]:
    """What the JavaScript reads: sizes and names, the order in which K supports are shuffled, and what each K and N cost."""
    stpn, variant = networks["stpn"], networks["variant"]
    spans = {one.name: one.span for one in StpnKnobs.knobs()}
    low, high, step = spans["supports"]
    every = {K: spent(variant, stpn.size, K, 1) for K in range(low, high + 1, step)}
    return {
        "names": list(stpn.classes or SHAPES),
        "size": list(stpn.size),
        "grid": list(stpn.grid()),
        "orders": {K: eq.shuffle(tuple(range(K))) for K in every},
        "predicting": {K: one.predictor for K, one in every.items()},
        "operations": {N: asdict(spent(variant, stpn.size, low, N)) for N in range(1, stpn.prompts + 1)},
    }


def example(values: Mapping[str, Any]) -> dict[str, Tensor]:
    """What the JavaScript makes and a graph reads, of an example: what the graphs are exported with."""
    return {"clean_HWC": values["frames_THWC"][values["t"] - 1]}
