"""STPN: prompts made of what other frames of the clip show enter the backbone with the patches of a frame that is hard to see.

Sun, Wang, Zhang, Deng, Zafeiriou, Hua: *Spatio-temporal Prompting Network for Robust Video Feature Extraction*, ICCV 2023,
arXiv 2402.02574. Where the text we could read leaves something open, its released code is followed (“released”); where both
are silent the choice is ours, and is listed in `lesson`.

The stages below are the method's steps in order, those through a whole clip in `tracks` and `following`; their equations
are in `equations`, what is counted in `cost`.

Letters: T frames, K support frames, P patches of the support map (row-major), Q prompts, N heads, L places where prompts
enter, I stages of the tower, F width of a support's features, D width of a prompt, C channels, H W pixels.
"""

import torch
from torch import Tensor

from core.device import upload
from core.knobs import KnobSet, knob
from core.method import Method, Network
from core.methods.stpn import equations as eq
from core.methods.stpn import following, outputs, tracks
from core.methods.stpn.authors import Prepared
from core.methods.stpn.cost import Spent, spent
from core.methods.stpn.dvp import PREDICTORS
from core.methods.stpn.networks import DEPTHS, Looked, Stpn
from core.methods.stpn.weights import load_stpn
from core.networks.swin import ORDERS
from core.networks.tower import Place, Pyramid, Size
from core.video.clip import Clip
from core.world import DEGRADATIONS, SHAPES


class StpnKnobs(KnobSet):
    """What a reader may turn."""

    t: int = knob(4, "t", (1, 32, 1), "the current frame, counted from 1: it is what the detector reads")
    supports: int = knob(6, "K", (2, 30, 2), "support frames that the prompts are made of, an even number")
    stride: int = knob(1, "S", (0, 9, 1), "frames between supports around t; 0 = spread over the clip (released test setting)")
    prompts: int = knob(5, "N", (1, 5, 1), "prompts that enter: the first N of the trained ones")
    predictor: str = knob("attention", "DVP", tuple(PREDICTORS), "how support features become prompts")
    depth: str = knob("shallow", "×L", DEPTHS, "prompts before the first block, or new ones for every block of the last stage")
    per: str = knob("frame", "per", ("frame", "clip"), "supports around the current frame, or one set around the clip's middle")
    order: str = knob("trained", "merge", ("trained", *ORDERS), "how prompts are merged between stages; weights know one way")
    shuffled: bool = knob(False, "π", None, "supports in a shuffled order: prompts know no order, so nothing moves")
    spoil: str = knob("motion_blur", "spoil", ("none", *DEGRADATIONS), "what is done to frames before the network sees them")
    severity: float = knob(0.6, "s", (0.0, 1.0, 0.05), "how badly frames are spoilt: 0 = not at all")
    spoiled: str = knob("current", "where", ("current", "supports", "both"), "which frames are spoilt")


# ---- what the network is shown ----------------------------------------------------------------------------------------


def frames_THWC(clip: Clip, stpn, device) -> Tensor:
    """I: every frame, resized whole to the size the network was trained at (uint8 RGB), nothing cropped."""
    return stpn.sized(upload(clip, device))


def support_index_K(clip: Clip, t: int, supports: int, stride: int, per: str, shuffled: bool) -> tuple[int, ...]:
    """τ: t − S·K/2 … t + S·K/2 in steps of S without t, ends repeated; S = 0: round(i·(T − 1)/(K − 1)). Counted from 0."""
    centre = eq.frame_at(t, len(clip)) if per == "frame" else len(clip) // 2
    index_K = eq.support_index(centre, len(clip), supports, stride)
    return eq.shuffle(index_K) if shuffled else index_K


def current_spoil(spoil: str, severity: float, spoiled: str) -> eq.Spoil:
    """What is done to the current frame, and how badly."""
    return eq.said(spoil, severity, spoiled != "supports")


def support_spoil(spoil: str, severity: float, spoiled: str) -> eq.Spoil:
    """What is done to the support frames, and how badly."""
    return eq.said(spoil, severity, spoiled != "current")


def own_spoil(support_index_K: tuple[int, ...], t: int, current_spoil: eq.Spoil, support_spoil: eq.Spoil) -> eq.Spoil:
    """What is done to frame t where it is one of its own supports: it is one frame, and no clean copy of it helps."""
    return current_spoil if t - 1 in support_index_K else support_spoil


def current_HWC(frames_THWC: Tensor, t: int, current_spoil: eq.Spoil) -> Tensor:
    """I_t, spoilt or not."""
    place = eq.frame_at(t, len(frames_THWC))
    return eq.spoilt(frames_THWC[place], current_spoil, place)


def support_THWC(frames_THWC: Tensor, support_spoil: eq.Spoil) -> Tensor:
    """Every frame as it is where it supports another, spoilt or not."""
    return torch.stack([eq.spoilt(frame_HWC, support_spoil, place) for place, frame_HWC in enumerate(frames_THWC)])


def pixels(current_HWC: Tensor, stpn) -> Prepared:
    """I_t, normalised."""
    return stpn.prepare(current_HWC[None])


def clean_pixels(frames_THWC: Tensor, t: int, stpn) -> Prepared:
    """I_t as it was before anything was done to it, normalised."""
    return stpn.prepare(frames_THWC[eq.frame_at(t, len(frames_THWC))][None])


def input_size(frames_THWC: Tensor, stpn) -> Size:
    """Rows and columns of normalised pixels, padding included."""
    H, W = stpn.prepare(frames_THWC[:1]).pixels_BCHW.shape[-2:]
    return int(H), int(W)


def support_grid(input_size: Size, stpn) -> Size:
    """Rows and columns of the map that supports are read from: P is their product."""
    return stpn.grid(input_size)


# ---- prompts ----------------------------------------------------------------------------------------------------------


def variant(predictor: str, depth: str, stpn) -> Stpn:
    """The network that was trained with this predictor and depth."""
    return stpn.pick(f"{predictor}/{depth}")


def feature_LTPF(support_THWC: Tensor, variant: Stpn, stpn) -> Tensor:
    """E: each frame by itself through the same tower, without prompts; the last stage after its norm (shallow), or what
    enters each of its blocks (deep). Once a clip: K, S, t and N only gather."""
    return eq.every_support(variant, support_THWC, stpn)


def own_LPF(
    feature_LTPF: Tensor, frames_THWC: Tensor, t: int, own_spoil: eq.Spoil, support_spoil: eq.Spoil, variant: Stpn, stpn
) -> Tensor:  # fmt: skip
    """E of frame t, should it be its own support: computed anew only where it is spoilt otherwise than the supports."""
    place = eq.frame_at(t, len(frames_THWC))
    if own_spoil == support_spoil:
        return feature_LTPF[:, place].clone()
    shown_HWC = eq.spoilt(frames_THWC[place], own_spoil, place)
    return eq.support_features(variant, stpn.prepare(shown_HWC[None]).pixels_BCHW)[:, 0]


def support_LKPF(feature_LTPF: Tensor, own_LPF: Tensor, support_index_K: tuple[int, ...], t: int) -> Tensor:
    """E_sup: the features of the K supports, gathered."""
    return torch.stack([own_LPF if place == t - 1 else feature_LTPF[:, place] for place in support_index_K], 1)


def predicted(support_LKPF: Tensor, variant: Stpn) -> Looked:
    """All prompts that were trained, and where they looked. The attention predictor, with R = E_sup W_r (released):
    softmax_KP(Q W_q (R W_k)ᵀ / √d) R W_v W_o; the others in `dvp`."""
    return eq.predict(variant, support_LKPF)


def prompt_LQD(predicted: Looked, prompts: int) -> Tensor:
    """P: the first N prompts, one set (shallow) or one for every place where they enter (deep)."""
    return eq.first_prompts(predicted, prompts)


def prompt_attention_NQKP(predicted: Looked, prompts: int) -> Tensor:
    """A: where the first N prompts looked; for each head it sums to 1 over supports and patches. Deep: the mean over places."""
    return torch.cat(list(predicted.attention.values()))[:, :, :prompts].mean(0)


def mass_K(prompt_attention_NQKP: Tensor) -> Tensor:
    """Share of the attention that each support received, mean over heads and prompts: sums to 1."""
    return eq.mass(prompt_attention_NQKP)


def entropy_Q(prompt_attention_NQKP: Tensor) -> Tensor:
    """−Σ A log A / log(K·P), mean over heads first: 0 = a prompt saw one patch, 1 = it saw all patches alike."""
    return eq.entropy(prompt_attention_NQKP)


# ---- the current frame ------------------------------------------------------------------------------------------------


def plain(pixels: Prepared, variant: Stpn) -> Pyramid:
    """The tower's maps of the current frame with the same weights, prompts skipped (zeros instead would not be nothing)."""
    return eq.walk(variant, pixels.pixels_BCHW)


def merging(order: str, variant: Stpn) -> str:
    """How four patches' worth of a prompt stands before a patch merging: plain, or released. (`swin.merge_prompts`)"""
    return variant.detector.shape.order if order == "trained" else order


def prompted(pixels: Prepared, prompt_LQD: Tensor, variant: Stpn, merging: str) -> Pyramid:
    """[P ; x] through the tower: a copy of the prompts in every window, no position bias, then the mean of the copies. Maps
    without prompts, and what patches and prompts gave each other."""
    return eq.walk(variant, pixels.pixels_BCHW, prompt_LQD[None], merging)


def change(prompted: Pyramid, plain: Pyramid) -> dict[int, Tensor]:
    """‖f_prompted − f_plain‖ at each place over the mean of ‖f_plain‖ in its stage.

    {stage: [h, w]}"""
    return eq.relative_change(prompted.maps, plain.maps)


def to_prompts(prompted: Pyramid) -> dict[Place, Tensor]:
    """Patch → prompt: share of a patch's attention that each prompt receives, mean over heads.

    {(stage, block): [Q, h, w]}"""
    return {at: look.to_prompts_BQhw[0] for at, look in prompted.looks.items()}


def to_patches(prompted: Pyramid) -> dict[Place, Tensor]:
    """Prompt → patch: where each prompt looks in the frame, mean over heads and its copies.

    {(stage, block): [Q, h, w]}"""
    return {at: look.to_patches_BQhw[0] for at, look in prompted.looks.items()}


def clean_plain(clean_pixels: Prepared, variant: Stpn) -> Pyramid:
    """Maps of the clean frame, without prompts."""
    return eq.walk(variant, clean_pixels.pixels_BCHW)


def clean_prompted(clean_pixels: Prepared, prompt_LQD: Tensor, variant: Stpn, merging: str) -> Pyramid:
    """Maps of the clean frame, with the same prompts."""
    return eq.walk(variant, clean_pixels.pixels_BCHW, prompt_LQD[None], merging)


def cosine_plain_I(plain: Pyramid, clean_plain: Pyramid) -> Tensor:
    """Cosine of the spoilt frame's features with the clean frame's, both without prompts, mean over a stage's places."""
    return eq.likeness(plain.maps, clean_plain.maps)


def cosine_prompted_I(prompted: Pyramid, clean_prompted: Pyramid) -> Tensor:
    """The same, both with the same prompts: what prompts change in every frame alike is no repair, and does not count."""
    return eq.likeness(prompted.maps, clean_prompted.maps)


def prompted_found(prompted: Pyramid, pixels: Prepared, variant: Stpn, stpn) -> eq.Seen:
    """Boxes and masks read from the prompted maps: pyramid, proposals and heads know nothing of prompts."""
    found = variant.detector.heads(list(prompted.maps.values()), pixels.size)
    return eq.seen(found[0], pixels.size, stpn.classes or SHAPES)


def baseline_found(pixels: Prepared, stpn) -> eq.Seen:
    """Boxes and masks of the single-frame detector: other weights, trained as long on the same frames, without prompts."""
    detector = stpn.baseline.detector
    found = detector.heads(detector.features(pixels.pixels_BCHW), pixels.size)
    return eq.seen(found[0], pixels.size, stpn.classes or SHAPES)


def cost(input_size: Size, variant: Stpn, supports: int, prompts: int) -> Spent:
    """Tokens and FLOPs: N prompts become N·windows copies in every block they pass."""
    return spent(variant, input_size, supports, prompts)


METHOD = Method(
    name="stpn",
    place=3,
    title="STPN — dynamic video prompts",
    paper="Sun et al., Spatio-temporal Prompting Network for Robust Video Feature Extraction, ICCV 2023",
    knobs=StpnKnobs,
    stages=(
        frames_THWC, support_index_K, current_spoil, support_spoil, own_spoil, current_HWC, support_THWC, pixels, clean_pixels,
        input_size, support_grid, variant, feature_LTPF, own_LPF, support_LKPF, predicted, prompt_LQD, prompt_attention_NQKP,
        mass_K, entropy_Q, plain, merging, prompted, change, to_prompts, to_patches, clean_plain, clean_prompted,
        cosine_plain_I, cosine_prompted_I, prompted_found, baseline_found, cost, *tracks.STAGES, *following.STAGES,
    ),
    networks={"stpn": Network("stpn", load_stpn)},
    # that of the support maps, over which prompts look; maps of the current frame carry their own rows and columns
    grid=lambda networks: networks["stpn"].grid(),
    outputs=outputs.OUTPUTS,
    layout=outputs.LAYOUT,
    beside=outputs.SHUFFLED,
    limits=lambda networks: {"prompts": networks["stpn"].prompts},
    untrained=outputs.untrained,
)  # fmt: skip
