"""Names, texts and notes that mean something to a browser, a spreadsheet, a terminal or a compiler are words in every form in
which a view goes on."""

import ast
import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from app.export.notebook import FORMS as KEPT
from app.export.panel import FORMS
from app.export.standalone import interactive_html
from core.publish.cells import keep
from core.publish.python import as_python
from core.publish.result import compute
from core.publish.view import Setting, View, clip_name
from tests import tiny

WORDS = (
    "</script><img src=x onerror=alert(1)>", '"><svg/onload=alert(1)>', "-->]]><!--a", '=HYPERLINK("http://x.test")',
    "-1+cmd|' /C calc'!A0", "@SUM(1)", "+1", "\\input{/etc/passwd} $x_1$ #1 %d {}", "`rm -rf ~`",
    "'''; import os; os.abort() #", '"""\nos.abort()',
    '\\"; x = 1 #',
    "[a](javascript:alert(1))", "a\x1b[2J\x07b", "a\u202eb\u2028c\u2029d", "../../../../etc/passwd", "| a | b |\n|--|--|",
    "{{7*7}} ${7*7} %(x)s",
)  # fmt: skip
SAFE = ("data:", "#c", "http://127.0.0.1:7860/?", "https://arxiv.org/", "https://github.com/")
FORMULA = "=+-@\t\r"  # with what a spreadsheet's formula begins


class Elements(HTMLParser):
    """The elements of a page, and what could run in them."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.runs = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        links = {name for name, value in attrs if name in ("href", "src", "action") and not (value or "").startswith(SAFE)}
        self.runs += [(tag, name) for name, _ in attrs if name.startswith("on") or name in links]


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()


@pytest.fixture(scope="module")
def result(engine):
    """STOP of a clip whose file has such a name, with all of the texts, and a note of all of them."""
    name = clip_name(WORDS[0] + WORDS[13] + ".mp4")
    asked = Setting("stop", name, 4, engine.settings("stop", {}), WORDS)
    other = Setting("stop", name, 4, engine.settings("stop", {"alpha": 1}), WORDS[:2])
    view = View(asked, note="\n".join(WORDS), compared=other)
    return compute(engine, view, lambda name, frames: tiny.clip(frames))


def harmless_page(text, allowed=()):
    made = Elements(text)
    assert not made.runs and not made.seen & {"iframe", "object", "embed", "form", "base", "link"}
    assert text.lower().count("<script") == text.lower().count("</script") == len(allowed)
    assert "\x1b" not in text and "\x00" not in text


def test_files_that_are_taken_along(engine, result):
    asked = SimpleNamespace(engine=engine, options={"page": "http://127.0.0.1:7860/"})
    made = {end: make(result, "two", asked) for end, make in FORMS.values()}
    assert made["pdf"].startswith(b"%PDF") and b"/JavaScript" not in made["pdf"] and b"/URI" not in made["pdf"]
    words = [one.text or "" for one in ElementTree.fromstring(made["svg"]).iter()]
    assert words and b"<script" not in made["svg"] and b" onload=" not in made["svg"]
    harmless_page(made["report.html"])
    with zipfile.ZipFile(io.BytesIO(made["zip"])) as files:
        assert all("/" not in name and ".." not in name for name in files.namelist())
        json.loads(files.read("manifest.json"))
        rows = list(csv.reader(io.StringIO(files.read("texts.csv").decode())))
        assert len(rows) == 1 + len(WORDS) and {len(row) for row in rows} == {2}
        for name in filter(lambda name: name.endswith(".csv"), files.namelist()):
            cells = [cell for row in csv.reader(io.StringIO(files.read(name).decode())) for cell in row]
            assert not any(cell.startswith(tuple(FORMULA)) and not number(cell) for cell in cells), name
    runs_only_its_own(made["ipynb"])
    ast.parse(as_python(result.view))
    harmless_page(interactive_html(result), allowed=("script", "script"))


def test_files_that_a_kept_view_becomes(result):
    cell, made = keep(result), {}
    for name, _, make in KEPT.values():
        made[name] = make([cell], lambda clip: clip, "http://127.0.0.1:7860/")
    harmless_page(made["kept.html"].decode())
    runs_only_its_own(made["kept.ipynb"])
    assert json.loads(made["kept.json"])["cells"]
    with zipfile.ZipFile(io.BytesIO(made["kept.zip"])) as files:
        assert sorted(files.namelist()) == ["figure-1.png", "report.md"]
        text = files.read("report.md").decode()
    assert "\x1b" not in text and "<" not in text and "](javascript" not in text.replace("\\]", "")
    assert text.count("![") == 1 and not any(line.startswith(("=", "`")) for line in text.splitlines())
    for rows in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):  # no word of a table makes a column of its own
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows.splitlines()}) == 1, rows


def runs_only_its_own(notebook):
    """Every cell of a notebook is Python that calls nothing that a word asked for."""
    for cell in json.loads(notebook)["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            called = {ast.unparse(one.func) for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Call)}
            assert not {name for name in called if "abort" in name or "alert" in name or name == "cmd"}
        else:
            assert "<" not in source.replace("&lt;", "") and "\x1b" not in source


def number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True
