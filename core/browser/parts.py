"""Results that have parts, as tensors: a map for each stage of a tower is one tensor each, under one name."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor


def flat(name: str, value: Any) -> dict[str, Any]:
    """A result's tensors by name: its own, or that of each of its parts, as "change.0" or "to_prompts.2.1"."""
    if not isinstance(value, Mapping):
        return {name: value}
    return {f"{name}.{called(key)}": one for key, one in value.items()}


def called(key: Any) -> str:
    """A part's name."""
    return ".".join(map(str, key)) if isinstance(key, tuple) else str(key)


def whole(like: Any, given: Iterator[Tensor]) -> Any:
    """The next result of a row of tensors, with the parts that this one has."""
    return {key: next(given) for key in like} if isinstance(like, Mapping) else next(given)
