"""Facts as they travel: numbers, or with the sentence that tells them."""

from typing import Any

from app.figures.context import Context
from app.figures.pack import plain
from core.kinds import Fact


def pack(output: Fact, value: Any, context: Context) -> Any:
    """words: the sentence, {} where a number stands."""
    numbers = plain(output, value, context)
    return numbers if output.words is None else {"value": numbers, "words": output.words(context.knobs)}
