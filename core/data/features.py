"""What a frozen CLIP sees in every second of a story of the world, once and for all: a training looks at no frame twice.

A video's features lie in a folder beside what made them: `DIGEST_split_seconds_seed.npy`, float16 [T, E], with what its story
was told with before the seed.

Letters: T seconds, E features.
"""

import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.networks.vision import encoded
from core.networks.weights import Loaded
from core.video.footage import in_batches
from core.world.long import asked_video


def features(clip: Loaded, split: str, seconds: int, seed: int, folder: Path, **told) -> Tensor:
    """What the frozen tower sees in each second of a story's video, [T, E], unit length: kept in a folder. told: of `tell`;
    which families of questions it has changes no frame."""
    names = "".join(f"_{name}{value}" for name, value in told.items() if name != "families").replace(" ", "")
    file = folder / f"{clip.digest[:12]}_{split}_{seconds}{names}_{seed}.npy"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        video, vision = asked_video(seed, split, seconds, **told)[0], clip.network.vision
        with torch.no_grad():
            made_TE = torch.cat(in_batches(video, range(video.N), lambda part: encoded(part, vision, vision.mean.device))).cpu()
        fresh = file.with_suffix(f".{os.getpid()}")
        with fresh.open("wb") as opened:
            np.save(opened, made_TE.half().numpy())
        fresh.replace(file)  # an interruption while writing loses nothing
    return torch.from_numpy(np.load(file)).float()
