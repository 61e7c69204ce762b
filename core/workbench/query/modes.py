"""Failure modes: what failures share, found on half of the films and tested on the other half.

A slice that looks coherent does not make what is said of it right (Johnson et al., 2023). So a mode is proposed on one half (a
cluster of clips that lie together, or a rule over columns, that fails more than the rest), and tested on clips that had no part
in it: of every film of the other half one clip, for clips of one film are not independent; Fisher's exact test, one-sided; of
all that is tested at once, at most Q of what is confirmed is wrong on average (Benjamini and Hochberg, 1995). What does not
hold there is shown as unconfirmed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import false_discovery_control, hypergeom

from core.workbench.columns import Column
from core.workbench.files import quoted
from core.workbench.query.causes import Outcome, explaining, said
from core.workbench.query.filters import Filters, where
from core.workbench.query.rules import Values, fits, in_words, rules
from core.workbench.query.slices import wilson
from core.workbench.query.table import ROWS, Table

Q = 0.05
HINT, MOST = 0.1, 10  # p on the first half from which on a mode is not proposed; modes that are proposed


@dataclass(frozen=True)
class Mode:
    """words: what its clips share; filters: that find them. n, failed: of the half that it was tested on, and what Wilson's
    interval of that rate is; rest, rest_failed: of the other clips there. clips: of both halves."""

    words: str
    filters: list[Any]
    clips: int
    n: int
    failed: int
    low: float | None
    high: float | None
    rest: int
    rest_failed: int
    p: float
    q: float = 1.0

    @property
    def confirmed(self) -> bool:
        """Whether it holds on clips that it was not found on."""
        return self.q <= Q

    def sentence(self, says: str) -> str:
        """says: what failing is."""
        if not self.n:
            return f"{self.words}: no clip of the half that was kept apart is so. Unconfirmed."
        rate = f"{self.failed / self.n:.0%} ({self.low:.0%} to {self.high:.0%})"
        rest = f"{self.rest_failed} of {self.rest} ({self.rest_failed / self.rest:.0%})" if self.rest else "none"
        verdict = "Confirmed" if self.confirmed else "Unconfirmed"
        return (
            f"{self.words}: {self.failed} of {self.n} {says}, {rate}, of the others {rest}. {verdict} on clips it was not "
            f"found on (q = {self.q:.2g})."
        )


def modes(
    values: Values, columns: Sequence[Column], seen: Outcome, cluster_N: np.ndarray | None = None, seed: int = 0
) -> list[Mode]:  # fmt: skip
    """What is proposed, tested: confirmed ones first. cluster_N: of each clip, 0 for none."""
    first_N = half(seen.group_N, seed)
    proposed = propose(values, columns, seen.fails_N, first_N, cluster_N)
    tested_N = one_of_each(seen.group_N, ~first_N, seed)
    known = {one.name: one for one in columns}
    made = []
    for filters, in_N in proposed:
        n, failed, rest, rest_failed = counts(in_N, seen.fails_N, tested_N)
        name = filters[0][2] if filters[0][0] == "cluster" else ""
        words = f"group {name} of the map{what_sets_apart(values, columns, in_N)}" if name else in_words(filters, known)
        p = fisher(n, failed, rest, rest_failed)
        made.append(Mode(words, filters, int(in_N.sum()), n, failed, *wilson(failed, n), rest, rest_failed, p))
    if not made:
        return []
    q_M = false_discovery_control([one.p for one in made])
    made = [Mode(**{**vars(one), "q": float(q)}) for one, q in zip(made, q_M)]
    return sorted(made, key=lambda one: (one.q > Q, one.p))


def propose(
    values: Values, columns: Sequence[Column], fails_N: np.ndarray, first_N: np.ndarray, cluster_N: np.ndarray | None
) -> list[tuple[list[Any], np.ndarray]]:  # fmt: skip
    """(filters, which clips fit) of what fails more than the rest on the first half, the clearest first."""
    halved = {name: held_N[first_N] for name, held_N in values.items()}
    numbers = [one for one in columns if one.kind != "text"]  # names of classes may hide what numbers say
    found = [rule for some in (columns, numbers) for rule in rules(halved, some, fails_N[first_N])]
    listed = [(rule, fits(rule, values)) for rule in found]
    if cluster_N is not None:
        listed += [([["cluster", "eq", int(c)]], cluster_N == c) for c in np.unique(cluster_N[cluster_N > 0])]
    clear, known = [], set()
    for filters, in_N in sorted(listed, key=lambda one: len(one[0])):  # of two that hold the same clips, the shorter
        p, same = fisher(*counts(in_N, fails_N, first_N)), (in_N & first_N).tobytes()
        if p <= HINT and same not in known:
            known.add(same)
            clear.append((p, filters, in_N))
    return [(filters, in_N) for _, filters, in_N in sorted(clear, key=lambda one: one[0])[:MOST]]


def half(group_N: np.ndarray, seed: int) -> np.ndarray:
    """Half of the films, drawn by chance: bool, [N]."""
    films, film_N = np.unique(group_N.astype(str), return_inverse=True)
    order = np.random.default_rng([seed, len(films)]).permutation(len(films))
    return order[film_N] < len(films) // 2


def one_of_each(group_N: np.ndarray, some_N: np.ndarray, seed: int) -> np.ndarray:
    """Of every film one of these clips, drawn by chance: bool, [N]."""
    order = np.random.default_rng([seed, len(group_N)]).permutation(np.flatnonzero(some_N))
    made = np.zeros(len(group_N), bool)
    made[order[np.unique(group_N[order].astype(str), return_index=True)[1]]] = True
    return made


def counts(in_N: np.ndarray, fails_N: np.ndarray, some_N: np.ndarray) -> tuple[int, int, int, int]:
    """(clips of the mode, failures among them, other clips, failures among those) of some clips."""
    inside, outside = in_N & some_N, ~in_N & some_N
    return int(inside.sum()), int((inside & fails_N).sum()), int(outside.sum()), int((outside & fails_N).sum())


def fisher(n: int, failed: int, rest: int, rest_failed: int) -> float:
    """How often chance alone would put so many failures or more among the n."""
    return float(hypergeom.sf(failed - 1, n + rest, failed + rest_failed, n)) if n and rest else 1.0


def what_sets_apart(values: Values, columns: Sequence[Column], in_N: np.ndarray) -> str:
    """What most of some clips share and few others: a name, else the number that differs most, in spreads of all clips."""
    best, made = 0.0, ""
    for one in columns:
        held_N = values[one.name]
        if one.kind == "text":
            names, n_K = np.unique(held_N[in_N & (held_N != None)].astype(str), return_counts=True)  # noqa: E711 — of each
            if len(names):
                k = int(n_K.argmax())
                share, other = n_K[k] / in_N.sum(), float((held_N[~in_N] == names[k]).mean()) if (~in_N).any() else 0.0
                if share >= 0.5 and 3 * (share - other) > best:
                    best, made = 3 * (share - other), f" (mostly {said(one)} “{names[k]}”)"
        elif one.kind != "truth" and not np.isnan(held_N[in_N]).all() and not np.isnan(held_N[~in_N]).all():
            spread = float(np.nanstd(held_N))
            apart = float(np.nanmedian(held_N[in_N]) - np.nanmedian(held_N[~in_N])) / spread if spread else 0.0
            if abs(apart) > max(best, 1.0):
                best, made = abs(apart), f" (mostly {'high' if apart > 0 else 'low'} in {said(one)})"
    return made


def values_of(table: Table, setting: str, seen: Outcome, filters: Filters = ()) -> tuple[Values, list[Column]]:
    """Columns that may explain what fails, of the outcome's clips in its order."""
    columns, (condition, values) = explaining(table, setting, seen.name), where(table, filters, setting)
    shown = ", ".join(
        quoted(one.name) if one.kind == "text" else f"CAST({quoted(one.name)} AS DOUBLE) AS {quoted(one.name)}"
        for one in columns
    )
    held = table.arrays(f"SELECT clip_id, {shown} FROM {ROWS} WHERE {condition} ORDER BY clip_id", values)
    there_N = np.isin(np.ma.getdata(held["clip_id"]).astype(str), seen.ids)
    made: dict[str, np.ndarray] = {}
    for one in columns:
        some = np.ma.asarray(held[one.name])[there_N]
        made[one.name] = (
            np.ma.filled(some.astype(object), None) if one.kind == "text" else np.ma.filled(some.astype(float), np.nan)
        )
    return made, columns
