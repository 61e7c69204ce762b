"""What the networks of STOP's released code are filled with: a checkpoint of its own layout, a CLIP, or nothing but chance."""

from pathlib import Path

import torch
from torch import Tensor

from core.errors import BadWeights
from core.methods.stop_released.networks import HEAD, PROMPTS, RELEASED, Released, Shape
from core.networks.checkpoints import checked_file, guarded, tensors_of
from core.networks.fitting import filled
from core.networks.text import OpenClipText
from core.networks.vision import VisionTower
from core.networks.weights import ClipTowers, Loaded, sha256

PREFIX = "module.clip"  # how `main.py` of the release saves what it trains
ANCHOR = "visual.conv1.weight"
STAND_IN = (
    "RANDOM towers (ViT-B/32, 224²): for the pictures of the comb, the min-max and the counts, which do not depend on what the "
    "towers know · released STOP's parts UNTRAINED (seed 0)"
)


@guarded
def load_released(spec: str | Path | Loaded | None, clip: Loaded) -> Loaded:
    """The released code's networks.

    spec Loaded         at hand already
         FILE.pth.tar   a checkpoint of the released layout: both towers and every trained part come from it
         None           the loaded CLIP where it is ViT-B/32 at 224², else random towers of that geometry; what STOP adds is
                        untrained either way, and the label says so
    """
    if isinstance(spec, Loaded):
        return spec
    if spec is not None:
        return from_checkpoint(Path(spec))
    if not fits(clip.network.vision):
        return Loaded(chance(Shape(text=0)), STAND_IN, "released, random towers, seed 0")
    network = from_clip(clip.network)
    label = f"{clip.label} · released STOP's parts UNTRAINED (seed 0)"
    return Loaded(network, label, f"released, seed 0, {clip.digest}")


def chance(shape: Shape) -> Released:
    """Every weight as PyTorch starts it, the same every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Released(shape)


def fits(vision: VisionTower) -> bool:
    """Whether a tower has the geometry that the released code is written for (D18)."""
    return (*vision.grid, *vision.size, vision.width) == (7, 7, 224, 224, 768) and vision.prefix == 1


# ---- from a CLIP --------------------------------------------------------------------------------------------------------


def from_clip(towers: ClipTowers) -> Released:
    """The towers' weights in OpenAI's names; what STOP adds stays as chance made it."""
    vision = towers.vision
    held = {f"visual.{name}": tensor for name, tensor in openai_names(vision).items()}
    shape = Shape(text=0, depth=vision.depth, features=held["visual.proj"].shape[1], quick=is_quick(vision))
    if isinstance(towers.text, OpenClipText):
        text = {name: one for name, one in towers.text.model.state_dict().items() if not name.startswith("visual.")}
        wanted = {"token_embedding.weight", "positional_embedding", "ln_final.weight", "text_projection"}
        if wanted <= text.keys():  # a text tower of CLIP's own kind; of another one only the frames are read
            held |= {name: one for name, one in text.items() if name != "attn_mask"}
            shape = Shape(**vars(shape) | text_sizes(text))
    network = chance(shape)
    misfit = network.load_state_dict(held, strict=False)
    if misfit.unexpected_keys:
        raise BadWeights(f"The released code's CLIP has no place for {', '.join(misfit.unexpected_keys[:3])}.")
    network.mean.copy_(vision.mean)
    network.std.copy_(vision.std)
    return network


def openai_names(vision: VisionTower) -> dict[str, Tensor]:
    """timm's vision transformer in OpenAI's names."""
    vit = vision.vit
    made = {
        "class_embedding": vit.cls_token[0, 0],
        "positional_embedding": vit.pos_embed[0],
        "conv1.weight": vit.patch_embed.proj.weight,
        "proj": vit.head.weight.T,
    }
    for ours, theirs in (("ln_pre", vit.norm_pre), ("ln_post", vit.norm)):
        made |= {f"{ours}.{name}": one for name, one in theirs.state_dict().items()}
    pairs = {"ln_1": "norm1", "ln_2": "norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2", "attn.out_proj": "attn.proj"}
    for i, block in enumerate(vit.blocks):
        at = f"transformer.resblocks.{i}"
        for ours, theirs in pairs.items():
            made |= {f"{at}.{ours}.{name}": one for name, one in block.get_submodule(theirs).state_dict().items()}
        made |= {f"{at}.attn.in_proj_{name}": one for name, one in block.attn.qkv.state_dict().items()}
    return made


def is_quick(vision: VisionTower) -> bool:
    """Whether the tower's blocks have OpenAI's own GELU."""
    x = torch.linspace(-2, 2, 5)
    return torch.allclose(vision.vit.blocks[0].mlp.act(x), x * torch.sigmoid(1.702 * x), atol=1e-6)


# ---- from a checkpoint --------------------------------------------------------------------------------------------------


def from_checkpoint(path: Path) -> Loaded:
    """A `.pth.tar` of the released layout. Missing and unexpected keys are named."""
    own = tensors_of(checked_file(path), (ANCHOR,))
    shape = shape_of(own, path.name)
    network = filled(lambda: chance(shape), own, "", path.name)
    digest = sha256(path)
    label = f"released STOP, its own checkpoint ({shape.mode} prompts) · {path.name} · sha256 {digest[:8]}"
    return Loaded(network, label, digest)


def shape_of(held: dict[str, Tensor], file: str) -> Shape:
    """The sizes that a checkpoint's tensors tell."""
    try:
        conv, features = held["visual.conv1.weight"], held["visual.proj"].shape[1]
        side = int((len(held["visual.positional_embedding"]) - 1) ** 0.5)
        sizes = {"side": side, "patch": conv.shape[-1], "width": len(conv), "features": features}
        sizes["depth"] = depth_of(held, "visual.")
        if "unified_prompt_embedding.weight" in held:
            sizes["learned"] = len(held["unified_prompt_embedding.weight"]) - 2 * PROMPTS
        else:
            sizes |= {"mode": "linear", "learned": len(held["visual_prompt_embedding"])}
        shape = Shape(**sizes | text_sizes(held))
    except (KeyError, IndexError, TypeError) as wrong:
        raise BadWeights(f"{file} is not of the released layout: {wrong} is missing or of another shape.") from wrong
    if shape.width % HEAD or shape.text % HEAD or not shape.depth:
        raise BadWeights(f"{file} is not of the released layout: its towers are {shape.width} and {shape.text} wide.")
    if shape.side != RELEASED.side:
        raise BadWeights(f"{file} has {shape.side} patches in a row; the released code has {RELEASED.side} written into it.")
    return shape


def text_sizes(held: dict[str, Tensor]) -> dict[str, int]:
    """Sizes of a text tower in OpenAI's names."""
    vocabulary, width = held["token_embedding.weight"].shape
    context = len(held["positional_embedding"])
    return {"text": width, "text_depth": depth_of(held, ""), "context": context, "vocabulary": vocabulary}


def depth_of(held: dict[str, Tensor], tower: str) -> int:
    """Blocks of a tower."""
    return sum(name.startswith(f"{tower}transformer.resblocks.") and name.endswith(".ln_1.weight") for name in held)
