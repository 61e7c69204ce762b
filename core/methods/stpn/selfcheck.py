"""What is checked of STPN in its own way: the last map of a bright patch, the rows of attention, and what prompts get of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from core.device import upload
from core.engine import Engine
from core.explain.selfcheck import MOST, Check, MapOf, Parts, bright_patch, lit
from core.graph import Trace
from core.progress import CalledOff


def orientation(engine: Engine, knobs: Mapping[str, Any]) -> Check:
    """The last map of a grey frame with a bright patch less that of another: highest where one of the patches is."""
    stpn = engine.network("stpn").network
    network, grid = stpn.baseline, stpn.grid()
    size = stpn.size or (grid[0] * network.detector.shape.strides[-1], grid[1] * network.detector.shape.strides[-1])
    corners = [0, grid[1] - 1, (grid[0] - 1) * grid[1], grid[0] * grid[1] - 1]
    found = []
    for place in corners:
        clip = bright_patch(size, grid, [place, corners[-1] - place])
        frames = stpn.prepare(upload(clip, engine.device))
        with torch.no_grad():
            map_Dhw, other_Dhw = network.detector.features(frames.pixels_BCHW)[-1]
        found.append(int((map_Dhw - other_Dhw).norm(dim=0).argmax()))
    return lit(found, [{place, corners[-1] - place} for place in corners], "The change of the last map")


def special(engine: Engine, trace: Trace, knobs: Mapping[str, Any]) -> Check:
    """Share of the patches' attention that goes to prompts, mean over blocks and places."""
    shares = [look_Qhw.sum(0).mean().item() for look_Qhw in trace["to_prompts"].values()]
    share = float(np.mean(shares)) if shares else 0.0
    told = f"{share:.0%} of the patches' attention goes to prompts, mean over {len(shares)} blocks."
    return Check("special tokens", share <= MOST, share, told)


def map_of(knobs: Mapping[str, Any], cancelled: CalledOff) -> MapOf:
    """Where prompts looked in the supports, mean over heads and prompts, [K, P]."""
    stage = "prompt_attention_NQKP"
    asked = {"outputs": [stage], "cancelled": cancelled, **knobs}
    return lambda engine, clip: engine.run("stpn", clip, **asked)[stage].mean((0, 1)).cpu().numpy()


def trained(label: str, settings: Mapping[str, Any]) -> bool:
    """Not all variants of STPN are; the label names those that are not."""
    bare = label.partition("UNTRAINED: ")[2]
    return "RANDOM" not in label and not bare.startswith("all ") and f"{settings['predictor']}/{settings['depth']}" not in bare


PARTS = Parts(
    orientation,
    lambda trace: {
        "prompt_attention_NQKP": trace["prompt_attention_NQKP"].sum((-2, -1)),
        "mass_K": trace["mass_K"].sum(-1, keepdim=True),
    },
    special,
    trained,
    map_of,
    "where prompts looked (mean over heads and prompts)",
    "supports",
)
