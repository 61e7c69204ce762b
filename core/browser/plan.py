"""Which stage of a method runs as what in a browser, and in which order: made of the stages' own names and parameters.

A node makes one result, or several at once where a graph does, and names what it reads: an earlier result, a knob,
`clip_THWC` (the clip's frames), `texts`, or a constant. Nothing else says what follows what, so that a knob re-runs there what
it re-runs in Python.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.browser.ways import Graph, Way
from core.graph import Stage, inputs
from core.method import Method

GIVEN = ("clip_THWC", "texts")  # what a browser has of every clip


@dataclass(frozen=True)
class Node:
    """makes: results. reads: their inputs. graph: the name of what makes them, "" where it is JavaScript. inputs, outputs: what
    that graph calls what it reads and makes, in their order. each: of these inputs, that which is given part by part."""

    makes: tuple[str, ...]
    reads: tuple[str, ...]
    graph: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    each: str = ""


def bound(method: Method, way: Way) -> dict[str, Stage | None]:
    """What is known without a clip: networks, the device, what is fixed, and the stages that follow from these and the way's
    knobs alone. A stage that must be run to be known stands for itself."""
    known: dict[str, Stage | None] = dict.fromkeys([*method.networks, "device", *way.knobs, *way.fixed])
    for stage in method.stages:
        if stage.__name__ not in known and all(name in known for name in inputs(stage)):
            known[stage.__name__] = stage
    return known


def reads(graph: Graph, known: Iterable[str]) -> tuple[str, ...]:
    """What a graph is given when it runs."""
    here = {*known, *(stage.__name__ for stage in graph.stages)}
    return tuple(dict.fromkeys(name for stage in graph.stages for name in inputs(stage) if name not in here))


def there(method: Method, ways: Iterable[Way]) -> Method:
    """A method as far as it is shown in a browser: without the outputs that no way makes, the pictures that nothing is left of,
    and a second run of another method."""
    held = [set(way.without) for way in ways]
    left = set.intersection(*held) if held else set()
    layout = [replace(one, stages=tuple(stage for stage in one.stages if stage not in left)) for one in method.layout]
    return replace(
        method,
        outputs=tuple(one for one in method.outputs if one.stage not in left),
        layout=tuple(one for one in layout if one.stages),
        beside=method.beside if method.beside and method.beside.method == method.name else None,
    )


def nodes(method: Method, way: Way, constants: Iterable[str]) -> tuple[Node, ...]:
    """All of a way in an order in which they can run. ValueError: something is read that nothing makes."""
    known = bound(method, way)
    made = [of_graph(graph, known, {}, {name: name for name in graph.makes}) for graph in way.graphs]
    made += [replace(of_graph(one.graph, known, one.reads, one.makes), each=one.each) for one in way.again]
    scripts = {stage.__name__: inputs(stage) for stage in method.stages} | dict(way.scripts)
    by_graph = {name for node in made for name in node.makes}
    shown = [name for name in method.until("whole") if name not in way.without]
    left, needed = [*shown, *(name for node in made for name in node.reads)], set()
    while left:
        name = left.pop()
        if name in scripts and name not in needed | by_graph | set(known):
            needed.add(name)
            left += scripts[name]
    for name, asked in scripts.items():
        if name in needed:
            made.append(Node((name,), tuple(one for one in asked if one not in way.fixed)))
    knobs = (one.name for one in method.knobs.knobs())
    return in_order(made, {*GIVEN, *constants, *knobs})


def of_graph(graph: Graph, known: Iterable[str], given: Mapping[str, str], made: Mapping[str, str]) -> Node:
    """One run of a graph."""
    asked = reads(graph, known)
    return Node(tuple(made.values()), tuple(given.get(name, name) for name in asked), graph.name, asked, tuple(made))


def in_order(left: list[Node], known: set[str]) -> tuple[Node, ...]:
    """Each behind what it reads, else as they stand."""
    done: list[Node] = []
    while left:
        ready = [node for node in left if known.issuperset(node.reads)]
        if not ready:
            missing = {name for node in left for name in node.reads} - known - {name for node in left for name in node.makes}
            raise ValueError(f"Nothing in a browser makes {', '.join(sorted(missing)) or 'the first of a circle'}.")
        done += ready
        known |= {name for node in ready for name in node.makes}
        left = [node for node in left if node not in ready]
    return tuple(done)


def payload(made: Iterable[Node]) -> list[dict[str, Any]]:
    """As JSON has them."""
    return [asdict(node) for node in made]


def matches(way: Way, settings: Mapping[str, Any]) -> bool:
    """Whether a way is that of these settings."""
    return all(settings[name] == value for name, value in way.knobs.items())
