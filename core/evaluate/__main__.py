"""Measure a method against the truth of held-out clips:  python -m core.evaluate stop [--clips N --seed S --json FILE]
On your own videos:  python -m core.evaluate stop --data DIR --clip SPEC [--weights FILE]  (`core.evaluate.own`)
"""

import argparse
import json
import sys
from pathlib import Path

from core.cli import file_to_write, seed_number, sentences
from core.device import pick_device
from core.evaluate import own, stop, stpn
from core.networks.weights import WEIGHTS

METHODS = {"stop": stop, "stpn": stpn}


@sentences()
def main(argv: list[str] | None = None) -> None:
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["stop"] and any(word.partition("=")[0] == "--data" for word in argv):
        return own.main(argv[1:])
    parser = argparse.ArgumentParser(
        prog="python -m core.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("--clips", type=int, default=480, help="held-out clips; a third of that for each hard case")
    parser.add_argument("--seed", type=seed_number, default=0, help="of the clips")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=file_to_write)
    args = parser.parse_args(argv)
    if args.clips < 3:
        parser.error(f"--clips is at least 3, got {args.clips}.")
    method = METHODS[args.method]
    found = method.evaluate(args.weights, args.clips, args.seed, pick_device(args.device))
    print(method.table(found))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
