"""One process, or several that torchrun started: who this one is, and sums over all of them.

torchrun --nproc_per_node 4 -m core.training stop --data DIR …      a GPU each (NCCL), or processors (gloo)
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from core.device import pick_device


@dataclass(frozen=True)
class Team:
    """This process among `size`. All of them call the same methods in the same order."""

    device: torch.device
    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """True for the one process that prints and writes."""
        return self.rank == 0

    def total(self, x: Tensor) -> Tensor:
        """The sum over all processes, without a gradient."""
        made = x.detach().clone()
        if self.size > 1:
            dist.all_reduce(made)
        return made

    def gather(self, x_BE: Tensor) -> Tensor:
        """The rows of all processes, in their order: [size · B, …]. This one's own rows keep their gradient."""
        if self.size == 1:
            return x_BE
        parts = [torch.empty_like(x_BE) for _ in range(self.size)]
        dist.all_gather(parts, x_BE.detach().contiguous())
        return torch.cat([*parts[: self.rank], x_BE, *parts[self.rank + 1 :]])

    def collect(self, thing: Any) -> list:
        """What every process holds, in their order: for small things, seldom."""
        if self.size == 1:
            return [thing]
        every: list = [None] * self.size
        dist.all_gather_object(every, thing)
        return every

    def share(self, module: nn.Module, unused: bool) -> nn.Module:
        """The module with gradients averaged over processes. unused: some of its parameters may get none."""
        if self.size == 1:
            return module
        where = [self.device] if self.device.type == "cuda" else None
        # its buffers are the same everywhere by what is written into them
        return DistributedDataParallel(module, where, broadcast_buffers=False, find_unused_parameters=unused)


@contextmanager
def team(device: str) -> Iterator[Team]:
    """The processes torchrun started, joined for as long as the `with` lasts; this process alone without torchrun."""
    size, rank, local = (int(os.environ.get(name, default)) for name, default in
                         (("WORLD_SIZE", 1), ("RANK", 0), ("LOCAL_RANK", 0)))  # fmt: skip
    where = pick_device(device)
    if size == 1:
        yield Team(where)
        return
    if where.type == "cuda":
        where = pick_device(f"cuda:{local}")
        torch.cuda.set_device(where)
    joined = dist.is_initialized()  # by a program that trains several times: joining again would find what is left of before
    if not joined:
        dist.init_process_group("nccl" if where.type == "cuda" else "gloo")
    try:
        yield Team(where, rank, size)
    finally:
        if not joined:
            dist.destroy_process_group()
