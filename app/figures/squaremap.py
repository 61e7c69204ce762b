"""Shares of pairs of tokens as they travel: there are tens of thousands, so that each has eight bits, of its logarithm."""

from typing import Any

import numpy as np

from app.figures.context import Context
from app.figures.pack import array, coded, encoded
from core.kinds import SquareMap

DECADES = 4  # from the least share that is told from none, to 1


def pack(output: SquareMap, value: Any, context: Context) -> dict[str, Any]:
    """Code 0 is 10^−DECADES or less, 255 is 1."""
    least = 10.0**-DECADES
    place_MM = (np.log10(np.clip(array(value), least, 1)) + DECADES) / DECADES
    return coded((place_MM * 255).round().astype(np.uint8), encoded) | {"decades": DECADES}
