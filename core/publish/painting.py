"""Frames under a map, as pixels: what figures and movies show.

A map is painted as it is, patch by patch: nothing is interpolated. It lies lightly: how much of a frame it hides follows the
value, so that what is low keeps the colours of the scene; of a mask, what is not selected is darkened, which leaves its hue.
Letters: I pictures, h w patches, H W pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import matplotlib
import numpy as np
from PIL import Image

VALUES, SIGNED = "plasma", "RdBu_r"
COLOURS = (VALUES, "viridis", "cividis", "magma", "inferno", "gray")  # of values; all are even in lightness
STRENGTH = 0.85  # of what is highest: less would hide the colours that the bar explains, more the frame
RISE = 1.5  # half of the highest hides a third: what is low is where most of a frame is, and shall be seen
VEIL = 0.5  # of a frame at most is hidden, in the mean: a map that is high everywhere shall not cover the scene
GREY = 150.0  # under the colours of a bar, in place of a picture
NIGHT = 0.6  # how much darker what is not selected is, at full strength


class Box(NamedTuple):
    """A box in fractions of its picture, and what is written at it."""

    x0: float
    y0: float
    x1: float
    y1: float
    words: str


@dataclass(frozen=True, eq=False)
class Layer:
    """What lies over which pictures.

    picture_IHWC: uint8 RGB. name_I: what each picture is. map_Ihw: values, or None for bare pictures. kept_Ihw: bool or None,
    drawn as edges. low, high: ends of the colours. masks: the map is a mask and has no colours. log: the colours follow the
    logarithm; how much they hide does not. tick_X: (value, its words) on the scale; none given, its ends and what is between.
    colours: a name in COLOURS. full: the value that hides most; not given, the highest of the scale. boxes_I: for each picture.
    """

    picture_IHWC: np.ndarray
    name_I: tuple[str, ...]
    map_Ihw: np.ndarray | None
    kept_Ihw: np.ndarray | None
    symbol: str
    title: str
    unit: str
    low: float = 0.0
    high: float = 1.0
    masks: bool = False
    log: bool = False
    tick_X: tuple[tuple[float, str], ...] = ()
    colours: str = VALUES
    full: float | None = None
    boxes_I: tuple[tuple[Box, ...], ...] = ()

    @property
    def signed(self) -> bool:
        return self.low < 0

    @property
    def scaled(self) -> bool:
        """Whether it has colours that stand for values."""
        return self.map_Ihw is not None and not self.masks

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Values on the scale, and how they are written."""
        ends = (self.low, (self.low + self.high) / 2, self.high)
        return self.tick_X or tuple((end, f"{end:.2g}".replace("-", "−")) for end in ends)


def painted(made: Layer, index: int, height: int, width: int, strength: float = STRENGTH) -> np.ndarray:
    """One picture under its map at a size, uint8 RGB [H, W, 3]. strength: 0 hides nothing, 1 hides what is highest."""
    picture = Image.fromarray(made.picture_IHWC[index]).resize((width, height), Image.Resampling.LANCZOS)
    under = np.asarray(picture, float)
    if made.map_Ihw is None:
        return under.astype(np.uint8)
    map_hw = made.map_Ihw[index]
    if made.masks:
        light_hw = np.where(map_hw, 1.0, 1 - NIGHT * strength)
        return (under * patches_to_pixels(light_hw, height, width)[..., None]).round().astype(np.uint8)
    weight_hw = hidden(map_hw, made)
    weight_hw = strength * weight_hw * min(1.0, VEIL / (weight_hw.mean() or 1.0))
    over_HWC = patches_to_pixels(coloured(map_hw, made) * weight_hw[..., None], height, width)
    return (under * (1 - patches_to_pixels(weight_hw, height, width)[..., None]) + over_HWC).round().astype(np.uint8)


def places(values: np.ndarray, made: Layer) -> np.ndarray:
    """Where values lie on the layer's scale, 0–1."""
    ends = np.array([made.low, made.high], float)
    if made.log:
        ends, values = np.log10(ends), np.log10(np.maximum(values, 1e-9))
    return np.clip((values - ends[0]) / (ends[1] - ends[0]), 0, 1)


def hidden(values: np.ndarray, made: Layer) -> np.ndarray:
    """How much of the frame is hidden at full strength, 0–1: it rises with the value, or with its distance from zero."""
    low, full = (0.0, made.high) if made.signed else (made.low, made.full or made.high)
    return np.clip((np.abs(values) - low) / ((full - low) or 1.0), 0, 1) ** RISE


def coloured(values: np.ndarray, made: Layer) -> np.ndarray:
    """Values as RGB 0–255, on the layer's scale."""
    table_XC = matplotlib.colormaps[SIGNED if made.signed else made.colours](np.arange(256), bytes=True)[:, :3]
    return table_XC[(places(values, made) * 255).round().astype(int)].astype(float)


def over_grey(value_X: np.ndarray, made: Layer, strength: float = STRENGTH) -> np.ndarray:
    """Values as they look over a grey picture, uint8 RGB [X, 3]: the colours' bar, as strong as the map."""
    weight = strength * hidden(value_X, made)[:, None]
    return (GREY * (1 - weight) + coloured(value_X, made) * weight).astype(np.uint8)


def patches_to_pixels(map_hw: np.ndarray, height: int, width: int) -> np.ndarray:
    """Every pixel has the value, or the colour, of the patch it lies in."""
    rows, columns = map_hw.shape[:2]
    return map_hw[(np.arange(height) * rows // height)[:, None], np.arange(width) * columns // width]


def edges(kept_hw: np.ndarray) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Lines between kept patches and others, ((x, y), (x, y)) in patches."""
    framed = np.pad(kept_hw.astype(bool), 1)
    across, along = framed[1:, 1:-1] != framed[:-1, 1:-1], framed[1:-1, 1:] != framed[1:-1, :-1]
    rows = [((int(x), int(y)), (int(x) + 1, int(y))) for y, x in np.argwhere(across)]
    return rows + [((int(x), int(y)), (int(x), int(y) + 1)) for y, x in np.argwhere(along)]


def words_of(boxes: Sequence[Box], line: float, letter: float) -> list[tuple[float, float]]:
    """Where the words of boxes stand, (x, y) of their lower left corner, in fractions of the picture: above the box or, where
    there is no room or others stand, below it, within it, or at the next free line. line, letter: their height and width."""
    made: list[tuple[float, float, float]] = []
    for box in boxes:
        wide = letter * len(box.words)
        x = max(0.0, min(box.x0, 1 - wide))
        others = sorted(np.arange(line, 1.0, line / 2), key=lambda y: abs(y - box.y1))
        rows = (box.y0, box.y1 + line, box.y0 + line, box.y1, *others)
        free = (y for y in rows if line <= y <= 1 and not any(_meet((x, y, wide), one, line) for one in made))
        made.append((x, float(next(free, line)), wide))
    return [(x, y) for x, y, _ in made]


def _meet(one: tuple[float, float, float], other: tuple[float, float, float], line: float) -> bool:
    """Whether two lines of words, (x, y, width), lie over each other."""
    return abs(one[1] - other[1]) < line and one[0] < other[0] + other[2] and other[0] < one[0] + one[2]
