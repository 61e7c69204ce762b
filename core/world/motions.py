"""Where a thing is at any moment: action → pose(u), u = 0 … 1 over the clip.

Left, right, up and down are those of the screen; y grows downwards, so a growing angle turns clockwise.
"""

from dataclasses import dataclass
from math import pi, sin

BOUNCES = 2
SHAKES = 3
BLINKS = 2.5  # half a blink is 1/5 of the clip: 8 samples, 1/8 apart, always meet both states
HEADING = {"moves left": (-1.0, 0.0), "moves right": (1.0, 0.0), "moves up": (0.0, -1.0), "moves down": (0.0, 1.0)}


@dataclass(frozen=True)
class Pose:
    """x, y: fractions of the frame's width and height. size: diameter, of its shorter side. angle: degrees."""

    x: float
    y: float
    size: float
    angle: float
    shown: bool = True


@dataclass(frozen=True)
class Motion:
    """An action and its numbers. x, y, size, angle: the pose at the start, or the one it swings about.

    reach: how far — a fraction of the frame (moves, bounces, shakes), a factor (grows, shrinks) or degrees (spins).
    heading: direction of a move. moment: when it appears, vanishes or stops, 0–1; the phase of what repeats.
    A distractor may also do what is no action: "drifts", a slow move in any direction; and a number is there for a while
    ("flashes"): from `moment` on, for a share `reach` of the clip.
    """

    action: str
    x: float
    y: float
    size: float
    angle: float
    reach: float = 0.0
    heading: tuple[float, float] = (0.0, 0.0)
    moment: float = 0.0


def pose(motion, u):
    """The pose at u, the fraction of the clip that has passed."""
    m = motion
    x, y, size, angle, shown = m.x, m.y, m.size, m.angle, True
    if m.action in HEADING or m.action in ("drifts", "moves then stops"):
        along = m.reach * (min(u / m.moment, 1.0) if m.action == "moves then stops" else u)
        x, y = x + m.heading[0] * along, y + m.heading[1] * along
    elif m.action in ("grows", "shrinks"):
        size *= m.reach**u
    elif m.action.startswith("spins"):
        angle += m.reach * u
    elif m.action == "bounces":
        y -= m.reach * abs(sin(pi * (BOUNCES * u + m.moment)))
    elif m.action == "shakes":
        x += m.reach * sin(2 * pi * (SHAKES * u + m.moment))
    elif m.action == "blinks":
        shown = (BLINKS * u + m.moment) % 1 < 0.5
    elif m.action == "appears":
        shown = u >= m.moment
    elif m.action == "vanishes":
        shown = u < m.moment
    elif m.action == "flashes":
        shown = m.moment <= u < m.moment + m.reach
    return Pose(x, y, size, angle, shown)


def events(motion):
    """What happens at an instant, as (name, u) in order: ("stops", 0.52); a blink hides and shows, a bounce lands."""
    m = motion
    if m.action in ("appears", "vanishes"):
        return ((m.action, m.moment),)
    if m.action == "moves then stops":
        return (("stops", m.moment),)
    if m.action == "blinks":  # half-cycle k begins when BLINKS·u + phase = k/2; even ones are shown
        halves = ((k, (k / 2 - m.moment) / BLINKS) for k in range(9))
        return tuple(("hides" if k % 2 else "shows", u) for k, u in halves if 0 < u <= 1)
    if m.action == "bounces":
        return tuple(("lands", u) for k in range(4) if 0 < (u := (k - m.moment) / BOUNCES) <= 1)
    return ()
