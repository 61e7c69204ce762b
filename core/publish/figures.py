"""Figures for papers: SVG, PDF and PNG of chosen frames, one colour bar for all, and the counts below.

Widths are a paper's column and both of them. Text stays text: TrueType fonts are embedded in PDF (type 42), SVG has words.
What made a figure is in its metadata. The same result gives the same bytes. No browser is needed: matplotlib draws.
"""

import io
import re
import threading
from contextlib import suppress
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from core.errors import ReaderError
from core.kinds import Output
from core.publish.link import link_in_words
from core.publish.painting import OPACITY, Layer, clock, coloured, edges, layer, painted
from core.publish.result import Result
from core.registry import method_named
from core.video.edits import in_words

WIDTHS = {"one": 3.25, "two": 6.75}  # inches
PER_ROW = {"one": 4, "two": 8}
FORMATS = {"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png"}
DPI = 300
LEFT, RIGHT, TOP, BOTTOM, APART = 0.4, 0.62, 0.18, 0.06, 0.05  # inches; the colour bar stands at the right
BARS, BELOW = 0.55, 0.36  # inches: the bars' height, and the room for their axis
STYLE = {
    "font.family": "serif", "font.serif": ["STIXGeneral", "Times New Roman", "Times"], "mathtext.fontset": "stix",
    "font.size": 8, "axes.linewidth": 0.5, "xtick.major.width": 0.5, "ytick.major.width": 0.5, "xtick.major.size": 2,
    "ytick.major.size": 2, "xtick.labelsize": 7, "ytick.labelsize": 7, "pdf.fonttype": 42, "svg.fonttype": "none",
    "svg.hashsalt": "video-prompt-explorer",
}  # fmt: skip
_turn = threading.Lock()  # matplotlib's settings are the process's


@dataclass(frozen=True)
class Picture:
    """A figure as the bytes of its file. A notebook shows it by itself."""

    data: bytes
    format: str

    def _repr_mimebundle_(self, include=None, exclude=None):
        shown = self.data.decode() if self.format == "svg" else self.data
        return {FORMATS[self.format]: shown} if self.format != "pdf" else {"text/plain": repr(self)}

    def __repr__(self):
        return f"Picture({self.format}, {len(self.data)} bytes)"


def picture(
    result: Result,
    format: str = "png",
    width: str = "two",
    frames: tuple[int, ...] | None = None,
    bars: bool = True,
    opacity: float = OPACITY,
    prompt: int | None = None,
    difference: bool = False,
    beside: bool = False,
) -> Picture:
    """The view as a figure.

    format: svg, pdf or png. width: "one" column (3.25 in) or "two" (6.75 in). frames: places of the pictures, from 0; not
    given, as many as a row holds, evenly. bars: counts of each gap below, or what each support received. prompt, difference:
    see `painting.layer`. beside: the set that is compared above (A), this one below it (B), and under them their signed
    difference where both are maps of the same patches. What cannot be drawn is a ReaderError.
    """
    for what, value, known in (("format", format, FORMATS), ("width", width, WIDTHS)):
        if value not in known:
            raise ReaderError(f"The {what} is one of {', '.join(known)}, got {value!r:.40}.")
    layers = _layers(result, prompt) if beside else {"": layer(result, prompt, difference)}
    blocks = [(said, made, _chosen(frames, len(made.picture_IHWC), PER_ROW[width])) for said, made in layers.items()]
    with _turn, matplotlib.rc_context(STYLE):
        figure = _figure(result, blocks, WIDTHS[width], PER_ROW[width], bars and not difference, opacity)
        held = io.BytesIO()
        figure.savefig(held, format=format, dpi=DPI, metadata=_metadata(result, format))
    return Picture(held.getvalue(), format)


def _layers(result: Result, prompt: int | None) -> dict[str, Layer]:
    """What stands before a picture's name → the layer: A, B, and B − A where there is such a thing."""
    if result.other is None:
        raise ReaderError("Two sets beside each other need a set to compare with.")
    made = {"A: ": layer(result.other, prompt), "B: ": layer(result, prompt)}
    with suppress(ReaderError):  # other patches or frames, or no map
        apart = layer(result, prompt, difference=True)
        if not made["B: "].masks:
            made["B − A: "] = apart
    return made


def _chosen(frames, count: int, most: int) -> tuple[int, ...]:
    if frames is None:
        shown = min(count, most)
        return tuple(int(place) for place in np.linspace(0, count - 1, shown).round())
    chosen = tuple(frames)
    if not 0 < len(chosen) <= 64 or any(not 0 <= place < count for place in chosen):
        raise ReaderError(f"Frames are places from 0 to {count - 1}, got {list(chosen)!r:.80}.")
    return chosen


def _figure(result: Result, blocks, width: float, per_row: int, bars: bool, opacity: float) -> Figure:
    """Every place is in inches from the top left: nothing is left to an automatic layout. blocks: (what stands before a
    picture's name, layer, places of its pictures), one below the other."""
    columns = max(min(per_row, len(chosen)) for _, _, chosen in blocks)
    scaled = any(made.map_Ihw is not None and not made.masks for _, made, _ in blocks)
    most = max(columns, per_row // 2)  # few frames are not drawn larger than half a row's
    side = (width - LEFT - (RIGHT if scaled else 0.05) - APART * (most - 1)) / most
    high = [side * made.picture_IHWC.shape[1] / made.picture_IHWC.shape[2] + TOP for _, made, _ in blocks]
    rows = [-(-len(chosen) // columns) for _, _, chosen in blocks]
    counted = _bars(result) if bars else None
    shown = sum(row * one for row, one in zip(rows, high))
    tall = shown + BOTTOM + (BARS + BELOW if counted else 0)
    figure = Figure(figsize=(width, tall))

    def axes(x, y, w, h):
        return figure.add_axes((x / width, 1 - (y + h) / tall, w / width, h / tall))

    above = 0.0
    for (said, made, chosen), count, each in zip(blocks, rows, high):
        for place, index in enumerate(chosen):
            row, column = divmod(place, columns)
            one = axes(LEFT + column * (side + APART), above + row * each + TOP, side, each - TOP)
            _frame(one, made, index, round((each - TOP) * DPI), round(side * DPI), opacity, said)
        if made.map_Ihw is not None and not made.masks:
            _colour_bar(axes(LEFT + columns * (side + APART) + 0.03, above + TOP, 0.09, count * each - TOP), made)
        above += count * each
    if counted:  # a gap's bar stands between its two frames, where all are there in one row
        below = axes(LEFT, above + 0.1, columns * (side + APART) - APART, BARS)
        _draw_times(below, result, *counted) if len(counted) == 2 else _draw_bars(below, *counted)
    return figure


def _frame(axes, made: Layer, index: int, height: int, width: int, opacity: float, said: str = "") -> None:
    axes.imshow(painted(made, index, height, width, opacity), interpolation="none", extent=(0, 1, 1, 0), aspect="auto")
    axes.set_title(said + made.name_I[index], fontsize=7, pad=2)
    axes.set_axis_off()
    if made.kept_Ihw is not None:
        rows, columns = made.kept_Ihw[index].shape
        lines = [[(x / columns, y / rows) for x, y in line] for line in edges(made.kept_Ihw[index])]
        for colour, thick in (("black", 1.2), ("white", 0.6)):  # a dark line under a bright one is seen on any picture
            axes.add_collection(LineCollection(lines, colors=colour, linewidths=thick, capstyle="projecting"))


def _colour_bar(axes, made: Layer) -> None:
    scale_XC = coloured(np.linspace(made.low, made.high, 256), made).astype(np.uint8)
    axes.imshow(scale_XC[:, None], aspect="auto", origin="lower", extent=(0, 1, made.low, made.high), interpolation="none")
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    axes.set_yticks([made.low, (made.low + made.high) / 2, made.high])
    axes.set_yticklabels([f"{tick:.2g}".replace("-", "−") for tick in axes.get_yticks()])
    axes.set_ylabel(f"{made.symbol}, {made.unit}" if made.unit.startswith("×") else _math(made.symbol), labelpad=3)


def _bars(result: Result):
    """(places from 0, the span of places, heights, labels, name below, name beside), or (spans of time, their scores), or None
    where nothing is counted."""
    spans, scores = result.output("S2", "second"), result.output("S", "signed")
    if spans and scores:
        return spans, scores
    counts, shares = result.output("G", "count"), result.output("K", "share")
    if counts is not None:
        count_G = result.array(counts.stage)
        gaps = np.arange(len(count_G))
        span = (-1, len(gaps))
        return gaps, span, count_G, [f"{g + 1}–{g + 2}" for g in gaps], "gap between frames", _math(counts.symbol)
    supports = result.output("K", "place")
    if shares is None or supports is None:
        return None
    share_K, index_K = result.array(shares.stage), result.array(supports.stage)
    span = (-0.5, len(share_K) - 0.5)
    return np.arange(len(share_K)), span, share_K, [str(k + 1) for k in index_K], "support frame", "share of A"


def _draw_bars(axes, places, span, heights, labels, below: str, name: str) -> None:
    axes.bar(places, heights, width=0.5, color="#4d4d4d")
    axes.set_xlim(*span)
    top = max(float(np.max(heights)), 1.0 if np.issubdtype(heights.dtype, np.integer) else 1e-6)
    axes.set_ylim(0, top * 1.05)
    axes.set_yticks([0, top])
    axes.set_yticklabels(["0", f"{top:.2g}"])
    step = -(-len(places) // 12)
    axes.set_xticks(places[::step])
    axes.set_xticklabels(labels[::step])
    axes.set_xlabel(below, labelpad=1)
    axes.set_ylabel(name, labelpad=1)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_times(axes, result: Result, spans: Output, scores: Output) -> None:
    """Every span as tall as its score over the video's time; those of the chosen frames are dark."""
    span_S2, score_S = result.array(spans.stage), result.array(scores.stage)
    seconds, end = result.output("K", "second"), float(span_S2[-1, 1])
    chosen_K = result.array(seconds.stage) if seconds else np.zeros(0)
    is_chosen_S = ((chosen_K >= span_S2[:, :1]) & (chosen_K < span_S2[:, 1:])).any(-1)
    axes.bar(
        span_S2[:, 0], score_S, span_S2[:, 1] - span_S2[:, 0], align="edge", linewidth=0,
        color=np.where(is_chosen_S, "#1d4ed8", "#b8bcc6"),
    )  # fmt: skip
    axes.set_xlim(0, end)
    low, high = min(float(score_S.min()), 0.0), max(float(score_S.max()), 1e-6)
    axes.set_ylim(low * 1.05, high * 1.05)
    axes.set_yticks([low, high] if low else [0, high])
    axes.set_yticklabels([f"{tick:.2g}".replace("-", "−") for tick in axes.get_yticks()])
    ticks = np.linspace(0, end, 7)
    axes.set_xticks(ticks)
    axes.set_xticklabels([clock(round(tick)) for tick in ticks])
    axes.get_xticklabels()[-1].set_ha("right")
    axes.set_xlabel(f"{_math(scores.symbol)}: {scores.title}", labelpad=1)
    axes.spines[["top", "right"]].set_visible(False)


def _math(symbol: str) -> str:
    """W^s as a formula; what is none, as it is."""
    return f"${symbol}$" if re.fullmatch(r"[A-Za-z]([\^_][A-Za-z])?", symbol) else symbol.replace("$", r"\$")


# ---- metadata ---------------------------------------------------------------------------------------------------------


def described(result: Result) -> dict[str, str]:
    """What made a result, in words: method, paper, clip, its edits, knobs, weights, texts and the view's link."""
    asked, method = result.view.shown, method_named(result.view.shown.method)
    knobs = ", ".join(f"{one.symbol} ({one.name}) = {asked.settings[one.name]}" for one in method.knobs.knobs())
    made = {
        "method": method.title, "paper": method.paper, "clip": f"{asked.clip}, {len(result.clip)} frames",
        "edits": in_words(asked.edits), "knobs": knobs,
        "overlay": result.view.overlay, "weights": "; ".join(result.trace.weights.values()),
        "texts": " | ".join(asked.texts), "question": asked.question, "view": link_in_words(result.view),
    }  # fmt: skip
    if result.other:
        made["compared"] = "; ".join(f"{name}: {told}" for name, told in described(result.other).items() if name != "paper")
    return made


def _metadata(result: Result, format: str) -> dict:
    made = described(result)
    title = f"{made['method']}: {result.view.overlay}"
    words = "; ".join(f"{name}: {told}" for name, told in made.items() if told)
    if format == "pdf":
        return {"Title": title, "Subject": words, "Creator": "Video Prompt Explorer", "CreationDate": None}
    if format == "svg":
        return {"Title": title, "Description": words, "Creator": "Video Prompt Explorer", "Date": None}
    return {"Title": title, "Description": words, "Software": "Video Prompt Explorer"}
