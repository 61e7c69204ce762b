"""Frames under a map, as pixels: what figures and movies show.

A map is painted as it is, patch by patch: nothing is interpolated. One scale for all frames; cividis for values, a diverging
map around 0 for signed differences. Letters: I pictures, h w patches, H W pixels.
"""

from dataclasses import dataclass

import matplotlib
import numpy as np
from PIL import Image

from core.errors import ReaderError
from core.kinds import Output, as_array
from core.method import Method
from core.publish.result import Result
from core.publish.view import CHOSEN, NONE
from core.registry import METHODS

VALUES, SIGNED = "cividis", "RdBu_r"
NIGHT = (11, 13, 18)  # over patches that are not kept, as in the viewer
OPACITY = 0.6
LOOKS = "NQKP"  # what prompt attention is over


@dataclass(frozen=True, eq=False)
class Layer:
    """What lies over which pictures.

    picture_IHWC: uint8 RGB. map_Ihw: values, or None for bare pictures. kept_Ihw: bool or None, drawn as edges. name_I: what
    each picture is. low, high: ends of the colours. masks: the map is a mask and has no colours.
    """

    picture_IHWC: np.ndarray
    name_I: tuple[str, ...]
    map_Ihw: np.ndarray | None
    kept_Ihw: np.ndarray | None
    symbol: str
    title: str
    unit: str
    low: float = 0.0
    high: float = 1.0
    masks: bool = False

    @property
    def colours(self) -> str:
        """The name of matplotlib's colour map."""
        return SIGNED if self.low < 0 else VALUES


def layer(result: Result, prompt: int | None = None, difference: bool = False) -> Layer:
    """What a view's overlay lies over, and the map.

    prompt: of prompt attention, one prompt, from 0; not given, the mean of them. difference: the map less that of the compared
    set, where both are maps of the same patches.
    """
    made = _layer(result, prompt)
    if not difference:
        return made
    if result.other is None:
        raise ReaderError("A signed difference needs a set to compare with.")
    other = _layer(result.other, prompt)
    if made.map_Ihw is None or other.map_Ihw is None or made.map_Ihw.shape != other.map_Ihw.shape:
        raise ReaderError("A signed difference needs the same map over as many frames and patches in both sets.")
    map_Ihw = made.map_Ihw.astype(float) - other.map_Ihw
    top = float(np.abs(map_Ihw).max()) or 1.0
    return Layer(
        made.picture_IHWC, made.name_I, map_Ihw, None, made.symbol, f"{made.title}, difference", made.unit, -top, top
    )  # fmt: skip


def _layer(result: Result, prompt: int | None) -> Layer:
    overlay, method = result.view.overlay, METHODS[result.view.shown.method]
    if overlay == NONE:
        return Layer(result.clip.frames_THWC, _frame_names(result), None, None, "", "", "")
    one = next((one for one in result.outputs if one.stage == overlay), None)
    if one and one.over_frames:
        return _patches(result, one)
    if one and one.over == LOOKS:
        return _attention(result, one, prompt)
    if one and one.over_current:
        return _tower(result, one, prompt)
    if one and one.over == CHOSEN:
        return Layer(result.array(one.stage), _chosen_names(result), None, None, one.symbol, one.title, one.unit)
    raise ReaderError(f"A figure shows {', '.join(drawn(method))} or none over the frames, not {overlay}.")


def drawn(method: Method) -> tuple[str, ...]:
    """The overlays that can be painted."""
    return tuple(one.stage for one in method.outputs if one.over_frames or one.over in (LOOKS, CHOSEN) or one.over_current)


def _patches(result: Result, one: Output) -> Layer:
    region, grid = result.output("TP", "truth"), result.cells
    kept_Ihw = None if region is None else result.array(region.stage).reshape(-1, *grid)
    map_Ihw = result.array(one.stage).reshape(-1, *grid)
    masks = one.value == "truth"
    return Layer(
        result.clip.frames_THWC, _frame_names(result), map_Ihw, kept_Ihw, one.symbol, one.title, one.unit, masks=masks
    )  # fmt: skip


def _attention(result: Result, one: Output, prompt: int | None) -> Layer:
    """Mean over heads, in even shares: 1 is what a prompt that looks everywhere alike gives a patch."""
    attention_NQKP = result.array(one.stage)
    _, Q, K, P = attention_NQKP.shape
    if prompt is not None and not 0 <= prompt < Q:
        raise ReaderError(f"The prompt is 0 to {Q - 1}, got {prompt}.")
    share_KP = attention_NQKP.mean(0)[slice(None) if prompt is None else [prompt]].mean(0) * K * P
    supports, grid = result.output("K", "place"), result.output("", "grid")
    pictures = [one for one in result.outputs if one.value == "picture" and result.array(one.stage).ndim == 4]
    if supports is None or not pictures:
        raise ReaderError(f"{one.symbol} is drawn over the support frames, which were not computed.")
    index_K = [int(place) for place in result.trace[supports.stage]]
    rows, columns = result.trace[grid.stage] if grid else result.cells
    who = "all prompts" if prompt is None else f"prompt {prompt + 1}"
    return Layer(
        result.array(pictures[0].stage)[index_K], tuple(f"frame {place + 1}" for place in index_K),
        share_KP.reshape(K, rows, columns), None, one.symbol, f"{one.title}, {who}", "× an even share",
        high=max(float(share_KP.max()), 1.0),
    )  # fmt: skip


def _tower(result: Result, one: Output, prompt: int | None) -> Layer:
    """The current frame once for each stage of the tower (and block), under its map; of prompts, their mean or one of them."""
    found = [one for one in result.outputs if one.value == "picture" and result.array(one.stage).ndim == 3]
    maps = {at: as_array(value) for at, value in result.trace[one.stage].items()}
    if not found or not maps:
        raise ReaderError(f"{one.symbol} is drawn over the current frame, and nothing of it was computed.")
    if one.over == "Qhw":
        Q = len(next(iter(maps.values())))
        if prompt is not None and not 0 <= prompt < Q:
            raise ReaderError(f"The prompt is 0 to {Q - 1}, got {prompt}.")
        maps = {at: map_Qhw[slice(None) if prompt is None else [prompt]].mean(0) for at, map_Qhw in maps.items()}
    rows, columns = (max(size) for size in zip(*(map_hw.shape for map_hw in maps.values())))
    names = tuple(
        f"stage {at[0] + 1}, block {at[1] + 1}" if isinstance(at, tuple) else f"stage {at + 1}" for at in maps
    )  # fmt: skip
    map_Ihw = np.stack([patches_to_pixels(map_hw, rows, columns) for map_hw in maps.values()])  # each as it is, only larger
    picture_IHWC = np.stack([result.array(found[0].stage)] * len(maps))
    return Layer(picture_IHWC, names, map_Ihw, None, one.symbol, one.title, one.unit, high=float(map_Ihw.max()) or 1.0)


def _frame_names(result: Result) -> tuple[str, ...]:
    return tuple(f"frame {t + 1}" for t in range(len(result.clip)))


def _chosen_names(result: Result) -> tuple[str, ...]:
    """When each chosen frame is shown; where no second is known, which it is."""
    frames, seconds = result.output("K", "place"), result.output("K", "second")
    if seconds is not None:
        return tuple(clock(second) for second in result.array(seconds.stage))
    return tuple(f"frame {frame + 1}" for frame in result.array(frames.stage)) if frames else ()


def clock(second: float) -> str:
    """Seconds as a clock shows them: 4:07, 1:00:00; what is not whole with a tenth."""
    tenths = round(10 * float(second))
    hours, minutes, seconds = tenths // 36000, tenths // 600 % 60, tenths // 10 % 60
    head = f"{hours}:{minutes:02}" if hours else str(minutes)
    return f"{head}:{seconds:02}" + (f".{tenths % 10}" if tenths % 10 else "")


# ---- pixels -----------------------------------------------------------------------------------------------------------


def painted(made: Layer, index: int, height: int, width: int, opacity: float = OPACITY) -> np.ndarray:
    """One picture under its map at a size, uint8 RGB [H, W, 3]."""
    picture = Image.fromarray(made.picture_IHWC[index]).resize((width, height), Image.Resampling.LANCZOS)
    under = np.asarray(picture, float)
    if made.map_Ihw is None:
        return under.astype(np.uint8)
    map_HW = patches_to_pixels(made.map_Ihw[index], height, width)
    if made.masks:
        over, weight = np.array(NIGHT, float), np.where(map_HW, 0.0, opacity)[..., None]
    else:
        over, weight = coloured(map_HW, made), opacity
    return (under * (1 - weight) + over * weight).round().astype(np.uint8)


def patches_to_pixels(map_hw: np.ndarray, height: int, width: int) -> np.ndarray:
    """Every pixel has the value of the patch it lies in."""
    rows, columns = map_hw.shape
    return map_hw[(np.arange(height) * rows // height)[:, None], np.arange(width) * columns // width]


def coloured(values: np.ndarray, made: Layer) -> np.ndarray:
    """Values as RGB 0–255, on the layer's scale."""
    place = np.clip((values - made.low) / (made.high - made.low), 0, 1)
    table_XC = matplotlib.colormaps[made.colours](np.arange(256), bytes=True)[:, :3]
    return table_XC[(place * 255).round().astype(int)].astype(float)


def edges(kept_hw: np.ndarray) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Lines between kept patches and others, ((x, y), (x, y)) in patches."""
    framed = np.pad(kept_hw.astype(bool), 1)
    across, along = framed[1:, 1:-1] != framed[:-1, 1:-1], framed[1:-1, 1:] != framed[1:-1, :-1]
    rows = [((int(x), int(y)), (int(x) + 1, int(y))) for y, x in np.argwhere(across)]
    return rows + [((int(x), int(y)), (int(x), int(y) + 1)) for y, x in np.argwhere(along)]
