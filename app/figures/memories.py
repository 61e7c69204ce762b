"""Memories as they travel: of very many steps some, evenly spaced, each number in 16 bits."""

from typing import Any

import numpy as np

from app.figures.context import Context
from app.figures.pack import array, coded, grid16
from core.kinds import Memories

STEPS = 128  # that are drawn


def pack(output: Memories, value: Any, context: Context) -> dict[str, Any]:
    """Numbers −far … far as 0–1; whole: how many steps there are."""
    whole_KMD = array(value)
    K = len(whole_KMD)
    shown_KMD = whole_KMD[np.arange(min(K, STEPS)) * K // min(K, STEPS)]
    far = max(float(np.abs(shown_KMD).max()), 1e-9)
    return coded((shown_KMD / far + 1) / 2, grid16) | {"far": far, "whole": K}
