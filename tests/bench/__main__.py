"""python -m tests.bench [--json FILE]: prints times and memory. See tests/bench/bench.py."""

import sys

from tests.bench.bench import main

if __name__ == "__main__":  # the processes it spawns import this file too
    sys.exit(main())
