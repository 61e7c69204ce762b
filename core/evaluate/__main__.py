"""Measure a method against the truth of held-out clips:  python -m core.evaluate METHOD [--clips N --seed S --json FILE]
Hold all that choose frames of a long video against each other:  python -m core.evaluate frames [--clips N …]
On your own videos, where the method can:  python -m core.evaluate METHOD --data DIR [--help]
"""

import argparse
import json
import sys
from pathlib import Path

from core.cli import file_to_write, names_data, seed_number, sentences
from core.device import pick_device
from core.evaluate import frames
from core.methods import part, with_part
from core.networks.weights import WEIGHTS

CLIPS = 480  # where neither the command nor the method says how many


@sentences()
def main(argv: list[str] | None = None) -> None:
    argv = sys.argv[1:] if argv is None else argv
    own = names_data(argv)
    parser = argparse.ArgumentParser(
        prog="python -m core.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    together = {} if own else {"frames": frames}
    parser.add_argument("method", choices=(*with_part("evaluate_own" if own else "evaluate"), *together))
    if own:
        return part(parser.parse_args(argv[:1]).method, "evaluate_own").main(argv[1:])
    parser.add_argument(
        "--clips", "--videos", type=int, help="held-out clips, a third of that for each hard case, or videos of each length"
    )
    parser.add_argument("--seed", type=seed_number, default=0, help="of the clips")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=file_to_write)
    args = parser.parse_args(argv)
    if args.clips is not None and args.clips < 3:
        parser.error(f"--clips is at least 3, got {args.clips}.")
    method = together.get(args.method) or part(args.method, "evaluate")
    clips = args.clips or getattr(method, "CLIPS", CLIPS)
    found = method.evaluate(args.weights, clips, args.seed, pick_device(args.device))
    print(method.table(found))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
