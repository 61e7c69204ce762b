"""Files that visitors leave on the server, and those that are made for them: the newest stay, the others make room.

Gradio deletes what is a day old; until then, a crowd could fill the disk."""

from collections.abc import Iterable
from pathlib import Path

FILES, BYTES = 200, 20_000_000_000  # at most, together


def make_room(paths: Iterable[str], files: int = FILES, size: int = BYTES) -> None:
    """Delete the oldest until no more than so many files, of so many bytes, are left; the newest always is. Whoever's clip that
    was is told that it is no longer held."""
    there = []
    for path in map(Path, paths):
        try:
            status = path.stat()
        except OSError:  # deleted already
            continue
        there.append((status.st_ctime_ns, status.st_size, path))
    held = 0
    for place, (_, large, path) in enumerate(sorted(there, reverse=True)):
        held += large
        if place and (place >= files or held > size):
            path.unlink(missing_ok=True)
