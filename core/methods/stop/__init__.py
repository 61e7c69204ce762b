"""STOP: spatial prompts where something happens in a frame, temporal prompts where something changes between frames.

Liu, Xu, Su, Zou, Peng, Zhou: *STOP: Integrated Spatial-Temporal Dynamic Prompting for Video Understanding*, CVPR 2025.

The stages below are the paper's equations in its order, as other texts quote them: of the paper itself, Figure 2 could be
read. What they share with training is in `equations`. Where these are silent the choice is ours, and is listed in `lesson`.

Letters: T frames, G = T − 1 gaps, P patches (row-major), Q prompts a gap can hold, D width, L layers, N heads, Y texts,
E features.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.device import upload
from core.errors import BadClip, BadGiven, BadKnob
from core.fold import fold
from core.kinds import GapCounts, GapScores, HeadMaps, PatchMap, RegionMask, TextScores, TokenSequence
from core.knobs import KnobSet, knob
from core.method import Group, Method, Network
from core.methods.stop.equations import (
    Settings,
    add_prompts,
    blend,
    counts,
    differences,
    heard,
    highest,
    interleave,
    mean_square,
    prompt_layer,
    split,
    to_clip_scale,
    weighted_change,
)  # fmt: skip
from core.methods.stop.weights import load_prompters
from core.networks.weights import load_clip
from core.video.camera import beside
from core.video.clip import Clip


class StopKnobs(KnobSet):
    """What a reader may turn."""

    layer: int = knob(3, "ℓ", (1, 48, 1), "block of the frozen encoder whose CLS → patch attention is A")
    alpha: float = knob(0.2, "α", (0.0, 1.0, 0.05), "what makes a region: 1 = attention only, 0 = dynamics only")
    kept: int = knob(6, "N_s", (1, 256, 1), "patches kept in each frame: these receive a spatial prompt")
    beta: float = knob(1.0, "β", (0.0, 4.0, 0.1), "extra weight of kept patches when a gap's change is measured")
    eta: float = knob(8.0, "η", (0.0, 12.0, 0.1), "temporal prompts per unit of change")
    spatial: bool = knob(True, "p^s", None, "add spatial prompts to the kept patches")
    temporal: bool = knob(True, "p^t", None, "insert temporal prompts between frames")
    depth: str = knob("first", "×L", ("first", "all"), "prompt the first layer only, or every layer anew")
    steady: bool = knob(False, "no pan", None, "change is measured less the camera's own motion; not part of STOP")


# ---- the frozen encoder's tokens and attention ------------------------------------------------------------------------


def tokens_TSD(clip: Clip, clip_towers, device) -> Tensor:
    """[CLS; h_i]: each frame resized, cut into patches, embedded and given its position (frozen)."""
    if len(clip) < 2:
        raise BadClip(f"STOP compares consecutive frames, so a clip has at least 2, got {len(clip)}.")
    vision = clip_towers.vision
    return vision.embed(vision.pixels(upload(clip, device)))


def patches_TPD(tokens_TSD: Tensor, clip_towers) -> Tensor:
    """h: the patch tokens of every frame, before the first block."""
    return tokens_TSD[:, clip_towers.vision.prefix :]


@fold(over="layer", gather=torch.stack)
def attention_LTP(entering_TSD: Tensor | None, block: int, tokens_TSD: Tensor, clip_towers) -> tuple[Tensor, Tensor]:
    """CLS → patch attention of the first ℓ blocks, frame by frame, without prompts. Each row sums to 1 over the patches."""
    vision = clip_towers.vision
    if block >= vision.depth:
        raise BadKnob(f"ℓ (layer) is 1 to {vision.depth} for these weights, got {block + 1}.")
    if entering_TSD is None:
        entering_TSD = tokens_TSD
    else:
        entering_TSD = vision.blocks(entering_TSD, None, block - 1, block)
    return entering_TSD, vision.attention(block, entering_TSD)


def attention_TP(attention_LTP: Tensor) -> Tensor:
    """A = Attn(h_cls, h_i) of block ℓ, on one scale for the clip: its largest value is 1. (Figure 2a)"""
    return to_clip_scale(attention_LTP[-1])


def heads_NTP(tokens_TSD: Tensor, attention_LTP: Tensor, clip_towers) -> Tensor:
    """The attention of every head of block ℓ, on one scale for all: the largest value is 1. A is of their mean."""
    vision, last = clip_towers.vision, len(attention_LTP) - 1
    entering_TSD = vision.blocks(tokens_TSD, None, 0, last)
    each_TNP = vision.attend_each(last, entering_TSD[:, :1], entering_TSD[:, vision.prefix :])
    return to_clip_scale(each_TNP.transpose(0, 1).flatten(0, 1)).unflatten(0, (-1, len(tokens_TSD)))


# ---- intra-frame spatial prompting ------------------------------------------------------------------------------------


def prompters(depth: str, stop_first, stop_all):
    """The trained parts for the prompted layers: one set, or one for each block."""
    return stop_first if depth == "first" else stop_all


def neighbours(clip: Clip, clip_towers, device, steady: bool) -> Tensor | None:
    """h of the frame before and of the frame after each, as the camera of that frame would have taken them, [T, 2, P, D];
    None where change is measured as it is."""
    if not steady:
        return None
    vision, (before_THWC, after_THWC) = clip_towers.vision, beside(clip.frames_THWC)
    both_NHWC = torch.from_numpy(np.stack([before_THWC, after_THWC], 1)).flatten(0, 1).to(device)
    return vision.embed(vision.pixels(both_NHWC))[:, vision.prefix :].unflatten(0, (-1, 2))


def filtered_TPD(patches_TPD: Tensor, neighbours: Tensor | None, prompters, clip_towers) -> Tensor:
    """h̃ = 𝒩^s(h): a 3-D convolution that starts as each frame less the mean of its neighbours."""
    dynamics_filter, grid = prompters[0].dynamics_filter, clip_towers.vision.grid
    if neighbours is None:
        return dynamics_filter(patches_TPD[None], grid)[0]
    return dynamics_filter.middle(patches_TPD, neighbours, grid)


def dynamics_TP(filtered_TPD: Tensor) -> Tensor:
    """M = 1/d · Σ_k h̃_k², on one scale for the clip: its largest value is 1. (Figure 2a)"""
    return to_clip_scale(mean_square(filtered_TPD))


def score_TP(attention_TP: Tensor, dynamics_TP: Tensor, alpha: float) -> Tensor:
    """W^s = α·A + (1 − α)·M: what stands out, and what moves, in one number. (Figure 2a)"""
    return blend(attention_TP, dynamics_TP, alpha)


def region_TP(score_TP: Tensor, kept: int) -> Tensor:
    """r: True for the N_s highest scores of each frame; among equals the earlier patch. (Figure 2a)"""
    if kept > score_TP.shape[-1]:
        raise BadKnob(f"N_s (kept) is 1 to {score_TP.shape[-1]}, the patches of a frame, got {kept}.")
    return highest(score_TP, kept)


def spatial_prompt_TPD(patches_TPD: Tensor, prompters, clip_towers) -> Tensor:
    """p^s = 𝒫^s(h_{i−1}, h_i, h_{i+1}): a prompt for every patch; r decides which are used. (Figure 2b)"""
    return prompters[0].spatial(patches_TPD[None], clip_towers.vision.grid)[0]


def prompted_TPD(patches_TPD: Tensor, spatial_prompt_TPD: Tensor, region_TP: Tensor, spatial: bool) -> Tensor:
    """h^s = h + r·p^s: prompts are added to the kept patches, not inserted. (Figure 2b)"""
    return add_prompts(patches_TPD, spatial_prompt_TPD, region_TP) if spatial else patches_TPD


# ---- inter-frame temporal prompting -----------------------------------------------------------------------------------


def difference_GPD(prompted_TPD: Tensor, patches_TPD: Tensor, neighbours: Tensor | None) -> Tensor:
    """Δh^s: each prompted frame less the one before it; less what the camera alone has changed, where that is asked for."""
    change_GPD = differences(prompted_TPD)
    return change_GPD if neighbours is None else change_GPD - (neighbours[1:, 0] - patches_TPD[:-1])


def gap_filtered_GPD(difference_GPD: Tensor, prompters, clip_towers) -> Tensor:
    """h̃^s = 𝒩^t(Δh^s): no bias, so no change stays no change."""
    return prompters[0].gap_filter(difference_GPD[None], clip_towers.vision.grid)[0]


def change_G(gap_filtered_GPD: Tensor, region_TP: Tensor, beta: float, prompters) -> Tensor:
    """W^t = 1/(N_p·d) · Σ_j (1 + β·r_j) Σ_k (h̃^s_jk)², over a constant stored with the weights. (Figure 2a)"""
    return weighted_change(gap_filtered_GPD, region_TP, beta) / prompters[0].change_scale


def prompt_count_G(change_G: Tensor, eta: float, temporal: bool) -> tuple[int, ...]:
    """N^t = ⌈η·W^t⌉, at most 8: how many prompts each gap receives. (Figure 2a)"""
    return tuple(counts(change_G, eta).tolist()) if temporal else (0,) * len(change_G)


def count_in_words(gap: int, change: float, count: int, knobs: Mapping[str, Any]) -> str:
    """ "gap 3→4: W = 0.31, η = 8 → ⌈2.48⌉ = 3". Frames are counted from 1."""
    begun = f"gap {gap + 1}→{gap + 2}: W = {change:.3g}, η = {knobs['eta']:g} → "
    if not knobs["temporal"]:
        return begun + "temporal prompts are off: 0"
    raw = round(knobs["eta"] * change, 2)  # as `counts` rounds it
    whole = f"{begun}⌈{raw:.2f}⌉ = {math.ceil(raw)}"
    return whole if count == math.ceil(raw) else f"{whole}, capped at {count}"


def temporal_prompt_GQD(difference_GPD: Tensor, prompters, clip_towers) -> Tensor:
    """p^t = 𝒫^t(Δh^s): as many prompts as a gap can hold; the first N^t of them are inserted. (Figure 2c)"""
    return prompters[0].temporal(difference_GPD[None], clip_towers.vision.grid)[0]


def sequence_SD(
    tokens_TSD: Tensor, prompted_TPD: Tensor, temporal_prompt_GQD: Tensor, prompt_count_G: tuple[int, ...], clip_towers
) -> Tensor:
    """[CLS; h^s_1; p^t_1; h^s_2; p^t_2; …]: one CLS for the video, prompts between the frames they join. (Figure 2a)"""
    prefix_RD = tokens_TSD[0, : clip_towers.vision.prefix]
    if max(prompt_count_G) > temporal_prompt_GQD.shape[1]:
        raise BadGiven(f"A gap holds up to {temporal_prompt_GQD.shape[1]} prompts, got {max(prompt_count_G)}.")
    return interleave(prefix_RD, prompted_TPD, temporal_prompt_GQD, prompt_count_G)


# ---- the video, and what fits it --------------------------------------------------------------------------------------


def later(depth: str, alpha: float, kept: int, beta: float, eta: float, spatial: bool, temporal: bool) -> tuple:
    """The knobs as the layers after the first need them; () where only the first is prompted, and they need none."""
    return (alpha, kept, beta, eta, spatial, temporal) if depth == "all" else ()


def video_E(sequence_SD: Tensor, prompt_count_G: tuple[int, ...], later: tuple, prompters, clip_towers) -> Tensor:
    """v: CLS after joint space–time attention over the whole sequence, in the space shared with texts. (Figure 2a)"""
    vision = clip_towers.vision
    if not later:
        return vision.encode(sequence_SD[None], heard(sequence_SD))[0]
    settings = Settings(*later)
    prefix_RD, frames_TPD, _ = split(sequence_SD, prompt_count_G, vision.prefix, vision.patches)
    held_SD, heard_1S = sequence_SD, heard(sequence_SD)
    for layer in range(1, vision.depth):
        held_SD = vision.blocks(held_SD[None], heard_1S, layer - 1, layer)[0]
        prefix_RD, frames_TPD, _ = split(held_SD, prompt_count_G, vision.prefix, vision.patches)
        attention = vision.attend(layer, prefix_RD[None, :1], frames_TPD)
        made = prompt_layer(frames_TPD[None], attention[None], prompters[layer], vision.grid, settings)
        prompt_count_G = tuple(made.count_BG[0].tolist())
        held_SD = interleave(prefix_RD, made.prompted_BTPD[0], made.temporal_BGQD[0], prompt_count_G)
        heard_1S = heard(held_SD)
    return vision.feature(vision.last_block(held_SD[None], heard_1S))[0]


def text_YE(texts: tuple[str, ...], clip_towers) -> Tensor:
    """s: the frozen text tower's feature of each text, unit length."""
    return clip_towers.text(list(texts))


def similarity_Y(video_E: Tensor, text_YE: Tensor) -> Tensor:
    """c(s, v) = s·v / (‖s‖‖v‖): the cosine of each text with the video. (Figure 2a)"""
    return text_YE @ video_E


def unknown_words(texts: tuple[str, ...], clip_towers) -> tuple[str, ...]:
    """Words of the texts that the text tower has never seen, and reads as one and the same unknown word."""
    return clip_towers.text.unknown(list(texts))


def first_layer(file, clip):
    """The prompters before the first block."""
    return load_prompters(clip, 1, file)


def all_layers(file, clip):
    """A set of prompters before every block."""
    return load_prompters(clip, clip.network.vision.depth, file)


CLIP = Network("clip", load_clip)

METHOD = Method(
    name="stop",
    place=1,
    title="STOP — spatial and temporal dynamic prompts",
    paper="Liu et al., STOP: Integrated Spatial-Temporal Dynamic Prompting for Video Understanding, CVPR 2025",
    knobs=StopKnobs,
    stages=(
        tokens_TSD, patches_TPD, attention_LTP, attention_TP, heads_NTP, prompters, neighbours, filtered_TPD, dynamics_TP,
        score_TP, region_TP, spatial_prompt_TPD, prompted_TPD, difference_GPD, gap_filtered_GPD, change_G, prompt_count_G,
        temporal_prompt_GQD, sequence_SD, later, video_E, text_YE, similarity_Y, unknown_words,
    ),
    networks={
        "clip_towers": CLIP,
        "stop_first": Network("stop_first", first_layer, (CLIP,), lambda knobs: knobs["depth"] == "first"),
        "stop_all": Network("stop_all", all_layers, (CLIP,), lambda knobs: knobs["depth"] == "all"),
    },
    grid=lambda networks: networks["clip_towers"].vision.grid,
    outputs=(
        PatchMap("attention_TP", "A", "attention inside each frame", "share of the clip's largest"),
        HeadMaps(
            "heads_NTP", "A_n", "attention of one head", "share of the largest of all heads", "attention_TP",
            "not what STOP uses: STOP averages the heads", when="whole",
        ),
        PatchMap("dynamics_TP", "M", "change around each frame", "share of the clip's largest"),
        PatchMap(
            "score_TP", "W^s", "score of each patch", "α·A + (1 − α)·M", "W = αA + (1 − α)M",
            lambda knobs: {"attention_TP": knobs["alpha"], "dynamics_TP": 1 - knobs["alpha"]},
        ),
        RegionMask("region_TP", "r", "discriminative region", "N_s patches a frame"),
        GapScores("change_G", "W^t", "change between frames", "of the weights' own scale"),
        GapCounts(
            "prompt_count_G", "N^t", "temporal prompts between frames", "prompts", count_in_words, "⌈η·W^t⌉",
            lambda knobs: 1 / knobs["eta"] if knobs["eta"] else None,
        ),
        TokenSequence("sequence_SD", "[CLS; h; p; …]", "the sequence that enters the encoder", "tokens", "spatial"),
        TextScores(
            "similarity_Y", "c(s, v)", "how well each text fits", "cosine", "unknown_words", "clip_towers", when="network"
        ),
    ),
    layout=(
        Group("Where it looks", ("attention_TP", "heads_NTP", "dynamics_TP", "score_TP", "region_TP")),
        Group(
            "tokens", ("sequence_SD",),
            {
                "kept": "kept patch, h + p^s", "plain": "kept patch, no prompt added",
                "prompt": "temporal prompt p^t, between two frames", "prompts": "temporal prompts",
            },
        ),
        Group("Change and prompts of each gap", ("change_G", "prompt_count_G")),
        Group("Which text fits", ("similarity_Y",)),
    ),
    limits=lambda networks: {
        "kept": networks["clip_towers"].vision.patches,
        "layer": networks["clip_towers"].vision.depth,
    },
    steady="steady",
)  # fmt: skip
