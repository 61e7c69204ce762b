"""python -m space [FOLDER]: all that a Hugging Face Space needs, in one folder to upload: the page, what it draws and computes
with, and from here its README with the front matter, its exact versions and the file it starts.

python -m space --static [FOLDER]: a Space that needs no machine, of the page that runs in the browser (`app.site`)."""

import argparse
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PARTS = (
    "app",
    "core",
    "assets/clips",
    "assets/runs",
    "assets/sprites",
    "assets/videos",
    "assets/viewer",
    "assets/weights",
    "LICENSE",
)
OWN = ("README.md", "requirements.txt", "start.py")
# compared: weights that only `core.evaluate` reads
LEFT_OUT = ("__pycache__", "*.pyc", "compared", "*.partial", "*.writing", "marks.sqlite*")


def main(words=None):
    parser = argparse.ArgumentParser(prog="python -m space", description="Put together what a Hugging Face Space needs.")
    parser.add_argument("folder", nargs="?", type=Path, help="build/space, or build/static, if not given")
    parser.add_argument("--static", action="store_true", help="of static files, which run in the browser")
    given = parser.parse_args(words)
    folder = given.folder or ROOT / "build" / ("static" if given.static else "space")
    if folder.exists() and any(folder.iterdir()) and not (folder / ("offline.js" if given.static else "start.py")).exists():
        parser.error(f"{folder} holds something else: name a folder that is empty, or that a Space was put together in.")
    (assemble_static if given.static else assemble)(folder)
    size = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
    print(f"{folder} holds a Space of {size / 1e6:.0f} MB. To upload it: hf upload NAME {folder} . --repo-type space")


def assemble(folder):
    """Write it all anew, and leave what else is there: the folder may be a clone of the Space."""
    for top in {Path(part).parts[0] for part in PARTS} - {"LICENSE"}:
        shutil.rmtree(folder / top, ignore_errors=True)
    for part in PARTS:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(*LEFT_OUT))
        else:
            shutil.copyfile(source, target)
    for name in OWN:
        shutil.copyfile(HERE / name, folder / name)


def assemble_static(folder):
    """The page that needs no server, and what a Space reads of it."""
    from app.site.build import build
    from core.cli import sentences

    with sentences():
        build(folder, ROOT / "assets" / "clips")
    shutil.copyfile(HERE / "static.md", folder / "README.md")


if __name__ == "__main__":
    main()
