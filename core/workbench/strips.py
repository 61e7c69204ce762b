"""A clip as one small picture: its frames side by side, a JPEG of at most 8 kB, so that a gallery draws without decoding."""

import cv2
import numpy as np

BYTES = 8192  # of one clip
HEIGHT, LOWEST = 72, 16  # pixels of a frame, and the lowest that is tried
QUALITIES = (75, 60, 45, 30)


def strip(frames_THWC: np.ndarray) -> bytes:
    """T frames of one height, left to right."""
    height = HEIGHT
    while True:
        W = max(1, round(frames_THWC.shape[2] * height / frames_THWC.shape[1]))
        small = [cv2.resize(frame_HWC, (W, height), interpolation=cv2.INTER_AREA) for frame_HWC in frames_THWC]
        sprite_HWC = cv2.cvtColor(np.hstack(small), cv2.COLOR_RGB2BGR)
        for quality in QUALITIES:
            made = cv2.imencode(".jpg", sprite_HWC, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            if len(made) <= BYTES or (height <= LOWEST and quality == QUALITIES[-1]):
                return made
        height = max(LOWEST, height * 3 // 4)
