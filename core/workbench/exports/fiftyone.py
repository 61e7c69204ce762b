"""A folder that FiftyOne imports as its `FiftyOneDataset`: JSON that names its samples, and their pictures.

    data/00000.jpg …    strips of frames        samples.json    label, answer, tags and numbers of each
    metadata.json       what the run was        README.md       the two lines that load it

It is the layout without a version, which FiftyOne reads as it did before 0.8 (1.22 still does): one with a version is a dump
of its database. A sample is a strip and no video, because drawn clips have no file; `path` says where the others lie.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.workbench.exports.chosen import Chosen
from core.workbench.marks import Marks

README = """\
# {clips} clips of {data} at {name}

{words}. One sample a clip: its frames side by side, `ground_truth`, `prediction`, tags, and every number of its row.

```python
import fiftyone as fo

dataset = fo.Dataset.from_dir(dataset_dir="THIS FOLDER", dataset_type=fo.types.FiftyOneDataset)
dataset.evaluate_classifications("prediction", gt_field="ground_truth", eval_key="eval")
```
"""


def write_fiftyone(chosen: Chosen, to: Path) -> None:
    """to: a folder that is not there yet. A clip without a strip is left out: a sample needs a picture."""
    (to / "data").mkdir(parents=True)
    rows, marks = chosen.rows(), Marks(chosen.folder)
    tags, notes = marks.of("tag"), marks.of("note")
    place = {row["clip_id"]: n for n, row in enumerate(rows)}
    drawn = set()
    for clip, found in chosen.pictures(list(place)):
        if found.get("strip"):
            (to / picture(place[clip])).write_bytes(found["strip"])
            drawn.add(clip)
    samples = [
        sample(row, picture(n), sorted(tags.get(row["clip_id"], {})), notes.get(row["clip_id"], {}).get(""))
        for n, row in enumerate(rows)
        if row["clip_id"] in drawn
    ]
    held = chosen.held
    info = {
        "run": chosen.plan.run_id, "data": chosen.plan.data, "setting": chosen.setting, "method": held.method,
        "knobs": dict(held.knobs), "weights": dict(held.weights), "clips": chosen.words, "texts": list(chosen.plan.texts),
    }  # fmt: skip
    about = {"name": f"{chosen.plan.data} {held.method}", "media_type": "image", "info": info}
    for name, value in (("metadata.json", about), ("samples.json", {"samples": samples})):
        (to / name).write_text(json.dumps(value, allow_nan=False, ensure_ascii=False), encoding="utf-8")
    said = README.format(clips=len(samples), data=chosen.plan.data, name=chosen.name, words=chosen.words)
    (to / "README.md").write_text(said, encoding="utf-8")


def picture(place: int) -> str:
    """Where a strip lies."""
    return f"data/{place:05}.jpg"


def sample(row: Mapping[str, Any], file: str, tags: list[str], note: str | None) -> dict[str, Any]:
    """One clip. What is not known is left out: FiftyOne has no field of nothing."""
    made: dict[str, Any] = {"filepath": file, "tags": tags}
    if row.get("label") is not None:
        made["ground_truth"] = {"_cls": "Classification", "label": row["label"]}
    if row.get("pred") is not None:
        made["prediction"] = {"_cls": "Classification", "label": row["pred"], "confidence": finite(row.get("confidence"))}
    fields = {name: finite(value) for name, value in row.items() if not isinstance(value, bytes)}
    return made | {name: value for name, value in (fields | {"note": note}).items() if value is not None}


def finite(value: Any) -> Any:
    """The value, or None of a number that JSON has none for."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
