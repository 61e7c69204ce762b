"""An entry of a list becomes a clip, and what can be said of it without any method."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.data.rendered import Sample, sample
from core.errors import BadClip, ReaderError
from core.video.camera import grey, shift_2
from core.video.clip import Clip
from core.video.forking import ForkingDecoder
from core.video.read import read_clip
from core.workbench.columns import OK, UNREADABLE
from core.workbench.listing import Entry
from core.world import MIXES, NUISANCES, segment_centres

SMALL = 96  # pixels of the longer side on which motion, sharpness and the camera are measured: ten times as quick as at 256


@dataclass(frozen=True, eq=False)
class Read:
    """What became of an entry: the clip, with the truth of a drawn one, or why there is none. facts: values of columns.
    grey_THW: the frames in grey, no side longer than SMALL."""

    clip: Clip | None = None
    truth: Sample | None = None
    status: str = OK
    why: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    grey_THW: np.ndarray = field(default_factory=lambda: np.zeros((0, 1, 1), np.float32))


def read(entry: Entry, frames: int, size: tuple[int, int], decode: ForkingDecoder | None = None) -> Read:
    """The frames of an entry, T of them; what cannot be read is said. size: (H, W) that clips are drawn at. decode: as of
    `read_clip`."""
    began = time.perf_counter()
    try:
        clip, truth = world_clip(entry, frames, size) if entry.source == "world" else (from_file(entry, frames, decode), None)
        decoded, small_THWC = since(began), np.stack([smaller(frame_HWC) for frame_HWC in clip.frames_THWC])
        grey_THW = np.stack([grey(frame_HWC, SMALL) for frame_HWC in small_THWC]).astype(np.float32)
        seen = facts(small_THWC, grey_THW) | truths(truth)
    except Exception as wrong:  # whatever a file does to whoever reads it, it is one clip that is not there
        said = str(wrong) if isinstance(wrong, ReaderError) else f"{type(wrong).__name__}: {wrong}"
        return Read(status=UNREADABLE, why=said, facts={"decode_ms": since(began)})
    known = {
        "frames": len(clip), "seconds": float(clip.time_T[-1] - clip.time_T[0]), "clip_key": clip.key,
        "decode_ms": decoded,
    }  # fmt: skip
    return Read(clip, truth, facts=known | seen, grey_THW=grey_THW)


def from_file(entry: Entry, frames: int, decode: ForkingDecoder | None = None) -> Clip:
    """A file's clip; a BadClip where it is no longer the file that was listed."""
    path = Path(os.fsdecode(entry.file))
    if path.is_file():
        told = path.stat()
        if (told.st_size, told.st_mtime_ns) != (entry.bytes, entry.changed):
            raise BadClip(f"{entry.path} has changed since the run began: it is another clip. Begin a new run for it.")
    return read_clip(path, frames, decode=decode)


def world_clip(entry: Entry, frames: int, size: tuple[int, int]) -> tuple[Clip, Sample]:
    """A clip of the world, and its truth."""
    _, split, number, case = entry.clip_id.split(":")
    made = sample(int(number), split, frames, size, mix=MIXES[case])
    every = np.arange(frames)
    time_T = np.asarray(segment_centres(made.scene.seconds, frames), float)
    return Clip(made.frames_THWC, time_T, every, entry.path), made


def facts(small_THWC: np.ndarray, grey_THW: np.ndarray) -> dict[str, Any]:
    """Motion, the camera, sharpness and brightness: what a slice may have in common."""
    shift_G2 = [shift_2(first, second) for first, second in zip(grey_THW, grey_THW[1:])]
    return {
        "motion": float(motion_G(grey_THW).mean()) if shift_G2 else 0.0,
        "camera": float(np.mean([np.hypot(*shift) for shift in shift_G2]) / max(grey_THW.shape[1:])) if shift_G2 else 0.0,
        "sharpness": float(np.mean([np.abs(cv2.Laplacian(one, cv2.CV_32F)).mean() for one in grey_THW]) / 255),
        "brightness": float(small_THWC.mean() / 255),
    }


def smaller(frame_HWC: np.ndarray) -> np.ndarray:
    """No side longer than SMALL."""
    H, W = frame_HWC.shape[:2]
    scale = min(1.0, SMALL / max(H, W))
    return cv2.resize(frame_HWC, (max(1, round(W * scale)), max(1, round(H * scale))), interpolation=cv2.INTER_AREA)


def motion_G(grey_THW: np.ndarray) -> np.ndarray:
    """Mean change from each frame to the next, in shares of white."""
    return np.abs(np.diff(grey_THW.astype(np.float32), axis=0)).mean((1, 2)) / 255


def truths(truth: Sample | None) -> dict[str, Any]:
    """What a drawn clip is known to have."""
    if truth is None:
        return {}
    scene = truth.scene
    restless = {one.motion.action for one in scene.objects if one.role == "distractor"}
    there = {
        "pan": any(scene.pan), "background": any(scene.background.drift), "shimmer": scene.shimmer, "lights": scene.lights,
        "shake": scene.shake, "blinking": "blinks" in restless, "drifting": "drifts" in restless,
    }  # fmt: skip
    return {"degradation": ", ".join(name for name in NUISANCES if there[name]) or "none"}


def since(began: float) -> float:
    """Milliseconds."""
    return (time.perf_counter() - began) * 1000
