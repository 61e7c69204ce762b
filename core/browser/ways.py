"""How a method says what of it runs in a browser."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.graph import Stage


@dataclass(frozen=True)
class Graph:
    """Stages that are exported as one ONNX graph, in order. sizes: letter of its inputs → (least, most) of what may differ
    from one run to the next; every other size is that of the networks. within: stages whose result no other graph and no
    JavaScript reads: it need be no tensor."""

    name: str
    stages: tuple[Stage, ...]
    sizes: Mapping[str, tuple[int, int]]
    within: tuple[str, ...] = ()

    @property
    def makes(self) -> tuple[str, ...]:
        """What it gives out."""
        return tuple(stage.__name__ for stage in self.stages if stage.__name__ not in self.within)


@dataclass(frozen=True)
class Again:
    """A graph that runs once more, on other results. reads: what it reads → what is given in its place, where that is
    another. makes: what it makes → what that is called here; of the rest nothing is kept. each: of what it reads, that of which
    it is given one after another, along the first dimension; what it makes of each is stacked."""

    graph: Graph
    reads: Mapping[str, str]
    makes: Mapping[str, str]
    each: str = ""


@dataclass(frozen=True)
class Way:
    """What runs where, for some settings of the knobs.

    knobs: these settings. graphs: that are exported. again: those of them that run more than once. scripts: stage → its inputs,
    of stages that are JavaScript, where these are not those of the method's own stage. fixed: stages whose result follows from
    these settings alone, whatever the clip. without: outputs that are not made there.
    """

    knobs: Mapping[str, Any]
    graphs: tuple[Graph, ...]
    scripts: Mapping[str, tuple[str, ...]]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    again: tuple[Again, ...] = ()
    without: tuple[str, ...] = ()
