"""Public backbones for STPN: towers that ImageNet has taught, to which no trained prompts exist.

cvt-13:FILE, cvt-21:FILE    a CvT checkpoint of the original release or of transformers
timm:NAME[:FILE]            a timm Swin, from a file or, with a network, from timm
"""

from dataclasses import dataclass
from pathlib import Path

from timm.models.swin_transformer import SwinTransformer
from torch import nn

from core.errors import BadWeights
from core.networks.cvt import CvtShape, CvtTower
from core.networks.cvt_weights import load_cvt
from core.networks.swin import SwinTower
from core.networks.timm_weights import timm_model
from core.networks.tower import Size
from core.networks.weights import state_digest

CVTS = {"cvt-13": CvtShape(), "cvt-21": CvtShape(depths=(1, 4, 16))}
KINDS = (*CVTS, "timm")
SIZE = (224, 224)  # H, W that these towers were taught at
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, RGB, 0–1


@dataclass(frozen=True, eq=False)
class Backbone:
    """A tower, the frames it takes (rows, columns; mean and deviation of RGB), and what the reader is told of it."""

    tower: SwinTower | CvtTower
    size: Size
    mean: tuple[float, ...]
    std: tuple[float, ...]
    label: str
    digest: str


def load_backbone(kind: str, rest: str) -> Backbone:
    """kind: one of KINDS; rest: what follows its colon."""
    if not rest:
        raise BadWeights(f"The form is {'timm:NAME[:FILE]' if kind == 'timm' else f'{kind}:FILE'}, got {kind + ':'!r}.")
    if kind in CVTS:
        found = load_cvt(rest, CVTS[kind])
        label = f"{kind} taught elsewhere · {Path(rest).name} · {found.digest[:8]}"
        return Backbone(found.network, SIZE, MEAN, STD, label, found.digest)
    name, _, file = rest.partition(":")
    options = {"always_partition": True, "strict_img_size": False} if "swin" in name else {}

    def fits(model: nn.Module) -> None:
        if not isinstance(model, SwinTransformer):
            raise BadWeights(f"{name} is not a Swin: the prompts are written for timm's SwinTransformer.")

    swin = timm_model(name, fits, file, **options)
    config, tower = swin.pretrained_cfg, SwinTower(swin)
    digest = state_digest(tower)
    label = f"{name} taught elsewhere · {Path(file).name or 'timm'} · {digest[:8]}"
    return Backbone(tower, tuple(swin.patch_embed.img_size), tuple(config["mean"]), tuple(config["std"]), label, digest)
