"""VideoStreaming's trained parts on disk: those of a file, the shipped ones where they fit these towers, else random ones."""

from pathlib import Path

import torch

from core.errors import BadWeights
from core.methods.videostreaming.networks import Shape, Streaming
from core.networks.checkpoints import guarded
from core.networks.fitting import filled
from core.networks.schema import fields, text, whole
from core.networks.weights import MADE, SYNTHETIC, WEIGHTS, Loaded, read, state_digest

RULES = {
    "shape": fields({
        "features": whole(1, 16_384), "width": whole(4, 4096), "heads": whole(1, 64), "depth": whole(1, 48),
        "reader": whole(1, 48),
    }),
    "towers": text(), "made": MADE,
}  # fmt: skip


@guarded
def load_streaming(spec: str | Path | Loaded | None, clip: Loaded) -> Loaded:
    """The encoder and the reader for these towers: from a file (or at hand already), else the shipped ones."""
    if isinstance(spec, Loaded):
        return spec
    path = Path(spec or WEIGHTS / "videostreaming.safetensors")
    if spec is None and (not path.is_file() or read(path, "videostreaming:VideoStreaming", RULES)[1]["towers"] != clip.digest):
        return untrained(clip)
    tensors, about, digest = read(path, "videostreaming:VideoStreaming", RULES)
    if about["towers"] != clip.digest:
        raise BadWeights(f"{path.name} was trained on other towers than the ones loaded ({clip.label}).")
    model = filled(lambda: Streaming(Shape(**about["shape"])), tensors, "model", path.name)
    label = f"VideoStreaming trained on {SYNTHETIC} · {path.name} · {digest[:8]}"
    return Loaded(model.eval().requires_grad_(False), label, digest)


def untrained(clip: Loaded) -> Loaded:
    """Random weights of a fixed seed: what is computed is right, what is answered means nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Streaming(Shape(clip.network.vision.vit.num_classes)).eval().requires_grad_(False)
    return Loaded(model, "VideoStreaming UNTRAINED: choices and answers mean nothing", state_digest(model))
