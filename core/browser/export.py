"""A method's graphs as files: ONNX for the structure, and one file of numbers beside each for its weights.

Weights are stored in 16 bits where that loses nothing, as in our own files, and no number twice: a graph that reads weights of
an earlier one reads that one's file. A browser so loads the frozen tower once, whichever graphs run it.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from core.browser.declared import Graph, Way
from core.browser.plan import bound, reads
from core.engine import Engine
from core.errors import ReaderError
from core.graph import Trace, inputs, letters
from core.method import Method
from core.methods import part, with_part
from core.registry import method_named
from core.video.clip import Clip

OPSET = 20
LARGE = 1024  # bytes: weights from there on lie in the file beside
NEEDED = "Exporting a method for a browser needs onnx and onnxscript: python -m pip install -r requirements-test.txt."


@dataclass(frozen=True)
class File:
    """A graph on disk. graph: its name. model: its file. weights: files of the numbers that it reads, its own last.
    inputs: name → type and dimensions, a letter where one may differ."""

    graph: str
    model: Path
    weights: tuple[Path, ...]
    inputs: Mapping[str, tuple[str, tuple[int | str, ...]]]


class Stages(nn.Module):
    """The stages of a graph as one module: tensors in, a result for each stage out."""

    def __init__(self, graph: Graph, asked: Sequence[str], held: Mapping[str, Any]):
        super().__init__()
        self.graph, self.asked = graph, tuple(asked)
        self.plain = {name: one for name, one in held.items() if not isinstance(one, nn.Module)}
        self.parts = nn.ModuleDict({name: one for name, one in held.items() if isinstance(one, nn.Module)})

    def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """In the order of the stages."""
        values = self.plain | dict(self.parts.items()) | dict(zip(self.asked, given, strict=True))
        for stage in self.graph.stages:
            values[stage.__name__] = stage(*(values[name] for name in inputs(stage)))
        return tuple(values[name] for name in self.graph.makes)


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


def examples(engine: Engine, method: Method, way: Way, clip: Clip, texts: Sequence[str]) -> tuple[Trace, dict[str, Any]]:
    """A run in Python, and every value of it that a graph may read."""
    trace = engine.run(method.name, clip, list(texts), **way.knobs)
    held = held_of(engine, method, way)
    values = dict(trace.values) | {"frames_THWC": torch.from_numpy(clip.frames_THWC)}
    return trace, values | browser_of(method.name).example(held, list(texts))


def export(
    engine: Engine, method: Method, way: Way, clip: Clip, texts: Sequence[str], folder: Path,
    known: dict[str, File] | None = None, told: Callable[[str], None] = lambda text: None,
) -> dict[str, File]:  # fmt: skip
    """Every graph of a way, written to a folder. known: graphs that are there already, by name; it is added to."""
    folder.mkdir(parents=True, exist_ok=True)
    _, values = examples(engine, method, way, clip, texts)
    held, files = held_of(engine, method, way), {} if known is None else known
    shelf = Shelf(folder, [path for file in files.values() for path in file.weights[-1:]])
    for graph in way.graphs:
        if graph.name not in files:
            told(graph.name)
            files[graph.name] = written(graph, held, values, shelf)
        for stage in graph.stages:  # a later graph may read what only this one makes
            if stage.__name__ not in values:
                with torch.no_grad():
                    values[stage.__name__] = stage(*((held | values)[name] for name in inputs(stage)))
    return files


def written(graph: Graph, held: Mapping[str, Any], values: Mapping[str, Any], shelf: "Shelf") -> File:
    """One graph as ONNX, its large weights on the shelf."""
    asked = reads(graph, held)
    given = tuple(values[name].detach().cpu() for name in asked)
    read = {name for stage in graph.stages for name in inputs(stage)}
    module = Stages(graph, asked, {name: one for name, one in held.items() if name in read}).eval()
    sizes = {letter: torch.export.Dim(letter, min=low, max=high) for letter, (low, high) in graph.sizes.items()}
    free = tuple({n: sizes[one] for n, one in enumerate(letters(name)) if one in sizes} for name in asked)
    model = as_onnx(module, given, free, asked, graph.makes)
    weights = shelf.put(graph.name, model)
    path = shelf.folder / f"{graph.name}.onnx"
    path.write_bytes(model.SerializeToString())
    return File(graph.name, path, weights, {name: described(name, one, graph) for name, one in zip(asked, given, strict=True)})


def described(name: str, value: torch.Tensor, graph: Graph) -> tuple[str, tuple[int | str, ...]]:
    """A type as ONNX Runtime's JavaScript names it, and dimensions."""
    kind = {torch.float32: "float32", torch.uint8: "uint8", torch.int64: "int64", torch.bool: "bool"}[value.dtype]
    named = letters(name) or "?" * value.ndim
    return kind, tuple(one if one in graph.sizes else size for one, size in zip(named, value.shape, strict=True))


def as_onnx(
    module: nn.Module, given: tuple[torch.Tensor, ...], free: tuple[dict, ...], asked: Sequence[str], makes: Sequence[str]
) -> Any:  # fmt: skip
    """The module as an ONNX model in memory."""
    try:
        import onnxscript  # noqa: F401  torch asks for it, and says so in a traceback
    except ImportError as missing:
        raise ReaderError(NEEDED) from missing
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module, given, dynamic_shapes={"given": free}, input_names=list(asked), output_names=list(makes),
            opset_version=OPSET, dynamo=True, verbose=False,
        )  # fmt: skip
    assert program is not None
    return program.model_proto


class Shelf:
    """Weights by what they hold, in the files of the graphs that were first to read them."""

    def __init__(self, folder: Path, files: Iterable[Path] = ()):
        self.folder, self.places = folder, {}
        self.files = list(files)

    def put(self, name: str, model: Any) -> tuple[Path, ...]:
        """Takes the large weights of a model away, and says which files it then reads, its own last."""
        from onnx import TensorProto, helper, numpy_helper

        own, used, parts, end = f"{name}.bin", {}, [], 0
        for tensor in model.graph.initializer:
            value = numpy_helper.to_array(tensor)
            if value.nbytes < LARGE:
                continue
            half = value.astype(np.float16) if value.dtype == np.float32 else value
            halved = value.dtype == np.float32 and np.array_equal(half.astype(np.float32), value)
            stored = np.ascontiguousarray(half if halved else value)
            key = blake2b(stored.tobytes() + repr((stored.dtype, stored.shape)).encode(), digest_size=16).hexdigest()
            if key not in self.places:
                self.places[key] = (own, end, stored.nbytes)
                parts.append(stored.tobytes() + bytes(-stored.nbytes % 16))
                end += len(parts[-1])
            file, at, size = self.places[key]
            used[file] = None
            wide = tensor.name
            tensor.ClearField("raw_data")
            tensor.ClearField("float_data")
            tensor.data_location = TensorProto.EXTERNAL
            del tensor.external_data[:]
            for what, text in (("location", file), ("offset", str(at)), ("length", str(size))):
                tensor.external_data.add(key=what, value=text)
            if halved:
                tensor.name, tensor.data_type = f"{wide}.16", TensorProto.FLOAT16
                model.graph.node.insert(0, helper.make_node("Cast", [tensor.name], [wide], to=TensorProto.FLOAT))
        if parts:
            (self.folder / own).write_bytes(b"".join(parts))
        return tuple(self.folder / file for file in sorted(used, key=lambda file: file == own))
