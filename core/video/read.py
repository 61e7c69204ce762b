"""A file becomes a clip: T frames, the time of each, and its index in the file.

The file is decoded by `core.video.decode` in a process of its own. There a damaged or hostile file can fill memory, crash
or hang without harming the page, its noise goes nowhere, and what memory held before, no picture can show. (Measured:
opening a 16000×16000 video takes 600 MB before its size is known.) The process costs a third of a second. Its memory is
bounded on Linux, its time everywhere.
"""

import json
import os
import subprocess
import sys
from numbers import Integral, Real
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.errors import BadClip, BadKnob
from core.video.clip import Clip


class Limits(NamedTuple):
    """What is read; the page prints LIMITS_TEXT where a file is dropped."""

    bytes: int = 2_000_000_000  # of the file
    seconds: int = 4 * 3600  # of the video
    pixels: int = 4096 * 2304  # of a frame
    memory: int = 450_000_000  # bytes a decoder may take, besides the frames kept
    wait: int = 120  # seconds a decoder may take, or be silent where it answers piece by piece
    clip: int = 1_000_000_000  # bytes of the frames of one clip of a Video


LIMITS = Limits()
FRAMES = (4, 32)  # of a clip that is read at once, as the methods take them
# No pictures and no playlists: a renamed playlist could make the decoder open other files or the network.
CONTAINERS = "mov,matroska,webm,avi,gif,mpegts,mpeg,mpegvideo,flv,asf,ogg,ivf,h264,hevc,mjpeg"
# What such files are called in the lists of a data set, and in words everywhere: what is opened is judged by what it holds.
ENDINGS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".vob", ".flv")
ENDINGS += (".wmv", ".asf", ".ogv", ".3gp", ".ivf", ".h264", ".hevc", ".mjpeg")
LIMITS_TEXT = (
    f"Videos are {', '.join(ending[1:] for ending in ENDINGS)} of up to {LIMITS.bytes // 10**9} GB, "
    f"{LIMITS.seconds // 3600} hours and {LIMITS.pixels / 1e6:.1f} megapixels a frame (4096×2304)."
)
PICTURES = {
    "PNG": lambda head: head.startswith(b"\x89PNG"),
    "JPEG": lambda head: head.startswith(b"\xff\xd8\xff\xe0") or head[6:10] == b"Exif",  # mjpeg streams begin alike
    "BMP": lambda head: head.startswith(b"BM"),
    "TIFF": lambda head: head[:4] in (b"II*\0", b"MM\0*"),
    "WebP": lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP",
    "HEIC or AVIF": lambda head: head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"),
}

# The package itself brings torch, which costs seconds and memory: the process apart knows its folder only.
APART = """
import sys, types
sys.modules["core"] = types.ModuleType("core")
sys.modules["core"].__path__ = ["core"]
from core.video.{module} import main
main(sys.argv[1], sys.stdout.buffer)
"""
DECODING = APART.format(module="decode")
SURROUNDINGS = {
    "cwd": Path(__file__).resolve().parents[2],
    "env": os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # numpy's; every thread takes memory
}


def read_clip(path, frames=8, *, indices=None, max_side=640, start=None, end=None, lasting=None, decode=None):
    """`frames` frames at the centres of equal segments of the file, or those at `indices`, no side above max_side.

    start, end: seconds; the segments are then of the time between them, and `core.video.moment` finds where most moves.
    lasting: instead of these, so many seconds of the file's middle; all of a shorter one.
    decode: who reads many files gives a `core.video.forking.ForkingDecoder`, which takes 0.2 s less a file."""
    path = Path(path).expanduser().absolute()
    request = {
        "path": str(path),
        "frames": whole("frames (T)", frames, *FRAMES),
        "indices": None if indices is None else whole_indices(indices, most=64),
        "max_side": whole("max_side", max_side, 16, 4096),
        "span": None if start is end is None else seconds(start, end),
        "lasting": None if lasting is None else seconds(0, lasting)[1],
    }
    if sum(one is not None for one in (indices, request["span"], lasting)) > 1:
        raise BadKnob("Frames are asked for by their indices or by a range of seconds (start, end), not by both.")
    name = legible(path.name)
    refuse_file(path)
    reply, pixels = (decode or decode_apart)(request, name)
    frames_THWC = np.frombuffer(pixels, np.uint8).reshape(reply["shape"]).copy()  # a copy is writable, as torch likes it
    return Clip(frames_THWC, np.array(reply["time_T"]), np.array(reply["source_T"]), name, tuple(reply["notes"]))


def seconds(start, end):
    """From where to where, a BadKnob if that is no range. end: None is the end of the video."""
    start = 0 if start is None else start
    for name, value in (("start", start), ("end", end)):
        number = isinstance(value, Real) and not isinstance(value, bool) and 0 <= value <= LIMITS.seconds
        if not number and not (name == "end" and value is None):
            raise BadKnob(f"{name} is a number of seconds from 0 to {LIMITS.seconds}, got {value!r}.")
    if end is not None and end <= start:
        raise BadKnob(f"The start lies before the end, got {start:g} to {end:g} s.")
    return [float(start), None if end is None else float(end)]


def checked_moment(moment):
    """(start, end) in seconds as two floats, () where there is no moment and all of a video is read; else a BadKnob."""
    if not isinstance(moment, (list, tuple)) or len(moment) not in (0, 2) or None in moment:
        raise BadKnob(f"A moment is two numbers of seconds, start and end, got {str(moment)[:40]}.")
    return tuple(seconds(*moment)) if moment else ()


def whole(name, value, low, high):
    """The value as an int, a BadKnob if it is not a whole number within its span."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= value <= high:
        raise BadKnob(f"{name} is a whole number from {low} to {high}, got {value!r}.")
    return int(value)


def whole_indices(indices, most):
    """The indices as a list of ints; whether the file has them, decoding tells."""
    indices = list(indices)
    if not 1 <= len(indices) <= most:
        raise BadClip(f"From 1 to {most} frame indices are read at once, got {len(indices)}.")
    for index in indices:
        if isinstance(index, bool) or not isinstance(index, Integral):
            raise BadClip(f"A frame index is a whole number, got {index!r}.")
    return [int(index) for index in indices]


def legible(name):
    """A file's name as text: bytes in it that are no UTF-8 become �, since neither a page nor a list could hold them."""
    return os.fsencode(name).decode("utf-8", "replace")


def refuse_file(path):
    """Refuse what needs no decoder to be refused."""
    name = legible(path.name)
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise BadClip(f"{legible(path)} is a folder or a device, not a file.")
        with path.open("rb") as file:
            head = file.read(16)
    except (OSError, ValueError) as error:
        raise BadClip(f"{legible(path)} cannot be opened: {getattr(error, 'strerror', None) or error}.") from None
    if size == 0:
        raise BadClip(f"{name} is empty: 0 bytes.")
    if size > LIMITS.bytes:
        raise BadClip(f"{name} is {size / 1e9:.1f} GB. {LIMITS_TEXT}")
    for kind, is_kind in PICTURES.items():
        if is_kind(head) and not (kind == "JPEG" and path.suffix.lower() == ".mjpeg"):
            raise BadClip(f"{name} is a {kind} picture, not a video. {LIMITS_TEXT}")


def decode_apart(request, name):
    """What `core.video.decode` answers in a process of its own: its reply, and the pixels of the frames it kept."""
    try:
        done = subprocess.run(
            command(DECODING, request), **SURROUNDINGS, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMITS.wait,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise too_slow(name) from None
    if done.returncode:
        raise failed(name, done.stderr, done.returncode)
    return reply_of(done.stdout, name)


def reply_of(answer, name):
    """The reply and the pixels of what a decoder answered; a BadClip of what it refused."""
    head, _, pixels = answer.partition(b"\n")
    reply = json.loads(head)
    if "refusal" in reply:
        raise BadClip(f"{name} {reply['refusal']}")
    return reply, pixels


def command(program, request):
    """What starts a process that decodes."""
    return [sys.executable, "-c", program, json.dumps(request)]


def too_slow(name):
    """What is said when a decoder does not answer."""
    return BadClip(f"{name} takes longer than {LIMITS.wait} s to read: cut it, or make it smaller.")


def failed(name, noise, status):
    """What is said when a decoder ends without an answer. noise: bytes of what it printed."""
    last = noise.decode(errors="replace").strip().rpartition("\n")[2] or f"exit status {status}"
    return BadClip(f"{name} makes the video decoder fail ({last}).")
