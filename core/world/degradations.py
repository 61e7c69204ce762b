"""Seven ways to spoil frames, from not at all (severity 0, exactly the identity) to badly (severity 1)."""

import cv2
import numpy as np

from core.errors import ReaderError
from core.world.captions import one_of


def motion_blur(frame, severity, rng, box):
    """Each pixel smeared along a line of up to a fifth of the frame."""
    length, turn = severity * 0.2 * min(frame.shape[:2]), rng.uniform(0, np.pi)
    half = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    along = np.linspace(-length / 2, length / 2, 16 * half)
    x, y = half + along * np.cos(turn), half + along * np.sin(turn)
    for dx in (0, 1):  # each point of the line shared among its four pixels
        for dy in (0, 1):
            column, row = np.floor(x).astype(int) + dx, np.floor(y).astype(int) + dy
            keep = (column < len(kernel)) & (row < len(kernel))
            weight = np.abs(1 - dx - x % 1) * np.abs(1 - dy - y % 1)
            np.add.at(kernel, (row[keep], column[keep]), weight[keep])
    return cv2.filter2D(frame, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)


def defocus(frame, severity, rng, box):
    """A Gaussian blur of up to 6 % of the frame."""
    return cv2.GaussianBlur(frame, (0, 0), 0.02 + severity * 0.06 * min(frame.shape[:2]), borderType=cv2.BORDER_REFLECT)


def occluder(frame, severity, rng, box):
    """A grey board over a part of `box`: at severity 1 all of it. Without a box, over up to half of the frame."""
    height, width = frame.shape[:2]
    if box is None or np.isnan(box).any():
        side = np.sqrt(0.5)
        x, y = rng.uniform(0, 1 - side, 2)
        box = x * width, y * height, (x + side) * width, (y + side) * height
    corner = rng.integers(0, 2, 2)  # the board grows from one corner of the box
    share = np.sqrt(severity)
    spans = []
    for low, high, from_high in zip(box[:2], box[2:], corner):
        length = share * (high - low)
        spans.append((high - length, high) if from_high else (low, low + length))
    x0, x1, y0, y1 = (round(v) for span in spans for v in span)
    x0, y0 = max(x0, 0), max(y0, 0)
    spoilt = frame.copy()
    spoilt[y0 : max(y1, 0), x0 : max(x1, 0)] = (96, 92, 88)
    return spoilt


def deformation(frame, severity, rng, box):
    """A smooth random warp that moves pixels by up to about a tenth of the frame."""
    height, width = frame.shape[:2]
    field = rng.uniform(-1, 1, (5, 5, 2)).astype(np.float32)
    shift = cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC) * (severity * 0.1 * min(height, width))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return cv2.remap(frame, x + shift[..., 0], y + shift[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def noise(frame, severity, rng, box):
    """Gaussian noise with a standard deviation of up to 80 of 255."""
    grain = rng.standard_normal(frame.shape, np.float32)
    return np.clip(frame + severity * 80 * grain + 0.5, 0, 255).astype(np.uint8)


def low_light(frame, severity, rng, box):
    """Down to 8 % of the light, and the sensor noise that remains when so little is left."""
    grain = rng.standard_normal(frame.shape, np.float32)
    return np.clip(frame * (1 - 0.92 * severity) + 4 * severity * grain + 0.5, 0, 255).astype(np.uint8)


def compression(frame, severity, rng, box):
    """JPEG of quality 90 down to 3."""
    quality = round(90 - 87 * severity)
    coded = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1]


KINDS = {f.__name__: f for f in (motion_blur, defocus, occluder, deformation, noise, low_light, compression)}
DEGRADATIONS = tuple(KINDS)
STORED = {"compression": 0.5, "noise": 0.08}  # the worst that files and cameras are taken to do to a training clip


def degrade(frames_THWC, kind, severity, frames=None, seed=0, box=None):
    """A copy in which the chosen frames (all, when None) are spoilt. More severity, more harm; 0 changes nothing.

    box: what the occluder is to cover, x0, y0, x1, y1 in pixels, one for all frames or one a frame, [T, 4].
    """
    spoil = KINDS[one_of("degradation", kind, DEGRADATIONS)]
    if not 0 <= severity <= 1:
        raise ReaderError(f"The severity is from 0 to 1, got {severity!r}.")
    spoilt_THWC = frames_THWC.copy()
    if severity == 0:
        return spoilt_THWC
    T = len(frames_THWC)
    chosen = range(T) if frames is None else [int(t) for t in frames]
    if any(t not in range(-T, T) for t in chosen):
        raise ReaderError(f"The frames to degrade are from 0 to {T - 1}, got {list(chosen)}.")
    box_T4 = None if box is None else np.broadcast_to(np.asarray(box, np.float64), (T, 4))
    for t in chosen:
        t %= T
        # the same draw at every severity, or more of it would not be more of the same
        rng = np.random.default_rng([seed, t])
        spoilt_THWC[t] = spoil(frames_THWC[t], float(severity), rng, None if box_T4 is None else box_T4[t])
    return spoilt_THWC
