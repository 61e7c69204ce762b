"""A method's stages, run one after the other as the engine runs them, and held against what the engine made.

    made = Steps(engine, "stop", clip, texts, alpha=0.3)      # or Steps(engine, "tspo", video=video, question="…")
    made(score_TP)          # its inputs are found by the names of its parameters
    made["score_TP"]        # what came out

A stage may be the engine's own or a reader's changed copy: what it is given are the results of the steps before it. A result
that was never made here is the engine's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from core import METHODS, Clip, Engine
from core.graph import Stage, inputs
from core.video.footage import Footage

WITHIN = 1e-5  # of the largest number: the same code on the same numbers


class Steps:
    """What was made so far, and how far each of it is from the engine's.

    knobs: those not given have their defaults. off: stage → largest difference from the engine's result, of the engine's
    largest number; 0 where both are equal.
    """

    def __init__(
        self, engine: Engine, method: str, clip: Clip | None = None, texts: Sequence[str] = (), *,
        video: Footage | None = None, question: str | None = None, **knobs: Any,
    ):  # fmt: skip
        self.trace = engine.run(method, clip, texts=texts, video=video, question=question, **knobs)
        networks = {name: engine.network(name, method).network for name in METHODS[method].networks}
        seen = {"clip": clip, "video": video, "texts": tuple(texts), "question": question}
        given = seen | {"box": (), "device": engine.device}
        self.values: dict[str, Any] = {**given, **networks, **engine.settings(method, knobs)}
        self.off: dict[str, float] = {}

    def __call__(self, *stages: Stage) -> "Told":
        """Run these stages, and say what came out."""
        lines = []
        for stage in stages:
            name = stage.__name__
            with torch.no_grad():
                value = stage(*(self[one] for one in inputs(stage)))
            self.values[name] = value
            self.off[name] = difference(value, self.trace[name])
            lines.append(f"{name}({', '.join(inputs(stage))}) → {described(value)}, {self._verdict(name)}")
        return Told("\n".join(lines))

    def __getitem__(self, name: str) -> Any:
        return self.values[name] if name in self.values else self.trace[name]

    @property
    def same(self) -> bool:
        """Whether every stage run here gave what the engine gave."""
        return all(off <= WITHIN for off in self.off.values())

    @property
    def told(self) -> "Told":
        """All steps in one sentence."""
        other = [name for name, off in self.off.items() if off > WITHIN]
        if other:
            return Told(f"Not the engine's: {', '.join(other)}.")
        return Told(f"{len(self.off)} stages were run here, and each gave what the engine gives.")

    def _verdict(self, name: str) -> str:
        off = self.off[name]
        return "the same as the engine's" if off <= WITHIN else f"NOT the engine's, off by up to {off:.2g} of its largest"


class Told(str):
    """Words that a notebook shows as they are, without quotes."""

    def __repr__(self) -> str:
        return str(self)


def described(value: Any) -> str:
    """A result in a few words: its shape, or itself where it is short."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return f"{list(value.shape)} {str(value.dtype).removeprefix('torch.')}" if value.ndim else f"{value.item():.4g}"
    if isinstance(value, Mapping):
        return f"{len(value)} maps"
    if is_dataclass(value) or isinstance(value, nn.Module) or len(repr(value)) > 60:
        return f"a {type(value).__name__}"
    return repr(value)


def difference(one: Any, other: Any) -> float:
    """How far two results are apart: the largest difference over the largest number of `other`, of all their parts.

    0 where they are equal, infinite where they are not of one kind or shape. What is not a number must be equal."""
    if isinstance(one, (torch.Tensor, np.ndarray)):
        return apart(one, other) if isinstance(other, (torch.Tensor, np.ndarray)) else float("inf")
    if isinstance(one, nn.Module):
        return 0.0 if one is other else float("inf")
    if type(one) is not type(other):
        return float("inf")
    if isinstance(one, Mapping):
        return worst(one, other, list(one)) if one.keys() == other.keys() else float("inf")
    if isinstance(one, (tuple, list)) and len(one) == len(other):
        return worst(one, other, list(range(len(one))))
    if is_dataclass(one):
        names = [field.name for field in fields(one)]
        return worst(vars(one), vars(other), names)
    if isinstance(one, float):
        return apart(np.array(one), np.array(other))
    return 0.0 if one == other else float("inf")


def worst(one: Any, other: Any, places: Sequence[Any]) -> float:
    """The largest difference of these parts."""
    return max((difference(one[place], other[place]) for place in places), default=0.0)


def apart(one: torch.Tensor | np.ndarray, other: torch.Tensor | np.ndarray) -> float:
    """Of two arrays."""
    a, b = (torch.as_tensor(part).detach().cpu() for part in (one, other))
    if a.shape != b.shape or a.dtype != b.dtype:
        return float("inf")
    a, b = a.double(), b.double()
    if not a.numel() or torch.equal(a, b):
        return 0.0
    if not torch.equal(a.isnan(), b.isnan()):
        return float("inf")
    return float((a - b).nan_to_num().abs().max() / b.nan_to_num().abs().max().clamp(min=1e-12))
