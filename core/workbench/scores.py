"""What a clip is answered: one score for every class, and what follows from it.

Letters: Y classes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

FIRST = 5


@dataclass(frozen=True, eq=False)
class Scores:
    """cosine_Y: of each class's text with the clip. own_Y: True for those that are true of it, all False where it has no label.
    asked_Y: False for what else is true of it, which is no wrong answer. scale: the towers' inverse temperature."""

    classes: tuple[str, ...]
    cosine_Y: np.ndarray
    own_Y: np.ndarray
    asked_Y: np.ndarray
    scale: float

    @property
    def known(self) -> bool:
        """Whether it has a label."""
        return bool(self.own_Y.any())

    @property
    def sound(self) -> bool:
        """Whether all scores are numbers."""
        return bool(np.isfinite(self.cosine_Y).all())

    @property
    def among_Y(self) -> np.ndarray:
        """The scores of those that are asked; −∞ of others."""
        return np.where(self.asked_Y, self.cosine_Y, -np.inf)

    @property
    def order_Y(self) -> np.ndarray:
        """Classes that are asked, best first; among equals a wrong one before its own, so that a model that says the same of
        everything is never right."""
        order = np.lexsort((self.own_Y, -self.among_Y))
        return order[: int(self.asked_Y.sum())]

    @property
    def pred(self) -> str:
        """The class that fits best."""
        return self.classes[self.order_Y[0]]

    @property
    def rank(self) -> int:
        """How many others fit at least as well as the best of its own."""
        best = self.among_Y[self.own_Y].max()
        return int(((self.among_Y >= best) & ~self.own_Y).sum())

    @property
    def share_Y(self) -> np.ndarray:
        """Softmax over those that are asked."""
        high = self.among_Y.max()
        made = np.exp(self.scale * (self.among_Y - high).astype(np.float64))
        return made / made.sum()

    def margin(self, of_Y: np.ndarray) -> float | None:
        """The best of these less the best of the others; None where there are no others."""
        rest = self.asked_Y & ~of_Y
        return float(self.cosine_Y[of_Y].max() - self.cosine_Y[rest].max()) if rest.any() else None

    @property
    def held_Y(self) -> np.ndarray:
        """Of which a margin is: its own, or what fits best where it has no label."""
        return self.own_Y if self.known else np.arange(len(self.classes)) == self.order_Y[0]


def scores_of(
    classes: Sequence[str], cosine_Y: np.ndarray, own: Collection[str], also: Collection[str], scale: float
) -> Scores:  # fmt: skip
    """own, also: names among the classes."""
    own_Y = np.array([one in own for one in classes], bool)
    asked_Y = np.array([one in own or one not in also for one in classes], bool)
    return Scores(tuple(classes), np.asarray(cosine_Y, np.float64), own_Y, asked_Y, scale)


def answers_of(scores: Scores) -> dict[str, Any]:
    """Values of `core.workbench.columns.ANSWERED`."""
    share_Y, order_Y = scores.share_Y, scores.order_Y
    asked = share_Y[scores.asked_Y]
    first = [scores.classes[y] for y in order_Y[:FIRST]]
    even = np.log(len(asked)) if len(asked) > 1 else 1.0
    entropy = float(-(asked * np.log(np.maximum(asked, 1e-300))).sum() / even)
    made = {
        "pred": scores.pred, "top5": first, "confidence": float(asked.max()), "entropy": max(0.0, entropy),
        "margin": scores.margin(scores.held_Y),
    }  # fmt: skip
    if scores.known:
        rank, own = scores.rank, float(share_Y[scores.own_Y].sum())
        made |= {"right": rank == 0, "rank": rank, "in_top5": rank < FIRST, "loss": float(-np.log(max(own, 1e-300)))}
    return made


def after_edit(name: str, scores: Scores, edit: Scores) -> dict[str, Any]:
    """Values of `core.workbench.columns.edit_columns`: the same clip after an edit."""
    before, after = scores.margin(scores.held_Y), edit.margin(scores.held_Y)
    return {
        f"{name}_pred": edit.pred, f"{name}_same": edit.pred == scores.pred,
        f"{name}_margin": None if before is None or after is None else after - before,
    }  # fmt: skip
