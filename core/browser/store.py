"""The numbers of a method's graphs: beside the graphs, in 16 bits where that loses nothing, and none of them twice."""

from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

LARGE = 1024  # bytes: weights from there on lie in a file beside the graph
WORD = 16  # bytes at which each begins


class Store:
    """Weights by what they hold, in the files of the graphs that were first to read them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.places: dict[str, tuple[str, int, int]] = {}  # digest → file, from where, how many bytes

    def take(self, name: str, model: Any) -> tuple[Path, ...]:
        """Takes the large weights out of an ONNX model, and says which files it then reads, its own last."""
        from onnx import TensorProto, helper, numpy_helper

        own, used, parts, end = f"{name}.bin", set(), [], 0
        for tensor in model.graph.initializer:
            value = numpy_helper.to_array(tensor)
            if value.nbytes < LARGE:
                continue
            stored = halved(value)
            key = digest(stored)
            if key not in self.places:
                self.places[key] = (own, end, stored.nbytes)
                parts.append(stored.tobytes() + bytes(-stored.nbytes % WORD))
                end += len(parts[-1])
            file, at, size = self.places[key]
            used.add(file)
            if stored.dtype != value.dtype:
                model.graph.node.insert(0, helper.make_node("Cast", [f"{tensor.name}.16"], [tensor.name], to=TensorProto.FLOAT))
                tensor.name, tensor.data_type = f"{tensor.name}.16", TensorProto.FLOAT16
            tensor.ClearField("raw_data")
            tensor.ClearField("float_data")
            tensor.data_location = TensorProto.EXTERNAL
            for what, told in (("location", file), ("offset", str(at)), ("length", str(size))):
                tensor.external_data.add(key=what, value=told)
        if parts:
            (self.folder / own).write_bytes(b"".join(parts))
        return tuple(self.folder / file for file in sorted(used, key=lambda file: (file == own, file)))


def halved(value: np.ndarray) -> np.ndarray:
    """The same numbers in 16 bits, where they are the same."""
    half = value.astype(np.float16) if value.dtype == np.float32 else value
    return np.ascontiguousarray(half if np.array_equal(half.astype(value.dtype), value) else value)


def digest(stored: np.ndarray) -> str:
    """Of its type, shape and numbers."""
    made = blake2b(f"{stored.dtype}{stored.shape}".encode(), digest_size=16)
    made.update(stored.tobytes())
    return made.hexdigest()
