"""A scene at any times → frames and their truth.

Each thing is a layer: its sprite turned, scaled and placed to a fraction of a pixel, lit from the upper left, over its
own soft shadow. Layers are put on the background in order, the actor last. Nothing is random here: what shimmers, the light
and a trembling camera (`core.world.nuisances`) are functions of the moment, too.
"""

from dataclasses import dataclass
from math import ceil, cos, floor, radians, sin

import cv2
import numpy as np

from core.errors import ReaderError
from core.world.motions import pose
from core.world.nuisances import TREMBLE, Nuisances
from core.world.textures import background_HW3, sprite
from core.world.truth import Truth

SHADOW = 0.38  # how much light the shadow takes away


def segment_centres(seconds, T):
    """The middle of each of T equal parts of the clip."""
    return (np.arange(T) + 0.5) / T * seconds


def render(scene, time_T):
    """Frames uint8 RGB [T, H, W, 3] of a scene at times in seconds from 0 to its end, and their Truth."""
    return render_scenes((scene,), time_T)


def render_sequence(scenes, rate):
    """The scenes one after another at `rate` frames a second: one long clip, one Truth."""
    seconds = sum(scene.seconds for scene in scenes)
    return render_scenes(tuple(scenes), np.arange(round(seconds * rate)) / rate)


def render_scenes(scenes, time_T):
    """Frames and truth of consecutive scenes of one size, at times counted from the start of the first."""
    time_T = np.asarray(time_T, np.float64)
    scene_T, u_T = moments(scenes, time_T)
    (height, width), T, O = scenes[0].size, len(time_T), max(len(scene.objects) for scene in scenes)
    frames_THWC = np.empty((T, height, width, 3), np.uint8)
    instance_THW = np.zeros((T, height, width), np.uint8)
    box_TO4 = np.full((T, O, 4), np.nan)
    energy_GO, camera_G = np.zeros((T - 1, O)), np.zeros(T - 1)
    before, previous = (), None
    for t, s in enumerate(scene_T):
        scene = scenes[s]
        if t == 0 or s != scene_T[t - 1]:
            painter = Painter(scene)
        u = float(u_T[t])
        shown, own = painter.paint(u, frames_THWC[t], instance_THW[t])
        for o, layer in enumerate(shown):
            box_TO4[t, o] = bounds_4(instance_THW[t], o + 1, layer)
        camera = painter.camera(u)
        if t:
            for o in range(O):
                a, b = (layers[o] if o < len(layers) else None for layers in (before, own))
                energy_GO[t - 1, o] = energy(a, b) / (height * width * 4)
            if s == scene_T[t - 1]:
                camera_G[t - 1] = np.hypot(camera[0] - previous[0], camera[1] - previous[1])
        before, previous = own, camera
    return frames_THWC, Truth(tuple(scenes), time_T, instance_THW, box_TO4, energy_GO, camera_G)


def moments(scenes, time_T):
    """The scene that each time falls into, counted from 0, and how much of that scene is over, 0–1: [T] and [T]."""
    if len({scene.size for scene in scenes}) != 1:
        raise ReaderError(f"The scenes of one clip have one size, got {sorted({scene.size for scene in scenes})}.")
    second_S = np.array([scene.seconds for scene in scenes])
    end_S = np.cumsum(second_S)
    if time_T.ndim != 1 or not len(time_T) or not (0 <= time_T.min() and time_T.max() <= end_S[-1] + 1e-9):
        raise ReaderError(f"Times are at least one, from 0 to {end_S[-1]:g} seconds.")
    scene_T = np.minimum(np.searchsorted(end_S, time_T, side="right"), len(scenes) - 1)
    return scene_T, (time_T - end_S[scene_T]) / second_S[scene_T] + 1


def truth_at(truth, indices):
    """The truth of chosen frames. They are rendered again: the energy between them is not a sum of others."""
    return render_scenes(truth.scenes, truth.time_T[np.asarray(indices)])[1]


@dataclass(frozen=True, eq=False)
class Layer:
    """A thing's own picture: premultiplied RGBA, 0–1, shadow included, and the body's share of each pixel, of the
    part of the frame that begins at row `top` and column `left`."""

    top: int
    left: int
    rgba_hw4: np.ndarray
    body_hw: np.ndarray

    @property
    def window(self):
        height, width = self.body_hw.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


class Painter:
    """One scene's background and still things, kept while its frames are drawn."""

    def __init__(self, scene):
        self.scene, (self.height, self.width) = scene, scene.size
        self.layers, self.nuisances = {}, Nuisances(scene)
        reach = [abs(p) / 2 + abs(d) + TREMBLE * scene.shake for p, d in zip(scene.pan, scene.background.drift)]
        self.pad = ceil(reach[0] * self.width) + 2, ceil(reach[1] * self.height) + 2
        self.wide = background_HW3(
            scene.background, self.height + 2 * self.pad[1], self.width + 2 * self.pad[0], min(scene.size)
        )
        self.fixed = not any((*scene.pan, *scene.background.drift, scene.shake, scene.shimmer))
        still = [o for o in range(1, len(scene.objects)) if scene.objects[o].motion.action == "stays still"]
        moving = [o for o in range(1, len(scene.objects)) if o not in still]
        self.order = moving + [0] if self.fixed else still + moving + [0]
        self.picture, self.instance = self._backdrop(0.0), np.zeros(scene.size, np.uint8)
        if self.fixed:
            for o in still:
                put(self._layer(o, 0.0, (0.0, 0.0)), o + 1, self.picture, self.instance)

    def camera(self, u):
        """The camera's displacement in pixels, (x, y)."""
        (x, y), (right, down) = self.nuisances.trembling(u), self.scene.pan
        return right * (u - 0.5) * self.width + x * self.width, down * (u - 0.5) * self.height + y * self.height

    def paint(self, u, frame_HW3, instance_HW):
        """Draws into a frame and its instance mask; returns the layers as seen, and as a still camera sees them."""
        camera = self.camera(u)
        frame_HW3[:] = self.picture if self.fixed else self._backdrop(u)
        instance_HW[:] = self.instance
        self.nuisances.shimmer(u, camera, frame_HW3)
        own = [self._layer(o, u, (0.0, 0.0)) for o in range(len(self.scene.objects))]
        shown = own if not any(camera) else [self._layer(o, u, camera) for o in range(len(own))]
        for o in self.order:
            put(shown[o], o + 1, frame_HW3, instance_HW)
        self.nuisances.light(u, frame_HW3)
        return shown, own

    def _backdrop(self, u):
        drift, (x, y) = self.scene.background.drift, self.camera(u)
        x += self.pad[0] - drift[0] * (u - 0.5) * self.width
        y += self.pad[1] - drift[1] * (u - 0.5) * self.height
        centre = x + (self.width - 1) / 2, y + (self.height - 1) / 2
        return cv2.getRectSubPix(self.wide, (self.width, self.height), centre)

    def _layer(self, o, u, camera):
        now = pose(self.scene.objects[o].motion, u)
        kept = self.layers.get((o, any(camera)))
        if kept is None or kept[0] != (now, camera):
            kept = (now, camera), layer_of(self.scene.objects[o], now, camera, self.scene.size)
            self.layers[o, any(camera)] = kept
        return kept[1]


def layer_of(thing, now, camera, size):
    """The layer of a thing in a pose, or None where nothing of it can be seen."""
    if not now.shown:
        return None
    height, width = size
    diameter = now.size * min(size)
    x, y = now.x * width - camera[0], now.y * height - camera[1]
    half = ceil(0.75 * diameter) + 2
    left, top, n = floor(x) - half, floor(y) - half, 2 * half + 1
    rows = slice(max(0, -top), min(n, height - top))
    columns = slice(max(0, -left), min(n, width - left))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    x, y = x - left, y - top
    # twice as fine as the frame, from a sprite one to two times finer still; then the mean of each 2×2
    source = 1 << max(4, ceil(np.log2(2 * diameter)))
    picture = sprite(thing.shape, thing.colour, source)
    scale, turn = 2 * diameter / source, radians(now.angle)
    c, s, middle = scale * cos(turn), scale * sin(turn), (len(picture) - 1) / 2
    matrix = np.array([[c, -s, 2 * x - 0.5 - (c - s) * middle], [s, c, 2 * y - 0.5 - (s + c) * middle]], np.float64)
    fine = cv2.warpAffine(picture, matrix, (2 * n, 2 * n), flags=cv2.INTER_LINEAR)
    rgba = cv2.resize(fine, (n, n), interpolation=cv2.INTER_AREA).astype(np.float32) * np.float32(1 / 255)
    body = rgba[..., 3].copy()
    place = np.arange(n, dtype=np.float32) + 0.5
    light = 1.02 - (0.16 * (place - x) / diameter + 0.32 * ((place - y) / diameter)[:, None])
    rgba[..., :3] *= light[..., None].astype(np.float32)
    np.minimum(rgba, body[..., None], out=rgba)
    shift = np.array([[1, 0, 0.05 * diameter], [0, 1, 0.08 * diameter]])
    shadow = cv2.GaussianBlur(cv2.warpAffine(body, shift, (n, n)), (0, 0), 0.06 * diameter)
    rgba[..., 3] += (1 - body) * SHADOW * shadow
    return Layer(top + rows.start, left + columns.start, rgba[rows, columns], body[rows, columns])


def put(layer, number, frame_HW3, instance_HW):
    """Puts a layer over the frame, and its number where it covers more than half of a pixel."""
    if layer is None:
        return
    under = frame_HW3[layer.window].astype(np.float32)
    under *= 1 - layer.rgba_hw4[..., 3:]
    under += 255 * layer.rgba_hw4[..., :3] + 0.5
    frame_HW3[layer.window] = under.astype(np.uint8)
    instance_HW[layer.window][layer.body_hw > 0.5] = number


def bounds_4(instance_HW, number, layer):
    """x0, y0, x1, y1 of the visible pixels of a thing: x1 and y1 are one past the last. NaN where there are none."""
    if layer is None:
        return np.nan
    seen = instance_HW[layer.window] == number
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    if not len(rows):
        return np.nan
    return layer.left + columns[0], layer.top + rows[0], layer.left + columns[-1] + 1, layer.top + rows[-1] + 1


def energy(a, b):
    """The sum over the frame of the squared difference of two layers."""
    if a is b:
        return 0.0
    if a is None or b is None:
        return float(np.square((a or b).rgba_hw4).sum())
    top, left = min(a.top, b.top), min(a.left, b.left)
    bottom = max(layer.window[0].stop for layer in (a, b))
    right = max(layer.window[1].stop for layer in (a, b))
    change = np.zeros((bottom - top, right - left, 4), np.float32)
    change[a.top - top : a.window[0].stop - top, a.left - left : a.window[1].stop - left] += a.rgba_hw4
    change[b.top - top : b.window[0].stop - top, b.left - left : b.window[1].stop - left] -= b.rgba_hw4
    return float(np.square(change).sum())
