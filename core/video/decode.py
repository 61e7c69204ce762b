"""The frames asked of one file, in a process of its own that `core.video.read` starts.

The header is a guess, never a fact. `core.video.stream` tabulates what the file holds, packet by packet; then all of it is
decoded, frames are kept where by the table the segments have their centres, and every frame is held against the table.
Where one is missing, the file is decoded anew, for the centres of what there is. So frames, indices and times are exact,
and a sound file is decoded once. Memory holds the frames kept and the decoder, never the file.

Of a file too long to decode in seconds only the frames asked for are decoded, each from its key frame on. Their indices
and times are exact by the table; a note says that not every frame was seen to decode.
"""

import gc
import json
from typing import NamedTuple

import numpy as np

from core.errors import BadClip
from core.video import stream
from core.video.clip import DecodedFrame, frame_notes, neighbour_notes
from core.video.fetch import fetch
from core.video.read import LIMITS, LIMITS_TEXT

JUMPS = "The clock of the file jumps: there the times go on by one frame."
COUNTED_FRAMES, COUNTED_PIXELS = 20_000, 2_500_000_000  # up to here all is decoded: about five seconds on two cores


class Walk(NamedTuple):
    """A file decoded: {index: DecodedFrame}, how many frames there were, and if all were those of the table."""

    kept: dict[int, DecodedFrame]
    count: int
    sound: bool


def centres(count, T):
    """The frames in the middle of T equal segments of `count` frames."""
    return [(2 * k + 1) * count // (2 * T) for k in range(T)] if count else []


def keep(kept, index, time, frame, table, max_side):
    """Add a frame's picture to those kept; all have the shape of the first."""
    shape = next(iter(kept.values())).frame_HWC.shape[:2] if kept else None
    frame_HWC = stream.picture(frame, table.aspect, max_side, shape)
    kept[index] = DecodedFrame(index, time, frame_HWC, (frame.width, frame.height), frame.is_corrupt)


def walk(frames, table, wanted, max_side, *, to_the_end):
    """Decode frame after frame, of which those wanted are kept."""
    kept, count, time, sound = {}, 0, 0.0, True
    for index, (stamp, frame) in enumerate(frames):
        if index == 0:
            origin = stamp if table.stamp_N is None else table.stamp_N[0]
        clock = 0 if stamp is None or origin is None else float((int(stamp) - int(origin)) * table.tick)
        # Where a frame says no time, or an earlier one than the last, time goes on by one frame.
        time = clock if clock > time or index == 0 else time + 1 / (table.rate or 25)
        refuse_hours(time)
        count += 1
        sound = sound and (table.stamp_N is None or index < table.N and stamp == table.stamp_N[index])
        if index in wanted:
            keep(kept, index, time, frame, table, max_side)
        if not to_the_end and index >= max(wanted):
            return Walk(kept, count, sound)
    return Walk(kept, count, sound and count == table.N)


def refuse_hours(time):
    """A BadClip if the video reaches further than is allowed."""
    if time > LIMITS.seconds:
        raise BadClip(f"is longer than {LIMITS.seconds // 3600} hours. {LIMITS_TEXT}")


def refuse_outside(indices, count):
    """A BadClip if an index asked for is not one of the `count` frames."""
    for index in indices or ():
        if not 0 <= index < count:
            raise BadClip(f"has {count} frames that decode: a frame index is from 0 to {count - 1}, got {index}.")


def counted(table, T, indices, max_side):
    """Every frame decoded and counted: the frames kept, in order, and what the reader should know."""
    to_the_end = not (indices and 0 <= min(indices) <= max(indices) < table.N)
    # Two threads lose the neighbours of what does not decode, which only the stamps would show.
    count, first = table.N, stream.THREADS if table.stamp_N is not None else 1
    for threads in (first, 1, 1):
        wanted = indices or centres(count, T)
        found = walk(stream.decode(table, threads), table, set(wanted), max_side, to_the_end=to_the_end)
        if found.sound or threads == 1 and (not to_the_end or found.count == count):
            break
        count = found.count
    if not found.count:
        raise BadClip(f"is a video ({table.codec}) of which no frame can be decoded.")
    refuse_outside(indices, found.count)
    notes = count_notes(table, found.count, T) if not indices else []
    kept = [found.kept[index] for index in wanted]
    if table.stamp_N is not None and found.count == table.N:  # none is missing: so each has the time in its place
        kept = [one._replace(time=stream.seconds(table, table.stamp_N[one.source])) for one in kept]
    return kept, notes


def count_notes(table, count, T):
    """Sentences on frames that are missing, or too few."""
    notes = []
    if table.promised > max(table.N, count):
        notes.append(f"The header promises {table.promised} frames; {count} can be decoded.")
    elif count < table.N:
        notes.append(f"The file holds {table.N} frames; {count} can be decoded.")
    if count == 1:
        notes.append(f"1 frame in the file: it is shown {T} times.")
    elif count < T:
        notes.append(f"{count} frames in the file: some are shown more than once.")
    return notes


def fetched(table, T, indices, max_side):
    """Only the frames asked for decoded: these, in order, and what the reader should know; none if nothing decodes."""
    refuse_outside(indices, table.N)
    wanted = indices or centres(table.N, T)
    kept, place = {}, {}
    for index, stamp, frame in fetch(table, wanted):
        place[index] = found = int(np.searchsorted(table.stamp_N, stamp))
        if found not in kept:
            keep(kept, found, stream.seconds(table, stamp), frame, table, max_side)
    if not kept:
        return [], []
    place = {index: place.get(index, max(kept)) for index in wanted}  # behind the last that decodes there is none
    notes = [f"A long file: its {table.N} frames were counted without decoding each."]
    return [kept[place[index]] for index in wanted], notes + neighbour_notes(place)


def is_long(table, count):
    """True if decoding `count` frames would take more than seconds."""
    return count > COUNTED_FRAMES or count * table.W * table.H > COUNTED_PIXELS


def within(table, T, start, end, lasting=None):
    """The frames that are shown in the middle of T equal parts of these seconds. end: None is the video's own. lasting:
    instead, so many seconds of its middle."""
    time_N = stream.seconds_N(table)
    last = time_N[-1] + (time_N[-1] / (table.N - 1) if table.N > 1 else 0) if table.N else 0
    if lasting is not None:
        start, end = max(0, (last - lasting) / 2), (last + lasting) / 2
    end = last if end is None else min(end, last)
    if not start < end:
        raise BadClip(f"is {last:.2f} s long: a moment begins before that, got {start:g} s.")
    middle_T = start + (np.arange(T) + 0.5) / T * (end - start)
    return (np.searchsorted(time_N, middle_T + 1e-6, "right") - 1).clip(0).tolist()


def sample(path, T, indices, max_side, span=None, lasting=None):
    """The frames kept, in order, and what the reader should know. span: seconds from where to where, lasting: how many in the
    middle; None for all."""
    table = stream.tabulate(path)
    stream.refuse_pixels(table.W, table.H)
    if span or lasting:
        indices = within(table, T, *(span or (0, None)), lasting)
    kept, notes = [], []
    needed = max(indices) + 1 if indices and min(indices) >= 0 else table.N
    if table.stamp_N is not None:
        refuse_hours(stream.seconds(table, table.stamp_N[-1]))
        if table.start_N is not None and is_long(table, min(needed, table.N)):
            kept, notes = fetched(table, T, indices, max_side)
    if not kept:
        kept, notes = counted(table, T, indices, max_side)
    if table.jumps:
        notes.append(JUMPS)
    return kept, notes + frame_notes(kept)


def bound_memory(extra):
    """From here on the decoder is denied memory beyond the limit, plus `extra` bytes for the frames kept."""
    gc.freeze()  # what is here by now stays: sweeping passes over it
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (LIMITS.memory + extra,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(request, out):
    """Write one line of JSON, then the pixels of the frames."""
    names = ("path", "frames", "indices", "max_side", "span", "lasting")
    path, T, indices, max_side, span, lasting = (json.loads(request)[name] for name in names)
    bound_memory(extra=3 * max_side**2 * len(indices or range(T)))
    kept = []
    try:
        kept, notes = sample(path, T, indices, max_side, span, lasting)
        reply = {
            "shape": [len(kept), *kept[0].frame_HWC.shape],
            "time_T": [one.time for one in kept],
            "source_T": [one.source for one in kept],
            "notes": notes,
        }
    except BadClip as refusal:
        reply = {"refusal": str(refusal)}
    except MemoryError:
        reply = {"refusal": f"cannot be decoded in {LIMITS.memory / 1e6:.0f} MB of memory. {LIMITS_TEXT}"}
    out.write(json.dumps(reply).encode() + b"\n")
    for one in kept:
        out.write(one.frame_HWC.tobytes())
