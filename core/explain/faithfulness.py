"""Is a map true to the network? Any map will do: an attribution, A, M, W^s, the region r.

Deletion hides the patches a map ranks highest first, insertion shows them first, both over the whole clip at once (Petsiuk et
al., RISE, 2018). A good map's number falls fast and rises fast. One number for both is insertion less deletion, mean over the
fills (Zhang et al., Group-CAM, 2021, call it over-all): 0 is what white noise gives, on average.

    faithfulness_of(subject, "W^s", score_TP).sentence
    "W^s: 0.213 against random places 0.104 ± 0.102 (2.0 standard deviations), centre 0.080, inverted
    -0.213: better than chance."

Chance is pointing at a random place: a blob, the same in all frames. White noise would be too weak: whatever is smooth shows
whole things or hides them, and knows nothing for it. Better than chance is a map above the mean of eight such places by more
than `beyond` standard deviations, so far that one in twenty would be, were their numbers normal. On six held-out clips of the
world, with the shipped prompted CLIP and each clip's own caption, these were called better than chance, and had been against
eight orders of white noise:

    blobs that stand still, one around every patch       1 of 384, had been 157
    blobs that move                                      2 of 72, 30
    white noise                                          0 of 48, 1
    A, M, W^s and Grad-CAM, shifted elsewhere           11 of 168, 63
    A, M, W^s, r and Grad-CAM as they are               10 of 30, 24

Each fill has a bias of its own, so there are two of them. Hidden patches are no clips that any network was trained on: this
measures the network, not the world; where the truth is known, `against_truth` measures that.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from core.errors import ReaderError
from core.explain.captum_tests import BOXES, boxes_of, infidelity_of
from core.explain.subject import FILLS, Subject, scores
from core.progress import CalledOff, Progress, Watch

STEPS, SEEDS = 8, 8
LEVEL = 0.05  # of maps that know nothing, this share may be called better than chance
PLASTIC = 1.324717957244746  # the root of x³ = x + 1


@dataclass(frozen=True)
class Curve:
    """One way of testing a map. score_S: the number at `share_S` of the patches hidden (deletion) or shown (insertion).

    auc: the area below. inverted: of the same map upside down. random, sd: mean and standard deviation over random places;
    random_S, sd_S: the same of their scores, point by point."""

    kind: str
    fill: str
    share_S: tuple[float, ...]
    score_S: tuple[float, ...]
    auc: float
    inverted: float
    centre: float
    random: float
    sd: float
    random_S: tuple[float, ...]
    sd_S: tuple[float, ...]


@dataclass(frozen=True)
class Faithfulness:
    """What the tests say of one map. overall: insertion less deletion, mean over fills; inverted it is −overall.

    random, sd: mean and standard deviation of as many random places as `seeds`. infidelity: Captum's, with the map scaled as it
    fits best; infidelity_random: the mean of random places. Lower is truer."""

    name: str
    what: str
    curves: tuple[Curve, ...]
    overall: float
    centre: float
    random: float
    sd: float
    seeds: int
    infidelity: float
    infidelity_random: float

    @property
    def inverted(self) -> float:
        return -self.overall

    @property
    def reach(self) -> float:
        """How far from the mean of random places chance reaches: what the sentence says, the curves' band shows (there of each
        point) and the verdict goes by."""
        return beyond(self.seeds) * self.sd

    @property
    def better(self) -> bool:
        """Than chance."""
        return self.overall > self.random + self.reach

    @property
    def sentence(self) -> str:
        """For the reader, also when the map is worth nothing."""
        verdict = "better than chance" if self.better else "not better than chance"
        if self.better and self.overall <= self.centre:
            verdict += ", but not than pointing at the middle"
        return (
            f"{self.name}: {self.overall:.3f} against random places {self.random:.3f} ± {self.reach:.3f} "
            f"({beyond(self.seeds):.1f} standard deviations), "
            f"centre {self.centre:.3f}, inverted {self.inverted:.3f}: {verdict}."
        )


@dataclass(frozen=True, eq=False)
class Controls:
    """What every map of one subject is compared with, measured once: {(kind, fill): AUC} of the centre, and of each seed.

    score_NS: {(kind, fill): the scores of each seed's place at the shares of a curve, [N, S]}."""

    ends: Mapping[str, tuple[float, float]]  # fill → the number with nothing shown, and with everything
    centre: Mapping[tuple[str, str], float]
    random: tuple[Mapping[tuple[str, str], float], ...]
    score_NS: Mapping[tuple[str, str], np.ndarray]
    boxes: tuple[np.ndarray, np.ndarray]  # [S, T·P] bool, and the number with each of them filled
    infidelity: float
    steps: int


# ---- curves ---------------------------------------------------------------------------------------------------------


def order_of(map_TP: np.ndarray, seed: int = 0) -> np.ndarray:
    """Patches of the whole clip, highest first; equals (a mask has many) in a random order. [T·P]"""
    flat = np.asarray(map_TP, np.float64).ravel()
    if not np.isfinite(flat).all():
        raise ReaderError("A map to test has a number for every patch, and this one has some that are none.")
    return np.lexsort((np.random.default_rng(seed).random(flat.size), -flat))


def centre_map(shape: tuple[int, int, int]) -> np.ndarray:
    """Highest in the middle of every frame, [T, P]: objects are often there, so it is the map to beat."""
    T, h, w = shape
    y, x = (np.arange(h) + 0.5) / h - 0.5, (np.arange(w) + 0.5) / w - 0.5
    return np.broadcast_to(-np.hypot(y[:, None], x).ravel(), (T, h * w))


def random_map(shape: tuple[int, int, int], seed: int) -> np.ndarray:
    """A map that knows nothing: a blob at a place of the frame, the same in all frames, [T, P]. A frame is 4 σ long.

    Places follow one another, from the middle, so that any number of them lies evenly (Roberts' R2 sequence, 2018): a few tell
    what all would."""
    T, h, w = shape
    y0, x0 = (0.5 + seed * PLASTIC ** -np.arange(1.0, 3.0)) % 1
    y, x = (np.arange(h) + 0.5) / h - y0, (np.arange(w) + 0.5) / w - x0
    return np.broadcast_to(np.exp(-8 * (y[:, None] ** 2 + x**2)).ravel(), (T, h * w))


def beyond(seeds: int) -> float:
    """How many standard deviations above the mean of so many normal numbers one in twenty others lies: 2.0 of eight."""
    return float(student.ppf(1 - LEVEL, seeds - 1) * (1 + 1 / seeds) ** 0.5)


def shares(patches: int, steps: int) -> np.ndarray:
    """How many patches are hidden or shown at each point of a curve: 0 … all."""
    return np.unique(np.linspace(0, patches, min(steps, patches) + 1).round().astype(int))


def area(share_S: np.ndarray, score_S: np.ndarray) -> float:
    """Below the curve, by trapezia."""
    return float(((score_S[1:] + score_S[:-1]) / 2 * np.diff(share_S)).sum())


def curves(
    subject: Subject, map_TP: np.ndarray, ends: Mapping[str, tuple[float, float]], steps: int, watch: Watch
) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    """{(kind, fill): (shares, scores)}. Both ends of a curve are every map's own, and are given."""
    order = order_of(checked(subject, map_TP))
    count_S = shares(order.size, steps)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    first_SP = rank < count_S[1:-1, None]  # the highest patches, more and more of them
    found = {}
    for fill, (nothing, everything) in ends.items():
        made = scores(subject, np.concatenate([~first_SP, first_SP]), fill, watch)
        fewer, more = np.split(made, 2)
        found["deletion", fill] = count_S / order.size, np.array([everything, *fewer, nothing])
        found["insertion", fill] = count_S / order.size, np.array([nothing, *more, everything])
    return found


def overall(auc: Mapping[tuple[str, str], float]) -> float:
    """Insertion less deletion, mean over fills."""
    return float(np.mean([value if kind == "insertion" else -value for (kind, _), value in auc.items()]) * 2)


def checked(subject: Subject, map_TP: np.ndarray) -> np.ndarray:
    """The map, if it is over the subject's patches."""
    T, h, w = subject.shape
    if np.shape(map_TP) != (T, h * w):
        raise ReaderError(f"The map is over {T} frames of {h} × {w} patches, got {list(np.shape(map_TP))}.")
    return np.asarray(map_TP)


def rows(subject: Subject, steps: int = STEPS, seeds: int = SEEDS, maps: int = 1) -> int:
    """Forward passes that `controls` and `maps` maps are worth; times `subject.seconds()` it is the time they take."""
    inner = len(shares(int(np.prod(subject.shape)), steps)) - 2
    return 2 * len(FILLS) * (1 + inner * (1 + seeds + maps)) + BOXES


def controls(
    subject: Subject, steps: int = STEPS, seeds: int = SEEDS,
    progress: Progress = lambda done: None, cancelled: CalledOff = lambda: False,
) -> Controls:  # fmt: skip
    """Random places and the centre, once for all maps of a subject."""
    if steps < 2 or seeds < 2:
        raise ReaderError(f"A curve has at least 2 steps and chance at least 2 seeds, got {steps} and {seeds}.")
    watch = Watch(rows(subject, steps, seeds, 0), progress, cancelled)
    T, h, w = subject.shape
    both_2TP = np.stack([np.zeros((T, h * w), bool), np.ones((T, h * w), bool)])
    ends = {}
    for fill in FILLS:
        nothing, everything = scores(subject, both_2TP, fill, watch).tolist()
        ends[fill] = nothing, everything

    def tested(map_TP):
        return curves(subject, map_TP, ends, steps, watch)

    def auc(made):
        return {key: area(*curve) for key, curve in made.items()}

    random = [random_map(subject.shape, seed) for seed in range(seeds)]
    centre, chance = tested(centre_map(subject.shape)), [tested(map_TP) for map_TP in random]
    score_NS = {key: np.stack([one[key][1] for one in chance]) for key in centre}
    boxes = boxes_of(subject.shape)
    known = boxes, scores(subject, ~boxes, FILLS[0], watch)
    untrue = [infidelity_of(subject, map_TP, known, ends[FILLS[0]][1]) for map_TP in random]
    made = Controls(ends, auc(centre), tuple(map(auc, chance)), score_NS, known, float(np.mean(untrue)), steps)
    watch.end()
    return made


def faithfulness_of(
    subject: Subject, name: str, map_TP: np.ndarray, against: Controls | None = None,
    progress: Progress = lambda done: None, cancelled: CalledOff = lambda: False,
) -> Faithfulness:  # fmt: skip
    """What the tests say of a map [T, P] (numbers or a mask). against: `controls`, if they are at hand."""
    map_TP = checked(subject, map_TP)
    against = against or controls(subject, progress=progress, cancelled=cancelled)
    watch = Watch(len(against.centre) * (against.steps - 1), progress, cancelled)
    made = curves(subject, map_TP, against.ends, against.steps, watch)
    auc = {key: area(*curve) for key, curve in made.items()}
    other = {"insertion": "deletion", "deletion": "insertion"}  # what hides the lowest first shows the highest last
    told = []
    for (kind, fill), (share_S, score_S) in made.items():
        random, score_NS = [one[kind, fill] for one in against.random], against.score_NS[kind, fill]
        told.append(Curve(
            kind, fill, tuple(share_S.tolist()), tuple(score_S.tolist()), auc[kind, fill], auc[other[kind], fill],
            against.centre[kind, fill], float(np.mean(random)), float(np.std(random, ddof=1)),
            tuple(score_NS.mean(0).tolist()), tuple(score_NS.std(0, ddof=1).tolist()),
        ))  # fmt: skip
    chance = [overall(one) for one in against.random]
    found = Faithfulness(
        name, subject.what, tuple(told), overall(auc), overall(against.centre), float(np.mean(chance)),
        float(np.std(chance, ddof=1)), len(chance), infidelity_of(subject, map_TP, against.boxes, against.ends[FILLS[0]][1]),
        against.infidelity,
    )  # fmt: skip
    watch.end()
    return found
