"""The contract of a method: a paper as a list of functions, and the networks that they ask for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.graph import Stage, check_wiring
from core.kinds import Output
from core.knobs import KnobSet
from core.networks.weights import Loaded

GIVEN = ("clip", "video", "texts", "question", "box", "device")  # what every run has, besides knobs and networks


@dataclass(frozen=True)
class Network:
    """A network that stages ask for by name.

    model: what a reader names other weights by (`--models clip=FILE`). load: (that file or name, or None for the shipped
    ones, and the networks in `after`) → Loaded. used: settings → whether a run with these knobs reads it; in one that does
    not, stages are given None in its place. Methods that name the same model with the same `load` share the network.
    """

    model: str
    load: Callable[..., Loaded]
    after: tuple["Network", ...] = ()
    used: Callable[[Mapping[str, Any]], bool] = lambda settings: True

    @property
    def key(self) -> tuple:
        """What is equal in two descriptions of one network."""
        return (self.model, self.load, *(one.key for one in self.after))

    @property
    def needed(self) -> "tuple[Network, ...]":
        """Itself, and what it is loaded after."""
        return (self, *(one for other in self.after for one in other.needed))


@dataclass(frozen=True)
class Method:
    """A paper as a list of functions.

    networks: what its stages ask for, by the name they ask with. limits: networks → upper ends of knobs that depend on their
    geometry. grid: networks → (rows, columns) of the patches that its maps are over. place: of its tab, from the left;
    of those with the same place the names decide.
    """

    name: str
    title: str
    paper: str
    knobs: type[KnobSet]
    stages: tuple[Stage, ...]
    networks: Mapping[str, Network]
    outputs: tuple[Output, ...]
    grid: Callable[[Mapping[str, Any]], tuple[int, int]]
    limits: Callable[[Mapping[str, Any]], dict[str, float]] = field(default=lambda networks: {})
    place: int = 100

    def __post_init__(self):
        check_wiring(self.stages, (*GIVEN, *self.networks, *(one.name for one in self.knobs.knobs())))

    @property
    def models(self) -> tuple[str, ...]:
        """What its weights are named by: models of its own networks, then of those that they are loaded after."""
        own = tuple(self.networks.values())
        return tuple(dict.fromkeys(one.model for one in (*own, *(other for one in own for other in one.needed))))
