"""A view as a movie that can be read on a slide: MP4 for talks and pages, GIF for where nothing else plays.

Two pictures side by side, the frame as it is and under its map, or A and B; which frame it is; the colours and their numbers;
the counts below, with a mark that walks; and the texts in their order. 16 : 9, as slides are.

MP4 is H.264 by PyAV; where its build has no such encoder, OpenCV writes MPEG-4, which players read and some browsers do not.
"""

import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from PIL import Image

from core.errors import ReaderError
from core.publish import charts
from core.publish.composition import RAW, Composition, complete
from core.publish.described import formula
from core.publish.figures import TURN
from core.publish.layers import ALONG, output_of
from core.publish.painting import STRENGTH, Layer, edges, painted
from core.publish.result import Result
from core.publish.rows import Row, is_under, rows_of, series_of
from core.publish.view import CHOSEN

HEIGHT, SMALL = 720, 480  # pixels, of an MP4 and of a GIF
LEAST, MOST = 180, 1080
WIDE, TALL = 16.0, 9.0  # inches of the slide that is drawn
TOP, LOW, SIDE, APART, NOTES = 1.25, 2.6, 0.5, 0.3, 2.3  # inches: above and below the pictures, beside and between them
SLOWEST, FASTEST = 1, 30  # pictures a second
STYLE = {"font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "mathtext.fontset": "dejavusans", "font.size": 17}


def gif(result: Result, height: int = SMALL, strength: float = STRENGTH, prompt: int | None = None) -> bytes:
    """A GIF that repeats, each picture as long as in the clip."""
    pictures = [Image.fromarray(one) for one in movie_IHWC(result, height, strength, prompt)]
    colours = [one.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE) for one in pictures]
    held = io.BytesIO()
    rate = rate_of(result)
    colours[0].save(held, "GIF", save_all=True, append_images=colours[1:], duration=round(1000 / rate), loop=0)
    return held.getvalue()


def mp4(result: Result, height: int = HEIGHT, strength: float = STRENGTH, prompt: int | None = None) -> bytes:
    """An MP4 at the clip's own pace."""
    pictures_IHWC = movie_IHWC(result, height, strength, prompt)
    if "libx264" not in av.codecs_available:
        return _mpeg4(pictures_IHWC, float(rate_of(result)))
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as container:
        # one thread: the same result gives the same bytes
        options = {"crf": "18", "threads": "1"}
        stream = container.add_stream("libx264", rate=rate_of(result), options=options)
        stream.height, stream.width = pictures_IHWC.shape[1:3]
        stream.pix_fmt = "yuv420p"  # what browsers and slides play
        for picture_HWC in pictures_IHWC:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture_HWC, format="rgb24")))
        container.mux(stream.encode())
    return held.getvalue()


def movie_IHWC(result: Result, height: int = HEIGHT, strength: float = STRENGTH, prompt: int | None = None) -> np.ndarray:
    """Every picture of the slide, uint8 RGB, sides even as video wants them."""
    if not isinstance(height, int) or not LEAST <= height <= MOST:
        raise ReaderError(f"A movie's height is a whole number from {LEAST} to {MOST} pixels, got {height!r:.40}.")
    composition = complete(Composition(strength=strength, prompt=prompt, difference=False), result)
    with TURN, matplotlib.rc_context(STYLE):
        return np.stack(list(_slides(result, composition, height - height % 2)))


def _slides(result: Result, composition: Composition, height: int) -> Iterator[np.ndarray]:
    rows = _beside(result, composition)
    under = next((series_of(result, composition, one) for one in composition.rows if is_under(result, one)), None)
    texts = next((series_of(result, composition, one.stage) for one in result.outputs if one.over == "Y"), None)
    texts = texts if texts is not None and texts.sets and result.view.shown.texts else None
    figure = Figure(figsize=(WIDE, TALL), dpi=height / TALL)
    canvas = FigureCanvasAgg(figure)
    made = rows[-1].made
    low = LOW if under is not None or texts is not None else 0.5
    ratio = made.picture_IHWC.shape[2] / made.picture_IHWC.shape[1]
    wide = min((WIDE - 2 * SIDE - APART - NOTES) / len(rows), (TALL - TOP - low) * ratio)
    tall = wide / ratio
    figure.text(SIDE / WIDE, 1 - 0.3 / TALL, _title(result, made), va="top", fontsize=20)
    x = (WIDE - NOTES - len(rows) * (wide + APART) + APART) / 2
    shown = [_picture(figure, row, x + place * (wide + APART), wide, tall) for place, row in enumerate(rows)]
    edge = x + len(rows) * (wide + APART) - APART
    if made.scaled:
        bar = _axes(figure, edge + 0.15, TOP, 0.22, tall)
        charts.colour_bar(bar, made, strength=composition.strength, size=15)
    mark = None
    if under is not None:
        axes = _axes(figure, SIDE + 0.8, TALL - 1.95, (WIDE / 2 if texts is not None else WIDE - 0.6) - 1.6, 1.15)
        mark = _bars(axes, under, len(made.picture_IHWC))
    if texts is not None:
        room, letters = (3.6, 26) if under is not None else (5.5, 50)
        start = room + (WIDE / 2 if under is not None else SIDE)
        axes = _axes(figure, start, TALL - 2.2, WIDE - start - 1.2, 1.5)
        charts.ranking(axes, texts, result.view.shown.texts, letters, room, most=4, size=15)
    words = figure.text((WIDE - 0.3) / WIDE, 1 - 0.3 / TALL, "", va="top", ha="right", fontsize=24, fontweight="bold")
    moving = [words, *([] if mark is None else [mark]), *(part for parts, _ in shown for part in parts)]
    for part in moving:
        part.set_animated(True)
    canvas.draw()  # once: what stands still
    still = canvas.copy_from_bbox(figure.bbox)
    for index in range(len(made.picture_IHWC)):
        for _, draw in shown:
            draw(index, composition.strength)
        words.set_text(_when(result, rows, index))
        if mark is not None:
            mark.set_xdata([index + 1] * 2)
        canvas.restore_region(still)
        for part in moving:
            figure.draw_artist(part)
        yield np.asarray(canvas.buffer_rgba())[:height, : round(height * WIDE / TALL / 2) * 2, :3].copy()


def _beside(result: Result, composition: Composition) -> tuple[Row, ...]:
    """The pictures side by side: A and B, or the one without a map and the one under it; of pictures alone it is one."""
    stage = next((one for one in reversed(composition.rows) if one != RAW and _is_map(result, one)), RAW)
    if stage == RAW and (chosen := next((one.stage for one in result.outputs if one.over == CHOSEN), None)):
        stage = chosen
    along = ALONG[output.over] if (output := output_of(result, stage)) else "T"
    rows = rows_of(result, composition, stage, along)
    if len(rows) > 1:
        return rows[0], rows[1]
    if rows[0].made.map_Ihw is None:
        return (Row("", rows[0].made),)
    bare = replace(rows[0].made, map_Ihw=None, kept_Ihw=None, boxes_I=())
    return Row("as it is", bare), Row(rows[0].said or "as it is", rows[0].made)


def _is_map(result: Result, stage: str) -> bool:
    one = output_of(result, stage)
    return one is not None and one.over in ALONG and one.value not in ("box", "picture") and not one.row


def _title(result: Result, made: Layer) -> str:
    name = result.method.title.partition(" — ")[0]
    what = f": {formula(made.symbol)}, {made.title}" if made.symbol else ""
    return f"{name} on {result.view.shown.clip}{what}".replace("\n", " ")


def _when(result: Result, rows: Sequence[Row], index: int) -> str:
    """Which frame it is; of two sets whose frames are others, which two."""
    made = rows[-1].made
    count = len(made.picture_IHWC)
    names = [row.made.name_I[min(index, len(row.made.name_I) - 1)] for row in rows]
    if len({*names}) > 1:
        return f"{', '.join(f'{mark} {name}' for mark, name in zip('AB', names))}\n{index + 1} of {count}"
    if count == len(result.clip) and made.name_I[index] == f"frame {index + 1}":
        return f"frame {index + 1} of {count}\n{result.clip.time_T[index]:.2f} s"
    return f"{made.name_I[index]}\n{index + 1} of {count}"


def _axes(figure: Figure, x: float, y: float, w: float, h: float):
    return figure.add_axes((x / WIDE, 1 - (y + h) / TALL, w / WIDE, h / TALL))


def _picture(figure: Figure, row: Row, x: float, wide: float, tall: float):
    """The place of a row's pictures: what is drawn there, and what puts one of them there."""
    axes = _axes(figure, x, TOP, wide, tall)
    axes.set_axis_off()
    axes.set_title(row.said, fontsize=17, pad=5)
    size = round(tall * figure.dpi), round(wide * figure.dpi)
    image = axes.imshow(np.zeros((*size, 3), np.uint8), extent=(0, 1, 1, 0), aspect="auto", interpolation="none")
    lines = [LineCollection([], colors=colour, linewidths=thick) for colour, thick in (("black", 4.5), ("white", 2.2))]
    for one in lines:
        axes.add_collection(one)
    axes.set(xlim=(0, 1), ylim=(1, 0))

    def draw(index: int, strength: float) -> None:
        made, place = row.made, min(index, len(row.made.picture_IHWC) - 1)
        image.set_data(painted(made, place, *size, strength))
        if made.kept_Ihw is not None:
            rows, columns = made.kept_Ihw[place].shape
            around = [[(x / columns, y / rows) for x, y in line] for line in edges(made.kept_Ihw[place])]
            for one in lines:
                one.set_segments(around)

    return [image, *lines], draw


def _bars(axes, made: charts.Series, count: int):
    """The numbers under the pictures' places 1 … count, and the mark that walks over them."""
    size = len(next(iter(made.sets.values())))
    at = np.arange(size) + (1.5 if made.over == "G" else 1.0)
    charts.bars(axes, made, at, 1.0, (0.4, count + 0.6), thick=0.7)
    charts.height(axes, made, size=15)
    axes.set_ylabel(formula(made.symbol), fontsize=17)
    step = -(-count // 16)
    axes.set_xticks(range(1, count + 1, step), [str(place) for place in range(1, count + 1, step)], fontsize=15)
    axes.set_xlabel(
        {"G": "frame; a bar stands between two", "T": "frame", "K": "chosen frame"}[made.over], fontsize=15, labelpad=2
    )
    if len(made.sets) > 1:
        charts.key(axes, (0.0, 1.0), (4, 5), size=17)  # above: beside it may stand texts
    return axes.axvline(1, color="#d55e00", linewidth=3)


def rate_of(result: Result) -> Fraction:
    """Pictures a second: one over the clip's middle gap."""
    gaps = np.diff(result.clip.time_T)
    middle = float(np.median(gaps)) if len(gaps) else 0.25
    return Fraction(min(max(1 / middle if middle > 0 else FASTEST, SLOWEST), FASTEST)).limit_denominator(1000)


def _mpeg4(pictures_IHWC: np.ndarray, rate: float) -> bytes:
    import cv2

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "movie.mp4"
        height, width = pictures_IHWC.shape[1:3]
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), rate, (width, height))
        if not writer.isOpened():
            raise ReaderError("No MP4 can be written on this machine; a GIF can.")
        for picture_HWC in pictures_IHWC:
            writer.write(picture_HWC[..., ::-1].copy())
        writer.release()
        return path.read_bytes()
