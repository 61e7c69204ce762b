"""The rows of a composition on a sheet of paper: grids of pictures with numbers under them, pictures in a line, and charts.

Every place is in inches from the top left: nothing is left to an automatic layout. A part of the sheet knows how high it is
before anything is drawn, so that the sheet is as high as its parts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure

from core.publish import charts
from core.publish.charts import Series
from core.publish.composition import CHARTS, COLUMNS, RAW, UNDER, Composition, frames_chosen, numeric
from core.publish.layers import ALONG, TOKENS, output_of
from core.publish.painting import Layer
from core.publish.result import Result
from core.publish.rows import Row, is_under, rows_of, series_of
from core.publish.view import CHOSEN

LEFT, RIGHT, NAME, APART = 0.4, 0.66, 0.17, 0.05  # inches: beside the pictures, over them, between them
BARS, BELOW, EDGE = 0.56, 0.32, 0.06  # inches: of numbers, their axis, and the sheet's edge
EXTRA = 0.06  # inches: what an axis is longer than its pictures
LINE, LETTER = 0.17, 0.047  # inches: of a text that is ranked


@dataclass(frozen=True)
class Part:
    """A part of a sheet: how high it is, and what draws it at a height from the top."""

    high: float
    draw: Callable[["Sheet", float], None]


@dataclass(frozen=True)
class Sheet:
    """A figure that is filled by inches from its top left corner."""

    figure: Figure
    dpi: int
    strength: float

    def axes(self, x: float, y: float, w: float, h: float):
        width, tall = self.figure.get_size_inches()
        return self.figure.add_axes((x / width, 1 - (y + h) / tall, w / width, h / tall))

    def picture(self, made: Layer, index: int, x: float, y: float, side: float, high: float, name: str = "") -> None:
        axes = self.axes(x, y, side, high)
        charts.frame(axes, made, index, (round(high * self.dpi), round(side * self.dpi)), self.strength)
        axes.set_title(name, fontsize=7, pad=2)

    def beside(self, words: str, y: float, high: float) -> None:
        """Words at the left edge, turned, in the middle of a row."""
        width, tall = self.figure.get_size_inches()
        place = (0.16 / width, 1 - (y + high / 2) / tall)
        self.figure.text(*place, words, rotation=90, ha="center", va="center", fontsize=8)


def drawn(result: Result, composition: Composition, dpi: int) -> Figure:
    """The figure. composition: complete (see `core.publish.composition`)."""
    parts = parts_of(result, composition)
    figure = Figure(figsize=(composition.inches, sum(part.high for part in parts) + 2 * EDGE), dpi=dpi)
    sheet, above = Sheet(figure, dpi, composition.strength), EDGE
    for part in parts:
        part.draw(sheet, above)
        above += part.high
    return figure


def parts_of(result: Result, composition: Composition) -> list[Part]:
    """Neighbours in a composition that are along the same pictures share a part; charts stand at the end."""
    made, grids = [], grids_of(result, composition)
    for along, rows in grids.items():
        if along == "I":
            made += line(result, composition, rows)
        else:
            first = along == next(one for one in grids if one != "I")
            made += grid(result, composition if first else replace(composition, frames=None), rows, along)
    return made + chart_parts(result, composition, [one for one in composition.rows if _charted(result, one)])


def grids_of(result: Result, composition: Composition) -> dict[str, list[str]]:
    """Which pictures rows are along → their names, in order."""
    made: dict[str, list[str]] = {}
    for name in composition.rows:
        if not _charted(result, name):
            made.setdefault(_along(result, name), []).append(name)
    return made


def choosable(result: Result, composition: Composition) -> tuple[str, ...]:
    """What the pictures are called that the composition's frames are places of; none where none can be chosen."""
    grids = grids_of(result, composition)
    along = next((one for one in grids if one != "I"), None)
    if along is None:
        return ()
    name = next((one for one in grids[along] if not is_under(result, one)), RAW)
    return min((row.made.name_I for row in rows_of(result, composition, name, along)), key=len)


def _charted(result: Result, name: str) -> bool:
    return name != RAW and _over(result, name) in CHARTS


def _over(result: Result, stage: str) -> str:
    one = output_of(result, stage)
    return one.over if one else ""


def _along(result: Result, stage: str) -> str:
    """The pictures a row is along; the raw ones are those of the frames, or else of the supports."""
    if stage == RAW:
        overs = {_over(result, name) for name in (result.view.overlay, *(one.stage for one in result.outputs))}
        looked = ALONG.get(_over(result, result.view.overlay))
        return "K" if looked == "K" and overs & {"NQKP", *TOKENS, CHOSEN} else "T"
    one = output_of(result, stage)
    assert one is not None  # a complete composition has no other
    return UNDER[one.over] if numeric(one) and one.over in UNDER else ALONG[one.over]


# ---- grids ------------------------------------------------------------------------------------------------------------


def grid(result: Result, composition: Composition, names: Sequence[str], along: str) -> list[Part]:
    """Pictures in columns, a row for each name, and numbers under them; as many columns as fit, and then the next band."""
    rows = [row for name in names if not is_under(result, name) for row in rows_of(result, composition, name, along)]
    under = [series_of(result, composition, name) for name in names if is_under(result, name)]
    if not rows:
        rows = rows_of(result, composition, RAW, along)
    count = min(len(row.made.picture_IHWC) for row in rows)
    chosen = frames_chosen(composition, count)
    columns = min(len(chosen), COLUMNS[composition.width])
    columns = -(-len(chosen) // -(-len(chosen) // columns))  # bands of nearly the same length
    right = RIGHT if any(row.made.scaled for row in rows) else 0.1
    side = _side(composition, columns, right)
    left = LEFT + (composition.inches - LEFT - right - columns * (side + APART) + APART) / 2
    bands = [chosen[start : start + columns] for start in range(0, len(chosen), columns)]
    made: list[Part] = []
    for place, band in enumerate(bands):
        near = (bands[place - 1][-1] if place else None, bands[place + 1][0] if place + 1 < len(bands) else None)
        for top, row in enumerate(rows):
            other = top > 0 and row.made.name_I != rows[top - 1].made.name_I  # A's frames may be others than B's
            made.append(_row(row, band, left, side, top == 0 or other))
        for low, each in enumerate(under):
            made.append(_under(each, band, near, left, side, low == len(under) - 1))
    return made


def _side(composition: Composition, columns: int, right: float) -> float:
    """How wide a picture is: a few are not drawn larger than half a column, or a third of two."""
    room = composition.inches - LEFT - right
    return min((room - APART * (columns - 1)) / columns, room / {"one": 2, "two": 3}[composition.width])


def _row(row: Row, band: Sequence[int], left: float, side: float, named: bool) -> Part:
    made = row.made
    tall = side * made.picture_IHWC.shape[1] / made.picture_IHWC.shape[2]
    above = NAME if named else 0.0

    def draw(sheet: Sheet, y: float) -> None:
        shown = [index for index in band if index < len(made.picture_IHWC)]
        for column, index in enumerate(shown):
            name = made.name_I[index] if named else ""
            sheet.picture(made, index, left + column * (side + APART), y + above, side, tall, name)
        sheet.beside(row.said, y + above, tall)
        if made.scaled:
            bar = sheet.axes(left + len(band) * (side + APART) + 0.02, y + above, 0.08, tall)
            charts.colour_bar(bar, made, sheet.strength)

    return Part(above + tall + APART, draw)


def _under(made: Series, band: Sequence[int], near: tuple, left: float, side: float, last: bool) -> Part:
    pitch = side + APART
    places, words = spots(made.over, band, near, side / 2, pitch)

    def draw(sheet: Sheet, y: float) -> None:
        wide = len(band) * pitch - APART
        axes = sheet.axes(left, y + 0.03, wide + EXTRA, BARS)
        order = sorted(index for index in places if all(index < len(one) for one in made.sets.values()))
        x_X = np.array([places[index] for index in order])
        step = float(np.min(np.diff(np.sort(x_X)))) if len(x_X) > 1 else pitch
        shown = replace(made, sets={name: numbers[order] for name, numbers in made.sets.items()})
        charts.bars(axes, shown, x_X, step, (0, wide + EXTRA))
        charts.height(axes, made)
        if last:
            axes.set_xticks(list(words), [words[x] for x in words], fontsize=charts.SMALL)
            axes.set_xlabel({"G": "gap between frames", "T": "frame", "K": "chosen frame"}[made.over], labelpad=1, fontsize=7)
        if len(made.sets) > 1:
            charts.key(axes, (1.0, 0.5), (4, -3))

    return Part(BARS + 0.06 + (0.0 if not last else BELOW if words else BELOW / 2), draw)


def spots(
    over: str, band: Sequence[int], near: tuple[int | None, int | None], first: float, pitch: float
) -> tuple[dict[int, float], dict[float, str]]:
    """Where numbers stand under the pictures of a band, and the words there: (number → inches, inches → words).

    A frame's stands under its picture. Gaps stand between the two frames that are shown, all of those that lie between them:
    three where two frames in between are left out. near: the frames that are shown before and after this band; what lies
    between bands is at the end of the first of them, or at the beginning of the next."""
    if over != "G":
        made = {index: first + column * pitch for column, index in enumerate(band)}
        return made, {}
    before, after = near
    line = [*([] if before is None else [(before, first - pitch)]), *((f, first + c * pitch) for c, f in enumerate(band))]
    line += [] if after is None else [(after, first + len(band) * pitch)]
    made, words = {}, {}
    for (left, x), (right, _) in zip(line, line[1:]):
        for gap in range(left, right):
            at = x + pitch * (gap + 0.5 - left) / (right - left)
            if first - pitch / 2 < at <= first + (len(band) - 0.5) * pitch:
                made[gap] = at
        if right > left and any(gap in made for gap in range(left, right)):
            at = min(x + pitch / 2, first + (len(band) - 0.5) * pitch)
            words[at] = f"{left + 1}{'–' if right - left == 1 else ' … '}{right + 1}"
    return made, words


# ---- pictures in a line -------------------------------------------------------------------------------------------------


def line(result: Result, composition: Composition, names: Sequence[str]) -> list[Part]:
    """The current frame again and again: as it is, with what is found, under the maps of the tower. All of A, then all of B."""
    rows = [row for name in names for row in rows_of(result, composition, name, "I")]
    sets = {said: [row for row in rows if _set(row) == said] for said in sorted({_set(row) for row in rows}, key="AB−".find)}
    return [part for each in sets.values() for part in _tiles_of(composition, each)]


def _set(row: Row) -> str:
    """Which of the sets that are compared a row is of: "A", "B", "−" for what lies between them, "" where there is one."""
    return next((mark for start, mark in (("A ", "A"), ("B  ", "B"), ("B − A", "−")) if row.said.startswith(start)), "")


def _tiles_of(composition: Composition, rows: Sequence[Row]) -> list[Part]:
    tiles = [(row, index, _tile_name(row, index)) for row in rows for index in range(len(row.made.picture_IHWC))]
    columns = min(len(tiles), COLUMNS[composition.width] // 2)  # with room for the words at boxes
    columns = -(-len(tiles) // -(-len(tiles) // columns))
    scales = [row.made for row, _, _ in tiles if row.made.scaled]
    right = RIGHT if scales else 0.1
    side = _side(composition, columns, right)
    left = LEFT + (composition.inches - LEFT - right - columns * (side + APART) + APART) / 2
    made = []
    for start in range(0, len(tiles), columns):
        made.append(_tiles(tiles[start : start + columns], left, side))
    return made


def _tile_name(row: Row, index: int) -> str:
    """ "frame 4"; of a map "Δf, stage 1"; of the sets that are compared which it is."""
    name = row.made.name_I[index]
    if row.made.scaled:
        return f"{row.said}, {name}"
    return f"{_set(row)}  {name}".strip()


def _tiles(tiles, left: float, side: float) -> Part:
    shapes = [row.made.picture_IHWC.shape for row, _, _ in tiles]
    tall = max(side * shape[1] / shape[2] for shape in shapes)

    def draw(sheet: Sheet, y: float) -> None:
        for column, (row, index, name) in enumerate(tiles):
            sheet.picture(row.made, index, left + column * (side + APART), y + NAME, side, tall, name)
        scaled = [row.made for row, _, _ in tiles if row.made.scaled]
        if scaled:
            bar = sheet.axes(left + len(tiles) * (side + APART) + 0.02, y + NAME, 0.08, tall)
            charts.colour_bar(bar, scaled[-1], sheet.strength)

    return Part(NAME + tall + APART, draw)


# ---- charts ---------------------------------------------------------------------------------------------------------------


def chart_parts(result: Result, composition: Composition, names: Sequence[str]) -> list[Part]:
    """Texts in their order; lines over stages and prompts side by side."""
    made = []
    every = {stage: series_of(result, composition, stage) for stage in names}
    for one in (one for one in every.values() if one.over == "Y"):
        texts = result.view.shown.texts
        made.append(_ranking(one, texts, composition.inches))
    spans = result.output("S2", "second")
    for one in (one for one in every.values() if one.over == "S" and spans):
        made.append(_times(one, result.array(spans.stage), result, composition.inches))
    for over in ("I", "Q"):
        several = [one for one in every.values() if one.over == over]
        if several:
            made.append(_lines(several, composition.inches))
    return made


def _ranking(one: Series, texts: Sequence[str], inches: float) -> Part:
    count = min(len(texts), charts.MOST)
    words = min(0.42 * inches, LETTER * (max(map(len, texts), default=1) + 4))

    def draw(sheet: Sheet, y: float) -> None:
        axes = sheet.axes(words + 0.1, y + 0.08, inches - words - 0.65, LINE * count)
        charts.ranking(axes, one, texts, int(words / LETTER) - 3, words)
        if len(one.sets) > 1:
            charts.key(axes, (1.0, 0.0), (6, -14))

    return Part(0.08 + LINE * count + 0.36, draw)


def _times(one: Series, span_S2: np.ndarray, result: Result, inches: float) -> Part:
    seconds = result.output("K", "second")
    chosen_K = result.array(seconds.stage) if seconds else np.zeros(0)

    def draw(sheet: Sheet, y: float) -> None:
        charts.times(sheet.axes(0.6, y + 0.05, inches - 0.75, 0.9), one, span_S2, chosen_K)

    return Part(0.9 + 0.05 + BELOW + 0.04, draw)


def _lines(several: Sequence[Series], inches: float) -> Part:
    def draw(sheet: Sheet, y: float) -> None:
        charts.lines(sheet.axes(0.6, y + 0.05, inches - 0.8, 1.1), several)

    return Part(1.1 + 0.05 + BELOW + 0.04, draw)
