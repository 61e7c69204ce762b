"""The six clips the page opens with:  python -m core.world.examples

All are of the test split: no training clip has an actor of their actor's colour and shape.
"""

import argparse
from pathlib import Path

from core.world.__main__ import write_mp4
from core.world.rendering import render_sequence
from core.world.scene import sample_scene

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


def main(words=None):
    """Render every example, with its truth beside it."""
    parser = argparse.ArgumentParser(prog="python -m core.world.examples", description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    out = parser.parse_args(words).out
    out.mkdir(parents=True, exist_ok=True)
    for number, (name, asked) in enumerate(EXAMPLES.items(), 1):
        frames_THWC, truth = render_sequence([sample_scene(split="test", size=SIZE, seconds=SECONDS, **asked)], RATE)
        path = out / f"{number} {name}.mp4".replace(" ", "-")
        write_mp4(path, frames_THWC, RATE)
        path.with_suffix(".json").write_text(truth.to_json())
        print(f"{path.name}  {truth.caption}")


if __name__ == "__main__":
    main()
