"""The notebooks, made of the scripts beside them:  python -m demos.build [NAME …] [--check]

    python -m demos.build            writes every notebook and runs it, so that it is saved with its pictures
    python -m demos.build --check    changes nothing; exits 1 if a notebook is not what its script makes now

A script is a Python program in cells, which editors know by their first line:

    # %% [markdown]   words, with equations
    # %%              code
    # %% source       one import: the cell holds the text of what is imported, as it stands in the engine
    # %% read         one import: the same text, to be read and not to be run
    # %% uses         what all of that text needs to run, imported

So what a notebook teaches is the engine's own code and cannot drift from it. Its outputs are those of one machine: what is
compared is the cells, and which weights the outputs were made with.
"""

import argparse
import ast
import base64
import builtins
import contextlib
import importlib
import inspect
import io
import json
import re
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.keys import digest
from core.networks.weights import WEIGHTS

HERE = Path(__file__).resolve().parent
MARK = "# %%"
UNANSWERED = "answer = None"  # how a cell with a question to the reader begins
ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # of an object in memory: another one in every run
KEPT = ("image/png", "image/svg+xml", "text/plain")  # of what a cell shows: a widget is nothing without its kernel
Run = Callable[[str, str, dict], list[dict[str, Any]]]


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook. kind: "markdown" or "code"."""

    kind: str
    text: str


def scripts() -> dict[str, Path]:
    """Every script that makes a notebook, by name: those whose text has cells."""
    return {file.stem: file for file in sorted(HERE.glob("*.py")) if f"\n{MARK}" in file.read_text(encoding="utf-8")}


# ---- a script's cells -------------------------------------------------------------------------------------------------


def cells_of(script: str) -> list[Cell]:
    """The cells of a script's text. A cell of a kind that is not known is a ValueError."""
    parts = [part.partition("\n") for part in f"\n{script}".split(f"\n{MARK}")[1:]]
    marked = [(kind.strip(), body.strip("\n")) for kind, _, body in parts]
    shown = [one for kind, body in marked if kind == "source" for one in imported(body)]
    made = []
    for kind, body in marked:
        if kind == "[markdown]":
            made.append(Cell("markdown", "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.splitlines())))
        elif kind == "":
            made.append(Cell("code", body))
        elif kind == "source":
            made.append(Cell("code", "\n\n\n".join(text_of(one) for one in imported(body))))
        elif kind == "read":
            made += [
                Cell("markdown", f"`{one.__module__}.{one.__qualname__}`, to be read:\n\n```python\n{text_of(one)}\n```")
                for one in imported(body)
            ]
        elif kind == "uses":
            made.append(Cell("code", "\n".join(["# what the engine's own text in the cells below needs", *uses(shown)])))
        else:
            raise ValueError(f"A cell is [markdown], source, read, uses or has no kind, got {kind!r}.")
    return made


def imported(body: str) -> list[Any]:
    """What a cell's import names; or, where lines such as `VisionTower.attention` follow it, what these are."""
    names: dict[str, Any] = {}
    inner: list[Any] = []
    for node in ast.parse(body).body:
        if isinstance(node, ast.ImportFrom):
            names |= {one.name: getattr(importlib.import_module(str(node.module)), one.name) for one in node.names}
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute):
            inner.append(eval(ast.unparse(node), names.copy()))
        else:
            raise ValueError(f"A cell of source holds imports and what is in them, got {ast.unparse(node)!r}.")
    return inner or list(names.values())


def text_of(one: Any) -> str:
    """A function's or class's own text."""
    return textwrap.dedent(inspect.getsource(one)).rstrip("\n")


def uses(shown: Sequence[Any]) -> list[str]:
    """Import statements for every name that these texts read from their modules and do not define themselves."""
    own, found = {one.__name__ for one in shown}, {}
    for one in shown:
        module = sys.modules[one.__module__]
        for name in sorted(free(text_of(one)) - own):
            if hasattr(module, name):
                statement = import_of(module, name)
                if found.setdefault(name, statement) != statement:
                    raise ValueError(f"Two of these texts read other things by the name {name}: {found[name]}, {statement}.")
    return joined(found.values())


def free(text: str) -> set[str]:
    """Names that a definition's text reads and neither defines nor receives."""
    tree = ast.parse(text)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {node.id for node in names} - bound - set(dir(builtins))


def import_of(module: Any, name: str) -> str:
    """The statement by which a module has a name: its own import of it, or an import from it."""
    for node in ast.parse(inspect.getsource(module)).body:
        for alias in node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else ():
            if name == (alias.asname or alias.name):
                as_name = f" as {alias.asname}" if alias.asname else ""
                return f"{f'from {node.module} ' if isinstance(node, ast.ImportFrom) else ''}import {alias.name}{as_name}"
    return f"from {module.__name__} import {name}"


def joined(statements: Iterable[str]) -> list[str]:
    """Imports from one module in one line, `import` before `from`."""
    plain, by_module = set(), {}
    for one in statements:
        left, _, name = one.rpartition("import ")
        if left:
            by_module.setdefault(left, set()).add(name)
        else:
            plain.add(one)
    return [*sorted(plain), *(f"{left}import {', '.join(sorted(by_module[left]))}" for left in sorted(by_module))]


# ---- a notebook -------------------------------------------------------------------------------------------------------


def notebook(name: str, cells: Sequence[Cell], run: Run) -> str:
    """The notebook's text (nbformat 4.5), every code cell run in order. A cell that fails is an error that names it."""
    made, names, count = [], {"__name__": "__main__"}, 0
    for place, cell in enumerate(cells):
        one: dict[str, Any] = {"cell_type": cell.kind, "id": digest(name, str(place), cell.text)[:8], "metadata": {}}
        if cell.kind == "code":
            count += 1
            one |= {"execution_count": count, "outputs": run(cell.text, f"{name}, cell {place}", names)}
            one["metadata"] = {"tags": ["question"]} if UNANSWERED in cell.text else {}
        made.append(one | {"source": cell.text.splitlines(keepends=True)})
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    metadata = kernel | {"language_info": {"name": "python"}, "made_with": made_with()}
    return (
        json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1)
        + "\n"
    )


def run_cell(text: str, where: str, names: dict) -> list[dict[str, Any]]:
    """Run one cell as a notebook does, and what it shows: what it prints, then the value of its last line."""
    tree, printed, value = ast.parse(text), io.StringIO(), None
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, where, "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), where, "eval"), names)
    made: list[dict[str, Any]] = []
    if printed.getvalue():
        made.append({"output_type": "stream", "name": "stdout", "text": printed.getvalue().splitlines(keepends=True)})
    if value is not None:
        found = value._repr_mimebundle_() if hasattr(value, "_repr_mimebundle_") else {"text/plain": repr(value)}
        shown = {"text/plain": repr(value)} | (found[0] if isinstance(found, tuple) else found)  # a widget has metadata too
        data = {
            kind: base64.b64encode(one).decode() if isinstance(one, bytes) else one
            for kind, one in shown.items()
            if kind in KEPT
        }
        data["text/plain"] = ADDRESS.sub("", data["text/plain"])
        made.append({"output_type": "execute_result", "execution_count": None, "data": data, "metadata": {}})
    return made


def made_with() -> dict[str, str]:
    """Which shipped weights the outputs come from: file → the first digits of its sha256, as the JSON beside it has it."""
    told = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(WEIGHTS.glob("*.json"))]
    return {one["file"]: one["sha256"][:12] for one in told if "sha256" in one}


def stale(name: str, file: Path, cells: Sequence[Cell]) -> str:
    """Why a notebook on disk is not what its script makes now; nothing where it is."""
    if not file.is_file():
        return f"{name}.ipynb is not there"
    held = json.loads(file.read_text(encoding="utf-8"))
    if [Cell(one["cell_type"], "".join(one["source"])) for one in held["cells"]] != list(cells):
        return f"{name}.ipynb has other cells than {name}.py makes"
    if any(one["execution_count"] is None for one in held["cells"] if one["cell_type"] == "code"):
        return f"{name}.ipynb was saved without having been run"
    if held["metadata"].get("made_with") != made_with():
        return f"{name}.ipynb shows what other weights gave"
    return ""


# ---- the command ------------------------------------------------------------------------------------------------------


def main(words: Sequence[str] | None = None) -> int:
    """0 when the notebooks are current, afterwards or already."""
    known = scripts()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; all, if not said")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a notebook is not current")
    args = parser.parse_args(words)
    if unknown := [name for name in args.names if name not in known]:
        parser.error(f"there is no notebook {unknown[0]!r}; there are {', '.join(known)}")
    wrong = [f"{file.name} has no script" for file in sorted(HERE.glob("*.ipynb")) if file.stem not in known]
    for name in args.names or known:
        cells, file = cells_of(known[name].read_text(encoding="utf-8")), HERE / f"{name}.ipynb"
        if args.check:
            wrong += filter(None, [stale(name, file, cells)])
            continue
        began = time.perf_counter()
        file.write_text(notebook(name, cells, run_cell), encoding="utf-8")
        print(f"{file.name}: {len(cells)} cells, {time.perf_counter() - began:.0f} s, {file.stat().st_size / 1e6:.2f} MB")
    for one in wrong:
        print(f"{one}: python -m demos.build", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
