"""A long stay: does the server's memory stay what it is, however many knobs are moved, files uploaded and pages opened?

The server runs in a process of its own, and is asked as a browser asks. Knobs move at random, so that hardly any result is
known; a clip that is uploaded is a file of its own each time. When the caches are full, nothing should grow.
"""

import os
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from core import METHODS
from tests.bench.server import serving
from tests.bench.visitor import Visitor

LOOKS = 10  # times that the server is looked at
SHARES = (("stop", 0.6), ("stpn", 0.4))  # of the moves


def soak_figures(device, models, moves, uploads, openings, seed=0):
    """{after how many moves: what the server holds}, and how much more memory it holds at the end than after a fifth."""
    rng, rows = np.random.default_rng(seed), {}
    with tempfile.TemporaryDirectory() as folder, serving(device, models, Path(folder)) as (address, process):
        visitor = Visitor(address).open()
        rows["nothing yet"] = looked_at(process.pid, Path(folder))
        began = time.perf_counter()
        for move in range(moves):
            if due(move, uploads, moves):
                visitor.upload(random_video(Path(folder) / "made" / f"{move}.mp4", rng))
            if due(move, openings, moves):
                Visitor(address).open().close()
            turn(visitor, str(rng.choice([name for name, _ in SHARES], p=[share for _, share in SHARES])), rng)
            if due(move, LOOKS, moves):
                rows[f"{move + 1} moves"] = looked_at(process.pid, Path(folder)) | {"s": time.perf_counter() - began}
                said = {"moves": move + 1} | rows[f"{move + 1} moves"]
                print(", ".join(f"{name} {value:,.0f}" for name, value in said.items()), flush=True)
    rows["nothing yet"]["s"] = 0.0
    first, last = list(rows.values())[len(rows) // 5 + 1], list(rows.values())[-1]
    grown = {f"{name} more than after a fifth": last[name] - first[name] for name in ("memory MB", "threads", "open files")}
    return {"soak": rows, **grown}


def due(move, times, moves):
    """Whether one of so many times falls on this move: they are spread evenly."""
    return move * times // moves != (move + 1) * times // moves


def turn(visitor, method, rng):
    """One knob's way: what comes at once, and what takes longer, at values that are hardly ever known."""
    knobs = METHODS[method].knobs.knobs()
    turned = {}
    for one in rng.choice(knobs, size=2, replace=False):  # pyright: ignore
        if one.kind == "switch":
            turned[one.name] = bool(rng.integers(2))
        elif one.kind == "choice":
            turned[one.name] = str(rng.choice(one.span))
        else:
            low, high, step = one.span
            high = {"kept": 16, "layer": 2, "t": 8}.get(one.name, high)  # of the weights and the clip
            steps = int(rng.integers(round((high - low) / step) + 1))
            turned[one.name] = one.check(round(low + steps * step, 10))
    message = visitor.message(visitor.values(method, **turned))
    for function in ("at_once", "everything"):
        visitor.ask(method, function, message)


def random_video(path, rng, frames=24, side=192):
    """A file whose pixels nobody had before."""
    path.parent.mkdir(exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 12, (side, side))
    place, colour = rng.integers(side // 4, 3 * side // 4, 2), rng.integers(0, 256, 3).tolist()
    for t in range(frames):
        frame = np.full((side, side, 3), 90, np.uint8)
        cv2.circle(frame, (int(place[0] + 2 * t) % side, int(place[1])), side // 8, colour, -1)
        writer.write(frame)
    writer.release()
    return path


def looked_at(pid, folder):
    """What a process holds now. files: in the folder that it was given for what it lays down."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    held = [path for path in (folder / "laid down").rglob("*") if path.is_file()]
    return {
        "memory MB": int(status["VmRSS"].split()[0]) / 1e3,
        "threads": int(status["Threads"]),
        "open files": len(os.listdir(f"/proc/{pid}/fd")),
        "temporary files": len(held),
        "of them MB": sum(path.stat().st_size for path in held) / 1e6,
    }
