"""How a method says what of it runs in a browser."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.graph import Stage


@dataclass(frozen=True)
class Graph:
    """Stages that are exported as one ONNX graph, in order. sizes: letter of its inputs → (least, most) of what may differ
    from one run to the next; every other size is that of the networks."""

    name: str
    stages: tuple[Stage, ...]
    sizes: Mapping[str, tuple[int, int]]

    @property
    def makes(self) -> tuple[str, ...]:
        """What it gives out."""
        return tuple(stage.__name__ for stage in self.stages)


@dataclass(frozen=True)
class Way:
    """What runs where, for some settings of the knobs.

    knobs: these settings. graphs: that are exported. scripts: stage → its inputs, of stages that are JavaScript, where these
    are not those of the method's own stage. fixed: stages whose result follows from these settings alone, whatever the clip.
    """

    knobs: Mapping[str, Any]
    graphs: tuple[Graph, ...]
    scripts: Mapping[str, tuple[str, ...]]
    fixed: Mapping[str, Any] = field(default_factory=dict)
