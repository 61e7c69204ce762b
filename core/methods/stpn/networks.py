"""STPN: a detector whose tower is prompted with what support frames hold, and the file both are kept in.

    frames τ ──tower, no prompts──▶ features [K, P, D] ──predictor──▶ prompts [Q, D_0] ─┐
    frame t ──────────────────────────────────────────────────────tower, with prompts──▶ maps ──▶ boxes, masks

(Sun et al., STPN, ICCV 2023, arXiv 2402.02574.) `shallow`: one set of prompts, from the last stage's features, enters before
the first block. `deep`: every block of the last stage has prompts of its own, from that block's own input.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from timm.layers import PatchEmbed
from timm.models.swin_transformer import SwinTransformer
from torch import Tensor, nn

from core.errors import BadKnob
from core.methods.stpn.dvp import FURTHER, PREDICTORS
from core.networks.detector import Detector, DetectorShape
from core.networks.swin import SwinTower
from core.networks.tower import Place, Tower

DEPTHS = ("shallow", "deep")
SIZE = (128, 128)  # H, W of the pixels the small detector was trained on
MEAN, STD = 0.45, 0.25  # of the world's pixels, about


@dataclass(frozen=True)
class Looked:
    """prompts: what enters the tower. attention_BNQKP: where each prompt looked, by place; sums to 1 over K and P."""

    prompts: Tensor | dict[Place, Tensor]
    attention: dict[Place, Tensor]


class Prompting(nn.Module):
    """Support features → prompts, for every place where they enter: one (shallow) or each block of the last stage (deep).

    kind: a name in `dvp.PREDICTORS` or `dvp.FURTHER`, or "none": no prompts, the single-frame baseline. dual: whether prompts
    are predicted from the current frame, too.
    """

    def __init__(self, tower: Tower, stages: int, kind: str = "attention", depth: str = "shallow", prompts: int = 5):
        super().__init__()
        known = PREDICTORS | FURTHER
        if kind not in (*known, "none"):
            raise BadKnob(f"The predictor is one of {', '.join(known)} or none, got {kind!r}.")
        if depth not in DEPTHS:
            raise BadKnob(f"The depth is one of {', '.join(DEPTHS)}, got {depth!r}.")
        self.kind, self.depth, self.prompts, self.dual = kind, depth, prompts, kind == "dual"
        self.last = stages - 1
        blocks = [place for place in tower.places if place[0] == self.last]
        self.places = () if kind == "none" else ((0, 0),) if depth == "shallow" else tuple(blocks)
        wide = tower.widths[self.last]
        self.parts = nn.ModuleDict({name(at): known[kind](wide, tower.widths[at[0]], prompts) for at in self.places})

    def support(self, tower: Tower, pixels_KCHW: Tensor) -> dict[Place, Tensor]:
        """Features of frames, each by itself and without prompts: {place: [K, P, D]}. Computed once a frame."""
        if self.depth == "shallow":
            map_KDhw = tower(pixels_KCHW, stages=(self.last,)).maps[self.last]
            return {(0, 0): map_KDhw.flatten(2).transpose(1, 2)} if self.places else {}
        return {at: map_KhwD.flatten(1, 2) for at, map_KhwD in tower.block_inputs(pixels_KCHW, self.places).items()}

    def forward(
        self, support_BKPD: dict[Place, Tensor], look: bool = False, own_BPD: dict[Place, Tensor] | None = None
    ) -> Looked | None:
        """Prompts for B frames from K supports each; None where there are none to give. own_BPD: features of the frames
        themselves, where `dual` asks for them."""
        if not self.places:
            return None
        own = {at: {"own_BPD": own_BPD and own_BPD[at]} if self.dual else {} for at in self.places}
        made = {at: self.parts[name(at)](support_BKPD[at], look, **own[at]) for at in self.places}
        prompts = {at: prompts_BQD for at, (prompts_BQD, _) in made.items()}
        seen = {at: attention for at, (_, attention) in made.items() if attention is not None}
        return Looked(prompts[0, 0] if self.depth == "shallow" else prompts, seen)


class Stpn(nn.Module):
    """The detector and the prompting of its tower. mean, std: of the pixels it was taught with, one of each or RGB, 0–1."""

    mean: Tensor
    std: Tensor

    def __init__(
        self, detector: Detector, prompting: Prompting, mean: Sequence[float] = (MEAN,), std: Sequence[float] = (STD,)
    ):
        super().__init__()
        self.detector, self.prompting = detector, prompting
        for name, one in (("mean", mean), ("std", std)):
            self.register_buffer(name, torch.tensor(one).view(-1, 1, 1), persistent=False)  # no file of ours holds them

    def pixels(self, frames_BHWC: Tensor) -> Tensor:
        """uint8 RGB → what the tower takes, [B, 3, H, W], at the frames' own size."""
        return (frames_BHWC.permute(0, 3, 1, 2).float() / 255 - self.mean) / self.std


class Residual(nn.Module):
    """x + Conv(GELU(Norm(Conv(GELU(Norm(x)))))), 3 × 3 each."""

    def __init__(self, width: int):
        super().__init__()
        halves = ((nn.GroupNorm(1, width), nn.GELU(), nn.Conv2d(width, width, 3, padding=1)) for _ in range(2))
        self.convs = nn.Sequential(*(layer for half in halves for layer in half))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.convs(x)


class ConvStem(PatchEmbed):
    """Patch tokens from small convolutions that overlap, down to a quarter of each side (Xiao et al., Early Convolutions Help
    Transformers See Better, 2021).

    Published towers bring from ImageNet what shapes look like. Ours must learn it here, and with a linear embedding of
    4 × 4 pixels it hardly does: the README beside this file says by how much.
    """

    def __init__(self, *, embed_dim: int, patch_size: int = 4, **rest):
        super().__init__(embed_dim=embed_dim, patch_size=patch_size, **rest)
        if patch_size != 4:
            raise ValueError(f"This stem halves each side twice: patches of 4, got {patch_size}.")
        fine = 2 * embed_dim // 3
        self.proj = nn.Sequential(
            nn.Conv2d(3, fine, 3, stride=2, padding=1),
            nn.GroupNorm(1, fine),
            nn.GELU(),
            nn.Conv2d(fine, embed_dim, 3, stride=2, padding=1),
            *(Residual(embed_dim) for _ in range(3)),
        )


def small_swin() -> SwinTransformer:
    """The tower this project trains: a stem of convolutions, three stages of two blocks, windows of 8 × 8."""
    return SwinTransformer(
        img_size=SIZE, patch_size=4, embed_dim=48, depths=(2, 2, 2), num_heads=(3, 6, 12), window_size=8, num_classes=0,
        drop_path_rate=0.0, always_partition=True, strict_img_size=False, embed_layer=ConvStem,
    )  # fmt: skip


def small_stpn(kind: str = "attention", depth: str = "shallow", prompts: int = 5, shape: DetectorShape | None = None) -> Stpn:
    """The small detector with a predictor, untrained."""
    shape = shape or DetectorShape()
    detector = Detector(SwinTower(small_swin()), shape)
    return Stpn(detector, Prompting(detector.tower, len(shape.strides), kind, depth, prompts))


def name(place: Place) -> str:
    """A place as part of a weight's name."""
    return f"stage{place[0]}block{place[1]}"
