"""The page's server in a process of its own, for what is measured from outside."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from core import ReaderError

ROOT = Path(__file__).resolve().parents[2]
CLIPS = ROOT / "assets" / "clips"


@contextmanager
def serving(device, models, folder):
    """(address, process). folder: what the server lays down goes to `laid down` in it."""
    address = f"http://127.0.0.1:{free_port()}"
    words = ["--port", address.rpartition(":")[2], "--device", device, "--clips", str(example_clips(folder))]
    words += ["--models", *models] if models else []
    environment = os.environ | {"GRADIO_TEMP_DIR": str(folder / "laid down")}
    command = [sys.executable, "-m", "app", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment) as process:
        try:
            wait_for(address, process)
            yield address, process
        finally:
            process.terminate()


def example_clips(folder):
    """The shipped examples; where there are none, some of the world's."""
    if list(CLIPS.glob("*.mp4")):
        return CLIPS
    command = [sys.executable, "-m", "core.world", "--out", str(folder), "--clips", "3"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder


def wait_for(address, server, patience=600):
    """Seconds until the server answers."""
    began = time.perf_counter()
    while time.perf_counter() - began < patience:
        if server.poll() is not None:
            raise ReaderError(f"The page stopped before it answered (exit {server.returncode}).")
        try:
            urlopen(address, timeout=5).close()
            return time.perf_counter() - began
        except (URLError, OSError):
            time.sleep(0.1)
    raise ReaderError(f"The page did not answer within {patience} s.")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
