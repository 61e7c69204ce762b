"""STOP in a browser: what the networks do is exported, what is chosen and counted is JavaScript.

The tower, both prompters and 𝒩^s are ONNX graphs of the stages' own functions. What a knob turns – the sum of A and M, the
N_s highest, the differences, 𝒩^t, W^t and N^t – is the JavaScript that an exported file has, too, so that a mask never waits
for a network.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from core.browser.declared import Graph, Way
from core.methods.stop import (
    dynamics_TP,
    filtered_TPD,
    patches_TPD,
    spatial_prompt_TPD,
    temporal_prompt_GQD,
)
from core.methods.stop.networks import CAP
from core.video.read import FRAMES

MODULE = "site/regions.js"
LEFT_OUT = "The switch “no pan” needs a camera's motion, which is found in Python only."


def tokens_TSD(frames_THWC: Tensor, clip_towers) -> Tensor:
    """[CLS; h_i]: each frame resized, cut into patches, embedded and given its position (frozen)."""
    vision = clip_towers.vision
    return vision.embed(vision.pixels(frames_THWC))


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
    """s: the frozen text tower's feature of each text, unit length."""
    return clip_towers.text.features(word_YI)


FRAME, GAP = {"T": FRAMES}, {"G": (FRAMES[0] - 1, FRAMES[1] - 1)}
WAYS = (
    Way(
        knobs={"depth": "first", "steady": False},
        graphs=(
            Graph("tokens", (tokens_TSD, patches_TPD), FRAME | {"H": (16, 4096), "W": (16, 4096)}),
            Graph("heads", (every_head_LNTP,), FRAME),
            Graph("spatial", (filtered_TPD, dynamics_TP, spatial_prompt_TPD), FRAME),
            Graph("temporal", (temporal_prompt_GQD,), GAP),
            Graph("video", (video_E,), {"S": (66, 1 << 14)}),
            Graph("texts", (text_YE,), {"Y": (1, 64), "I": (1, 16)}),
        ),
        scripts={
            "attention_LTP": ("every_head_LNTP", "layer"),
            "heads_NTP": ("every_head_LNTP", "layer"),
            "gap_filtered_GPD": ("difference_GPD", "gap_filter", "grid"),
            "change_G": ("gap_filtered_GPD", "region_TP", "beta", "change_scale"),
            "prompt_count_G": ("change_G", "eta", "temporal", "cap"),
            "sequence_SD": ("tokens_TSD", "prompted_TPD", "temporal_prompt_GQD", "prompt_count_G", "prefix"),
            "word_YI": ("texts", "vocabulary"),
            "unknown_words": ("texts", "vocabulary"),
        },
        fixed={"neighbours": None, "later": ()},
    ),
)


def constants(networks: Mapping[str, Any], way: Way) -> dict[str, Any]:
    """What the JavaScript reads of the networks."""
    towers, (prompter, *_) = networks["clip_towers"], networks["stop_first"]
    return {
        "grid": list(towers.vision.grid),
        "prefix": towers.vision.prefix,
        "vocabulary": list(towers.text.vocabulary),
        "gap_filter": prompter.gap_filter.conv.weight,
        "change_scale": float(prompter.change_scale),
        "cap": CAP,
    }


def example(networks: Mapping[str, Any], texts: list[str]) -> dict[str, Tensor]:
    """What the JavaScript makes and a graph reads, of an example: what the graph is exported with."""
    return {"word_YI": networks["clip_towers"].text.tokens(texts)}
