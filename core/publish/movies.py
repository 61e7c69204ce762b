"""The overlay as a movie: MP4 for talks and pages, GIF for where nothing else plays.

MP4 is H.264 by PyAV; where its build has no such encoder, OpenCV writes MPEG-4, which players read and some browsers do not.
"""

import io
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw

from core.errors import ReaderError
from core.publish.painting import OPACITY, Layer, edges, layer, painted
from core.publish.result import Result

SIDE = 480  # pixels of the longer side
SLOWEST, FASTEST = 1, 30  # pictures a second


def gif(result: Result, side: int = SIDE, opacity: float = OPACITY, prompt: int | None = None) -> bytes:
    """A GIF that repeats, each picture as long as in the clip."""
    pictures = [Image.fromarray(one) for one in movie_IHWC(result, side, opacity, prompt)]
    colours = [one.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE) for one in pictures]
    held = io.BytesIO()
    rate = rate_of(result)
    colours[0].save(held, "GIF", save_all=True, append_images=colours[1:], duration=round(1000 / rate), loop=0)
    return held.getvalue()


def mp4(result: Result, side: int = SIDE, opacity: float = OPACITY, prompt: int | None = None) -> bytes:
    """An MP4 at the clip's own pace."""
    pictures_IHWC = movie_IHWC(result, side, opacity, prompt)
    if "libx264" not in av.codecs_available:
        return _mpeg4(pictures_IHWC, float(rate_of(result)))
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as container:
        # one thread: the same result gives the same bytes
        options = {"crf": "18", "threads": "1"}
        stream = container.add_stream("libx264", rate=rate_of(result), options=options)
        stream.height, stream.width = pictures_IHWC.shape[1:3]
        stream.pix_fmt = "yuv420p"  # what browsers and slides play
        for picture_HWC in pictures_IHWC:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture_HWC, format="rgb24")))
        container.mux(stream.encode())
    return held.getvalue()


def movie_IHWC(result: Result, side: int, opacity: float, prompt: int | None) -> np.ndarray:
    """Every picture under its map with the kept patches' edges, uint8, sides even as video wants them."""
    if not isinstance(side, int) or not 64 <= side <= 1024:
        raise ReaderError(f"A movie's side is a whole number from 64 to 1024 pixels, got {side!r:.40}.")
    made = layer(result, prompt)
    _, H, W, _ = made.picture_IHWC.shape
    height, width = (max(2, round(side * part / max(H, W) / 2) * 2) for part in (H, W))
    return np.stack([_with_edges(made, index, height, width, opacity) for index in range(len(made.picture_IHWC))])


def _with_edges(made: Layer, index: int, height: int, width: int, opacity: float) -> np.ndarray:
    shown = Image.fromarray(painted(made, index, height, width, opacity))
    if made.kept_Ihw is not None:
        rows, columns = made.kept_Ihw[index].shape
        pen = ImageDraw.Draw(shown)
        for colour, thick in (("black", 4), ("white", 2)):
            for line in edges(made.kept_Ihw[index]):
                pen.line([(x * width / columns, y * height / rows) for x, y in line], fill=colour, width=thick)
    return np.asarray(shown)


def rate_of(result: Result) -> Fraction:
    """Pictures a second: one over the clip's middle gap."""
    gaps = np.diff(result.clip.time_T)
    middle = float(np.median(gaps)) if len(gaps) else 0.25
    return Fraction(min(max(1 / middle if middle > 0 else FASTEST, SLOWEST), FASTEST)).limit_denominator(1000)


def _mpeg4(pictures_IHWC: np.ndarray, rate: float) -> bytes:
    import cv2

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "movie.mp4"
        height, width = pictures_IHWC.shape[1:3]
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), rate, (width, height))
        if not writer.isOpened():
            raise ReaderError("No MP4 can be written on this machine; a GIF can.")
        for picture_HWC in pictures_IHWC:
            writer.write(picture_HWC[..., ::-1].copy())
        writer.release()
        return path.read_bytes()
