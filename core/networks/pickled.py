"""PyTorch's files without PyTorch's unpicklers: what lies in one, and nothing in it is imported, called or run.

    torch.save's archives       a zip: data.pkl, and a file of bytes for each storage beside it
    TorchScript's archives      the same with code in it, which stays unread
    torch.save's older files    five pickles, then the storages' bytes

`torch.jit.load` runs what an archive has written as its `__setstate__`. `torch.load(weights_only=True)` refuses whatever holds
a NumPy number or a configuration besides tensors, makes arrays as long as a file asks for, and on a damaged file raises
errors of a dozen kinds. Here containers and tensors are themselves, all else is an `Opaque`, and a tensor is `Stored`: where
its numbers lie. They are read when they are asked for, and there are never more of them than bytes in the file.
"""

import pickle
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch
from torch import Tensor

PICKLE = 8 << 20  # bytes: a checkpoint of 10,000 tensors has one of 2 MB, and in memory its objects are some ten times larger
STORAGES = {
    "FloatStorage": torch.float32, "HalfStorage": torch.float16, "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64, "LongStorage": torch.int64, "IntStorage": torch.int32, "ShortStorage": torch.int16,
    "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool, "UntypedStorage": torch.uint8,
}  # fmt: skip
DTYPES = {str(one).removeprefix("torch."): one for one in vars(torch).values() if isinstance(one, torch.dtype)}
MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of an older file
PLAIN = (str, int, float, bool, bytes, type(None))  # keys whose hash needs no recursion


class Damaged(ValueError):
    """What a file says of itself cannot be."""


@dataclass(eq=False)
class Opaque:
    """Any object that is no tensor and no plain container: what was put into it by name, never the object."""

    held: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Storage:
    """Bytes of a file that numbers of one type lie in. places: key → (offset, bytes), filled before anything is read."""

    path: Path
    places: Mapping[str, tuple[int, int]]
    read: dict[str, Tensor]  # storages that are in memory, for all tensors that share them
    key: str
    dtype: torch.dtype
    numel: int
    start: int = 0

    def bytes(self) -> Tensor:
        """All of them, [n] uint8."""
        if self.key not in self.read:
            offset, size = self.places[self.key]
            made = torch.empty(size, dtype=torch.uint8)
            with self.path.open("rb") as file:
                file.seek(offset)
                if size and file.readinto(memoryview(made.numpy())) != size:
                    raise Damaged("it ends before its last tensor does")
            self.read[self.key] = made
        return self.read[self.key]


@dataclass(frozen=True, eq=False)
class Stored:
    """A tensor that lies in a file."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype

    def __post_init__(self):
        numbers = (self.offset, *self.shape, *self.stride)
        whole = all(type(n) is int and 0 <= n < 1 << 62 for n in numbers)
        if not whole or len(self.shape) != len(self.stride) or len(self.shape) > 16:
            raise Damaged("the shape of a tensor in it is none")
        there = self.storage.numel * self.storage.dtype.itemsize // self.dtype.itemsize
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.stride))
        if self.numel and (last >= there or self.numel > there):
            raise Damaged(f"a tensor in it announces the shape {str(list(self.shape))[:80]}, which takes more than it holds")

    @property
    def numel(self) -> int:
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.numel * self.dtype.itemsize

    def read(self) -> Tensor:
        """The numbers, as they are in the file."""
        if not self.numel:
            return torch.empty(0, dtype=self.dtype).reshape(self.shape)
        size, storage = self.dtype.itemsize, self.storage
        held = storage.bytes()
        held = held[: len(held) // size * size].view(self.dtype)
        first = storage.start * storage.dtype.itemsize // size + self.offset
        if first + sum((n - 1) * step for n, step in zip(self.shape, self.stride)) >= len(held):
            raise Damaged("a tensor in it reaches beyond its storage")
        return held.as_strided(self.shape, self.stride, first)


# ---- the unpickler --------------------------------------------------------------------------------------------------------


def tensor_of(storage, offset, size, stride, *_rest) -> Stored | Opaque:
    """`torch._utils._rebuild_tensor_v2`."""
    if not isinstance(storage, Storage):
        return Opaque()
    return Stored(storage, offset, tuple(size), tuple(stride), storage.dtype)


def typed_tensor_of(storage, offset, size, stride, _grad, _hooks, dtype, *_rest) -> Stored | Opaque:
    """`torch._utils._rebuild_tensor_v3`: of types that have no storage of their own."""
    if not isinstance(storage, Storage) or not isinstance(dtype, torch.dtype):
        return Opaque()
    return Stored(storage, offset, tuple(size), tuple(stride), dtype)


def first_of(one=None, *_rest) -> Any:
    """A parameter is its tensor."""
    return one if isinstance(one, Stored) else Opaque()


def subclass_of(make, _kind, given, *_rest) -> Any:
    """`torch._tensor._rebuild_from_type_v2`: a tensor with attributes is its tensor."""
    return make(*given) if make in (tensor_of, typed_tensor_of) else Opaque()


def mapping(*given) -> dict:
    """An ordered dictionary; from pairs, as Python 2 wrote it."""
    pairs = given[0] if len(given) == 1 and type(given[0]) is list else []
    return {one[0]: one[1] for one in pairs if type(one) in (list, tuple) and len(one) == 2 and type(one[0]) in PLAIN}


def sizes(given=()) -> tuple:
    """`torch.Size`."""
    return tuple(given)


KNOWN: dict[tuple[str, str], Callable] = {
    ("torch._utils", "_rebuild_tensor"): tensor_of,
    ("torch._utils", "_rebuild_tensor_v2"): tensor_of,
    ("torch._utils", "_rebuild_tensor_v3"): typed_tensor_of,
    ("torch._utils", "_rebuild_parameter"): first_of,
    ("torch._utils", "_rebuild_parameter_with_state"): first_of,
    ("torch.nn.parameter", "Parameter"): first_of,
    ("torch._tensor", "_rebuild_from_type_v2"): subclass_of,
    ("collections", "OrderedDict"): mapping,
    ("collections", "defaultdict"): lambda *_given: {},
    ("torch", "Size"): sizes,
}


class Reader(pickle._Unpickler):
    """Python's own unpickler, in which a name means one of KNOWN, a type of numbers, or nothing."""

    dispatch = dict(pickle._Unpickler.dispatch)

    def __init__(self, file, storage: Callable[[tuple], Storage | Opaque]):
        super().__init__(file, encoding="latin1")
        self.storage = storage

    def load(self) -> Any:
        try:
            return super().load()
        except (Damaged, MemoryError):
            raise
        except Exception as wrong:  # it takes from empty stacks, decodes what is no text, looks up what is not there
            raise Damaged(f"its pickle is damaged ({type(wrong).__name__})") from wrong

    def find_class(self, module: str, name: str) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        if (module, name) in KNOWN:
            return KNOWN[module, name]
        if module in ("torch", "torch.storage"):
            return STORAGES.get(name) or DTYPES.get(name) or Opaque
        return Opaque

    def persistent_load(self, pid: Any) -> Any:
        return self.storage(pid) if type(pid) is tuple and pid[:1] == ("storage",) else Opaque()

    def load_reduce(self):
        given, make = self.stack.pop(), self.stack.pop()
        known = type(given) is tuple and any(make is one for one in KNOWN.values())
        self.stack.append(make(*given) if known else Opaque())

    def load_newobj(self):
        del self.stack[-2:]
        self.stack.append(Opaque())

    def load_newobj_ex(self):
        del self.stack[-3:]
        self.stack.append(Opaque())

    def load_inst(self):
        self.readline()
        self.readline()
        self.load_obj()

    def load_obj(self):
        self.pop_mark()
        self.stack.append(Opaque())

    def load_build(self):
        state, home = self.stack.pop(), self.stack[-1]
        if isinstance(home, Opaque):
            for part in state if type(state) is tuple else (state,):
                if type(part) is dict:
                    home.held |= part

    def put(self, pairs: list):
        home = self.stack[-1]
        home = home.held if isinstance(home, Opaque) else home
        if type(home) is dict:
            home.update((key, one) for key, one in zip(pairs[::2], pairs[1::2]) if type(key) in PLAIN)

    def load_setitem(self):
        one, key = self.stack.pop(), self.stack.pop()
        self.put([key, one])

    def load_setitems(self):
        self.put(self.pop_mark())

    def load_dict(self):
        pairs = self.pop_mark()
        self.stack.append({})
        self.put(pairs)

    def load_append(self):
        one = self.stack.pop()
        if type(self.stack[-1]) is list:
            self.stack[-1].append(one)

    def load_appends(self):
        several = self.pop_mark()
        if type(self.stack[-1]) is list:
            self.stack[-1].extend(several)

    def load_set(self):
        self.stack.append(Opaque())

    def load_frozenset(self):
        self.load_obj()

    def refuse(self):
        raise Damaged("its pickle asks for a buffer")

    for code, does in (
        (pickle.REDUCE, load_reduce), (pickle.NEWOBJ, load_newobj), (pickle.NEWOBJ_EX, load_newobj_ex),
        (pickle.INST, load_inst), (pickle.OBJ, load_obj), (pickle.BUILD, load_build), (pickle.SETITEM, load_setitem),
        (pickle.SETITEMS, load_setitems), (pickle.DICT, load_dict), (pickle.APPEND, load_append),
        (pickle.APPENDS, load_appends), (pickle.EMPTY_SET, load_set), (pickle.ADDITEMS, pickle._Unpickler.pop_mark),
        (pickle.FROZENSET, load_frozenset), (pickle.BYTEARRAY8, refuse), (pickle.NEXT_BUFFER, refuse),
    ):  # fmt: skip
        dispatch[code[0]] = does


# ---- files ----------------------------------------------------------------------------------------------------------------


def read_archive(path: Path, archive: ZipFile) -> Any:
    """What torch.save, or TorchScript, put into a zip; None where there is no pickle of theirs in it."""
    entries = {one.filename: one for one in archive.infolist()}
    home = next((name.removesuffix("data.pkl") for name in entries if name.endswith("data.pkl")), None)
    if home is None:
        return None
    size, places = path.stat().st_size, {}
    with path.open("rb") as file:
        for name, one in entries.items():
            if name.startswith(f"{home}data/") or name in (f"{home}data.pkl", f"{home}byteorder"):
                if one.file_size != one.compress_size:
                    raise Damaged("it is compressed, which PyTorch's own files never are: save it anew with torch.save")
                file.seek(one.header_offset)
                head = file.read(30)
                if len(head) < 30 or head[:4] != b"PK\x03\x04":
                    raise Damaged("its table of contents points nowhere")
                offset = one.header_offset + 30 + sum(struct.unpack("<HH", head[26:30]))
                if offset + one.file_size > size:
                    raise Damaged("it ends before its last tensor does")
                places[name.removeprefix(home)] = offset, one.file_size
        if sum(length for _, length in places.values()) > size:
            raise Damaged("its parts together are larger than it is")

        def part(name: str) -> bytes:
            offset, length = places[name]
            if length > PICKLE:
                raise Damaged(f"it describes its tensors in more than {PICKLE >> 20} MB")
            file.seek(offset)
            return file.read(length)

        if "byteorder" in places and part("byteorder") != b"little":
            raise Damaged("its numbers are written big end first")
        pickled = part("data.pkl")
    lying = {name.removeprefix("data/"): place for name, place in places.items() if name.startswith("data/")}
    held: dict[str, Tensor] = {}

    def storage(pid: tuple) -> Storage | Opaque:
        _, dtype, key, _, numel, *_ = pid
        if not isinstance(dtype, torch.dtype):
            return Opaque()
        if key not in lying or type(numel) is not int or not 0 <= numel * dtype.itemsize <= lying[key][1]:
            raise Damaged("it says that it holds more numbers than it does")
        return Storage(path, lying, held, key, dtype, numel)

    return Reader(BytesIO(pickled), storage).load()


def read_older(path: Path) -> Any:
    """What torch.save wrote before it wrote zips."""
    size, places, found, held = path.stat().st_size, {}, {}, {}
    with path.open("rb") as file:
        head = BytesIO(file.read(PICKLE))

        def storage(pid: tuple) -> Storage | Opaque:
            _, dtype, key, _, numel, *view = pid
            if not isinstance(dtype, torch.dtype):
                raise Damaged("it holds numbers of a type that is not known")
            if type(numel) is not int or not 0 <= numel * dtype.itemsize <= size:
                raise Damaged("it says that it holds more numbers than it does")
            if type(key) is not str or found.setdefault(key, dtype) is not dtype:
                raise Damaged("two types of numbers share one storage")
            start, length = view[0][1:3] if view and type(view[0]) is tuple else (0, numel)
            if any(type(n) is not int or n < 0 for n in (start, length)) or start + length > numel:
                raise Damaged("a part of a storage lies outside of it")
            return Storage(path, places, held, key, dtype, length, start)

        def load() -> Any:
            return Reader(head, storage).load()

        if load() != MAGIC:
            raise Damaged("it is a pickle, but not torch.save's")
        _protocol, about, tree, keys = load(), load(), load(), load()
        if isinstance(about, dict) and about.get("little_endian") is False:
            raise Damaged("its numbers are written big end first")
        offset = head.tell()
        for key in keys:
            file.seek(offset)
            (numel,) = struct.unpack("<q", file.read(8))
            length = numel * found[key].itemsize if key in found else -1
            if length < 0 or offset + 8 + length > size:
                raise Damaged("it ends before its last tensor does")
            places[key] = offset + 8, length
            offset += 8 + length
    return tree
