"""Public CvT checkpoints in our modules: of the original release or of transformers' port, by the names that either has."""

import re
from dataclasses import replace
from pathlib import Path

import torch

from core.networks.checkpoints import checked_file, guarded, tensors_of
from core.networks.cvt import Cvt, CvtShape, CvtTower
from core.networks.fitting import check_fit
from core.networks.weights import Loaded, sha256

ANCHORS = (
    "stage0.patch_embed.proj.weight", "cvt.encoder.stages.0.embedding.convolution_embeddings.projection.weight",
)  # fmt: skip
HEAD = ("head.weight", "head.bias")  # of ImageNet's classes: nothing here asks for them, so any number will do, or none
# The original release's name (and ours) → the one that transformers' checkpoints have, applied in turn.
NAMES = (
    (r"^stage(\d+)\.", r"cvt.encoder.stages.\1."),
    (r"\.patch_embed\.proj\.", ".embedding.convolution_embeddings.projection."),
    (r"\.patch_embed\.norm\.", ".embedding.convolution_embeddings.normalization."),
    (r"\.blocks\.(\d+)\.", r".layers.\1."),
    (r"\.attn\.proj\.", ".attention.output.dense."),
    (r"\.attn\.", ".attention.attention."),
    (r"\.conv_proj_([qkv])\.", r".convolution_projection_\1.convolution_projection."),
    (r"\.proj_([qkv])\.", r".projection_\1."),
    (r"_([qkv])\.", lambda m: {"q": "_query.", "k": "_key.", "v": "_value."}[m[1]]),
    (r"\.conv\.", ".convolution."),
    (r"\.bn\.", ".normalization."),
    (r"\.norm1\.", ".layernorm_before."),
    (r"\.norm2\.", ".layernorm_after."),
    (r"\.mlp\.fc1\.", ".intermediate.dense."),
    (r"\.mlp\.fc2\.", ".output.dense."),
    (r"^norm\.", "layernorm."),
    (r"^head\.", "classifier."),
)


def ported(name: str) -> str:
    """A tensor's name in the original release → its name in transformers' checkpoints."""
    for pattern, theirs in NAMES:
        name = re.sub(pattern, theirs, name)
    return name


@guarded
def load_cvt(path: str | Path, shape: CvtShape | None = None) -> Loaded:
    """A public checkpoint, torch's or safetensors, by the names of the original release or of transformers, as a `CvtTower`.

    shape: CvT-13, if not said. Every tensor of the file has a place and every parameter but ours is filled; what is missing
    (by its original name), unexpected or misshapen is a BadWeights that names it. Ours start the same every time: norms plain,
    re-projections of prompts random, and the label says so.
    """
    path, shape = checked_file(Path(path)), shape or CvtShape()
    original = {ported(name): name for name in names_of(shape)}
    tensors = {original.get(name, name): one for name, one in tensors_of(path, ANCHORS).items()}
    if HEAD[0] in tensors:
        shape = replace(shape, classes=len(tensors[HEAD[0]]))
    check_fit(lambda: Cvt(shape), tensors, path.name, optional=() if HEAD[0] in tensors else HEAD)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        tower = CvtTower(Cvt(shape))
    tower.cvt.load_state_dict(tensors, strict=False)
    digest = sha256(path)
    label = f"CvT, public layout · {path.name} · {digest[:8]} · norms and re-projections of prompts UNTRAINED"
    return Loaded(tower.eval().requires_grad_(False), label, digest)


def names_of(shape: CvtShape) -> list[str]:
    """Of every tensor, as in the original release."""
    with torch.device("meta"):
        return list(Cvt(shape).state_dict())
