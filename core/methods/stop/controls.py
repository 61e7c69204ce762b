"""Do the pictures cause the answers? STOP with one of its parts replaced by what knows nothing of the clip:

    regions   as many patches of each frame, drawn at random
    counts    in every gap the mean of the clip's counts, rounded
    prompts   p^s and p^t that were written for another clip
    labels    the answers as they are, held against another clip's labels

What an answer does not need costs nothing to replace. Each is the engine's own run with `given=`, of every training seed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.engine import Engine
from core.graph import Trace
from core.methods.stop import METHOD
from core.methods.stop.clips import Data, clip_of, default
from core.methods.stop.hits import Hits
from core.metrics import gain
from core.networks.weights import ClipTowers

PARTS = ("region_TP", "prompt_count_G", "spatial_prompt_TPD", "temporal_prompt_GQD", "video_E")
REPLACED = ("regions", "counts", "prompts")


def controls(files: Sequence[Path], clip: Path, data: Data, towers: ClipTowers, seed: int, device: str) -> dict[str, dict]:
    """{control: {actions, captions: {mean, low, high}}}: what it costs, as a share of the clips, with the interval of 95 % of
    draws of clips and training seeds. files: the prompters of each training seed, for the towers in `clip`."""
    right = Hits(towers, data)
    hits = [answered(Engine(device, {"clip": str(clip), "stop_first": str(file)}), data, right, seed) for file in files]
    own = np.stack([one["own"] for one in hits])
    return {
        name: {
            what: gain(own[:, i], np.stack([one[name][i] for one in hits])) for i, what in enumerate(("actions", "captions"))
        }
        for name in (*REPLACED, "labels")
    }


def answered(engine: Engine, data: Data, right: Hits, seed: int) -> dict[str, np.ndarray]:
    """{own, regions, counts, prompts, labels}: which clips are answered rightly, [actions and captions, N]."""
    rng, N = np.random.default_rng(seed), len(data)
    other_N = (np.arange(N) + rng.permutation(N - 1)[0] + 1) % N  # another clip, the same distance away for all
    clips = [clip_of(one.frames_THWC) for one in data.samples]
    whole = [engine.run(METHOD.name, one, outputs=PARTS) for one in clips]
    video_NE = {"own": torch.stack([one["video_E"] for one in whole])}
    for name in REPLACED:
        video_NE[name] = torch.stack([
            engine.run(METHOD.name, one, outputs=["video_E"], given=replaced(name, mine, whole[o], rng))["video_E"]
            for one, mine, o in zip(clips, whole, other_N, strict=True)
        ])  # fmt: skip
    found = {name: right(video) for name, video in video_NE.items()}
    return found | {"labels": right(video_NE["own"][torch.from_numpy(other_N)])}


def replaced(name: str, own: Trace, other: Trace, rng: np.random.Generator) -> Mapping[str, Any]:
    """What is given in place of a run's own parts."""
    if name == "regions":
        score_TP = torch.from_numpy(rng.random(tuple(own["region_TP"].shape)))
        return {"region_TP": score_TP.argsort(-1) < default("kept")}
    if name == "counts":
        count_G = own["prompt_count_G"]
        return {"prompt_count_G": (round(sum(count_G) / len(count_G)),) * len(count_G)}
    return {name: other[name] for name in ("spatial_prompt_TPD", "temporal_prompt_GQD")}
