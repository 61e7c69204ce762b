"""Facts about the repository: imports point inward, README is current, nothing is large or tied to one machine."""

import ast
import importlib
import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

import core
from core import report

ROOT = Path(__file__).resolve().parents[1]
MEGABYTE = 1_000_000

# From the inside out. A module imports from rows above its own and from its own package; a new module needs a row.
ROWS = (
    ("core.errors", "core.watch"),
    ("core.keys",),
    ("core.fold",),
    ("core.clip", "core.command", "core.knobs", "core.kinds", "core.graph", "core.written"),
    ("core.given",),
    ("core.networks", "core.world", "core.video", "core.metrics", "core.counterfactuals", "core.device"),
    ("core.stream",),
    ("core.decoding",),  # a process of its own, which core.video starts and nobody imports
    ("core.methods",),
    ("core.shelf",),
    ("core.engine", "core"),
    ("core.publish",),
    ("core.sweep",),
    ("core.training",),
    ("core.explain",),
    ("core.evaluate",),
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


def row(name):
    """The row of the longest prefix of `name`; None for what is not ours."""
    for prefix in (name.rsplit(".", cut)[0] for cut in range(name.count(".") + 1)):
        for number, names in enumerate(ROWS):
            if prefix in names and (prefix != "core" or name == "core"):
                return number
    assert name.split(".")[0] != "core", f"{name} is new: give it a row in ROWS."
    return None


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_inward(name):
    def package(one):
        return one.split(".")[: 2 if one.startswith("core.") else 1]

    for other in imported(name):
        if row(other) is not None and package(name) != package(other) and name != "core":
            assert row(other) < row(name), f"{name} imports {other}, which lies further out."  # pyright: ignore


def test_a_method_never_imports_another_method():
    for name in CORE:
        if name.startswith("core.methods."):
            own = ".".join(name.split(".")[:3])  # a method may be a folder
            others = {one for one in imported(name) if one.startswith("core.methods.") and not f"{one}.".startswith(f"{own}.")}
            assert others <= {"core.methods.shared"}, f"{name} imports {others}."


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
        assert "demux" not in called or name == "core.stream", f"{name} reads video."


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


def test_what_core_lists_is_what_is_visible():
    assert all(hasattr(core, name) for name in core.__all__)  # some are found when asked for
    visible = {name for name, one in vars(core).items() if name[0] != "_" and not isinstance(one, ModuleType)}
    assert visible <= set(core.__all__)


def test_readme_tables_are_current():
    assert report.main(["--check"]) == 0


def test_readme_commands_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", readme, re.DOTALL))
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    wanted = re.findall(r"\bmake ([a-z]+)", shown)
    assert {"run", "test"} <= set(wanted) <= set(targets)
    for module in re.findall(r"python -m (\S+)", shown):
        module = module.strip("`")
        assert importlib.util.find_spec(module) is not None, f"README runs {module}, which does not exist."


def test_readme_python_can_be_compiled_and_imported():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for code in re.findall(r"```python\n(.*?)```", readme, re.DOTALL):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(str(node.module))
                assert all(hasattr(module, alias.name) for alias in node.names)


def test_readme_links_lead_somewhere():
    for document in ROOT.glob("*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            assert "://" in target or (ROOT / target).exists(), f"{document.name} links to {target}."


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
