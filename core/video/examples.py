"""The examples: clips, and recipes of long videos. They travel with the package, so that a call of one runs wherever it is
installed."""

from pathlib import Path

from core.errors import BadClip

ASSETS = Path(__file__).resolve().parents[2] / "assets"
FOLDERS = {"clips": "mp4", "videos": "json", "sprites": "mp4"}  # in `assets`, and how what is in them ends


def examples() -> dict[str, Path]:
    """Name → file."""
    return {file.stem: file for folder, end in FOLDERS.items() for file in sorted((ASSETS / folder).glob(f"*.{end}"))}


def example(name: str) -> Path:
    """The file of an example, as "1-moves"."""
    known = examples()
    if name not in known:
        raise BadClip(f"There is no example {str(name)[:40]!r}. The examples are {', '.join(known)}.")
    return known[name]
