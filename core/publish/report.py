"""Kept cells as a report: a Markdown text with its pictures beside it, or one HTML file with them inside.

Every number stands beside what it is of: a text, a gap, a frame. Links go to the paper, to the authors' code and to the view.
"""

import base64
import html
import re
import struct
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from core.kinds import Output
from core.methods import lesson
from core.publish.cells import Cell, alt, title_of, worded
from core.publish.described import as_unicode
from core.publish.link import link_in_words
from core.publish.view import Setting, clip_in_words
from core.registry import method_named
from core.video.edits import in_words

PAGE = "http://127.0.0.1:7860/"  # where the page answers on the reader's own machine
ADDRESS = re.compile(
    r"https?://[\w.:\[\]-]{1,200}/[\w./~%-]{0,200}", re.ASCII
)  # nothing that Markdown or HTML would take for its own
CONTENTS = 3  # cells from which a report begins with a list of them
EACH = {"G": "gap", "T": "frame", "K": "chosen frame", "Y": "text", "Q": "prompt", "I": "stage of the tower"}
SIGNS = "\\`*_[]#|!$<>"  # that Markdown would take for its own

Table = tuple[str, list[tuple[str, str]]]  # what the numbers are, and each beside what it is of


def to_markdown(cells: Iterable[Cell], page: str = PAGE) -> dict[str, bytes]:
    """{"report.md": …, "figure-1.png": …}: the text, and the pictures that lie beside it. page: the address its links open."""
    lines, made = ["# What was kept", ""], {}
    for place, cell in enumerate(cells, 1):
        name = f"figure-{place}.png"
        made[name] = cell.picture
        note = [*(f"> {plain(line)}" for line in cell.view.note.splitlines()), ""] if cell.view.note else []
        # the picture is its own link: a viewer that makes it small still opens it as it is
        lines += [f"## {place}. {plain(cell.title)}", "", *note, f"[![{plain(alt(cell))}]({name})]({name})", ""]
        for what, rows in tables(cell):
            head, _, unit = what.partition(" | ")
            lines += [
                f"| {plain(head)} | {plain(unit)} |",
                "|---|---:|",
                *(f"| {plain(a)} | {plain(b)} |" for a, b in rows),
                "",
            ]
        lines += [f"- {plain(said)}" for said in facts(cell)]
        lines += [f"- [{plain(said)}]({address})" for said, address in links(cell, page)] + [""]
    return {"report.md": "\n".join(lines).encode(), **made}


def to_html(cells: Iterable[Cell], page: str = PAGE) -> str:
    """One HTML file with its pictures inside: it asks the network for nothing. page: as `to_markdown` has it."""
    body, contents = [], []
    for place, cell in enumerate(cells, 1):
        source, wide = base64.b64encode(cell.picture).decode(), _width(cell.picture)
        title = f"{place}. {_safe(cell.title)}"
        contents.append(f'<li><a href="#c{place}">{_safe(cell.title)}</a></li>')
        words = "".join(f"<p>{_safe(line)}</p>" for line in cell.view.note.splitlines() if line.strip())
        told = "".join(f"<li>{_safe(said)}</li>" for said in facts(cell))
        told += "".join(f'<li><a href="{_safe(address)}">{_safe(said)}</a></li>' for said, address in links(cell, page))
        body.append(
            f'<section id="c{place}"><h2>{title}</h2>{words}'
            f'<img alt="{_safe(alt(cell))}" width="{wide // 2}" src="data:image/png;base64,{source}">'
            f"<div class=numbers>{''.join(map(_table, tables(cell)))}</div><ul class=dim>{told}</ul></section>"
        )
    listed = f"<ol>{''.join(contents)}</ol>" if len(contents) >= CONTENTS else ""
    return REPORT + listed + "".join(body) + "</html>\n"


REPORT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>What was kept</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:66rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
section{margin:2.5rem 0}img{max-width:100%;height:auto;background:#fff}table{border-collapse:collapse;font-size:.9em}
caption{text-align:left;font-weight:600;padding-bottom:.2em}th{text-align:left;font-weight:400;padding-right:1em}
td{text-align:right;font-variant-numeric:tabular-nums}table{min-width:min(16rem,100%)}
.numbers{display:flex;flex-wrap:wrap;gap:1rem 3rem;margin:1rem 0}
.dim{opacity:.75;font-size:.85em;overflow-wrap:anywhere;padding-left:1.2em}</style><h1>What was kept</h1>
"""


def _table(table: Table) -> str:
    what, rows = table
    listed = "".join(f"<tr><th>{_safe(name)}</th><td>{_safe(value)}</td></tr>" for name, value in rows)
    return f"<table><caption>{_safe(what.replace(' | ', ': '))}</caption>{listed}</table>"


# ---- what is said of a cell -------------------------------------------------------------------------------------------


def tables(cell: Cell) -> list[Table]:
    """The numbers of a cell, texts from the best down, everything else in its order."""
    known: Mapping[str, Output] = method_named(cell.view.shown.method).kinds
    return [
        (f"{EACH[one.over]} | {_head(one)}", rows)
        for stage, values in cell.numbers.items()
        if (one := known.get(stage)) and one.over in EACH and (rows := _rows(one, values, cell.view.shown))
    ]


def _head(one: Output) -> str:
    """What a table's numbers are. Places are told from 1, whatever they are counted from inside."""
    return f"{as_unicode(one.symbol)}, {one.title}" + (f" ({one.unit})" if one.unit and one.value != "place" else "")


def _rows(one: Output, values: list[float], asked: Setting) -> list[tuple[str, str]]:
    if one.over == "Y":
        pairs = sorted(zip(values, asked.texts), key=lambda pair: -pair[0])
        return [(text, _number(value)) for value, text in pairs]
    names = (f"{place}–{place + 1}" if one.over == "G" else f"{place}" for place in range(1, len(values) + 1))
    shift = 1 if one.value == "place" else 0  # places are counted from 0, and told from 1
    return [(name, _number(value + shift)) for name, value in zip(names, values)]


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def facts(cell: Cell) -> list[str]:
    """What decides a cell's numbers, in sentences."""
    asked, other = cell.view.shown, cell.view.compared
    made = [f"Clip: {clip_in_words(asked)}"] if asked.moment else []
    made += [f"Knobs: {knobs(asked)}"]
    made += [f"Edits: {in_words(asked.edits)}"] if asked.edits else []
    made += [_against(other)] if other else []
    listed = any(what.startswith(EACH["Y"]) for what, _ in tables(cell))
    made += [f"Texts: {' · '.join(asked.texts)}"] if asked.texts and not listed else []
    made += [f"Question: {asked.question}"] if asked.question else []
    return made + ([f"Weights: {'; '.join(cell.weights.values())}"] if cell.weights else [])


def page_address(said: Any) -> str:
    """The page's address as a browser told it; what is none is the reader's own machine."""
    return said if isinstance(said, str) and ADDRESS.fullmatch(said) else PAGE


def links(cell: Cell, page: str = PAGE) -> list[tuple[str, str]]:
    """(words, address): the view where the page runs, the paper, the authors' code."""
    method = method_named(cell.view.shown.method)
    query = link_in_words(cell.view)
    view = [("Open this view, where the page runs", f"{page}?{query}")] if query else []
    return [*view, *lesson(method, "LINKS")]


def settings(cell: Cell) -> str:
    """A cell's words in Markdown, for a notebook: the note and what decides its numbers. A reader's HTML is shown, not run."""
    quoted = [f"> {plain(line)}" for line in cell.view.note.splitlines()] + [""] if cell.view.note else []
    return "\n".join([*quoted, *chain.from_iterable((plain(said), "") for said in facts(cell))]).rstrip()


def knobs(asked: Setting) -> str:
    """ "α = 0.3, N_s = 6"."""
    return ", ".join(
        f"{as_unicode(one.symbol)} = {worded(asked.settings[one.name])}" for one in method_named(asked.method).knobs.knobs()
    )


def _against(asked: Setting) -> str:
    """What it is compared with."""
    edits = f"; edits: {in_words(asked.edits)}" if asked.edits else ""
    return f"Against A: {title_of(asked)} on {clip_in_words(asked)}, {knobs(asked)}{edits}"


def plain(text: str) -> str:
    """Words that Markdown takes for words."""
    return "".join(html.escape(c, quote=False) if c in "<>&" else f"\\{c}" if c in SIGNS else c for c in text)


def _safe(text: str) -> str:
    return html.escape(text)


def _width(png: bytes) -> int:
    """Pixels of a PNG: it is shown at two to a dot, so that words in it are sharp."""
    return struct.unpack(">I", png[16:20])[0]
