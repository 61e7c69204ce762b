"""A clip: the frames a method sees, and where in the file each of them came from."""

from dataclasses import dataclass, field
from hashlib import blake2b

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

    def __repr__(self):
        T, H, W, _ = self.frames_THWC.shape
        return f"Clip({self.name!r}, {T} frames of {W}×{H}, {self.time_T[0]:.2f}–{self.time_T[-1]:.2f} s)"
