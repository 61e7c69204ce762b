"""The contract of a method: a paper as a list of functions, and the networks that they ask for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from core.graph import Stage, Trace, check_wiring, downstream, inputs
from core.kinds import Output, When
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
class Group:
    """Outputs that are drawn in one picture, by the figure of the first. stages: that make them; one may be in several. words:
    what the picture says in this method's words, by stage or by what else the figure names (`assets/viewer/base/words.js`)."""

    title: str
    stages: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Beside:
    """A second run on the same clip, and what of it is shown beside the first, when a network has run.

    method: that is run. stages: that it makes. outputs: what is shown. knobs: the first run's knobs → the second's.
    values: (trace of the first, trace of the second) → the value of each output's stage.
    """

    method: str
    stages: tuple[str, ...]
    outputs: tuple[Output, ...]
    values: Callable[[Trace, Trace], dict[str, Any]]
    knobs: Callable[[Mapping[str, Any]], dict[str, Any]] = lambda knobs: {}


@dataclass(frozen=True)
class Method:
    """A paper as a list of functions.

    networks: what its stages ask for, by the name they ask with. limits: networks → upper ends of knobs that depend on their
    geometry. grid: networks → (rows, columns) of the patches that its maps are over; a method without maps has none. place:
    of its tab, from the left; of those with the same place the names decide. layout: its pictures in order; one that says none
    has one for each figure of its outputs. untrained: (labels of the weights, knobs) → names of the networks shown whose
    weights are random. steady: the knob that takes the camera's own motion out of what is measured, if there is one. world: the
    folder of `assets` with clips of the world that its networks know, where that is another than `core.world`'s.
    """

    name: str
    title: str
    paper: str
    knobs: type[KnobSet]
    stages: tuple[Stage, ...]
    networks: Mapping[str, Network]
    outputs: tuple[Output, ...]
    grid: Callable[[Mapping[str, Any]], tuple[int, int]] | None = None
    limits: Callable[[Mapping[str, Any]], dict[str, float]] = field(default=lambda networks: {})
    place: int = 100
    layout: tuple[Group, ...] = ()
    beside: Beside | None = None
    untrained: Callable[[Iterable[str], Mapping[str, Any]], list[str]] = field(default=lambda labels, knobs: [])
    steady: str = ""
    world: str = ""

    def __post_init__(self):
        check_wiring(self.stages, (*GIVEN, *self.networks, *(one.name for one in self.knobs.knobs())))
        if unknown := [stage for group in self.layout for stage in group.stages if stage not in self.shown]:
            raise ValueError(f"{self.name} lays out {', '.join(unknown)}, which is none of its outputs.")
        if self.steady and self.steady not in (one.name for one in self.knobs.knobs()):
            raise ValueError(f"{self.name} has no knob {self.steady!r} that takes the camera's motion out.")

    @property
    def kinds(self) -> dict[str, Output]:
        """Stage → output."""
        return {one.stage: one for one in self.outputs}

    @property
    def shown(self) -> dict[str, Output]:
        """Stage → output, with those of what runs beside it."""
        return self.kinds | {one.stage: one for one in (self.beside.outputs if self.beside else ())}

    @property
    def groups(self) -> tuple[Group, ...]:
        """Its pictures in order."""
        of_figure: dict[str, list[Output]] = {}
        for one in self.shown.values():
            of_figure.setdefault(one.figure, []).append(one)
        return self.layout or tuple(Group(made[0].title, tuple(one.stage for one in made)) for made in of_figure.values())

    def figure(self, group: Group) -> str:
        """The file that draws a group: that of its first output."""
        return self.shown[group.stages[0]].figure

    def until(self, when: When, texts: bool = True) -> tuple[str, ...]:
        """Stages whose results are shown by then; without texts, none that needs them. Tokens are seen by what is counted."""
        times = get_args(When)
        known = [one for one in self.outputs if one.value != "token" and times.index(one.when) <= times.index(when)]
        stages = [one.stage for one in known] + [stage for one in known for stage in one.with_it]
        return tuple(stage for stage in stages if texts or stage not in self.text_stages)

    @property
    def text_stages(self) -> tuple[str, ...]:
        """Stages that are there only where sentences are to compare with."""
        return downstream(self.stages, "texts")

    @property
    def sources(self) -> frozenset[str]:
        """What its stages ask for of what every run has: "clip", "video", "texts", "question" …"""
        return frozenset(name for stage in self.stages for name in inputs(stage) if name in GIVEN)

    @property
    def reads_texts(self) -> bool:
        """Whether anything of it is compared with sentences."""
        return "texts" in self.sources

    @property
    def models(self) -> tuple[str, ...]:
        """What its weights are named by: models of its own networks, then of those that they are loaded after."""
        own = tuple(self.networks.values())
        return tuple(dict.fromkeys(one.model for one in (*own, *(other for one in own for other in one.needed))))
