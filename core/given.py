"""What may stand in place of a stage's own result: of its kind, in its shape, and told apart by what it holds."""

import inspect
from collections.abc import Mapping
from typing import Any, get_args, get_origin

import torch

from core.errors import BadGiven
from core.graph import Source, Stage, letters, sizes_of
from core.keys import digest, whole_key
from core.kinds import Output

PLAIN = (bool, int, float, str)


def accepted(
    stage: Stage, output: Output | None, value: Any, sizes: Mapping[str, int], device: torch.device
) -> Source:  # fmt: skip
    """The value as the stage would have made it. output: how the method calls it, if it does. sizes: letter → what is known of
    this run. The same counts, mask or words as the stage's own are known by the same key, so that nothing below runs again."""
    name, wanted = stage.__name__, inspect.signature(stage).return_annotation
    numbers = output.value if output else "number"
    if wanted is torch.Tensor:
        made = tensor(name, value, numbers).to(device)
    elif wanted is tuple or get_origin(wanted) is tuple:
        made = several(name, value, numbers == "count" or get_args(wanted)[:1] == (int,))
    elif wanted in PLAIN:
        if type(value) is not wanted:
            raise BadGiven(f"{name} is a {wanted.__name__}, got {value!r}.")
        made = value
    else:
        raise BadGiven(f"{name} is no tensor, number or text, and cannot be given.")
    found, dimensions = sizes_of(name, made), letters(name)
    shape = list(made.shape) if isinstance(made, torch.Tensor) else [len(made)] if isinstance(made, tuple) else []
    if dimensions and (len(shape) != len(dimensions) or any(sizes.get(one, size) != size for one, size in found.items())):
        own = ", ".join(f"{one} = {sizes[one]}" if one in sizes else one for one in dimensions)
        raise BadGiven(f"{name} is [{own}], got {shape}.")
    key = whole_key(made)
    assert key is not None, "a tensor, a tuple of plain values or a plain value has a key"
    # floats are not keyed by what they hold when a stage makes them, so a given one is never taken for a stage's own
    return Source(made, key if not isinstance(made, torch.Tensor) or not made.is_floating_point() else digest("given", key))


def tensor(name: str, value: Any, numbers: str) -> torch.Tensor:
    """A copy, so that whoever gave it may go on writing into his own."""
    try:
        made = torch.as_tensor(value).detach().clone()
    except (TypeError, ValueError, RuntimeError) as wrong:
        raise BadGiven(f"{name} is a tensor, got a {type(value).__name__} that makes none.") from wrong
    if (numbers == "truth") != (made.dtype is torch.bool):
        raise BadGiven(f"{name} holds {'truth values (bool)' if numbers == 'truth' else 'numbers'}, got {said(made)}.")
    if made.dtype in (torch.bool, torch.uint8):
        return made
    made = made.float()
    if not made.isfinite().all():
        raise BadGiven(f"{name} holds numbers, and some that were given are infinite or none (nan).")
    return made


def several(name: str, value: Any, whole: bool) -> tuple[Any, ...]:
    """A tuple of plain values; counts are whole numbers from 0."""
    if isinstance(value, torch.Tensor) or hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, PLAIN) for one in value):
        raise BadGiven(f"{name} is a row of numbers or words, got {value!r}.")
    if whole and not all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in value):
        raise BadGiven(f"{name} holds whole numbers from 0, got {list(value)}.")
    return tuple(value)


def said(made: torch.Tensor) -> str:
    """Type and shape, for the reader."""
    return f"{str(made.dtype).removeprefix('torch.')} {list(made.shape)}"
