"""A session as one ZIP: a view, the clip that it is of, and what was kept. It opens wherever the page runs.

    session.json    {what, version, view, models}; see `core.publish.view` and the models that an engine was given
    kept.json       kept cells, see `core.publish.cells`
    clip/NAME       the file of a clip that is no example, as it was brought

A ZIP may come from anybody: it holds these and nothing else, each within its limit, and no path but these is ever written. The
clip is stored as it is: what is small cannot become large.
"""

import json
import shutil
import zipfile
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import ReaderError
from core.publish.cells import JSON_BYTES
from core.publish.link import parsed
from core.publish.view import View, clip_name, to_plain

CLIP_BYTES = 500_000_000  # of the clip in a session
TEXT_BYTES = 1_000_000  # of the view
SESSION, KEPT, CLIP = "session.json", "kept.json", "clip/"
LIMIT = f"A session holds a clip of up to {CLIP_BYTES // 10**6} MB."
PART = 1 << 20  # bytes that are copied at once


class Session(NamedTuple):
    """What a ZIP held. view, kept: as JSON texts; kept is "" where nothing was. clip: the file, where one was with it."""

    view: str
    models: dict[str, str]
    kept: str
    clip: Path | None


def is_session(path: Path) -> bool:
    """Whether a file is a ZIP, which no video is."""
    with Path(path).open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def write(out: Path, view: View, clip: Path | None = None, kept: str = "", models: Mapping[str, str] | None = None) -> None:
    """clip: the file of the view's clip, where that is no example."""
    if clip is not None and (size := clip.stat().st_size) > CLIP_BYTES:
        raise ReaderError(f"{LIMIT} This one has {size / 1e6:.0f} MB: keep the file itself, and the link of the view.")
    about = {"what": "session", "version": 1, "view": to_plain(view), "models": dict(models or {})}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(SESSION, json.dumps(about, ensure_ascii=False, indent=1))
        if kept:
            made.writestr(KEPT, kept)
        if clip is not None:
            made.write(clip, CLIP + view.shown.clip, zipfile.ZIP_STORED)


def read(path: Path, folder: Path) -> Session:
    """folder: where the clip is laid down, under its own name. What is no session is a ReaderError, and lays down nothing."""
    with refused(), zipfile.ZipFile(path) as held:
        parts = {one.filename: one for one in held.infolist()}
        clips = [name for name in parts if name.startswith(CLIP)]
        if len(parts) != len(held.infolist()) or SESSION not in parts or {*parts} - {SESSION, KEPT, *clips[:1]}:
            raise ReaderError("This ZIP is no session that was saved here: it holds other files, or has no view.")
        name = clips[0].removeprefix(CLIP) if clips else ""
        if clips and (name != clip_name(name) or parts[clips[0]].compress_type != zipfile.ZIP_STORED):
            raise ReaderError("This ZIP is no session that was saved here: its clip is not a plain file in it.")
        about = parsed(text_of(held, parts[SESSION], TEXT_BYTES))
        if not isinstance(about, dict) or about.get("what") != "session":
            raise ReaderError("This ZIP is no session that was saved here: it does not say that it is one.")
        models = about.get("models") if isinstance(about.get("models"), dict) else {}
        kept = text_of(held, parts[KEPT], JSON_BYTES) if KEPT in parts else ""
        clip = laid_down(held, parts[clips[0]], folder / name) if clips else None
        return Session(json.dumps(about.get("view")), {str(k): str(v) for k, v in models.items()}, kept, clip)


@contextmanager
def refused() -> Any:
    """Inside, what zipfile finds wrong is a sentence."""
    try:
        yield
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError, ValueError) as wrong:
        raise ReaderError(f"This ZIP cannot be read: {str(wrong)[:80] or type(wrong).__name__}.") from wrong


def text_of(held: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> str:
    """A text in it. What it says of its own size is not believed."""
    with held.open(part) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ReaderError(f"{part.filename} in this ZIP has more than {most / 1e6:g} MB.")
    return data.decode()


def laid_down(held: zipfile.ZipFile, part: zipfile.ZipInfo, place: Path) -> Path:
    """The clip as a file; half of one is taken away again."""
    if part.file_size > CLIP_BYTES:
        raise ReaderError(f"{LIMIT} The one in this ZIP has {part.file_size / 1e6:.0f} MB.")
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with held.open(part) as file, place.open("wb") as out:
            shutil.copyfileobj(file, out, PART)
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    return place
