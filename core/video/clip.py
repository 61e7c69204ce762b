"""A clip: the frames a method sees, and where in the file each of them came from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from core.errors import BadClip


@dataclass(frozen=True, eq=False)
class Clip:
    """T frames and their provenance.

    frames_THWC: uint8 RGB, 0–255. time_T: seconds from the start of the file. source_T: frame index in the file.
    notes: sentences the reader should see ("3 frames in the file: some are shown more than once").
    key: digest of the frames; two clips with equal frames have equal keys, whatever file they came from.
    """

    frames_THWC: np.ndarray
    time_T: np.ndarray
    source_T: np.ndarray
    name: str = "clip"
    notes: tuple[str, ...] = ()
    key: str = field(init=False)

    def __post_init__(self):
        frames = self.frames_THWC
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or 0 in frames.shape:
            raise BadClip(f"A clip is uint8 RGB frames [T, H, W, 3], got {frames.dtype} {list(frames.shape)}.")
        if not len(frames) == len(self.time_T) == len(self.source_T):
            raise BadClip(
                f"A clip has one time and one source index per frame, got {len(frames)} frames, "
                f"{len(self.time_T)} times and {len(self.source_T)} indices."
            )
        digest = blake2b(repr(frames.shape).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(frames))
        object.__setattr__(self, "key", digest.hexdigest())

    def __len__(self):
        return len(self.frames_THWC)

    @property
    def spacing(self) -> float:
        """Seconds from a frame to the next, the middle one of them in size; 0 of a single frame."""
        return float(np.median(np.abs(np.diff(self.time_T)))) if len(self) > 1 else 0.0

    def __repr__(self):
        T, H, W, _ = self.frames_THWC.shape
        return f"Clip({self.name!r}, {T} frames of {W}×{H}, {self.time_T[0]:.2f}–{self.time_T[-1]:.2f} s)"


class DecodedFrame(NamedTuple):
    """A frame out of a file: its index there, its seconds, its picture, its coded size, if parts of it are guessed."""

    source: int
    time: float
    frame_HWC: np.ndarray
    size: tuple[int, int]
    damaged: bool


def frame_notes(frames: Sequence[DecodedFrame]) -> list[str]:
    """Sentences on pictures that are not quite those of the file."""
    notes = []
    if damaged := sorted({one.source for one in frames if one.damaged}):
        notes.append(f"Damaged in the file: frame {some(damaged)}, of which the decoder guessed parts.")
    if len({one.size for one in frames}) > 1:
        H, W, _ = frames[0].frame_HWC.shape
        notes.append(f"The picture size changes within the file; every frame is shown as {W}×{H}.")
    return notes


def neighbour_notes(source_of: dict[int, int]) -> list[str]:
    """A sentence on frames that do not decode. source_of: index asked for → index of the frame in its place."""
    lost = [index for index in sorted(source_of) if source_of[index] != index]
    return [f"Of the frames asked for, {some(lost)} cannot be decoded: each has a neighbour in its place."] if lost else []


def some(indices: Sequence[int]) -> str:
    """The first few of these indices, in words."""
    return ", ".join(map(str, indices[:4])) + (f" and {len(indices) - 4} more" if len(indices) > 4 else "")
