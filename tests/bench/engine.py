"""The engine: full runs, what one knob re-runs, and memory."""

import resource
import sys
import time
from statistics import median

import numpy as np
import torch

from core import METHODS, Clip, Engine
from core.cache import StageCache
from core.methods.stpn.weights import BASELINE
from core.world import render, sample_scene, segment_centres


def engine_times(name, device, models, frames, side, texts, repeats):
    """Full run, plain encoder, every knob, and peak memory."""
    engine, method = Engine(device, models), METHODS[name]
    clip = moving_clip(frames, side)
    plain = plain_of(engine, name, clip)
    maps = method.until("now")

    def run(outputs=None, **knobs):
        return engine.run(name, clip, texts=texts, outputs=outputs, **knobs)

    def forget():
        engine.cache = StageCache(engine.cache.budget)

    run()  # the first call of everything is slower
    plain()
    full_ms, plain_ms = [], []
    for _ in range(repeats):
        forget()
        full_ms.append(timed(engine.device, run))
        plain_ms.append(timed(engine.device, plain))
    knobs = {}
    for one in method.knobs.knobs():
        moves = [moved(engine, run, maps, one.name, value) for value in values(one, engine.limits(name))]
        knobs[one.name] = {name: median(move[name] for move in moves) for name in moves[0]} | {"moves": len(moves)}
        knobs[one.name]["of full run"] = knobs[one.name]["all ms"] / median(full_ms)
    return {
        "weights": engine.labels(name),
        "full run ms": median(full_ms),
        "plain ms": median(plain_ms),
        "full / plain": median(full / bare for full, bare in zip(full_ms, plain_ms, strict=True)),
        "knobs": knobs,
        "peak memory MB": peak_megabytes(),
        "peak GPU memory MB": torch.cuda.max_memory_allocated() / 1e6 if engine.device.type == "cuda" else 0,
    }


def plain_of(engine, name, clip):
    """A call that runs what one would run without the method."""
    frames_THWC = torch.from_numpy(clip.frames_THWC).to(engine.device)
    if name == "stop":
        tower = engine.network("clip_towers").network.vision
        return torch.no_grad()(lambda: tower.encode(tower.embed(tower.pixels(frames_THWC))))
    net = engine.network("stpn").network.pick(BASELINE)
    return torch.no_grad()(lambda: net.detector.features(net.pixels(frames_THWC[:1])))


def moved(engine, run, maps, name, value):
    """One knob from its default to a `value` it has not had."""
    maps_ms = timed(engine.device, lambda: run(maps, **{name: value}))
    rest_ms = timed(engine.device, lambda: run(**{name: value}))
    again_ms = timed(engine.device, lambda: run(**{name: value}))
    return {"maps ms": maps_ms, "all ms": maps_ms + rest_ms, "same value again ms": again_ms}


def values(knob, limits):
    """Values over the knob's span, the default left out: up to four numbers, or every other choice."""
    if knob.kind == "switch":
        return [not knob.default]
    if knob.kind == "choice":
        return [one for one in knob.span if one != knob.default]
    low, high, step = knob.span
    high = min(high, limits.get(knob.name, high))
    steps = np.unique(np.linspace(0, (high - low) // step, 5).round())
    chosen = [knob.check(min(high, low + step * k)) for k in steps.tolist()]
    return [one for one in chosen if one != knob.default][:4]


def moving_clip(frames, side):
    """One object moves left, and stands beside others that do not."""
    scene = sample_scene(3, "test", action="moves left", distractors=2, size=(side, side))
    centres = segment_centres(scene.seconds, frames)
    return Clip(render(scene, centres)[0], np.asarray(centres), np.arange(frames), "bench")


def timed(device, call):
    """Milliseconds of one call, the kernels it started included."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    began = time.perf_counter()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - began) * 1e3


def peak_megabytes():
    """The most memory this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3  # bytes there, kB elsewhere
