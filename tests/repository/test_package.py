"""`pip install .`, and from another folder, with nothing of the checkout beside it: the engine, the page and the viewer."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import json, runpy, sys, core
from app.page import build
from app.export.standalone import interactive_html
from core import Engine, read_clip
from core.world.examples import HERE
clip = read_clip(HERE / "1-moves.mp4", frames=4)
trace = Engine("cpu", precision="float32").run("stop", clip, texts=["a red ring moves left"])
similarity = trace["similarity_Y"].tolist()
print(json.dumps({"core": core.__file__, "similarity": similarity, "weights": list(trace.weights.values())}))
sys.argv[1:] = ["--help"]
runpy.run_module("app", run_name="__main__", alter_sys=True)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from what git would hand out: no build folder of an earlier one, which would leak into it."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    build = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(out)], cwd=source, capture_output=True, check=True)
    return next(out.glob("*.whl"))


def test_the_wheel_holds_what_the_page_needs_and_no_table_of_ours(wheel):
    names = ZipFile(wheel).namelist()
    for needed in ("assets/weights/clip.safetensors", "assets/clips/1-moves.mp4", "assets/runs/world/run.json"):
        assert needed in names, needed
    assert any(name.startswith("assets/viewer/") and name.endswith(".js") for name in names)
    left_out = ("tests/", "demos/", "space/", "assets/readme/", "assets/weights/compared/")
    assert not [name for name in names if name.startswith(left_out)]
    folders = (ROOT / "assets" / name for name in ("viewer", "runs/world/rows", "runs/world/grids", "runs/world/strips"))
    held = {str(path.relative_to(ROOT)) for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert held <= set(names)


def test_it_runs_from_another_folder_in_an_environment_of_its_own(wheel, tmp_path):
    home, elsewhere = tmp_path / "environment", tmp_path / "elsewhere"
    elsewhere.mkdir()
    venv.create(home, with_pip=False, symlinks=True)
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)}))
    ZipFile(wheel).extractall(site)
    # torch and the rest are gigabytes: they are read from the environment that runs the tests, behind what was installed
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ran = subprocess.run([python, "-c", RUN], cwd=elsewhere, env=plain, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    said, _, usage = ran.stdout.partition("\n")
    said = json.loads(said)
    assert Path(said["core"]).is_relative_to(site)
    assert -1 <= said["similarity"][0] <= 1 and not any("UNTRAINED" in label for label in said["weights"])
    assert "Open the page" in usage
