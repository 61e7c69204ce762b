"""Train a method on the world, or on your own videos:

python -m core.training METHOD [--help]
python -m core.training METHOD --data DIR [--help]
"""

import argparse
import sys
from collections.abc import Sequence

from core.cli import names_data
from core.methods import part, with_part


def main(words: Sequence[str] | None = None) -> None:
    words = list(sys.argv[1:] if words is None else words)
    stem = "train_own" if names_data(words) else "train"
    parser = argparse.ArgumentParser(
        prog="python -m core.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("method", choices=with_part(stem))
    chosen = parser.parse_args(words[:1]).method
    part(chosen, stem).main(words[1:])


if __name__ == "__main__":
    main()
