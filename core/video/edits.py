"""What if the clip were another? Edits of a clip: each a pure function of a clip and its settings, listed in EDITS.

    edited(clip, [{"name": "freeze", "frame": 3}, {"name": "shuffle", "seed": 1}])

An edit's settings are knobs, so that a page has their spans and a link their names. Edits follow one another: each counts the
frames of the clip it is given, from 1. `source_T` still says where every frame came from, `time_T` when it is shown, and
`notes` what was done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from core.errors import BadClip, BadKnob
from core.knobs import Knob, KnobSet, knob
from core.video.clip import Clip

FILLS = ("blur", "mean", "black")
LONGEST = 64  # frames: as many as are ever read at once
MOST = 16  # edits of one clip
FIRST, LAST = "first frame, counted from 1", "last frame; 0 = the clip's last"
SPREAD = 0.1  # of the shorter side: a blur in which nothing of a region is left


class Frames(KnobSet):
    """Which frames an edit touches."""

    first: int = knob(1, "from", (1, LONGEST, 1), FIRST)
    last: int = knob(0, "to", (0, LONGEST, 1), LAST)


class PaintKnobs(Frames):
    """A box in fractions of the frame, and what takes its place."""

    left: float = knob(0.25, "x₀", (0.0, 1.0, 0.01), "left end of the box, in frame widths")
    top: float = knob(0.25, "y₀", (0.0, 1.0, 0.01), "top end of the box, in frame heights")
    right: float = knob(0.75, "x₁", (0.0, 1.0, 0.01), "right end of the box")
    bottom: float = knob(0.75, "y₁", (0.0, 1.0, 0.01), "bottom end of the box")
    fill: str = knob("blur", "fill", FILLS, "a wide blur, the clip's mean colour, or black")


class BlurKnobs(Frames):
    """How much."""

    sigma: float = knob(0.03, "σ", (0.0, 0.2, 0.005), "width of the blur, of the frame's shorter side")


class FreezeKnobs(Frames):
    """Which frame stands still."""

    frame: int = knob(1, "t", (1, LONGEST, 1), "the frame that is shown all the time, counted from 1")


class DropKnobs(Frames):
    """Which frames go; without other word the first."""

    last: int = knob(1, "to", (0, LONGEST, 1), LAST)


class ShuffleKnobs(KnobSet):
    """Which order."""

    seed: int = knob(0, "seed", (0, 999, 1), "of the order")


class NoKnobs(KnobSet):
    """Nothing to choose."""


@dataclass(frozen=True)
class Edit:
    """One kind of change. make: (clip, settings) → clip."""

    name: str
    title: str
    settings: type[KnobSet]
    make: Callable[[Clip, Any], Clip]

    def knobs(self) -> tuple[Knob, ...]:
        """What can be chosen, with spans."""
        return self.settings.knobs()


def edited(clip: Clip, edits: Sequence[Mapping[str, Any]]) -> Clip:
    """The clip after all edits, one after the other. What is no edit, or has a bad value, is one sentence."""
    for one in checked_edits(edits):
        chosen = EDITS[one["name"]]
        clip = chosen.make(clip, chosen.settings.of({name: value for name, value in one.items() if name != "name"}))
    return clip


def checked_edits(edits: Any) -> tuple[dict[str, Any], ...]:
    """The same edits with every setting written out: plain values, ready for JSON or a link."""
    if isinstance(edits, (str, Mapping)) or not isinstance(edits, Sequence):
        raise BadKnob(f"Edits are a list such as [{{'name': 'reverse'}}], got {str(edits)[:60]!r}.")
    if len(edits) > MOST:
        raise BadKnob(f"Up to {MOST} edits follow one another, got {len(edits)}.")
    made = []
    for one in edits:
        name = one.get("name") if isinstance(one, Mapping) else one
        if not isinstance(one, Mapping) or not isinstance(name, str) or name not in EDITS:
            raise BadKnob(f"There is no edit {str(name)[:40]!r}. They are {', '.join(EDITS)}.")
        chosen = EDITS[name]
        settings = chosen.settings.of({str(key): value for key, value in one.items() if key != "name"})
        made.append({"name": name} | {k.name: getattr(settings, k.name) for k in chosen.knobs()})
    return tuple(made)


def frames_left(edits: Sequence[Mapping[str, Any]], frames: int) -> int:
    """How many frames of so many are there after the edits. What cannot be done to a clip of this length is a ReaderError:
    edits can be checked before a file is read."""
    place_T = np.arange(frames)
    return len(edited(Clip(np.zeros((frames, 1, 1, 3), np.uint8), place_T, place_T), edits))


def in_words(edits: Sequence[Mapping[str, Any]]) -> str:
    """ "Freeze: repeat one frame (from = 1, to = 0, t = 3); Reverse": checked edits, for captions."""
    told = []
    for one in edits:
        chosen = EDITS[one["name"]]
        settings = ", ".join(f"{k.symbol} = {one[k.name]}" for k in chosen.knobs())
        told.append(f"{chosen.title} ({settings})" if settings else chosen.title)
    return "; ".join(told)


def paint_patches(clip: Clip, region_TP: np.ndarray, grid: tuple[int, int], fill: str = "blur") -> Clip:
    """A region of patches painted out, as a method kept it: [T, P] bool, patches row-major on `grid` (rows, columns)."""
    (rows, columns), (T, H, W) = grid, clip.frames_THWC.shape[:3]
    if np.shape(region_TP) != (T, rows * columns):
        raise BadKnob(f"A region of this clip is [{T}, {rows * columns}], got {list(np.shape(region_TP))}.")
    row_H, column_W = np.arange(H) * rows // H, np.arange(W) * columns // W
    mask_THW = np.asarray(region_TP, bool).reshape(T, rows, columns)[:, row_H][:, :, column_W]
    return _painted(clip, mask_THW, fill, f"{int(np.sum(region_TP))} patches are painted out ({fill}).")


# ---- edits -----------------------------------------------------------------------------------------------------------


def paint(clip: Clip, asked: PaintKnobs) -> Clip:
    """A box painted out."""
    if not (asked.left < asked.right and asked.top < asked.bottom):
        corners = asked.left, asked.top, asked.right, asked.bottom
        raise BadKnob(f"The box ends to the right of and below where it begins, got {corners}.")
    T, H, W = clip.frames_THWC.shape[:3]
    mask_THW = np.zeros((T, H, W), bool)
    rows = slice(int(asked.top * H), max(int(np.ceil(asked.bottom * H)), 1))
    columns = slice(int(asked.left * W), max(int(np.ceil(asked.right * W)), 1))
    mask_THW[span(clip, asked), rows, columns] = True
    box = f"({asked.left}, {asked.top}) to ({asked.right}, {asked.bottom})"
    return _painted(clip, mask_THW, asked.fill, f"A box from {box} is painted out ({asked.fill}) in {said(clip, asked)}.")


def blur(clip: Clip, asked: BlurKnobs) -> Clip:
    """Whole frames blurred."""
    frames = clip.frames_THWC.copy()
    frames[span(clip, asked)] = blurred(frames[span(clip, asked)], asked.sigma)
    told = f"{said(clip, asked).capitalize()} are blurred (σ = {asked.sigma} of the shorter side)."
    return noted(clip, told, frames_THWC=frames)


def freeze(clip: Clip, asked: FreezeKnobs) -> Clip:
    """One frame in the place of others: nothing moves any more."""
    place = frame_at(clip, "t (frame)", asked.frame)
    order_T = np.arange(len(clip))
    order_T[span(clip, asked)] = place
    return taken(clip, order_T, f"{said(clip, asked).capitalize()} show frame {asked.frame}.")


def drop(clip: Clip, asked: DropKnobs) -> Clip:
    """Frames left out; those that stay keep their times."""
    order_T = np.delete(np.arange(len(clip)), span(clip, asked))
    if not len(order_T):
        raise BadClip(f"Dropping {said(clip, asked)} of {len(clip)} leaves none.")
    dropped = taken(clip, order_T, f"{said(clip, asked).capitalize()} are left out.")
    return replace(dropped, time_T=clip.time_T[order_T])


def reverse(clip: Clip, asked: NoKnobs) -> Clip:
    """Backwards."""
    return taken(clip, np.arange(len(clip))[::-1], "The frames run backwards.")


def shuffle(clip: Clip, asked: ShuffleKnobs) -> Clip:
    """The frames in a random order, the same for the same seed."""
    order_T = np.random.default_rng(asked.seed).permutation(len(clip))
    return taken(clip, order_T, f"The frames are shuffled (seed {asked.seed}).")


EDITS: Mapping[str, Edit] = {
    one.name: one
    for one in (
        Edit("paint", "Paint out a box", PaintKnobs, paint),
        Edit("blur", "Blur frames", BlurKnobs, blur),
        Edit("freeze", "Freeze: repeat one frame", FreezeKnobs, freeze),
        Edit("drop", "Drop frames", DropKnobs, drop),
        Edit("reverse", "Reverse", NoKnobs, reverse),
        Edit("shuffle", "Shuffle frames", ShuffleKnobs, shuffle),
    )
}


# ---- parts -----------------------------------------------------------------------------------------------------------


def frame_at(clip: Clip, what: str, number: int) -> int:
    """A frame's number, from 1 → its place, from 0."""
    if number > len(clip):
        raise BadKnob(f"{what} is 1 to {len(clip)}, the frames of the clip, got {number}.")
    return number - 1


def span(clip: Clip, asked: Any) -> slice:
    """The places that an edit touches."""
    last = asked.last or len(clip)
    if asked.first > last:
        raise BadKnob(f"The first frame is not behind the last, got {asked.first} to {last}.")
    return slice(frame_at(clip, "from (first)", asked.first), frame_at(clip, "to (last)", last) + 1)


def said(clip: Clip, asked: Any) -> str:
    """The same in words."""
    return f"frames {asked.first} to {asked.last or len(clip)}"


def noted(clip: Clip, note: str, **changed: Any) -> Clip:
    """The clip, changed, and a note of it."""
    return replace(clip, notes=(*clip.notes, note), **changed)


def taken(clip: Clip, order: np.ndarray, note: str) -> Clip:
    """Frames at these places, shown at the clip's first times."""
    return noted(
        clip, note,
        frames_THWC=clip.frames_THWC[order], source_T=clip.source_T[order], time_T=clip.time_T[: len(order)],
    )  # fmt: skip


def blurred(frames_THWC: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian, σ in shares of the shorter side; 0 changes nothing."""
    width = sigma * min(frames_THWC.shape[1:3])
    if width == 0:
        return frames_THWC
    return np.stack([cv2.GaussianBlur(one, (0, 0), width, borderType=cv2.BORDER_REFLECT) for one in frames_THWC])


def _painted(clip: Clip, mask_THW: np.ndarray, fill: str, note: str) -> Clip:
    """The fill where the mask is true."""
    if fill not in FILLS:
        raise BadKnob(f"The fill is one of {', '.join(FILLS)}, got {fill!r}.")
    if fill == "blur":
        other_THWC = blurred(clip.frames_THWC, SPREAD)
    elif fill == "mean":
        other_THWC = clip.frames_THWC.mean((0, 1, 2)).round().astype(np.uint8)
    else:
        other_THWC = np.uint8(0)
    return noted(clip, note, frames_THWC=np.where(mask_THW[..., None], other_THWC, clip.frames_THWC))
