"""What is freed goes back to the system.

glibc keeps freed memory for later, a share for each thread, and lets holes stay between what is alive: after 2,000 moves of
knobs a server held 0.5 GB more than its results. Here what is larger than BLOCK is mapped by itself, so that it goes back at
once, and threads share few stocks.
"""

import ctypes

BLOCK = 1 << 18  # bytes
STOCKS = 2
MMAP_THRESHOLD, ARENA_MAX = -3, -8  # as malloc.h names them


def give_back() -> bool:
    """From here on, in this process. → whether the system has such a thing."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS, Windows, musl
        return False
    return bool(mallopt(MMAP_THRESHOLD, BLOCK)) and bool(mallopt(ARENA_MAX, STOCKS))
