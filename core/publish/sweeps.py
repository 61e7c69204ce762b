"""A sweep as a figure: what a method gives at each pair of two knobs' values, one of them along the columns and one down the
rows, and the one number of it as a line for every row.

    picture_of(sweep, clip, grid, frame=2)
"""

import io

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from core.errors import ReaderError
from core.kinds import Output
from core.knobs import Knob
from core.publish import charts
from core.publish.composition import Composition
from core.publish.described import MAKER, formula
from core.publish.figures import DPI, FORMATS, STYLE, TURN, Picture
from core.publish.layers import plain_map
from core.publish.painting import Layer
from core.publish.sheet import APART, EDGE, LEFT, NAME, Sheet
from core.registry import method_named
from core.sweep import Sweep
from core.video.clip import Clip

LINES, AXIS, KEY = 1.25, 0.36, 0.95  # inches: of the numbers, the room for their axis, and for the rows' names
SHADES = "viridis"  # of the rows' lines: even in lightness, so that their order is seen


def picture_of(
    made: Sweep, clip: Clip, grid: tuple[int, int], frame: int = 0, format: str = "png", composition: Composition | None = None,
    dpi: int = DPI,
) -> Picture:  # fmt: skip
    """The sweep as a figure. grid: rows and columns of the patches. frame: whose map is drawn, from 0. composition: its
    strength, colours and width."""
    if format not in FORMATS:
        raise ReaderError(f"The format is one of {', '.join(FORMATS)}, got {format!r:.40}.")
    if not 0 <= frame < len(clip):
        raise ReaderError(f"The frame is 0 to {len(clip) - 1}, got {frame}.")
    how = composition or Composition()
    layers = layers_of(made, clip, grid, how)
    with TURN, matplotlib.rc_context(STYLE):
        figure = _drawn(made, layers, frame, how, dpi)
        held = io.BytesIO()
        words = f"{method_named(made.method).title}, {made.output} over {made.x} and {made.y}; {dict(made.knobs)}"
        figure.savefig(held, format=format, dpi=dpi, metadata=_metadata(format, words))
    return Picture(held.getvalue(), format)


def layers_of(made: Sweep, clip: Clip, grid: tuple[int, int], how: Composition) -> list[list[Layer]] | None:
    """The map of every cell, on one scale for all; None where the output is no map over frames: then only numbers are drawn."""
    one = method_named(made.method).kinds.get(made.output)
    if one is None or one.over != "TP":
        return None
    return [[plain_map(one, cell.value, clip, grid, how.colours) for cell in row] for row in made.cells]


def _drawn(made: Sweep, layers, frame: int, how: Composition, dpi: int) -> Figure:
    x, y = (_knob(made, name) for name in (made.x, made.y))
    columns, rows = len(made.x_values), len(made.y_values)
    room = how.inches - LEFT - KEY
    side = min((room - APART * (columns - 1)) / columns, room / 2)
    first = layers[0][0] if layers else None
    tall = side * first.picture_IHWC.shape[1] / first.picture_IHWC.shape[2] if first else 0.0
    maps = rows * (tall + APART) + 2 * NAME if layers else 0.0
    figure = Figure(figsize=(how.inches, maps + LINES + AXIS + 2 * EDGE), dpi=dpi)
    sheet = Sheet(figure, dpi, how.strength)
    if layers:
        across = LEFT + (columns * (side + APART) - APART) / 2
        figure.text(across / how.inches, 1 - EDGE / figure.get_figheight(), _named(x), ha="center", va="top", fontsize=8)
        sheet.beside(_named(y), EDGE + 2 * NAME, rows * (tall + APART))
        for row, line in enumerate(layers):
            top = EDGE + 2 * NAME + row * (tall + APART)
            for column, each in enumerate(line):
                name = _value(made.x_values[column]) if row == 0 else ""
                sheet.picture(each, frame, LEFT + column * (side + APART), top, side, tall, name)
            right = LEFT + columns * (side + APART)
            place = ((right + 0.02) / how.inches, 1 - (top + tall / 2) / figure.get_figheight())
            figure.text(*place, _value(made.y_values[row]), va="center", fontsize=7)
        if first and first.scaled:
            bar = sheet.axes(how.inches - 0.52, EDGE + 2 * NAME, 0.08, rows * (tall + APART) - APART)
            charts.colour_bar(bar, first, how.strength)
    _lines(sheet.axes(LEFT + 0.12, EDGE + maps + 0.08, room - 0.12, LINES - 0.1), made, x, y)
    return figure


def _lines(axes, made: Sweep, x: Knob, y: Knob) -> None:
    """The number over the columns' values, a line for each row."""
    stage, reduced = made.number
    one: Output | None = method_named(made.method).kinds.get(stage)
    numeric = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in made.x_values)
    x_X = np.array(made.x_values, float) if numeric else np.arange(len(made.x_values))
    shades = matplotlib.colormaps[SHADES](np.linspace(0, 0.85, len(made.y_values)))
    for row, (numbers, shade) in enumerate(zip(made.numbers, shades)):
        said = f"{formula(y.symbol)} = {_value(made.y_values[row])}"
        axes.plot(x_X, numbers, "osD^v"[row % 5] + "-", color=shade, markersize=3, linewidth=1, label=said)
    axes.set_xticks(x_X, [_value(value) for value in made.x_values], fontsize=charts.SMALL)
    axes.set_xlabel(_named(x), labelpad=1, fontsize=7)
    how = reduced if isinstance(reduced, str) else f"{'text' if one and one.over == 'Y' else 'number'} {reduced + 1}"
    axes.set_ylabel(f"{formula(one.symbol) if one else stage}, {how}", labelpad=2, fontsize=7)
    axes.tick_params(axis="y", labelsize=charts.SMALL)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=charts.SMALL, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.4)


def _knob(made: Sweep, name: str) -> Knob:
    return next(one for one in method_named(made.method).knobs.knobs() if one.name == name)


def _named(one: Knob) -> str:
    return f"{formula(one.symbol)} ({one.name})"


def _value(value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _metadata(format: str, words: str) -> dict:
    if format == "pdf":
        return {"Title": words, "Creator": MAKER, "CreationDate": None}
    return {"Title": words, "Creator" if format == "svg" else "Software": MAKER, **({"Date": None} if format == "svg" else {})}
