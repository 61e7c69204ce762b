"""What a method may ask of a long video, whether it is a file's (`core.video.source`) or drawn (`core.world.long`).

clip = video.frames(evenly(video, 64))                       # 64 frames as a Clip
clip = video.frames(at(video, [3.2, 90.0]))                  # what is shown at these seconds
found = in_batches(video, per_second(video, 1.0), encode)    # thousands of frames, 32 in memory
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from numbers import Integral, Real
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

from core.errors import BadClip, BadKnob
from core.progress import share, tick
from core.video.clip import Clip
from core.video.read import LIMITS, whole

BATCH = 32  # frames between two looks at what is in memory
Result = TypeVar("Result")


@runtime_checkable
class Footage(Protocol):
    """N frames, seen or not. time_N: seconds at which each begins to be shown, ascending from 0. key: tells it from others."""

    @property
    def N(self) -> int: ...

    @property
    def time_N(self) -> np.ndarray: ...

    @property
    def key(self) -> str: ...

    def frames(self, indices: Iterable[int]) -> Clip:
        """The frames at these indices, in their order."""
        ...


def evenly(video: Footage, T: int) -> list[int]:
    """The frames in the middle of T equal segments; where there are fewer than T, some more than once."""
    return [(2 * k + 1) * video.N // (2 * whole("frames (T)", T, 1, 10**6)) for k in range(T)]


def per_second(video: Footage, rate: float = 1.0) -> list[int]:
    """What is shown at 0, 1/rate, 2/rate … seconds, each frame once."""
    if isinstance(rate, bool) or not isinstance(rate, Real) or not 0 < rate <= 1000:
        raise BadKnob(f"Frames a second are a number above 0 and up to 1000, got {rate!r}.")
    end = float(video.time_N[-1])
    return list(dict.fromkeys(at(video, (np.arange(int(end * rate + 1e-9) + 1) / rate).clip(0, end))))


def at(video: Footage, times: Iterable[float]) -> list[int]:
    """The frame that is shown at each of these seconds: the last that began, to the microsecond."""
    found, end = [], float(video.time_N[-1])
    for time in times:
        if not isinstance(time, Real) or not 0 <= time <= end + 1e-6 + last_seconds(video):
            raise BadClip(f"A time of this video is from 0 to {end + last_seconds(video):.2f} seconds, got {time!r}.")
        found.append(max(0, int(np.searchsorted(video.time_N, float(time) + 1e-6, "right")) - 1))
    return found


def between(video: Footage, T: int, start: float, end: float) -> list[int]:
    """The frames that are shown in the middle of T equal parts of the seconds from start to end, or to the video's own."""
    last = float(video.time_N[-1]) + last_seconds(video)
    if start >= last:
        raise BadClip(f"The video is {last:.2f} s long: a moment begins before that, got {start:g} s.")
    return at(video, start + (np.arange(whole("frames (T)", T, 1, 10**6)) + 0.5) / T * (min(end, last) - start))


def last_seconds(video: Footage) -> float:
    """For how long the last frame is shown: as long as frames are on average."""
    return float(video.time_N[-1]) / (video.N - 1) if video.N > 1 else 0.0


# ---- a batch at a time ------------------------------------------------------------------------------------------------


def in_batches(
    video: Footage, indices: Sequence[int], work: Callable[[Clip], Result], batch: int = BATCH
) -> list[Result]:  # fmt: skip
    """What `work` gives of every `batch` of these frames, in order. `tick` is told how far it is, half of a batch when its
    frames are there, and may call it off."""
    made, count = [], -(-len(indices) // batch)
    with closing(_clips(video, indices, batch)) as clips:
        for place in range(count):
            with share(place, count):
                with share(0, 2):
                    clip = next(clips)
                with share(1, 2):
                    tick(0.0)
                    made.append(work(clip))
    return made


def _clips(video: Footage, indices: Sequence[int], batch: int) -> Iterator[Clip]:
    """A file is decoded by one process from the first batch to the last, other footage is asked batch by batch."""
    if many := getattr(video, "batches", None):
        yield from many(indices, batch, progress=lambda done: tick(0.0))
        return
    for start in range(0, len(indices), batch):
        yield video.frames(indices[start : start + batch])


def checked_indices(name: str, N: int, size: tuple[int, int], indices: Iterable[int], at_once: int = 0) -> list[int]:
    """Indices of frames as a list; what is none of the N is a BadClip. size: (H, W) of the pictures. at_once: of how many the
    pictures are in memory; 0: of all."""
    wanted, (H, W) = list(indices), size
    for index in wanted:
        if isinstance(index, bool) or not isinstance(index, Integral) or not 0 <= index < N:
            raise BadClip(f"{name} has {N} frames: an index is a whole number from 0 to {N - 1}, got {index!r}.")
    if not wanted:
        raise BadClip(f"{name}: at least one frame is asked for, got none.")
    together = min(at_once or len(wanted), len(wanted))
    if (bytes_of := together * H * W * 3) > LIMITS.clip:
        most = max(1, LIMITS.clip // (H * W * 3))
        frames = f"{together} frames of {W}×{H}"
        raise BadClip(f"{frames} are {bytes_of / 1e9:.1f} GB: take up to {most} at once, or smaller ones.")
    return [int(index) for index in wanted]
