"""The frozen pass of a real CLIP's size: how fast, against what the device can multiply, and what rounding changes."""

import time

import torch

from core import Engine
from core.networks.vision import VisionTower
from tests.bench.engine import moving_clip, timed

SIZES = {"ViT-B/32": "vit_base_patch32_clip_224", "ViT-B/16": "vit_base_patch16_clip_224"}
FRAMES = {"ViT-B/32": (8, 16, 32, 64), "ViT-B/16": (8, 16)}  # 64: two clips of 32 at once
SIDE = 4096  # of the matrices whose product is the device's peak
SECONDS = 1.5  # of each measurement, at least


@torch.no_grad()
def frozen_times(device):
    """Rows of frames/s by tower and frames, the share of the measured peak, and how many regions bfloat16 changes."""
    found, same = {}, {}
    for name, timm_name in SIZES.items():
        models = {"clip": f"random:{timm_name}"}
        engines = {precision: Engine(device, models, precision) for precision in ("float32", "bfloat16")}
        for precision, engine in engines.items():
            if precision == "bfloat16" and Engine(device).precision is not torch.bfloat16:
                continue  # emulated here: slow, and no one's choice
            tower, peak = engine.network("clip_towers").network.vision, matmul_peak(engine.device, engine.precision)
            for frames in FRAMES[name]:
                pixels = torch.randn(frames, 3, *tower.size, device=engine.device)  # pyright: ignore
                seconds = per_call(engine.device, lambda tower=tower, pixels=pixels: tower.encode(tower.embed(pixels)))
                found[f"{name} {frames} {precision}"] = {
                    "frames/s": frames / seconds, "GFLOP/s": flops(tower) * frames / seconds / 1e9,
                    "of matmul peak": flops(tower) * frames / seconds / peak,
                }  # fmt: skip
        same[f"{name}: patches that bfloat16 keeps and float32 does not"] = changed(engines)
    return {"frozen pass": found, **same}


def changed(engines, frames=8):
    """Share of the kept patches, at α = 1, where rounding tells most, and at the default."""
    clip, said = moving_clip(frames, 224), []
    for alpha in (1.0, 0.1):
        one, other = (each.run("stop", clip, outputs=("region_TP",), alpha=alpha)["region_TP"] for each in engines.values())
        said.append(f"α = {alpha:g}: {(other & ~one).sum().item() / one.sum().item():.1%}")
    return ", ".join(said)


def flops(tower: VisionTower) -> float:
    """Of one frame through the blocks: two for each multiply-add of the matrix products."""
    S, D = tower.prefix + tower.patches, tower.width
    return tower.depth * (24 * S * D**2 + 4 * S**2 * D)


def matmul_peak(device, dtype):
    """FLOP/s of a large product of matrices on this device, as it is now."""
    side = SIDE if device.type == "cuda" else SIDE // 4
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    return 2 * side**3 / per_call(device, lambda: a @ b)


def per_call(device, call):
    """Seconds of a call, the fastest of as many as fit."""
    timed(device, call)
    began, took = time.perf_counter(), []
    while time.perf_counter() - began < SECONDS:
        took.append(timed(device, call) / 1e3)
    return min(took)
