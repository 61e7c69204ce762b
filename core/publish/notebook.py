"""Kept cells: what a reader found worth keeping, and the forms in which it goes on.

    keep          a view and what was computed for it → a cell: view, weights, numbers, picture
    to_notebook   a Jupyter notebook (nbformat 4.5) that computes every picture and number again
    to_markdown, to_html   a report: a text with its pictures beside it, and one file with them inside
    to_json, from_json     one JSON, and the cells that it holds

A cell is a value: a reader keeps some of them, in the order they are read. Somebody else's JSON is checked before it is a cell:
its view by the knobs, its numbers and its picture by what they are.
"""

import base64
import html
import json
import math
import pprint
import struct
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

from core.errors import ReaderError
from core.publish.figures import Picture, picture
from core.publish.link import Limits, from_plain, link_in_words, parsed
from core.publish.python import engine_call, example_file, keywords, reading_lines, watches
from core.publish.result import Result, numbers
from core.publish.view import VERSION, Setting, View, to_plain
from core.registry import method_named
from core.video.edits import in_words

CELLS, PICTURE_BYTES, JSON_BYTES, LABELS, VALUES = 200, 2_000_000, 64_000_000, 300, 4096
PIXELS = 50_000_000  # of a picture: a small file can be a picture that no browser can open
PNG = b"\x89PNG\r\n\x1a\n"
PRECISIONS = ("", "auto", "float32", "bfloat16")


@dataclass(frozen=True)
class Cell:
    """One thing kept. weights: network → label. numbers: stage → what it said. picture: PNG. models, precision: the engine's
    that computed it; not given, its own choice."""

    view: View
    weights: Mapping[str, str]
    numbers: Mapping[str, list[float]]
    picture: bytes
    models: Mapping[str, str] = field(default_factory=dict)
    precision: str = ""

    @property
    def title(self) -> str:
        """ "A method on 1-moves, frame 3", and what it is compared with."""
        told = f"{_about(self.view.shown)}, frame {self.view.frame + 1}"
        return f"{told}, against {_about(self.view.compared)}" if self.view.compared else told


class Cells(NamedTuple):
    """Cells that were read, and sentences on what was not understood."""

    cells: tuple[Cell, ...]
    notes: tuple[str, ...]


def keep(result: Result, models: Mapping[str, str] | None = None, precision: str = "") -> Cell:
    """The cell of what is on the screen. models, precision: as the engine was given them."""
    shown = picture(result, beside=bool(result.other)).data
    return Cell(result.view, dict(result.trace.weights), numbers(result), shown, dict(models or {}), precision)


def _about(asked: Setting) -> str:
    return f"{method_named(asked.method).title.partition(' — ')[0]} on {asked.clip}"


# ---- a Jupyter notebook -----------------------------------------------------------------------------------------------

SETUP = """\
from pathlib import Path

from core import Engine, edited, {more}read_clip
from core.publish.figures import picture
from core.publish.result import Result, against, numbers
from core.publish.view import Setting, View
{videos}
# the project's folder, where this notebook lies in it or beside it; otherwise write its path here
root = next((folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "assets/clips").is_dir()), Path.cwd())
{engines}"""
VIDEOS = "from core.video.footage import evenly\nfrom core.world.long import read_recipe\n"
HEAD = "# What was kept\n\nEvery picture and number below is computed again when its cell runs. Run it in the project."


def to_notebook(cells: Iterable[Cell], file: Callable[[str], str] = example_file) -> str:
    """The notebook's text. file: a clip's name → what `read_clip` opens, from the project's root."""
    cells = tuple(cells)
    calls = [engine_call(cell.models, cell.precision) for cell in cells]
    engines = list(dict.fromkeys(calls)) or [engine_call()]
    made = "\n".join(f"engines[{place}] = {call}" for place, call in enumerate(engines))
    views = [one for cell in cells for one in (cell.view.shown, cell.view.compared) if one]
    videos = VIDEOS if any(map(watches, views)) else ""
    setup = SETUP.format(
        more="open_video, " if videos else "", videos=videos,
        engines=f"engine = {engines[0]}" if len(engines) == 1 else f"engines = {{}}\n{made}",
    )  # fmt: skip
    made = [_cell("markdown", "\n\n".join([HEAD, *_needed(cells, file)]), "head"), _cell("code", setup, "setup")]
    for place, (cell, call) in enumerate(zip(cells, calls)):
        chosen = f"engine = engines[{engines.index(call)}]\n" if len(engines) > 1 else ""
        made.append(_cell("markdown", f"## {_plain(cell.title)}\n\n{_told(cell)}", f"{place} words"))
        made.append(_cell("code", chosen + _compute(cell, file), f"{place} run", _shown(cell)))
        made.append(_cell("code", _compare(cell), f"{place} numbers"))
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    metadata = kernel | {"language_info": {"name": "python"}}
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1)


def _needed(cells: Iterable[Cell], file: Callable[[str], str]) -> list[str]:
    """What a reader has to bring along, in words: his own clips, and weights that were named."""
    views = [asked for cell in cells for asked in (cell.view.shown, cell.view.compared) if asked]
    own = dict.fromkeys(name for asked in views if not (name := file(asked.clip)).startswith("assets/"))
    named = dict.fromkeys(f"{model} = {given}" for cell in cells for model, given in cell.models.items())
    clips = f"Put {', '.join(map(_plain, own))} into the project's folder first: read as your own clips."
    weights = f"Weights were named: {', '.join(map(_plain, named))}. A file among them is looked for where the notebook runs."
    return [clips] * bool(own) + [weights] * bool(named)


def _compute(cell: Cell, file: Callable[[str], str]) -> str:
    view, other = cell.view, cell.view.compared
    lines = _run(view.shown, file)
    looked = f"frame={view.frame}, overlay={view.overlay!r}"
    lines += [f"view = View({_asked(view.shown)}, {looked})"]
    lines += [f"result = Result(view, clip, trace, engine.grid({view.shown.method!r}))"]
    if other:
        overlay = view.overlay if other.method == view.shown.method else ""
        frame = min(view.frame, other.length - 1)
        shown = "\n".join(_run(other, file))
        lines = [
            "# what it is compared with", shown,
            f"other = Result(View({_asked(other)}, frame={frame}, overlay={overlay!r}), clip, trace, "
            f"engine.grid({other.method!r}))", "", "# what is shown", *lines[:-2],
            f"view = View({_asked(view.shown)}, {looked}, compared=other.view.shown)",
            f"result = Result(view, clip, trace, engine.grid({view.shown.method!r}), other)",
        ]  # fmt: skip
    return "\n".join([*lines, "picture(result, beside=True)" if other else "picture(result)"])


def _run(asked: Setting, file: Callable[[str], str]) -> list[str]:
    whole, question = watches(asked), f"question={asked.question!r}, " if asked.question else ""
    glance = [f"clip = video.frames(evenly(video, {asked.frames}))  # at a glance"] if whole else []
    return [
        *reading_lines(asked, f"root / {file(asked.clip)!r}", "video" if whole else "clip"),
        *glance,
        f"texts = {list(asked.texts)!r}",
        f"knobs = dict({keywords(asked.settings)})",
        f"trace = engine.run({asked.method!r}, {'video=video' if whole else 'clip'}, texts=texts, {question}**knobs)",
    ]


def _asked(asked: Setting) -> str:
    edits = f", {[dict(one) for one in asked.edits]}" if asked.edits else ""
    question = f", question={asked.question!r}" if asked.question else ""
    return f"Setting({asked.method!r}, {asked.clip!r}, {asked.frames}, knobs, tuple(texts){edits}{question})"


def _compare(cell: Cell) -> str:
    kept = pprint.pformat(dict(cell.numbers), width=110, sort_dicts=False)
    return (
        f"kept = {kept}\nlabels = {dict(cell.weights)!r}\n"
        "if dict(trace.weights) != labels:\n    print('Other weights than those kept:', dict(trace.weights))\n"
        "print(against(kept, numbers(result)))"
    )


def _shown(cell: Cell) -> list[dict[str, Any]]:
    """The kept picture as the cell's output, so that a notebook that was never run shows it."""
    data = {"image/png": base64.b64encode(cell.picture).decode(), "text/plain": repr(Picture(cell.picture, "png"))}
    return [{"output_type": "execute_result", "execution_count": None, "data": data, "metadata": {}}]


def _cell(kind: str, source: str, name: str, outputs: list | None = None) -> dict[str, Any]:
    made = {"cell_type": kind, "id": blake2b(name.encode(), digest_size=4).hexdigest(), "metadata": {}}
    more = {"execution_count": None, "outputs": outputs or []} if kind == "code" else {}
    return made | more | {"source": source.splitlines(keepends=True)}


# ---- a report ---------------------------------------------------------------------------------------------------------


def to_markdown(cells: Iterable[Cell]) -> dict[str, bytes]:
    """{"report.md": …, "figure-1.png": …}: the text, and the pictures that lie beside it."""
    lines, made = ["# What was kept", ""], {}
    for place, cell in enumerate(cells, 1):
        made[f"figure-{place}.png"] = cell.picture
        lines += [f"## {_plain(cell.title)}", "", f"![{_plain(alt(cell))}](figure-{place}.png)", "", _told(cell), ""]
        lines += [f"- `{stage}`: {_row(values)}" for stage, values in cell.numbers.items()] + [""]
    return {"report.md": "\n".join(lines).encode(), **made}


def to_html(cells: Iterable[Cell]) -> str:
    """One HTML file with its pictures inside: it asks the network for nothing."""
    body = []
    for cell in cells:
        rows = "".join(f"<tr><th>{_safe(stage)}</th><td>{_row(values)}</td></tr>" for stage, values in cell.numbers.items())
        source, link = base64.b64encode(cell.picture).decode(), link_in_words(cell.view)
        edits = f"<p>Edits: {_safe(in_words(cell.view.shown.edits))}</p>" if cell.view.shown.edits else ""
        against = f"<p>{_safe(_against(cell.view.compared))}</p>" if cell.view.compared else ""
        texts = f"<p>Texts: {_safe(' · '.join(cell.view.shown.texts))}</p>" if cell.view.shown.texts else ""
        words = "".join(f"<p>{_safe(line)}</p>" for line in cell.view.note.splitlines() if line.strip())
        body.append(
            f'<section><h2>{_safe(cell.title)}</h2>{words}<img alt="{_safe(alt(cell))}" src="data:image/png;base64,{source}">'
            f"<p>{_safe(_knobs(cell.view.shown))}</p>{against}{edits}{texts}<table>{rows}</table>"
            f"<p class=dim>{_safe('; '.join(cell.weights.values()))}</p><p class=dim>{_safe(link)}</p></section>"
        )
    return REPORT + "".join(body) + "</html>\n"


REPORT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>What was kept</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
img{max-width:100%;background:#fff}th{text-align:left;font-weight:400;padding-right:1em}.dim{opacity:.7;font-size:.85em;
overflow-wrap:anywhere}</style><h1>What was kept</h1>
"""


def _told(cell: Cell) -> str:
    """A cell's words in Markdown: the note, the settings, the weights. A reader's own HTML is shown, not run."""
    quoted = [f"> {_plain(line)}" for line in cell.view.note.splitlines()] + [""] if cell.view.note else []
    texts = ["Texts: " + " · ".join(_plain(text) for text in cell.view.shown.texts), ""] if cell.view.shown.texts else []
    weights = [f"Weights: {_plain('; '.join(cell.weights.values()))}"]
    edits = [f"Edits: {_plain(in_words(cell.view.shown.edits))}", ""] if cell.view.shown.edits else []
    against = [_plain(_against(cell.view.compared)), ""] if cell.view.compared else []
    return "\n".join([*quoted, _plain(_knobs(cell.view.shown)), "", *against, *edits, *texts, *weights])


def _knobs(asked: Setting) -> str:
    return ", ".join(f"{one.symbol} = {asked.settings[one.name]}" for one in method_named(asked.method).knobs.knobs())


def _against(asked: Setting) -> str:
    """What it is compared with."""
    edits = f"; edits: {in_words(asked.edits)}" if asked.edits else ""
    return f"Against A: {_about(asked)}, {asked.frames} frames, {_knobs(asked)}{edits}"


def alt(cell: Cell) -> str:
    """What its picture shows, in words."""
    title = next((one.title for one in method_named(cell.view.shown.method).outputs if one.stage == cell.view.overlay), "")
    return f"{title or 'frames'} over {cell.view.shown.length} frames of {cell.view.shown.clip}"


def _row(values: list[float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _plain(text: str) -> str:
    """Words that Markdown takes for words."""
    return "".join(f"\\{c}" if c in "\\`*_[]#|!$" else html.escape(c, quote=False) for c in text)


def _safe(text: str) -> str:
    return html.escape(text)


# ---- one JSON ---------------------------------------------------------------------------------------------------------


def to_json(cells: Iterable[Cell]) -> str:
    """Every cell in one text that `from_json` reads."""
    made = {"what": "kept cells", "version": VERSION, "cells": [cell_to_plain(one) for one in cells]}
    return json.dumps(made, ensure_ascii=False, indent=1)


def cell_to_plain(cell: Cell) -> dict[str, Any]:
    """A cell as JSON has it."""
    return {
        "view": to_plain(cell.view), "weights": dict(cell.weights), "numbers": dict(cell.numbers),
        "models": dict(cell.models), "precision": cell.precision, "picture": base64.b64encode(cell.picture).decode(),
    }  # fmt: skip


def from_json(text: str, clips: Collection[str] = (), limits: Limits = lambda method: {}) -> Cells:
    """The cells of a JSON, and notes. What is no such JSON, or too much, is a ReaderError; a bad cell costs itself only."""
    if len(text) > JSON_BYTES:
        raise ReaderError(f"Kept cells are read up to {JSON_BYTES // 10**6} MB, and this is {len(text) / 1e6:.0f} MB.")
    plain = parsed(text)
    listed = plain.get("cells") if isinstance(plain, dict) and plain.get("what") == "kept cells" else None
    if not isinstance(listed, list) or len(listed) > CELLS:
        raise ReaderError(f"This JSON does not hold kept cells, or holds more than {CELLS}.")
    cells, notes = [], []
    for place, one in enumerate(listed, 1):
        try:
            view, said = from_plain(one["view"], clips, limits)
            labels, models = _labels(one["weights"]), _labels(one.get("models", {}))
            picture, precision = _png(one["picture"]), one.get("precision", "")
            if precision not in PRECISIONS:
                raise ValueError
            cells.append(Cell(view, labels, _numbers(one["numbers"]), picture, models, precision))
            notes += [f"Cell {place}: {note}" for note in said]
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
            notes.append(f"Cell {place} is not understood and left out.")
    return Cells(tuple(cells), tuple(notes))


def _labels(given: Any) -> dict[str, str]:
    return {_word(name): _word(label) for name, label in dict(given).items()}


def _word(given: Any) -> str:
    if not isinstance(given, str) or len(given) > LABELS:
        raise ValueError
    return given


def _numbers(given: Any) -> dict[str, list[float]]:
    made = {_word(stage): [float(value) for value in values] for stage, values in dict(given).items()}
    if sum(map(len, made.values())) > VALUES or not all(math.isfinite(value) for values in made.values() for value in values):
        raise ValueError
    return made


def _png(given: Any) -> bytes:
    if len(given) > PICTURE_BYTES * 4 // 3:
        raise ValueError
    picture = base64.b64decode(given, validate=True)
    if not picture.startswith(PNG) or len(picture) < 24 or math.prod(struct.unpack(">II", picture[16:24])) > PIXELS:
        raise ValueError
    return picture
