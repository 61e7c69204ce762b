"""Some clips in a row: measured, and written together. The files of rows are written last, each is a setting's commit.

Whatever ends the process before that, nothing of the shard is there, and it is measured again; after it, all of it is.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from core.progress import Cancelled
from core.workbench.columns import CRASHED, Column
from core.workbench.files import write_parquet, wrong_with
from core.workbench.listing import Entry
from core.workbench.plan import Plan, Setting, entries_of, map_columns, shard_file
from core.workbench.reading import Read
from core.workbench.strips import strip
from core.workbench.things import THINGS

STRIPS = (Column("clip_id", "", "text"), Column("strip", "Its frames side by side, a JPEG.", "bytes"))
KILLS = "It ended the process that worked on it, twice: the rest of the run went on without it."


@dataclass(frozen=True)
class Task:
    """A shard, and the settings of it that are not there yet. crashed: clips that nobody is to touch again. careful: each clip
    is read only when the one before is done, so that it is known which one ends the process."""

    shard: int
    settings: tuple[str, ...]
    crashed: tuple[str, ...] = ()
    careful: bool = False


class Measures(Protocol):
    """What reads and measures clips: `core.workbench.measure.Measure`."""

    def read(self, entry: Entry) -> Read: ...

    def row(self, entry: Entry, held: Read, setting: Setting) -> tuple[dict[str, Any], dict[str, Any]]:
        """Values, and maps; among these "things", a row for every thing, where the setting has readers."""
        ...


def do_shard(
    folder: Path, plan: Plan, settings: dict[str, Setting], task: Task, measure: Measures,
    begun: Callable[[str], None] = lambda clip_id: None, called_off: Callable[[], bool] = lambda: False,
) -> None:  # fmt: skip
    """Every clip of the shard once, all settings on the same frames. begun: is told each clip before it is touched. called_off:
    is asked between clips; a shard that is called off leaves nothing but Cancelled."""
    entries = entries_of(folder, task.shard)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in task.settings}
    maps: dict[str, list[dict[str, Any]]] = {name: [] for name in task.settings}
    things: dict[str, list[dict[str, Any]]] = {name: [] for name in task.settings}
    strips = []
    for entry, held in in_turn(entries, task, measure, begun, called_off):
        strips.append({"clip_id": entry.clip_id, "strip": strip(held.clip.frames_THWC) if held.clip else None})
        for name in task.settings:
            row, drawn = measure.row(entry, held, settings[name]) if held.status != CRASHED else (
                {"status": CRASHED, "why": held.why}, {}
            )  # fmt: skip
            rows[name].append(entry_row(entry) | {"setting": name, "shard": task.shard} | row)
            things[name] += drawn.pop("things", [])
            maps[name].append({"clip_id": entry.clip_id} | drawn)
    for name in task.settings:
        about = plan.about(task.shard, name)
        write_parquet(shard_file(folder, "grids", task.shard, name), map_columns(settings[name]), maps[name], about)
        if "things" in settings[name].kinds:
            write_parquet(shard_file(folder, "things", task.shard, name), THINGS, things[name], about)
    thumbnails, about = shard_file(folder, "strips", task.shard), plan.about(task.shard)
    if wrong_with(thumbnails, about) or task.crashed:
        write_parquet(thumbnails, STRIPS, strips, about)
    for name in task.settings:
        write_parquet(
            shard_file(folder, "rows", task.shard, name), settings[name].columns, rows[name], plan.about(task.shard, name)
        )


def in_turn(
    entries: Sequence[Entry], task: Task, measure: Measures, begun: Callable[[str], None], called_off: Callable[[], bool]
) -> Iterator[tuple[Entry, Read]]:
    """Each entry with its clip; the next one is read while the method works on this one."""
    with ThreadPoolExecutor(1) as ahead:
        waiting = ahead.submit(reading, entries[0], task.crashed, measure) if entries and not task.careful else None
        for place, entry in enumerate(entries):
            if called_off():
                raise Cancelled("The run was called off.")
            if entry.clip_id not in task.crashed:
                begun(entry.clip_id)
            held = waiting.result() if waiting else reading(entry, task.crashed, measure)
            if waiting and place + 1 < len(entries):
                waiting = ahead.submit(reading, entries[place + 1], task.crashed, measure)
            yield entry, held


def reading(entry: Entry, crashed: Collection[str], measure: Measures) -> Read:
    """The clip, or why nobody is to touch it."""
    return Read(status=CRASHED, why=KILLS) if entry.clip_id in crashed else measure.read(entry)


def entry_row(entry: Entry) -> dict[str, Any]:
    """What a row says of the clip as it was listed."""
    return {
        "clip_id": entry.clip_id, "path": entry.path, "label": entry.label or None, "also": list(entry.also) or None,
        "group": entry.group, "source": entry.source, "split": entry.split,
    }  # fmt: skip


def unfinished(folder: Path, plan: Plan, settings: Mapping[str, Setting]) -> tuple[dict[int, tuple[str, ...]], dict[Path, str]]:
    """({shard: settings that are not there}, {file that is there and not as it should be: what is wrong with it})."""
    tasks, wrong = {}, {}
    for shard in plan.shards:
        found = wrong_in(folder, plan, settings, Task(shard, tuple(settings)))
        strips = shard_file(folder, "strips", shard) in found
        missing = tuple(name for name in settings if strips or any(file.parent.name == name for file in found))
        if missing:
            tasks[shard] = missing
            wrong |= {file: why for file, why in found.items() if file.is_file()}
    return tasks, wrong


def wrong_in(folder: Path, plan: Plan, settings: Mapping[str, Setting], task: Task) -> dict[Path, str]:
    """Files of a task that are missing or not as they should be, and why."""
    found = faults(folder, plan, task.shard, "", ("strips",))
    for name in task.settings:
        found |= faults(folder, plan, task.shard, name, settings[name].kinds)
    return found


def faults(folder: Path, plan: Plan, shard: int, setting: str, kinds: Sequence[str]) -> dict[Path, str]:
    """Files of a shard that are missing or not as they should be, and why."""
    files = {kind: shard_file(folder, kind, shard, setting) for kind in kinds}
    return {file: why for file in files.values() if (why := wrong_with(file, plan.about(shard, setting)))}
