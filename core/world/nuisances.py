"""What real video has besides an action, each with a strength from 0 (nothing) to 1: it fools one of two cues to
what matters, dynamics and attention.

    dynamics are fooled by what changes and is no thing that acts:
        shimmer      patches of the background change where they are, like leaves or water, as strongly as a moving thing
        lights       brightness flickers over a part of the frame, or all of it
        shake        the camera trembles
        pan          the camera travels
        background   the background slides
        blinking     distractors come and go
        drifting     distractors move, slower than any action
    attention is fooled by what stands out and does nothing: every distractor, and a patch that shimmers, in each frame alone.
    Blinking and drifting distractors fool both.

So neither cue finds the actor alone: where the background shimmers a thing must also look like one, and among still
distractors it must also move. What a nuisance changes is no truth of things: masks follow the camera, and `energy_GO` is that
of a thing's own layer, under steady light and a camera held still.

A scene has a strength for each; which patches, waves and lights they are follows from its background's seed, so that
`replace(scene, shimmer=0.5)` is the same clip with half of it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.world.textures import noise_HW

NUISANCES = ("pan", "background", "blinking", "drifting", "shimmer", "lights", "shake")
WEAKEST = 0.4  # strength that a mix draws, at least
GLINT = 55.0  # how far from its own colour a shimmering pixel gets at strength 1, of 255, now and then
FLICKER = 0.35  # share of the light that comes and goes
TREMBLE = 0.03  # of the frame, how far a shaking camera gets from its place


@dataclass(frozen=True)
class Mix:
    """What clips are drawn with. nuisances: the share that has one or two, as often the one as the other. clauses: the share
    in which a second thing acts, and the caption says so."""

    nuisances: float = 0.0
    clauses: float = 0.0


PLAIN = Mix()
STANDARD = Mix(nuisances=0.5, clauses=0.2)
MIXES = {"plain": PLAIN, "standard": STANDARD}


def draw(rng, mix, without):
    """{nuisance: strength} of one clip of a mix. without: those it cannot have."""
    if not rng.random() < mix.nuisances:
        return {}
    possible = [kind for kind in NUISANCES if kind not in without]
    kinds = rng.choice(possible, rng.integers(1, 3), replace=False)
    return {str(kind): float(rng.uniform(WEAKEST, 1)) for kind in kinds}


class Waves:
    """Signals of u, 0 … 1 over the clip: n of them, each the mean of two sines of random phase, from −1 to 1."""

    def __init__(self, rng, n, slowest, fastest):
        self.cycles_n2 = rng.uniform(slowest, fastest, (n, 2))
        self.phase_n2 = rng.uniform(0, 2 * np.pi, (n, 2))

    def at(self, u):
        return np.sin(2 * np.pi * self.cycles_n2 * u + self.phase_n2).mean(1)


class Nuisances:
    """Shimmer, lights and shake of one scene, as they are at any moment."""

    def __init__(self, scene):
        self.scene, (self.height, self.width) = scene, scene.size
        self.patches = [Shimmering(rng, scene) for rng in self._draws("shimmer").spawn(3)] if scene.shimmer else []

    def _draws(self, kind):
        return np.random.default_rng([self.scene.background.seed, NUISANCES.index(kind)])

    @cached_property
    def _shaking(self):
        return Waves(self._draws("shake"), 2, 3, 7)

    @cached_property
    def _lighting(self):
        """The wave of the light, and where it falls: a disc with a soft edge, or (one time in three) everywhere."""
        rng = self._draws("lights")
        waves, everywhere = Waves(rng, 1, 1.5, 4), rng.random() < 1 / 3
        x, y, radius = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.35, 0.6)
        if everywhere:
            return waves, np.ones((self.height, self.width), np.float32)
        return waves, disc_HW(self.height, self.width, x * self.width, y * self.height, radius * min(self.scene.size), 0.25)

    def trembling(self, u):
        """How far the camera is from where it should be, (x, y) in frames."""
        if not self.scene.shake:
            return (0.0, 0.0)
        x, y = self._shaking.at(u) * (TREMBLE * self.scene.shake)
        return float(x), float(y)

    def shimmer(self, u, camera, frame_HW3):
        """Paints what shimmers into a background that the camera, displaced by (x, y) pixels, sees."""
        for patch in self.patches:
            patch.paint(u, camera, frame_HW3)

    def light(self, u, frame_HW3):
        """Brightens or darkens the frame."""
        if self.scene.lights:
            waves, where_HW = self._lighting
            gain_HW = 1 + where_HW * np.float32(FLICKER * self.scene.lights * waves.at(u)[0])
            lit = frame_HW3 * gain_HW[..., None] + np.float32(0.5)
            frame_HW3[:] = np.minimum(lit, 255).astype(np.uint8)


class Shimmering:
    """A patch of background that changes where it is: textures that come and go, each with a wave of its own."""

    LAYERS = 4

    def __init__(self, rng, scene):
        unit = min(scene.size)
        radius = rng.uniform(0.11, 0.19) * unit
        self.x, self.y = rng.uniform(0, 1, 2) * scene.size[::-1]
        n = 2 * int(np.ceil(radius)) + 3
        self.half = n // 2
        self.share_nn1 = disc_HW(n, n, self.half, self.half, radius, 0.35)[..., None]
        cells = (unit / 11, unit / 14, unit / 24, unit / 30)
        layers = [noise_HW(rng.random((24, 24), np.float32) - 0.5, n, n, cell) for cell in cells]
        self.layers_Knn = np.stack([layer / (np.abs(layer).max() + 1e-6) for layer in layers])
        self.waves = Waves(rng, self.LAYERS, 2, 4)
        colour = np.array(scene.background.light, np.float32)  # glints have the background's hue
        self.glint_3 = np.float32(GLINT * scene.shimmer) * colour / colour.max()

    def paint(self, u, camera, frame_HW3):
        left, top = round(self.x - camera[0]) - self.half, round(self.y - camera[1]) - self.half
        height, width = frame_HW3.shape[:2]
        n = len(self.share_nn1)
        rows, columns = slice(max(0, -top), min(n, height - top)), slice(max(0, -left), min(n, width - left))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        wave_K = (2 * self.waves.at(u)).astype(np.float32)
        glitter_hw = np.einsum("k,khw->hw", wave_K, self.layers_Knn[:, rows, columns])
        window = frame_HW3[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop]
        lit = window + self.share_nn1[rows, columns] * glitter_hw[..., None] * self.glint_3 + np.float32(0.5)
        window[:] = np.clip(lit, 0, 255).astype(np.uint8)


def disc_HW(height, width, x, y, radius, soft):
    """1 inside a disc, 0 outside, and between them an edge as wide as `soft` of the radius."""
    y_H1, x_1W = np.mgrid[0:height, 0:1][0], np.arange(width)[None]
    far_HW = np.hypot(x_1W - x, y_H1 - y) / radius
    return np.clip((1 - far_HW) / soft, 0, 1).astype(np.float32)
