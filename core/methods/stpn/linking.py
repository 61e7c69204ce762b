"""Per-frame detections → instances through a clip (VIS), and one object from its first box (VOT). Pure functions.

Neither the paper's video segmentation nor its tracking was released, so both are our reading:

VIS     as MinVIS (Huang et al., 2022) does: a frame's instances are matched with those known so far by the cosine of their
        embeddings, one to one, by the Hungarian method. MinVIS has the same number of queries in every frame; a detector
        finds now more, now fewer. So a pair must also be alike (`least`), what matches nothing begins a new track, and a
        track that finds nothing waits with its last embedding until it does.
VOT     tracking by detection: of a frame's detections, the one that is most like the object (the first frame's embedding and
        the latest) and lies where its motion leads. Past frames only: the box of frame t needs frames 0 … t.

Letters: T frames, N detections of one frame, K tracks, E embedding (unit length). Boxes are x0, y0, x1, y1 in pixels.
`…_TN` is a list of arrays, one a frame, of different lengths.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

LEAST = 0.5  # cosine below which two detections are never one object
REACH = 1.0  # sides of its box: so far from where it is expected, an object's value is exp(−1/2) of what it would be there
CALM = 0.7  # share of its velocity that an unseen object keeps from frame to frame


@dataclass(frozen=True, eq=False)
class Track:
    """An instance: the class with the greatest summed score, and that sum over the frames it was seen in.

    place_T: which of the frame's detections it is; −1 where it is not seen.
    """

    number: int
    label: int
    score: float
    place_T: np.ndarray


@dataclass(frozen=True, eq=False)
class Path:
    """Where a followed object is. seen_T: False where no detection was it, and the box is where it was headed.

    place_T: which of the frame's detections it is, −1 where none. value_T: 0–1, how well it fitted; 1 in the first frame.
    """

    box_T4: np.ndarray
    seen_T: np.ndarray
    place_T: np.ndarray
    value_T: np.ndarray


def link(embedding_TNE: Sequence, least: float = LEAST, keep: float = 0.0) -> list[np.ndarray]:
    """The track of every detection, [N] for each frame; tracks are numbered in order of appearance.

    keep: share of a track's old embedding in its new one, 0–1; 0, as in MinVIS, keeps the last one alone.
    """
    memory_KE, track_TN = None, []
    for embedding_NE in map(np.asarray, embedding_TNE):
        if memory_KE is None:
            memory_KE = embedding_NE[:0]
        track_N = match(memory_KE, embedding_NE, least)
        new_N = track_N < 0
        track_N[new_N] = len(memory_KE) + np.arange(new_N.sum())
        memory_KE = np.concatenate([memory_KE, embedding_NE[new_N]])
        memory_KE[track_N] = unit(keep * memory_KE[track_N] + (1 - keep) * embedding_NE)
        track_TN.append(track_N)
    return track_TN


def match(known_KE: np.ndarray, embedding_NE: np.ndarray, least: float = LEAST) -> np.ndarray:
    """Which of the known each detection is, one to one, −1 for none: [N].

    The assignment of the greatest Σ (cosine − least): a pair below `least` is worth no more than no pair.
    """
    gain_KN = np.maximum(known_KE @ embedding_NE.T - least, 0)
    k, n = linear_sum_assignment(gain_KN, maximize=True)
    worth = gain_KN[k, n] > 0
    track_N = np.full(len(embedding_NE), -1)
    track_N[n[worth]] = k[worth]
    return track_N


def tracks(track_TN: Sequence, label_TN: Sequence, score_TN: Sequence) -> list[Track]:
    """The instances of a linked clip, best first. MinVIS averages the class scores of a query over the frames; a detector
    gives one class a detection, so here the classes it was seen as share the frames."""
    made = []
    seen = [np.asarray(track_N, int) for track_N in track_TN]
    for number in np.unique(np.concatenate(seen)) if seen else ():
        place_T = np.array([int(np.flatnonzero(one == number)[0]) if number in one else -1 for one in seen])
        votes = {}
        for t, n in enumerate(place_T):
            if n >= 0:
                label = int(label_TN[t][n])
                votes[label] = votes.get(label, 0.0) + float(score_TN[t][n])
        best = max(votes, key=votes.__getitem__)
        made.append(Track(int(number), best, votes[best] / int((place_T >= 0).sum()), place_T))
    return sorted(made, key=lambda one: -one.score)


def follow(box_4, template_E, box_TN4: Sequence, embedding_TNE: Sequence, least: float = 0.3, reach: float = REACH) -> Path:
    """Follow the object that is in box_4 in frame 0, whose embedding there is template_E.

    A detection's value is its likeness (mean cosine to the first embedding and to the latest) times exp(−d²/2), where d is
    how far its centre is from the expected one, in `reach` sides of the box for each frame since the object was last seen.
    The best is the object if its value is at least `least`; otherwise the object is unseen, and its box moves on, ever
    slower. Frame 0's detections are not looked at.
    """
    T, E, template_E = len(box_TN4), len(template_E), unit(np.asarray(template_E, float))
    box_T4, place_T, value_T = np.tile(np.asarray(box_4, float), (T, 1)), np.full(T, -1), np.zeros(T)
    value_T[:1] = 1
    latest_E, velocity_2, last = template_E, np.zeros(2), 0
    for t in range(1, T):
        expected_4 = box_T4[t - 1] + np.tile(velocity_2, 2)
        found_N4 = np.asarray(box_TN4[t], float).reshape(-1, 4)
        embedding_NE = np.asarray(embedding_TNE[t], float).reshape(-1, E)
        likeness_N = np.clip(embedding_NE @ (template_E + latest_E) / 2, 0, 1)
        far_N = np.linalg.norm(centre(found_N4) - centre(expected_4), axis=-1) / (reach * side(expected_4) * (t - last))
        value_N = likeness_N * np.exp(-(far_N**2) / 2)
        n = int(value_N.argmax()) if len(value_N) else -1
        if n < 0 or value_N[n] < least:
            box_T4[t], velocity_2 = expected_4, CALM * velocity_2
            continue
        velocity_2 = (centre(found_N4[n]) - centre(box_T4[last])) / (t - last)
        box_T4[t], place_T[t], value_T[t], latest_E, last = found_N4[n], n, value_N[n], unit(embedding_NE[n]), t
    seen_T = place_T >= 0
    seen_T[:1] = True
    return Path(box_T4, seen_T, place_T, value_T)


def centre(box_4: np.ndarray) -> np.ndarray:
    """(x, y) of boxes [..., 4]."""
    return (box_4[..., :2] + box_4[..., 2:]) / 2


def side(box_4: np.ndarray) -> float:
    """√area, at least one pixel."""
    return float(np.sqrt(max((box_4[2] - box_4[0]) * (box_4[3] - box_4[1]), 1.0)))


def unit(embedding_NE: np.ndarray) -> np.ndarray:
    """Of length 1, unless it is 0."""
    return embedding_NE / np.maximum(np.linalg.norm(embedding_NE, axis=-1, keepdims=True), 1e-12)
