"""Is the picture right? Checks that need no truth, each a value and a sentence.

orientation      a bright patch at a known place: the network's maps must change there and nowhere more
rows             attention that is said to sum to 1 does
finite           no NaN and no infinity in any result
special tokens   how much of the attention goes to tokens that are no patch of the frame, and is not in the map
weights          what was loaded, whether it was trained, and whether a shipped file's sha256 is as its JSON says
random weights   the same map from the same numbers in a random order, tensor by tensor (Adebayo et al., 2018): a map
                 that looks the same says little of what was learned
"""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.engine import Engine
from core.errors import ReaderError
from core.graph import Trace
from core.methods import part, with_part
from core.metrics import rank_correlation
from core.networks.weights import WEIGHTS, Loaded, sha256
from core.progress import CalledOff, Progress, Watch
from core.video.clip import Clip

WITHIN = 1e-4  # of a sum of 1, in single precision
MOST = 0.5  # of the attention to special tokens: beyond it the map shows the lesser part
ALIKE = 0.5  # rank correlation with the map from random weights


@dataclass(frozen=True, eq=False)
class Check:
    """One line of the panel. maps: what is to be seen beside it, [T, P] each: the map, and that from random weights."""

    name: str
    passed: bool
    value: float | str
    sentence: str
    maps: tuple[np.ndarray, ...] = ()


MapOf = Callable[[Engine, Clip], np.ndarray]


def self_check(
    engine: Engine, method: str, clip: Clip, texts: Sequence[str] | None = None, map_of: MapOf | None = None,
    progress: Progress = lambda done: None, cancelled: CalledOff = lambda: False, **knobs: Any,
) -> tuple[Check, ...]:  # fmt: skip
    """All checks of a method on a clip, in the order above.

    map_of: (engine, clip) → the map [T, P] to compare with that from random weights, for example an attribution's; if not
    given, the method's usual one."""
    engine.method(method)
    parts, watch = parts_of(method), Watch(4, progress, cancelled)
    if parts is None:
        raise ReaderError(f"There are checks of {', '.join(with_part('selfcheck'))}, and none of {method}.")
    watch.step(1)
    trace = engine.run(method, clip, texts=texts, cancelled=cancelled, **knobs)
    checks = [parts.orientation(engine, knobs)]
    watch.step(1)
    checks += [sums_to_one(parts.rows(trace)), finite(trace), parts.special(engine, trace, knobs)]
    checks += weights(engine, method, trace, knobs)
    watch.step(2)
    wanted = map_of or parts.map_of(knobs, cancelled)
    checks.append(random_weights(engine, method, clip, wanted, cancelled=cancelled))
    watch.end()
    return tuple(checks)


# ---- checks of any method ---------------------------------------------------------------------------------------------


def sums_to_one(rows: Mapping[str, Tensor]) -> Check:
    """rows: result → what must be 1."""
    worst = {name: (one - 1).abs().max().item() for name, one in rows.items()}
    name, off = max(worst.items(), key=lambda one: one[1])
    right = f"The rows of {', '.join(rows)} sum to 1, within {off:.1e}."
    return Check("rows sum to 1", off <= WITHIN, off, right if off <= WITHIN else f"A row of {name} is {off:.3g} off 1.")


def finite(trace: Trace) -> Check:
    """No result holds a NaN or an infinity."""
    wrong = [name for name, value in trace.values.items() if not all(one.isfinite().all() for one in tensors(value))]
    right = f"All numbers in {len(trace.values)} results are finite."
    return Check("finite", not wrong, float(len(wrong)), f"Not a number somewhere in {', '.join(wrong)}." if wrong else right)


def tensors(value: Any) -> list[Tensor]:
    """The tensors of floats in a result; networks are no results."""
    if isinstance(value, Tensor):
        return [value] if value.is_floating_point() else []
    if isinstance(value, nn.Module):
        return []
    if isinstance(value, Mapping):
        return [one for part in value.values() for one in tensors(part)]
    if isinstance(value, (tuple, list)):
        return [one for part in value for one in tensors(part)]
    if hasattr(value, "__dataclass_fields__"):
        return [one for name in value.__dataclass_fields__ for one in tensors(getattr(value, name))]
    return []


def weights(engine: Engine, method: str, trace: Trace, knobs: Mapping[str, Any]) -> list[Check]:
    """One line for each network that was read: its label, and whether a shipped file still is what its JSON says."""
    written = {sha256(path): path for path in sorted(WEIGHTS.glob("*.safetensors")) if path.with_suffix(".json").is_file()}
    made = []
    for name, label in trace.weights.items():
        digest = engine.network(name, method).digest
        own = [(sha, path) for sha, path in written.items() if sha == digest or sha[:8] in label]
        bent = [path.name for sha, path in own if json.loads(path.with_suffix(".json").read_text()).get("sha256") != sha]
        said = f" {', '.join(bent)}: the sha256 is not the one in its JSON." if bent else " sha256 as in the JSON."
        trained = parts_of(method).trained(label, engine.settings(method, knobs))
        made.append(Check(f"weights: {name}", trained and not bent, digest, f"{label}.{said if own else ''}"))
    return made


def random_weights(
    engine: Engine, method: str, clip: Clip, map_of: MapOf, seed: int = 0, cancelled: CalledOff = lambda: False
) -> Check:
    """The map beside that of a twin whose weights mean nothing. The twin keeps no results: it is asked once."""
    precision, watch = str(engine.precision).removeprefix("torch."), Watch(1, cancelled=cancelled)
    own = map_of(engine, clip)
    watch.ask()
    twin = Engine(str(engine.device), scrambled(engine, method, seed), precision, cache_mb=0, methods=engine.methods)
    watch.ask()
    other = map_of(twin, clip)
    rho = rank_correlation(np.asarray(own, np.float64).ravel(), np.asarray(other, np.float64).ravel())
    alike = abs(rho) >= ALIKE
    told = (
        f"Rank correlation with the same map from random weights: {rho:.2f}. "
        + ("Most of this map does not hang on what was learned." if alike else "The map hangs on what was learned.")
    )  # fmt: skip
    return Check("random weights", not alike, rho, told, (np.asarray(own), np.asarray(other)))


def scrambled(engine: Engine, method: str, seed: int = 0) -> dict[str, Loaded]:
    """The method's networks with each parameter's own numbers in a random order: same geometry, same scale, no meaning."""
    made = {}
    for name, wanted in engine.method(method).networks.items():
        loaded = engine.network(name, method)
        network = copy.deepcopy(loaded.network)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for one in network.parameters():
                order = torch.randperm(one.numel(), generator=generator).to(one.device)
                one.copy_(one.flatten()[order].view_as(one))
        label = f"RANDOM: the numbers of {loaded.label} in a random order"
        made[wanted.model] = Loaded(network, label, f"scrambled {seed} {loaded.digest}")
    return made


# ---- a method's own -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """What differs from method to method. rows: trace → what must be 1. trained: (label, settings) → whether what was read is.
    map_of: (knobs, cancelled) → the usual map. title: of that map, for the reader. over: what its rows are."""

    orientation: Callable[[Engine, Mapping[str, Any]], Check]
    rows: Callable[[Trace], dict[str, Tensor]]
    special: Callable[[Engine, Trace, Mapping[str, Any]], Check]
    trained: Callable[[str, Mapping[str, Any]], bool]
    map_of: Callable[[Mapping[str, Any], CalledOff], MapOf]
    title: str
    over: str


def bright_patch(size: tuple[int, int], grid: tuple[int, int], places: Sequence[int]) -> Clip:
    """A grey clip with one bright patch, at a place (row-major) of its own in each frame."""
    (H, W), (rows, columns) = size, grid
    frames = np.full((len(places), H, W, 3), 96, np.uint8)
    for frame, place in zip(frames, places):
        row, column = divmod(place, columns)
        frame[row * H // rows : (row + 1) * H // rows, column * W // columns : (column + 1) * W // columns] = 240
    return Clip(frames, np.arange(len(places)) / 4, np.arange(len(places)), "orientation clip")


def lit(found: Sequence[int], wanted: Sequence[set[int]], what: str) -> Check:
    """Whether the map's highest patch is where it must be, frame by frame."""
    hits = [one in allowed for one, allowed in zip(found, wanted, strict=True)]
    told = f"{what} is highest at the bright patch in {sum(hits)} of {len(hits)} frames."
    return Check("orientation", all(hits), sum(hits) / len(hits), told)


def parts_of(method: str) -> Parts | None:
    """What a method's own `selfcheck` says of it; None: nothing of it is checked."""
    selfcheck = part(method, "selfcheck")
    return selfcheck and selfcheck.PARTS
