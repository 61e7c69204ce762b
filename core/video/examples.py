"""The example clips: they travel with the package, so that a call of one runs wherever it is installed."""

from pathlib import Path

from core.errors import BadClip

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "clips"


def example(name: str) -> Path:
    """The file of an example, as "1-moves"."""
    known = {file.stem: file for file in sorted(FOLDER.glob("*.mp4"))}
    if name not in known:
        raise BadClip(f"There is no example {str(name)[:40]!r}. The examples are {', '.join(known)}.")
    return known[name]
