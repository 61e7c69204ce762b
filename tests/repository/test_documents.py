"""Facts about the documents: README is short, tables are current, links lead somewhere, commands and Python are ours."""

import ast
import importlib
import importlib.util
import re

import pytest

from core import METHODS, report
from core.publish.described import MAKER
from tests.markdown import ROOT, anchors, documents, links

SHORT = 4_500  # bytes of README beside its table


def text(document):
    return document.read_text(encoding="utf-8")


DOCUMENTS = {document.relative_to(ROOT).as_posix(): document for document in documents()}
each = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)


def test_readme_is_short_enough_to_be_read():
    written, _, rest = text(ROOT / "README.md").partition("<!-- methods:begin -->")
    table, _, rest = rest.partition("<!-- methods:end -->")
    assert len((written + rest).encode()) <= SHORT and max(map(len, table.splitlines())) <= 300, "a line for each method"


def test_readme_is_called_as_the_page_and_as_what_it_makes():
    assert text(ROOT / "README.md").splitlines()[0] == f"# {MAKER}"


def test_generated_tables_are_current():
    assert report.main(["--check"]) == 0


@pytest.mark.parametrize("name", METHODS)
def test_a_methods_readme_begins_with_one_plain_sentence(name):
    first = text(ROOT / "core" / "methods" / name / "README.md").splitlines()[0]
    assert first.endswith(".") and first.count(". ") == 0 and first[0].isupper() and len(first) <= 140
    assert not re.search(r"[`*\[\]<>|]", first), f"{first} is more than words."


@each
def test_links_lead_somewhere(document):
    for file, heading in links(text(document)):
        if "://" in file:
            continue
        target = (document.parent / file) if file else document
        assert target.exists(), f"links to {file}"
        assert not heading or heading in anchors(text(target)), f"{file} has no heading {heading}"


@each
def test_commands_exist(document):
    shown = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text(document), re.DOTALL))
    targets = re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), re.MULTILINE)
    assert set(re.findall(r"\bmake ([a-z]+)", shown)) <= set(targets)
    for module in re.findall(r"python -m ([\w.]+)", shown):
        assert importlib.util.find_spec(module) is not None, f"runs {module}, which does not exist"


def test_readme_names_the_two_commands():
    assert {"run", "test"} <= set(re.findall(r"^make ([a-z]+)", text(ROOT / "README.md"), re.MULTILINE))


@each
def test_python_can_be_compiled_and_imported(document):
    for code in re.findall(r"```python\n(.*?)```", text(document), re.DOTALL):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(str(node.module))
                assert all(hasattr(module, alias.name) for alias in node.names)
