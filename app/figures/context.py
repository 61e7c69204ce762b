"""The run that a result is of, for whoever packs it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.controls.presets import FRAME
from core.graph import Trace
from core.kinds import Output
from core.method import Method
from core.networks.weights import SYNTHETIC
from core.video.clip import Clip
from core.world import Truth


def is_strange(labels: Iterable[str], truth: Truth | None) -> bool:
    """Whether weights were trained on our synthetic clips alone, and this clip, of which no truth is known, is none of them."""
    return truth is None and any(SYNTHETIC in one for one in labels)


@dataclass(frozen=True, eq=False)
class Context:
    """The run that a result is of. done: whether everything is there that does not read the whole clip."""

    method: Method
    trace: Trace
    clip: Clip
    knobs: Mapping[str, Any]
    grid: tuple[int, int] | None
    truth: Truth | None
    done: bool

    @property
    def place(self) -> int:
        """The current frame, from 0, of a method where a knob says it."""
        return self.knobs[FRAME] - 1

    @property
    def strange(self) -> bool:
        """Whether the clip is none of those that the weights know."""
        return is_strange(self.trace.weights.values(), self.truth)

    def of(self, kind: type[Output]) -> tuple[Output, ...]:
        """The method's outputs of a kind that this run has, in order."""
        return tuple(one for one in self.method.shown.values() if isinstance(one, kind) and one.stage in self.trace.values)
