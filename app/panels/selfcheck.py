"""The fold “Self-check”: is what the page draws right, and does it hang on what was learned?

checks   every check of `core.explain.selfcheck` at the values on the page, and one map beside that from random weights
"""

import numpy as np

from app.figures.pack import grid16
from app.server.errors import sentence
from core.explain import self_check
from core.explain.selfcheck import parts_of

RUN = "check"  # the kind of run that a reader looks after and calls off


def fits(method):
    """Whether there are checks of a method."""
    return parts_of(method.name) is not None


def about(desk):
    """What the map of the last check is called, and what its rows are."""
    parts = parts_of(desk.method.name)
    return {"title": parts.title, "over": parts.over}


def serve(desk):
    """The one server function."""

    @sentence
    def checks(taken):
        asked = desk.request(taken)

        def work(run):
            return self_check(
                asked.engine, asked.method.name, asked.clip, list(asked.texts) or None,
                progress=lambda done: run.progress("checking", done), cancelled=run.cancelled, **asked.settings,
            )  # fmt: skip

        made, grid = desk.aside(asked, RUN, work), asked.grid()
        return {"checks": [check_payload(one, grid) for one in made]}

    return (checks,)


def check_payload(one, grid):
    """A line of the panel; its maps as shares of their own largest."""
    return {
        "name": one.name,
        "passed": bool(one.passed),
        "value": one.value if isinstance(one.value, str) else round(float(one.value), 6),
        "sentence": one.sentence,
        "maps": [map_payload(map_TP, grid) for map_TP in one.maps],
    }


def map_payload(map_TP, grid):
    """A map [T, P] ≥ 0 of any size of numbers."""
    largest = float(np.max(map_TP))
    return {"shape": [len(map_TP), *map(int, grid)], "largest": largest, "code": grid16(map_TP / (largest or 1.0))}
