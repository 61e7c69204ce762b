"""The table of a file, or frame after frame of it, for `core.video.source`, which starts this in a process of its own.

A request comes by standard input: a line of JSON, then the table, if the file was tabulated before. Messages go out by standard
output: a line of JSON, then as many bytes as it says. A message is written when its frame is decoded, and the decoder waits
until somebody reads it: neither process ever holds more than a few frames.

A frame is what is shown at its place in the table. One that does not decode, decoded once more without the help of a second
thread, has the next in its place, and behind the last that decodes, that one. Where only decoding gives the order of frames, a
frame's index is its place among those that decode, and the file is decoded from its start.
"""

import io
import json
import sys
import time
from collections import deque
from dataclasses import fields
from fractions import Fraction
from hashlib import blake2b
from math import ceil
from pathlib import Path

import numpy as np

from core.errors import BadClip
from core.video import stream
from core.video.clip import DecodedFrame
from core.video.decode import JUMPS, bound_memory, refuse_hours
from core.video.fetch import fetch
from core.video.read import LIMITS, LIMITS_TEXT

DIGESTED = 64_000_000  # bytes of a file's packets that its key is made of, evenly spread
OFTEN = 0.1  # seconds between two words on how much is read
NEIGHBOURS = 512  # frames before one behind which nothing decodes, of which one is looked for that does


def main(request, out):
    """request: {"path": …, "max_side": …}. Write messages; the last is {"end": true} or a refusal."""
    asked = json.loads(request)
    line, packed_table = sys.stdin.buffer.readline(), sys.stdin.buffer.read()
    bound_memory(extra=4 * 3 * asked["max_side"] ** 2)

    def send(message, data=b""):
        out.write(json.dumps(message | {"bytes": len(data)}).encode() + b"\n")
        out.write(data)
        out.flush()

    try:
        if packed_table:
            answer(unpacked(packed_table), asked["max_side"], **json.loads(line), send=send)
        else:
            opening(asked["path"], asked["max_side"], send)
        send({"end": True})
    except BadClip as refusal:
        send({"refusal": str(refusal)})
    except MemoryError:
        send({"refusal": f"cannot be decoded in {LIMITS.memory / 1e6:.0f} MB of memory. {LIMITS_TEXT}"})


def opening(path, max_side, send):
    """What is known of a file without decoding it: the table, times and key, and the size of its pictures by the first one."""
    digest, size, last = blake2b(digest_size=16), Path(path).stat().st_size, time.monotonic()
    spread = max(1, ceil(size / DIGESTED))

    def heard(packet):
        nonlocal last
        digest.update(np.frombuffer(packet, np.uint8)[::spread].tobytes())
        if (now := time.monotonic()) > last + OFTEN:
            last = now
            send({"progress": min(1.0, max(0, packet.pos or 0) / size)})

    table = stream.tabulate(path, heard)
    stream.refuse_pixels(table.W, table.H)
    if not table.N:
        raise none_decodes(table)
    time_N = stream.seconds_N(table)
    refuse_hours(time_N[-1])
    _, _, frame = next(pictures(table, [0]), None) or (0, 0, last_frame(table)[1])
    first = kept(table, 0, time_N, frame, max_side)
    looks = (table.codec, table.W, table.H, table.aspect, stream.display_matrix(frame)[:5], frame.format.name)
    digest.update(repr((*looks, int(frame.colorspace), int(frame.color_range), spread, table.N)).encode())
    digest.update(np.ascontiguousarray(time_N if table.packet_M4 is None else table.packet_M4[:, :3]))
    notes = [f"The header promises {table.promised} frames; {table.N} are there."] if table.promised > table.N else []
    message = {
        "N": table.N,
        "rate": table.rate,
        "shape": first.frame_HWC.shape[:2],
        "notes": notes + [JUMPS] * bool(table.jumps),
        "key": digest.hexdigest(),
    }
    send({"times": True}, time_N.tobytes())
    send(message, packed(table))


def answer(table, max_side, passes, shape, send):
    """One message for each index of each pass, an ascending list of them. shape: [H, W] of every picture."""
    time_N = stream.seconds_N(table)

    def give(index, one):
        H, W, _ = one.frame_HWC.shape
        message = {"index": index, "source": one.source, "size": one.size, "damaged": one.damaged, "shape": [H, W]}
        send(message, one.frame_HWC.tobytes())

    for indices in passes:
        missing = set(indices)
        for index, source, frame in pictures(table, indices):
            missing.discard(index)
            give(index, kept(table, source, time_N, frame, max_side, shape))
        for index in sorted(missing):
            source, frame = frame_before(table, index)
            give(index, kept(table, source, time_N, frame, max_side, shape))


def kept(table, source, time_N, frame, max_side, shape=None):
    """A frame's picture and what is known of it."""
    pixels_HWC = stream.picture(frame, table.aspect, max_side, shape)
    return DecodedFrame(source, float(time_N[source]), pixels_HWC, (frame.width, frame.height), frame.is_corrupt)


def pictures(table, indices):
    """(index, index of the frame in its place, frame), without those behind which nothing decodes."""
    if table.start_N is None or (np.diff(table.stamp_N) == 0).any():  # two frames of one stamp: only counting tells which
        yield from counted(table, indices)
        return
    for index, stamp, frame in fetch(table, indices):
        if stamp != table.stamp_N[index]:
            again = fetch(table, [index], threads=1)  # of several threads each loses its neighbours
            _, stamp, frame = next(again, (index, stamp, frame))
        yield index, place_of(table, stamp), frame


def place_of(table, stamp):
    """The index of the frame that is shown at a stamp."""
    return min(int(np.searchsorted(table.stamp_N, stamp)), table.N - 1)


def counted(table, indices):
    """The same for a file that is decoded from its start: frames by their place among those that decode."""
    waiting = sorted(set(indices))
    for place, (_, frame) in enumerate(stream.decode(table, 1)):
        if waiting and waiting[0] == place:
            yield waiting.pop(0), min(place, table.N - 1), frame
        if not waiting:
            return


def frame_before(table, index):
    """(its index, frame): the last that decodes before one behind which nothing does."""
    found = fetch(table, range(max(0, index - NEIGHBOURS), index + 1), threads=1) if table.start_N is not None else ()
    if not (near := deque(found, maxlen=1)):
        return last_frame(table)
    _, stamp, frame = near[0]
    return place_of(table, stamp), frame


def last_frame(table):
    """(its index, frame) of the last frame that decodes at all; a BadClip where none does."""
    if not (last := deque(enumerate(stream.decode(table, 1)), maxlen=1)):
        raise none_decodes(table)
    place, (_, frame) = last[0]
    return min(place, table.N - 1), frame


def none_decodes(table):
    """What is said of a file that holds packets and no picture."""
    return BadClip(f"is a video ({table.codec}) of which no frame can be decoded.")


ARRAYS = ("stamp_N", "start_N", "packet_M4")


def packed(table) -> bytes:
    """A table as bytes, about ten for each frame."""
    file, plain = io.BytesIO(), {f.name: getattr(table, f.name) for f in fields(table) if f.name not in ARRAYS}
    head = json.dumps(plain | {"tick": str(table.tick)}).encode()
    arrays = {name: getattr(table, name) for name in ARRAYS if getattr(table, name) is not None}
    np.savez_compressed(file, head=np.frombuffer(head, np.uint8), **arrays)
    return file.getvalue()


def unpacked(data) -> stream.Table:
    """The table again."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        plain = json.loads(bytes(file["head"]))
        arrays = {name: file[name] if name in file else None for name in ARRAYS}
    return stream.Table(**plain | {"tick": Fraction(plain["tick"])}, **arrays)
