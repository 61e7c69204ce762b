"""Clips of 24×24 pixels in which one thing moves, and nobody can tell which who looks at the frames one by one.

    clips = draw(7, count=32)                 # 4 frames each
    clips.frame_BTHWC, clips.references(0)    # uint8; "a red ring moves left" and the same in other words

In a clip are things of KINDS kinds (a colour and a shape), and in every picture equally many of each. All but one jump: in the
next picture they are mostly in other cells. One crosses the centre in a straight line, a cell with every picture, left, right,
up or down: that one moves, and the captions say it. No other thing is ever beside the cell where one of its kind was a picture
before. So what moves, and where to, is in no picture and no count, but in two cells beside each other in pictures that follow
each other. What moves keeps to the CENTRE, so that it is known which pairs of cells captions need (`needed_MM`) and which they
cannot need (`impossible_MM`); other things jump in the border, too.

With 8 frames it is the same clip at twice the rate: each picture is there for two frames, the noise of each its own.

Letters: B clips, T frames, H×W pixels, C colours of a pixel, M = T·CELLS² tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.world.captions import COLOURS as ALL_COLOURS
from core.world.captions import SPLITS, article, one_of

CELLS, PATCH, FRAMES = 6, 4, 4  # cells along a side, pixels along a cell's side, pictures of a clip
SIDE = CELLS * PATCH
INNER = range(1, CELLS - 1)
CENTRE = np.array([row in INNER and column in INNER for row in range(CELLS) for column in range(CELLS)])  # by cell
KINDS, WITHIN, AROUND = 3, 1, 1  # kinds of things in a clip; of each kind, things in the centre and in the border
COLOURS = ALL_COLOURS
RGB = (
    (225, 60, 50),
    (245, 150, 40),
    (240, 225, 70),
    (70, 190, 80),
    (80, 215, 220),
    (70, 95, 230),
    (165, 75, 205),
    (240, 240, 240),
)
SHAPES = {
    "square": ("1111", "1111", "1111", "1111"),
    "ring": ("1111", "1001", "1001", "1111"),
    "cross": ("0110", "1111", "1111", "0110"),
    "triangle": ("1000", "1100", "1110", "1111"),
}
DIRECTIONS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
WORDINGS = (
    "{a} {colour} {shape} moves {direction}",
    "the {colour} {shape} goes {direction}",
    "{a} {colour} {shape} is moving {direction}",
    "there is {a} {colour} {shape} that moves {direction}",
)
NOISE, GROUND = 8, (15, 60)  # of a pixel; brightness of the ground
STAYS = 0.15  # how often a thing that jumps is in the same cell again


@dataclass(frozen=True, eq=False)
class Sprites:
    """frame_BTHWC: uint8. kind_B2: colour and shape of what moves, direction_B: of DIRECTIONS, by number. cell_BT: in which
    cell it is in each of FRAMES pictures."""

    frame_BTHWC: np.ndarray
    kind_B2: np.ndarray
    direction_B: np.ndarray
    cell_BT: np.ndarray

    def references(self, clip: int) -> tuple[str, ...]:
        """What is rightly said of a clip, in all WORDINGS; the first is the plain one."""
        (colour, shape), direction = self.kind_B2[clip], self.direction_B[clip]
        return wordings(COLOURS[colour], tuple(SHAPES)[shape], tuple(DIRECTIONS)[direction])

    def tokens(self, clip: int) -> tuple[tuple[int, ...], ...]:
        """The tokens in which the thing that moves is seen, picture by picture: one, or two at twice the rate."""
        held = self.frame_BTHWC.shape[1] // FRAMES
        return tuple(
            tuple(t * CELLS**2 + int(cell) for t in range(held * picture, held * picture + held))
            for picture, cell in enumerate(self.cell_BT[clip])
        )


def wordings(colour: str, shape: str, direction: str) -> tuple[str, ...]:
    """One caption in all wordings."""
    return tuple(one.format(a=article(colour), colour=colour, shape=shape, direction=direction) for one in WORDINGS)


def sentences() -> list[str]:
    """Every caption of the grammar."""
    return [
        one for colour in COLOURS for shape in SHAPES for direction in DIRECTIONS for one in wordings(colour, shape, direction)
    ]


def pairs(split: str) -> np.ndarray:
    """(colour, shape) of what moves in a split, by number, [·, 2]: no pair is in two splits, every colour and shape in each."""
    one_of("split", split, SPLITS)
    belongs = {0: "test", 4: "val"}
    return np.array(
        [
            (c, s)
            for c in range(len(COLOURS))
            for s in range(len(SHAPES))
            if belongs.get((c - s) % len(COLOURS), "train") == split
        ]
    )


def neighbours() -> np.ndarray:
    """Which cells are beside which: [cells, cells], left, right, above, below."""
    row, column = np.divmod(np.arange(CELLS**2), CELLS)
    return np.abs(row[:, None] - row) + np.abs(column[:, None] - column) == 1


def paths() -> np.ndarray:
    """The cells of every motion, by direction and the row or column in which it is, [4, lanes, T]."""
    along = np.arange(INNER[0], INNER[0] + FRAMES)
    forth = {-1: along[::-1], 1: along}
    return np.array(
        [
            [CELLS * lane + forth[right] if right else CELLS * forth[down] + lane for lane in INNER]
            for down, right in DIRECTIONS.values()
        ]
    )


BESIDE, PATHS = neighbours(), paths()


def beside(there_BX: np.ndarray) -> np.ndarray:
    """Cells that have something beside them."""
    return there_BX.astype(np.float32) @ BESIDE.astype(np.float32) > 0


def draw(seed: int | Sequence[int], count: int = 1, frames: int = FRAMES, split: str = "train", kinds: int = KINDS) -> Sprites:
    """Clips of a seed. frames: 4, or a multiple at so many times the rate. Things that do not move may be of a pair of train,
    too. kinds: of things; 0: nothing but what moves."""
    if frames % FRAMES:
        raise ValueError(f"a clip has {FRAMES} pictures; frames are a multiple of it, got {frames}")
    rng = np.random.default_rng([SPLITS.index(one_of("split", split, SPLITS)), *np.atleast_1d(seed).tolist()])
    known = np.unique(np.concatenate([pairs("train"), pairs(split)]), axis=0)
    mover_B2 = pairs(split)[rng.integers(len(pairs(split)), size=count)]
    same_BP = (known == mover_B2[:, None]).all(2)
    other_BK = np.argsort(np.where(same_BP, 2.0, rng.random(same_BP.shape)), 1)[:, : max(0, kinds - 1)]  # each another pair
    kind_BK2 = np.concatenate([mover_B2[:, None], known[other_BK]], 1)
    direction_B, lane_B = rng.integers(len(DIRECTIONS), size=count), rng.integers(len(INNER), size=count)
    cell_BT = PATHS[direction_B, lane_B]
    kind_BTX = placed(rng, cell_BT, kinds)
    picture_BTHWC = painted(rng, kind_BTX, kind_BK2, frames // FRAMES)
    return Sprites(picture_BTHWC, kind_BK2[:, 0], direction_B, cell_BT)


def placed(rng: np.random.Generator, cell_BT: np.ndarray, kinds: int) -> np.ndarray:
    """Where things are: of each cell the kind that is in it, −1 for none, [B, T, cells]. Kind 0 is that of what moves.

    Picture by picture and thing by thing, a cell is drawn among those that are free and not beside a thing of the same kind in
    the picture before (or, of what moves, in the picture after)."""
    count, clip = len(cell_BT), np.arange(len(cell_BT))
    kind_BTX = np.full((count, FRAMES, CELLS**2), -1, np.int8)
    np.put_along_axis(kind_BTX, cell_BT[..., None], 0, -1)
    moves_BTX = kind_BTX == 0
    for t in range(FRAMES):
        for kind in range(kinds):
            near_BX = np.zeros((count, CELLS**2), bool)
            if t:
                near_BX |= beside(kind_BTX[:, t - 1] == kind)
            if kind == 0 and t + 1 < FRAMES:
                near_BX |= beside(moves_BTX[:, t + 1])
            for region, things in ((CENTRE, WITHIN - (kind == 0)), (~CENTRE, AROUND)):  # the place of what moves is taken
                for _ in range(things):
                    score_BX = rng.random((count, CELLS**2))
                    if t:
                        score_BX += (rng.random((count, 1)) < STAYS) * (kind_BTX[:, t - 1] == kind)
                    score_BX[(kind_BTX[:, t] >= 0) | near_BX | ~region] = -1
                    cell_B = score_BX.argmax(1)
                    there_B = score_BX[clip, cell_B] >= 0
                    kind_BTX[clip[there_B], t, cell_B[there_B]] = kind
    return kind_BTX


def painted(rng: np.random.Generator, kind_BTX: np.ndarray, kind_BK2: np.ndarray, held: int) -> np.ndarray:
    """Pictures of them, each `held` frames long, with noise: uint8 [B, T, H, W, 3]."""
    count, clip = len(kind_BTX), np.arange(len(kind_BTX))[:, None, None]
    mask_SPP = np.array([[[int(one) for one in line] for line in lines] for lines in SHAPES.values()], np.float32)
    light_BK11 = rng.uniform(0.85, 1.0, (count, kind_BK2.shape[1], 1, 1, 1)).astype(np.float32)
    thing_BKPP3 = mask_SPP[kind_BK2[..., 1], :, :, None] * np.array(RGB, np.float32)[kind_BK2[..., 0], None, None] * light_BK11
    ground_B = rng.uniform(*GROUND, (count, 1, 1, 1, 1)).astype(np.float32)
    shown_BKPP3 = np.where(mask_SPP[kind_BK2[..., 1], :, :, None] > 0, thing_BKPP3, ground_B)
    blank_B1PP3 = np.broadcast_to(ground_B, (count, 1, PATCH, PATCH, 3))
    patch_BTXPP3 = np.concatenate([shown_BKPP3, blank_B1PP3], 1)[clip, kind_BTX]  # −1: the last, which is blank
    whole = patch_BTXPP3.reshape(count, FRAMES, CELLS, CELLS, PATCH, PATCH, 3).transpose(0, 1, 2, 4, 3, 5, 6)
    frame_BTHWC = np.repeat(whole.reshape(count, FRAMES, SIDE, SIDE, 3), held, 1)
    noise = rng.integers(-NOISE, NOISE + 1, frame_BTHWC.shape, np.int8)
    return np.clip(frame_BTHWC + noise, 0, 255).astype(np.uint8)


# ---- which pairs of tokens captions need --------------------------------------------------------------------------------


def needed_MM(frames: int = FRAMES) -> np.ndarray:
    """Pairs of tokens between which something moves in some clip: where it is in a picture, and where in the next. Either of
    the two may look at the other, so the table is symmetric: [M, M], bool."""
    held = frames // FRAMES
    table_TXTX = np.zeros((FRAMES, CELLS**2, FRAMES, CELLS**2), bool)
    for t in range(FRAMES - 1):
        table_TXTX[t, PATHS[..., t], t + 1, PATHS[..., t + 1]] = True
        table_TXTX[t + 1, PATHS[..., t + 1], t, PATHS[..., t]] = True
    return table_TXTX.repeat(held, 0).repeat(held, 2).reshape(frames * CELLS**2, -1)


def impossible_MM(frames: int = FRAMES) -> np.ndarray:
    """Pairs of two tokens of which one at least is in the border, where nothing ever moves: no caption can need them. [M, M],
    bool."""
    centre_M = np.tile(CENTRE, frames)
    return ~(centre_M[:, None] & centre_M) & ~np.eye(len(centre_M), dtype=bool)
