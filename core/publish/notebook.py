"""Kept cells as a Jupyter notebook (nbformat 4.5) that computes every picture and number again, wherever this is installed."""

import base64
import json
import pprint
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any

from core.publish.cells import Cell
from core.publish.figures import Picture
from core.publish.python import as_setting, engine_call, example_file, keywords, reading_lines, watches
from core.publish.report import plain, settings
from core.publish.view import Setting

SETUP = """\
from core import METHODS, Engine, edited, example, {more}read_clip
from core.publish.figures import picture
from core.publish.result import Result, against, numbers
from core.publish.view import Setting, View
{videos}
{engines}"""
VIDEOS = "from core.video.footage import evenly\nfrom core.world.recipes import read_recipe\n"
HEAD = (
    "# What was kept\n\nEvery picture and number below is computed again when its cell runs, where this project is installed."
)


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
    made = [written("markdown", "\n\n".join([HEAD, *_needed(cells, file)]), "head"), written("code", setup, "setup")]
    for place, (cell, call) in enumerate(zip(cells, calls)):
        chosen = f"engine = engines[{engines.index(call)}]\n" if len(engines) > 1 else ""
        made.append(written("markdown", f"## {plain(cell.title)}\n\n{settings(cell)}", f"{place} words"))
        made.append(written("code", chosen + _compute(cell, file), f"{place} run", _shown(cell)))
        made.append(written("code", _compare(cell), f"{place} numbers"))
    return bound(made)


def _needed(cells: Iterable[Cell], file: Callable[[str], str]) -> list[str]:
    """What a reader has to bring along, in words: his own clips, and weights that were named."""
    views = [asked for cell in cells for asked in (cell.view.shown, cell.view.compared) if asked]
    own = dict.fromkeys(name for asked in views if not (name := file(asked.clip)).startswith("assets/"))
    named = dict.fromkeys(f"{model} = {given}" for cell in cells for model, given in cell.models.items())
    clips = f"Put {', '.join(map(plain, own))} beside this notebook first: read as your own clips."
    weights = f"Weights were named: {', '.join(map(plain, named))}. A file among them is looked for where the notebook runs."
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
    return "\n".join([*lines, "picture(result)"])


def _run(asked: Setting, file: Callable[[str], str]) -> list[str]:
    whole, question = watches(asked), f"question={asked.question!r}, " if asked.question else ""
    return [
        *reading_lines(asked, file, "video" if whole else "clip"),
        *([f"clip = video.frames(evenly(video, {asked.frames}))  # at a glance"] if whole else []),
        f"texts = {list(asked.texts)!r}",
        f"knobs = dict({keywords(asked.settings)})",
        f"outputs = METHODS[{asked.method!r}].until('network', bool(texts))  # what is shown without reading the whole clip",
        f"trace = engine.run({asked.method!r}, {'video=video' if whole else 'clip'}, texts=texts, outputs=outputs, "
        f"{question}**knobs)",
    ]


def _asked(asked: Setting) -> str:
    return as_setting(asked, "knobs", "tuple(texts)")


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


def written(kind: str, source: str, name: str, outputs: list | None = None) -> dict[str, Any]:
    """A cell as nbformat has it. name: what its id is made of."""
    made = {"cell_type": kind, "id": blake2b(name.encode(), digest_size=4).hexdigest(), "metadata": {}}
    more = {"execution_count": None, "outputs": outputs or []} if kind == "code" else {}
    return made | more | {"source": source.splitlines(keepends=True)}


def bound(cells: Iterable[dict[str, Any]]) -> str:
    """Cells that are written as a notebook's text."""
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    made = {"cells": [*cells], "metadata": kernel | {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, ensure_ascii=False, indent=1)
