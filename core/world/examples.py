"""The clips the page opens with:  python -m core.world.examples

All are of the test split: no training clip has an actor of their actor's colour and shape. Those of sprites are eight times as
large as they are drawn, so that what a file loses of a pixel its neighbours still tell.
"""

import argparse
import json
from pathlib import Path

from core.world.__main__ import write_mp4
from core.world.rendering import render_sequence
from core.world.scene import sample_scene
from core.world.sprites import draw

HERE = Path(__file__).resolve().parents[2] / "assets" / "clips"
SIZE, SECONDS, RATE = (256, 256), 2.0, 16.0
EXAMPLES = {
    "moves": dict(seed=904, action="moves left", distractors=3),
    "bounces": dict(seed=917, action="bounces", distractors=2),
    "grows": dict(seed=935, action="grows", distractors=2),
    "moves then stops": dict(seed=921, action="moves then stops", distractors=1),
    "stays still": dict(seed=912, action="stays still", distractors=3),
    "camera pans": dict(seed=943, action="moves up", distractors=2, hard="pan"),
}
SPRITES = {"left": 29, "right": 20, "up": 25, "down": 13, "ring": 30, "cross": 11}  # name → seed
FRAMES, LARGE, SLOW = 8, 8, 4.0  # frames of a clip of sprites, pixels for each of its own, frames a second


def main(words=None):
    """Render every example, with its truth beside it."""
    parser = argparse.ArgumentParser(prog="python -m core.world.examples", description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    parser.add_argument("--sprites", type=Path, help="folder for clips of sprites; else `sprites`, beside the other")
    args = parser.parse_args(words)
    out = args.out
    for folder in (out, args.sprites or out.with_name("sprites")):
        folder.mkdir(parents=True, exist_ok=True)
    sprites(folder)
    for number, (name, asked) in enumerate(EXAMPLES.items(), 1):
        frames_THWC, truth = render_sequence([sample_scene(split="test", size=SIZE, seconds=SECONDS, **asked)], RATE)
        path = out / f"{number} {name}.mp4".replace(" ", "-")
        write_mp4(path, frames_THWC, RATE)
        path.with_suffix(".json").write_text(truth.to_json())
        print(f"{path.name}  {truth.caption}")


def sprites(out):
    """Render every clip of sprites, with its captions beside it."""
    for name, seed in SPRITES.items():
        clips = draw(seed, frames=FRAMES, split="test")
        path = out / f"sprites-{name}.mp4"
        write_mp4(path, clips.frame_BTHWC[0].repeat(LARGE, 1).repeat(LARGE, 2), SLOW)
        path.with_suffix(".json").write_text(json.dumps({"captions": clips.references(0)}, indent=1))
        print(f"{path.name}  {clips.references(0)[0]}")


if __name__ == "__main__":
    main()
