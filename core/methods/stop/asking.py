"""What training and evaluation on your own videos ask alike: the data set of a command line, and what is wrong with it."""

import argparse
import math
import os
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from core.data.dataset import Videos, opened, read_videos
from core.data.frames import loader
from core.data.layouts import Item
from core.data.notes import shown
from core.errors import BadData
from core.methods.stop.answers import Reading
from core.methods.stop.clips import FRAMES
from core.networks.vision import VisionTower
from core.training.team import Team
from core.video.read import FRAMES as SPAN
from core.video.read import whole

MOST_APART = 60  # seconds from one frame to the next
HELD_OUT = 0.1  # of the training clips, where neither the command nor the weights say


def unreadable(items: tuple[Item, ...], most: int, how: Reading, vision: VisionTower, team: Team) -> list[str]:
    """Which of `most` clips, evenly spread, cannot be read, and why; each process tries a share."""
    chosen = sorted(set(np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int).tolist()))
    batches = [[i] for i in chosen[team.rank :: team.size]]
    loaded = loader(how.of(items, vision), batches, how.workers, torch.device("cpu"))
    bar = tqdm(loaded, desc="check clips", unit="clip", leave=False, disable=not team.leads)
    own = [pair for taken in bar for pair in taken.wrong]
    wrong = dict(pair for each in team.collect(own) for pair in each)
    if chosen and len(wrong) == len(chosen):
        raise BadData(f"Not one of the {len(chosen)} clips tried can be read. {next(iter(wrong.values()))}")
    read = {items[i].label for i in chosen if i not in wrong}
    for i in wrong:
        if (label := items[i].label) and label not in read:
            wrong[i] += f" Not one clip of {shown(label)} that was tried can be read."
            read.add(label)  # once a class
    return list(wrong.values())


def about(videos: Videos, wrong: list[str]) -> str:
    """A data set, and what is wrong with it, as lines to read before hours are spent."""
    kinds = f"{len(videos.classes)} classes" if videos.classes else f"{sum(len(one.captions) for one in videos.train)} captions"
    counts = f"{len(videos.train)} training, {len(videos.val)} validation and {len(videos.test)} test clips, {kinds}"
    return "\n".join([f"{videos.name}: {videos.task}, {counts}.", *videos.notes, *(f"Left out: {why}" for why in wrong)])


def data_arguments(parser: argparse.ArgumentParser) -> None:
    """What training and evaluation ask alike."""
    parser.add_argument("--data", type=Path, required=True, help="a folder per class, tables, UCF101, HMDB51, or one table")
    parser.add_argument("--clip", default=None, help="the frozen towers; default: the shipped small ones")
    parser.add_argument("--split", type=int, default=1, help="which of UCF101's or HMDB51's three")
    parser.add_argument("--task", choices=("actions", "retrieval"), default="", help="if a table has labels and captions")
    parser.add_argument("--root", type=Path, help="where a table's paths start; default: its folder")
    told = f"share of training clips to validate on, if no others are; default: the weights' own, else {HELD_OUT}"
    parser.add_argument("--held-out", type=float, help=told)
    spread = f"of each clip, {SPAN[0]} to {SPAN[1]}; default: the weights' own, else {FRAMES}"
    parser.add_argument("--frames", type=int, help=spread)
    apart = "seconds from a frame to the next, about a file's middle; default: the weights' own, else spread over all of it"
    parser.add_argument("--spacing", type=float, help=apart)
    parser.add_argument("--batch", type=int, default=8, help="clips at once, in each process")
    parser.add_argument("--workers", type=int, default=min(8, os.cpu_count() or 1), help="decoding processes; 0: none")
    parser.add_argument("--cache", type=Path, help="a folder for decoded frames: 1.2 MB a clip of 8 frames at 224 pixels")
    parser.add_argument("--device", default="auto")


def data_of(
    args: argparse.Namespace, frames: int = FRAMES, held_out: float = HELD_OUT, spacing: float = 0.0
) -> tuple[Videos, Reading]:  # fmt: skip
    """The data set asked for, and how it is read. frames, held_out, spacing: where the command does not say."""
    at_least(args, 1, "batch")
    at_least(args, 0, "workers")
    frames = frames if args.frames is None else whole("--frames", args.frames, *SPAN)
    apart = spacing if args.spacing is None else args.spacing
    if not 0 <= apart <= MOST_APART:  # so that NaN is none
        raise BadData(f"--spacing is 0 to {MOST_APART} seconds, got {apart}.")
    share = held_out if args.held_out is None else args.held_out
    videos = opened(read_videos(args.data, split=args.split, task=args.task, root=args.root, val=share))
    return videos, Reading(frames, args.workers, args.batch, args.cache, apart)


def at_least(args: argparse.Namespace, low: float, *names: str) -> None:
    """BadData where a number is below what makes sense."""
    for name in names:
        if not getattr(args, name) >= low:  # so that NaN is none
            raise BadData(f"--{name} is at least {low}, got {getattr(args, name)}.")


def above_nothing(args: argparse.Namespace, *names: str) -> None:
    """BadData where a number is not above 0, or without an end."""
    for name in names:
        if not 0 < getattr(args, name) < math.inf:
            raise BadData(f"--{name} is a number above 0, got {getattr(args, name)}.")
