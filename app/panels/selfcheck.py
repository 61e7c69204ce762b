"""The fold “Self-check”: is what the page draws right, and does it hang on what was learned?

checks   every check of `core.explain.selfcheck` at the values on the page, and one map beside that from random weights
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from app.figures.pack import grid16
from app.server.jobs import Run
from app.server.request import Desk, Request
from core.explain import self_check
from core.explain.selfcheck import Check, parts_of
from core.method import Method

RUN = "check"  # the kind of run that a reader looks after and calls off


def fits(method: Method) -> bool:
    """Whether there are checks of a method."""
    return parts_of(method.name) is not None


def about(desk: Desk) -> dict[str, str]:
    """What the map of the last check is called, and what its rows are."""
    parts = parts_of(desk.method.name)
    assert parts, "the fold is there where the part is"
    return {"title": parts.title, "over": parts.over}


def serve(desk: Desk) -> tuple[Callable[..., str], ...]:
    """The one server function."""
    return desk.served(Checks(desk).checks)


class Checks:
    """Of one tab."""

    def __init__(self, desk: Desk):
        self.desk = desk

    def checks(self, request: Request) -> dict[str, Any]:
        """All lines of the fold."""

        def work(run: Run) -> tuple[Check, ...]:
            return self_check(
                request.engine, request.method.name, request.clip, list(request.texts) or None,
                progress=lambda done: run.progress("checking", done), cancelled=run.cancelled, **request.settings,
            )  # fmt: skip

        made, grid = self.desk.aside(request, RUN, work), request.grid()
        return {"checks": [check_payload(one, grid) for one in made]}


def check_payload(check: Check, grid: tuple[int, int]) -> dict[str, Any]:
    """A line of the panel; its maps as shares of their own largest."""
    return {
        "name": check.name,
        "passed": bool(check.passed),
        "value": check.value if isinstance(check.value, str) else round(float(check.value), 6),
        "sentence": check.sentence,
        "maps": [map_payload(map_TP, grid) for map_TP in check.maps],
    }


def map_payload(map_TP: np.ndarray, grid: tuple[int, int]) -> dict[str, Any]:
    """A map [T, P] ≥ 0 of any size of numbers."""
    largest = float(np.max(map_TP))
    return {"shape": [len(map_TP), *map(int, grid)], "largest": largest, "code": grid16(map_TP / (largest or 1.0))}
