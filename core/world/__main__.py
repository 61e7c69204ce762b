"""python -m core.world --out DIR --clips N --seed S: N clips as mp4, and beside each its truth as JSON."""

import argparse
from itertools import chain

import cv2

from core.cli import folder_to_write, seed_number, sentences
from core.errors import ReaderError
from core.world.captions import ACTIONS, SPLITS
from core.world.nuisances import MIXES, NUISANCES
from core.world.rendering import render_sequence
from core.world.scene import sample_scene


@sentences()
def main(words=None):
    args = arguments().parse_args(words)
    for number in range(args.seed, args.seed + args.clips):
        scene = sample_scene(
            number, args.split, action=args.action, distractors=args.distractors, hard=args.hard,
            strength=args.strength, mix=MIXES[args.mix],
            size=args.size, seconds=args.seconds,
        )  # fmt: skip
        frames_THWC, truth = render_sequence([scene], args.rate)
        path = args.out / f"{args.split}_{number:06d}.mp4"
        write_mp4(path, frames_THWC, args.rate)
        path.with_suffix(".json").write_text(truth.to_json())
        print(f"{path}  {truth.caption}")


def arguments():
    parser = argparse.ArgumentParser(prog="python -m core.world", description="Write clips and what is true of them.")
    parser.add_argument("--out", type=folder_to_write, required=True, help="folder to write to")
    parser.add_argument("--clips", type=int, default=8, help="how many")
    parser.add_argument("--seed", type=seed_number, default=0, help="seed of the first clip; the next has the next")
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--action", choices=ACTIONS, help="the same for every clip; otherwise drawn")
    parser.add_argument("--distractors", type=int, choices=range(5), help="otherwise drawn")
    parser.add_argument("--hard", choices=NUISANCES, help="a hard case: one nuisance in every clip")
    parser.add_argument("--strength", type=float, default=1.0, help="of the hard case, up to 1")
    parser.add_argument("--mix", choices=MIXES, default="plain", help="standard: half of the clips have one nuisance or two")
    parser.add_argument("--size", type=height_by_width, default=(128, 128), metavar="HxW", help="height x width")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rate", type=float, default=12.0, help="frames a second")
    return parser


def height_by_width(text):
    height, width = text.lower().split("x")
    return int(height), int(width)


def write_mp4(path, frames, rate):
    """Frames of one size, drawn one by one or all there: RGB as [T, H, W, 3] or whatever yields [H, W, 3]."""
    frames = iter(frames)
    first = next(frames)
    height, width = first.shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), rate, (width, height))
    if not writer.isOpened():
        raise ReaderError(f"No mp4 can be written to {path}.")
    for frame in chain([first], frames):
        writer.write(frame[..., ::-1].copy())
    writer.release()


if __name__ == "__main__":
    main()
