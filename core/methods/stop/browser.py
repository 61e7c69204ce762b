"""STOP in a browser: what the networks do is exported, what is chosen and counted is JavaScript.

The tower, both prompters and 𝒩^s are ONNX graphs of the stages' own functions. What a knob turns – the sum of A and M, the
N_s highest, the differences, 𝒩^t, W^t and N^t – is the JavaScript that an exported file has, too, so that a mask never waits
for a network.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.browser.ways import Graph, Way
from core.methods.stop import (
    dynamics_TP,
    filtered_TPD,
    patches_TPD,
    spatial_prompt_TPD,
    temporal_prompt_GQD,
)
from core.methods.stop.equations import (
    add_prompts,
    blend,
    counts,
    differences,
    mean_square,
    to_clip_scale,
    weighted_change,
)
from core.methods.stop.networks import CAP, Prompter
from core.networks.text import PAD, WORDS
from core.video.read import FRAMES

MODULE = "site/regions.js"
LEFT_OUT = "STOP's switch “no pan” needs a camera's motion, which is found in Python only."


def tokens_TSD(clip_THWC: Tensor, clip_towers) -> Tensor:
    """[CLS; h_i]: each frame resized, cut into patches, embedded and given its position (frozen)."""
    vision = clip_towers.vision
    return vision.embed(vision.pixels(clip_THWC))


def every_head_LNTP(tokens_TSD: Tensor, clip_towers) -> Tensor:
    """CLS → patch attention of every head of every block, frame by frame, without prompts: ℓ chooses among them."""
    vision, made = clip_towers.vision, []
    for block in range(vision.depth):
        if block:
            tokens_TSD = vision.blocks(tokens_TSD, None, block - 1, block)
        made.append(vision.attend_each(block, tokens_TSD[:, :1], tokens_TSD[:, vision.prefix :]).transpose(0, 1))
    return torch.stack(made)


def video_E(sequence_SD: Tensor, clip_towers) -> Tensor:
    """v: CLS after joint space–time attention over the whole sequence, in the space shared with texts."""
    return clip_towers.vision.encode(sequence_SD[None])[0]


def text_YE(word_YI: Tensor, clip_towers) -> Tensor:
    """s: the frozen text tower's feature of each text, unit length. Every text has as many places as the longest may have."""
    return clip_towers.text.features(word_YI)


def prompted(
    h_TPD: Tensor, attention_TP: Tensor, prompter: Prompter, grid: tuple[int, int], knobs: tuple
) -> tuple[Tensor, ...]:
    """One layer's prompts of one clip: h + r·p^s, N^t, p^t. `equations.prompt_layer` without its gradients, and with switches
    that are numbers."""
    alpha, kept, beta, eta, spatial, temporal = knobs
    dynamics_TP = to_clip_scale(mean_square(prompter.dynamics_filter(h_TPD[None], grid)[0]))
    score_TP = blend(to_clip_scale(attention_TP), dynamics_TP, alpha)
    region_TP = rank_TP(score_TP) < kept
    made_TPD = add_prompts(h_TPD, prompter.spatial(h_TPD[None], grid)[0] * spatial, region_TP)
    gap_GPD = differences(made_TPD)
    change_G = weighted_change(prompter.gap_filter(gap_GPD[None], grid)[0], region_TP, beta) / prompter.change_scale
    return made_TPD, counts(change_G, eta) * temporal, prompter.temporal(gap_GPD[None], grid)[0]


def rank_TP(score_TP: Tensor) -> Tensor:
    """How many patches of its frame stand before each: higher ones, and among equals the earlier. `equations.highest` in
    operators that are exported."""
    mine_TP1, other_T1P = score_TP[..., None], score_TP[..., None, :]
    place_P = torch.arange(score_TP.shape[-1])
    earlier_PP = place_P[None, :] < place_P[:, None]
    return ((other_T1P > mine_TP1) | ((other_T1P == mine_TP1) & earlier_PP)).sum(-1)


def every_layer(
    tokens_TSD: Tensor, prompted_TPD: Tensor, temporal_prompt_GQD: Tensor, prompt_count_G: Tensor, alpha: Tensor, kept: Tensor,
    beta: Tensor, eta: Tensor, spatial: Tensor, temporal: Tensor, prompters, clip_towers,
) -> Tensor:  # fmt: skip
    """v: the same with prompts made anew before every block. Attention has no order, so here they stand behind the frames, and
    the places of those that are not there are not seen."""
    vision, knobs = clip_towers.vision, (alpha, kept, beta, eta, spatial, temporal)
    rank_Q, there_TP = torch.arange(CAP), torch.ones_like(prompted_TPD[..., 0], dtype=torch.long)
    # of each patch in the sequence; a slice of so many rows would have the length that it is traced with
    place_TP = (there_TP.cumsum(0) - 1) * vision.patches + there_TP.cumsum(1) - 1 + vision.prefix
    prefix_RD, frames_TPD = tokens_TSD[0, : vision.prefix], prompted_TPD
    held_SD, seen_1S = joined(prefix_RD, frames_TPD, temporal_prompt_GQD, rank_Q < prompt_count_G[:, None])
    for block in range(1, vision.depth):
        held_SD = vision.blocks(held_SD[None], seen_1S, block - 1, block)[0]
        prefix_RD, frames_TPD = held_SD[: vision.prefix], held_SD[place_TP]
        attention_TP = vision.attend(block, prefix_RD[None, :1], frames_TPD)
        frames_TPD, count_G, made_GQD = prompted(frames_TPD, attention_TP, prompters[block], vision.grid, knobs)
        held_SD, seen_1S = joined(prefix_RD, frames_TPD, made_GQD, rank_Q < count_G[:, None])
    return vision.feature(vision.last_block(held_SD[None], seen_1S))[0]


def joined(prefix_RD: Tensor, frames_TPD: Tensor, made_GQD: Tensor, there_GQ: Tensor) -> tuple[Tensor, Tensor]:
    """[prefix; frames; every place of a prompt], and which of them are seen: no prompt that is not there, none of zeros."""
    kept_SD = torch.cat([prefix_RD, frames_TPD.flatten(0, 1)])
    there_S = (there_GQ & (made_GQD != 0).any(-1)).flatten()
    seen_S = torch.cat([torch.ones_like(kept_SD[:, 0], dtype=torch.bool), there_S])
    return torch.cat([kept_SD, made_GQD.flatten(0, 1)]), seen_S[None]


every_layer.__name__ = "video_E"  # the stage that it stands for


FRAME, GAP = {"T": FRAMES}, {"G": (FRAMES[0] - 1, FRAMES[1] - 1)}
COMMON = (
    Graph("tokens", (tokens_TSD, patches_TPD), FRAME | {"H": (16, 4096), "W": (16, 4096)}),
    Graph("heads", (every_head_LNTP,), FRAME),
)
TEXTS = Graph("texts", (text_YE,), {"Y": (1, 64)})
SCRIPTS = {
    "attention_LTP": ("every_head_LNTP", "layer"),
    "heads_NTP": ("every_head_LNTP", "layer"),
    "gap_filtered_GPD": ("difference_GPD", "gap_filter", "grid"),
    "change_G": ("gap_filtered_GPD", "region_TP", "beta", "change_scale"),
    "prompt_count_G": ("change_G", "eta", "temporal", "cap"),
    "sequence_SD": ("tokens_TSD", "prompted_TPD", "temporal_prompt_GQD", "prompt_count_G", "prefix"),
    "word_YI": ("texts", "vocabulary", "longest"),
    "unknown_words": ("texts", "vocabulary"),
}
WAYS = (
    Way(
        knobs={"depth": "first", "steady": False},
        graphs=(
            *COMMON,
            Graph("spatial", (filtered_TPD, dynamics_TP, spatial_prompt_TPD), FRAME),
            Graph("temporal", (temporal_prompt_GQD,), GAP),
            Graph("video", (video_E,), {"S": (66, 1 << 14)}),
            TEXTS,
        ),
        scripts=SCRIPTS,
        fixed={"neighbours": None, "later": ()},
    ),
    Way(
        knobs={"depth": "all", "steady": False},
        graphs=(
            *COMMON,
            Graph("spatial_all", (filtered_TPD, dynamics_TP, spatial_prompt_TPD), FRAME),
            Graph("temporal_all", (temporal_prompt_GQD,), GAP),
            Graph("video_all", (every_layer,), FRAME | GAP),
            TEXTS,
        ),
        scripts=SCRIPTS,
        fixed={"neighbours": None, "later": ()},
    ),
)


def constants(networks: Mapping[str, Any]) -> dict[str, Any]:
    """What the JavaScript reads of the networks."""
    towers, prompter = networks["clip_towers"], networks["prompters"][0]
    return {
        "grid": list(towers.vision.grid),
        "prefix": towers.vision.prefix,
        "vocabulary": list(towers.text.vocabulary),
        "gap_filter": prompter.gap_filter.conv.weight,
        "change_scale": float(prompter.change_scale),
        "cap": CAP,
        "longest": WORDS,
    }


def example(values: Mapping[str, Any]) -> dict[str, Tensor]:
    """What the JavaScript makes and a graph reads, of an example: what the graph is exported with."""
    word_YI = values["clip_towers"].text.tokens(values["texts"])
    return {"word_YI": F.pad(word_YI, (0, WORDS - word_YI.shape[1]), value=PAD)}
