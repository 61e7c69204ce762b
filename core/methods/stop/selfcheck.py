"""What is checked of STOP in its own way: M of a moving patch, the rows of A, and what of CLS's attention A leaves out."""

from collections.abc import Mapping
from typing import Any

import torch

from core.engine import Engine
from core.explain.selfcheck import MOST, Check, MapOf, Parts, bright_patch, lit
from core.graph import Trace
from core.networks.vision import VisionTower, key_shares
from core.progress import CalledOff


def orientation(engine: Engine, knobs: Mapping[str, Any]) -> Check:
    """M of a bright patch that moves: of each frame it must be highest where the patch is, was, or will be."""
    vision: VisionTower = engine.network("clip_towers").network.vision
    rows, columns = vision.grid
    # along a path that no flip and no transposition maps to itself
    path = [0, 1, columns + 1, columns + 2 % columns, 2 * columns % (rows * columns)]
    clip = bright_patch(vision.size, vision.grid, path)
    trace = engine.run("stop", clip, outputs=["dynamics_TP"], depth=knobs.get("depth", "first"))
    around = [set(path[max(i - 1, 0) : i + 2]) for i in range(len(path))]
    return lit(trace["dynamics_TP"].argmax(-1).tolist(), around, "M")


def special(engine: Engine, trace: Trace, knobs: Mapping[str, Any]) -> Check:
    """Share of CLS's own attention, over all tokens of a frame, that goes to CLS and registers, in the block A is read from."""
    vision: VisionTower = engine.network("clip_towers").network.vision
    layer = engine.settings("stop", knobs)["layer"] - 1
    with torch.no_grad():
        tokens_TSD = vision.blocks(trace["tokens_TSD"], None, 0, layer)
        block = vision.vit.blocks[layer]
        normed_TSD = block.norm1(tokens_TSD)
        share = key_shares(block, normed_TSD[:, :1], normed_TSD)[..., : vision.prefix].sum(-1).mean().item()
    who = "CLS" if vision.prefix == 1 else f"CLS and {vision.prefix - 1} registers"
    told = f"{share:.0%} of CLS's attention in block {layer + 1} goes to {who}; A is shared out among the patches alone."
    return Check("special tokens", share <= MOST, share, told)


def map_of(knobs: Mapping[str, Any], cancelled: CalledOff) -> MapOf:
    """W^s, [T, P]."""
    asked = {"outputs": ["score_TP"], "cancelled": cancelled, **knobs}
    return lambda engine, clip: engine.run("stop", clip, **asked)["score_TP"].cpu().numpy()


PARTS = Parts(
    orientation,
    lambda trace: {"attention_LTP": trace["attention_LTP"].sum(-1)},
    special,
    lambda label, settings: "UNTRAINED" not in label and "RANDOM" not in label,
    map_of,
    "W^s",
    "frames",
)
