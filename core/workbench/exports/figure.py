"""A figure of where a method fails: accuracy with its intervals, the confusion, and the clips with most loss, each a strip of
its frames with what the method selects outlined. Words are text, lines are lines; only frames are pixels.

Letters: T frames, h w patches, H W pixels, C channels, Y classes.
"""

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from core.errors import ReaderError
from core.publish.described import MAKER
from core.publish.figures import DPI, FORMATS, STYLE, TURN, Picture
from core.publish.painting import edges
from core.publish.sheet import EDGE, Sheet
from core.workbench.exports.chosen import Chosen, frames_of, region_of
from core.workbench.outside import slices_of
from core.workbench.plan import said
from core.workbench.query.confusion import confusion
from core.workbench.query.facets import facets
from core.workbench.query.filters import Filters
from core.workbench.query.slices import slice_stats

WIDE = 6.75  # inches: both columns of a page
CLIPS, ACROSS = 8, 2  # strips, and how many stand side by side
CLASSES, MANY, BARS = 8, 10_000, 10  # of the confusion, of its worst cell, and intervals
KIND = "error"  # the column in which a method says which kind a wrong answer is of
NAME, SHORT = 1.35, 24  # inches and letters of a name beside an axis
CELL, BAR, LINE, TITLE, AXIS = 0.24, 0.2, 0.13, 0.22, 0.3  # inches
LETTERS = 150  # of a line of the caption


def figure(chosen: Chosen, format: str = "png", dpi: int = DPI) -> Picture:
    """format: svg, pdf or png. The caption stands below, and in the file's metadata."""
    if format not in FORMATS:
        raise ReaderError(f"The format is one of {', '.join(FORMATS)}, got {format!r:.40}.")
    bars, kinds, worst = intervals(chosen), kinds_of(chosen), strips(chosen)
    found = confusion(chosen.table, chosen.setting, chosen.filters, CLASSES)
    words = caption(chosen, found, len(worst), any(one[-1] is not None for one in worst), bool(kinds))
    lines = [part for one in words.split("\n") for part in textwrap.wrap(one, LETTERS)]
    Y, beside = len(found["classes"]), bool(found["classes"])
    bar = TITLE + BAR * len(bars) + AXIS
    top = max(bar + (TITLE + BAR * len(kinds) + 0.1 if kinds else 0), TITLE + CELL * Y + 0.85 if beside else 0)
    wide = (WIDE - 2 * EDGE - 0.15 * (ACROSS - 1)) / ACROSS
    highs = [wide * frames_THWC.shape[1] / (frames_THWC.shape[2] * len(frames_THWC)) for _, frames_THWC, _ in worst]
    rows = [max(highs[start : start + ACROSS]) + 0.22 for start in range(0, len(worst), ACROSS)]
    high = 2 * EDGE + top + (TITLE + sum(rows) if worst else 0) + LINE * len(lines) + 0.1
    held = io.BytesIO()
    with TURN, matplotlib.rc_context(STYLE | {"text.parse_math": False}):
        made = Figure(figsize=(WIDE, high), dpi=dpi)
        sheet = Sheet(made, dpi, 0.0)
        draw_bars(sheet, bars, EDGE, WIDE / 2 if beside else WIDE)
        draw_kinds(sheet, kinds, EDGE + bar)
        if beside:
            draw_confusion(sheet, found, WIDE / 2 + 0.1, EDGE)
        below = EDGE + top
        if worst:
            title(sheet, f"({'c' if beside else 'b'}) Wrong clips, those with most loss first", EDGE, below)
            below += TITLE
        for place, (row, frames_THWC, region_Thw) in enumerate(worst):
            x, high_in = EDGE + (place % ACROSS) * (wide + 0.15), highs[place]
            draw_strip(sheet, row, frames_THWC, region_Thw, (x, below + 0.15, wide, high_in))
            below += rows[place // ACROSS] if place % ACROSS == ACROSS - 1 or place == len(worst) - 1 else 0
        for place, line in enumerate(lines):
            title(sheet, line, EDGE, below + 0.08 + LINE * place, 7)
        about = {"Title": f"Where {chosen.name} fails on {chosen.plan.data}", "Creator": MAKER}
        about |= {"Subject": words, "CreationDate": None} if format == "pdf" else {"Description": words}
        made.savefig(held, format=format, dpi=dpi, metadata=about | ({"Date": None} if format == "svg" else {}))
    return Picture(held.getvalue(), format)


def intervals(chosen: Chosen) -> list[tuple[str, dict[str, Any]]]:
    """(what, how many of it are right): each setting of the method on all clips, these clips, and slices with a name."""
    settings = [chosen.setting, *chosen.others]
    named = said(chosen.table.settings)
    asked: list[tuple[str, str, Filters]] = [(named[one], one, []) for one in settings]
    if chosen.filters and not all(isinstance(one, (list, tuple)) and one[0] == "right" for one in chosen.filters):
        asked.insert(1, ("these clips", chosen.setting, chosen.filters))
    found = [(what, slice_stats(chosen.table, setting, filters)) for what, setting, filters in asked]
    found += [(f"slice {name}", one) for name, one in slices_of(chosen.folder, chosen.table, chosen.setting) if one]
    return [(what, one) for what, one in found if one["n"]][:BARS]


def kinds_of(chosen: Chosen) -> list[list[Any]]:
    """[kind of error, how many of these clips], the commonest first; none where the method tells none."""
    if KIND not in chosen.table.settings_columns(chosen.setting):
        return []
    found = facets(chosen.table, chosen.setting, chosen.filters, [KIND])[KIND]["bars"]
    return sorted(([what, fits] for what, fits, _ in found if fits), key=lambda one: -one[1])[:BARS]


def strips(chosen: Chosen) -> list[tuple[dict[str, Any], np.ndarray, np.ndarray | None]]:
    """(row, its frames, what is selected in each) of the wrong clips with most loss that have a picture."""
    rows = chosen.rows(worst=CLIPS)
    found = dict(chosen.pictures([row["clip_id"] for row in rows]))
    made = []
    for row in rows:
        held = found.get(row["clip_id"], {})
        if held.get("strip"):
            frames_THWC, region_Thw = frames_of(held["strip"], row["frames"]), region_of(chosen.held, held)
            made.append(
                (row, frames_THWC, region_Thw if region_Thw is not None and len(region_Thw) == len(frames_THWC) else None)
            )
    return made


def caption(chosen: Chosen, found: Mapping[str, Any], drawn: int, outlined: bool, kinds: bool) -> str:
    """What the figure shows, in sentences that stand by themselves."""
    one = slice_stats(chosen.table, chosen.setting, chosen.filters)
    left = f"; {one['left_out']} more could not be read or measured" if one["left_out"] else ""
    which = f"{chosen.count} clips of {chosen.plan.data} at {chosen.name}" + (f", {chosen.words}" if chosen.filters else "")
    right = f": {one['right']} of {one['n']} right{left}" if one["n"] else ""
    cells = confusion(chosen.table, chosen.setting, chosen.filters, MANY)["cells"]
    wrong = sorted(((n, label, pred) for label, pred, n in cells if label != pred), key=lambda cell: (-cell[0], cell[1:]))
    worst = (
        f" Most often “{plain(wrong[0][1])}” was answered with “{plain(wrong[0][2])}” ({wrong[0][0]} clips)." if wrong else ""
    )
    parts = [
        "(a) Share of right answers, with Wilson's 95 % interval" + (", and kinds of error of these clips." if kinds else ".")
    ]
    if found["classes"]:
        some = f", the {len(found['classes'])} classes of {found['of']} that are confused most" if found["of"] > CLASSES else ""
        parts.append(f"(b) Confusion of these clips: rows are what a clip is, columns what was answered{some}.")
    if drawn:
        edge = " White edges: what the method selects." if outlined else ""
        parts.append(
            f"({'c' if found['classes'] else 'b'}) The {drawn} wrong clips with most loss, frames left to right.{edge}"
        )
    return f"{which}{right}.{worst}\n{' '.join(parts)}"


# ---- its parts -------------------------------------------------------------------------------------------------------------


def title(sheet: Sheet, words: str, x: float, y: float, size: float = 8) -> None:
    """A line of words, y inches from the top."""
    wide, high = sheet.figure.get_size_inches()
    sheet.figure.text(x / wide, 1 - (y + 0.02) / high, words, ha="left", va="top", fontsize=size)


def draw_bars(sheet: Sheet, bars: Sequence[tuple[str, Mapping[str, Any]]], y: float, right: float) -> None:
    """Accuracy as dots, intervals as lines, the counts beside."""
    title(sheet, "(a) Right", EDGE, y)
    if not bars:
        return title(sheet, "No label is known.", EDGE, y + TITLE)
    axes = sheet.axes(EDGE + NAME, y + TITLE, right - EDGE - NAME - 0.55, BAR * len(bars))
    for place, (_, one) in enumerate(bars):
        axes.plot([one["low"], one["high"]], [place, place], color="black", linewidth=1)
        axes.plot([one["accuracy"]], [place], "o", color="black", markersize=3)
        axes.text(1.03, place, f"{one['right']}/{one['n']}", fontsize=7, va="center", ha="left", clip_on=False)
    axes.set(xlim=(0, 1), ylim=(len(bars) - 0.4, -0.6))
    axes.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.set_yticks(range(len(bars)), [short(what) for what, _ in bars])
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params("y", length=0)


def draw_kinds(sheet: Sheet, kinds: Sequence[Sequence[Any]], y: float) -> None:
    """How many clips are of each kind of error."""
    if not kinds:
        return
    title(sheet, "Kinds of error, clips", EDGE, y)
    axes = sheet.axes(EDGE + NAME, y + TITLE, WIDE / 2 - EDGE - NAME - 0.55, BAR * len(kinds))
    axes.barh(range(len(kinds)), [n for _, n in kinds], 0.6, color="0.6")
    for place, (_, n) in enumerate(kinds):
        axes.text(n, place, f" {n}", fontsize=7, va="center", ha="left")
    axes.set(xlim=(0, kinds[0][1]), ylim=(len(kinds) - 0.4, -0.6))
    axes.set_yticks(range(len(kinds)), [short(what) for what, _ in kinds])
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.tick_params("y", length=0)


def draw_confusion(sheet: Sheet, found: Mapping[str, Any], x: float, y: float) -> None:
    """Each cell as dark as it has clips, those off the diagonal warm."""
    classes = found["classes"]
    title(sheet, "(b) Is ↓, answered →", x, y)
    room = WIDE - EDGE - x - NAME
    side = min(CELL, room / len(classes))
    axes = sheet.axes(x + NAME, y + TITLE, side * len(classes), CELL * len(classes))
    place = {name: n for n, name in enumerate(classes)}
    most = max(n for *_, n in found["cells"]) if found["cells"] else 1
    for label, pred, n in found["cells"]:
        row, column, share = place[label], place[pred], n / most
        colour = (0.0, 0.45, 0.7, 0.1 + 0.5 * share) if row == column else (0.84, 0.37, 0.0, 0.15 + 0.7 * share)
        axes.fill([column, column + 1, column + 1, column], [row, row, row + 1, row + 1], color=colour, linewidth=0)
        axes.text(column + 0.5, row + 0.5, str(n), ha="center", va="center", fontsize=7)
    axes.set(xlim=(0, len(classes)), ylim=(len(classes), 0))
    middle = np.arange(len(classes)) + 0.5
    axes.set_yticks(middle, [*map(short, classes)])
    axes.set_xticks(middle, [*map(short, classes)], rotation=40, ha="right", rotation_mode="anchor")
    axes.tick_params(length=0)


def draw_strip(
    sheet: Sheet, row: Mapping[str, Any], frames_THWC: np.ndarray, region_Thw: np.ndarray | None,
    place: tuple[float, float, float, float],
) -> None:  # fmt: skip
    """Frames side by side under what the clip is and was taken for. place: x, y, width and height in inches."""
    axes = sheet.axes(*place)
    T = len(frames_THWC)
    axes.imshow(np.concatenate(list(frames_THWC), axis=1), extent=(0, T, 1, 0), aspect="auto", interpolation="none")
    if region_Thw is not None:
        _, h, w = region_Thw.shape
        lines = [
            [(t + x / w, y / h) for x, y in line] for t, kept_hw in enumerate(region_Thw) for line in edges(kept_hw)
        ]  # fmt: skip
        for colour, thick in (("black", 1.3), ("white", 0.6)):
            axes.add_collection(LineCollection(lines, colors=colour, linewidths=thick, capstyle="projecting"))
    axes.set(xlim=(0, T), ylim=(1, 0))
    axes.set_axis_off()
    words = f"{short(row['clip_id'], 30)}: is “{short(row['label'])}”, answered “{short(row['pred'])}”"
    axes.set_title(words, fontsize=6.5, pad=2, loc="left")


def plain(words: Any) -> str:
    """On one line."""
    return " ".join(str(words).split())


def short(words: Any, most: int = SHORT) -> str:
    """The same, no longer than there is room."""
    made = plain(words)
    return made if len(made) <= most else f"{made[: most - 1]}…"
