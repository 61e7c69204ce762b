"""Backgrounds and sprites: what is drawn once and then only moved."""

from functools import lru_cache

import cv2
import numpy as np

RGB = {
    "red": (226, 48, 52),
    "orange": (245, 134, 32),
    "yellow": (250, 214, 58),
    "green": (52, 176, 84),
    "cyan": (52, 206, 214),
    "blue": (54, 98, 232),
    "purple": (150, 72, 206),
    "white": (242, 240, 234),
}
SPRITE = 1.25  # a sprite's side, in diameters of its shape: room for corners that stick out
SEGMENTS = {
    "1": "bc",
    "2": "abged",
    "3": "abgcd",
    "4": "fgbc",
    "5": "afgcd",
    "6": "afgedc",
    "7": "abc",
    "8": "abcdefg",
    "9": "abcdfg",
}
MARK = 96  # degrees of the darker wedge that shows how a thing is turned; it points up, but in a heart to its tip,
# or it would hide what makes it a heart


def background_HW3(background, height, width, unit):
    """The texture, uint8. `unit` is the frame's shorter side in pixels: patterns keep their size relative to it."""
    rng = np.random.default_rng(background.seed)
    mix_HW = np.full((height, width), 0.5, np.float32)
    for cells, weight in ((3, 0.55), (8, 0.22), (24, 0.10)):
        grid = rng.random((24, 24), np.float32) - 0.5
        mix_HW += weight * noise_HW(grid, height, width, unit / cells)
    y_H1, x_1W = (np.arange(n, dtype=np.float32) / np.float32(unit) for n in (height, width))
    y_H1 = y_H1[:, None]
    turn, cycles = rng.uniform(0, np.pi), rng.uniform(5, 9)
    right, down = (np.float32(2 * np.pi * cycles * f(turn)) for f in (np.cos, np.sin))
    a, b = x_1W * right + y_H1 * down, y_H1 * right - x_1W * down
    if background.kind == "stripes":
        mix_HW += 0.16 * np.tanh(3 * np.sin(a))
    elif background.kind == "dots":
        mix_HW += 0.22 * (1 + np.tanh(6 * (np.sin(a) * np.sin(b) - 0.6)))
    elif background.kind == "linen":
        mix_HW += 0.10 * (np.sin(3 * a) + np.sin(3 * b))
    dark, light = (np.array(c, np.float32) for c in (background.dark, background.light))
    picture = dark + np.clip(mix_HW, -0.2, 1.2)[..., None] * (light - dark)
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def noise_HW(grid, height, width, cell):
    """A smooth field through the grid's values, one every `cell` pixels; the grid repeats where it ends."""
    rows, columns = (int(np.ceil(n / cell)) + 2 for n in (height, width))
    wide = np.take(np.take(grid, range(rows), 0, mode="wrap"), range(columns), 1, mode="wrap")
    matrix = np.array([[cell, 0, 0], [0, cell, 0]], np.float32)
    return cv2.warpAffine(wide, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


@lru_cache(maxsize=256)
def sprite(shape, colour, diameter):
    """The shape at angle 0, `diameter` pixels across, as premultiplied RGBA uint8: body, rim and mark. Read-only."""
    side = int(np.ceil(diameter * SPRITE / 2)) * 2
    fine = 4 * side
    body = np.zeros((fine, fine), np.uint8)
    cv2.fillPoly(body, [np.round((c * 4 * diameter + fine / 2) * 16).astype(np.int32) for c in contours(shape)], 255, shift=4)
    soft = cv2.GaussianBlur(body, (0, 0), 0.10 * diameter)
    body = np.where(soft > 127, np.uint8(255), np.uint8(0))  # a blur and a threshold round the corners
    rim = cv2.erode(body, np.ones((3, 3), np.uint8), iterations=max(1, round(0.10 * diameter)))
    wedge = np.zeros_like(body)
    middle, towards = (fine // 2, fine // 2), 90 if shape == "heart" else -90
    cv2.ellipse(wedge, middle, (fine, fine), towards, -MARK / 2, MARK / 2, 255, -1)
    tone = np.where(wedge > 0, 0.55, np.where(rim > 0, 1.0, 0.84)).astype(np.float32)
    rgba = np.empty((fine, fine, 4), np.float32)
    if shape in SEGMENTS:
        tone[:] = 1.0  # a number is read, not turned
    rgba[..., :3] = np.array(RGB[colour], np.float32) * tone[..., None]
    rgba[..., 3] = 255
    rgba *= (body > 0)[..., None]
    small = np.clip(cv2.resize(rgba, (side, side), interpolation=cv2.INTER_AREA) + 0.5, 0, 255).astype(np.uint8)
    small.setflags(write=False)
    return small


def contours(shape):
    """The outline(s) of a shape about (0, 0), y down, diameter about 1."""
    if shape in SEGMENTS:
        return [_BARS[one] for one in SEGMENTS[shape]]
    if shape == "circle":
        return [_round(0.48)]
    if shape == "ring":
        return [_round(0.5), _round(0.25)]  # fillPoly leaves what is inside two outlines empty
    if shape == "square":
        return [np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.41]
    if shape == "diamond":
        return [np.array([(0, -0.56), (0.36, 0), (0, 0.56), (-0.36, 0)])]
    if shape == "triangle":
        return [_round(0.58, 3)]
    if shape == "star":
        return [_round(0.58, 10) * np.resize([1.0, 0.46], 10)[:, None]]
    if shape == "cross":
        arm, end = 0.17, 0.5
        quarter = np.array([(-arm, -end), (arm, -end), (arm, -arm)])
        return [np.concatenate([quarter @ turn for turn in _QUARTERS])]
    t = np.linspace(0, 2 * np.pi, 96, endpoint=False)  # the heart
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return [np.stack([x, y - 1.5], 1) / 32]


def _bar(x, y, across):
    """One bar of a number of seven, about (x, y); bars meet and do not overlap, or fillPoly would leave that empty."""
    long, thick = (0.34, 0.18) if across else (0.18, 0.34)
    return np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (long / 2, thick / 2) + (x, y)


_BARS = {
    "a": _bar(0, -0.45, True), "g": _bar(0, 0, True), "d": _bar(0, 0.45, True),
    "f": _bar(-0.26, -0.27, False), "b": _bar(0.26, -0.27, False), "e": _bar(-0.26, 0.27, False), "c": _bar(0.26, 0.27, False),
}  # fmt: skip
_QUARTERS = [np.array([(c, s), (-s, c)]) for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))]


def _round(radius, corners=72):
    t = np.linspace(0, 2 * np.pi, corners, endpoint=False) - np.pi / 2
    return radius * np.stack([np.cos(t), np.sin(t)], 1)
