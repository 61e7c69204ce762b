"""What kind of error a detection is: the bins of TIDE (Bolya et al., ECCV 2020), asked in the order of its authors' code.

A detection that is not right, of a frame in which it overlaps a true thing of its own class by `own` at most and one of another
class by `other`:

    Loc     T_B ≤ own ≤ T_F                      the right thing, its box is off
    Cls     other ≥ T_F                          the box fits, the name does not
    Dupe    own ≥ T_F                            the thing is there, and a surer one found it already
    Bkg     own and other ≤ T_B                  nothing is there
    Both    whatever is left                     the name is wrong and the box is off

    Missed  of true things: not found, and neither a Loc nor a Cls is about it

What to cure does is theirs too: of the Locs and Clss that are about one thing that nobody found, the surest becomes right, all
others go, as every Dupe, Bkg and Both goes; a Missed is no longer asked for. Who is paired with whom in a confusion is our
reading, for the paper has none: see `Verdict.pair_N`.

Letters: N found and O true things of a frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.metrics import overlap

T_F, T_B = 0.5, 0.1  # overlap from which a box fits, and up to which it is on nothing: the paper's
LOC, CLS, DUPE, BKG, BOTH, MISSED = BINS = ("Loc", "Cls", "Dupe", "Bkg", "Both", "Missed")
RIGHT = "right"
SAYS = {
    LOC: "the right thing, but its box is off", CLS: "the box fits, but the name is another's",
    DUPE: "found already by a surer one", BKG: "nothing is there", BOTH: "the name is wrong and the box is off",
    MISSED: "there, and nothing is about it",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Frame:
    """What is in a frame (None: not known), and what was found in it. Boxes are x0, y0, x1, y1 in shares of the frame."""

    label_O: Sequence[str] | None
    box_O4: np.ndarray
    label_N: Sequence[str]
    box_N4: np.ndarray
    score_N: np.ndarray


@dataclass(frozen=True, eq=False)
class Verdict:
    """bin_N: of BINS, or RIGHT. about_N: the true thing that a detection is held against, −1 for none; overlap_N: with it.
    cures_N: whether it would find that thing were its bin cured. pair_N: whether it and that thing are a pair of a confusion:
    it is right, or it is the surest Cls of a thing that nobody found; so a thing is in one pair or none, as a detection is.
    missed_O: nothing is about it. by_O: the detection that it is paired with, −1 for none."""

    bin_N: list[str]
    about_N: np.ndarray
    overlap_N: np.ndarray
    cures_N: np.ndarray
    pair_N: np.ndarray
    missed_O: np.ndarray
    by_O: np.ndarray


def judge(frame: Frame) -> Verdict:
    """Every detection of a frame in its bin, and what was missed."""
    assert frame.label_O is not None
    N, O = len(frame.label_N), len(frame.label_O)
    like_NO = overlap(frame.box_N4[:, None], frame.box_O4[None]) if N and O else np.zeros((N, O))
    same_NO = np.array([[found == true for true in frame.label_O] for found in frame.label_N], bool).reshape(N, O)
    order = np.argsort(-np.asarray(frame.score_N), kind="stable")
    right_N = matches(like_NO, same_NO, order)
    found_O = np.isin(np.arange(O), right_N)
    bin_N, about_N = [RIGHT] * N, right_N.copy()
    for n in np.flatnonzero(right_N < 0):
        bin_N[n], about_N[n] = bin_of(like_NO[n], same_NO[n])
    curable_N = np.array([bin_N[n] in (LOC, CLS) and not found_O[about_N[n]] for n in range(N)], bool)
    cls_N = np.array([one == CLS for one in bin_N], bool)
    cures_N, paired_N = (surest(order, about_N, some) for some in (curable_N, curable_N & cls_N))
    pair_N = paired_N | (right_N >= 0)
    by_O = np.full(O, -1)
    by_O[about_N[pair_N]] = np.flatnonzero(pair_N)
    missed_O = ~found_O & ~np.isin(np.arange(O), about_N[curable_N])
    overlap_N = np.array([like_NO[n, o] if o >= 0 else 0.0 for n, o in enumerate(about_N)], float)
    return Verdict(bin_N, about_N, overlap_N, cures_N, pair_N, missed_O, by_O)


def matches(like_NO: np.ndarray, same_NO: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The thing that each detection finds, −1 for none. As COCO: the surest first, each takes the thing of its class that it
    overlaps most of those that are left, from T_F on. [N]"""
    left_NO, right_N = np.where(same_NO, like_NO, -1.0), np.full(len(like_NO), -1)
    for n in order if like_NO.shape[1] else ():
        o = int(left_NO[n].argmax())
        if left_NO[n, o] >= T_F:
            right_N[n], left_NO[:, o] = o, -1.0
    return right_N


def bin_of(like_O: np.ndarray, same_O: np.ndarray) -> tuple[str, int]:
    """(bin, the thing it is about or −1) of a detection that is not right."""
    own_O, other_O = np.where(same_O, like_O, 0.0), np.where(same_O, 0.0, like_O)
    own, other = (float(one.max(initial=0.0)) for one in (own_O, other_O))
    if T_B <= own <= T_F:
        return LOC, int(own_O.argmax())
    if other >= T_F:
        return CLS, int(other_O.argmax())
    if own >= T_F:
        return DUPE, int(own_O.argmax())
    return (BKG, -1) if max(own, other) <= T_B else (BOTH, int(other_O.argmax()))


def surest(order: np.ndarray, about_N: np.ndarray, some_N: np.ndarray) -> np.ndarray:
    """Of those that are about one thing, the surest: bool, [N]."""
    first: dict[int, int] = {}
    for n in order:
        if some_N[n]:
            first.setdefault(int(about_N[n]), int(n))
    return np.isin(np.arange(len(about_N)), list(first.values()))
