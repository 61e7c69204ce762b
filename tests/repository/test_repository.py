"""Facts about the repository: imports point inward, nothing is large or tied to one machine."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import core
from core import METHODS

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1_000_000

# From the inside out. A module imports from rows above its own and from its own package; a new module needs a row. A method's
# parts (see `core.methods`) lie outside what asks for them by a shared name: they are handed over, not imported.
ROWS = (
    ("core.errors", "core.cache", "core.keys", "core.kinds", "core.memory", "core.progress", "core.metrics"),
    ("core.video.clip", "core.cli", "core.fold", "core.knobs", "core.equation", "core.pace"),
    ("core.graph",),
    ("core.given", "core.video", "core.device"),
    ("core.networks", "core.world"),
    ("core.method", "core.ranking"),
    ("core.methods.*",),
    ("core.methods",),
    ("core.registry", "core.shelf", "core.pipeline"),
    ("core.engine", "core"),
    ("core.data", "core.sweep", "core.frames"),
    ("core.training", "core.publish", "core.browser"),
    ("core.explain", "core.evaluate"),
    ("core.workbench",),
    ("core.methods.*.PART",),
    ("core.report",),
    ("app",),
    ("demos",),
)
OUTSIDE_APP = {"torch", "torchvision", "timm", "cv2", "captum", "open_clip"}
OUTSIDE_CORE = {"gradio", "plotly", "app"}


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for folder in ("core", "app", "demos") for path in sorted((ROOT / folder).rglob("*.py"))}
CORE = [name for name in MODULES if name.split(".")[0] == "core"]


@cache
def imported(name):
    """Modules that a module imports anywhere in its text: "core.graph" for `from core import graph` too."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively: write the whole name."
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {one if one in MODULES else str(node.module) for one in inner}
    return found


def folder(name):
    """The method that a module belongs to, as its folder; None for any other module."""
    words = name.split(".")
    return ".".join(words[:3]) if words[:2] == ["core", "methods"] and len(words) > 2 else None


@cache
def inside(method):
    """The modules that METHOD is made of: what its file imports from its own folder, and what these import there."""
    found, ahead = set(), [method]
    while ahead:
        found.add(name := ahead.pop())
        ahead += [one for one in imported(name) if folder(one) == method and one not in found]
    return found


def role(name):
    """A module as ROWS name it: of a method, whether METHOD is made of it or it is one of the parts around the method."""
    method = folder(name)
    return name if method is None else "core.methods.*" if name in inside(method) else "core.methods.*.PART"


def row(name):
    """The row of the longest prefix of a module's role; None for what is not ours."""
    name = role(name)
    for prefix in (name.rsplit(".", cut)[0] for cut in range(name.count(".") + 1)):
        for number, names in enumerate(ROWS):
            if prefix in names and (prefix != "core" or name == "core"):
                return number
    assert name.split(".")[0] != "core", f"{name} is new: give it a row in ROWS."
    return None


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_inward(name):
    def package(one):
        return role(one).split(".")[: 2 if one.startswith("core.") else 1] if folder(one) is None else role(one)

    for other in imported(name):
        if row(other) is not None and package(name) != package(other) and name != "core":
            assert row(other) < row(name), f"{name} imports {other}, which lies further out."  # pyright: ignore


def test_no_imports_run_in_a_circle():
    """Those within functions count: one that is hidden there is a circle too."""
    ahead = {name: {one for one in imported(name) if one in MODULES and one != name} for name in MODULES if name != "core"}
    while free := [name for name, others in ahead.items() if not others & ahead.keys()]:
        for name in free:
            del ahead[name]
    assert not ahead, f"These import each other, or what does: {', '.join(sorted(ahead))}."


def test_a_method_never_imports_another_method():
    for name in filter(folder, CORE):
        others = {one for one in imported(name) if folder(one) not in (None, folder(name))}
        assert others <= {"core.methods.shared"}, f"{name} imports {others}."


def names_in(text):
    """Places where a text names a method: in quotes, in an identifier, or as papers write it, not the word "stop"
    nor torch's `uniform_`."""
    shapes = []
    for name in sorted(METHODS, key=len, reverse=True):
        shapes += [rf"(?<=[\"'`]){name}(?=[\"'`])", rf"\b{name}_(?=\w)", rf"_{name}\b", rf"-{name}\b", rf"methods[./]{name}\b"]
        shapes += [rf"\b{name.upper()}", rf"\b{name.title().replace('_', '')}(?=[A-Z])"]
    return re.findall("|".join(shapes), text)


def test_no_methods_name_stands_outside_its_own_folder():
    """Neither in Python nor in JavaScript nor in CSS; STOP is a part of the name of its released code. Demos and tests name
    methods as README does: as examples."""
    found = {}
    for file in (file for top in ("core", "app", "space", "assets/viewer") for file in sorted((ROOT / top).rglob("*.*"))):
        name = file.relative_to(ROOT).as_posix()
        if file.suffix not in (".py", ".js", ".css") or "__pycache__" in name:
            continue
        others = names_in(file.read_text(encoding="utf-8"))
        if own := re.match(r"core/methods/(\w+)/", name):
            known = (own[1], own[1].partition("_")[0])
            others = [word for word in others if word.strip("-_").lower().removeprefix("methods.") not in known]
        if others:
            found[name] = others
    assert not found, f"Methods are named outside their folders: {found}."


def test_the_page_and_the_engine_keep_their_libraries_apart():
    for name in MODULES:
        tops = {one.split(".")[0] for one in imported(name)}
        forbidden = {"app": OUTSIDE_APP, "core": OUTSIDE_CORE}.get(name.split(".")[0], set())
        assert not tops & forbidden, f"{name} imports {tops & forbidden}."


def test_one_module_launches_and_one_reads_video():
    for name, path in MODULES.items():
        called = {
            node.func.attr
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert "launch" not in called or name == "app.main", f"{name} launches: only app.main may."
        assert "VideoCapture" not in called, f"{name} reads video by OpenCV, which shows pictures that it never decoded."
        assert "demux" not in called or name == "core.video.stream", f"{name} reads video."


@pytest.mark.parametrize("name", CORE)
def test_everything_public_says_what_it_is(name):
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    if not tree.body or name.endswith("__main__"):
        return  # an empty __init__; a command, whose module says what it is
    assert ast.get_docstring(tree), f"{name} does not say what it is."
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and node.name not in ("main", "arguments")  # a command, described by its module
        and not ast.get_docstring(node)
    ]
    assert not silent, f"{name}: no docstring on {', '.join(silent)}."


def test_an_option_that_takes_several_values_counts_each_time_it_is_said():
    """argparse, left alone, forgets all but the last: `--where label:eq:a --where pred:eq:b` was one filter."""
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_argument":
                given = {one.arg: ast.literal_eval(one.value) for one in node.keywords if one.arg in ("nargs", "action")}
                option = isinstance(node.args[0], ast.Constant) and str(node.args[0].value).startswith("-")
                assert not option or given.get("nargs") not in ("*", "+") or given.get("action") in ("append", "extend"), (
                    f"{name}, line {node.lineno}"
                )


def test_what_core_lists_is_what_is_visible():
    assert all(hasattr(core, name) for name in core.__all__)  # some are found when asked for
    visible = {name for name, one in vars(core).items() if name[0] != "_" and not isinstance(one, ModuleType)}
    assert visible <= set(core.__all__)


def test_assets_are_small():
    sizes = {path: path.stat().st_size for path in (ROOT / "assets").rglob("*") if path.is_file() and is_kept(path)}
    assert all(size <= 15 * MEGABYTE for size in sizes.values())
    assert sum(size for path, size in sizes.items() if "weights" in path.parts) <= 60 * MEGABYTE


def is_kept(path):
    """Not a checkpoint of a training that is under way."""
    return path.suffix not in (".partial", ".writing")


def test_no_file_is_tied_to_one_machine():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    path_of_a_machine = re.compile(rb"(?<![\w.])/(?:tmp|work|root|home|Users)/\w")
    for name in filter(None, listed.stdout.decode().split("\0")):
        file = ROOT / name
        content = file.read_bytes() if file.is_file() else b""
        if b"\0" not in content:  # text
            assert not (found := path_of_a_machine.search(content)), f"{name} names {found[0].decode()}…"
