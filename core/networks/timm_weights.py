"""timm's models: by name, filled with a file of anyone's, with what timm fetches, or with chance."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import timm
import torch
from timm.models.swin_transformer import SwinTransformer, checkpoint_filter_fn
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from core.errors import BadWeights
from core.networks.checkpoints import border, checked_file, first_line, tensors_of
from core.networks.fitting import filled, sound
from core.networks.hub import fetching

ANCHORS = ("patch_embed.proj.weight", "patch_embed.backbone.conv1.weight")
HEAD = re.compile(r"head(_dist)?(\.fc)?\.(weight|bias)")


def timm_model(name: str, fits: Callable[[nn.Module], Any], file: str = "", random: bool = False, **options: Any) -> nn.Module:
    """The model in eval mode. fits: is given the model without weights, and refuses one that cannot be used.

    A file's classifier decides how many classes there are, and may be missing: nothing asks which class a picture is of."""
    empty = made(name, meta=True, **options)
    fits(empty)
    if random:
        return made(name, **options)
    if not file:
        with fetching() as online:
            try:
                model = made(name, pretrained=True, **options)
            except BadWeights as wrong:
                if online:
                    raise
                said = f"{name} could not be fetched: the hub cannot be reached, and it was not fetched before."
                raise BadWeights(f"{said} Without a network, give a file: timm:{name}:FILE.") from wrong
        sound(model.state_dict(), name)
        return model
    path = checked_file(Path(file))
    with border(path.name):
        tensors = tensors_of(path, ANCHORS)
        if isinstance(empty, SwinTransformer):  # its pyramid is read, never its classifier
            tensors = {own: one for own, one in checkpoint_filter_fn(tensors, empty).items() if not HEAD.fullmatch(own)}
            options["num_classes"] = 0
        elif isinstance(empty, VisionTransformer):
            options["num_classes"] = len(tensors["head.weight"]) if "head.weight" in tensors else 0
        return filled(lambda: made(name, **options), tensors, "", path.name)


def made(name: str, pretrained: bool = False, meta: bool = False, **options: Any) -> nn.Module:
    """timm's own, the same every time. meta: of sizes alone, which takes no memory."""
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta" if meta else torch.get_default_device()):
            torch.manual_seed(0)
            return timm.create_model(name, pretrained=pretrained, **options).eval()
    except MemoryError:
        raise
    except Exception as wrong:  # timm, torch and the hub each raise errors of their own
        raise BadWeights(f"timm could not load {name}: {first_line(wrong)}") from wrong
