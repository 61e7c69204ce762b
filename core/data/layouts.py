"""How data sets of videos lie on disk, and how they become items.

    DIR/class/video                                     a folder per class
    DIR/train/class/video, DIR/val/…, DIR/test/…        the same, split
    DIR/trainlist01.txt, testlist01.txt, classInd.txt   UCF101's own lists, there or in a folder below
    DIR/<class>_test_split1.txt                         HMDB51's own lists, likewise
    DIR/train.csv, val.csv, test.csv                    tables (csv, tsv, json or jsonl) of a path and a label or captions
    FILE.csv                                            one table, with a column “split” or without

What is wrong with single entries is noted, and the entry left out.
"""

import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.data.notes import Wrong, several, shown
from core.data.places import Shelf, alike, folders_in, hidden, holds_videos, is_video, shown_in, videos_below
from core.data.tables import COLUMNS, HALF, TABLES, lines_of, listed, name_of, rows_of, said_of, text_of
from core.errors import BadData
from core.video.read import ENDINGS

SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class Item:
    """One video: its class (actions) or its captions (retrieval). group: clips of one group are never held out apart."""

    path: Path
    label: str = ""
    captions: tuple[str, ...] = ()
    group: str = ""


Parts = Iterable[tuple[str, list[Item]]]  # (split, its items), a split more than once or never


def entries(data: Path, split: int, task: str, root: Path, wrong: Wrong) -> Parts:
    """What whichever layout is there holds."""
    if data.is_file():
        return of_table(data, "train", task, root, wrong)
    if lists := below(data, f"trainlist{split:02}.txt"):
        return of_ucf101(lists[0].parent, data, split, wrong)
    if lists := below(data, f"*_test_split{split}.txt"):
        return of_hmdb51(lists, data, split, wrong)
    tables = [one for one in shown_in(data) if one.suffix.lower() in TABLES and one.stem.lower() in SPLITS and one.is_file()]
    if tables:
        return [part for one in tables for part in of_table(one, SPLITS[one.stem.lower()], task, root, wrong)]
    if parts := of_split_folders(data, wrong):
        return parts
    if items := of_folders(data, wrong):
        return [("train", items)]
    raise BadData(" ".join([
        *wrong.sentences(),
        f"{str(data)!r} holds no videos to train on: a folder per class, train.csv (tsv, json, jsonl) with a path and a label "
        f"or a caption, or the split files of UCF101 or HMDB51 (of split {split}). Videos end in {', '.join(ENDINGS)}.",
    ]))  # fmt: skip


def below(folder: Path, pattern: str) -> list[Path]:
    """Files of this name in the folder or in one of its folders."""

    def within(*folders: Path) -> list[Path]:
        return [one for each in folders for one in sorted(each.glob(pattern)) if not hidden(one.name)]

    return within(folder) or within(*folders_in(folder))


# ---- folders ------------------------------------------------------------------------------------------------------------


def of_split_folders(data: Path, wrong: Wrong) -> Parts:
    """Folders that are called as splits, with a folder per class in each; [] where there are none. A folder with that name
    and videos of its own is a class where it stands beside other classes."""
    named = [one for one in folders_in(data) if one.name.lower() in SPLITS]
    others = [one for one in folders_in(data) if one not in named and videos_below(one, Wrong())]
    classes = [one for one in named if others and holds_videos(one)]
    halves = [one for one in named if one not in classes and any(videos_below(inner, Wrong()) for inner in folders_in(one))]
    if halves:
        for one in (*others, *classes):
            wrong.note(f"Folders beside {several([half.name for half in halves])}, left out", one.name)
        return [(SPLITS[one.name.lower()], of_folders(one, wrong)) for one in halves]
    for one in classes:
        wrong.note("Folders called as a split, read as a class, as they hold videos and stand beside other classes", one.name)
    if alone := [] if others else [one.name for one in named if holds_videos(one)]:
        raise BadData(f"{several(alone)} in {str(data)!r} is read as a split, which holds folders of classes, not videos.")
    return []


def of_folders(root: Path, wrong: Wrong) -> list[Item]:
    """A folder per class, searched to any depth."""
    items, called = [], {}
    for folder in folders_in(root):
        if not (videos := videos_below(folder, wrong)):
            continue
        label = class_of(folder)
        if HALF.search(folder.name):
            wrong.note("Classes whose names are not UTF-8, so that a text tower cannot read them as they are meant", label)
        if called.setdefault(label, folder) != folder:
            wrong.note("Folders whose names differ in their Unicode form alone, read as one class", label)
        items += [Item(path, label=label) for path in videos]
    for path in filter(is_video, shown_in(root)):
        wrong.note("Videos in no folder of a class, left out", path.name)
    return items


def class_of(folder: Path) -> str:
    """A folder's name as a class: in one Unicode form, and what is no UTF-8 written out."""
    return unicodedata.normalize("NFC", os.fsencode(folder.name).decode("utf-8", "backslashreplace"))


# ---- lists --------------------------------------------------------------------------------------------------------------


def of_ucf101(lists: Path, data: Path, split: int, wrong: Wrong) -> Parts:
    """UCF101: “Class/v_Class_g01_c01.avi 1” in trainlist, the path alone in testlist. Clips of one group (g01) are cut from
    one film, so they are held out together."""
    shelf, known = Shelf(class_folders(data), wrong), lists / "classInd.txt"
    listed = [line.split()[1] for line in lines_of(text_of(known)) if len(line.split()) == 2] if known.is_file() else []
    classes, trained = {alike(one): one for one in listed}, set()
    for name in ("train", "test"):
        file = lists / f"{name}list{split:02}.txt"
        if not file.is_file():
            wrong.note("Split files are missing", file.name)
            continue
        items = []
        for row in (line.split()[0].replace("\\", "/") for line in lines_of(text_of(file))):
            label = classes.setdefault(alike(row.partition("/")[0]), row.partition("/")[0])
            trained |= {label} if name == "train" else set()
            if path := shelf.file(row):
                items.append(Item(path, label, group=re.sub(r"_c\d+$", "", path.stem)))
        yield name, items
    for absent in sorted(set(listed) - trained):
        wrong.note("Classes of classInd.txt are in no training list", absent)


def class_folders(data: Path) -> Path:
    """The folder whose folders hold videos: this one, or the first one in it."""
    return next((one for one in (data, *folders_in(data)) if any(map(holds_videos, folders_in(one)))), data)


def of_hmdb51(lists: list[Path], data: Path, split: int, wrong: Wrong) -> Parts:
    """HMDB51: a list per class, “name.avi 1” (train), 2 (test) or 0 (in neither)."""
    shelf = Shelf(class_folders(data), wrong)
    for file in lists:
        label = file.name.removesuffix(f"_test_split{split}.txt")
        parts: dict[str, list[Item]] = {"train": [], "test": []}
        for line in lines_of(text_of(file)):
            name, _, number = line.strip().rpartition(" ")
            if number not in ("0", "1", "2"):
                wrong.note("Lines of the split files end in neither 0, 1 nor 2", line.strip())
            elif number != "0" and (path := shelf.file(f"{label}/{name.strip()}")):
                parts["train" if number == "1" else "test"].append(Item(path, label))
        yield from parts.items()


# ---- tables -------------------------------------------------------------------------------------------------------------


def of_table(file: Path, split: str, task: str, root: Path, wrong: Wrong) -> Parts:
    """Rows of a path and a label or captions."""
    rows = rows_of(file, wrong)
    if not rows:
        wrong.note("Tables without rows", file.name)
        return []
    columns = list(dict.fromkeys(key for row in rows for key in row))
    named = {name: next((one for one in every if one in columns), "") for name, every in COLUMNS.items()}
    has = [one for one, column in (("actions", "label"), ("retrieval", "caption")) if named[column]]
    if not named["path"] or not has or (task and task not in has):
        asked = {"actions": ["label"], "retrieval": ["caption"]}.get(task, ["label", "caption"])
        raise BadData(
            f"{file.name} needs a column for the path ({', '.join(COLUMNS['path'])}) and one for "
            + " or ".join(f"the {one} ({', '.join(COLUMNS[one])})" for one in asked)
            + f"; it has {several([*map(shown, columns)])}."
        )
    what, shelf, found = "label" if (task or has[0]) == "actions" else "caption", Shelf(root, wrong), []
    for row in rows:
        name, where, value = name_of(row.get(named["path"])), name_of(row.get(named["split"])) or split, row.get(named[what])
        said = said_of(value, label=what == "label")
        if where.lower() not in SPLITS:
            wrong.note(f"Rows left out, as splits are {', '.join(SPLITS)}, not", f"{where} ({name})")
        elif not name:
            wrong.note("Rows without a path", said[:1] or row)
        elif not said:
            wrong.note(f"Videos with an empty {what}", name)
        elif path := shelf.file(name):
            odd(value, said, what, name, wrong)
            found.append((SPLITS[where.lower()], [Item(path, label=said[0]) if what == "label" else Item(path, captions=said)]))
    return found


def odd(value: object, said: tuple[str, ...], what: str, name: str, wrong: Wrong) -> None:
    """Notes what a label or captions were taken for, where that is not plain."""
    every = value if isinstance(value := listed(value), list) else [value]
    if any(isinstance(one, str) and HALF.search(one) for one in every):
        wrong.note(f"Half a character, as of a cut emoji, is left out of the {what}", name)
    if what == "label" and len(said) > 1:
        wrong.note("Videos with several labels, of which the first counts", name)
    if what == "caption" and len(said) == 1 and len(every) > 2 and all(isinstance(one, str) for one in every):
        wrong.note("Lists of single words, read as one caption each", f"{name}: {said[0]}")
