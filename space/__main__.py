"""python -m space [FOLDER]: all that a Hugging Face Space needs, in one folder to upload: the page, what it draws and computes
with, and from here its README with the front matter, its exact versions and the file it starts."""

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
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "space", help="build/space if not given")
    folder = parser.parse_args(words).folder
    if folder.exists() and any(folder.iterdir()) and not (folder / "start.py").exists():
        parser.error(f"{folder} holds something else: name a folder that is empty, or that a Space was put together in.")
    assemble(folder)
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


if __name__ == "__main__":
    main()
