"""Runs without a network: what measures knows each clip's numbers from its name, and can be told to end its process."""

import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from core.video.clip import Clip
from core.workbench import crew, drive, files
from core.workbench.cluster import Cluster
from core.workbench.columns import GENERAL, Column
from core.workbench.listing import Entry, Listing
from core.workbench.plan import Setting, add_setting, begin, plan_of, shard_file
from core.workbench.reading import Read

SETTING = Setting("none", {"knob": 1}, (*GENERAL, Column("length", "")), drawn={"row_T": "row"})
FINDS = Setting("none", {"knob": 3}, SETTING.columns, drawn=SETTING.drawn, readers={"own": "by it"})


def listing(clips=12, name="made"):
    """Clips that are nowhere."""
    return Listing(name, tuple(Entry(f"clip {n}", f"clip {n}", group=f"film {n // 2}") for n in range(clips)))


class Counts:
    """Measures nothing but names. once, always: clips that end the process when they are read, the first time or each time.
    slow: those that take so many seconds, the first time. called_off: a clip at which the run is called off."""

    def __init__(self, folder, once=(), always=(), slow=(), seconds=60.0, called_off=""):
        self.folder, self.once, self.always, self.slow, self.called_off = folder, once, always, slow, called_off
        self.seconds = seconds

    def first(self, name):
        """Whether this is the first time, for all processes."""
        flag = self.folder.parent / f"seen {name}"
        if flag.exists():
            return False
        flag.write_text(str(os.getpid()))
        return True

    def read(self, entry):
        name = entry.clip_id
        if name == self.called_off:
            (self.folder / crew.CANCEL).touch()
        if name in self.always or (name in self.once and self.first(name)):
            os.kill(os.getpid(), signal.SIGKILL)
        if name in self.slow and self.first(name):
            time.sleep(self.seconds)
        number = int(name.split()[1])
        frames_THWC = np.full((2, 16, 16, 3), number, np.uint8)
        return Read(Clip(frames_THWC, np.arange(2.0), np.arange(2), name), facts={"frames": 2, "seconds": number / 3})

    def row(self, entry, held, setting):
        thing = {
            "clip_id": entry.clip_id,
            "reader": "own",
            "frame": 1,
            "real": False,
            "thing": 1,
            "label": "ball",
            "score": 0.5,
        }
        maps = {"row_T": [held.facts["seconds"]]} | ({"things": [thing]} if setting.readers else {})
        return {"status": "ok", "length": len(entry.clip_id) / 7} | held.facts, maps


def order(folder, clips=12, shard=4, setting=SETTING, **asked):
    """A run that is written down."""
    made = listing(clips)
    plan = plan_of(made, 2, (16, 16), "code", shard)
    begin(folder, plan, made)
    add_setting(folder, setting)
    return crew.Order(folder, plan, {setting.setting_id: setting}, partial(Counts, folder, **asked))


def rows_of(folder, plan, name):
    """All rows in the order of the shards, without what a clock says."""
    made = [row for shard in plan.shards for row in files.read_rows(shard_file(folder, "rows", shard, name))]
    return [{key: value for key, value in row.items() if not key.endswith("_ms")} for row in made]


def main(folder, moment, slow, address=""):
    """A driver. moment: it is killed at so many renamings of Parquet files and their digests, just before (odd) or just after
    (even). slow: it has a worker of its own instead, which takes three seconds for this clip. address: of the Ray cluster
    where that worker is."""
    replace, count = os.replace, [0]

    def counted(fresh, file):
        count[0] += str(file).endswith((".parquet", ".sum"))
        if count[0] == moment and moment % 2:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(fresh, file)
        if count[0] == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    made = order(folder, slow=[slow], seconds=3.0)
    os.replace = counted
    drive.drive(made, workers=bool(slow), crew=Cluster(1, address) if address else None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
