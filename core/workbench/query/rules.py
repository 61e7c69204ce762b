"""Rules that part failures from the rest: the nodes of a shallow tree over columns, each as filters, and filters in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.workbench.columns import Column
from core.workbench.query.causes import said

DEPTH, FEWEST = 3, 5  # of the tree; clips of a node at the least, of many a fiftieth
VALUES = 30  # of a column of names, the commonest: one clip's own name explains nothing
Values = Mapping[str, np.ndarray]  # column → numbers (nan where not known) or names (None)


def rules(values: Values, columns: Sequence[Column], fails_N: np.ndarray) -> list[list[list[Any]]]:
    """Of every split the side that fails more, as the filters of the whole path to it."""
    fewest = max(FEWEST, len(fails_N) // 50)
    tests, made = [], []
    for one in columns:
        held_N = values[one.name]
        if one.kind == "text":
            names, counts = np.unique(held_N[held_N != None].astype(str), return_counts=True)  # noqa: E711 — of each
            common = [str(name) for count, name in sorted(zip(-counts, names)) if -count >= fewest][:VALUES]
            tests += [(one, name, held_N == name) for name in common]
        else:
            known_N = ~np.isnan(held_N)
            if known_N.sum() >= 2 * fewest:
                tests.append((one, None, np.where(known_N, held_N, np.median(held_N[known_N]))))
    if not tests or len(fails_N) < 2 * fewest:
        return []
    from sklearn.tree import DecisionTreeClassifier

    grown = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=fewest, random_state=0)
    tree = grown.fit(np.stack([test[2] for test in tests], 1).astype(np.float64), fails_N).tree_

    def walk(node: int, path: list[list[Any]]) -> None:
        if tree.children_left[node] < 0:
            return
        column, name, _ = tests[tree.feature[node]]
        sides = [int(children[node]) for children in (tree.children_left, tree.children_right)]
        rates = [float(tree.value[child][0][-1]) for child in sides]
        for child, rate, below in zip(sides, rates, (True, False)):
            longer = tighter(path, step(column, name, float(tree.threshold[node]), below))
            made.extend([longer] if rate == max(rates) else [])
            walk(child, longer)

    walk(0, [])
    return made


def step(column: Column, name: str | None, bound: float, below: bool) -> list[Any]:
    """One side of a split as a filter."""
    if name is not None:
        return [column.name, "ne" if below else "eq", name]
    if column.kind == "truth":
        return [column.name, "eq", not below]
    bound = float(np.floor(bound)) if column.kind == "count" else float(f"{bound:.4g}")
    return [column.name, "le" if below else "gt", bound]


def tighter(path: list[list[Any]], fresh: list[Any]) -> list[list[Any]]:
    """The path with one filter more; of two bounds of one column on one side, the later is the tighter."""
    same = fresh[1] in ("le", "gt")
    return [*(one for one in path if not (same and one[:2] == fresh[:2])), fresh]


def fits(filters: Sequence[Sequence[Any]], values: Values) -> np.ndarray:
    """Which clips fit, as the database would say it: what is not known fits no bound. [N]"""
    made = np.ones(len(next(iter(values.values()))), bool)
    for name, what, value in filters:
        held_N = values[name]
        if what in ("le", "gt"):
            made &= held_N <= value if what == "le" else held_N > value
        else:
            made &= (held_N == value) == (what == "eq")
    return made


def in_words(filters: Sequence[Sequence[Any]], columns: Mapping[str, Column]) -> str:
    """ "motion at most 0.02 and label “spins”"."""
    parts = []
    for name, what, value in filters:
        column = columns[name]
        unit = f" {column.unit}" if column.unit not in ("", "share") and what in ("le", "gt") else ""
        if column.kind == "truth":
            parts.append(f"{said(column)}: {'yes' if value else 'no'}")
        elif what in ("le", "gt"):
            parts.append(f"{said(column)} {'at most' if what == 'le' else 'above'} {value:g}{unit}")
        else:
            parts.append(f"{said(column)} {'' if what == 'eq' else 'not '}“{value}”")
    return " and ".join(parts)
