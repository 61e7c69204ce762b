"""Keys that tell results apart: made of what they were made of, or of what they hold."""

from hashlib import blake2b
from typing import Any

import torch

DISCRETE_BYTES = 1 << 16  # a mask of 32 frames × 1,024 patches is 32 kB: cheap to read


def digest(*parts: str | bytes) -> str:
    """One short key of many parts. Each part is preceded by its length, so ("ab", "c") and ("a", "bc") differ."""
    made = blake2b(digest_size=16)
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode()
        made.update(len(raw).to_bytes(8, "little"))
        made.update(raw)
    return made.hexdigest()


def content_key(value: Any) -> str | None:
    """A key made of what a small discrete result holds; None for anything else."""
    if isinstance(value, (bool, int, str)):
        return digest("value", repr(value))
    if isinstance(value, tuple) and all(isinstance(one, (bool, int, float, str)) for one in value):
        return digest("value", repr(value))
    if isinstance(value, torch.Tensor) and not value.dtype.is_floating_point and value.nbytes <= DISCRETE_BYTES:
        return tensor_key(value)
    return None


def whole_key(value: Any) -> str | None:
    """The same, however large it is and whatever it counts in. What has a `key` of its own is known by that; None for what is
    no number, text or tensor."""
    if isinstance(own := getattr(value, "key", None), str):
        return digest("key", own)
    if isinstance(value, torch.Tensor):
        return tensor_key(value)
    return digest("value", repr(value)) if isinstance(value, float) else content_key(value)


def tensor_key(value: torch.Tensor) -> str:
    """Of its type, shape and numbers."""
    held = value.detach().cpu().contiguous()
    return digest("tensor", str(held.dtype), repr(tuple(held.shape)), held.numpy().tobytes())
