"""The notebooks' pictures: each takes arrays and gives a picture that a saved notebook keeps. Matplotlib draws, no browser.

A map is painted patch by patch as it is, on one scale for all frames, over the frames themselves; kept patches have an edge.
Letters: I pictures, P patches (row-major), G gaps, H W pixels, C channels.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib
import numpy as np
import plotly.express as px
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from core.publish.painting import Layer, edges, over_grey, painted

WIDE = 8.6  # inches
DPI = 110
PER_ROW = 8
# told apart by colour-blind readers too
BLUE, ORANGE, GREEN, AMBER = "#0072B2", "#D55E00", "#009E73", "#E69F00"
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#4d4d4d", "#56B4E9", AMBER)
TOKENS = {"CLS": "black", "patches": "#6baed6", "prompts": ORANGE, "global": "#994F88"}
STYLE = {"font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6}


@dataclass(frozen=True)
class Drawn:
    """A picture, PNG, and the same in words for whoever cannot see it. chart: the same by plotly, to point at where a notebook
    is alive; a saved one keeps the picture."""

    png: bytes
    words: str
    chart: Mapping[str, Any] | None = None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        live = {"application/vnd.plotly.v1+json": self.chart} if self.chart else {}
        return {**live, "image/png": self.png, "text/plain": self.words}

    def __repr__(self) -> str:
        return self.words


# ---- frames and maps ------------------------------------------------------------------------------------------------


def frames(
    picture_IHWC: Any, map_IP: Any = None, grid: tuple[int, int] | None = None, symbol: str = "", *, kept: Any = None,
    truth: Any = None, high: float | None = None, signed: bool = False, names: Sequence[str] = (), per_row: int = PER_ROW,
    boxes: Sequence[tuple[Any, Sequence[str]]] = (),
) -> Drawn:  # fmt: skip
    """Pictures in rows, a map over them if there is one.

    map_IP: numbers, painted on one scale from 0 to `high` (not given: the largest); signed: from −high to high. kept, truth:
    bool [I, P], drawn as white and as orange edges. boxes: for each picture [N, 4] in fractions of it, and
    what is written at each.
    """
    pictures = array(picture_IHWC)
    map_Ihw = None if map_IP is None else array(map_IP).astype(float).reshape(len(pictures), *on_grid(grid))
    edged = [
        (array(one).reshape(len(pictures), *on_grid(grid)), colour)
        for one, colour in ((truth, AMBER), (kept, "white"))
        if one is not None
    ]
    top = 1.0 if map_Ihw is None else float(high or np.abs(map_Ihw).max() or 1.0)
    said = tuple(names) or tuple(f"frame {i + 1}" for i in range(len(pictures)))
    made = Layer(pictures, said, map_Ihw, None, symbol, symbol, "", -top if signed else 0.0, top)
    columns = min(per_row, len(pictures))
    rows = -(-len(pictures) // columns)
    side = (WIDE - 0.7) / max(columns, 5)
    tall = side * pictures.shape[1] / pictures.shape[2]
    figure = Figure(figsize=(WIDE, rows * (tall + 0.22) + 0.06))
    high_in = figure.get_figheight()
    for i in range(len(pictures)):
        row, column = divmod(i, columns)
        place = ((0.02 + column * side) / WIDE, 1 - ((row + 1) * (tall + 0.22)) / high_in, (side - 0.05) / WIDE, tall / high_in)
        axes = figure.add_axes(place)
        axes.imshow(painted(made, i, round(tall * DPI), round(side * DPI)), extent=(0, 1, 1, 0), aspect="auto")
        axes.set_title(said[i], fontsize=7, pad=2)
        axes.set_axis_off()
        for edged_Ihw, colour in edged:
            outline(axes, edged_Ihw[i], colour)
        if boxes:
            framed(axes, *boxes[i])
    if map_Ihw is not None:
        scale(figure.add_axes(((columns * side + 0.06) / WIDE, 1 - (tall + 0.22) / high_in, 0.1 / WIDE, tall / high_in)), made)
    what = f"{symbol} over " if symbol else ""
    which = ", ".join(said) if names else "frames of the clip"
    return drawn(figure, f"Picture: {what}{len(pictures)} pictures ({which}).")


def on_grid(grid: tuple[int, int] | None) -> tuple[int, int]:
    """The grid that a map needs."""
    if grid is None:
        raise ValueError("A map over frames needs the rows and columns of its patches.")
    return grid


def outline(axes: Axes, kept_hw: np.ndarray, bright: str) -> None:
    """A dark line under a bright one is seen on any picture."""
    h, w = kept_hw.shape
    lines = [[(x / w, y / h) for x, y in line] for line in edges(kept_hw)]
    for colour, thick in (("black", 2.2), (bright, 1.1)):
        axes.add_collection(LineCollection(lines, colors=colour, linewidths=thick, capstyle="projecting"))


def framed(axes: Axes, box_N4: Any, told: Sequence[str]) -> None:
    """Boxes and what is written at them."""
    for (x0, y0, x1, y1), words in zip(array(box_N4).reshape(-1, 4), told, strict=True):
        for colour, thick in (("black", 2.4), ("white", 1.2)):
            axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=colour, linewidth=thick))
        where = {"y": y1, "va": "top"} if y0 < 0.12 else {"y": y0, "va": "bottom"}  # below, where there is no room above
        where |= {"x": x1, "ha": "right"} if x1 > 0.8 else {"x": x0, "ha": "left"}
        axes.text(s=words, fontsize=6.5, color="white", bbox={"facecolor": "black", "pad": 1, "linewidth": 0}, **where)
    axes.set(xlim=(0, 1), ylim=(1, 0))


def scale(axes: Axes, made: Layer) -> None:
    """The colours and what they stand for."""
    strip = over_grey(np.linspace(made.low, made.high, 256), made)[:, None]
    axes.imshow(strip, aspect="auto", origin="lower", extent=(0, 1, made.low, made.high))
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.set_yticks([made.low, made.high])
    for label, at in zip(
        axes.set_yticklabels([f"{tick:.2g}" for tick in (made.low, made.high)], fontsize=7), ("bottom", "top")
    ):
        label.set_verticalalignment(at)
    axes.set_title(made.symbol, fontsize=8, pad=2, loc="left")


def matrix(
    values: Any, below: str, beside: str, symbol: str, *, signed: bool = False, rows: Sequence[str] = (),
    columns: Sequence[str] = (), live: bool = False,
) -> Drawn:  # fmt: skip
    """A table of numbers, each in a cell of its colour. rows, columns: their names; not given, they are counted from 1. live:
    with plotly's chart of it."""
    made = array(values).astype(float)
    top = float(np.abs(made).max() or 1.0)
    down, across = tuple(rows) or numbers(made.shape[0]), tuple(columns) or numbers(made.shape[1])
    figure, axes = new(min(WIDE, 0.8 + 0.06 * max(map(len, down)) + 0.42 * len(across)), 0.85 + 0.3 * len(down))
    low, colours = (-top, "RdBu_r") if signed else (min(0.0, float(made.min())), "cividis")
    axes.imshow(made, cmap=colours, vmin=low, vmax=top, aspect="auto")
    axes.set(xlabel=below, ylabel=beside)
    axes.set_title(symbol, fontsize=8, loc="left")
    axes.set_xticks(range(len(across)), across)
    axes.set_yticks(range(len(down)), down)
    axes.spines[:].set_visible(False)
    for y, x in np.ndindex(*made.shape):
        dark = made[y, x] < (low + top) / 2 if not signed else abs(made[y, x]) > top / 2
        axes.text(x, y, f"{made[y, x]:.2g}", ha="center", va="center", color="white" if dark else "black", fontsize=7)
    made_of = drawn(figure, f"Picture: {symbol} as a table of {len(down)} × {len(across)}, {beside} down, {below} across.")
    return replace(made_of, chart=heatmap(made, below, beside, symbol, down, across)) if live else made_of


def square(values: Any, every: int, below: str, beside: str, symbol: str, least: float = 1e-4) -> Drawn:
    """A large table of shares, on the logarithm of them from `least`, without numbers; lines after every so many."""
    made = array(values).astype(float).clip(least, 1)
    figure, axes = new(4.6, 4.6)
    image = axes.imshow(np.log10(made), cmap="plasma", vmin=np.log10(least), vmax=0, interpolation="nearest")
    for place in range(every, len(made), every):
        axes.axhline(place - 0.5, color="white", linewidth=0.6)
        axes.axvline(place - 0.5, color="white", linewidth=0.6)
    axes.set(xlabel=below, ylabel=beside)
    bar = figure.colorbar(image, ax=axes, shrink=0.7, ticks=range(round(np.log10(least)), 1))
    bar.ax.set_yticklabels([f"{10.0**one:g}" for one in range(round(np.log10(least)), 1)])
    axes.set_title(symbol, fontsize=8, loc="left")
    return drawn(
        figure, f"Picture: {symbol}, {len(made)} × {len(made)}, {beside} down, {below} across, with lines every {every}."
    )


def heatmap(values: np.ndarray, below: str, beside: str, symbol: str, rows: Sequence[str], columns: Sequence[str]):
    """A table as plotly draws it: the number is told where the pointer is."""
    plain = {"x": below.replace("$", ""), "y": beside.replace("$", ""), "color": symbol}
    chart = px.imshow(values, x=[*columns], y=[*rows], labels=plain, color_continuous_scale="Cividis", aspect="auto")
    chart.update_xaxes(type="category").update_yaxes(type="category")
    return json.loads(chart.update_layout(width=520, height=340).to_json())


def numbers(count: int) -> tuple[str, ...]:
    """ "1", "2", … as names."""
    return tuple(str(i + 1) for i in range(count))


# ---- numbers --------------------------------------------------------------------------------------------------------


def bars(series: Mapping[str, Any], labels: Sequence[str], below: str, beside: str) -> Drawn:
    """Bars for each label with their numbers, lying where labels are long. series: name → a number for each label."""
    lying, several = max(map(len, labels)) > 9, len(series)
    each = 0.8 / several
    if lying:
        figure, axes = new(6.4, 0.7 + 0.2 * len(labels) * (several + 0.6))
    else:
        figure, axes = new(min(WIDE, max(3.5, 1.2 + 0.62 * len(labels) * max(1.0, several * 0.7))), 2.0)
    for s, (name, values) in enumerate(series.items()):
        heights = array(values).astype(float)
        at = np.arange(len(labels)) + (s - (several - 1) / 2) * each
        draw = axes.barh if lying else axes.bar
        told = draw(at, heights, each * 0.95, color=COLOURS[s], label=name)
        axes.bar_label(told, labels=[short(height) for height in heights], fontsize=6.5, padding=2)
    if lying:
        axes.set_yticks(range(len(labels)), labels)
        axes.set(xlabel=beside, ylabel=below)
        axes.invert_yaxis()
        axes.axvline(0, color="black", linewidth=0.6)
    else:
        axes.set_xticks(range(len(labels)), labels)
        axes.set(xlabel=below, ylabel=beside)
        axes.axhline(0, color="black", linewidth=0.6)
    axes.margins(**{"x" if lying else "y": 0.15})
    legend(axes, several > 1)
    told = "; ".join(f"{name}: {', '.join(short(v) for v in array(values).astype(float))}" for name, values in series.items())
    return drawn(figure, f"Picture: bars of {beside} by {below or 'what is named'}. {told}.")


def lines(series: Mapping[str, tuple[Any, Any]], below: str, beside: str) -> Drawn:
    """Lines through points. series: name → (x, y)."""
    figure, axes = new(5.6, 2.6)
    for s, (name, (x, y)) in enumerate(series.items()):
        axes.plot(
            array(x), array(y), "osD^v<>"[s % 7] + "-", color=COLOURS[s % len(COLOURS)], markersize=3, label=name, linewidth=1.2
        )
    axes.set(xlabel=below, ylabel=beside)
    legend(axes, True)
    return drawn(figure, f"Picture: {beside} by {below}, lines: {', '.join(series)}.")


def sequence(parts: Sequence[tuple[str, int]]) -> Drawn:
    """The tokens that enter an encoder, in order: (kind, how many), kind a name in TOKENS. Widths are not to scale."""
    figure = Figure(figsize=(WIDE, 0.85))
    axes = figure.add_axes((0, 0, 1, 1))
    at = 0.0
    for kind, count in (one for one in parts if one[1]):
        wide = {"CLS": 1.5, "patches": 6.0}.get(kind, 1.0 + count * 0.6)
        axes.barh(0, wide, left=at, height=0.8, color=TOKENS[kind], edgecolor="white", linewidth=0.8)
        axes.text(
            at + wide / 2, 0, str(count), ha="center", va="center", fontsize=7, color="black" if kind == "patches" else "white"
        )
        at += wide
    for place, kind in enumerate(dict.fromkeys(kind for kind, _ in parts)):
        axes.text(at * (0.01 + 0.13 * place), -0.85, f"■ {kind}", color=TOKENS[kind], fontsize=8, va="center")
    axes.set(xlim=(0, at), ylim=(-1.2, 0.5))
    axes.set_axis_off()
    return drawn(figure, "Picture: the sequence of tokens: " + ", ".join(f"{count} {kind}" for kind, count in parts) + ".")


# ---- parts ----------------------------------------------------------------------------------------------------------


def new(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.add_subplot()


def legend(axes: Axes, wanted: bool) -> None:
    """Beside the picture, where it covers nothing."""
    if wanted:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=7)


def short(value: float) -> str:
    """A number above a bar."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.3g}"


def drawn(figure: Figure, words: str) -> Drawn:
    """The figure as a small PNG: 256 colours are enough for maps and frames of this size."""
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=DPI)
    picture = Image.open(held).convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small = io.BytesIO()
    picture.save(small, "PNG", optimize=True)
    return Drawn(small.getvalue(), words)


def array(values: Any) -> np.ndarray:
    """Tensors and numbers as numpy."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)
