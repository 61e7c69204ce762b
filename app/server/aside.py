"""Threads for long work that get a core when no other thread of this server wants it, and all cores when none does."""

import contextvars
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

NICE = 5  # a thread that is not nice gets three times as much of a core that both want


def stand_back() -> None:
    """This thread, and those that it starts from here on, as torch does. Linux alone knows such a thing of a thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(os.nice(0) + NICE, 19))


class Aside:
    """So many threads, made when they are needed. They are never asked for anything else: none may come forward again."""

    def __init__(self, most: int):
        self._threads = ThreadPoolExecutor(most, "aside", initializer=stand_back)

    def result(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """What `work` gives or raises, for whoever waits."""
        return self._threads.submit(contextvars.copy_context().run, work, *arguments).result()
