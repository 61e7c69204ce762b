"""A scene: one actor that does one thing, up to four distractors, a background, a camera — as numbers, from a seed.

No single frame tells the action. Every scene draws a path (across or down), a growth and an angle. The action uses
what it needs of them; the rest it sees at one random moment, so that over a clip a still thing is where a moving one
passes, and as large as a growing one is on its way. An empty frame is the exception: something blinks, appears or
vanishes.

A scene may have nuisances (`core.world.nuisances`), and a second thing that acts.
"""

from colorsys import hsv_to_rgb
from dataclasses import dataclass, replace
from math import cos, sin

import numpy as np

from core.errors import ReaderError
from core.world.captions import ACTIONS, MOVES, SPLITS, caption, meanwhile, one_of, pairs
from core.world.motions import HEADING, Motion, pose
from core.world.nuisances import NUISANCES, PLAIN, draw

HARD = (None, "pan", "background", "blinking", "drifting")  # the nuisances that stored tables ask for one by one
OF_DISTRACTORS = {"blinking", "drifting"}
MARGIN = 0.17  # no centre comes closer to the edge, in shorter sides: half of the largest size, and a little


@dataclass(frozen=True)
class Thing:
    """id: its value in the instance mask, 1 for the actor. role: "actor", "second" (it acts, too) or "distractor". size:
    diameter at the start, as a fraction of the frame's shorter side."""

    id: int
    role: str
    shape: str
    colour: str
    size: float
    motion: Motion


@dataclass(frozen=True)
class Background:
    """A texture between two muted colours (RGB, 0–255). drift: how far it slides in the clip, in frames (x, y)."""

    seed: int
    kind: str
    dark: tuple[int, int, int]
    light: tuple[int, int, int]
    drift: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Scene:
    """pan: how far the camera travels during the clip, in frames (x, y); it is at 0 in the middle. size: (H, W).
    shimmer, lights, shake: strengths of these nuisances."""

    objects: tuple[Thing, ...]
    background: Background
    pan: tuple[float, float]
    action: str
    caption: str
    seconds: float
    size: tuple[int, int]
    seed: int
    split: str
    shimmer: float = 0.0
    lights: float = 0.0
    shake: float = 0.0

    @property
    def actor(self):
        return self.objects[0]

    @property
    def acting(self):
        """The things the caption speaks of: the actor, and the second thing where there is one."""
        return tuple(thing for thing in self.objects if thing.role != "distractor")


def sample_scene(
    seed, split="train", *, action=None, distractors=None, hard=None, strength=1.0, mix=PLAIN, size=(128, 128), seconds=2.0
):
    """The scene of a seed. The same seed with another action keeps the actor's colour, shape and background.

    hard: one nuisance, as strong as `strength`. mix: what nuisances are drawn where none is asked for, and whether a second
    thing acts: by default there are none, and only the actor does.
    """
    one_of("hard case", hard, (None, *NUISANCES))
    if not 0 < strength <= 1:
        raise ReaderError(f"The strength of a nuisance is above 0 and at most 1, got {strength!r}.")
    if distractors is not None and distractors not in range(5):
        raise ReaderError(f"The number of distractors is 0 to 4, got {distractors!r}.")
    if distractors == 0 and hard in OF_DISTRACTORS:
        raise ReaderError(f"The hard case {hard!r} needs at least 1 distractor, got 0.")
    if not seconds > 0:
        raise ReaderError(f"A clip lasts longer than 0 seconds, got {seconds!r}.")
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ReaderError(f"The seed is a whole number from 0, got {seed!r}.")
    if min(size) < 16:
        raise ReaderError(f"A frame has at least 16 pixels a side, got {size[0]}×{size[1]}.")
    rng = np.random.default_rng([SPLITS.index(one_of("split", split, SPLITS)), seed])
    drawn = ACTIONS[rng.integers(len(ACTIONS))]
    action = drawn if action is None else one_of("action", action, ACTIONS)
    own = pairs(split)
    colour, shape = own[rng.integers(len(own))]
    # of draws of its own, so that a mix changes nothing where it draws nothing
    extra = np.random.default_rng([SPLITS.index(split), seed, len(SPLITS)])
    drawn_of_mix = draw(extra, mix, OF_DISTRACTORS if distractors == 0 else ())
    strong = {hard: float(strength)} if hard else drawn_of_mix
    second = extra.random() < mix.clauses and distractors != 0
    background = sample_background(rng, strong.get("background", 0.0))
    pan = _vector(rng, 0.12, 0.20, strong["pan"]) if "pan" in strong else (0.0, 0.0)
    drawn = int(rng.integers(1 if strong.keys() & OF_DISTRACTORS else 0, 5))
    count = max(drawn, second) if distractors is None else distractors
    motion, kept_free = sample_motion(rng, action, size)
    actor = Thing(1, "actor", shape, colour, motion.size, motion)
    seconds_motions = sample_second(extra, action, size) if second else ()
    others = sample_distractors(rng, actor, kept_free, count, split, strong, size, seconds_motions)
    words = caption(colour, shape, action)
    for one in others[:second]:
        words = meanwhile(words, caption(one.colour, one.shape, one.motion.action))
    still = {kind: strong.get(kind, 0.0) for kind in ("shimmer", "lights", "shake")}
    return Scene((actor, *others), background, pan, action, words, float(seconds), tuple(size), int(seed), split, **still)


def sample_motion(rng, action, size):
    """The actor's motion, and the poses to keep clear of distractors: its own, and those of the path it was offered
    (or a corridor without distractors would tell a move)."""
    side = min(size)
    edge = (MARGIN * side / size[1], MARGIN * side / size[0])  # x, y
    across = rng.random() < 0.5
    starts, lengths, forward = [], [], rng.random() < 0.5
    for axis in (0, 1):
        lengths.append(rng.uniform(0.35, 0.60))
        starts.append(rng.uniform(edge[axis], 1 - edge[axis] - lengths[axis]))
    moments = rng.random(4).tolist()
    place = [start + length * u for start, length, u in zip(starts, lengths, moments)]
    small, factor = rng.uniform(0.15, 0.165), rng.uniform(1.8, 2.0)
    diameter = small * factor ** moments[2]
    angle, degrees = rng.uniform(0, 360), rng.uniform(120, 300)
    middle, swing, height = rng.uniform(0.4, 0.6), rng.uniform(0.06, 0.09), rng.uniform(0.22, 0.30)
    event, phase = rng.uniform(0.3, 0.7), moments[3]

    direction = MOVES[(0 if across else 2) + forward]
    heading = HEADING[action if action in MOVES else direction]
    axis = 0 if heading[0] else 1
    begin = list(place)
    begin[axis] = starts[axis] + (lengths[axis] if sum(heading) < 0 else 0)
    move = Motion(action, *begin, diameter, angle, lengths[axis], heading)
    still = Motion(action, *place, diameter, angle)
    if action in MOVES:
        motion = move
    elif action == "moves then stops":
        motion = replace(move, moment=middle)
    elif action == "grows":
        motion = replace(still, size=small, reach=factor)
    elif action == "shrinks":
        motion = replace(still, size=small * factor, reach=1 / factor)
    elif action.startswith("spins"):
        motion = replace(still, reach=degrees if action == "spins clockwise" else -degrees)
    elif action == "bounces":  # |sin| is 2/π on average: the floor is that much below the place
        floor = np.clip(place[1] + height * 2 / np.pi, edge[1] + height, 1 - edge[1])
        motion = replace(still, y=float(floor), reach=height, moment=phase)
    elif action == "shakes":
        x = np.clip(place[0], edge[0] + swing, 1 - edge[0] - swing)
        motion = replace(still, x=float(x), reach=swing, moment=phase)
    elif action == "blinks":
        motion = replace(still, moment=phase)
    elif action in ("appears", "vanishes"):
        motion = replace(still, moment=event)
    else:
        motion = still
    offered = replace(move, action=direction if action not in MOVES else action)
    return motion, [pose(m, u) for m in (motion, offered) for u in np.linspace(0, 1, 9)]


def sample_second(rng, action, size):
    """Motions that a second thing may have, of one action that is not the actor's, and where each passes."""
    others = [name for name in ACTIONS if name not in (action, "stays still")]
    chosen = others[rng.integers(len(others))]
    motions = [sample_motion(rng, chosen, size)[0] for _ in range(12)]
    return [(motion, [pose(motion, u) for u in np.linspace(0, 1, 5)]) for motion in motions]


def sample_distractors(rng, actor, kept_free, count, split, strong, size, second=()):
    """`count` things unlike the actor and one another, where nothing else passes — or, failing that, where the overlap
    is least. strong: the strengths of nuisances. second: the motions, and where they pass, of which the first has one."""
    allowed = set(pairs("train") + pairs(split)) - {(actor.colour, actor.shape)}
    looks = rng.permutation(sorted(allowed))[:count]
    taken, things = list(kept_free), []
    for number, (colour, shape) in enumerate(looks):
        if number == 0 and second:
            role, candidates, swept = "second", *zip(*second, strict=True)
        else:
            restless = number == 0 or rng.random() < 0.5
            role, candidates = "distractor", [_distractor_motion(rng, strong if restless else {}, size) for _ in range(24)]
            swept = [[pose(m, u) for u in ((0, 0.5, 1) if m.action == "drifts" else (0,))] for m in candidates]
        best = int(np.argmax(_clearance(swept, taken, size)))
        taken += swept[best]
        motion = candidates[best]
        things.append(Thing(number + 2, role, str(shape), str(colour), motion.size, motion))
    return tuple(things)


def _distractor_motion(rng, strong, size):
    diameter = rng.uniform(0.15, 0.165) * rng.uniform(1.8, 2.0) ** rng.random()
    edge_y, edge_x = (0.55 * diameter * min(size) / side for side in size)
    x, y = rng.uniform(edge_x, 1 - edge_x), rng.uniform(edge_y, 1 - edge_y)
    motion = Motion("stays still", x, y, diameter, rng.uniform(0, 360))
    if "blinking" in strong:
        return replace(motion, action="blinks", moment=rng.random())
    if "drifting" in strong:  # slower than any move: 0.35 of the frame at least
        dx, dy = _vector(rng, 0.10, 0.18, strong["drifting"])
        return replace(motion, action="drifts", x=x - dx / 2, y=y - dy / 2, heading=(dx, dy), reach=1.0)
    return motion


def _clearance(swept, taken, size):
    """For each candidate the smallest gap to what is taken, in shorter sides; beyond touching, more is no better."""
    side, height, width = min(size), *size
    other_N3 = np.array([(p.x * width / side, p.y * height / side, p.size) for p in taken])
    own_CP3 = np.array([[(p.x * width / side, p.y * height / side, p.size) for p in poses] for poses in swept])
    gap_CPN = np.hypot(own_CP3[:, :, None, 0] - other_N3[:, 0], own_CP3[:, :, None, 1] - other_N3[:, 1]) - 0.56 * (
        own_CP3[:, :, None, 2] + other_N3[:, 2]
    )
    return np.minimum(gap_CPN.min((1, 2)), 0.02)


def sample_background(rng, slides):
    """Two muted colours of neighbouring hues, dark enough that all eight colours stand out. slides: how strongly, 0–1."""
    kind = ("clouds", "linen", "stripes", "dots")[rng.integers(4)]
    hue, value = rng.random(), rng.uniform(0.32, 0.46)
    dark = _rgb(hue, rng.uniform(0.15, 0.34), value)
    light = _rgb(hue + rng.uniform(-0.10, 0.10), rng.uniform(0.10, 0.28), value + rng.uniform(0.10, 0.18))
    drift = _vector(rng, 0.25, 0.45, slides) if slides else (0.0, 0.0)
    return Background(int(rng.integers(2**31)), kind, dark, light, drift)


def _rgb(hue, saturation, value):
    return tuple(round(255 * c) for c in hsv_to_rgb(hue % 1, saturation, value))


def _vector(rng, shortest, longest, share=1.0):
    turn, length = rng.uniform(0, 2 * np.pi), share * rng.uniform(shortest, longest)
    return (length * cos(turn), length * sin(turn))
