"""Prompts' attention as it travels, in even shares: 1 is what a prompt that looks everywhere alike gives a patch.

Letters: N heads, Q prompts, K supports, P patches of a support, h w of a map.
"""

from typing import Any

import numpy as np

from app.figures.context import Context
from app.figures.pack import array, coded, encoded, log16, pooled
from core.kinds import MapGrid, PromptAttention

HEAD_SIDE = 8  # cells of one head's thumbnail
HEADS = (-1.0, 2.0)  # log10 of the ends of a thumbnail's numbers


def pack(output: PromptAttention, value: Any, context: Context) -> dict[str, Any]:
    """The mean over heads; each: every head by itself, which nobody waits for."""
    share_NQKP = array(value)
    share_QKP = share_NQKP.mean(0)
    Q, K, P = share_QKP.shape
    made = coded(share_QKP * K * P, log16) | {"heads": len(share_NQKP)}
    return made | ({"each": heads_payload(share_NQKP, grid_of(context))} if context.done else {})


def heads_payload(share_NQKP: np.ndarray, grid: tuple[int, int]) -> dict[str, Any]:
    """Every head, coarse: 8 bits between the ends of its numbers."""
    N, Q, K, P = share_NQKP.shape
    share_NQKhw = pooled(share_NQKP.reshape(N, Q, K, *grid), HEAD_SIDE)
    low, high = HEADS
    place = (np.log10(np.maximum(share_NQKhw * K * P, 1e-9)) - low) / (high - low)
    codes = (np.clip(place, 0, 1) * 255).round().astype(np.uint8)
    return coded(codes, encoded) | {"ends": HEADS}


def grid_of(context: Context) -> tuple[int, int]:
    """(rows, columns) of this run's support patches; where no output tells, that of the loaded weights."""
    return next((tuple(context.trace[one.stage]) for one in context.of(MapGrid)), context.grid)
