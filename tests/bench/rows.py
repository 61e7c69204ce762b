"""A run of as many clips as one likes, its numbers drawn by chance: what its questions cost depends little on them."""

import numpy as np

from core.methods import part
from core.workbench.columns import ANSWERED, EDITS, GENERAL, SEEN, edit_columns
from core.workbench.files import cursor, digest, into_place, literal, quoted, sum_of, write_parquet, write_text
from core.workbench.listing import Entry, Listing
from core.workbench.plan import Setting, add_setting, begin, map_columns, plan_of, shard_file

METHOD, CLASSES, WIDTH = "stop", 101, 512
DRAWN = {
    "number": "random()", "count": "(random() * 20)::INT", "truth": "random() < 0.5", "texts": "['class 1', 'class 2']",
    "text": f"'class ' || (random() * {CLASSES - 1})::INT",
}  # fmt: skip
SAID = {
    "status": "CASE WHEN random() < 0.01 THEN 'unreadable' ELSE 'ok' END", "clip_id": "printf('clip %06d', n)",
    "path": "printf('clip %06d', n)", "group": "printf('film %05d', n // 4)", "clip_key": "md5(n::VARCHAR)", "why": "NULL",
    "source": "'file'", "split": "'test'", "degradation": "['none', 'pan', 'shake'][1 + (random() * 2)::INT]",
}  # fmt: skip


def made_run(folder, clips, features=True):
    """Its folder, with two settings of all columns that a method with texts has."""
    listing = Listing(folder.name, tuple(Entry(f"clip {n:06}", f"clip {n:06}", "class 1", ("class 1",)) for n in range(clips)))
    plan = plan_of(listing, 8, (128, 128))
    begin(folder, plan, listing)
    columns = (*GENERAL, *SEEN, *ANSWERED, *edit_columns(EDITS), *part(METHOD, "columns").COLUMNS)
    rng = np.random.default_rng(0)
    for alpha in (0.1, 0.8):
        one = Setting(METHOD, {"alpha": alpha}, columns, edits=tuple(EDITS), drawn={"video_E": "feature"})
        add_setting(folder, one)
        write_rows(folder, plan, one)
        for shard in plan.shards if features else ():
            feature_NE = rng.normal(size=(plan.clips_of(shard), WIDTH)).astype(np.float16)
            maps = [
                {"clip_id": f"clip {shard * plan.shard + n:06}", "video_E": row.tobytes()} for n, row in enumerate(feature_NE)
            ]
            about = plan.about(shard, one.setting_id)
            write_parquet(shard_file(folder, "grids", shard, one.setting_id), map_columns(one), maps, about)
    return folder


def write_rows(folder, plan, setting):
    """Made where they are written: rows of Python for a hundred thousand clips would take a minute."""
    said = {**SAID, "setting": literal(setting.setting_id), "shard": f"n // {plan.shard}"}
    values = ", ".join(f"{said.get(one.name, DRAWN[one.kind])} AS {quoted(one.name)}" for one in setting.columns)
    with cursor() as base:
        base.execute(f"CREATE TEMP TABLE made AS SELECT {values} FROM range({plan.clips}) AS every(n)")
        for shard in plan.shards:
            file = shard_file(folder, "rows", shard, setting.setting_id)
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh, about = file.with_suffix(".fresh"), plan.about(shard, setting.setting_id)
            known = ", ".join(f"{quoted(name)}: {literal(value)}" for name, value in about.items())
            base.execute(
                f"COPY (SELECT * FROM made WHERE shard = {shard} ORDER BY clip_id) TO {literal(str(fresh))} "
                f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{known}}})"
            )
            write_text(sum_of(file), digest(fresh))
            into_place(fresh, file)
