"""Which patches does the number hang on? Captum's answers (https://captum.ai), by name:

    integrated_gradients   Sundararajan et al., 2017: from the fill to the clip, each patch's share of the difference
    grad_cam               Selvaraju et al., 2017: a layer's channels weighted by their mean gradient, negative ones left out
    occlusion              Zeiler and Fergus, 2014: what is lost where a window of patches is filled, mean over windows
    feature_ablation       what is lost where one patch, one place through the whole clip, or one frame is filled

What a method decides (a region of patches, counts) is held along integrated gradients and Grad-CAM, and made anew under the
other two; its `explain` says why. Grad-CAM sees only what goes through patches of its layer: what reaches a clip's feature
through temporal prompts further up is not in it.

    subject = explained(method).subject(engine, clip, texts, choice, knobs)
    estimate(subject, "occlusion", window=2)                      # seconds
    attribution(subject, "occlusion", window=2, progress=print)   # Explanation
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.errors import BadKnob, ReaderError
from core.explain.subject import BATCH, FILLS, Subject
from core.knobs import KnobSet, knob
from core.progress import CalledOff, Progress, Watch, watched

BACKWARD = 2  # a backward pass costs about two forward passes
FILL = "what stands for nothing to see: a wide blur, or the clip's mean colour"


class GradientKnobs(KnobSet):
    """Of integrated gradients."""

    steps: int = knob(24, "n", (4, 128, 4), "points on the way from the fill to the clip")
    fill: str = knob("blur", "fill", FILLS, FILL)


class GradCamKnobs(KnobSet):
    """Of Grad-CAM."""

    layer: int = knob(
        0, "ℓ", (0, 48, 1), "what enters block ℓ of a plain transformer, or leaves stage ℓ of a pyramid; 0 = the last"
    )


class OcclusionKnobs(KnobSet):
    """Of occlusion."""

    window: int = knob(3, "k", (1, 8, 1), "rows and columns of patches that are filled at once")
    frames: int = knob(1, "k_t", (1, 8, 1), "frames that are filled at once")
    step: int = knob(2, "s", (1, 8, 1), "patches from one window to the next")
    fill: str = knob("blur", "fill", FILLS, FILL)


class AblationKnobs(KnobSet):
    """Of feature ablation."""

    by: str = knob("patch", "by", ("patch", "place", "frame"), "fill one patch, one place in all frames, or one frame")
    fill: str = knob("blur", "fill", FILLS, FILL)


@dataclass(frozen=True, eq=False)
class Explanation:
    """A map of what a number hangs on.

    map_TP: float32, in units of the number unless a note says otherwise; frames of the clip at `frame_T` (from 0), patches
    row-major on `grid` (rows, columns). settings: every setting, given or not. notes: sentences the reader should see.
    """

    map_TP: np.ndarray
    grid: tuple[int, int]
    frame_T: tuple[int, ...]
    name: str
    title: str
    settings: Mapping[str, Any]
    seconds: float
    what: str
    weights: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attribution:
    """One of Captum's. make: (subject, settings, watch) → map [T, h, w] and notes. rows: forward passes it is worth.

    said: what its numbers are, for the reader. signed: they may be less than nothing."""

    title: str
    said: str
    knobs: type[KnobSet]
    make: Callable[[Subject, Any, Watch], tuple[Tensor, tuple[str, ...]]]
    rows: Callable[[Subject, Any], float]
    signed: bool = True


def attribution(
    subject: Subject, name: str, progress: Progress = lambda done: None, cancelled: CalledOff = lambda: False, **settings: Any
) -> Explanation:
    """The map. progress is told a share of 1 before each batch; `cancelled` is asked there too, and raises Cancelled."""
    chosen, made = _named(name), _named(name).knobs.of(settings)
    watch, began = Watch(chosen.rows(subject, made), progress, cancelled), time.perf_counter()
    map_Thw, notes = chosen.make(subject, made, watch)
    watch.end()
    return Explanation(
        map_TP=map_Thw.detach().float().cpu().numpy().reshape(len(subject.frame_T), -1),
        grid=subject.grid,
        frame_T=subject.frame_T,
        name=name,
        title=chosen.title,
        settings=MappingProxyType({one.name: getattr(made, one.name) for one in chosen.knobs.knobs()}),
        seconds=time.perf_counter() - began,
        what=subject.what,
        weights=subject.weights,
        notes=notes,
    )


def estimate(subject: Subject, name: str, **settings: Any) -> float:
    """Seconds that `attribution` will take, from one timed forward pass."""
    chosen = _named(name)
    return subject.seconds() * chosen.rows(subject, chosen.knobs.of(settings))


def _named(name: str) -> Attribution:
    if name not in ATTRIBUTIONS:
        raise ReaderError(f"There is no attribution {name!r}. They are {', '.join(ATTRIBUTIONS)}.")
    return ATTRIBUTIONS[name]


# ---- Captum ---------------------------------------------------------------------------------------------------------


def _scoring(subject: Subject, watch: Watch, fill: str, held: bool) -> Callable[[Tensor], Tensor]:
    """The score as Captum calls it, counted and open to being called off."""

    def score(shown_BThw: Tensor) -> Tensor:
        watch.step(len(shown_BThw) * (1 + BACKWARD * torch.is_grad_enabled()))
        with watched(watch.ask):  # a large tower asks at every block
            return subject.score(shown_BThw, fill, held)

    return score


def _integrated_gradients(subject: Subject, settings: GradientKnobs, watch: Watch) -> tuple[Tensor, tuple[str, ...]]:
    from captum.attr import IntegratedGradients

    method = IntegratedGradients(_scoring(subject, watch, settings.fill, held=True))
    found, delta = method.attribute(
        subject.ones(), baselines=0.0, n_steps=settings.steps, internal_batch_size=BATCH, return_convergence_delta=True
    )
    note = f"The patches sum to {found.sum().item():.4f}; whole less filled is {found.sum().item() - delta.item():.4f}"
    note += " (equal in the limit of many steps)."
    return found[0], (note,)


def _grad_cam(subject: Subject, settings: GradCamKnobs, watch: Watch) -> tuple[Tensor, tuple[str, ...]]:
    from captum.attr import LayerAttribution, LayerGradCam

    layers = len(subject.taps)
    if settings.layer > layers:
        raise BadKnob(f"ℓ (layer) is 0 to {layers} here, got {settings.layer}.")
    tap = subject.taps[settings.layer - 1]  # 0: the last
    found = LayerGradCam(_scoring(subject, watch, FILLS[0], held=True), tap).attribute(subject.ones(), relu_attributions=True)
    size = subject.shape if found.ndim == 5 else subject.grid
    assert isinstance(found, Tensor)
    shown = LayerAttribution.interpolate(found, size, "nearest")
    notes = ("Grad-CAM has no unit, and shows only what speaks for it.",)
    if not shown.any():
        notes += ("Nothing in this layer speaks for it: the whole map is 0.",)
    if tuple(found.shape[-2:]) != subject.grid:
        notes += (f"The layer has {found.shape[-2]} × {found.shape[-1]} cells: neighbours share one value.",)
    return shown.reshape(subject.shape), notes


def _occlusion(subject: Subject, settings: OcclusionKnobs, watch: Watch) -> tuple[Tensor, tuple[str, ...]]:
    from captum.attr import Occlusion

    window, step = _windows(subject, settings)
    with torch.no_grad():
        found = Occlusion(_scoring(subject, watch, settings.fill, held=False)).attribute(
            subject.ones(), sliding_window_shapes=window, strides=step, baselines=0.0, perturbations_per_eval=BATCH
        )
    return found[0], ()


def _feature_ablation(subject: Subject, settings: AblationKnobs, watch: Watch) -> tuple[Tensor, tuple[str, ...]]:
    from captum.attr import FeatureAblation

    with torch.no_grad():
        found = FeatureAblation(_scoring(subject, watch, settings.fill, held=False)).attribute(
            subject.ones(), baselines=0.0, feature_mask=_features(subject, settings)[None], perturbations_per_eval=BATCH
        )
    return found[0], ()


def _windows(subject: Subject, settings: OcclusionKnobs) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Captum's window and strides: no larger than the map, and no gap between two windows."""
    asked = settings.frames, settings.window, settings.window
    window = tuple(min(one, size) for one, size in zip(asked, subject.shape))
    step = tuple(min(settings.step if i else 1, one) for i, one in enumerate(window))
    return window, step  # pyright: ignore


def _features(subject: Subject, settings: AblationKnobs) -> Tensor:
    """Which patches are filled together: the same number, [T, h, w]."""
    T, h, w = subject.shape
    frame_T11, place_1hw = torch.arange(T).view(-1, 1, 1), torch.arange(h * w).view(1, h, w)
    number = {"patch": frame_T11 * h * w + place_1hw, "place": place_1hw, "frame": frame_T11}[settings.by]
    return number.expand(T, h, w).contiguous().to(subject.whole.device)


def _window_rows(subject: Subject, settings: OcclusionKnobs) -> int:
    window, step = _windows(subject, settings)
    return 1 + math.prod(math.ceil((size - k) / s) + 1 for size, k, s in zip(subject.shape, window, step))


ATTRIBUTIONS: Mapping[str, Attribution] = {
    "integrated_gradients": Attribution(
        "Integrated gradients", "each patch's share of what the number gains on the way from the fill to the clip",
        GradientKnobs, _integrated_gradients, lambda _, asked: (1 + BACKWARD) * asked.steps + 2,
    ),
    "grad_cam": Attribution(
        "Grad-CAM", "a layer's channels, weighted by their mean gradient; what speaks against is left out",
        GradCamKnobs, _grad_cam, lambda *_: 1 + BACKWARD, signed=False,
    ),
    "occlusion": Attribution(
        "Occlusion", "what the number loses where a window of patches is filled, mean over the windows that hide a patch",
        OcclusionKnobs, _occlusion, _window_rows,
    ),
    "feature_ablation": Attribution(
        "Feature ablation", "what the number loses where one patch, one place in all frames, or one frame is filled",
        AblationKnobs, _feature_ablation,
        lambda subject, asked: 1 + len(_features(subject, asked).unique()),
    ),
}  # fmt: skip
