"""Facts about the Hugging Face Space: its front matter is what a Space reads, its versions fit the project's, and what is put
together starts by the file that is named and shows a picture. And that README's own command does."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from space.__main__ import LEFT_OUT, OWN, PARTS
from space.__main__ import main as put_together
from tests.pages import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "space"
COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")  # all that a Space knows
# key → what a Space takes for it (huggingface.co/docs/hub/spaces-config-reference)
KEYS = {
    "title": str, "emoji": str, "colorFrom": str, "colorTo": str, "sdk": str, "sdk_version": str, "python_version": str,
    "app_file": str, "fullWidth": bool, "header": str, "short_description": str, "license": str, "tags": list,
}  # fmt: skip
NOT_THERE = ("pytest",)  # what the project asks for, and a Space has no use for
STARTS = 300  # seconds; a busy machine reads torch slowly


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A Space as it is uploaded."""
    made = tmp_path_factory.mktemp("space") / "here"
    put_together([str(made)])
    return made


@pytest.fixture(scope="module")
def matter():
    """The front matter as a Space reads it."""
    found = re.match(r"---\n(.*?)\n---\n", (HERE / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found, "a Space reads what stands between two lines of dashes at the very beginning"
    return yaml.safe_load(found[1])


def listed(file):
    """name → what a list of requirements asks of it."""
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return {one.name: one.specifier for one in map(Requirement, filter(None, lines))}


def pins():
    """name → the one version that the Space takes."""
    made = {}
    for name, specifier in listed(HERE / "requirements.txt").items():
        (only,) = specifier
        assert only.operator == "==" and "*" not in only.version, f"{name}{specifier} is not one version"
        made[name] = only.version
    return made


def test_the_front_matter_is_what_a_space_reads(matter, folder):
    assert matter.keys() == KEYS.keys() and all(isinstance(matter[key], kind) for key, kind in KEYS.items())
    assert matter["sdk"] == "gradio" and matter["header"] in ("mini", "default") and matter["license"] == "apache-2.0"
    assert {matter["colorFrom"], matter["colorTo"]} <= set(COLOURS) and not matter["emoji"].isascii()
    assert len(matter["short_description"]) <= 60
    assert (folder / matter["app_file"]).is_file() and matter["app_file"] in (folder / "README.md").read_text()


def test_the_space_s_versions_are_exact_and_within_the_project_s(matter):
    wanted, taken = listed(ROOT / "requirements.txt"), pins()
    assert taken.keys() == wanted.keys() - set(NOT_THERE)
    for name, version in taken.items():
        assert wanted[name].contains(version), f"{name} {version} is not {wanted[name]}"
    assert matter["sdk_version"] == taken["gradio"]
    pythons = re.search(r'requires-python = "(.*)"', (ROOT / "pyproject.toml").read_text())
    assert pythons and Requirement(f"python{pythons[1]}").specifier.contains(Version(matter["python_version"]))


def test_a_space_holds_what_the_page_needs_and_nothing_else(folder, tmp_path):
    assert {path.name for path in folder.iterdir()} == {Path(part).parts[0] for part in PARTS} | set(OWN)
    assert not [path for pattern in LEFT_OUT for path in folder.rglob(pattern)]
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 52_000_000
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(SystemExit):
        put_together([str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_putting_a_space_together_again_replaces_what_it_wrote_and_nothing_else(folder):
    (folder / "app" / "gone.py").write_text("")
    (folder / ".git").mkdir()
    put_together([str(folder)])
    assert not (folder / "app" / "gone.py").exists() and (folder / ".git").is_dir()
    (folder / ".git").rmdir()


@contextmanager
def started(words, where, **environment):
    """A command in a process of its own, until the block ends; its address when it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GRADIO", "COV"))}
    given = {name: value.format(port=port) for name, value in environment.items()}
    process = subprocess.Popen(
        [sys.executable, *(word.format(port=port) for word in words)], cwd=where, text=True,
        env=kept | given | {"PYTHONDONTWRITEBYTECODE": "1"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        address, end = f"http://127.0.0.1:{port}/", time.monotonic() + STARTS
        while True:
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < end, "it does not answer"
            try:
                urlopen(address, timeout=30).close()
                break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        process.kill()
        process.communicate()


def says_what_it_is(address):
    """Over HTTP: the first trace travels with the page."""
    with urlopen(f"{address}config", timeout=60) as answer:
        config = json.load(answer)
    values = [one["props"].get("value") for one in config["components"] if one["type"] == "html"]
    assert any(isinstance(value, str) and "region" in value for value in values)


def shows_a_picture(address, browser):
    """In a browser the page has painted a frame, not one colour."""
    page = browser.new_page()
    page.set_default_timeout(4 * PATIENCE)
    page.goto(address)
    page.wait_for_selector(".vw[data-shown]")
    colours = page.evaluate("""() => { const c = document.querySelector('.vw-canvas');
        const all = new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer);
        return new Set(all).size; }""")
    page.close()
    assert colours > 100


def test_the_file_that_a_space_starts_shows_a_picture_where_the_space_looks(matter, folder, browser, tmp_path):
    """As a Space runs it: the file by its name, the address by the environment, and nothing is written where it lies."""
    before = sorted(folder.rglob("*"))
    home = {"HOME": str(tmp_path / "home"), "MPLCONFIGDIR": str(tmp_path / "mpl")}
    with started(
        [matter["app_file"]], folder, SYSTEM="spaces", SPACE_ID="somebody/here", GRADIO_SERVER_NAME="0.0.0.0",
        GRADIO_SERVER_PORT="{port}", GRADIO_NUM_PORTS="1", **home,
    ) as address:  # fmt: skip
        says_what_it_is(address)
        shows_a_picture(address, browser)
    assert sorted(folder.rglob("*")) == before


def test_readme_s_command_starts_the_page():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = next(line for line in readme.splitlines() if re.fullmatch(r"\.venv/bin/python -m app", line))
    with started([*command.split()[1:], "--port", "{port}"], ROOT) as address:
        says_what_it_is(address)
