"""What a run is: the clips, the texts that they are held against, how they are read, and settings that are measured.

A run is a folder:

    run.json                              the plan; it never changes
    settings/SETTING.json                 method, knobs, weights, and the columns of its rows
    clips/00000.parquet                   the list of clips, shard by shard        strips/00000.parquet    thumbnails
    rows/SETTING/00000.parquet            numbers                                  grids/SETTING/…         small maps
    things/SETTING/00000.parquet          of what finds things: each, and each that is there
    derived/                              maps and failure modes: may be deleted
    marks.sqlite                          what people wrote: a run never touches it
    progress.json, run.lock, CANCEL

Beside every Parquet file stands its digest (`core.workbench.files`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from core.errors import BadData
from core.workbench.columns import SQL, Column, as_json, from_json
from core.workbench.files import read_rows, write_parquet, write_text, wrong_with
from core.workbench.listing import Entry, Listing

FORMAT = 1  # raised whenever an older run cannot be gone on with
SHARD, MANY, LARGE = 64, 20_000, 512  # clips of a shard; above so many clips it is a large one
CLIPS = (
    Column("clip_id", "", "text"), Column("path", "", "text"), Column("label", "", "text"), Column("own", "", "texts"),
    Column("also", "", "texts"), Column("group", "", "text"), Column("source", "", "text"), Column("split", "", "text"),
    Column("file", "", "bytes"), Column("bytes", "", "count"), Column("changed", "", "count"),
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """A method with its knobs, on some weights. weights: network → digest; labels: the same for a reader. models: what was
    named in place of the shipped ones. edits: what else is answered, of `core.workbench.columns.EDITS`. drawn: stages whose
    maps are stored, with the kind of each ("share", "truth" or "row"); grid: rows and columns of their patches. readers: who
    finds things, each as a sentence says it (`core.workbench.things`). oracles: parts that are set right
    (`core.workbench.causes`); faithful: ids of the clips whose maps are tested."""

    method: str
    knobs: Mapping[str, Any]
    columns: tuple[Column, ...]
    weights: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    edits: tuple[str, ...] = ()
    precision: str = "float32"
    question: str = ""
    drawn: Mapping[str, str] = field(default_factory=dict)
    grid: tuple[int, ...] = ()
    readers: Mapping[str, str] = field(default_factory=dict)
    oracles: tuple[str, ...] = ()
    faithful: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Folders of its files; that of rows, which is the commit, last."""
        return ("grids", *(("things",) if self.readers else ()), "rows")

    @property
    def setting_id(self) -> str:
        """Of what decides its numbers, besides the run's own clips, texts and frames."""
        causes = [self.oracles, self.faithful] if self.oracles or self.faithful else []
        return digest_of(self.method, dict(self.knobs), dict(self.weights), self.edits, self.precision, self.question, *causes)


@dataclass(frozen=True)
class Plan:
    """frames: read of each clip; size: (H, W) that clips are drawn at. shard: clips of one. code: version that began it."""

    data: str
    digest: str
    clips: int
    shard: int
    frames: int
    size: tuple[int, int]
    classes: tuple[str, ...]
    texts: tuple[str, ...]
    notes: tuple[str, ...] = ()
    code: str = ""
    format: int = FORMAT

    @property
    def run_id(self) -> str:
        """What every file of the run carries."""
        return digest_of(self.digest, self.clips, self.shard, self.frames, self.size, self.texts)

    @property
    def shards(self) -> range:
        """Their numbers."""
        return range(-(-self.clips // self.shard))

    def clips_of(self, shard: int) -> int:
        """How many clips a shard has."""
        return min(self.shard, self.clips - shard * self.shard)

    def about(self, shard: int, setting: str = "") -> dict[str, str]:
        """What a file of this shard must say of itself."""
        told = {"run": self.run_id, "shard": str(shard), "rows": str(self.clips_of(shard)), "format": str(FORMAT)}
        return told | ({"setting": setting} if setting else {})


def map_columns(setting: Setting) -> tuple[Column, ...]:
    """Columns of the file of maps."""
    made = [Column("clip_id", "", "text"), Column("scores", "Cosine of every class's text.", "bytes")]
    for stage, how in setting.drawn.items():
        made.append(Column(stage, how, "numbers" if how == "row" else "bytes"))
        made += [Column(f"{stage}_largest", "What 255 stands for.", "number")] if how == "share" else []
    return tuple(made)


def digest_of(*parts: Any) -> str:
    """Of values that JSON can hold."""
    return blake2b(json.dumps(parts, sort_keys=True, default=list).encode(), digest_size=8).hexdigest()


def plan_of(listing: Listing, frames: int, size: Sequence[int], code: str = "", shard: int | None = None) -> Plan:
    """The plan of a list of clips."""
    clips = len(listing.entries)
    facts = [(one.clip_id, one.own, one.also, one.group) for one in listing.entries]
    return Plan(
        listing.name, digest_of(facts), clips, shard or (LARGE if clips > MANY else SHARD), frames, (size[0], size[1]),
        listing.classes, listing.texts, listing.notes, code,
    )  # fmt: skip


# ---- on disk -------------------------------------------------------------------------------------------------------------


def shard_file(folder: Path, kind: str, shard: int, setting: str = "") -> Path:
    """rows/SETTING/00000.parquet."""
    return folder / kind / setting / f"{shard:05}.parquet"


def begin(folder: Path, plan: Plan, listing: Listing) -> None:
    """The folder of a new run, or the same one again; a BadData where it holds another run."""
    if (known := folder / "run.json").is_file():
        held = read_plan(folder)
        if differs := [name for name in common(plan) if common(plan)[name] != common(held)[name]]:
            raise BadData(
                f"{folder.name} holds another run: its {' and '.join(differs)} differ from what is asked for. Name another "
                "folder for this one."
            )
    elif folder.is_dir() and any(one.name != "run.lock" for one in folder.iterdir()):
        raise BadData(f"{str(folder)!r} holds files and no run: name a new folder, or an empty one.")
    if not known.is_file():
        write_text(known, json.dumps(asdict(plan), indent=1) + "\n")
    for shard in plan.shards:
        file = shard_file(folder, "clips", shard)
        if wrong_with(file, plan.about(shard)):
            some = listing.entries[shard * plan.shard : (shard + 1) * plan.shard]
            write_parquet(file, CLIPS, [asdict(one) for one in some], plan.about(shard))


def common(plan: Plan) -> dict[str, Any]:
    """What two runs of one folder have in common, by what a reader calls it."""
    return {
        "clips": (plan.digest, plan.clips), "texts": plan.texts, "frames": plan.frames, "size of drawn clips": plan.size,
    }  # fmt: skip


def read_plan(folder: Path) -> Plan:
    """The plan of a run; a BadData where there is none, or a newer one."""
    try:
        held = json.loads((folder / "run.json").read_text("utf-8"))
        made = Plan(**{name: tuple(value) if isinstance(value, list) else value for name, value in held.items()})
    except FileNotFoundError:
        raise BadData(f"There is no run in {str(folder)!r}: a run is a folder with a run.json.") from None
    except (ValueError, TypeError) as broken:
        raise BadData(f"{str(folder / 'run.json')!r} is no run that can be read: {broken}.") from broken
    if made.format != FORMAT:
        raise BadData(f"{folder.name} was made by another version of this program (format {made.format}, here {FORMAT}).")
    return made


def add_setting(folder: Path, setting: Setting) -> None:
    """One more setting of a run; the same one again changes nothing."""
    file = folder / "settings" / f"{setting.setting_id}.json"
    if not file.is_file():
        write_text(file, json.dumps(asdict(setting) | {"columns": as_json(setting.columns)}, indent=1) + "\n")


def read_settings(folder: Path) -> dict[str, Setting]:
    """Every setting of a run by its id, the oldest first."""
    made = {}
    for file in sorted((folder / "settings").glob("*.json"), key=lambda one: (one.stat().st_mtime_ns, one.name)):
        try:
            held = json.loads(file.read_text("utf-8"))
            columns = from_json(held.pop("columns"))
            lists = {name: tuple(value) for name, value in held.items() if isinstance(value, list)}
            made[file.stem] = Setting(**held | lists, columns=columns)
        except (ValueError, TypeError, KeyError) as broken:
            raise BadData(f"{str(file)!r} is no setting that can be read: {broken}.") from broken
    return made


def entries_of(folder: Path, shard: int) -> list[Entry]:
    """The clips of a shard, in their order."""
    tuples = {one.name for one in CLIPS if one.kind == "texts"}
    rows = read_rows(shard_file(folder, "clips", shard))
    return [Entry(**{name: tuple(value) if name in tuples else value for name, value in row.items()}) for row in rows]


def find_setting(settings: Mapping[str, Setting], name: str) -> str:
    """A setting's id: by its number from 1, or by how its id begins."""
    ids = list(settings)
    if name.isdecimal() and 1 <= int(name) <= len(ids):
        return ids[int(name) - 1]
    if len(found := [one for one in ids if name and one.startswith(name)]) == 1:
        return found[0]
    every = "; ".join(f"{number} ({one}): {words}" for number, (one, words) in enumerate(said(settings).items(), 1))
    raise BadData(f"There is no setting {name!r} of this run. They are {every or 'none yet'}.")


def said(settings: Mapping[str, Setting]) -> dict[str, str]:
    """What tells each of a run's settings from the others, for a reader: "NAME · alpha=0.4"."""
    made = {}
    for name, one in settings.items():
        others = [other for other in settings.values() if other.method == one.method and other is not one]
        told = [f"{knob}={value}" for knob, value in one.knobs.items() if any(o.knobs.get(knob) != value for o in others)]
        told += [", ".join(one.labels.values())] if any(other.weights != one.weights for other in others) else []
        told += [f"with {', '.join(one.edits) or 'no edits'}"] if any(other.edits != one.edits for other in others) else []
        told += [f"{' and '.join(one.oracles) or 'nothing'} set right"] if any(o.oracles != one.oracles for o in others) else []
        told += [f"maps tested: {len(one.faithful)}"] if any(o.faithful != one.faithful for o in others) else []
        told += [one.precision] if any(other.precision != one.precision for other in others) else []
        made[name] = " · ".join([one.method, ", ".join(told)]) if told else one.method
    return made


def with_columns(setting: Setting, columns: Iterable[Column]) -> Setting:
    """The setting with other columns; a BadData where two have one name."""
    made = tuple(columns)
    names = [one.name for one in made]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadData(f"Two columns are called {', '.join(twice)}.")
    if unknown := sorted({one.kind for one in made} - SQL.keys()):
        raise BadData(f"A column's kind is one of {', '.join(SQL)}, got {', '.join(unknown)}.")
    return replace(setting, columns=made)
