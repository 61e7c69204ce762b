"""PyTorch's files without PyTorch's unpicklers: what lies in one, and nothing in it is imported, called or run.

    torch.save's archives       a zip: data.pkl, and a file of bytes for each storage beside it
    TorchScript's archives      the same with code in it, which stays unread
    torch.save's older files    five pickles, then the storages' bytes

`torch.jit.load` runs what an archive has written as its `__setstate__`. `torch.load(weights_only=True)` refuses whatever holds
a NumPy number or a configuration besides tensors, makes arrays as long as a file asks for, and on a damaged file raises
errors of a dozen kinds. Here containers and tensors are themselves, all else is an `Opaque`, and a tensor is `Stored`: where
its numbers lie.
"""

import struct
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch
from torch import Tensor

from core.networks.stored import Damaged, Storage
from core.networks.unpickler import Opaque, Reader

PICKLE = 8 << 20  # bytes: a checkpoint of 10,000 tensors has one of 2 MB, and in memory its objects are some ten times larger
MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of an older file


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
