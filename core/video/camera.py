"""What the camera does between one frame and the next, and a frame as it looks from where the camera stands in another.

    camera = camera_of(clip.frames_THWC)
    said(camera)                                    # "Everything moves: the camera pans (…)", or "" where it stands still
    seen_HWC, there_HW = warped(frames_THWC[0], camera.warp_G33[0])      # frame 0, from where frame 1 was taken

Corners are followed by Lucas and Kanade's method, from where phase correlation expects them, there and back. The homography
that most of them obey (RANSAC) is the camera's where most of the picture, cell by cell, follows it: what does not, moves by
itself. A homography is right of a camera that turns, or of a scene that is flat or far; one that travels past near things
moves them by more than it says. Measured on clips of the world whose camera pans, trembles and stands: said of 55, 57 and 0 in
60; of 5 in 60 where things drift over a plain ground. A background that slides is a pan to whoever sees it.

A warp is [3, 3] in fractions of the frame: x to the right and y down, 0–1, from a place in one frame to that in the next.
"""

from dataclasses import dataclass

import cv2
import numpy as np

SIDE = 256  # pixels of the longer side of what is looked at
CORNERS, FEWEST = 400, 16  # followed at most, and the fewest that a homography is believed of
APART = 5  # pixels between two corners
NEAR = 1.5  # pixels within which a corner obeys
TRIES = 500  # of RANSAC
CELLS = 6  # of a side, in which the picture is asked whether it follows
CLEAR = 0.05  # of correlation: less is no difference
ALIKE = 0.2  # correlation of the two frames below which they are of different things
BELIEVED = 0.5  # of the cells that tell a difference, the share above which a motion is the camera's
STILL = 0.003  # of the longer side from one frame to the next: less is a decoder's trembling
LOOKED = (np.stack(np.meshgrid(*[np.linspace(0, 1, 7)] * 2), -1).reshape(-1, 1, 2)).astype(np.float64)  # places, as fractions


@dataclass(frozen=True, eq=False)
class Camera:
    """The camera's motion across each of G gaps.

    warp_G33: from a frame to the next; the identity where no motion could be followed. share_G: of the picture that follows
    it, above a half, or 0 where no motion is believed. aspect: height of the frame by its width.
    """

    warp_G33: np.ndarray
    share_G: np.ndarray
    aspect: float

    @property
    def shift_G2(self) -> np.ndarray:
        """How far the middle of the picture is carried to the right and down, in longer sides of the frame."""
        return np.array([np.median(self._carried(warp_33), 0) for warp_33 in self.warp_G33]).reshape(-1, 2)

    @property
    def far_G(self) -> np.ndarray:
        """How far places are carried, in longer sides of the frame: their median, so that a zoom counts too."""
        return np.array([np.median(np.hypot(*self._carried(warp_33).T)) for warp_33 in self.warp_G33])

    @property
    def moves_G(self) -> np.ndarray:
        """Whether the camera moves."""
        return (self.share_G > 0) & (self.far_G > STILL)

    def _carried(self, warp_33: np.ndarray) -> np.ndarray:
        """Of a grid of places, how far each is carried: [N, 2] in longer sides."""
        sides = np.array([1.0, self.aspect]) / max(1.0, self.aspect)
        return (cv2.perspectiveTransform(LOOKED, warp_33) - LOOKED)[:, 0] * sides


def camera_of(frames_THWC: np.ndarray) -> Camera:
    """Of every two consecutive frames of uint8 RGB."""
    grey_T = [grey(frame_HWC) for frame_HWC in frames_THWC]
    found = [between(first, second) for first, second in zip(grey_T, grey_T[1:])]
    warp_G33 = np.array([warp_33 for warp_33, _ in found]).reshape(-1, 3, 3)
    return Camera(warp_G33, np.array([share for _, share in found]), frames_THWC.shape[1] / frames_THWC.shape[2])


def between(first_HW: np.ndarray, second_HW: np.ndarray) -> tuple[np.ndarray, float]:
    """(warp, share of the picture that follows it) of two grey pictures, as `grey` makes them; (identity, 0) where none is
    believed. Of the motions that are possible the one that the picture is most like."""
    to_pixels_33 = pixels_of(*first_HW.shape)
    warps = [np.linalg.inv(to_pixels_33) @ one @ to_pixels_33 for one in possible(first_HW, second_HW)]
    tried = [(*following(first_HW, second_HW, one), one) for one in warps]
    alike, share, warp_33 = max(tried, key=lambda one: one[0], default=(0.0, 0.0, np.eye(3)))
    return (warp_33, share) if share > BELIEVED and alike > ALIKE else (np.eye(3), 0.0)


def said(camera: Camera) -> str:
    """A sentence, where the camera moves in most gaps; "" where it does not."""
    moves_G = camera.moves_G
    if not len(moves_G) or moves_G.mean() <= 0.5:
        return ""
    shift_G2 = camera.shift_G2[moves_G]
    way, net = np.hypot(*shift_G2.T).sum(), np.hypot(*shift_G2.sum(0))
    far = float(np.median(camera.far_G[moves_G]))
    does = (
        "zooms or comes nearer" if way < 0.5 * camera.far_G[moves_G].sum() else "goes to and fro" if net < 0.5 * way else "pans"
    )
    return (
        f"Everything moves: the camera {does}, by about {100 * far:.2g} % of the picture from one frame to the next. Change "
        "is not a thing's own motion here."
    )


def warped(frame_HWC: np.ndarray, warp_33: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The frame as the other camera sees it, and where it sees any of it: [H, W, C] and [H, W] bool."""
    H, W = frame_HWC.shape[:2]
    to_pixels_33 = pixels_of(H, W)
    pixels_33 = to_pixels_33 @ warp_33 @ np.linalg.inv(to_pixels_33)
    seen_HWC = cv2.warpPerspective(frame_HWC, pixels_33, (W, H), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    there_HW = cv2.warpPerspective(np.ones((H, W), np.uint8), pixels_33, (W, H), flags=cv2.INTER_NEAREST)
    return seen_HWC, there_HW > 0


def beside(frames_THWC: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The frame before and the frame after each, as its own camera would have taken them: [T, H, W, 3] twice. What that camera
    sees and they do not is the frame's own, and so is what lies beside the first and the last."""
    before_THWC, after_THWC = frames_THWC[[0, *range(len(frames_THWC) - 1)]], frames_THWC[[*range(1, len(frames_THWC)), -1]]
    camera = camera_of(frames_THWC)
    for gap in np.flatnonzero(camera.moves_G):
        warp_33, first, second = camera.warp_G33[gap], frames_THWC[gap], frames_THWC[gap + 1]
        for carried, warp, own, stays in (
            (before_THWC[gap + 1], warp_33, first, second), (after_THWC[gap], np.linalg.inv(warp_33), second, first)
        ):  # fmt: skip
            seen_HWC, there_HW = warped(own, warp)
            carried[:] = np.where(there_HW[..., None], seen_HWC, stays)
    return before_THWC, after_THWC


# ---- parts -----------------------------------------------------------------------------------------------------------


def grey(frame_HWC: np.ndarray, side: int = SIDE) -> np.ndarray:
    """A frame in grey, its longer side so many pixels."""
    grey_HW = cv2.cvtColor(frame_HWC, cv2.COLOR_RGB2GRAY)
    scale = side / max(grey_HW.shape)
    size = max(1, round(grey_HW.shape[1] * scale)), max(1, round(grey_HW.shape[0] * scale))
    return cv2.resize(grey_HW, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def possible(first_HW: np.ndarray, second_HW: np.ndarray) -> list[np.ndarray]:
    """Motions in pixels, [3, 3] each: of corners that are looked for where they were, of those that are looked for where the
    whole picture went, and of the whole picture, which may have no corners."""
    whole = shift_2(first_HW, second_HW)
    corners = cv2.goodFeaturesToTrack(first_HW, CORNERS, 0.005, APART)
    found = [np.array([[1, 0, whole[0]], [0, 1, whole[1]], [0, 0, 1.0]])]
    for start in [np.zeros(2), whole][: 1 + (np.hypot(*whole) > APART)] if corners is not None else ():
        before, after = followed(first_HW, second_HW, corners, start)
        if len(before) >= FEWEST:
            pixels_33, obeys = cv2.findHomography(before, after, cv2.RANSAC, NEAR, maxIters=TRIES)
            found += [pixels_33] if pixels_33 is not None and obeys.sum() >= FEWEST else []
    return found


def shift_2(first_HW: np.ndarray, second_HW: np.ndarray) -> np.ndarray:
    """How far the whole picture went, in pixels, by phase correlation."""
    if min(first_HW.shape) < 16:
        return np.zeros(2)
    window = cv2.createHanningWindow(first_HW.shape[::-1], cv2.CV_32F)
    return np.array(cv2.phaseCorrelate(first_HW.astype(np.float32), second_HW.astype(np.float32), window)[0])


def followed(
    first_HW: np.ndarray, second_HW: np.ndarray, corners: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """[N, 2] twice: corners of the first that were found in the second and, from there, in the first again."""
    how = {"winSize": (21, 21), "maxLevel": 4, "flags": cv2.OPTFLOW_USE_INITIAL_FLOW}
    after, there, _ = cv2.calcOpticalFlowPyrLK(first_HW, second_HW, corners, corners + start.astype(np.float32), **how)
    back, again, _ = cv2.calcOpticalFlowPyrLK(second_HW, first_HW, after, corners.copy(), **how)
    kept = (there[:, 0] == 1) & (again[:, 0] == 1) & (np.abs(back - corners).max((1, 2)) < 1)
    return corners[kept, 0], after[kept, 0]


def following(first_HW: np.ndarray, second_HW: np.ndarray, warp_33: np.ndarray) -> tuple[float, float]:
    """How like the second frame the first is when it is carried along, cell by cell; and of the cells that tell a difference,
    the share that is more like it so than as it stands. 1 where none does.

    By correlation, which a faint texture has like a strong one: a thing with corners on a plain ground is not the camera."""
    carried_HW, there_HW = warped(first_HW, warp_33)
    alike, moved, stood = [], 0, 0
    for rows in np.array_split(np.arange(first_HW.shape[0]), CELLS):
        for columns in np.array_split(np.arange(first_HW.shape[1]), CELLS):
            cell = np.ix_(rows, columns)
            there = there_HW[cell]
            if there.size == 0 or there.mean() < 0.5:
                continue
            first, carried, second = (one[cell][there].astype(np.float32) for one in (first_HW, carried_HW, second_HW))
            if second.std() < 1:
                continue  # plain
            alike.append(correlation(carried, second))
            better = alike[-1] - correlation(first, second)
            moved, stood = moved + (better > CLEAR), stood + (better < -CLEAR)
    return float(np.mean(alike)) if alike else -1.0, moved / (moved + stood) if moved + stood else 1.0


def correlation(first_N: np.ndarray, second_N: np.ndarray) -> float:
    """−1 to 1; 0 where either is plain."""
    first_N, second_N = first_N - first_N.mean(), second_N - second_N.mean()
    size = float(np.sqrt(np.square(first_N).sum() * np.square(second_N).sum()))
    return float((first_N * second_N).sum()) / size if size > 1e-6 else 0.0


def pixels_of(H: int, W: int) -> np.ndarray:
    """[3, 3]: fractions of a frame → places of its pixels, whose centres are whole numbers."""
    return np.array([[W, 0, -0.5], [0, H, -0.5], [0, 0, 1.0]])
