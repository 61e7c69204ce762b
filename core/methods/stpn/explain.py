"""The score of an STPN detection, as a function of the current frame's pixels.

Our reading. The box stays where it was found, the prompts stay what the supports made of them, and what is differentiated is
the probability of the box's class from the second stage's head, read in that box: proposals and suppression choose, and
have no gradient. The number is near the one on the screen, not equal to it: that one was read in the proposal, before the box
was refined. Frame t as a support of its own is not touched either.

A patch is a cell of the second-finest map (8 × 8 pixels for the shipped networks): things here are two to five cells wide.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection.roi_heads import RoIHeads

from core.data.rendered import Sample
from core.engine import Engine
from core.errors import BadKnob, ReaderError
from core.explain.offered import Choice, Explained
from core.explain.subject import Subject, fills
from core.methods.stpn import METHOD
from core.methods.stpn.equations import walk
from core.metrics import on_actor, overlap
from core.networks.detector import Detector
from core.networks.tower import Pyramid
from core.progress import CalledOff
from core.video.clip import Clip
from core.world import SHAPES

READERS = ("prompted", "baseline")
MOST = 20  # detections of one reader that can be chosen from, best first
LIKE = 0.5  # IoU of a detection and the actor, to be a detection of it


@dataclass(frozen=True, eq=False)
class StpnScore:
    """Normalised pixels [B, C, H, W] → probability [B] of class `label` in the box. taps: the tower's maps, finest first."""

    detector: Detector
    maps: Callable[[Tensor], Pyramid]
    box_14: Tensor
    label: int
    taps: tuple[nn.Module, ...]

    def __call__(self, pixels_BCHW: Tensor) -> Tensor:
        maps = [tap(one) for tap, one in zip(self.taps, self.maps(pixels_BCHW).maps.values(), strict=True)]
        roi: RoIHeads = self.detector.roi
        pooled = roi.box_roi_pool(self.detector.levels(maps), [self.box_14] * len(pixels_BCHW), [])
        logits_BY = roi.box_predictor(roi.box_head(pooled))[0]
        return logits_BY.softmax(-1)[:, self.label + 1]  # the background is first


def stpn_subject(
    engine: Engine, clip: Clip, detection: int = 0, reader: str = "prompted", cancelled: CalledOff = lambda: False, **knobs: Any
) -> Subject:
    """The score of a detection of the current frame (counted from 0, best first), to be explained.

    reader: "prompted", or "baseline": the single-frame detector. Maps are over frame t alone."""
    if reader not in READERS:
        raise BadKnob(f"What reads the frame is one of {', '.join(READERS)}, got {reader!r}.")
    outputs = ["pixels", f"{reader}_found", *(("variant", "prompt_LQD", "merging") if reader == "prompted" else ())]
    trace = engine.run("stpn", clip, outputs=outputs, cancelled=cancelled, **knobs)
    stpn, pixels, found = engine.network("stpn").network, trace["pixels"], trace[f"{reader}_found"]
    N = len(found.label_N)
    if isinstance(detection, bool) or not isinstance(detection, int) or not 0 <= detection < N:
        said = f"one of {N}, counted from 0, got {detection!r}" if N else "none: nothing was found in this frame"
        raise ReaderError(f"The detection to explain is {said}.")
    network = trace["variant"] if reader == "prompted" else stpn.baseline
    prompt_1LQD = trace["prompt_LQD"][None] if reader == "prompted" else None
    order = trace["merging"] if reader == "prompted" else network.detector.shape.order
    name, (H, W) = found.label_N[detection], pixels.size
    box_14 = found.box_N4[detection : detection + 1] * found.box_N4.new_tensor([W, H, W, H])
    strides: tuple[int, ...] = network.detector.shape.strides
    taps = tuple(nn.Identity() for _ in strides)
    net = StpnScore(
        network.detector,
        lambda pixels_BCHW: walk(network, pixels_BCHW, prompt_1LQD, order, look=False),
        box_14,
        (stpn.classes or SHAPES).index(name),
        taps,
    )
    whole_CHW = pixels.pixels_BCHW[0]
    size = whole_CHW.shape[-2:]
    cell = strides[min(1, len(strides) - 1)]
    with torch.no_grad():
        filled = {fill: one[0] for fill, one in fills(whole_CHW[None], strides[-1]).items()}
    return Subject(
        what=f"score of “{name}” in box {detection + 1} of frame {engine.settings('stpn', knobs)['t']}, {reader}",
        net=lambda pixels_BCHW, keep: net(pixels_BCHW),  # nothing here is decided anew
        whole=whole_CHW,
        filled=filled,
        spread=lambda shown_B1hw: F.interpolate(shown_B1hw, size, mode="nearest"),
        frame_T=(engine.settings("stpn", knobs)["t"] - 1,),
        grid=(-(-size[0] // cell), -(-size[1] // cell)),
        weights=trace.weights,
        taps=taps,
    )


def detections_of(
    engine: Engine, clip: Clip, texts: Sequence[str], knobs: Mapping[str, Any], cancelled: CalledOff
) -> tuple[Choice, ...]:
    """What each reader finds in the current frame, best first."""
    titles = {one.stage: one.title for one in METHOD.outputs}
    stages = {reader: f"{reader}_found" for reader in READERS}
    trace, made = engine.run("stpn", clip, outputs=list(stages.values()), cancelled=cancelled, **knobs), []
    for reader, stage in stages.items():
        seen = trace[stage]
        box_N4, score_N = seen.box_N4.cpu().tolist(), seen.score_N.cpu().tolist()
        for place, (name, box_4, score) in enumerate(zip(seen.label_N[:MOST], box_N4, score_N)):
            said, asked = f"{place + 1}: {name} {score:.2f}", {"detection": place, "reader": reader}
            made.append(Choice(said, titles[stage], asked, name, tuple(box_4), reader == "prompted"))
    return tuple(made)


EXPLAINED = Explained(
    "why this detection?",
    "Nothing is found in this frame, so there is no detection to explain: choose another frame, or spoil it less.",
    "The box stays where it was found and the prompts stay what the supports made of them: only the current frame is "
    "asked. The number is the probability of the box's class, read in that box: near the score on the screen, which was "
    "read before the box was refined, and not equal to it.",
    "probability",
    detections_of,
    lambda engine, clip, texts, choice, knobs, cancelled: stpn_subject(
        engine, clip, cancelled=cancelled, **choice.asked, **knobs
    ),
)  # fmt: skip


def case(engine: Engine, clip: Clip, one: Sample) -> tuple[Subject, dict[str, np.ndarray], np.ndarray] | None:
    """The clean current frame's detection that fits the actor best; None where none does."""
    knobs = dict(t=len(clip) // 2, spoil="none")
    box_N4 = engine.run("stpn", clip, outputs=["prompted_found"], **knobs)["prompted_found"].box_N4.cpu().numpy()
    H, W = one.frames_THWC.shape[1:3]
    like_N = overlap(box_N4 * [W, H, W, H], np.broadcast_to(one.box_TO4[len(clip) // 2 - 1, 0], box_N4.shape))
    if not len(like_N) or not like_N.max() > LIKE:  # an unseen actor has no box: NaN
        return None
    subject = stpn_subject(engine, clip, int(like_N.argmax()), **knobs)
    return subject, {}, on_actor(one.instance_THW[len(clip) // 2 - 1][None], subject.grid)
