"""python -m app.site --out DIR: a page that needs no server, as a folder of static files for any host.

To look at it here: python -m http.server --directory DIR
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from app.site.build import build
from core.cli import folder_to_write, sentences
from core.video.examples import ASSETS


def main(words: Sequence[str] | None = None) -> None:
    """Builds, and says how much travels."""
    parser = argparse.ArgumentParser(prog="python -m app.site", description=__doc__)
    parser.add_argument("--out", type=folder_to_write, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--clips", type=Path, default=ASSETS / "clips", metavar="DIR", help="example clips, if not ours")
    args = parser.parse_args(words)
    with sentences():
        sizes = build(args.out, args.clips)
    told = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sizes.items())
    print(f"{args.out} holds a page that needs no server: {told}. To look at it: python -m http.server --directory {args.out}")


if __name__ == "__main__":
    main()
