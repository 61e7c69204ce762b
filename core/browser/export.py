"""A method's graphs as files: ONNX for the structure, and one file of numbers beside each for its weights.

Weights are stored in 16 bits where that loses nothing, as in our own files, and no number twice: a graph that reads weights of
an earlier one reads that one's file. A browser so loads the frozen tower once, whichever graphs run it.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from core.browser.parts import flat, whole
from core.browser.plan import bound, reads
from core.browser.store import Store
from core.browser.ways import Graph, Way
from core.engine import Engine
from core.errors import ReaderError
from core.graph import inputs, letters
from core.method import Method
from core.methods import part, with_part
from core.registry import method_named
from core.video.clip import Clip

OPSET = 18
NEEDED = "Exporting a method for a browser needs onnx: python -m pip install -r requirements-test.txt."


@dataclass(frozen=True)
class File:
    """A graph on disk. graph: its name. model: its file. weights: files of the numbers that it reads, its own last."""

    graph: str
    model: Path
    weights: tuple[Path, ...]


class Stages(nn.Module):
    """The stages of a graph as one module: tensors in, the results of its stages out. asked: what it reads, of an example."""

    def __init__(self, graph: Graph, asked: Mapping[str, Any], held: Mapping[str, Any]):
        super().__init__()
        self.graph, self.asked = graph, dict(asked)
        self.plain = {name: one for name, one in held.items() if not isinstance(one, nn.Module)}
        self.parts = nn.ModuleDict({name: one for name, one in held.items() if isinstance(one, nn.Module)})

    def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """In the order of the stages."""
        left = iter(given)
        values = self.plain | dict(self.parts.items()) | {name: whole(one, left) for name, one in self.asked.items()}
        for stage in self.graph.stages:
            values[stage.__name__] = stage(*(values[name] for name in inputs(stage)))
        return tuple(one for name in self.graph.makes for one in flat(name, values[name]).values())


def browser_of(method: str) -> ModuleType:
    """A method's part, or a sentence that says which methods have one."""
    found = part(method_named(method).name, "browser")
    if found is None:
        able = ", ".join(with_part("browser")) or "none"
        raise ReaderError(f"{method} does not say what of it runs in a browser. Those that do: {able}.")
    return found


def held_of(engine: Engine, method: Method, way: Way) -> dict[str, Any]:
    """What is known without a clip, computed once."""
    values: dict[str, Any] = dict(way.knobs) | dict(way.fixed) | {"device": engine.device}
    for name, network in method.networks.items():
        values[name] = (
            engine.network(name, method.name).network if network.used(engine.settings(method.name, way.knobs)) else None
        )
    for name, stage in bound(method, way).items():
        if stage is not None:
            values[name] = stage(*(values[one] for one in inputs(stage)))
    return values


def examples(engine: Engine, method: Method, way: Way, clip: Clip, texts: Sequence[str]) -> dict[str, Any]:
    """Every value that a graph may read, of a run in Python."""
    shown = [name for name in method.until("whole") if name not in way.without]
    trace, held = engine.run(method.name, clip, list(texts), shown, **way.knobs), held_of(engine, method, way)
    given = {"clip_THWC": torch.from_numpy(clip.frames_THWC), "texts": list(texts)}
    known = engine.settings(method.name, way.knobs) | dict(trace.values) | given
    known |= browser_of(method.name).example(held | known)
    return {name: tensor(one) for name, one in known.items()}


def tensor(value: Any) -> Any:
    """Numbers and truth values, and rows of these, as tensors; all else as it is."""
    plain = isinstance(value, (bool, int, float)) or isinstance(value, tuple) and value and not isinstance(value[0], str)
    return torch.tensor(value) if plain else value


def export(
    engine: Engine, method: Method, clip: Clip, texts: Sequence[str], folder: Path,
    told: Callable[[str], None] = lambda text: None,
) -> dict[str, File]:  # fmt: skip
    """Every graph of a method by name, written to a folder. clip, texts: what it is traced with."""
    folder.mkdir(parents=True, exist_ok=True)
    store, files = Store(folder), {}
    for way in browser_of(method.name).WAYS:
        held, values = held_of(engine, method, way), examples(engine, method, way, clip, texts)
        for graph in way.graphs:
            values |= ran(graph, values | held)  # a later graph may read what only this one makes, or makes otherwise
            if graph.name not in files:
                told(graph.name)
                files[graph.name] = written(graph, held, values, store)
            for one in (again for again in way.again if again.graph == graph and not again.each):
                made = ran(graph, values | {name: values[other] for name, other in one.reads.items()} | held)
                values |= {other: made[name] for name, other in one.makes.items()}
    return files


def ran(graph: Graph, values: Mapping[str, Any]) -> dict[str, Any]:
    """The results of a graph's stages, in Python."""
    made: dict[str, Any] = {}
    with torch.no_grad():
        for stage in graph.stages:
            made[stage.__name__] = stage(*((values | made)[name] for name in inputs(stage)))
    return made


def written(graph: Graph, held: Mapping[str, Any], values: Mapping[str, Any], store: Store) -> File:
    """One graph as ONNX, its large weights in the store."""
    asked = {name: values[name] for name in reads(graph, held)}
    given, made = ({part: one for name in names for part, one in flat(name, values[name]).items()}
                   for names in (asked, graph.makes))  # fmt: skip
    read = {name for stage in graph.stages for name in inputs(stage)}
    module = Stages(graph, asked, {name: one for name, one in held.items() if name in read}).eval()
    free = {name: {n: one for n, one in enumerate(letters(name)) if one in graph.sizes} for name in (*given, *made)}
    # a part's name tells no letters: any size of what is made may follow from what may differ
    free |= {part: {n: f"{part}.{n}" for n in range(one.ndim)} for part, one in made.items() if part not in graph.makes}
    model = as_onnx(module, tuple(one.detach().cpu() for one in given.values()), free, tuple(given), tuple(made))
    weights = store.take(graph.name, model)
    path = store.folder / f"{graph.name}.onnx"
    path.write_bytes(model.SerializeToString())
    return File(graph.name, path, weights)


def as_onnx(
    module: nn.Module, given: tuple[torch.Tensor, ...], free: Mapping[str, Mapping[int, str]], asked: Sequence[str],
    makes: Sequence[str],
) -> Any:  # fmt: skip
    """The module as an ONNX model in memory. free: of each input and result, place of a dimension that may differ → letter.

    By tracing: torch's newer exporter makes the same graphs and takes many times as long."""
    try:
        import onnx
    except ImportError as missing:
        raise ReaderError(NEEDED) from missing
    held, fast = BytesIO(), torch.backends.mha.get_fastpath_enabled()
    for name, symbolic in SYMBOLIC.items():
        torch.onnx.register_custom_op_symbolic(name, symbolic, OPSET)
    torch.backends.mha.set_fastpath_enabled(False)  # one operator for a whole block, which ONNX has not
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module, given, held, input_names=list(asked), output_names=list(makes), opset_version=OPSET,
                dynamic_axes={name: dict(one) for name, one in free.items() if one}, dynamo=False,
            )  # fmt: skip
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for name in SYMBOLIC:
            torch.onnx.unregister_custom_op_symbolic(name, OPSET)
    return onnx.load_from_string(held.getvalue())


def resized(g: Any, picture: Any, size: Any, align_corners: Any, *scales: Any) -> Any:
    """A bilinear resize that averages where it shrinks, in ONNX's words."""
    whole = g.op("Cast", size, to_i=7)
    empty = g.op("Constant", value_t=torch.tensor([]))
    return g.op(
        "Resize", picture, empty, empty, whole, axes_i=[2, 3], mode_s="linear", antialias_i=1, exclude_outside_i=1,
        coordinate_transformation_mode_s="half_pixel",
    )  # fmt: skip


def turned(g: Any, matrix: Any) -> Any:
    """Rows for columns."""
    rank = matrix.type().dim()
    return g.op("Transpose", matrix, perm_i=[*range(rank - 2), rank - 1, rank - 2])


SYMBOLIC = {"aten::_upsample_bilinear2d_aa": resized, "aten::mT": turned}  # operators that torch does not export
