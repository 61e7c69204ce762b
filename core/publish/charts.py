"""The numbers of a figure, drawn into axes: bars under pictures, texts in their order, lines over the tower, the colours' bar.

A, the set that is compared, is pale; B, the one that is shown, is dark: they differ in lightness, so that a print without
colours tells them apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from core.publish.described import clock, formula
from core.publish.painting import Layer, edges, over_grey, painted, places, words_of

PALE, DARK = "#9db4cf", "#26415e"
SMALL = 6.5  # points
MOST = 8  # texts that are listed


@dataclass(frozen=True, eq=False)
class Series:
    """Numbers of one kind: over G, T or K under pictures, over Y, I or Q in a chart. sets: name of a set ("" where there is
    one, else A and B) → its numbers. whole: they are counts."""

    symbol: str
    title: str
    unit: str
    over: str
    sets: dict[str, np.ndarray]
    whole: bool = False

    @property
    def axis(self) -> str:
        """What stands at the axis."""
        return f"{formula(self.symbol)}, {self.unit}" if self.unit and len(self.unit) <= 12 else formula(self.symbol)


def frame(axes, made: Layer, index: int, size: tuple[int, int], strength: float) -> None:
    """One picture under its map, with edges and boxes. size: (height, width) in pixels."""
    axes.imshow(painted(made, index, *size, strength), interpolation="none", extent=(0, 1, 1, 0), aspect="auto")
    axes.set(xlim=(0, 1), ylim=(1, 0))
    axes.set_axis_off()
    if made.kept_Ihw is not None:
        rows, columns = made.kept_Ihw[index].shape
        lines = [[(x / columns, y / rows) for x, y in line] for line in edges(made.kept_Ihw[index])]
        for colour, thick in (("black", 1.2), ("white", 0.6)):  # a dark line under a bright one is seen on any picture
            axes.add_collection(LineCollection(lines, colors=colour, linewidths=thick, capstyle="projecting"))
    if made.boxes_I:
        boxes(axes, made.boxes_I[index])


def boxes(axes, found) -> None:
    """Boxes and what is written at them, so that no words stand on others."""
    wide, high = axes.get_window_extent().width / axes.figure.dpi, axes.get_window_extent().height / axes.figure.dpi
    line, letter = 0.105 / high, 0.052 / wide  # of words of 5.5 points, in fractions of the picture
    for box in found:
        for colour, thick in (("black", 1.6), ("white", 0.8)):
            corner, size = (box.x0, box.y0), (box.x1 - box.x0, box.y1 - box.y0)
            axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=thick))
    for box, (x, y) in zip(found, words_of(found, line, letter)):
        ground = {"facecolor": "black", "alpha": 0.75, "pad": 0.6, "linewidth": 0}
        axes.text(x, y, box.words, fontsize=5.5, color="white", va="bottom", ha="left", bbox=ground)


def colour_bar(axes, made: Layer, strength: float, size: float = SMALL) -> None:
    """The colours over grey, as strong as over the pictures, with their numbers."""
    low, high = (np.log10([made.low, made.high])) if made.log else (made.low, made.high)
    value_X = np.linspace(low, high, 256)
    value_X = 10**value_X if made.log else value_X
    scale_XC = over_grey(value_X, made, strength)
    axes.imshow(scale_XC[:, None], aspect="auto", origin="lower", extent=(0, 1, 0, 1), interpolation="none")
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    axes.set_yticks([float(places(np.array(value), made)) for value, _ in made.ticks])
    labels = axes.set_yticklabels([words for _, words in made.ticks], fontsize=size)
    for label, side in zip((labels[0], labels[-1]), ("bottom", "top")):
        label.set_verticalalignment(side)  # within the bar: two bars stand close
    axes.set_ylabel(f"{formula(made.symbol)}, {made.unit}" if made.unit.startswith("×") else formula(made.symbol), labelpad=2)


def bars(axes, made: Series, place_X: np.ndarray, step: float, span: tuple[float, float], thick: float = 0.32) -> None:
    """A bar for every number at its place. step: the least distance between places; span: of the axis; thick: most of a bar and
    its neighbour's, all in the axis' own units."""
    count = len(made.sets)
    each = min(0.7 * step, thick) / count
    for place, (name, numbers) in enumerate(made.sets.items()):
        at = place_X + (place - (count - 1) / 2) * each
        axes.bar(at, numbers, width=each, color=_shade(name), linewidth=0)
    axes.set(xlim=span)
    axes.set_ylabel(made.axis, labelpad=2, fontsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xticks([])


def height(axes, made: Series, size: float = SMALL) -> None:
    """The axis of bars, from 0 to the largest of all numbers, be they shown or not: bands have one scale."""
    top = max([float(np.nanmax(one, initial=0)) for one in made.sets.values()] + [1.0 if made.whole else 1e-6])
    low = min(float(np.nanmin(one, initial=0)) for one in made.sets.values())
    axes.set(ylim=(low * 1.08, top * 1.08))
    ticks = [low] * (low < 0) + ([0, top // 2, top] if made.whole and top >= 4 else [0, top])
    axes.set_yticks(ticks, [f"{tick:.2g}".replace("-", "−") for tick in ticks], fontsize=size)


def key(axes, place: tuple[float, float], away: tuple[float, float], size: float = 8) -> None:
    """Which set is pale, at a place in fractions of the axes and some points away from it."""
    for line, name in enumerate("AB"):
        there = (away[0] + 1.1 * size * line, away[1])
        axes.annotate(
            name, place, there, "axes fraction", "offset points", color=_shade(name), fontsize=size, fontweight="bold"
        )


def ranking(axes, made: Series, texts: Sequence[str], letters: int, room: float, most: int = MOST, size: float = SMALL) -> None:
    """Texts from the best of the shown set down, a dot at each one's number; A's is pale. letters: in a line of text. room:
    inches beside the axes, at whose left end texts begin: a line leads from each to its dot."""
    start = -room / (axes.get_position().width * axes.figure.get_figwidth())
    across = axes.get_yaxis_transform()  # fractions of the axes, and lines
    shown = next(reversed(made.sets.values()))
    order = np.argsort(-shown, kind="stable")[:most]
    for line, text in enumerate(order):
        axes.plot([start, 1], [line + 0.42] * 2, color="#dddddd", linewidth=0.5, zorder=0, transform=across, clip_on=False)
        for name, value in ((name, float(numbers[text])) for name, numbers in made.sets.items()):
            axes.plot([value], [line], "o", color=_shade(name), markersize=(0.55 if name == "A" else 0.7) * size, linewidth=0)
        said = f"{shown[text]:.3f}".replace("-", "−")
        axes.annotate(said, (1.02, line), xycoords=("axes fraction", "data"), va="center", fontsize=size)
    every = np.concatenate([numbers[np.isfinite(numbers)] for numbers in made.sets.values()])
    low, high = (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
    room = 0.12 * (high - low) or 0.01
    axes.set(xlim=(low - room, high + room), ylim=(len(order) - 0.5, -0.5))
    axes.set_yticks([])
    for place, text in enumerate(order):
        said = f"{place + 1}. {cut(texts[text], letters)}"
        axes.text(start, place, said, transform=across, fontsize=size, va="center", ha="left")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(axis="x", labelsize=size)
    more = len(shown) - len(order)
    axes.set_xlabel(made.axis + (f"; {more} more texts below" if more else ""), labelpad=1, fontsize=size)
    axes.spines[["top", "right", "left"]].set_visible(False)


def cut(text: str, letters: int) -> str:
    """A text in a line; of a longer one its beginning. Its dollars are dollars."""
    return (text if len(text) <= letters else f"{text[: letters - 1].rstrip()}…").replace("$", r"\$")


def times(axes, made: Series, span_S2: np.ndarray, chosen_K: np.ndarray) -> None:
    """Every span of a video's time as tall as its number; those of the chosen seconds are dark."""
    score_S, end = next(reversed(made.sets.values())), float(span_S2[-1, 1])
    is_chosen_S = np.any((chosen_K >= span_S2[:, :1]) & (chosen_K < span_S2[:, 1:]), axis=-1)
    shades = [DARK if chosen else PALE for chosen in is_chosen_S]
    axes.bar(span_S2[:, 0], score_S, span_S2[:, 1] - span_S2[:, 0], align="edge", linewidth=0, color=shades)
    axes.set_xlim(0, end)
    height(axes, made)
    tick_X = np.linspace(0, end, 7)
    axes.set_xticks(tick_X, [clock(round(tick)) for tick in tick_X], fontsize=SMALL)
    axes.get_xticklabels()[-1].set_ha("right")
    axes.set_xlabel(f"{formula(made.symbol)}: {made.title}", labelpad=1, fontsize=7)
    axes.spines[["top", "right"]].set_visible(False)


def lines(axes, several: Sequence[Series]) -> None:
    """Numbers of stages of the tower or of prompts, a line for each."""
    for place, made in enumerate(several):
        for name, numbers in made.sets.items():
            said = f"{name} {formula(made.symbol)}".strip()
            mark = "os^D"[place % 4] + ("--" if name == "A" else "-")
            axes.plot(np.arange(len(numbers)) + 1, numbers, mark, color=_shade(name), markersize=3, linewidth=1, label=said)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel({"I": "stage of the tower", "Q": "prompt"}[several[0].over], labelpad=1, fontsize=7)
    axes.set_ylabel(several[0].unit or several[0].axis, labelpad=2, fontsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=SMALL, frameon=False, loc="best")


def _shade(name: str) -> str:
    return PALE if name == "A" else DARK
