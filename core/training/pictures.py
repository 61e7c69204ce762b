"""Single pictures of the world with sentences about them: what the small CLIP is trained on.

Frames, and the sentence lists what they show ("a red ring and a blue star"). Windows: a quarter of a frame about a thing,
turned any way, of which only the things are asked. Three plates: a colour photograph of a clip as they were once made, the red,
the green and the blue plate one after the other: what moves leaves fringes of colour, which tell in what order it was where,
and the sentence is the clip's caption. This is how the tower comes to know what "moves left" can look like; they are there so
that prompts can steer the frozen tower towards an action. A frame still tells no action.

Pictures are mirrored (and "left" with them), plates cropped a little, and some compressed or given a sensor's noise: without
that the tower learns its backgrounds by heart.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from core.data.rendered import Sample
from core.training.words import list_of, paraphrase
from core.world import ACTIONS, COLOURS, SHAPES, STORED, Scene, Thing, caption, degrade, meanwhile, pairs

CROP = 0.86  # least side of the window that is cut out of a picture
SPOILT = 0.25  # of the pictures are compressed or noisy
SEEN = 40  # pixels of a thing, at least, that make it one that is seen
WINDOW = 64  # pixels
STEP = 16  # pixels between two places of a window
MIRRORED = {"moves left": "moves right", "spins clockwise": "spins counter-clockwise"}
MIRRORED |= {after: before for before, after in MIRRORED.items()}
PAIRS = pairs("train")
NOUNS = [list_of([f"{colour} {shape}"]) for colour, shape in PAIRS]
COLOURED, SHAPED = ([list_of([one]) for one in ones] for ones in ([f"{c} object" for c in COLOURS], SHAPES))
LOOK_Y2 = np.array([(COLOURS.index(colour), SHAPES.index(shape)) for colour, shape in PAIRS])
# Of a red thing training never says that it is no ring: no red thing is one there, and that would be learned by heart
MAY_COLOUR_YK, MAY_SHAPE_YK = (np.array([[may(pair, one) in PAIRS for one in ones] for pair in PAIRS]) for ones, may in (
    (COLOURS, lambda pair, colour: (colour, pair[1])), (SHAPES, lambda pair, shape: (pair[0], shape)),
))  # fmt: skip
DOINGS = [caption(None, None, action) for action in ACTIONS]


@dataclass(frozen=True)
class Shown:
    """A clip without its masks: of each thing the box and how many pixels of it are seen, and of each patch the thing that
    covers a third of it or more, 0 where none does."""

    scene: Scene
    frames_THWC: np.ndarray
    box_TO4: np.ndarray
    area_TO: np.ndarray
    patch_TRC: np.ndarray

    @staticmethod
    def of(one: Sample) -> "Shown":
        ids = [thing.id for thing in one.scene.objects]
        T, H, W = one.instance_THW.shape
        cut_TRhCw = one.instance_THW.reshape(T, H // STEP, STEP, W // STEP, STEP)
        share_OTRC = np.stack([(cut_TRhCw == i).mean((2, 4)) for i in ids])
        patch_TRC = np.where(share_OTRC.max(0) >= 1 / 3, 1 + share_OTRC.argmax(0), 0).astype(np.uint8)
        area_TO = np.round(share_OTRC.sum((2, 3)).T * STEP**2).astype(int)
        return Shown(one.scene, one.frames_THWC, one.box_TO4, area_TO, patch_TRC)

    def seen(self, t: int) -> list[int]:
        """Indices of the things of a frame that are seen well enough to be named."""
        return np.flatnonzero(self.area_TO[t] >= SEEN).tolist()


@dataclass(frozen=True)
class Batch:
    """Whole pictures, each with a sentence about it, and windows. uint8.

    patch_BRC, patch_Whw: what each patch of a picture, of a window shows, an index in NOUNS, or −1. thing_BY: of whole pictures
    and then of windows, which of NOUNS are there: 1, 0, or −1 where one may not say (it is hardly seen; of plates, all).
    action_B: of whole pictures, the index in DOINGS, or −1 where it has none.
    """

    pictures_BHWC: Tensor
    patch_BRC: Tensor
    texts: list[str]
    windows_WHWC: Tensor
    patch_Whw: Tensor
    thing_BY: Tensor
    action_B: Tensor


def batch(clips: list[Shown], size: int, plates: int, windows: int, rng: np.random.Generator) -> Batch:
    """`size` pictures of different clips, the first `plates` of them three plates, and `windows` of others."""
    pictures, shown, texts, cut, patches, things, actions = [], [], [], [], [], [], []
    for number, i in enumerate(rng.choice(len(clips), size + windows, replace=False)):
        one, mirror = clips[i], rng.random() < 0.5
        if number < size:
            make = plate_of if number < plates else frame_of
            picture, patch_RC, said, there_Y, action = make(one, mirror, rng)
            pictures.append(spoilt(picture[:, ::-1] if mirror else picture, rng))
            shown.append(patch_RC[:, ::-1] if mirror else patch_RC)
            texts.append(paraphrase(said, rng))
            actions.append(action)
        else:
            *window, there_Y = window_of(one, rng)
            turn = rng.integers(4)
            for parts, part in zip((cut, patches), window, strict=True):
                parts.append(np.rot90(part[:, ::-1] if mirror else part, turn))
        things.append(there_Y)
    none = np.zeros((0, WINDOW, WINDOW, 3), np.uint8), np.zeros((0, WINDOW // STEP, WINDOW // STEP), int)
    stacked = (np.stack(cut), np.stack(patches)) if cut else none
    return Batch(
        torch.from_numpy(np.stack(pictures)), torch.from_numpy(np.stack(shown)), texts, *map(torch.from_numpy, stacked),
        torch.from_numpy(np.stack(things)), torch.tensor(actions),
    )  # fmt: skip


def frame_of(one: Shown, mirror: bool, rng: np.random.Generator):
    """A frame, what its patches show, what up to three of its things are (or of an empty frame the clip's caption), which nouns
    are there."""
    t = rng.integers(len(one.frames_THWC))
    seen = one.seen(t)
    nouns = [noun(one.scene.objects[o]) for o in rng.permutation(seen)[:3]] if seen else []
    said = list_of(nouns) if nouns else clause(one.scene.actor, mirror)
    there_Y = there(one, seen, np.flatnonzero(one.area_TO[t]).tolist())
    return one.frames_THWC[t], nouns_of(one)[one.patch_TRC[t]], said, there_Y, -1


def plate_of(one: Shown, mirror: bool, rng: np.random.Generator):
    """Three plates and the clip's caption: where two things act, of one of them or of both in any order; a quarter says only
    "an object"."""
    acting = one.scene.acting
    told = [acting[i] for i in rng.permutation(len(acting))[: rng.integers(len(acting)) + 1]]
    if len(told) == 2:
        said = meanwhile(*(clause(thing, mirror) for thing in told))
    else:
        said = clause(told[0], mirror, bare=rng.random() < 0.25)
    action = ACTIONS.index(doing(acting[0], mirror)) if len(acting) == 1 else -1
    nothing = np.full_like(one.patch_TRC[0], -1, int), np.full(len(NOUNS), -1)
    return cropped(three_plates(one.frames_THWC, rng), rng), nothing[0], said, nothing[1], action


def window_of(one: Shown, rng: np.random.Generator):
    """A window with the whole box of one thing in it, if a thing is seen, what its patches show, and which nouns are there."""
    t = rng.integers(len(one.frames_THWC))
    seen, rows = one.seen(t), (one.frames_THWC.shape[1] - WINDOW) // STEP + 1
    corners_K2 = STEP * np.stack(np.meshgrid(range(rows), range(rows)), -1).reshape(-1, 2)  # x, y
    share_KO = inside(corners_K2, one.box_TO4[t])
    fits = np.flatnonzero(share_KO[:, rng.choice(seen)] == 1) if seen else np.arange(len(corners_K2))
    k = rng.choice(fits if len(fits) else len(corners_K2))
    x, y = corners_K2[k]
    whole = [o for o in seen if share_KO[k, o] > 0.8]
    there_Y = there(one, whole, np.flatnonzero(share_KO[k] > 0).tolist())
    row, column, n = y // STEP, x // STEP, WINDOW // STEP
    patch_hw = nouns_of(one)[one.patch_TRC[t, row : row + n, column : column + n]]
    return one.frames_THWC[t, y : y + WINDOW, x : x + WINDOW], patch_hw, there_Y


def nouns_of(one: Shown) -> np.ndarray:
    """The index in NOUNS of each instance, −1 of none (0)."""
    return np.array([-1, *(PAIRS.index((thing.colour, thing.shape)) for thing in one.scene.objects)])


def inside(corners_K2: np.ndarray, box_O4: np.ndarray) -> np.ndarray:
    """The share of each box that lies in each window: [K, O]; 0 of what is not seen."""
    low_KO2 = np.maximum(corners_K2[:, None], box_O4[:, :2])
    high_KO2 = np.minimum(corners_K2[:, None] + WINDOW, box_O4[:, 2:])
    area_O = np.prod(box_O4[:, 2:] - box_O4[:, :2], -1)
    return np.nan_to_num(np.prod(np.maximum(high_KO2 - low_KO2, 0), -1) / area_O)


def there(one: Shown, named: list[int], touched: list[int]) -> np.ndarray:
    """[Y]: 1 for the nouns of the things named, −1 for those of others of which a bit is seen, else 0."""
    there_Y = np.zeros(len(NOUNS), int)
    for value, things in ((-1, touched), (1, named)):
        for o in things:
            there_Y[PAIRS.index((one.scene.objects[o].colour, one.scene.objects[o].shape))] = value
    return there_Y


def noun(thing: Thing) -> str:
    """ "red ring"."""
    return f"{thing.colour} {thing.shape}"


def doing(thing: Thing, mirror: bool) -> str:
    """What it does, as a mirror shows it."""
    action = thing.motion.action
    return MIRRORED.get(action, action) if mirror else action


def clause(thing: Thing, mirror: bool, bare: bool = False) -> str:
    """The caption of one thing; bare: of "an object"."""
    return caption(None if bare else thing.colour, None if bare else thing.shape, doing(thing, mirror))


def cropped(picture_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A window of a random size and place, as large as the picture again."""
    H, W, _ = picture_HWC.shape
    share = rng.uniform(CROP, 1)
    h, w = round(share * H), round(share * W)
    y, x = rng.integers(H - h + 1), rng.integers(W - w + 1)
    return cv2.resize(np.ascontiguousarray(picture_HWC[y : y + h, x : x + w]), (W, H), interpolation=cv2.INTER_LINEAR)


def spoilt(picture_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some pictures as files and cameras keep them, the others as they are."""
    if rng.random() >= SPOILT:
        return picture_HWC
    kind = str(rng.choice(list(STORED)))
    return degrade(picture_HWC[None], kind, STORED[kind] * rng.uniform(), seed=int(rng.integers(2**31)))[0]


def three_plates(frames_THWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One picture of a whole clip: its red is the mean of the first frames, its green of the next, its blue of the last.

    What stands still keeps its colour. T ≥ 6."""
    T = len(frames_THWC)
    cuts = rng.integers(2, T // 2 - 1, endpoint=True), T - rng.integers(2, T // 2 - 1, endpoint=True)
    plates = [part[..., c].mean(0) for c, part in enumerate(np.split(frames_THWC, cuts))]
    return np.stack(plates, -1).round().astype(np.uint8)
