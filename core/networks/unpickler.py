"""PyTorch's pickles without PyTorch's unpickler: nothing in one is imported, called or run. Containers are themselves, tensors
are `Stored`, and all else is an `Opaque`."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from core.networks.stored import Damaged, Storage, Stored

STORAGES = {
    "FloatStorage": torch.float32, "HalfStorage": torch.float16, "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64, "LongStorage": torch.int64, "IntStorage": torch.int32, "ShortStorage": torch.int16,
    "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool, "UntypedStorage": torch.uint8,
}  # fmt: skip
DTYPES = {str(one).removeprefix("torch."): one for one in vars(torch).values() if isinstance(one, torch.dtype)}
PLAIN = (str, int, float, bool, bytes, type(None))  # keys whose hash needs no recursion


@dataclass(eq=False)
class Opaque:
    """Any object that is no tensor and no plain container: what was put into it by name, never the object."""

    held: dict[Any, Any] = field(default_factory=dict)


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
