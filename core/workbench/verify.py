"""What is on disk of a run, held against what should be: every file whole, every clip of the list there once and no other."""

from dataclasses import dataclass
from pathlib import Path

from core.workbench.files import leftovers, read_rows, wrong_with
from core.workbench.plan import Plan, read_plan, read_settings, shard_file
from core.workbench.shard import faults


@dataclass(frozen=True)
class Verdict:
    """wrong: file → what is wrong with it. missing: shards that are not there yet, by setting. done: clips that are."""

    clips: int
    wrong: dict[str, str]
    missing: dict[str, int]
    done: dict[str, int]

    @property
    def complete(self) -> bool:
        """Whether all is there and as it should be."""
        return not self.wrong and bool(self.done) and all(count == self.clips for count in self.done.values())


def verify_run(folder: Path) -> Verdict:
    """Every file of the run is read."""
    plan, settings = read_plan(folder), read_settings(folder)
    wrong: dict[str, str] = {str(one.relative_to(folder)): "was left half written" for one in leftovers(folder)}
    for shard in plan.shards:
        file = shard_file(folder, "clips", shard)
        if why := wrong_with(file, plan.about(shard)):
            wrong[str(file.relative_to(folder))] = why
        thumbnails = faults(folder, plan, shard, "", ("strips",))
        wrong |= {str(file.relative_to(folder)): why for file, why in thumbnails.items() if file.is_file()}
    missing, done = {}, {}
    for name, one in settings.items():
        missing[name], done[name] = 0, 0
        for shard in plan.shards:
            found = faults(folder, plan, shard, name, one.kinds)
            wrong |= {str(file.relative_to(folder)): why for file, why in found.items() if file.is_file()}
            if shard_file(folder, "rows", shard, name) in found:
                missing[name] += 1
            else:
                wrong |= strangers(folder, plan, shard, name)
                done[name] += plan.clips_of(shard)
    return Verdict(plan.clips, wrong, missing, done)


def strangers(folder: Path, plan: Plan, shard: int, setting: str) -> dict[str, str]:
    """A file of rows whose clips are not those of the list, in its order."""
    file, clips = shard_file(folder, "rows", shard, setting), shard_file(folder, "clips", shard)
    if wrong_with(clips, plan.about(shard)):
        return {}
    ids, listed = (([row["clip_id"] for row in read_rows(one, ["clip_id"])]) for one in (file, clips))
    return {} if ids == listed else {str(file.relative_to(folder)): f"has {len(ids)} rows, and not those of the list"}
