"""Results → small texts that travel: grids as base64 of whole numbers, masks as bits or runs, frames as JPEG.

Numbers of a hovered patch are read from these grids too, so a map has 16 bits: eight would do to paint it.
"""

import base64
import inspect
import io
import math
from collections.abc import Mapping

import numpy as np
from PIL import Image

from core.graph import downstream
from core.networks.weights import SYNTHETIC

SHOWN_SIDE = 512  # pixels: a frame is never drawn much larger than this
MAP_SIDE = 64  # cells: a map of more is averaged before it travels
DECADES = (-4.0, 3.0)  # log10 of the least and the largest number of a logarithmic map
STRANGE = (
    "These weights know only eight coloured shapes on made-up backgrounds. On your clip, trust where things change; "
    "names and texts mean little."
)


def stages_payload(method):
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


def knobs_payload(method):
    """What every knob is called where two settings are told apart."""
    return [{"name": one.name, "symbol": one.symbol} for one in method.knobs.knobs()]


def knob_payload(knob):
    """Everything a control needs of a knob."""
    return {
        "name": knob.name, "symbol": knob.symbol, "kind": knob.kind, "default": knob.default, "span": knob.span,
        "meaning": knob.meaning,
    }  # fmt: skip


def ledger_payload(trace):
    """Stage → [milliseconds or None where it was reused, its shape]."""
    return {name: [ms_of(trace, name), shape_of(trace[name])] for name in trace.values}


def weights_payload(trace, truth):
    """What made it, in words; strange: a sentence where these weights were trained on our synthetic clips alone, and this clip,
    of which no truth is known, is none of them."""
    labels = list(trace.weights.values())
    return {"weights": labels, "strange": STRANGE if truth is None and any(SYNTHETIC in one for one in labels) else ""}


def frames_payload(key, clip):
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


def plain(output, value, context):
    """A result of any kind that has no file of its own: truth values as bits, maps 0–1 of patches in 16 bits, spans of time and
    their scores in single precision, else numbers."""
    if output.value == "truth":
        return coded(array(value), bits)
    if output.over == "TP" and output.value == "share":
        return coded(array(value), grid16)
    if output.over in ("S", "S2"):  # thousands of them
        return coded(array(value), floats)
    return numbers(value if isinstance(value, (bool, int, float, tuple, list)) or value is None else array(value).tolist())


def coded(values, code):
    """What is sent as code, and its shape."""
    return {"shape": list(values.shape), "code": code(values)}


def maps16(maps):
    """{place in the network: [Q, h, w]} → one entry a place, its maps no larger than MAP_SIDE."""
    means = ((at, pooled(array(map_Qhw), MAP_SIDE)) for at, map_Qhw in maps.items())
    return [{"at": list(at)} | coded(map_Qhw, log16) for at, map_Qhw in means]


def numbers(value):
    """Lists of lists of numbers, or one, as JSON has them; truth values and whole numbers stay what they are."""
    if isinstance(value, (list, tuple)):
        return [numbers(one) for one in value]
    return short(value) if isinstance(value, float) else value


def short(value, digits=6):
    """A few digits of a number; null where it is not finite."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def array(tensor):
    """A tensor of any device as numpy, without asking torch by name."""
    return tensor.detach().cpu().numpy()


def grid16(map_TP):
    """Numbers 0–1 as 16-bit whole numbers."""
    return encoded((np.clip(map_TP, 0, 1) * 65535).round().astype("<u2"))


def floats(values):
    """Numbers of any size in single precision."""
    return encoded(values.astype("<f4"))


def log16(values):
    """Numbers ≥ 0 of very different sizes: their place between the DECADES. Four digits of each survive."""
    low, high = DECADES
    return grid16((np.log10(np.maximum(values, 10**low)) - low) / (high - low))


def bits(mask):
    return encoded(np.packbits(mask.astype(bool).reshape(-1), bitorder="little"))


def runs(mask_HW):
    """Lengths of the runs of 0, 1, 0, … along the rows: short where a mask is a few blobs, whatever its size."""
    flat = np.concatenate([[False], mask_HW.reshape(-1).astype(bool)])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff(edges, prepend=0, append=mask_HW.size).tolist()


def pooled(map_hw, side):
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


def encoded(numbers):
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode()


def jpeg(frame_HWC, side=SHOWN_SIDE, quality=88):
    """A frame as a data URL, no longer than `side`."""
    picture = Image.fromarray(frame_HWC)
    picture.thumbnail((side, side))
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()


def ms_of(trace, name):
    return round(trace.ms[name], 2) if name in trace.ms else None


def shape_of(value):
    if hasattr(value, "shape"):
        return "×".join(map(str, value.shape)) or "1"
    if isinstance(value, Mapping):
        return f"{len(value)} maps"
    return f"{len(value)} numbers" if isinstance(value, (tuple, list)) else type(value).__name__
