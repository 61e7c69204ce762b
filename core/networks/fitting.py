"""Whether a network can use the tensors of a file, told before anything is made of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from core.errors import BadWeights

LARGEST = 1e5  # of a weight: such files are shared in half precision, which ends at 65,504
SCALES = (-2.4, 6.91)  # of a `logit_scale`, a logarithm: 0.09 to 1,000; CLIP's own ends at 100

DRAWS = (Tensor.uniform_, Tensor.normal_, Tensor.erfinv_)  # what first weights are made of


class Undrawn(TorchFunctionMode):
    """Inside, networks are made without their first weights, which are about to be those of a file: nothing is drawn."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        return args[0] if func in DRAWS else func(*args, **(kwargs or {}))


def sound(tensors: Mapping[str, Tensor], file: str) -> None:
    """BadWeights where a tensor holds what no trained network has: everything would run, and nothing would mean anything."""
    wrong = [name for name, one in tensors.items() if not one.isfinite().all()]
    if wrong:
        raise BadWeights(f"{file} holds numbers that are none (NaN or infinite) in {named(wrong)}.")
    large = {name: one.abs().max().item() for name, one in tensors.items() if one.is_floating_point() and one.numel()}
    wrong = [name for name, most in large.items() if most > LARGEST]
    if wrong:
        raise BadWeights(
            f"{file} holds numbers up to {max(large.values()):.0e}, in {named(wrong)}: no trained network has weights above "
            f"{LARGEST:.0e}."
        )
    wrong = [name for name, one in tensors.items() if name.endswith("running_var") and (one < 0).any()]
    if wrong:
        raise BadWeights(f"{file} holds variances below 0, in {named(wrong)}.")
    for name, one in tensors.items():
        if name.rpartition(".")[2] == "logit_scale" and not (SCALES[0] <= one.min() and one.max() <= SCALES[1]):
            raise BadWeights(
                f"{file} has a {name} of {one.max().item():.3g}; it is the logarithm of a scale of cosines, from {SCALES[0]} "
                f"to {SCALES[1]} (CLIP's own is at most 4.61)."
            )


def named(several: Sequence[str]) -> str:
    """The first three, and how many more."""
    return ", ".join(several[:3]) + (f" and {len(several) - 3} more" if len(several) > 3 else "")


def check_fit(
    build: Callable[[], nn.Module], tensors: Mapping[str, Tensor], file: str, network: str = "the network",
    optional: Sequence[str] = (),
) -> None:  # fmt: skip
    """BadWeights where tensors are not those of what `build` makes, told before it is made: on torch's meta device sizes take
    no memory, however large a file says they are. optional: names that may be missing, by their ends."""
    with torch.device("meta"), torch.random.fork_rng(devices=[]), Undrawn():
        wanted = build().state_dict()
    missing = sorted(name for name in wanted.keys() - tensors.keys() if not name.endswith(tuple(optional) or ("\0",)))
    extra = sorted(tensors.keys() - wanted.keys())
    bent = sorted(name for name in wanted.keys() & tensors.keys() if wanted[name].shape != tensors[name].shape)
    if missing or extra or bent:
        raise BadWeights(
            f"{file} does not fit {network}: {len(missing)} missing {missing[:3]}, {len(extra)} unexpected {extra[:3]}, "
            f"{len(bent)} of another shape {bent[:3]}."
        )


def filled(build: Callable[[], nn.Module], tensors: Mapping[str, Tensor], part: str, file: str) -> Any:
    """What `build` makes, with the tensors named `part.*` (all, where none is named); what does not fit is told before it is
    made."""
    own = part_of(tensors, part)
    check_fit(build, own, file)
    with torch.random.fork_rng(devices=[]), Undrawn():
        module = build()
    module.load_state_dict(own)
    return module


def part_of(tensors: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    """Those named `part.*`, without it; all where no part is named."""
    start = f"{part}." if part else ""
    return {name.removeprefix(start): one for name, one in tensors.items() if name.startswith(start)}
