"""Times and memory of the engine and of the page, on the machine at hand.

    python -m tests.bench [--json FILE] [--device auto] [--models NAME=PATH …] [--only shipped vit_b_32 page]

Every scenario runs in a process of its own, so that its peak memory is its own. Each number is a median; what is
compared is measured in turns, so that another process disturbs both alike. On a busy machine trust the ratios.

    full run     every stage, nothing known before
    plain        the frozen encoder on the same frames one by one, no prompts: what one would pay without the method
    knob         one knob moved to values it has not had, everything else known. "maps": attention, dynamics, score,
                 region, change and counts, which the page asks for first; "all": those and then the similarities
"""

import argparse
import json
import multiprocessing
import os
import platform
import resource
import socket
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import torch

from core import METHODS, Clip, Engine, ReaderError
from core import kinds as kind
from core.graph import StageCache
from core.networks.vision import VisionTower
from core.world import render, sample_scene, segment_centres

ROOT = Path(__file__).resolve().parents[2]
CLIPS = ROOT / "assets" / "clips"
METHOD = "stop"
MAPS = tuple(
    one.stage
    for one in METHODS[METHOD].outputs
    if isinstance(one, kind.PatchMap | kind.RegionMask | kind.GapScores | kind.GapCounts)
)
TEXTS = ("a red ring moves left", "a red ring moves right", "a red ring grows", "a red ring stays still")


def main(words=None):
    args = arguments().parse_args(words)
    models = dict(one.split("=", 1) for one in args.models)
    scenarios = {
        "shipped": ("The shipped model, 8 frames of 128×128", engine_times, (args.device, models, 8, 128, TEXTS, 5)),
        "vit_b_32": (
            "CLIP-ViT-B/32-sized, random weights, 12 frames of 224×224, no texts",
            engine_times,
            (args.device, {"clip": "random:vit_base_patch32_clip_224"}, 12, 224, (), 3),
        ),
        "page": (
            "The page, in headless Chromium beside its server",
            page_times,
            (args.device, args.models, args.moves),
        ),
    }
    found: dict = {"machine": machine()}
    print(", ".join(f"{name} {value}" for name, value in found["machine"].items()))
    for name in args.only:
        title, measure, given = scenarios[name]
        print(f"\n{title}", flush=True)
        # spawn, not fork: torch's threads may be running in this process
        with multiprocessing.get_context("spawn").Pool(1) as process:
            try:
                found[name] = process.apply(measure, given)
            except ReaderError as wrong:
                found[name] = {"not measured": str(wrong)}
        show(found[name])
    if args.json:
        args.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Times and memory on this machine.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there too")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--models", nargs="*", default=[], metavar="NAME=PATH", help="weights other than the shipped")
    parser.add_argument("--moves", type=int, default=40, help="slider moves on the page")
    known = ("shipped", "vit_b_32", "page")
    parser.add_argument("--only", nargs="+", choices=known, default=known, help="some of the scenarios")
    return parser


def machine():
    """What was measured on. `busy`: processes that wanted a core when it began, this one aside."""
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "timm", "gradio", "numpy")},
        "busy": round(os.getloadavg()[0], 1),
    }


def processor():
    """The processor's own name, where the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


# ---- the engine ------------------------------------------------------------------------------------------------------


def engine_times(device, models, frames, side, texts, repeats):
    """Full run, plain encoder, every knob, and peak memory."""
    engine = Engine(device, models)
    clip = moving_clip(frames, side)
    tower: VisionTower = engine.network("clip_towers").network.vision
    frames_THWC = torch.from_numpy(clip.frames_THWC).to(engine.device)

    def run(outputs=None, **knobs):
        return engine.run(METHOD, clip, texts=texts, outputs=outputs, **knobs)

    def plain():
        with torch.no_grad():
            return tower.encode(tower.embed(tower.pixels(frames_THWC)))

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
    for one in METHODS[METHOD].knobs.knobs():
        moves = [moved(engine, run, one.name, value) for value in values(one, engine)]
        knobs[one.name] = {name: median(move[name] for move in moves) for name in moves[0]} | {"moves": len(moves)}
        knobs[one.name]["of full run"] = knobs[one.name]["all ms"] / median(full_ms)
    return {
        "weights": engine.labels(METHOD),
        "full run ms": median(full_ms),
        "plain ms": median(plain_ms),
        "full / plain": median(full / bare for full, bare in zip(full_ms, plain_ms, strict=True)),
        "knobs": knobs,
        "peak memory MB": peak_megabytes(),
        "peak GPU memory MB": torch.cuda.max_memory_allocated() / 1e6 if engine.device.type == "cuda" else 0,
    }


def moved(engine, run, name, value):
    """One knob from its default to a `value` it has not had."""
    maps_ms = timed(engine.device, lambda: run(MAPS, **{name: value}))
    rest_ms = timed(engine.device, lambda: run(**{name: value}))
    again_ms = timed(engine.device, lambda: run(**{name: value}))
    return {"maps ms": maps_ms, "all ms": maps_ms + rest_ms, "same value again ms": again_ms}


def values(knob, engine):
    """Values over the knob's span, the default left out: up to four numbers, or every other choice."""
    if knob.kind == "switch":
        return [not knob.default]
    if knob.kind == "choice":
        return [one for one in knob.span if one != knob.default]
    low, high, step = knob.span
    high = min(high, engine.limits(METHOD).get(knob.name, high))
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


# ---- the page --------------------------------------------------------------------------------------------------------

PAINTED = "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0)))"

# From the moment the slider is moved to the frame after the viewer has drawn that value: [maps ms, texts ms].
MOVE = """async ([knob, value, patience]) => {
  const root = document.querySelector(".vw");
  const slider = document.querySelector(`#knob-stop-${knob} input[type=range]`);
  const painted = () => PAINTED;
  const says = what => JSON.parse(root.dataset[what] || "{}")[knob] === value;
  const until = (what) => new Promise((done, fail) => {
    const late = setTimeout(() => fail(new Error(`${what}: ${knob} = ${value} was not drawn`)), patience);
    const look = () => {
      if (!says(what)) return;
      clearTimeout(late);
      root.removeEventListener("painted", look);
      done(painted());
    };
    root.addEventListener("painted", look);
  });
  const drawn = Promise.all([until("shown"), until("texts")]);
  const began = performance.now();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(slider, value);
  slider.dispatchEvent(new Event("input", {bubbles: true}));
  return (await drawn).map(at => at - began);
}""".replace("PAINTED", PAINTED)


def page_times(device, models, moves):
    """Time to the first picture; from a slider's move to pixels, one move at a time, each to a value not seen yet."""
    from playwright.sync_api import Error, sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        clips = example_clips(Path(folder))
        port = free_port()
        words = [
            "--port",
            str(port),
            "--device",
            device,
            "--clips",
            str(clips),
            *(["--models", *models] if models else []),
        ]
        with subprocess.Popen([sys.executable, "-m", "app", *words], cwd=ROOT, stdout=subprocess.DEVNULL) as server:
            try:
                started = wait_for(f"http://127.0.0.1:{port}/", server)
                browser = playwright.chromium.launch(executable_path=chromium())
                first = [first_picture_ms(browser, port) for _ in range(3)]
                page = open_page(browser, port)
                knobs = {}
                for name, path in slider_values(moves).items():
                    took = [page.evaluate(MOVE, [name, value, 30_000]) for value in path]
                    maps, texts = zip(*took, strict=True)
                    knobs[name] = spread("slider → maps", maps) | spread("slider → texts", texts) | {"moves": len(path)}
                return {
                    "server ready s": started,
                    "first picture ms, each time": [round(ms) for ms in first],
                    "page knobs": knobs,
                    "server's peak memory MB": peak_of(server.pid),
                }
            except Error as wrong:
                raise ReaderError(f"The page could not be driven: {wrong.message.splitlines()[0]}") from wrong
            finally:
                server.terminate()


def slider_values(moves):
    """Knob → values to move through, no two in a row alike and none the default, so that every move draws something."""
    chosen = {}
    for one in METHODS[METHOD].knobs.knobs():
        if one.name in ("alpha", "kept", "beta", "eta"):
            low, high, step = one.span
            high = min(high, 32)  # patches: a frame of any model here has as many
            count = int((high - low) / step)
            grid = [one.check(low + step * k) for k in np.linspace(0, count, moves // 4 + 1).round().tolist()]
            chosen[one.name] = [value for value in dict.fromkeys(grid) if value != one.default]
    return chosen


def example_clips(folder):
    """The shipped examples; where there are none, some of the world's."""
    if list(CLIPS.glob("*.mp4")):
        return CLIPS
    command = [sys.executable, "-m", "core.world", "--out", str(folder), "--clips", "3"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder


def open_page(browser, port):
    """A fresh visitor, once the viewer shows its first picture."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
    page.wait_for_selector(".vw[data-shown]", timeout=60_000)
    return page


def first_picture_ms(browser, port):
    """From navigation to the frame after the viewer has drawn, for a visitor with nothing in store."""
    page = open_page(browser, port)
    ms = page.evaluate(f"() => {PAINTED}")
    page.context.close()
    return ms


def wait_for(address, server, patience=180):
    """Seconds until the server answers."""
    began = time.perf_counter()
    while time.perf_counter() - began < patience:
        if server.poll() is not None:
            raise ReaderError(f"The page stopped before it answered (exit {server.returncode}).")
        try:
            urlopen(address, timeout=5).close()
            return time.perf_counter() - began
        except (URLError, OSError):
            time.sleep(0.1)
    raise ReaderError(f"The page did not answer within {patience} s.")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def chromium():
    """The system's browser, as the tests of the page use it; None lets Playwright look for its own."""
    from shutil import which

    return next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))), None)


def peak_of(pid):
    """The most memory another process ever held; nothing where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), None)


def spread(name, times):
    return {f"{name} median ms": float(np.median(times)), f"{name} p95 ms": float(np.percentile(times, 95))}


# ---- printing --------------------------------------------------------------------------------------------------------


def show(part):
    """Numbers one a line, mappings of mappings as a table."""
    for name, value in part.items():
        if isinstance(value, dict) and all(isinstance(row, dict) for row in value.values()):
            show_table(value)
        elif isinstance(value, dict):
            for label in value.values():
                print(f"  {label}")
        elif value:
            print(f"  {name:28} {told(value)}")


def show_table(rows):
    columns = list(next(iter(rows.values())))
    print("  " + " " * 10 + "".join(f"{column:>{max(12, len(column) + 3)}}" for column in columns))
    for name, row in rows.items():
        print(f"  {name:10}" + "".join(f"{told(row[column]):>{max(12, len(column) + 3)}}" for column in columns))


def told(value):
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 10 else f"{value:,.0f}"
    return str(value)
