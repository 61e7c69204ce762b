"""What is freed goes back to the system.

glibc keeps freed memory for later, a share for each thread, and lets holes stay between what is alive: after 2,000 moves of
knobs a server held 0.5 GB more than its results. Here what is larger than BLOCK is mapped by itself, so that it goes back at
once, and threads share few stocks. The holes between what is smaller are given back every few seconds: after 1,500 moves they
were 0.3 GB. That takes some milliseconds, in which nobody else is given memory.
"""

import ctypes
import threading
import time

BLOCK = 1 << 18  # bytes
STOCKS = 2
MMAP_THRESHOLD, ARENA_MAX = -3, -8  # as malloc.h names them
EVERY = 10.0  # seconds


def give_back(every: float = EVERY) -> bool:
    """From here on, in this process. → whether the system has such a thing."""
    try:
        system = ctypes.CDLL(None)
        limit, trim = system.mallopt, system.malloc_trim
    except (AttributeError, OSError, TypeError):  # macOS, Windows, musl
        return False

    def go_on() -> None:
        while True:
            time.sleep(every)
            trim(0)

    threading.Thread(target=go_on, name="memory", daemon=True).start()
    return bool(limit(MMAP_THRESHOLD, BLOCK)) and bool(limit(ARENA_MAX, STOCKS))
