"""The clips of a run as a list: what training reads, a flat folder without labels, Something-Something v2, or drawn clips.

    list_clips(Path("videos"))          world_clips(120)          →  clips, classes, what their texts are, and what is wrong

A clip is known by its path below the folder, or by its seed: the list of an unchanged folder is the same again.
"""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data.dataset import checked_template, read_videos, readable
from core.data.layouts import Item
from core.data.notes import Wrong, several, shown
from core.data.places import Shelf, alike, folders_in, holds_videos, is_video, shown_in, videos_below
from core.data.tables import TABLES, text_of
from core.errors import BadData
from core.video.read import legible
from core.world import ACTIONS, MIXES, caption, sample_scene

TEMPLATE = "a video of {}"
PARTS = ("train", "val", "test")
TEXTS = 5000  # that a clip is held against, at most
MANY = 1000  # classes of which there is a word
HELD_OUT = "Classes with one training clip"  # how a note of `core.data.dataset` begins
TEMPLATES = re.compile(r"(?:.*-)?(train|validation|test)\.json")  # Something-Something v2's lists
PARTS_OF = {"train": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class Entry:
    """One clip. own: which of the texts are true of it; also: what else is, and counts neither way. file: its path in the
    system's own bytes, b"" of a drawn one. changed: when it was, in ns."""

    clip_id: str
    path: str
    label: str = ""
    own: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    group: str = ""
    source: str = "file"
    split: str = ""
    file: bytes = b""
    bytes: int = 0
    changed: int = 0


@dataclass(frozen=True)
class Listing:
    """name: of the data. classes: what a clip can be; texts: what each is called before a text tower. notes: what is wrong."""

    name: str
    entries: tuple[Entry, ...]
    classes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def world_clips(clips: int, split: str = "test", seed: int = 0, case: str = "standard") -> Listing:
    """Clips of the world: `clips` of these seeds. case: one of `core.world.MIXES`."""
    if clips < 1:
        raise BadData(f"--world is a number of clips from 1, got {clips}.")
    if case not in MIXES:
        raise BadData(f"--case is one of {', '.join(MIXES)}, got {case!r}.")
    first = seed * 100_000  # as `core.evaluate` counts them
    entries = []
    for number in range(first, first + clips):
        scene, name = sample_scene(number, split, mix=MIXES[case]), f"world:{split}:{number}:{case}"
        also = tuple(thing.motion.action for thing in scene.acting[1:])
        entries.append(Entry(name, name, scene.action, (scene.action,), also, name, "world", split))
    return Listing("world", tuple(entries), ACTIONS, tuple(caption(None, None, action) for action in ACTIONS))


def list_clips(
    data: Path, *, split: int = 1, task: str = "", root: Path | None = None, on: str = "", template: str = TEMPLATE
) -> Listing:  # fmt: skip
    """What lies at `data`. split: which of UCF101's or HMDB51's three. on: one of train, val, test; "" all of them."""
    data = Path(os.path.abspath(Path(data).expanduser()))
    if not data.exists():
        raise BadData(f"There is no folder and no table {str(data)!r}.")
    if root is not None and not Path(root).is_dir():
        raise BadData(f"There is no folder {str(root)!r} for a table's paths to start from.")
    below = Path(os.path.abspath(Path(root).expanduser())) if root else data if data.is_dir() else data.parent
    if data.is_dir() and (lists := template_lists(data)):
        name, parts, notes = data.name, *of_templates(lists, below)
    elif data.is_dir() and flat(data):
        wrong = Wrong()
        items = [Item(path) for path in shown_in(data) if is_video(path)]
        for folder in folders_in(data):
            if videos_below(folder, Wrong()):
                wrong.note("Folders beside videos that lie in no folder, left out", folder.name)
        name, parts, notes = data.name, {"": items}, list(wrong.sentences())
    else:
        videos = read_videos(data, split=split, task=task, root=root, val=0)
        name, parts, notes = videos.name, {part: getattr(videos, part) for part in PARTS}, list(videos.notes)
    if on and not parts.get(on):
        raise BadData(f"{shown(name)} has no {on} clips; it has {several([one for one in parts if parts[one]])}.")
    wrong, entries = Wrong(), []
    for part, items in parts.items():
        if not on or part == on:
            entries += [made for item in items if (made := entry(item, below, part, wrong))]
    first = {}
    for one in entries:
        if first.setdefault(one.clip_id, one) is not one:
            wrong.note("Clips that are in several parts, of which the first counts", one.path)
    entries = list(first.values())
    if not entries:
        raise BadData(" ".join([f"Not one clip is left of {shown(name)}.", *notes, *wrong.sentences()]))
    classes = tuple(sorted({own for one in entries for own in one.own}))
    captions = any(item.captions for items in parts.values() for item in items)
    texts = classes if captions else tuple(checked_template(template).replace("{}", readable(one)) for one in classes)
    notes = [note for note in notes if not note.startswith(HELD_OUT)]  # nothing is held out here
    return Listing(shown(name), tuple(entries), classes, texts, (*notes, *wrong.sentences(), *about_classes(classes, captions)))


def entry(item: Item, below: Path, split: str, wrong: Wrong) -> Entry | None:
    """A clip of a list; one that lies elsewhere or has no bytes is noted, and left out where it lies elsewhere."""
    path = Path(os.path.abspath(item.path))
    try:
        name = legible(path.relative_to(below))
    except ValueError:
        wrong.note(f"Files that lie outside {below.name}, left out", item.path)
        return None
    known = path.stat()
    own = item.captions or ((item.label,) if item.label else ())
    return Entry(
        name, name, own[0] if own else "", own, (), item.group or name, "file", split, os.fsencode(path), known.st_size,
        known.st_mtime_ns,
    )  # fmt: skip


def about_classes(classes: Sequence[str], captions: bool) -> list[str]:
    """What to know of the classes before hours are spent."""
    what, notes = "captions" if captions else "classes", []
    if len(classes) > TEXTS:
        raise BadData(f"A clip is held against up to {TEXTS} {what}, got {len(classes)}: take a part of the data, --on test.")
    if not classes:
        notes.append("There are no labels: what is right or wrong is not known.")
    if len(classes) == 1:
        notes.append(f"There is one of the {what} only, {shown(classes[0])!r}: every answer is right.")
    if len(classes) > MANY:
        notes.append(f"{len(classes)} {what}: a confusion shows those that are confused most.")
    same: dict[str, str] = {}
    for one in classes:
        first = same.setdefault(alike(readable(one)), one)
        if first != one:
            notes.append(f"{shown(first)} and {shown(one)} read alike, so that no model can tell them apart.")
    return notes


# ---- layouts of its own --------------------------------------------------------------------------------------------------


def flat(data: Path) -> bool:
    """Whether videos lie in the folder itself, and neither lists nor folders of classes say what they are."""
    lists = any(one.suffix.lower() in (*TABLES, ".txt") for one in shown_in(data))
    return holds_videos(data) and not lists and len([one for one in folders_in(data) if holds_videos(one)]) < 2


def template_lists(data: Path) -> dict[str, Path]:
    """Something-Something v2's own lists by part, {} where there are none."""
    found = {}
    for folder in (data, data / "labels"):
        for file in shown_in(folder) if folder.is_dir() else ():
            if (named := TEMPLATES.fullmatch(file.name)) and b'"template"' in beginning(file):
                found.setdefault(PARTS_OF[named[1]], file)
    return {part: found[part] for part in PARTS if part in found}


def beginning(file: Path) -> bytes:
    """Of a list that may be large."""
    with file.open("rb") as held:
        return held.read(4096)


def of_templates(lists: dict[str, Path], below: Path) -> tuple[dict[str, list[Item]], list[str]]:
    """[{"id": "74225", "template": "Spinning [something]", …}, …]: a template is a class, ID.webm below the folder its clip."""
    wrong, parts = Wrong(), {}
    folders = [below, *folders_in(below)]
    where = next((one for one in folders if holds_videos(one)), below)
    shelf = Shelf(where, wrong)
    for part, file in lists.items():
        try:
            rows = json.loads(text_of(file))
        except ValueError as broken:
            raise BadData(f"{file.name} is not a readable json: {broken}.") from broken
        items = []
        for row in rows if isinstance(rows, list) else ():
            name, said = (str(row.get(key, "")) for key in ("id", "template")) if isinstance(row, dict) else ("", "")
            if not name or not said:
                wrong.note(f"Entries of {file.name} without an id or a template, left out", row)
            elif path := shelf.file(name):
                items.append(Item(path, said))
        parts[part] = items
    return parts, list(wrong.sentences())
