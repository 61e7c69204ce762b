"""VideoLucy's eye on disk: that of a file, the shipped one, else one with random weights."""

from pathlib import Path

import torch

from core.errors import BadWeights
from core.methods.videolucy.eye import SHAPE, VOCABULARY, Eye
from core.networks.captioner import CaptionerShape
from core.networks.checkpoints import guarded
from core.networks.fitting import filled
from core.networks.schema import fields, whole
from core.networks.weights import MADE, SYNTHETIC, WEIGHTS, Loaded, read, state_digest

FIXED = ("frames", "cells", "patch", "words", "longest")  # of the shape: what the eye is given and can say
RULES = {
    "shape": fields({
        **{name: whole(1, 1024) for name in FIXED}, "width": whole(4, 4096), "layers": whole(1, 48), "heads": whole(1, 64),
    }),
    "made": MADE,
}  # fmt: skip


@guarded
def load_eye(spec: str | Path | Loaded | None = None) -> Loaded:
    """The eye from a file (or at hand already), else the shipped one."""
    if isinstance(spec, Loaded):
        return spec
    path = Path(spec or WEIGHTS / "videolucy.safetensors")
    if spec is None and not path.is_file():
        return untrained()
    tensors, about, digest = read(path, "videolucy:VideoLucy's eye", RULES)
    shape = CaptionerShape(**about["shape"])
    if any(getattr(shape, name) != getattr(SHAPE, name) for name in FIXED):
        raise BadWeights(f"{path.name} holds an eye for other clips or words than ours, which has {len(VOCABULARY)} words.")
    eye = filled(lambda: Eye(shape), tensors, "eye", path.name)
    label = f"VideoLucy's eye trained on {SYNTHETIC} · {path.name} · {digest[:8]}"
    return Loaded(eye.eval().requires_grad_(False), label, digest)


def untrained() -> Loaded:
    """Random weights of a fixed seed: the search is right, what it reads means nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        eye = Eye().eval().requires_grad_(False)
    return Loaded(eye, "VideoLucy's eye UNTRAINED: captions and answers mean nothing", state_digest(eye))
