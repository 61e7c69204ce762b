"""A tensor that lies in a file: where its numbers are. They are read when they are asked for, and there are never more of them
than bytes in the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import torch
from torch import Tensor


class Damaged(ValueError):
    """What a file says of itself cannot be."""


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
