"""Frames of a data set's videos, decoded in worker processes a few clips at a time: memory never holds more than that.

What is read is fixed by (seed, position): a position counts clips from the start of training, through epoch after epoch,
each a shuffle of its own. So a training that goes on, or has more processes, reads what it would have read.

Letters: B clips of a batch, T frames, H W pixels.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from core.errors import ReaderError
from core.video.read import read_clip

DECODER = 2  # raised whenever `core.video.read` reads other pixels of a file than before: no older cache is used again


class FrameBatch(NamedTuple):
    """A batch as it leaves the workers. index_B: which item. there_B: False where the file cannot be read, and its frames
    are black. wrong: (index, what is wrong) of these."""

    frames_BTHWC: Tensor
    index_B: Tensor
    there_B: Tensor
    wrong: list[tuple[int, str]]


class Frames(Dataset):
    """`T` frames of each path, at the centres of equal segments, as uint8 [T, H, W, 3] of the towers' own size. spacing:
    seconds from one to the next, about the file's middle; 0: spread over all of it.

    cache: a folder for decoded frames, or none. A clip of 8 frames at 224² takes 1.2 MB there, and no decoder after the
    first epoch."""

    def __init__(self, paths: Sequence[Path], T: int, size: tuple[int, int], cache: Path | None = None, spacing: float = 0.0):
        self.paths, self.T, self.size, self.cache, self.spacing = [str(one) for one in paths], T, size, cache, spacing

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i: int) -> tuple[int, Tensor | None, str]:
        try:
            return i, self.read(Path(self.paths[i])), ""
        except ReaderError as wrong:
            return i, None, str(wrong)

    def read(self, path: Path) -> Tensor:
        """The frames of one file; a BadClip where it cannot be read."""
        kept = self.cache and path.is_file() and self.cache / f"{self.key(path)}.npy"
        if kept and kept.is_file():
            return torch.from_numpy(np.load(kept))
        frames_THWC = fitted(
            torch.from_numpy(read_clip(path, self.T, lasting=self.T * self.spacing or None).frames_THWC), self.size
        )
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            fresh = kept.with_suffix(f".{os.getpid()}")
            with fresh.open("wb") as file:
                np.save(file, frames_THWC.numpy())
            fresh.replace(kept)  # an interruption leaves no half file
        return frames_THWC

    def key(self, path: Path) -> str:
        """Of the file as it is now, and of what is read of it."""
        told = path.stat()
        every = (
            DECODER,
            str(path.resolve()),
            told.st_size,
            told.st_mtime_ns,
            self.T,
            *self.size,
            *([self.spacing] if self.spacing else []),
        )
        return blake2b(repr(every).encode(), digest_size=16).hexdigest()

    def together(self, parts: list[tuple[int, Tensor | None, str]]) -> FrameBatch:
        """One batch, as large whether or not all could be read: processes that train together need equal shapes."""
        black = torch.zeros(self.T, *self.size, 3, dtype=torch.uint8)
        return FrameBatch(
            torch.stack([black if frames is None else frames for _, frames, _ in parts]),
            torch.tensor([i for i, _, _ in parts]),
            torch.tensor([frames is not None for _, frames, _ in parts]),
            [(i, wrong) for i, _, wrong in parts if wrong],
        )


def fitted(frames_THWC: Tensor, size: tuple[int, int]) -> Tensor:
    """The whole frames at the towers' size, as `VisionTower.pixels` resizes them, rounded to bytes again."""
    if tuple(frames_THWC.shape[1:3]) == tuple(size):
        return frames_THWC
    made = F.interpolate(frames_THWC.permute(0, 3, 1, 2).float(), size, mode="bilinear", antialias=True)
    return made.round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous()


@dataclass(frozen=True)
class Order:
    """Which clips are read in each pass of each step by one of `size` processes.

    A step is `accumulate` passes of `batch` clips in each process. Passes and processes take neighbouring pieces of one
    order, so that the clips of a step depend on their product alone."""

    seed: int
    clips: int
    batch: int
    accumulate: int = 1
    rank: int = 0
    size: int = 1
    first: int = 0
    steps: int = 1

    @property
    def total(self) -> int:
        """Clips of one step, all passes and processes together."""
        return self.batch * self.accumulate * self.size

    def positions(self, step: int, part: int) -> range:
        """Where this process's pass stands in the stream of clips."""
        start = step * self.total + (part * self.size + self.rank) * self.batch
        return range(start, start + self.batch)

    def clip(self, position: int) -> int:
        """The clip at a position: every clip once an epoch."""
        epoch, place = divmod(position, self.clips)
        return int(shuffled(self.seed, epoch, self.clips)[place])

    def __iter__(self) -> Iterator[list[int]]:
        for step in range(self.first, self.steps):
            for part in range(self.accumulate):
                yield [self.clip(position) for position in self.positions(step, part)]

    def __len__(self):
        return max(0, self.steps - self.first) * self.accumulate


@lru_cache(maxsize=4)
def shuffled(seed: int, epoch: int, clips: int) -> np.ndarray:
    """The order of one epoch."""
    return np.random.default_rng([seed, epoch]).permutation(clips)


def loader(frames: Frames, batches, workers: int, device: torch.device) -> DataLoader:
    """`FrameBatch` after `FrameBatch`, decoded by `workers` processes while the network computes; 0: in this one."""
    return DataLoader(
        frames, batch_sampler=batches, collate_fn=frames.together, num_workers=workers, pin_memory=device.type == "cuda"
    )


def in_turn(count: int, batch: int, rank: int = 0, size: int = 1) -> list[list[int]]:
    """Every clip once, in its order: one process's share of them, in batches."""
    own = range(rank, count, size)
    return [list(own[start : start + batch]) for start in range(0, len(own), batch)]
