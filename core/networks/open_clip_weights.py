"""Real CLIPs: from a name of open_clip's, a hub, or a file on disk, to the two towers of this project.

    ViT-B-32/openai            an architecture and a tag of open_clip's own list, fetched over the network or from its cache
    hf-hub:ORG/NAME            the same from a hub
    ViT-B-32-quickgelu/FILE    that architecture with the weights of a file
    FILE                       any CLIP with a plain vision transformer: its geometry is read from its tensors

A FILE is OpenAI's archive or state dict, a checkpoint of open_clip's training, or safetensors. Files are read without
running anything in them: `weights_only=True`, and TorchScript's reader for archives, which knows no Python objects.

Which activation weights were trained with is in no tensor. OpenAI's used a quick approximation of GELU, and their files
carry three numbers that no others do; whatever else was trained with it is named so (ViT-B-32-quickgelu/FILE). With the wrong
one everything runs, and accuracy falls without a word.
"""

import difflib
import logging
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch import Tensor, nn

from core.errors import BadWeights
from core.networks.text import OpenClipText
from core.networks.vision import VisionTower

OPENAI = ("input_resolution", "context_length", "vocab_size")  # what OpenAI's files hold besides weights
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
            tensors, quick = tensors_of(file)
            with quietly():
                model = open_clip.create_model(arch, force_quick_gelu=bool(quick))
            model = fill(model, tensors, file.name)
        else:
            model = built(file)
        tokenizer = open_clip.get_tokenizer(arch) if arch else open_clip.SimpleTokenizer(context_length=model.context_length)
    except (MemoryError, torch.OutOfMemoryError) as wrong:
        raise BadWeights(f"{spec} does not fit into memory: a smaller model is ViT-B-32.") from wrong
    vision = VisionTower(twin(model.eval(), arch or file.name if file else arch), *statistics(model.visual))
    model.visual = nn.Identity()  # its weights live in the twin now
    named = " · ".join(one for one in (arch, file.name if file else source) if one)
    return Towers(vision, OpenClipText(model, tokenizer), model.logit_scale.exp().item(), named, file)


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
    try:
        return open_clip.create_model(arch, pretrained=tag or None)
    except Exception as wrong:  # open_clip, torch, the hub and the network each raise errors of their own
        raise BadWeights(
            f"{'/'.join(one for one in (arch, tag) if one)} could not be fetched ({first_line(wrong)}) Without a network, "
            f"give a file: {'ARCHITECTURE' if arch.startswith(HUB) else arch}/FILE."
        ) from wrong


def tensors_of(file: Path) -> tuple[dict[str, Tensor], bool | None]:
    """Every tensor of a file, float32, and whether it says that it is OpenAI's; None where it does not."""
    try:
        if file.suffix == ".safetensors":
            held = load_file(file)
        else:
            held = torch.jit.load(file, "cpu").state_dict() if archived(file) else torch.load(file, "cpu", weights_only=True)
    except pickle.UnpicklingError as wrong:
        raise BadWeights(
            f"{file.name} holds Python objects besides tensors, and reading them could run anything: save its state dict alone."
        ) from wrong
    except (SafetensorError, RuntimeError, OSError, ValueError, EOFError, KeyError) as wrong:
        raise BadWeights(f"{file.name} is not a readable weights file, or only a part of one: {first_line(wrong)}") from wrong
    if isinstance(held, dict) and isinstance(held.get("state_dict"), dict):
        held = held["state_dict"]
    if not isinstance(held, dict) or not any(isinstance(one, Tensor) for one in held.values()):
        raise BadWeights(f"{file.name} holds no tensors by name.")
    named = {name.removeprefix("module."): one for name, one in held.items() if isinstance(one, Tensor)}
    openai = any(name in named for name in OPENAI)
    return {name: one.float() for name, one in named.items() if name not in OPENAI}, openai or None


def archived(file: Path) -> bool:
    """Whether a file is TorchScript's, as OpenAI's are."""
    return is_zipfile(file) and any(Path(one).name == "constants.pkl" for one in ZipFile(file).namelist())


def built(file: Path) -> Any:
    """A CLIP with the geometry of its tensors, filled with them."""
    from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg

    tensors, openai = tensors_of(file)
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
    model = CLIP(
        features,
        CLIPVisionCfg(layers=layers[0], width=width, patch_size=patch, image_size=side * patch),
        CLIPTextCfg(context_length=longest, vocab_size=embedding, width=words, heads=words // HEAD, layers=layers[1]),
        quick_gelu=bool(openai),
    )
    return fill(model, tensors, file.name)


def fill(model: Any, tensors: dict[str, Tensor], file: str) -> Any:
    """The model with these tensors; what is missing, left over or of another shape is named."""
    if not hasattr(model, "positional_embedding"):  # open_clip's layout with the text tower as a part of its own
        from open_clip.model import convert_to_custom_text_state_dict

        tensors = convert_to_custom_text_state_dict(tensors)
    held = model.state_dict()
    missing, extra = sorted(held.keys() - tensors.keys()), sorted(tensors.keys() - held.keys())
    bent = [name for name in sorted(held.keys() & tensors.keys()) if held[name].shape != tensors[name].shape]
    missing = [name for name in missing if name not in ("attn_mask", "logit_bias")]
    if missing or bent or extra:
        raise BadWeights(
            f"{file} does not fit the architecture: {len(missing)} missing {missing[:3]}, {len(extra)} unexpected {extra[:3]}, "
            f"{len(bent)} of another shape {bent[:3]}."
        )
    finite(tensors, file)
    model.load_state_dict(tensors, strict=False)
    return model


def finite(tensors: dict[str, Tensor], file: str) -> None:
    """BadWeights where a tensor holds NaN or infinity: everything would run, and nothing would mean anything."""
    wrong = [name for name, one in tensors.items() if not one.isfinite().all()]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise BadWeights(f"{file} holds numbers that are none (NaN or infinite) in {', '.join(wrong[:3])}{more}.")


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
        raise BadWeights(f"{name} does not have the plain CLIP vision transformer that STOP prompts.")
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


def first_line(wrong: Exception) -> str:
    """What went wrong, ending in a full stop."""
    return (str(wrong).strip().partition("\n")[0] or type(wrong).__name__).rstrip(".") + "."
