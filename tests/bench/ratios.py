"""What STOP costs on real towers, in parts of what one would pay without it. Weights are random: time does not look at them.

CPU time of one thread, so that another process disturbs little (several threads spend CPU time on waiting for each other), and
everything in turns, so that it disturbs all alike.

    plain       open_clip's own ViT-B/32 over the same frames, one by one, in single precision
    released    what STOP's released code computes of a clip of its own: comb, pixel prompts, temporal prompts, encoder
"""

import time
from functools import partial
from statistics import median

import open_clip
import torch

from core import Engine
from core.cache import StageCache
from core.methods import stop_released as released
from core.networks.weights import load_clip
from tests import tiny
from tests.bench.engine import moving_clip, timed

TURNS = 2
MOVES = {"alpha": (0.4, 0.8), "kept": (3, 24), "beta": (0.0, 3.0), "eta": (4.0, 12.0), "layer": (1, 5)}  # not the defaults
AIMS = {"full run": "0.35 of released", "full run, ×L all": "0.90 of released"} | dict.fromkeys(MOVES, "0.60 of plain")


def ratio_times(device):
    """A row for each run: CPU time as a share of the plain pass and of the released code, each the median of all turns."""
    torch.set_num_threads(1)
    clip = load_clip("random:vit_base_patch32_clip_224")
    models = {"clip": clip, "stop_first": tiny.prompters(clip, 1), "stop_all": tiny.prompters(clip, clip.network.vision.depth)}
    engine, frames = Engine(device, models), moving_clip(12, 224)

    def forget():
        engine.cache = StageCache(engine.cache.budget)

    def full(**knobs):
        forget()
        engine.run("stop", frames, **knobs)

    def moves():
        forget()
        engine.run("stop", frames)
        for knob, values in MOVES.items():
            moved = [partial(engine.run, "stop", frames, **{knob: value}) for value in values]
            yield knob, median(spent(engine, call) for call in moved)

    calls = {
        "plain": plain_pass(engine, frames),
        "released": released_pass(engine, frames),
        "full run": full,
        "full run, ×L all": lambda: full(depth="all"),
    }
    turns = []
    for call in calls.values():
        call()  # the first calls of everything are slower
    for _ in range(TURNS):
        took = {name: spent(engine, call) for name, call in calls.items()} | dict(moves())
        again = spent(engine, calls["plain"])  # before and after: a machine that slows down slows what is between
        turns.append(took | {"plain": (took["plain"] + again) / 2})
    rows = {}
    for name in list(turns[0])[1:]:
        shares = {f"of {peer}": median(took[name] / took[peer] for took in turns) for peer in ("plain", "released")}
        rows[name] = {"ms": 1e3 * median(took[name] for took in turns)} | shares | {"aim": AIMS.get(name, "")}
    return {"plain ms": 1e3 * median(took["plain"] for took in turns), "": rows}


def spent(engine, call):
    """Seconds of CPU time, of all threads; on a GPU, of the clock."""
    if engine.device.type == "cuda":
        return timed(engine.device, call) / 1e3
    began = time.process_time()
    call()
    return time.process_time() - began


def plain_pass(engine, frames):
    """open_clip's own tower, with its own code."""
    model = open_clip.create_model("ViT-B-32", pretrained=None, load_weights=False).to(engine.device).eval()
    vision = engine.network("clip_towers").network.vision
    frames_THWC = torch.from_numpy(frames.frames_THWC).to(engine.device)
    return torch.no_grad()(lambda: model.encode_image(vision.pixels(frames_THWC)))


def released_pass(engine, frames):
    """The released code's own stages, each once, without what the page adds to show what a batch does."""
    net = engine.network("released", "stop_released").network

    @torch.no_grad()
    def call():
        pixels_TCHW = released.pixels_TCHW(frames, net, engine.device)
        mask_TZ = released.mask_TZ(released.cell_TZ(released.response_THW(pixels_TCHW, net), net), 6)
        prompt_TCHW = released.pixel_prompt_TCHW(pixels_TCHW, net)
        prompted_TCHW = released.prompted_TCHW(pixels_TCHW, prompt_TCHW, released.comb_THW(mask_TZ, net), 0.05)
        tokens_TSD = released.tokens_TSD(prompted_TCHW, net)
        mixed_TPD = released.mixed_TPD(tokens_TSD, net)
        weight_T = released.alone_T(released.variation_T(mixed_TPD, mask_TZ, net))
        prompt_LTQD = released.prompt_LTQD(released.prompt_TQD(released.written_TQD(mixed_TPD, net), weight_T, 0.05), net)
        return released.video_E(released.sequence_SD(tokens_TSD, prompt_LTQD, net), prompt_LTQD, net)

    return call
