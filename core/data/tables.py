"""Tables as people have them become rows: comma, semicolon or tab; UTF-8 or UTF-16; a json list, or an object a line.

A row is {column: value} with columns in small letters. What is wrong with single rows is noted, and the row left out.
"""

import ast
import codecs
import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from core.data.notes import Wrong, several, shown
from core.errors import BadData

TABLES = (".csv", ".tsv", ".json", ".jsonl")
COLUMNS = {
    "path": ("path", "video", "file", "filename", "video_id", "id"),
    "label": ("label", "class", "action"),
    "caption": ("caption", "captions", "sentence", "text"),
    "split": ("split",),
}
NOTHING = ("nan", "NaN", "None", "null", "NULL", "<NA>")  # what programs write where there is no value
BYTES = 500_000_000  # the largest table that is read: as objects it takes ten times that
HALF = re.compile("[\ud800-\udfff]")  # half of a character: no encoding can hold it
LINES = re.compile("\r\n|\r|\n")  # str.splitlines also breaks at marks that stand inside captions


def rows_of(file: Path, wrong: Wrong) -> list[dict]:
    """The rows of a table; a BadData where it is none."""
    ending = file.suffix.lower()
    if ending not in TABLES:
        raise BadData(f"A table ends in {', '.join(TABLES)}, got {shown(file.name)}.")
    text = text_of(file)
    try:
        if ending in (".csv", ".tsv"):
            return of_cells(text, file.name, wrong)
        return of_lines(text, file.name, wrong) if ending == ".jsonl" else of_list(text, file.name, wrong)
    except RecursionError as broken:
        raise BadData(f"{file.name} is not a readable {ending[1:]}: it is nested too deeply.") from broken
    except (ValueError, csv.Error) as broken:
        raise BadData(f"{file.name} is not a readable {ending[1:]}: {broken}.") from broken


def text_of(file: Path) -> str:
    """The file as UTF-8, or as UTF-16 where it begins so; BadData where it is neither."""
    try:
        if file.stat().st_size > BYTES:
            raise BadData(f"{file.name} is {file.stat().st_size / 1e6:.0f} MB; a table has up to {BYTES / 1e6:.0f} MB.")
        held = file.read_bytes()
        if held[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return held.decode("utf-16")
        return held.decode({1: "utf-16-be", 2: "utf-16-le"}.get(held[:2].find(b"\0") + 1, "utf-8-sig"))
    except (OSError, UnicodeDecodeError) as broken:
        raise BadData(f"{file.name} cannot be read as text: {broken}. Save it as UTF-8.") from broken


def lines_of(text: str) -> list[str]:
    """The lines that are not blank."""
    return [line for line in LINES.split(text) if line.strip()]


def of_cells(text: str, name: str, wrong: Wrong) -> list[dict]:
    """Cells under a head line. What parts them is what makes the head line known columns."""
    lines = lines_of(text)
    if not lines:
        return []
    known = {column for every in COLUMNS.values() for column in every}
    mark = max(",;\t|", key=lambda one: len(known & {column(cell) for cell in cells(lines[:1], one, False)[0]}))
    try:
        table = [row for row in cells(io.StringIO(text, newline=""), mark) if row]
    except csv.Error:  # a quote without its second takes all lines behind it into one cell
        table = []
        for number, line in enumerate(lines, 1):
            try:
                table += cells([line], mark)
            except csv.Error as broken:
                wrong.note(f"Lines of {name} left out, as they cannot be read", f"line {number}: {broken}")
    head = [column(cell) for cell in table[0]] if table else []
    for twice in sorted({one for one in head if one and head.count(one) > 1}):
        wrong.note(f"Columns of {name} that stand twice, of which the first counts", twice)
    rows = []
    for number, row in enumerate(table[1:], 2):
        if any(map(str.strip, row[len(head) :])):
            wrong.note(f"Rows of {name} left out, as they have more cells than its head", f"row {number}: {mark.join(row)}")
        elif any(map(str.strip, row)):
            made: dict[str, str] = {}
            for key, cell in zip(head, row):
                made.setdefault(key, cell)
            rows.append(made)
    return rows


def cells(lines: Iterable[str], mark: str, strict: bool = True) -> list[list[str]]:
    """What the lines hold between the marks; if strict, a csv.Error where quotes do not match."""
    return list(csv.reader(lines, delimiter=mark, skipinitialspace=True, strict=strict))


def column(name: object) -> str:
    """A column's name, however it is written."""
    return " ".join(str(name).split()).casefold()


def of_lines(text: str, name: str, wrong: Wrong) -> list[dict]:
    """An object a line."""
    rows, broken = [], []
    for number, line in enumerate(LINES.split(text), 1):
        if line.strip():
            try:
                rows.append(keyed(json.loads(line)))
            except (ValueError, RecursionError) as error:
                broken.append(f"line {number}: {error}")
    if broken and not rows:
        raise ValueError(broken[0])
    for one in broken:
        wrong.note(f"Lines of {name} left out, as they are no objects", one)
    return rows


def of_list(text: str, name: str, wrong: Wrong) -> list[dict]:
    """A list of objects."""
    held = json.loads(text)
    objects = [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []
    if not isinstance(held, list) or held and not objects:
        got = f"; this one is an object with {several([*map(shown, held)])}: save its list" if isinstance(held, dict) else ""
        raise BadData(f"{name} is a list of objects, each with a path and a label or a caption{got}.")
    for number, one in enumerate(held, 1):
        if not isinstance(one, dict):
            wrong.note(f"Entries of {name} left out, as they are no objects", f"entry {number}: {one}")
    return [keyed(one) for one in objects]


def keyed(row: object) -> dict:
    """A row with its columns' names as they are looked for."""
    if not isinstance(row, dict):
        raise ValueError("not an object")
    return {column(key): value for key, value in row.items()}


# ---- values -------------------------------------------------------------------------------------------------------------


def name_of(value: object) -> str:
    """A path, a split: as it is written, without surrounding blanks; "" where there is none."""
    return "" if value is None or value != value else str(value).strip()


def said_of(value: object, label: bool = False) -> tuple[str, ...]:
    """The texts of a cell without the empty ones: one, a list of them, or lists of their words. label: one text, of which
    a list is none of words, and where “nan” is no text."""
    every = listed(value)
    if not label and isinstance(every, list):
        every = [" ".join(map(str, one)) if isinstance(one, list) else one for one in every]
        if len(every) > 2 and all(isinstance(one, str) and len(one.split()) == 1 for one in every):
            every = [" ".join(every)]
    texts = (plain(one) for one in (every if isinstance(every, list) else [every]))
    return tuple(one for one in texts if one and not (label and one in NOTHING))


def listed(value: object) -> object:
    """A list that was written into a cell as text, "['a man runs', 'a man jogs']", is that list."""
    text = value.strip() if isinstance(value, str) else ""
    if not (text.startswith("[") and text.endswith("]")):
        return value
    for read, said in ((json.loads, text), (ast.literal_eval, re.sub(r"(['\"])\s+(['\"])", r"\1, \2", text))):
        try:
            made = read(said)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(made, list) and all(isinstance(one, (str, list)) for one in made):
            return made
    return value


def plain(value: object) -> str:
    """A value as text: one Unicode form, single blanks, whole characters, and 1.0 as 1."""
    if value is None or isinstance(value, dict) or isinstance(value, float) and not math.isfinite(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(HALF.sub("", unicodedata.normalize("NFC", str(value))).split())
