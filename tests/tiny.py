"""Networks small enough to test with, of any geometry, and clips whose pixels are chance."""

import numpy as np
import torch
from timm.models.vision_transformer import VisionTransformer

from core import Clip, Engine
from core.networks import weights
from core.networks.text import SmallText
from core.networks.vision import VisionTower

WORDS = ("a", "ball", "moves", "red", "stays", "still")
TEXTS = ["a red ball moves", "a ball stays still", "a red ball"]


def towers(size=(32, 48), patch=16, depth=3, registers=0, **shape):
    """Frozen towers with lively random weights: attention differs from patch to patch. Neither square nor trained."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        vit = VisionTransformer(
            **{
                "img_size": size, "patch_size": patch, "embed_dim": 32, "depth": depth, "num_heads": 2, "num_classes": 10,
                "reg_tokens": registers, "class_token": True, "global_pool": "token", "pre_norm": True,
            }
            | shape
        )  # fmt: skip
        for name, one in vit.named_parameters():
            if "norm" not in name:
                one.data.normal_(0, 0.2)
        text = SmallText(WORDS, width=32, depth=1, features=10)
    network = weights.Clip(VisionTower(vit), text, 10.0)
    return weights.Loaded(network, "tiny towers", weights.state_digest(network))


def engine(loaded=None, **asked):
    """An engine on tiny towers; the prompters are the untrained ones."""
    return Engine(**{"device": "cpu", "models": {"clip": loaded or towers()}} | asked)


def clip(T=5, seed=0, H=40, W=56):
    """Unrelated frames: everything changes everywhere."""
    frames = np.random.default_rng(seed).integers(0, 256, (T, H, W, 3), dtype=np.uint8)
    return of_frames(frames)


def still(T=5, seed=0):
    """One frame, T times."""
    return of_frames(np.repeat(clip(1, seed).frames_THWC, T, 0))


def of_frames(frames_THWC):
    """A clip of these frames at ten a second."""
    return Clip(frames_THWC, np.arange(len(frames_THWC)) / 10, np.arange(len(frames_THWC)))
