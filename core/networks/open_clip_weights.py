"""Real CLIPs: from a name of open_clip's, a hub, or a file on disk, to the two towers of this project.

    ViT-B-32/openai            an architecture and a tag of open_clip's own list, fetched over the network or from its cache
    hf-hub:ORG/NAME            the same from a hub
    ViT-B-32-quickgelu/FILE    that architecture with the weights of a file
    FILE                       any CLIP with a plain vision transformer: its geometry is read from its tensors

A FILE is OpenAI's archive or state dict, a checkpoint of open_clip's training or of any that wraps it, or safetensors; by the
names of open_clip or of transformers. Nothing in a file is run: `core.networks.checkpoints` reads it.

Which activation weights were trained with is in no tensor. OpenAI's used a quick approximation of GELU, and their files
carry three numbers that no others do, and transformers' models say it in the config.json beside them; whatever else was trained
with it is named so (ViT-B-32-quickgelu/FILE). With the wrong one everything runs, and accuracy falls without a word.
"""

import difflib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch import Tensor, nn

from core.errors import BadWeights
from core.networks.checkpoints import first_line, tensors_of
from core.networks.clip_names import from_transformers, is_transformers, quick_in_config
from core.networks.fitting import check_fit, sound
from core.networks.hub import fetching
from core.networks.text import OpenClipText
from core.networks.vision import VisionTower

OPENAI = ("input_resolution", "context_length", "vocab_size")  # what OpenAI's files hold besides weights
ANCHORS = ("visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight")  # a CLIP's; the second, transformers'
HEAD = 64  # width of a head in OpenAI's and open_clip's ViTs: no tensor's shape tells it
HUB = "hf-hub:"


@dataclass(frozen=True)
class Towers:
    """The parts of a CLIP, what to call them, and the file they came from, if it was one."""

    vision: VisionTower
    text: OpenClipText
    scale: float
    name: str
    file: Path | None


def open_clip_towers(spec: str) -> Towers:
    """The towers of one of the forms above; what cannot be had is a BadWeights that says what to do."""
    import open_clip

    arch, source = split(spec)
    file = Path(source) if source and Path(source).is_file() else None
    try:
        if file is None:
            model = fetched(arch, source)
        elif arch:
            tensors, quick = clip_tensors(file)
            model = fill(lambda device: of_list(arch, quick, device), tensors, file.name)
        else:
            model = built(file)
        tokenizer = open_clip.get_tokenizer(arch) if arch else open_clip.SimpleTokenizer(context_length=model.context_length)
    except (MemoryError, torch.OutOfMemoryError) as wrong:
        raise BadWeights(f"{spec} does not fit into memory: a smaller model is ViT-B-32.") from wrong
    sound(model.state_dict(), file.name if file else spec)
    vision = VisionTower(twin(model.eval(), arch or file.name if file else arch), *statistics(model.visual))
    model.visual = nn.Identity()  # its weights live in the twin now
    named = " · ".join(one for one in (arch, file.name if file else source) if one)
    return Towers(vision, OpenClipText(model, tokenizer), model.logit_scale.exp().item(), named, file)


def of_list(arch: str, quick: bool, device: str) -> Any:
    """An architecture of open_clip's, without weights. device: cpu, or meta, where it takes no memory."""
    import open_clip

    with quietly(), torch.device(device):
        return open_clip.create_model(arch, force_quick_gelu=quick, device=device)


@contextmanager
def quietly() -> Iterator[None]:
    """open_clip warns that a model made without weights is random: it is about to be filled."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def split(spec: str) -> tuple[str, str]:
    """ "ViT-B-32/openai" → an architecture, "" where a file says it itself, and a tag or a file, "" for a hub's model."""
    import open_clip

    if spec.startswith(HUB):
        return spec, ""
    known = open_clip.list_models()
    arch, slash, source = spec.partition("/")
    if slash and source and arch in known:
        return arch, source
    if Path(spec).is_file():
        return "", spec
    if Path(spec).suffix in (".pt", ".pth", ".bin", ".safetensors"):
        raise BadWeights(f"There is no weights file {spec}.")
    if Path(spec).is_dir():
        raise BadWeights(f"{spec!r} is a folder: name a file in it.")
    near = difflib.get_close_matches(arch, known, 3, 0.5)
    hint = f" Near it: {', '.join(near)}." if near else ""
    if arch in known:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(arch)) or "none"
        raise BadWeights(f"{arch} needs a tag or a file behind a slash, as in {arch}/FILE. Its tags: {tags}.")
    raise BadWeights(f"There is neither a file nor an architecture of open_clip called {spec!r}.{hint}")


def fetched(arch: str, tag: str) -> Any:
    """A model of open_clip's list or of a hub."""
    import open_clip

    tags = open_clip.list_pretrained_tags_by_model(arch)
    if tag and tag not in tags:
        raise BadWeights(f"{arch} has no weights {tag!r}, and there is no such file. Its tags: {', '.join(tags) or 'none'}.")
    name = "/".join(one for one in (arch, tag) if one)
    with fetching() as online:
        try:
            return open_clip.create_model(arch, pretrained=tag or None)
        except Exception as wrong:  # open_clip, torch, the hub and the network each raise errors of their own
            why = first_line(wrong).rstrip(".") if online else "the hub cannot be reached, and it was not fetched before"
            raise BadWeights(
                f"{name} could not be fetched: {why}. Without a network, give a file: "
                f"{'ARCHITECTURE' if arch.startswith(HUB) else arch}/FILE."
            ) from wrong


def clip_tensors(file: Path) -> tuple[dict[str, Tensor], bool]:
    """A CLIP's tensors by OpenAI's names, float32, and whether it was trained with the quick GELU, as far as the file tells."""
    tensors = tensors_of(file, ANCHORS)
    quick = any(name in tensors for name in OPENAI)
    if is_transformers(tensors):
        return from_transformers(tensors, file.name), quick_in_config(file)
    return {name: one for name, one in tensors.items() if name not in (*OPENAI, "attn_mask")}, quick


def built(file: Path) -> Any:
    """A CLIP with the geometry of its tensors, filled with them."""
    from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg

    tensors, quick = clip_tensors(file)
    try:
        kernel, place = tensors["visual.conv1.weight"], tensors["visual.positional_embedding"]
        width, patch, words = kernel.shape[0], kernel.shape[-1], tensors["ln_final.weight"].shape[0]
        side = round((len(place) - 1) ** 0.5)
        layers = [len({name.split(".")[at] for name in tensors if name.startswith(prefix)})
                  for prefix, at in (("visual.transformer.resblocks.", 3), ("transformer.resblocks.", 2))]  # fmt: skip
        longest, embedding = tensors["positional_embedding"].shape[0], tensors["token_embedding.weight"].shape[0]
        features = tensors["text_projection"].shape[1]
    except (KeyError, IndexError) as wrong:
        raise BadWeights(f"{file.name} has no {wrong}: it is no CLIP with a plain vision transformer.") from wrong
    if width % HEAD or words % HEAD or side**2 + 1 != len(place):
        raise BadWeights(f"No tensor of {file.name} tells its geometry: name it, as in ARCHITECTURE/{file.name}.")
    if unlike := wider_heads(width, layers[0]):
        raise BadWeights(
            f"{file.name} is as wide and deep as {unlike}, whose heads are not {HEAD} wide, and no tensor tells: name it, "
            f"as in {unlike}/{file.name}."
        )

    def model(device: str) -> Any:
        with torch.device(device):
            return CLIP(
                features,
                CLIPVisionCfg(layers=layers[0], width=width, patch_size=patch, image_size=side * patch),
                CLIPTextCfg(longest, embedding, width=words, heads=words // HEAD, layers=layers[1]),
                quick_gelu=quick,
            )

    return fill(model, tensors, file.name)


def wider_heads(width: int, layers: int) -> str:
    """An architecture of open_clip's with a vision tower of this size and heads of another width; "" where there is none."""
    import open_clip

    for name in open_clip.list_models():
        vision = (open_clip.get_model_config(name) or {}).get("vision_cfg", {})
        if (vision.get("width"), vision.get("layers")) == (width, layers) and vision.get("head_width", HEAD) != HEAD:
            return name
    return ""


def fill(build: Callable[[str], Any], tensors: dict[str, Tensor], file: str) -> Any:
    """What `build` makes, with these tensors; what is missing, left over or of another shape is named before it is made."""
    empty = build("meta")
    if not hasattr(empty, "positional_embedding"):  # open_clip's layout with the text tower as a part of its own
        from open_clip.model import convert_to_custom_text_state_dict

        tensors = convert_to_custom_text_state_dict(tensors)
    check_fit(lambda: empty, tensors, file, "the architecture", optional=("attn_mask", "logit_bias"))
    model = build("cpu")
    model.load_state_dict(tensors, strict=False)
    return model


def twin(model: Any, name: str) -> VisionTransformer:
    """The vision tower as timm's VisionTransformer, by timm's own filter of checkpoints."""
    vit = empty_twin(model.visual, name)
    try:
        vit.load_state_dict(checkpoint_filter_fn({f"visual.{key}": t for key, t in model.visual.state_dict().items()}, vit))
    except RuntimeError as wrong:
        raise BadWeights(f"{name} has parts that a plain vision transformer lacks: {first_line(wrong)}") from wrong
    return vit


def empty_twin(visual: Any, name: str) -> VisionTransformer:
    """An empty timm ViT of the same geometry as an open_clip vision tower (OpenAI's layout)."""
    if not hasattr(visual, "conv1") or not hasattr(visual, "transformer") or visual.pool_type != "tok":
        raise BadWeights(f"{name} does not have the plain CLIP vision transformer that is prompted here.")
    width, block = visual.conv1.out_channels, visual.transformer.resblocks[0]
    return VisionTransformer(
        img_size=visual.image_size,
        patch_size=visual.patch_size,
        embed_dim=width,
        depth=len(visual.transformer.resblocks),
        num_heads=block.attn.num_heads,
        mlp_ratio=block.mlp.c_fc.out_features / width,
        num_classes=visual.output_dim,
        pre_norm=not isinstance(visual.ln_pre, nn.Identity),
        global_pool="token",
        # read from the model, not from its name: OpenAI's weights switch it on for "ViT-B-32" too
        act_layer="quick_gelu" if type(block.mlp.gelu).__name__ == "QuickGELU" else "gelu",
        norm_layer=nn.LayerNorm,
    )


def statistics(visual: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the pixels that the tower was trained with: OpenAI's where the model does not say."""
    from open_clip import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

    mean, std = getattr(visual, "image_mean", None), getattr(visual, "image_std", None)
    return tuple(mean or OPENAI_DATASET_MEAN), tuple(std or OPENAI_DATASET_STD)
