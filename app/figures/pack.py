"""Results → small texts that travel: grids as base64 of whole numbers, masks as bits or runs, frames as JPEG.

Numbers of a hovered patch are read from these grids too, so a map has 16 bits: eight would do to paint it.
"""

import base64
import inspect
import io
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image

from app.figures.context import Context, is_strange
from core.graph import Trace, downstream
from core.kinds import Output
from core.knobs import Knob
from core.method import Method
from core.video.clip import Clip
from core.world import Truth

SHOWN_SIDE = 512  # pixels: a frame is never drawn much larger than this
MAP_SIDE = 64  # cells: a map of more is averaged before it travels
DECADES = (-4.0, 3.0)  # log10 of the least and the largest number of a logarithmic map
STRANGE = (
    "These weights know only eight coloured shapes on made-up backgrounds. On your clip, trust where things change; "
    "names and texts mean little."
)


def stages_payload(method: Method) -> list[dict[str, Any]]:
    """Every stage in words, and the knobs it moves with."""
    knobs = method.knobs.knobs()
    moved = {one.name: downstream(method.stages, one.name) for one in knobs}
    return [
        {
            "name": stage.__name__,
            "doc": inspect.getdoc(stage) or "",
            "source": inspect.getsource(stage),
            "knobs": [one.symbol for one in knobs if stage.__name__ in moved[one.name]],
        }
        for stage in method.stages
    ]


def knobs_payload(method: Method) -> list[dict[str, str]]:
    """What every knob is called where two settings are told apart."""
    return [{"name": one.name, "symbol": one.symbol} for one in method.knobs.knobs()]


def knob_payload(knob: Knob) -> dict[str, Any]:
    """Everything a control needs of a knob."""
    return {
        "name": knob.name, "symbol": knob.symbol, "kind": knob.kind, "default": knob.default, "span": knob.span,
        "meaning": knob.meaning,
    }  # fmt: skip


def ledger_payload(trace: Trace) -> dict[str, list[Any]]:
    """Stage → [milliseconds or None where it was reused, its shape]; of one that is made of steps, how many of them ran."""
    walked = {name: f"{ran} of {steps} steps" for name, (ran, steps) in trace.steps.items()}
    return {name: [ms_of(trace, name), walked.get(name) or shape_of(trace[name])] for name in trace.values}


def weights_payload(trace: Trace, truth: Truth | None) -> dict[str, Any]:
    """What made it, in words; strange: a sentence where these weights were trained on our synthetic clips alone, and this clip,
    of which no truth is known, is none of them."""
    labels = list(trace.weights.values())
    return {"weights": labels, "strange": STRANGE if is_strange(labels, truth) else ""}


def frames_payload(key: str, clip: Clip) -> dict[str, Any]:
    """The frames, and where each came from."""
    _, H, W, _ = clip.frames_THWC.shape
    return {
        "key": key,
        "name": clip.name,
        "width": W,
        "height": H,
        "frames": [jpeg(frame_HWC) for frame_HWC in clip.frames_THWC],
        "time": [round(float(t), 3) for t in clip.time_T],
        "source": [int(i) for i in clip.source_T],
        "notes": list(clip.notes),
    }


def plain(output: Output, value: Any, context: Context) -> Any:
    """A result of any kind that has no file of its own: truth values as bits, maps 0–1 of patches in 16 bits, spans of time and
    their scores in single precision, else numbers."""
    if output.value == "truth":
        return coded(array(value), bits)
    if output.over in ("TP", "NTP") and output.value == "share":
        return coded(array(value), grid16)
    if output.over in ("S", "S2"):  # thousands of them
        return coded(array(value), floats)
    return numbers(array(value).tolist() if hasattr(value, "detach") else value)


def coded(values: np.ndarray, code: Callable[[np.ndarray], str]) -> dict[str, Any]:
    """What is sent as code, and its shape."""
    return {"shape": list(values.shape), "code": code(values)}


def maps16(maps: Mapping[tuple[int, ...], Any]) -> list[dict[str, Any]]:
    """{place in the network: [Q, h, w]} → one entry a place, its maps no larger than MAP_SIDE."""
    means = ((at, pooled(array(map_Qhw), MAP_SIDE)) for at, map_Qhw in maps.items())
    return [{"at": list(at)} | coded(map_Qhw, log16) for at, map_Qhw in means]


def numbers(value: Any) -> Any:
    """Lists of lists of numbers, or one, as JSON has them; truth values and whole numbers stay what they are."""
    if isinstance(value, (list, tuple)):
        return [numbers(one) for one in value]
    return short(value) if isinstance(value, float) else value


def short(value: float, digits: int = 6) -> float | None:
    """A few digits of a number; null where it is not finite."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def array(tensor: Any) -> np.ndarray:
    """A tensor of any device as numpy, without asking torch by name."""
    return tensor.detach().cpu().numpy()


def grid16(map_TP: np.ndarray) -> str:
    """Numbers 0–1 as 16-bit whole numbers."""
    return encoded((np.clip(map_TP, 0, 1) * 65535).round().astype("<u2"))


def floats(values: np.ndarray) -> str:
    """Numbers of any size in single precision."""
    return encoded(values.astype("<f4"))


def log16(values: np.ndarray) -> str:
    """Numbers ≥ 0 of very different sizes: their place between the DECADES. Four digits of each survive."""
    low, high = DECADES
    return grid16((np.log10(np.maximum(values, 10**low)) - low) / (high - low))


def bits(mask: np.ndarray) -> str:
    return encoded(np.packbits(mask.astype(bool).reshape(-1), bitorder="little"))


def runs(mask_HW: np.ndarray) -> list[int]:
    """Lengths of the runs of 0, 1, 0, … along the rows: short where a mask is a few blobs, whatever its size."""
    flat = np.concatenate([[False], mask_HW.reshape(-1).astype(bool)])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff(edges, prepend=0, append=mask_HW.size).tolist()


def pooled(map_hw: np.ndarray, side: int) -> np.ndarray:
    """Means over blocks of cells, so that no side is longer than `side`. The last two dimensions are the map's."""
    for axis in (-2, -1):
        cells = map_hw.shape[axis]
        if cells > side:
            starts = np.arange(side) * cells // side
            size = np.diff(starts, append=cells)
            shape = [1] * map_hw.ndim
            shape[axis] = side
            map_hw = np.add.reduceat(map_hw, starts, axis) / size.reshape(shape)
    return map_hw


def encoded(numbers: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode()


def jpeg(frame_HWC: np.ndarray, side: int = SHOWN_SIDE, quality: int = 88) -> str:
    """A frame as a data URL, no longer than `side`."""
    picture = Image.fromarray(frame_HWC)
    picture.thumbnail((side, side))
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()


def ms_of(trace: Trace, name: str) -> float | None:
    return round(trace.ms[name], 2) if name in trace.ms else None


def shape_of(value: Any) -> str:
    if hasattr(value, "shape"):
        return "×".join(map(str, value.shape)) or "1"
    if isinstance(value, Mapping):
        return f"{len(value)} maps"
    return f"{len(value)} numbers" if isinstance(value, (tuple, list)) else type(value).__name__
