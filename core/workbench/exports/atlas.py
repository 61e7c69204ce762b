"""A folder with the Parquet file that Embedding Atlas shows: a point for every clip, its text, its strip, and its numbers.

clips.parquet    x, y: places on the map; text; image: {bytes, path}; and every column of the run
README.md        the command that shows it
"""

from pathlib import Path

from core.errors import ReaderError
from core.workbench.columns import SQL
from core.workbench.exports.chosen import Chosen
from core.workbench.files import cursor, literal, quoted
from core.workbench.query.near import features_of
from core.workbench.query.places import places

FILE = "clips.parquet"
OWN = {"x": "DOUBLE", "y": "DOUBLE", "text": "VARCHAR", "image": "BLOB"}
README = """\
# {clips} clips of {data} at {name}

{words}. A point for every clip that was read, near others with features alike ({how}); distances mean little.

```sh
embedding-atlas {file} --x x --y y --text text --image image
```
"""


def write_atlas(chosen: Chosen, to: Path) -> None:
    """to: a folder that is not there yet. Clips without a feature have no place on a map and are left out."""
    found = places(features_of(chosen.folder, chosen.setting))
    place = dict(zip(found.ids, found.place_N2.tolist()))
    rows = [row for row in chosen.rows() if row["clip_id"] in place]
    if not rows:
        raise ReaderError("None of these clips has a feature, so none has a place on a map.")
    strips = {clip: one.get("strip") for clip, one in chosen.pictures([row["clip_id"] for row in rows])}
    columns = [one for one in chosen.held.columns if one.name not in OWN]
    kinds = {one.name: SQL[one.kind] for one in columns} | OWN
    made = [
        {
            **row,
            "x": place[row["clip_id"]][0],
            "y": place[row["clip_id"]][1],
            "image": strips.get(row["clip_id"]),
            "text": text(row),
        }  # fmt: skip
        for row in rows
    ]
    to.mkdir(parents=True)
    shown = ", ".join(
        "struct_pack(bytes := image, path := clip_id || '.jpg') AS image" if name == "image" else quoted(name) for name in kinds
    )
    with cursor() as base:
        base.execute(f"CREATE TEMP TABLE made ({', '.join(f'{quoted(name)} {kind}' for name, kind in kinds.items())})")
        lists = ", ".join(f"unnest(?::{kind}[])" for kind in kinds.values())
        base.execute(f"INSERT INTO made SELECT {lists}", [[row.get(name) for row in made] for name in kinds])
        base.execute(f"COPY (SELECT {shown} FROM made) TO {literal(str(to / FILE))} (FORMAT parquet, COMPRESSION zstd)")
    about = {"clips": len(rows), "data": chosen.plan.data, "name": chosen.name, "words": chosen.words}
    (to / "README.md").write_text(README.format(**about, how=found.how, file=FILE), encoding="utf-8")


def text(row: dict) -> str:
    """What is said of a clip where it is pointed at."""
    if row.get("pred") is None:
        return row.get("label") or row["clip_id"]
    return f"{row['label']} → {row['pred']}" if row.get("label") else row["pred"]
