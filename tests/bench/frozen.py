"""The frozen pass of a real CLIP's size: how fast, against what the device can multiply, and what rounding changes.

Also whether it would pay to compile it, or to record its kernels once and replay them (a CUDA graph). The engine does neither:
on two CPU cores a compiled pass took 0.93–0.99 of the time, after 20–30 s of compiling, and no GPU has been asked yet.
The pass runs once a clip, so what it could save is to be held against the page's own 25–40 ms, not against the pass.
"""

import time

import torch

from core import Engine
from core.networks.vision import VisionTower
from tests.bench.engine import moving_clip, timed

SIZES = {"ViT-B/32": "vit_base_patch32_clip_224", "ViT-B/16": "vit_base_patch16_clip_224"}
BATCHES = {"cpu": ((1, 8), (1, 16), (1, 32), (2, 32)), "cuda": ((1, 8), (1, 16), (1, 32), (2, 32), (8, 32))}  # clips, frames
TOO_LONG = {("ViT-B/16", "cpu"): 16}  # frames, at most: a minute a row
ONE_CLIP = (1, 16)  # what is compiled and recorded
SIDE = 4096  # of the matrices whose product is the device's peak
SECONDS = 1.5  # of each measurement, at least


@torch.no_grad()
def frozen_times(device):
    """Rows of frames/s by tower, clips × frames and precision, as a share of the measured peak; what rounding changes; and
    what compiling or recording one pass would save."""
    found, same, other = {}, {}, {}
    for name, timm_name in SIZES.items():
        models = {"clip": f"random:{timm_name}"}
        engines = {precision: Engine(device, models, precision) for precision in ("float32", "bfloat16")}
        for precision, engine in engines.items():
            if precision == "bfloat16" and Engine(device).precision is not torch.bfloat16:
                continue  # emulated here: slow, and no one's choice
            tower, on = engine.network("clip_towers").network.vision, engine.device
            peak, most = matmul_peak(on, engine.precision), TOO_LONG.get((name, on.type), 1 << 10)
            for clips, frames in BATCHES[on.type]:
                if clips * frames > most:
                    continue
                call = frozen_pass(tower, clips * frames)
                seconds = per_call(on, call)
                rate = flops(tower) * clips * frames / seconds
                row = {"frames/s": clips * frames / seconds, "GFLOP/s": rate / 1e9, "of matmul peak": rate / peak}
                found[f"{name} {clips} × {frames} {precision}"] = row
                if (clips, frames) == ONE_CLIP:
                    other[f"{name} {precision}"] = alternatives(on, call, seconds)
        same[f"{name}: patches that bfloat16 keeps and float32 does not"] = changed(engines)
    return {"frozen pass": found, "one clip, other ways": other, **same}


def frozen_pass(tower: VisionTower, frames: int):
    """A call that reads so many frames of random pixels, always the same."""
    pixels = torch.randn(frames, 3, *tower.size, device=tower.mean.device)  # pyright: ignore
    return lambda: tower.encode(tower.embed(pixels))


def alternatives(device, call, seconds):
    """Milliseconds of a pass as the engine runs it, compiled, and recorded; in words why not, where it cannot be done."""
    made = {"eager ms": seconds * 1e3}
    ways = {"compiled ms": compiled} | ({"recorded ms": recorded} if device.type == "cuda" else {})
    for name, way in ways.items():
        try:
            made[name] = per_call(device, way(device, call)) * 1e3
        except Exception as wrong:  # a compiler or a driver may fail in any way, and the rest of the table is worth having
            made[name] = f"no: {type(wrong).__name__}"
    return made


def compiled(device, call):
    """The pass as torch's compiler makes it."""
    made = torch.compile(call)
    made()
    return made


def recorded(device, call):
    """The same kernels, without asking the processor for each: a CUDA graph."""
    beside = torch.cuda.Stream(device)
    beside.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(beside):
        for _ in range(3):  # what is allocated and chosen at first is not to be recorded
            call()
    torch.cuda.current_stream(device).wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call()
    return graph.replay


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
