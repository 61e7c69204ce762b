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

from core.clip import Clip
from core.device import upload
from core.engine import Engine, method_named
from core.errors import ReaderError
from core.graph import Trace
from core.metrics import rank_correlation
from core.networks.vision import VisionTower, key_shares
from core.networks.weights import WEIGHTS, Loaded, sha256
from core.watch import Asked, Progress, Watch

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
    progress: Progress = lambda done: None, cancelled: Asked = lambda: False, **knobs: Any,
) -> tuple[Check, ...]:  # fmt: skip
    """All checks of a method on a clip, in the order above.

    map_of: (engine, clip) → the map [T, P] to compare with that from random weights, for example an attribution's; if not
    given, STOP's score W^s or STPN's prompt attention."""
    method_named(method)
    if method not in PARTS:
        raise ReaderError(f"There are checks of {', '.join(PARTS)}, and none of {method}.")
    parts, watch = PARTS[method], Watch(4, progress, cancelled)
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
        trained = PARTS[method].trained(label, engine.settings(method, knobs))
        made.append(Check(f"weights: {name}", trained and not bent, digest, f"{label}.{said if own else ''}"))
    return made


def random_weights(
    engine: Engine, method: str, clip: Clip, map_of: MapOf, seed: int = 0, cancelled: Asked = lambda: False
) -> Check:
    """The map beside that of a twin whose weights mean nothing. The twin keeps no results: it is asked once."""
    precision, watch = str(engine.precision).removeprefix("torch."), Watch(1, cancelled=cancelled)
    own = map_of(engine, clip)
    watch.ask()
    twin = Engine(str(engine.device), scrambled(engine, method, seed), precision, cache_mb=0)
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
    for name, wanted in method_named(method).networks.items():
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
    map_of: Callable[[Mapping[str, Any], Asked], MapOf]
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


def stop_orientation(engine: Engine, knobs: Mapping[str, Any]) -> Check:
    """M of a bright patch that moves: of each frame it must be highest where the patch is, was, or will be."""
    vision: VisionTower = engine.network("clip_towers").network.vision
    rows, columns = vision.grid
    # along a path that no flip and no transposition maps to itself
    path = [0, 1, columns + 1, columns + 2 % columns, 2 * columns % (rows * columns)]
    clip = bright_patch(vision.size, vision.grid, path)
    trace = engine.run("stop", clip, outputs=["dynamics_TP"], depth=knobs.get("depth", "first"))
    around = [set(path[max(i - 1, 0) : i + 2]) for i in range(len(path))]
    return lit(trace["dynamics_TP"].argmax(-1).tolist(), around, "M")


def stpn_orientation(engine: Engine, knobs: Mapping[str, Any]) -> Check:
    """The last map of a grey frame with a bright patch less that of another: highest where one of the patches is."""
    stpn = engine.network("stpn").network
    network, grid = stpn.baseline, stpn.grid()
    size = stpn.size or (grid[0] * network.detector.shape.strides[-1], grid[1] * network.detector.shape.strides[-1])
    corners = [0, grid[1] - 1, (grid[0] - 1) * grid[1], grid[0] * grid[1] - 1]
    found = []
    for place in corners:
        clip = bright_patch(size, grid, [place, corners[-1] - place])
        frames = stpn.prepare(upload(clip, engine.device))
        with torch.no_grad():
            map_Dhw, other_Dhw = network.detector.features(frames.pixels_BCHW)[-1]
        found.append(int((map_Dhw - other_Dhw).norm(dim=0).argmax()))
    return lit(found, [{place, corners[-1] - place} for place in corners], "The change of the last map")


def stop_special(engine: Engine, trace: Trace, knobs: Mapping[str, Any]) -> Check:
    """Share of CLS's own attention, over all tokens of a frame, that goes to CLS and registers, in the block A is read from."""
    vision: VisionTower = engine.network("clip_towers").network.vision
    layer = engine.settings("stop", knobs)["layer"] - 1
    with torch.no_grad():
        tokens_TSD = vision.blocks(trace["tokens_TSD"], None, 0, layer)
        block = vision.vit.blocks[layer]
        normed_TSD = block.norm1(tokens_TSD)
        share = key_shares(block, normed_TSD[:, :1], normed_TSD)[..., : vision.prefix].sum(-1).mean().item()
    who = "CLS" if vision.prefix == 1 else f"CLS and {vision.prefix - 1} registers"
    told = f"{share:.0%} of CLS's attention in block {layer + 1} goes to {who}; A is shared out among the patches alone."
    return Check("special tokens", share <= MOST, share, told)


def stpn_special(engine: Engine, trace: Trace, knobs: Mapping[str, Any]) -> Check:
    """Share of the patches' attention that goes to prompts, mean over blocks and places."""
    shares = [look_Qhw.sum(0).mean().item() for look_Qhw in trace["to_prompts"].values()]
    share = float(np.mean(shares)) if shares else 0.0
    told = f"{share:.0%} of the patches' attention goes to prompts, mean over {len(shares)} blocks."
    return Check("special tokens", share <= MOST, share, told)


def stop_map(knobs: Mapping[str, Any], cancelled: Asked) -> MapOf:
    """W^s, [T, P]."""
    asked = {"outputs": ["score_TP"], "cancelled": cancelled, **knobs}
    return lambda engine, clip: engine.run("stop", clip, **asked)["score_TP"].cpu().numpy()


def stpn_map(knobs: Mapping[str, Any], cancelled: Asked) -> MapOf:
    """Where prompts looked in the supports, mean over heads and prompts, [K, P]."""
    stage = "prompt_attention_NQKP"
    asked = {"outputs": [stage], "cancelled": cancelled, **knobs}
    return lambda engine, clip: engine.run("stpn", clip, **asked)[stage].mean((0, 1)).cpu().numpy()


def stpn_trained(label: str, settings: Mapping[str, Any]) -> bool:
    """Not all variants of STPN are; the label names those that are not."""
    bare = label.partition("UNTRAINED: ")[2]
    return "RANDOM" not in label and not bare.startswith("all ") and f"{settings['predictor']}/{settings['depth']}" not in bare


PARTS: Mapping[str, Parts] = {
    "stop": Parts(
        stop_orientation,
        lambda trace: {"attention_LTP": trace["attention_LTP"].sum(-1)},
        stop_special,
        lambda label, settings: "UNTRAINED" not in label and "RANDOM" not in label,
        stop_map,
        "W^s",
        "frames",
    ),
    "stpn": Parts(
        stpn_orientation,
        lambda trace: {
            "prompt_attention_NQKP": trace["prompt_attention_NQKP"].sum((-2, -1)),
            "mass_K": trace["mass_K"].sum(-1, keepdim=True),
        },
        stpn_special,
        stpn_trained,
        stpn_map,
        "where prompts looked (mean over heads and prompts)",
        "supports",
    ),
}
