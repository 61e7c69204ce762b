"""A moment of a video: the seconds in which most moves by itself, and what can be seen at the spacing of its frames.

    start, end = busiest(open_video("holiday.mp4"), seconds=2.0)
    clip = read_clip("holiday.mp4", frames=8, start=start, end=end)
    spaced(clip)                      # "8 frames over 1.75 s, from 3.38 s to 5.13 s; 0.25 s apart."

Motion is the change between two frames an eighth of a second apart, less what the camera's own motion makes of the first
(`core.video.camera`). Across a cut nothing moves. Of a long video pairs are looked at that are spread over it.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.pace import FARTHER
from core.progress import CalledOff, Progress, tick
from core.video import camera
from core.video.clip import Clip
from core.video.footage import Footage, at, last_seconds
from core.video.source import Store, Video

RATE = 8.0  # pairs a second, and frames of a pair are one part of it apart
PAIRS = 480  # looked at, at most: about twenty seconds on one core
SMALL = 128  # pixels of the longer side of what is looked at
NOISE = 8  # grey levels, of 256, that a decoder makes of nothing
CUT = 0.2  # correlation of two frames below which they show different things
FAR = 0.5  # seconds between two frames from which on change is not motion
ALIKE = 0.1  # of the spacing of training: less is no difference, for frames lie where they lie in the file


def busiest(
    video: Footage, seconds: float = 2.0, progress: Progress = tick, cancelled: CalledOff = lambda: False
) -> tuple[float, float]:  # fmt: skip
    """(start, end) of the `seconds` in which most moves by itself, without a cut where that can be had; of all, where the video
    is no longer; of its middle, where nothing moves."""
    length = float(video.time_N[-1]) + last_seconds(video)
    if length <= seconds:
        return 0.0, length
    time_M, motion_M = motion(video, progress, cancelled)
    start_M = np.minimum(time_M, length - seconds)
    inside_MM = (time_M >= start_M[:, None] - 1e-9) & (time_M + 1 / RATE <= start_M[:, None] + seconds + 1e-9)
    cut_M = (inside_MM & np.isnan(motion_M)).sum(-1)
    mean_M = (inside_MM * np.nan_to_num(motion_M)).sum(-1) / inside_MM.sum(-1).clip(1)
    order_M = np.lexsort((start_M, -mean_M, cut_M))
    start = float(start_M[order_M[0]]) if mean_M.max() > 0 else (length - seconds) / 2
    return round(start, 3), round(start + seconds, 3)


def motion(
    video: Footage, progress: Progress = tick, cancelled: CalledOff = lambda: False
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Seconds at which pairs of frames begin, ascending, and how much moves by itself in each: the mean change in shares of
    white, and no number across a cut. One pass through the file; progress is told the share that is read."""
    end = float(video.time_N[-1])
    time_M = np.arange(0, end, max(1 / RATE, end / PAIRS))
    first_M, second_M = at(video, time_M), at(video, np.minimum(time_M + 1 / RATE, end))
    seen = dict(greys(video, sorted({*first_M, *second_M}), progress, cancelled))
    return time_M, np.array([moved(seen[first], seen[second]) for first, second in zip(first_M, second_M)])


def greys(
    video: Footage, indices: list[int], progress: Progress, cancelled: CalledOff
) -> Iterator[tuple[int, np.ndarray]]:  # fmt: skip
    """(index, small grey frame)."""
    if isinstance(video, Video):
        scale = min(1.0, SMALL / max(video.W, video.H))  # the decoder makes them small: little passes between processes
        W, H = max(1, round(video.W * scale)), max(1, round(video.H * scale))
        small = replace(video, W=W, H=H, max_side=max(W, H, 16), store=Store(0))
        clips = small.batches(indices, progress=progress, cancelled=cancelled)
        yield from zip(indices, (camera.grey(frame_HWC, SMALL) for clip in clips for frame_HWC in clip.frames_THWC))
        return
    for place, index in enumerate(indices):
        progress(place / len(indices))
        yield index, camera.grey(video.frames([index]).frames_THWC[0], SMALL)


def moved(first_HW: np.ndarray, second_HW: np.ndarray) -> float:
    """How much changes between two grey frames besides what the camera does; no number where they show different things."""
    if first_HW is second_HW:
        return 0.0
    warp_33, _ = camera.between(first_HW, second_HW)
    carried_HW, there_HW = camera.warped(first_HW, warp_33)
    carried, second = (one[there_HW].astype(np.float32) for one in (carried_HW, second_HW))
    if camera.correlation(carried, second) < CUT and min(carried.std(), second.std()) > NOISE:
        return float("nan")
    change = np.abs(second - carried - np.median(second - carried))  # the light may change as a whole
    return float(np.clip(change - NOISE, 0, None).mean() / 255)


def spaced(clip: Clip, trained: float = 0.0) -> str:
    """Range and spacing of a clip's frames in words, and what such a spacing hides. trained: seconds from one frame to the next
    in what the weights were trained with; 0 where nobody knows."""
    begin, end = clip.time_T[0], clip.time_T[-1]
    if not begin < end:  # one frame, or all are the same
        return f"{len(clip)} frame{'s' * (len(clip) > 1)}, at {begin:.2f} s."
    apart = (end - begin) / (len(clip) - 1)
    told = f"{len(clip)} frames over {end - begin:.2f} s, from {begin:.2f} s to {end:.2f} s; {apart:.2f} s apart"
    alike = trained and abs(apart / trained - 1) < ALIKE
    told += ", as in training." if alike else f", and {trained:.2f} s in training." if trained else "."
    if apart >= max(FAR, FARTHER * trained):
        told += f" Change over {apart:.1f} s is not motion: what moves may have come and gone between two frames."
    return told
