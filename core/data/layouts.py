"""How data sets of videos lie on disk, and how they become items.

    DIR/class/video                                     a folder per class
    DIR/train/class/video, DIR/val/…, DIR/test/…        the same, split
    DIR/trainlist01.txt, testlist01.txt, classInd.txt   UCF101's own lists, there or in a folder below
    DIR/<class>_test_split1.txt                         HMDB51's own lists, likewise
    DIR/train.csv, val.csv, test.csv                    tables (csv, json or jsonl) of a path and a label or captions
    FILE.csv                                            one table, with a column “split” or without

What is wrong with single entries is noted, and the entry left out.
"""

import csv
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import BadData
from core.video.read import ENDINGS

TABLES = (".csv", ".json", ".jsonl")
SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
COLUMNS = {
    "path": ("path", "video", "file", "filename", "video_id", "id"),
    "label": ("label", "class", "action"),
    "caption": ("caption", "captions", "sentence", "text"),
    "split": ("split",),
}
TOLD = 5  # examples in a sentence about many


@dataclass(frozen=True)
class Item:
    """One video: its class (actions) or its captions (retrieval). group: clips of one group are never held out apart."""

    path: Path
    label: str = ""
    captions: tuple[str, ...] = ()
    group: str = ""


@dataclass
class Wrong:
    """What was found wrong while reading, by its kind, with every example."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def note(self, kind: str, example: object) -> None:
        self.found.setdefault(kind, []).append(str(example))

    def sentences(self) -> tuple[str, ...]:
        return tuple(f"{kind} ({len(every)}): {several(every)}." for kind, every in self.found.items())


def several(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    rest = len(names) - TOLD
    return ", ".join(names[:TOLD]) + (f" and {rest} more" if rest > 0 else "")


def entries(data: Path, split: int, task: str, root: Path, wrong: Wrong) -> Iterable[tuple[str, list[Item]]]:
    """(split, its items) of whichever layout is there, some more than once."""
    if data.is_file():
        return of_table(data, "train", task, root, wrong)
    if lists := below(data, f"trainlist{split:02}.txt"):
        return of_ucf101(lists[0].parent, data, split, wrong)
    if lists := below(data, f"*_test_split{split}.txt"):
        return of_hmdb51(lists, data, split, wrong)
    tables = [one for one in sorted(data.iterdir()) if one.suffix in TABLES and one.stem in SPLITS]
    if tables:
        return [part for one in tables for part in of_table(one, SPLITS[one.stem], task, root, wrong)]
    folders = [one for one in sorted(data.iterdir()) if one.is_dir()]
    halves = [one for one in folders if one.name in SPLITS]
    if halves:
        return [(SPLITS[one.name], of_folders(sorted(filter(Path.is_dir, one.iterdir())))) for one in halves]
    if items := of_folders(folders):
        return [("train", items)]
    raise BadData(
        f"{str(data)!r} holds no videos to train on: a folder per class, train.csv (json, jsonl) with a path and a label or a "
        f"caption, or the split files of UCF101 or HMDB51 (of split {split}). Videos end in {', '.join(ENDINGS)}."
    )


def below(folder: Path, pattern: str) -> list[Path]:
    """Files of this name in the folder or in one of its folders."""
    return sorted(folder.glob(pattern)) or sorted(folder.glob(f"*/{pattern}"))


def of_folders(folders: list[Path]) -> list[Item]:
    """A folder per class, searched to any depth."""
    return [
        Item(path, label=folder.name)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in ENDINGS and path.is_file()
    ]


def of_ucf101(lists: Path, data: Path, split: int, wrong: Wrong) -> Iterable[tuple[str, list[Item]]]:
    """UCF101: “Class/v_Class_g01_c01.avi 1” in trainlist, the path alone in testlist. Clips of one group (g01) are cut from
    one film, so they are held out together."""
    root = class_folders(data)
    for name in ("train", "test"):
        file = lists / f"{name}list{split:02}.txt"
        if not file.is_file():
            wrong.note("Split files are missing", file.name)
            continue
        rows = [line.split()[0] for line in text_of(file).splitlines() if line.strip()]
        items = [
            Item(path, row.partition("/")[0], group=re.sub(r"_c\d+$", "", path.stem))
            for row in rows
            if (path := existing(root, row, wrong))
        ]
        yield name, items
    known = lists / "classInd.txt"
    if known.is_file():
        listed = {line.split()[1] for line in text_of(known).splitlines() if len(line.split()) == 2}
        for absent in sorted(listed - {row.partition("/")[0] for row in text_of(lists / f"trainlist{split:02}.txt").split()}):
            wrong.note("Classes of classInd.txt are in no training list", absent)


def class_folders(data: Path) -> Path:
    """The folder whose folders hold videos: this one, or the first one in it."""

    def holds(folder: Path) -> bool:
        every = (file for one in folder.iterdir() if one.is_dir() for file in one.iterdir())
        return any(file.suffix.lower() in ENDINGS for file in every)

    return next((one for one in (data, *sorted(filter(Path.is_dir, data.iterdir()))) if holds(one)), data)


def of_hmdb51(lists: list[Path], data: Path, split: int, wrong: Wrong) -> Iterable[tuple[str, list[Item]]]:
    """HMDB51: a list per class, “name.avi 1” (train), 2 (test) or 0 (in neither)."""
    root = class_folders(data)
    for file in lists:
        label = file.name.removesuffix(f"_test_split{split}.txt")
        parts: dict[str, list[Item]] = {"train": [], "test": []}
        for line in filter(str.strip, text_of(file).splitlines()):
            name, _, number = line.strip().rpartition(" ")
            if number not in ("0", "1", "2"):
                wrong.note("Lines of the split files end in neither 0, 1 nor 2", line.strip())
            elif number != "0" and (path := existing(root, f"{label}/{name.strip()}", wrong)):
                parts["train" if number == "1" else "test"].append(Item(path, label))
        yield from parts.items()


def of_table(file: Path, split: str, task: str, root: Path, wrong: Wrong) -> Iterable[tuple[str, list[Item]]]:
    """Rows of a path and a label or captions; several rows of one path are one video with all their captions."""
    rows = rows_of(file)
    named = {name: next((c for c in COLUMNS[name] if rows and c in rows[0]), "") for name in COLUMNS}
    has = [one for one, column in (("actions", "label"), ("retrieval", "caption")) if named[column]]
    if not named["path"] or not has or (task and task not in has):
        asked = {"actions": ["label"], "retrieval": ["caption"]}.get(task, ["label", "caption"])
        raise BadData(
            f"{file.name} needs a column for the path ({', '.join(COLUMNS['path'])}) and one for "
            + " or ".join(f"the {one} ({', '.join(COLUMNS[one])})" for one in asked)
            + f"; it has {', '.join(map(str, rows[0])) if rows else 'no rows'}."
        )
    task = task or has[0]
    made: dict[tuple[str, str], Item] = {}
    for row in rows:
        name, where = str(row.get(named["path"]) or "").strip(), str(row.get(named["split"]) or split).strip().lower()
        said = said_of(row.get(named["label" if task == "actions" else "caption"]))
        if where not in SPLITS:
            wrong.note(f"Splits are {', '.join(SPLITS)}, not", f"{where} ({name})")
        elif not name:
            wrong.note("Rows without a path", said[:1] or row)
        elif not said:
            wrong.note(f"Videos with an empty {'label' if task == 'actions' else 'caption'}", name)
        elif before := made.get((SPLITS[where], name)):
            if task == "actions" and before.label != said[0]:
                wrong.note("Videos with two labels, of which the first counts", name)
            made[SPLITS[where], name] = replace(before, captions=before.captions + said * (task == "retrieval"))
        elif path := existing(root, name, wrong):
            one = Item(path, label=said[0]) if task == "actions" else Item(path, captions=said)
            made[SPLITS[where], name] = one
    return [(where, [one]) for (where, _), one in made.items()]


def rows_of(file: Path) -> list[dict]:
    """The rows of a csv with a head line, a json list of objects, or a jsonl of one object a line."""
    try:
        if file.suffix == ".csv":
            return list(csv.DictReader(text_of(file).splitlines(keepends=True)))
        text = text_of(file)
        lines = filter(str.strip, text.splitlines())
        rows = [json.loads(line) for line in lines] if file.suffix == ".jsonl" else json.loads(text)
    except (ValueError, csv.Error) as broken:
        raise BadData(f"{file.name} is not a readable {file.suffix[1:]}: {broken}.") from broken
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadData(f"{file.name} is a list of objects, each with a path and a label or a caption.")
    return rows


def text_of(file: Path) -> str:
    """The file as UTF-8; BadData where it is not."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as broken:
        raise BadData(f"{file.name} cannot be read as text: {broken}.") from broken


def said_of(value: object) -> tuple[str, ...]:
    """One text or a list of texts, without the empty ones."""
    every = value if isinstance(value, list) else [value]
    return tuple(text for one in every if one is not None and (text := " ".join(str(one).split())))


def existing(root: Path, name: str, wrong: Wrong) -> Path | None:
    """The file of this name below root, with or without its ending; a missing one is noted."""
    path = root / name
    for one in (path, *(path.with_name(path.name + suffix) for suffix in ENDINGS)):
        if one.is_file():
            return one
    wrong.note("Files are missing", name)
    return None
