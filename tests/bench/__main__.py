"""Times and memory of the engine and of the page, on the machine at hand.

    python -m tests.bench [--json FILE] [--device auto] [--models NAME=PATH …]
                          [--only stop stpn vit_b_32 ratios frozen swin_t long page]
    python -m tests.bench --only workbench
    python -m tests.bench --only hour [--hours 1]
    python -m tests.bench --only soak [--moves 10000] [--uploads 500] [--openings 200]
    python -m tests.bench --only users [--users 8] [--minutes 7]
    python -m tests.bench --only site [--moves 20] [--built DIR]

Every scenario runs in a process of its own, so that its peak memory is its own. Each number is a median; what is
compared is measured in turns, so that another process disturbs both alike. On a busy machine trust the ratios.

    full run     every stage, nothing known before
    plain        the frozen encoder on the same frames one by one, no prompts (STOP), or the detector's tower on the
                 current frame without prompts (STPN): what one would pay without the method
    ratios       of CPU time, on real towers: STOP in parts of open_clip's own pass over the same frames, and of what STOP's
                 released code spends on the clip
    knob         one knob moved to values it has not had, everything else known. "maps": what the page asks for first;
                 "all": that and what takes longer (similarities, boxes)

These take long, and are measured only where they are named: whether the server stays as small as it was however long
it is asked, whether many readers at once are each answered rightly and soon, what an hour of 720p costs, how the error
workbench does beside its targets, and how fast the page is that needs no server.
"""

import argparse
import json
import multiprocessing
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

import torch

from core import ReaderError
from tests.bench.engine import engine_times
from tests.bench.frozen import frozen_times
from tests.bench.hour import hour_times
from tests.bench.long import long_times
from tests.bench.page import page_times
from tests.bench.ratios import ratio_times
from tests.bench.site import site_times
from tests.bench.soak import soak_figures
from tests.bench.towers import swin_times
from tests.bench.users import users_figures
from tests.bench.workbench import workbench_figures

TEXTS = ("a red ring moves left", "a red ring moves right", "a red ring grows", "a red ring stays still")

USUAL = ("stop", "stpn", "vit_b_32", "ratios", "frozen", "swin_t", "long", "page")


def main(words=None):
    args = arguments().parse_args(words)
    models = dict(one.split("=", 1) for one in args.models)
    vit = {"clip": "random:vit_base_patch32_clip_224"}
    scenarios = {
        "stop": ("STOP, the shipped model, 8 frames of 128×128", engine_times, ("stop", args.device, models, 8, 128, TEXTS, 5)),
        "stpn": ("STPN, the shipped model, 32 frames of 128×128", engine_times, ("stpn", args.device, models, 32, 128, (), 5)),
        "vit_b_32": (
            "STOP, CLIP-ViT-B/32-sized, random weights, 12 frames of 224×224, no texts",
            engine_times,
            ("stop", args.device, vit, 12, 224, (), 3),
        ),
        "ratios": ("STOP beside open_clip and the released code, ViT-B/32, 12 frames of 224×224", ratio_times, (args.device,)),
        "frozen": ("The frozen pass of CLIP's towers, random weights", frozen_times, (args.device,)),
        "swin_t": ("STPN's towers with 5 prompts and without, one frame", swin_times, (args.device,)),
        "long": ("TSPO on a long video: its knobs, and 4,096 candidates through the agent", long_times, (args.device, models)),
        "page": ("The page, in headless Chromium beside its server", page_times, (args.device, args.models, args.moves or 40)),
        "soak": (
            "A long stay: what the server holds",
            soak_figures,
            (args.device, args.models, args.moves or 10_000, args.uploads, args.openings),
        ),
        "workbench": ("The error workbench against its targets", workbench_figures, (args.device,)),
        "hour": ("An hour of 720p", hour_times, (args.hours,)),
        "site": ("The page that needs no server, in headless Chromium", site_times, (args.moves or 20, args.built)),
        "users": ("Many readers at once", users_figures, (args.device, args.models, args.users, args.minutes)),
    }
    found: dict = {"machine": machine()}
    print(", ".join(f"{name} {value}" for name, value in found["machine"].items()))
    for name in args.only or USUAL:
        title, measure, given = scenarios[name]
        print(f"\n{title}", flush=True)
        # spawn, not fork: torch's threads may be running in this process
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            try:
                found[name] = process.submit(measure, *given).result()
            except ReaderError as wrong:
                found[name] = {"not measured": str(wrong)}
        show(found[name])
    if args.json:
        args.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Times and memory on this machine.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there too")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument(
        "--models", nargs="*", action="extend", default=[], metavar="NAME=PATH", help="weights other than the shipped"
    )
    parser.add_argument("--moves", type=int, help="of knobs: 40 on the page, 10,000 of a long stay")
    parser.add_argument("--uploads", type=int, default=500, help="of a long stay")
    parser.add_argument("--openings", type=int, default=200, help="of the page, of a long stay")
    parser.add_argument("--users", type=int, default=8, help="readers at once")
    parser.add_argument("--minutes", type=float, default=7, help="that they stay")
    parser.add_argument("--hours", type=float, default=1, help="of a long video")
    parser.add_argument("--built", type=Path, metavar="DIR", help="a site that was written already, to be measured")
    parser.add_argument(
        "--only", nargs="+", action="extend", choices=(*USUAL, "workbench", "soak", "users", "hour", "site"),
        help="some of the scenarios",
    )  # fmt: skip
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
    """Columns as wide as what stands in them."""
    columns, first = list(next(iter(rows.values()))), max(12, *map(len, rows))
    wide = {column: max(12, 3 + max(len(column), *(len(told(row[column])) for row in rows.values()))) for column in columns}
    print("  " + " " * first + "".join(f"{column:>{wide[column]}}" for column in columns))
    for name, row in rows.items():
        print(f"  {name:{first}}" + "".join(f"{told(row[column]):>{wide[column]}}" for column in columns))


def told(value):
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 10 else f"{value:,.0f}"
    return str(value)


if __name__ == "__main__":  # the processes it spawns import this file too
    sys.exit(main())
