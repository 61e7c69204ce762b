"""What prompts cost a tower: one frame through it with five of them and without, in turns."""

from statistics import median

import timm
import torch

from core.methods.stpn.networks import SIZE, small_swin
from core.networks.swin import SwinTower
from tests.bench.engine import timed

PROMPTS = 5
TURNS = 20


@torch.no_grad()
def swin_times(device):
    """{tower: {plain ms, prompted ms, prompted / plain}}: medians, the ratio of each pair of neighbours."""
    device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
    swins = {
        f"ours, {SIZE[0]}²": (small_swin(), SIZE[0]),
        "Swin-T, 224²": (timm.create_model("swin_tiny_patch4_window7_224", num_classes=0, always_partition=True), 224),
    }
    return {"": {name: one_tower(SwinTower(swin).to(device).eval(), side, device) for name, (swin, side) in swins.items()}}


def one_tower(tower, side, device):
    """Random weights and pixels: time does not look at them."""
    pixels = torch.randn(1, 3, side, side, device=device)
    prompts = torch.randn(1, PROMPTS, tower.widths[0], device=device)
    plain, prompted = [], []
    for turn in range(TURNS + 3):
        pair = timed(device, lambda: tower(pixels)), timed(device, lambda: tower(pixels, prompts))
        if turn >= 3:  # the first calls of everything are slower
            plain.append(pair[0])
            prompted.append(pair[1])
    ratio = median(with_them / without for without, with_them in zip(plain, prompted, strict=True))
    return {"plain ms": median(plain), "prompted ms": median(prompted), "prompted / plain": ratio}
