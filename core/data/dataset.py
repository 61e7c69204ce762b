"""Your own videos: a data set as a value, and what is wrong with it.

Labels make a data set of actions, captions one of retrieval. `core.data.layouts` says how it may lie on disk. What is
wrong with single entries is told in `notes` and left out; what leaves nothing to train on is a BadData.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b
from pathlib import Path

from core.data.layouts import Item, entries
from core.data.notes import Wrong, several, shown
from core.data.places import alike
from core.errors import BadData


@dataclass(frozen=True)
class Videos:
    """A data set. task: "actions" or "retrieval". classes: sorted names. notes: sentences on what is wrong with it.
    held_out: the share of training clips that validation was to take, where there are no clips for it."""

    name: str
    task: str
    classes: tuple[str, ...]
    train: tuple[Item, ...]
    val: tuple[Item, ...]
    test: tuple[Item, ...]
    notes: tuple[str, ...] = ()
    held_out: float = 0.0

    def texts(self, template: str) -> list[str]:
        """What each class is called before the text tower. template: with {} where the class is named."""
        return [checked_template(template).replace("{}", readable(name)) for name in self.classes]

    @property
    def digest(self) -> str:
        """Of everything that is trained on, in its order: a checkpoint of other data cannot be taken up."""
        every = [(one.path.name, one.label, *one.captions) for one in self.train]
        return blake2b(repr((self.task, self.classes, every)).encode(), digest_size=8).hexdigest()


def checked_template(template: str) -> str:
    """The template; BadData where it names no class."""
    if "{}" not in template:
        raise BadData(f"The template has {{}} where the class is named, got {template!r}.")
    return template


def readable(name: str) -> str:
    """ "ApplyEyeMakeup", "brush_hair" and "Holding [something]" as words: what a text tower has read."""
    if " " not in name:
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]+", " ", name).lower()
    return " ".join(name.replace("[", "").replace("]", "").split())


def read_videos(data: Path, *, split: int = 1, task: str = "", root: Path | None = None, val: float = 0.1) -> Videos:
    """The data set that lies at `data`, a folder or a table.

    split: which of UCF101's or HMDB51's three. task: "actions" or "retrieval", where a table has labels and captions. root:
    the folder that a table's paths start from, if not its own. val: the share of training clips held out for validation
    where the data set has no validation clips of its own.
    """
    data = Path(data).expanduser()
    if not data.exists():
        raise BadData(f"There is no folder and no table {str(data)!r}.")
    if not 0 <= val < 1:
        raise BadData(f"The share held out for validation is from 0 to below 1, got {val}.")
    if root is not None and not root.is_dir():
        raise BadData(f"There is no folder {str(root)!r} for a table's paths to start from.")
    if data.is_dir():
        os.listdir(data)  # a folder that may not be opened ends the command with its own reason
    wrong = Wrong()
    found = {"train": [], "val": [], "test": []}
    for name, items in entries(data, split, task, root or (data if data.is_dir() else data.parent), wrong):
        found[name] += items
    return checked(shown(data.stem if data.is_file() else data.resolve().name), found, val, wrong)


def checked(name: str, found: dict[str, list[Item]], val: float, wrong: Wrong) -> Videos:
    """The data set with what is wrong in it told, and validation clips held out where it has none."""
    if found["train"] and len({bool(one.captions) for part in found.values() for one in part}) > 1:
        raise BadData(f"{name!r} has labels in one table and captions in another: a data set has either.")
    real = cache(os.path.realpath)
    train, found["val"], found["test"] = (once(found[part], real, wrong) for part in ("train", "val", "test"))
    classes = classes_of(name, train, wrong)
    task = "actions" if classes else "retrieval"
    same: dict[str, str] = {}
    clips = Counter(one.label for one in train)
    for label in classes:
        if clips[label] == 1:
            wrong.note("Classes with one training clip, too few to hold one out", label)
        if (first := same.setdefault(alike(readable(label)), label)) != label:
            wrong.note("Classes that read alike, so that no model can tell them apart", f"{first} = {label}")
        if re.fullmatch(r"[-+.\d]+|true|false", label, re.IGNORECASE):
            wrong.note("Classes that are numbers, which say nothing to a text tower: put their names into the table", label)
    seen = {real(one.path) for one in train}
    for part in ("val", "test"):
        for one in found[part]:
            if real(one.path) in seen:
                wrong.note(f"Clips of training that are in {part} too", one.path.name)
        found[part] = of_classes(found[part], classes, part, wrong)
    if not found["val"] and val:
        train, found["val"] = held_out(train, val)
    parts = (tuple(sorted(one, key=lambda item: item.path)) for one in (train, found["val"], found["test"]))
    return Videos(name, task, classes, *parts, notes=wrong.sentences(), held_out=val)


def once(items: list[Item], real: Callable[[Path], str], wrong: Wrong) -> list[Item]:
    """Each video once, however its path is written, with all its captions."""
    made: dict[str, Item] = {}
    for one in items:
        before = made.setdefault(real(one.path), one)
        if before is one:
            continue
        if before.label != one.label:
            wrong.note("Videos with two labels, of which the first counts", one.path.name)
        made[real(one.path)] = replace(before, captions=before.captions + one.captions)
    return list(made.values())


def classes_of(name: str, train: Iterable[Item], wrong: Wrong) -> tuple[str, ...]:
    """The sorted classes, () of retrieval; a BadData where there is nothing to train on, with what was wrong before."""
    labels = {one.label for one in train}
    if not labels:
        raise BadData(" ".join([f"Not one training video was found in {name!r}.", *wrong.sentences()]))
    if labels == {""}:
        return ()
    if len(labels) < 2:
        few = f"To tell actions apart takes two classes, got 1: {several([*map(shown, labels)])}."
        raise BadData(" ".join([*wrong.sentences(), few]))
    return tuple(sorted(labels))


def of_classes(items: Iterable[Item], classes: tuple[str, ...], part: str, wrong: Wrong) -> list[Item]:
    """The items of classes that are trained on; all of retrieval."""
    for label in sorted({one.label for one in items} - set(classes)) if classes else ():
        wrong.note(f"Classes of {part} without a training clip, left out", label)
    return [one for one in items if not classes or one.label in classes]


def narrowed(videos: Videos, keep: Callable[[Item], Item | None], wrong: Wrong) -> Videos:
    """The data set with what `keep` makes of each item, without those of which it makes None; wrong: why, as notes."""
    train, val, test = ([made for one in part if (made := keep(one))] for part in (videos.train, videos.val, videos.test))
    if videos.classes or not train:
        classes = classes_of(videos.name, train, wrong)
        val, test = of_classes(val, classes, "val", wrong), of_classes(test, classes, "test", wrong)
        videos = replace(videos, classes=classes)
    notes = (*videos.notes, *wrong.sentences())
    return replace(videos, train=tuple(train), val=tuple(val), test=tuple(test), notes=notes)


def opened(videos: Videos) -> Videos:
    """The data set without files that are empty or may not be read, which no decoder is needed to know."""
    wrong = Wrong()

    def keep(one: Item) -> Item | None:
        if not os.access(one.path, os.R_OK):
            wrong.note("Files left out, as they may not be read", one.path.name)
        elif not one.path.stat().st_size:
            wrong.note("Files left out, as they are empty", one.path.name)
        else:
            return one
        return None

    return narrowed(videos, keep, wrong)


def held_out(items: list[Item], share: float) -> tuple[list[Item], list[Item]]:
    """(training, validation): whole groups of each class, chosen by a digest of their names, so that the choice stays when
    clips are added. A class with one group keeps it for training."""
    groups: dict[str, dict[str, list[Item]]] = {}
    for one in items:
        groups.setdefault(one.label, {}).setdefault(one.group or str(one.path), []).append(one)
    kept, out = [], []
    for of_class in groups.values():
        order = sorted(of_class, key=lambda group: blake2b(os.fsencode(Path(group).name)).digest())
        count = min(max(1, round(share * len(order))), len(order) - 1)
        for i, group in enumerate(order):
            (out if i < count else kept).extend(of_class[group])
    return kept, out
