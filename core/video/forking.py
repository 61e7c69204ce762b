"""A decoder for many files: a process that has loaded its libraries once, and forks for each file.

To start Python and the libraries takes 0.2 s of a processor, most of what a short clip takes; to fork takes milliseconds. Each
file still has a process of its own, with its limit of memory, and whatever ends that one ends no other. Where nothing can fork
(Windows), each file is read as `read_clip` reads it.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from contextlib import suppress
from typing import IO, Any

from core.video import decode, read

FORKING = read.APART.format(module="forking")


class ForkingDecoder:
    """What `read_clip` takes as `decode`. One file at a time: threads wait for each other."""

    def __init__(self):
        self.lock = threading.Lock()
        self.process: subprocess.Popen | None = None

    def __call__(self, request: dict[str, Any], name: str) -> tuple[dict[str, Any], bytes]:
        """As `read.decode_apart`, its errors too."""
        if not hasattr(os, "fork"):
            return read.decode_apart(request, name)
        with self.lock:
            head, answer = self._ask(request, name)
            if head["status"]:
                self.noise.seek(0)
                raise read.failed(name, self.noise.read(), head["status"])
            return read.reply_of(answer, name)

    def _ask(self, request: dict[str, Any], name: str) -> tuple[dict[str, Any], bytes]:
        process = self._started()
        self.noise.seek(0)
        self.noise.truncate()  # what the file before has said
        assert process.stdin and process.stdout, "both are pipes"
        late = threading.Timer(read.LIMITS.wait, kill, [process])
        late.start()
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            head = json.loads(process.stdout.readline())
            return head, process.stdout.read(head["bytes"])
        except (OSError, ValueError):  # it is gone in the middle of a word
            slow = not late.is_alive()
            self.close()
            raise read.too_slow(name) if slow else read.failed(name, b"", process.returncode) from None
        finally:
            late.cancel()

    def _started(self) -> subprocess.Popen:
        if self.process is None:
            self.noise: IO[bytes] = tempfile.TemporaryFile(buffering=0)
            self.process = subprocess.Popen(
                read.command(FORKING, {}), **read.SURROUNDINGS, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=self.noise, start_new_session=True,
            )  # fmt: skip
            self.stop = weakref.finalize(self, stop, self.process, self.noise)
        return self.process

    def close(self) -> None:
        """No process is left; the next file starts another."""
        if self.process is not None:
            self.stop()
            self.process = None


def kill(process: subprocess.Popen) -> None:
    """Ends it, and who decodes for it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def stop(process: subprocess.Popen, noise: IO[bytes]) -> None:
    """Nothing of it is left."""
    kill(process)
    process.wait()
    for pipe in (process.stdin, process.stdout, noise):
        if pipe:
            with suppress(OSError):  # a request that it did not hear
                pipe.close()


def main(_request, out):
    """A line of JSON in, what `core.video.decode` answers out, behind a line that says how it ended and how long it is."""
    for request in sys.stdin.buffer:
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            decoded(request, theirs)
        os.close(theirs)
        with open(ours, "rb") as pipe:
            answer = pipe.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.write(json.dumps({"status": status, "bytes": len(answer)}).encode() + b"\n" + answer)
        out.flush()


def decoded(request, descriptor):
    """What the process of one file does; it returns to nobody."""
    status = 1
    try:
        with open(descriptor, "wb") as pipe:
            decode.main(request, pipe)
        status = 0
    finally:
        if status:
            sys.excepthook(*sys.exc_info())
        os._exit(status)
