"""A decoder at work in a process of its own, which answers piece by piece and can be stopped at any time."""

import json
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from core.errors import BadClip
from core.progress import PATIENCE
from core.video import read

SERVING = read.APART.format(module="serve")
AHEAD = 2  # messages that are read before they are asked for

Message = tuple[dict[str, Any], bytes]


class Decoder:
    """The messages of `core.video.serve`, one after the other, as a context: behind it the process is gone.

    request: what it is told at its start. more: bytes by its standard input. name: of the file, for sentences. ask: is called
    while there is nothing to read, and may raise; then, too, the process is gone when the context is left.
    """

    def __init__(self, request: dict, more: bytes, name: str, ask: Callable[[], None]):
        self.name, self.ask = name, ask
        self.noise = tempfile.TemporaryFile()  # a pipe that nobody reads fills and stops who writes
        self.process = subprocess.Popen(
            read.command(SERVING, request), **read.SURROUNDINGS, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.noise,
        )  # fmt: skip
        assert self.process.stdin and self.process.stdout, "both are pipes"
        self.answers, self.request = self.process.stdout, self.process.stdin
        self.messages: queue.Queue[Message | None] = queue.Queue(AHEAD)
        self.hand = threading.Thread(target=self._pass_on, args=(more,), daemon=True)
        self.hand.start()

    def _pass_on(self, more: bytes) -> None:
        """The request in, messages out: the only thread that may have to wait for the process."""
        try:
            with self.request as pipe:
                pipe.write(more)
            while line := self.answers.readline():
                head = json.loads(line)
                data = self.answers.read(head["bytes"])
                if len(data) < head["bytes"]:
                    break
                self.messages.put((head, data))
        except (OSError, ValueError):
            pass  # it ended in the middle of a word
        self.messages.put(None)

    def __iter__(self) -> Iterator[Message]:
        while True:
            since = time.monotonic()
            while (message := self._next()) is None:
                self.ask()
                if time.monotonic() > since + read.LIMITS.wait:
                    raise read.too_slow(self.name)
            if message[0].get("end"):
                return
            if "refusal" in message[0]:
                raise BadClip(f"{self.name} {message[0]['refusal']}")
            yield message

    def _next(self) -> Message | None:
        """A message; None where there is none yet. A BadClip when there will be none any more."""
        try:
            message = self.messages.get(timeout=PATIENCE)
        except queue.Empty:
            return None
        if message is None:
            status = self.process.wait()
            self.noise.seek(0)
            raise read.failed(self.name, self.noise.read(), status)
        return message

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, *wrong: object) -> None:
        self.process.kill()
        self.process.wait()
        while self.hand.is_alive():  # it may wait for room
            try:
                self.messages.get_nowait()
            except queue.Empty:
                self.hand.join(0.01)
        self.answers.close()
        self.noise.close()
