"""What of a result lies over which pictures, read from what its kinds say of themselves: the letters that an output is over.

    TP, THW      over every frame of the clip                          along "T"
    TN, T        boxes in every frame                                  along "T"
    NQKP         over the frames that support, in even shares          along "K"
    KP, WKP      over the frames that are chosen; of words, all or one along "K"
    hw, Qhw      over the current frame, once for each stage or block  along "I"
    N            boxes in the current frame                            along "I"
    HWC          pictures alone: of the current frame                  along "I"
    KHWC         pictures alone: the frames that are chosen            along "K"

Letters: T frames, K supports, P patches, h w places of a map, I pictures of a layer.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.errors import ReaderError
from core.kinds import THING, Output, as_array
from core.method import Method
from core.publish.described import clock
from core.publish.link import FRAME
from core.publish.painting import VALUES, Box, Layer, patches_to_pixels
from core.publish.result import Result
from core.publish.view import CHOSEN, NONE
from core.video.clip import Clip

ALONG = {
    "TP": "T",
    "THW": "T",
    "TN": "T",
    "T": "T",
    "NQKP": "K",
    "KP": "K",
    "WKP": "K",
    "hw": "I",
    "Qhw": "I",
    "N": "I",
    "HWC": "I",
    CHOSEN: "K",
}
TOKENS = ("KP", "WKP")  # over frames that are chosen, as the clip has them
BOXES = ("TN", "T", "N")  # of these only boxes are drawn over pictures: another T is a number of each frame
LEAST = 0.3  # score of a box that is shown, as on the page before a reader chooses another
# Shares are multiples of an even share, on the narrowest of these scales that holds them: as on the page.
EVEN = "× an even share"
LADDER = (
    (0.8, 1.25, ((0.8, "0.8"), (1, "1"), (1.25, "1.25"))),
    (0.4, 2.5, ((0.4, "0.4"), (1, "1"), (2.5, "2.5"))),
    (0.1, 100, ((0.1, "0.1"), (1, "1"), (10, "10"), (100, "100"))),
)
THOUSANDTHS = (1e-3, 1.0, ((1e-3, "0.001"), (1e-2, "0.01"), (0.1, "0.1"), (1.0, "1")))
PERCENT = (1e-3, 1.0, ((1e-3, "0.1 %"), (1e-2, "1 %"), (0.1, "10 %"), (1.0, "100 %")))


def painted_outputs(method: Method) -> tuple[Output, ...]:
    """The outputs that can lie over pictures, or are pictures."""
    return tuple(one for one in method.outputs if one.over in ALONG and (one.over not in BOXES or one.value == "box"))


def drawn(method: Method) -> tuple[str, ...]:
    """The overlays that can be painted."""
    return tuple(one.stage for one in painted_outputs(method) if one.over == CHOSEN or one.value not in ("box", "picture"))


def layer(
    result: Result, stage: str | None = None, prompt: int | None = None, difference: bool = False, colours: str = VALUES
) -> Layer:
    """What a stage lies over, and its map. stage: not given, the view's overlay; "none": the frames as they are.

    prompt: of maps of prompts, one of them, from 0; not given, all together. difference: the map less that of the compared set,
    where both are maps of the same patches.
    """
    made = _layer(result, stage, prompt, colours)
    if not difference:
        return made
    if result.other is None:
        raise ReaderError("A signed difference needs a set to compare with.")
    return apart(made, _layer(result.other, stage, prompt, colours))


def apart(made: Layer, other: Layer) -> Layer:
    """The map less the other, signed: zero is the middle of the colours."""
    if made.map_Ihw is None or other.map_Ihw is None or made.masks or made.map_Ihw.shape != other.map_Ihw.shape:
        raise ReaderError("A signed difference needs the same map over as many frames and patches in both sets.")
    map_Ihw = made.map_Ihw.astype(float) - other.map_Ihw
    top = float(np.abs(map_Ihw).max()) or 1.0
    return Layer(
        made.picture_IHWC, made.name_I, map_Ihw, None, made.symbol, f"{made.title}, difference", made.unit, -top, top
    )  # fmt: skip


def one_scale(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Layers of one stage, on the widest of their scales: what is alike looks alike."""
    widest = max(layers, key=lambda one: one.high / one.low if one.log else one.high - one.low)
    full = None if widest.full is None else max(one.full or 0.0 for one in layers)
    return tuple(replace(one, low=widest.low, high=widest.high, tick_X=widest.tick_X, full=full) for one in layers)


def output_of(result: Result, stage: str) -> Output | None:
    """The output that was computed, by its stage."""
    return next((one for one in result.outputs if one.stage == stage), None)


def found(result: Result, over: str, value: str) -> list[Output]:
    """The outputs that were computed with these letters and this value."""
    return [one for one in result.outputs if (one.over, one.value) == (over, value)]


def _layer(result: Result, stage: str | None, prompt: int | None, colours: str) -> Layer:
    stage = result.view.overlay if stage is None else stage
    if stage == NONE:
        return bare(result.clip.frames_THWC, _frame_names(result.clip))
    one = output_of(result, stage)
    if one is None or one not in painted_outputs(result.method):
        names = ", ".join(drawn(result.method))
        raise ReaderError(f"A figure shows {names} or {NONE} over the frames, not {stage}.")
    return replace(MAKERS[one.over](result, one, prompt), colours=colours)


def bare(picture_IHWC: np.ndarray, name_I: tuple[str, ...], symbol: str = "", title: str = "") -> Layer:
    """Pictures without anything over them."""
    return Layer(picture_IHWC, name_I, None, None, symbol, title, "")


def _patches(result: Result, one: Output, _: int | None) -> Layer:
    region = result.output("TP", "truth")
    kept_Thw = None if region is None else result.array(region.stage).reshape(-1, *result.cells)
    return replace(plain_map(one, result.array(one.stage), result.clip, result.cells), kept_Ihw=kept_Thw)


def plain_map(one: Output, map_TP: np.ndarray, clip: Clip, grid: tuple[int, int], colours: str = VALUES) -> Layer:
    """A map over every frame of a clip, of whatever run it came."""
    if map_TP.shape != (len(clip), grid[0] * grid[1]):
        raise ReaderError(f"{one.symbol} is no map over the frames of the clip: it has {list(map_TP.shape)} numbers.")
    map_Thw = map_TP.reshape(-1, *grid)
    masks = one.value == "truth"
    top = float(np.abs(map_Thw).max()) if one.value == "signed" else 1.0
    low = -top if one.value == "signed" and map_Thw.min() < 0 else 0.0
    names, kept_Thw = _frame_names(clip), map_Thw if masks else None
    return Layer(
        clip.frames_THWC, names, map_Thw, kept_Thw, one.symbol, one.title, one.unit, low, top or 1.0, masks, colours=colours
    )  # fmt: skip


def _pixels(result: Result, one: Output, _: int | None) -> Layer:
    mask_THW = result.array(one.stage)
    names = _frame_names(result.clip)
    return Layer(result.clip.frames_THWC, names, mask_THW, None, one.symbol, one.title, one.unit, masks=True)


def _attention(result: Result, one: Output, prompt: int | None) -> Layer:
    """Mean over heads, in even shares: 1 is what a prompt that looks everywhere alike gives a patch."""
    attention_NQKP = result.array(one.stage)
    _, Q, K, P = attention_NQKP.shape
    share_KP = attention_NQKP.mean(0)[_chosen(prompt, Q)].mean(0) * K * P
    grid = result.output("", "grid")
    rows, columns = result.trace[grid.stage] if grid else result.cells
    who = "all prompts" if prompt is None else f"prompt {prompt + 1}"
    under = supports(result, one)
    low, high, ticks = next((step for step in LADDER if step[0] <= share_KP.min() and share_KP.max() <= step[1]), LADDER[-1])
    return replace(
        under, map_Ihw=share_KP.reshape(K, rows, columns), symbol=one.symbol, title=f"{one.title}, {who}", unit=EVEN,
        low=low, high=high, tick_X=ticks, log=True, full=float(share_KP.max()),
    )  # fmt: skip


def supports(result: Result, one: Output) -> Layer:
    """The frames that support the current one, as the network sees them."""
    places = result.output("K", "place")
    pictures = [one for one in found(result, "HWC", "picture") if result.array(one.stage).ndim == 4]
    if places is None or not pictures:
        raise ReaderError(f"{one.symbol} is drawn over the support frames, which were not computed.")
    index_K = [int(place) for place in result.trace[places.stage]]
    names = tuple(f"frame {place + 1}" for place in index_K)
    return bare(result.array(pictures[0].stage)[index_K], names, pictures[0].symbol, pictures[0].title)


def _chosen_maps(result: Result, one: Output, word: int | None) -> Layer:
    """The frames that are chosen under a token's map, or that of a word; of all words, their mean."""
    share_KP = result.array(one.stage)
    if one.over == "WKP":
        share_KP = share_KP[_chosen(word, len(share_KP))].mean(0)
    map_Khw, high = share_KP.reshape(-1, *result.cells), float(share_KP.max())
    return replace(chosen(result, one), map_Ihw=map_Khw, unit=one.unit, high=high or 1.0)


def chosen(result: Result, one: Output) -> Layer:
    """The frames that are chosen, as the clip has them."""
    places = result.output("K", "place")
    if places is None:
        raise ReaderError(f"{one.symbol} is drawn over the chosen frames, which were not computed.")
    index_K = [int(place) for place in result.trace[places.stage]]
    names = tuple(f"frame {place + 1}" for place in index_K)
    return bare(result.clip.frames_THWC[index_K], names, one.symbol, one.title)


def _tower(result: Result, one: Output, prompt: int | None) -> Layer:
    """The current frame once for each stage of the tower (and block), under its map; of prompts, their mean or one of them."""
    maps = {at: as_array(value) for at, value in result.trace[one.stage].items()}
    picture_HWC = current(result)
    if picture_HWC is None or not maps:
        raise ReaderError(f"{one.symbol} is drawn over the current frame, and nothing of it was computed.")
    low, high, ticks = THOUSANDTHS
    unit = one.unit
    if one.over == "Qhw":
        of_patch = "patch's" in one.unit  # what a patch gives to prompts; a prompt's own is spread over patches: in even shares
        maps = {at: _of_prompts(value, prompt, of_patch) for at, value in maps.items()}
        low, high, ticks = PERCENT if of_patch else LADDER[-1]
        unit = unit if of_patch else EVEN
    rows, columns = (max(size) for size in zip(*(map_hw.shape for map_hw in maps.values())))
    names = tuple(
        f"stage {at[0] + 1}, block {at[1] + 1}" if isinstance(at, tuple) else f"stage {at + 1} of the tower" for at in maps
    )  # fmt: skip
    map_Ihw = np.stack([patches_to_pixels(map_hw, rows, columns) for map_hw in maps.values()])  # each as it is, only larger
    return replace(
        bare(np.stack([picture_HWC] * len(maps)), names, one.symbol, one.title), map_Ihw=map_Ihw, unit=unit, low=low, high=high,
        log=True, tick_X=ticks, full=float(map_Ihw.max()),
    )  # fmt: skip


def _of_prompts(map_Qhw: np.ndarray, prompt: int | None, of_patch: bool) -> np.ndarray:
    chosen_Qhw = map_Qhw[_chosen(prompt, len(map_Qhw))]
    return chosen_Qhw.sum(0) if of_patch else chosen_Qhw.mean(0) * map_Qhw[0].size


def _chosen(prompt: int | None, count: int) -> Any:
    if prompt is not None and not 0 <= prompt < count:
        raise ReaderError(f"The prompt is 0 to {count - 1}, got {prompt}.")
    return slice(None) if prompt is None else [prompt]


def current(result: Result) -> np.ndarray | None:
    """The current frame as the network sees it, [H, W, 3]."""
    arrays = (result.array(one.stage) for one in found(result, "HWC", "picture"))
    return next((array for array in arrays if array.ndim == 3), None)


def current_name(result: Result) -> str:
    """The current frame's: a knob says which it is."""
    place = result.view.shown.settings.get(FRAME)
    return "current frame" if place is None else f"frame {place}"


def _pictures(result: Result, one: Output, _: int | None) -> Layer:
    array = result.array(one.stage)
    if array.ndim == 4:
        return bare(array, tuple(f"frame {place + 1}" for place in range(len(array))), one.symbol, one.title)
    return bare(array[None], (current_name(result),), one.symbol, one.title)


def _chosen_frames(result: Result, one: Output, _: int | None) -> Layer:
    """The frames that are chosen, by when they are shown; where no second is known, by which they are."""
    frames, seconds = result.output("K", "place"), result.output("K", "second")
    if seconds is not None:
        names = tuple(clock(second) for second in result.array(seconds.stage))
    else:
        names = tuple(f"frame {frame + 1}" for frame in result.array(frames.stage)) if frames else ()
    array = result.array(one.stage)
    return bare(array, names or tuple(f"frame {place + 1}" for place in range(len(array))), one.symbol, one.title)


def _boxes(result: Result, one: Output, _: int | None) -> Layer:
    """The current frame with what is found in it."""
    picture_HWC, seen = current(result), result.trace[one.stage]
    if picture_HWC is None:
        raise ReaderError(f"{one.title} is drawn over the current frame, which was not computed.")
    made = bare(picture_HWC[None], (one.symbol,), one.symbol, one.title)
    named = [THING if result.strange else name for name in seen.label_N]
    words = [f"{name} {score:.2f}" for name, score in zip(named, as_array(seen.score_N)) if score >= LEAST]
    return replace(made, boxes_I=(_framed(seen.box_N4, words),))  # best first: the others are cut off


def _framed(box_N4: Any, words: Sequence[str]) -> tuple[Box, ...]:
    return tuple(Box(*map(float, box), said) for box, said in zip(as_array(box_N4), words))


def _tracks(result: Result, one: Output, _: int | None) -> Layer:
    """Every frame with what is found in it, each instance by its number."""
    found = result.trace[one.stage]
    boxes_T = tuple(
        _framed(seen.box_N4, [f"{number + 1} {THING if result.strange else found.label_I[number]}" for number in number_N])
        for seen, number_N in zip(found.seen_T, found.number_TN)
    )
    names = _frame_names(result.clip)
    return replace(bare(result.clip.frames_THWC, names, one.symbol, one.title), boxes_I=boxes_T)


def _followed(result: Result, one: Output, _: int | None) -> Layer:
    """Every frame with the one thing that is followed; nothing where it is not seen."""
    found = result.trace[one.stage]
    if found is None:
        raise ReaderError(f"{one.title}: there is nothing to follow.")
    each_T = zip(as_array(found.box_T4), found.seen_T, as_array(found.value_T))
    boxes_T = tuple(_framed([box], [f"{value:.2f}"]) if seen else () for box, seen, value in each_T)
    names = _frame_names(result.clip)
    return replace(bare(result.clip.frames_THWC, names, one.symbol, one.title), boxes_I=boxes_T)


def _frame_names(clip: Clip) -> tuple[str, ...]:
    return tuple(f"frame {t + 1}" for t in range(len(clip)))


MAKERS: dict[str, Callable[[Result, Output, int | None], Layer]] = {
    "TP": _patches, "THW": _pixels, "NQKP": _attention, "hw": _tower, "Qhw": _tower, "HWC": _pictures, "N": _boxes,
    "TN": _tracks, "T": _followed, "KP": _chosen_maps, "WKP": _chosen_maps, CHOSEN: _chosen_frames,
}  # fmt: skip
