"""Where a data set's videos are on disk: what is found in its folders, and which file a list means."""

import os
import re
import unicodedata
from pathlib import Path

from core.data.notes import Wrong
from core.video.read import ENDINGS

JUNK = ("__MACOSX", "__pycache__", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "Thumbs.db", "desktop.ini")
BESIDE = (".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".srt", ".vtt")  # stand beside videos, and are none


def hidden(name: str) -> bool:
    """What systems and programs leave in folders, and nobody means: “._1.mp4”, “.ipynb_checkpoints”, “__MACOSX”."""
    return name.startswith(".") or name in JUNK


def shown_in(folder: Path) -> list[Path]:
    """What lies in a folder and is not hidden, sorted; nothing where it may not be opened."""
    try:
        return sorted(one for one in folder.iterdir() if not hidden(one.name))
    except PermissionError:
        return []


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, sorted."""
    return [one for one in shown_in(folder) if os.path.isdir(one)]


def is_video(path: Path) -> bool:
    """Whether a path is a file with the ending of one."""
    return path.suffix.lower() in ENDINGS and os.path.isfile(path)


def holds_videos(folder: Path) -> bool:
    """Whether videos lie in a folder itself."""
    return any(map(is_video, shown_in(folder)))


def videos_below(folder: Path, wrong: Wrong) -> list[Path]:
    """The videos of a folder to any depth, sorted. What cannot be opened and what is no video by its ending is noted."""
    found, been = [], {os.path.realpath(above) for above in folder.parents}

    def closed(error: OSError) -> None:
        wrong.note("Folders that cannot be opened", f"{error.filename}: {error.strerror}")

    for where, folders, names in os.walk(folder, onerror=closed, followlinks=True):
        real = os.path.realpath(where)
        folders[:] = [] if real in been else sorted(name for name in folders if not hidden(name))
        if real in been:  # a link that leads back
            continue
        been.add(real)
        for path in (Path(where, name) for name in names if not hidden(name)):
            if path.suffix.lower() in BESIDE:
                continue
            if path.suffix.lower() not in ENDINGS:
                wrong.note("Files left out, as no video that can be read has such an ending", path.relative_to(folder.parent))
            elif os.path.isfile(path):
                found.append(path)
            else:
                wrong.note("Files that cannot be opened, as a link to nothing", path.relative_to(folder.parent))
    return sorted(found)


def alike(name: str) -> str:
    """Equal for names that differ in upper and lower case or in their Unicode form only."""
    return unicodedata.normalize("NFC", name).casefold()


class Shelf:
    """The files that a list names, below one folder: with or without an ending, in any case, with either slash."""

    def __init__(self, root: Path, wrong: Wrong):
        self.root, self.wrong = root, wrong
        self.known: dict[str, Path | None] = {}
        self.listed: dict[Path, dict[str, str]] = {}

    def file(self, name: str) -> Path | None:
        """The file of this name; one that is not there is noted, once."""
        if name not in self.known:
            self.known[name] = self.looked_for(name)
        return self.known[name]

    def looked_for(self, name: str) -> Path | None:
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", name):
            self.wrong.note("Addresses where paths belong: the files have to be on this machine", name)
            return None
        try:
            for way in dict.fromkeys((name, os.path.normpath(name.replace("\\", "/")))):
                if path := self.exactly(way) or self.nearly(way):
                    return path
            kind = "Files are folders" if (self.root / name).is_dir() else "Files are missing"
        except (OSError, ValueError) as impossible:
            kind = f"Files that cannot be looked for ({getattr(impossible, 'strerror', None) or impossible})"
        self.wrong.note(kind, name)
        return None

    def exactly(self, name: str) -> Path | None:
        """The file as it is written, or with an ending behind it."""
        path = self.root / name
        ended = (path.with_name(path.name + ending) for ending in ENDINGS) if path.name else ()
        return next((one for one in (path, *ended) if one.is_file()), None)

    def nearly(self, name: str) -> Path | None:
        """The file in another case or Unicode form: UCF101's lists and its videos spell HandstandPushups in two ways."""
        *folders, last = (self.root / name).parts if Path(name).is_absolute() else Path(name).parts or ("",)
        where = Path(folders.pop(0)) if Path(name).is_absolute() else self.root
        for part in folders:
            here = where / part
            where = here if here.is_dir() else where / self.names(where).get(alike(part), part)
        found = (self.names(where).get(alike(last + ending)) for ending in ("", *ENDINGS))
        return next((where / one for one in found if one and (where / one).is_file()), None)

    def names(self, folder: Path) -> dict[str, str]:
        """What lies in a folder, by what is alike in its names; of equals, the first."""
        if folder not in self.listed:
            every = sorted(os.listdir(folder), reverse=True) if folder.is_dir() else ()
            self.listed[folder] = {alike(one): one for one in every}
        return self.listed[folder]
