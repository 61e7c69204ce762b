"""The frames of one file, decoded in a process of its own that `core.video.read` starts.

The header is a guess, never a fact. Frames are kept at the segment centres it suggests while the whole file is decoded
and counted; only if the count turns out different is the file opened again for the true centres. So honest files are
opened once, and the frames are exact in all. (Measured: rewinding instead yields nothing for one-frame, MPEG-TS and
index-less webm files.) Memory holds the kept frames and the decoder, never the file.

A file too long to count in seconds is sought instead; a note says that its indices are then the container's clock.
PyAV, where installed, reads what OpenCV opens but cannot decode, such as AV1.
"""

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from core.errors import BadClip
from core.video.read import CONTAINERS, LIMITS, LIMITS_TEXT

COUNTED_FRAMES, COUNTED_PIXELS = 20_000, 2_500_000_000  # up to here a file is counted: about five seconds on two cores


class NothingDecodes(Exception):
    """A video was opened, and not one frame of it decodes."""


@dataclass(frozen=True)
class Opened:
    """A file under a decoder. `frames` yields (seconds, take), take() the pixels; `seek(index)` finds one such pair."""

    claimed: int  # frames by the header; 0: nothing believable
    rate: float  # frames a second by the header; 0 likewise
    W: int
    H: int
    codec: str
    frames: Iterator
    seek: Callable


class DecodedFrame(NamedTuple):
    """One frame kept: its index in the file, its seconds, its pixels."""

    source: int
    time: float
    frame_HWC: np.ndarray


def open_by_opencv(path):
    """The file under OpenCV, which turns frames upright by itself."""
    # Two threads: every thread holds frames of its own, and memory is bounded.
    capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 2])
    if not capture.isOpened():
        raise BadClip(f"holds no video that can be opened. {LIMITS_TEXT}")

    def take():
        found, frame_HWC = capture.retrieve()
        if not found:
            raise BadClip("has a frame that cannot be turned into a picture.")
        return cv2.cvtColor(frame_HWC, cv2.COLOR_BGR2RGB)

    def frames():
        while capture.grab():
            yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, take

    def seek(index):
        capture.set(cv2.CAP_PROP_POS_FRAMES, index)
        return next(frames(), None)

    return Opened(
        claimed=int(believable(capture.get(cv2.CAP_PROP_FRAME_COUNT), 1, 1e8)),
        rate=believable(capture.get(cv2.CAP_PROP_FPS), 0.01, 1000),
        W=int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        H=int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        codec=(int(capture.get(cv2.CAP_PROP_FOURCC)) % 2**32).to_bytes(4, "little").decode("ascii", "replace"),
        frames=frames(),
        seek=seek,
    )


def open_by_pyav(path):
    """The file under PyAV, an optional package, with more codecs; ImportError without it."""
    import av

    fence = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    container = av.open(path, container_options=fence)
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 2
    rate = believable(float(stream.average_rate or 0), 0.01, 1000)
    start = float((stream.start_time or 0) * stream.time_base)
    claimed = stream.frames or float((container.duration or 0) / 1e6 * rate)

    def frames():
        for packet in container.demux(stream):
            with suppress(av.error.InvalidDataError):  # a damaged packet costs its own frames only
                for frame in packet.decode():
                    yield (frame.time or start) - start, lambda frame=frame: upright(frame)

    def seek(index):
        container.seek(int((start + index / rate) / stream.time_base), stream=stream)
        return next((landed for landed in frames() if landed[0] >= (index - 0.5) / rate), None)

    return Opened(
        claimed=int(believable(claimed, 1, 1e8)),
        rate=rate,
        W=stream.codec_context.width,
        H=stream.codec_context.height,
        codec=stream.codec_context.name,
        frames=frames(),
        seek=seek,
    )


def upright(frame):
    """A PyAV frame's pixels, turned as its rotation tag says."""
    return np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)


def believable(value, low, high):
    """A header's value, or 0 if it is outside what any video has."""
    return value if low <= value <= high else 0


def centres(count, T):
    """The frames in the middle of T equal segments of `count` frames."""
    return [(2 * k + 1) * count // (2 * T) for k in range(T)] if count else []


def fit(frame_HWC, max_side):
    """The frame, made smaller if a side is longer than max_side, its aspect kept."""
    H, W = frame_HWC.shape[:2]
    scale = max_side / max(H, W)
    if scale >= 1:
        return frame_HWC
    return cv2.resize(frame_HWC, (max(1, round(W * scale)), max(1, round(H * scale))), interpolation=cv2.INTER_AREA)


def walk(video, wanted, max_side, *, to_the_end):
    """Decode frame after frame: {index: DecodedFrame} of those wanted, and how many frames there were."""
    kept, count, time = {}, 0, 0.0
    for index, (clock, take) in enumerate(video.frames):
        # Some decoders say 0 s for the last frame; time goes forward.
        time = clock if clock > time or index == 0 else time + 1 / (video.rate or 25)
        refuse_hours(time)
        count += 1
        if index in wanted:
            kept[index] = DecodedFrame(index, time, fit(take(), max_side))
        if not to_the_end and index == max(wanted):
            break
    return kept, count


def landing(video, index):
    """Where a seek arrives: (seconds, take). None if nowhere, or too early, as behind the end of a truncated file."""
    landed = video.seek(index)
    return landed if landed and (landed[0] + 1) * video.rate >= index else None


def refuse_hours(time):
    """A BadClip if the video reaches further than is allowed."""
    if time > LIMITS.seconds:
        raise BadClip(f"is longer than {LIMITS.seconds // 3600} hours. {LIMITS_TEXT}")


def refuse_outside(indices, count):
    """A BadClip if an index asked for is not one of the `count` frames."""
    for index in indices or ():
        if not 0 <= index < count:
            raise BadClip(f"has {count} frames that decode: a frame index is from 0 to {count - 1}, got {index}.")


def counted(video, open_again, T, indices, max_side):
    """Exact, every frame decoded and counted: the frames kept, in order, and what the reader should know."""
    wanted = indices or centres(video.claimed, T)
    kept, count = walk(video, wanted, max_side, to_the_end=not indices or min(indices) < 0)
    if count == 0:
        raise NothingDecodes(video.codec)
    refuse_outside(indices, count)
    if indices:
        return [kept[index] for index in indices], []
    if count != video.claimed:
        wanted = centres(count, T)
        kept, _ = walk(open_again(), wanted, max_side, to_the_end=False)
    notes = []
    if 0 < video.claimed != count:
        notes.append(f"The header promises {video.claimed} frames; {count} can be decoded.")
    if count == 1:
        notes.append(f"1 frame in the file: it is shown {T} times.")
    elif count < T:
        notes.append(f"{count} frames in the file: some are shown more than once.")
    return [kept[index] for index in wanted], notes


def sought(video, count, T, indices, max_side):
    """Near, each frame sought: the container's clock says where the decoder arrived."""
    refuse_outside(indices, count)
    refuse_hours(count / video.rate)
    wanted = indices or centres(count, T)
    kept = {}
    for index in sorted(set(wanted)):
        landed = landing(video, index)
        if landed is None:
            raise BadClip(f"cannot be read near frame {index}; save it anew as mp4.")
        time, take = landed
        kept[index] = DecodedFrame(round(time * video.rate), time, fit(take(), max_side))
    note = f"A long file, about {count} frames: frames were found by seeking, and indices are by the container's clock."
    return [kept[index] for index in wanted], [note]


def is_long(video, count):
    """True if decoding `count` frames would take more than seconds."""
    return count > COUNTED_FRAMES or count * video.W * video.H > COUNTED_PIXELS


def sample(open_file, T, indices, max_side):
    """Count the frames if that takes seconds, else seek."""
    video = open_file()
    if video.W * video.H > LIMITS.pixels:
        raise BadClip(f"is {video.W}×{video.H} pixels. {LIMITS_TEXT}")
    count = video.claimed
    needed = min(count, max(indices) + 1) if indices and min(indices) >= 0 else count
    if not (video.rate and is_long(video, needed)):
        return counted(video, open_file, T, indices, max_side)
    if not landing(video, centres(needed, T)[-1]):
        count = bisect_left(range(count), True, key=lambda index: landing(video, index) is None)
        if not is_long(video, count):
            return counted(open_file(), open_file, T, indices, max_side)
    return sought(video, count, T, indices, max_side)


def sample_by_either(path, T, indices, max_side):
    """By OpenCV, or by PyAV where OpenCV decodes nothing."""
    try:
        return sample(lambda: open_by_opencv(path), T, indices, max_side)
    except NothingDecodes as nothing:
        codec = nothing.args[0].strip("\0 ") or "unknown"
    try:
        return sample(lambda: open_by_pyav(path), T, indices, max_side)
    except ImportError:
        advice = "PyAV (pip install av) may read it"
    except (NothingDecodes, ArithmeticError, LookupError, OSError, ValueError):
        advice = "PyAV cannot either"
    raise BadClip(f"is a video ({codec}) of which OpenCV can decode no frame; {advice}.")


def same_size(frames):
    """The frames, all of the first one's size, and a note if some were not."""
    H, W, _ = frames[0].shape
    if all(frame.shape == (H, W, 3) for frame in frames):
        return frames, []
    note = f"The picture size changes within the file; every frame is shown as {W}×{H}."
    return [cv2.resize(frame, (W, H), interpolation=cv2.INTER_AREA) for frame in frames], [note]


def bound_memory(extra):
    """From here on the decoder is denied memory beyond the limit, plus `extra` bytes for the frames kept."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (LIMITS.memory + extra,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(request, out):
    """Write one line of JSON, then the pixels of the frames."""
    path, T, indices, max_side = (json.loads(request)[name] for name in ("path", "frames", "indices", "max_side"))
    bound_memory(extra=3 * max_side**2 * len(indices or range(T)))
    frames = []
    try:
        kept, notes = sample_by_either(path, T, indices, max_side)
        frames, resized = same_size([one.frame_HWC for one in kept])
        times, sources = [one.time for one in kept], [one.source for one in kept]
        reply = {
            "shape": [len(frames), *frames[0].shape],
            "time_T": times,
            "source_T": sources,
            "notes": notes + resized,
        }
    except BadClip as refusal:
        reply = {"refusal": str(refusal)}
    except (MemoryError, cv2.error):
        reply = {"refusal": f"cannot be decoded in {LIMITS.memory / 1e6:.0f} MB of memory. {LIMITS_TEXT}"}
    out.write(json.dumps(reply).encode() + b"\n")
    for frame in frames:
        out.write(frame.tobytes())
