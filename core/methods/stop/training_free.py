"""STOP's regions before any training, on clips whose truth is known:

    python -m core.methods.stop.training_free --clip ViT-B-32/openai --footage FOLDER

What a frozen CLIP and a temporal difference find without prompts that were learned: how often the best patch is on the thing
(pointing), and how far a region covers it (IoU, at N_s patches, and at as many as the thing has). For α = 1 (attention alone),
0 (change alone) and the default, and for scores by chance.

Clips are the world's, and, where a folder is given, its videos with a truth beside them: NAME_masks/ with one PNG a frame, or
NAME_gt.json with {"frame_size_wh", "frames": [{"frame", "box_xywh"}]} (a box counts whole: the thing is less than it).
"""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np

from core.cli import file_to_write, seed_number, sentences
from core.data.rendered import pool
from core.engine import Engine
from core.errors import ReaderError
from core.methods.stop.clips import clip_of, default
from core.methods.stop.equations import blend
from core.methods.stop.weights import training_free
from core.metrics import iou, on_actor, pointing, top
from core.networks.weights import load_clip
from core.video.clip import Clip
from core.video.read import read_clip

FRAMES = 12
CHANCE = 10  # draws of scores by chance, whose mean and spread are told


def evaluate(engine: Engine, clips: int, footage: Path | None, seed: int = 0) -> dict:
    """{"world": rows, a video's name: rows}, rows {score: {pointing, iou, iou_equal}}, fractions 0–1; and what was used."""
    vision_size = engine.network("clip_towers").network.vision.size
    found: dict = {}
    samples = pool(seed * 100_000, clips, "test", FRAMES, tuple(vision_size))
    moving = [one for one in samples if one.scene.action != "stays still"]
    found["world"] = mean(
        [scores(engine, clip_of(one.frames_THWC), one.instance_THW == 1, seed + n) for n, one in enumerate(moving)]
    )
    for video in videos(footage) if footage else ():
        clip = read_clip(video, frames=FRAMES)
        found[video.name] = scores(engine, clip, truth_of(video)(clip.source_T), seed)
    labels = [engine.network(name).label for name in ("clip_towers", "stop_first")]
    found["about"] = {
        "weights": labels, "frames": FRAMES, "clips": len(moving), "seed": seed,
        "kept": engine.settings("stop", {})["kept"], "alpha": default("alpha"), "layer": engine.settings("stop", {})["layer"],
    }  # fmt: skip
    return found


def scores(engine: Engine, clip: Clip, thing_THW: np.ndarray, seed: int) -> dict[str, dict[str, float]]:
    """One clip's rows."""
    trace, grid = engine.run("stop", clip, outputs=("attention_TP", "dynamics_TP")), engine.grid("stop")
    attention_TP, dynamics_TP = (trace[name].cpu().numpy() for name in ("attention_TP", "dynamics_TP"))
    truth_TP, kept = on_actor(thing_THW.astype(int), grid), engine.settings("stop", {})["kept"]
    maps = {"default": default("alpha"), "attention": 1.0, "dynamics": 0.0}
    found = {name: row(blend(attention_TP, dynamics_TP, alpha), truth_TP, kept) for name, alpha in maps.items()}
    rng = np.random.default_rng(seed)
    return found | {"chance": mean_of([row(rng.random(truth_TP.shape), truth_TP, kept) for _ in range(CHANCE)])}


def row(score_TP: np.ndarray, truth_TP: np.ndarray, kept: int) -> dict[str, float]:
    """Pointing, IoU of the N_s best patches, and of as many as the thing holds in each frame; over frames that show it."""
    seen = truth_TP.any(-1)
    if not seen.any():
        return dict.fromkeys(("pointing", "iou", "iou_equal"), float("nan"))
    equal_TP = np.concatenate([top(score_TP[[t]], int(truth_TP[t].sum())) for t in np.flatnonzero(seen)])
    return {
        "pointing": float(pointing(score_TP, truth_TP).mean()),
        "iou": float(iou(top(score_TP, kept)[seen], truth_TP[seen]).mean()),
        "iou_equal": float(iou(equal_TP, truth_TP[seen]).mean()),
    }


def mean(rows: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Over clips."""
    return {name: mean_of([one[name] for one in rows]) for name in rows[0]}


def mean_of(rows: list[dict[str, float]]) -> dict[str, float]:
    """Of each number, leaving out clips that never show the thing."""
    return {what: float(np.nanmean([one[what] for one in rows])) for what in rows[0]}


def videos(folder: Path) -> list[Path]:
    """The folder's videos with a truth beside them."""
    if not folder.is_dir():
        raise ReaderError(f"There is no folder {folder}.")
    known = [one for one in sorted(folder.iterdir()) if one.is_file() and one.suffix != ".json" and beside(one)]
    if not known:
        raise ReaderError(f"No video in {folder} has a truth beside it: NAME_masks/ with a PNG a frame, or NAME_gt.json.")
    return known


def beside(video: Path) -> Path | None:
    """Where a video's truth is."""
    masks, boxes = video.with_name(f"{video.stem}_masks"), video.with_name(f"{video.stem}_gt.json")
    return masks if masks.is_dir() else boxes if boxes.is_file() else None


def truth_of(video: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Frames' numbers in the file → [T, H, W] bool, where the thing is."""
    where = beside(video)
    if where is None:
        raise ReaderError(f"There is no truth beside {video.name}.")
    if where.is_dir():
        files = sorted(where.glob("*.png"))

        def masks(source_T: np.ndarray) -> np.ndarray:
            if max(source_T) >= len(files):
                raise ReaderError(f"{where.name} has {len(files)} masks, and frame {max(source_T)} is asked for.")
            return np.stack([picture(files[t]) > 0 for t in source_T])

        return masks
    told = json.loads(where.read_text())
    width, height = told["frame_size_wh"]
    boxes: Mapping[int, list] = {one["frame"]: one["box_xywh"] for one in told["frames"]}

    def filled(source_T: np.ndarray) -> np.ndarray:
        drawn_THW = np.zeros((len(source_T), height, width), bool)
        for drawn_HW, t in zip(drawn_THW, source_T):
            if boxes.get(int(t)):
                x, y, w, h = boxes[int(t)]
                drawn_HW[y : y + h, x : x + w] = True
        return drawn_THW

    return filled


def picture(file: Path) -> np.ndarray:
    """A mask, [H, W]."""
    found = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    if found is None:
        raise ReaderError(f"{file.name} is no picture.")
    return found


def table(found: dict) -> str:
    """In percent."""
    lines = []
    for name, rows in found.items():
        if name == "about":
            continue
        lines += ["", f"== {name} ==", f"{'':12}{'pointing':>10}{'IoU':>8}{'IoU, equal size':>17}"]
        lines += [f"{one:12}{r['pointing']:10.1%}{r['iou']:8.1%}{r['iou_equal']:17.1%}" for one, r in rows.items()]
    return "\n".join([*lines, "", *found["about"]["weights"]])


@sentences()
def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", help="the CLIP: ViT-B-32/openai, a file, …; default: the shipped one")
    parser.add_argument("--prompters", help="filters that were trained; default: the training-free start")
    parser.add_argument("--clips", type=int, default=120, help="clips of the world")
    parser.add_argument("--footage", type=Path, help="a folder of videos with their truth")
    parser.add_argument("--seed", type=seed_number, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=file_to_write)
    args = parser.parse_args(words)
    clip = load_clip(args.clip)
    prompters = args.prompters or training_free(clip.network.vision, 1)
    engine = Engine(args.device, models={"stop": clip, "stop_first": prompters})
    found = evaluate(engine, args.clips, args.footage, args.seed)
    print(table(found))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
