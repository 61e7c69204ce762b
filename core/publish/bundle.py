"""The numbers behind a view in one zip: arrays as NPZ, tables as CSV, and a manifest that says what each of them is.

    manifest.json   method, paper, knobs with symbols and meanings, texts, clip, weights, and of every array: name, shape,
                    letters of its dimensions, dtype, symbol, title, unit, and what computed it
    arrays.npz      every stage's numbers, and the frames' times and indices (numpy.load reads it)
    frames.csv gaps.csv patches.csv texts.csv   the same where a spreadsheet is more at hand

The same result gives the same bytes.
"""

import csv
import inspect
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from core.kinds import as_array
from core.publish.described import described
from core.publish.result import Result
from core.publish.view import to_plain
from core.registry import method_named

LETTERS = {
    "T": "frames", "G": "gaps between frames", "P": "patches, row by row", "K": "support or chosen frames", "Q": "prompts",
    "N": "heads, or things found", "L": "layers, or places where prompts enter", "I": "stages of the tower", "D": "width",
    "F": "width of a support's features", "E": "width of the space shared with texts", "S": "tokens, or spans of time",
    "Y": "texts", "B": "frames read at once",
    "H": "rows of pixels", "W": "columns of pixels", "C": "colours", "h": "rows of patches", "w": "columns of patches",
}  # fmt: skip
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?|[-+]?(inf|nan)")  # as it stands in a table
STAMP = (1980, 1, 1, 0, 0, 0)  # of every file in the zip


def bundle(result: Result, frames: bool = True) -> bytes:
    """The zip. frames: with the clip's pixels."""
    arrays, left_out = arrays_of(result)
    if frames:
        arrays["clip.frames_THWC"] = result.clip.frames_THWC
    arrays |= {"clip.time_T": result.clip.time_T, "clip.source_T": result.clip.source_T}
    files = {"manifest.json": _json(manifest(result, arrays, left_out)), "arrays.npz": _npz(arrays)}
    if result.other:
        other, _ = arrays_of(result.other)
        other |= {"clip.time_T": result.other.clip.time_T, "clip.source_T": result.other.clip.source_T}
        files["compared.npz"] = _npz(other)
    return zipped(files | tables(result))


def arrays_of(result: Result) -> tuple[dict[str, np.ndarray], list[str]]:
    """Every number and word of the trace, by stage (and, of what has parts, by part); and the stages that have none."""
    made: dict[str, np.ndarray] = {}
    for stage, value in result.trace.values.items():
        made |= dict(_parts(stage, value))
    return made, [stage for stage in result.trace.values if not any(re.split(r"\.", name)[0] == stage for name in made)]


def _parts(name: str, value: Any) -> Iterable[tuple[str, np.ndarray]]:
    if hasattr(value, "parameters"):  # a network: its label is in the manifest
        return
    if isinstance(value, Mapping):
        for at, one in value.items():
            yield from _parts(f"{name}.{'.'.join(map(str, at)) if isinstance(at, tuple) else at}", one)
    elif is_dataclass(value):
        for one in fields(value):
            yield from _parts(f"{name}.{one.name}", getattr(value, one.name))
    elif hasattr(value, "detach") or isinstance(value, (int, float, str, np.ndarray)):
        yield name, as_array(value)
    elif isinstance(value, (tuple, list)):
        if value and (all(isinstance(one, (int, float)) for one in value) or all(isinstance(one, str) for one in value)):
            yield name, np.asarray(value)
        else:
            for place, one in enumerate(value):
                yield from _parts(f"{name}.{place}", one)


def manifest(result: Result, arrays: Mapping[str, np.ndarray], left_out: list[str]) -> dict[str, Any]:
    """What is in the zip, in words."""
    method, clip = method_named(result.view.shown.method), result.clip
    stages = {stage.__name__: inspect.getdoc(stage) or "" for stage in method.stages}
    listed = []
    for name, array in arrays.items():
        stage = name.partition(".")[0]
        one = method.kinds.get(stage)
        said = {"symbol": one.symbol, "title": one.title, "unit": one.unit} if one else {}
        letters = dims(name, array.ndim)
        if letters is None and one and name != stage and array.ndim == len(one.over):
            letters = list(one.over)  # of a part, whose name ends in the numbers of its stage and block
        told = {"name": name, "dims": letters, "shape": list(array.shape), "dtype": str(array.dtype)}
        listed.append(told | said | {"what": CLIP.get(name) or stages.get(stage, "")})
    return {
        "schema": 1,
        "about": described(result),
        "view": to_plain(result.view),
        "knobs": [
            {"name": k.name, "symbol": k.symbol, "value": result.view.shown.settings[k.name], "meaning": k.meaning}
            for k in method.knobs.knobs()
        ],
        "weights": dict(result.trace.weights),
        "clip": {
            "name": clip.name, "key": clip.key, "notes": list(clip.notes), "time_T": [float(t) for t in clip.time_T],
            "source_T": [int(i) for i in clip.source_T],
        },
        "grid": result.grid and dict(zip(("rows", "columns"), result.grid)),
        "dims": LETTERS,
        "arrays": listed,
        "left_out": {stage: "a network, or nothing at all" for stage in left_out},
    }  # fmt: skip


CLIP = {
    "clip.frames_THWC": "The frames: uint8 RGB, 0–255.",
    "clip.time_T": "Seconds from the start of the file.",
    "clip.source_T": "Index of each frame in the file, from 0.",
}


def dims(name: str, count: int) -> list[str] | None:
    """The dimensions a name ends in, one letter each: "score_TP" → T, P. None where it says none, or another number."""
    ends = re.search(r"_([A-Za-z][A-Za-z0-9]*)$", name.split(".")[-1]) or re.search(r"_([A-Za-z0-9]+)\.", name)
    letters = list(ends[1]) if ends else []
    return letters if len(letters) == count and all(one in LETTERS or one.isdigit() for one in letters) else None


# ---- tables -----------------------------------------------------------------------------------------------------------


def tables(result: Result) -> dict[str, bytes]:
    """CSV files: frames, and whatever the method's outputs hold of gaps, patches and texts. Frames are counted from 1."""
    clip, T = result.clip, len(result.clip)
    rows = [(t + 1, f"{time:.6g}", source) for t, (time, source) in enumerate(zip(clip.time_T, clip.source_T))]
    made = {"frames.csv": _csv(("frame", "seconds", "index in the file"), rows)}
    gaps = [one for one in result.outputs if one.row and one.over == "G"]
    if gaps:
        columns = [result.array(one.stage) for one in gaps]
        rows = [(g + 1, g + 2, *(_number(column[g]) for column in columns)) for g in range(T - 1)]
        made["gaps.csv"] = _csv(("frame", "next frame", *(one.symbol for one in gaps)), rows)
    if result.output("K", "second"):
        chosen = [one for one in result.outputs if one.row and one.over == "K"]
        columns = [map(_number, result.array(one.stage)) for one in chosen]
        made["chosen.csv"] = _csv([one.title for one in chosen], zip(*columns))
    if spans := result.output("S2", "second"):
        scores = [one for one in result.outputs if one.row and one.over == "S"]
        columns = [*result.array(spans.stage).T, *(result.array(one.stage) for one in scores)]
        heads = ("from second", "to second", *(one.title for one in scores))
        made["segments.csv"] = _csv(heads, zip(*(map(_number, column) for column in columns)))
    maps = [one for one in result.outputs if one.over_frames]
    if maps and result.grid:
        high, wide = result.grid
        columns = [result.array(one.stage).reshape(T, -1) for one in maps]
        rows = [
            (t + 1, p // wide + 1, p % wide + 1, *(_number(column[t, p]) for column in columns))
            for t in range(T)
            for p in range(high * wide)
        ]
        made["patches.csv"] = _csv(("frame", "row", "column", *(one.symbol for one in maps)), rows)
    scores = [one for one in result.outputs if one.row and one.over == "Y"]
    if scores:
        columns = [map(_number, result.array(one.stage)) for one in scores]
        made["texts.csv"] = _csv(("text", *(one.symbol for one in scores)), zip(result.view.shown.texts, *columns))
    return made


def _number(value: Any) -> str:
    return str(int(value)) if np.issubdtype(np.asarray(value).dtype, np.integer) or value in (True, False) else f"{value:.9g}"


def _csv(names: Iterable[str], rows: Iterable[Iterable[Any]]) -> bytes:
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([[_harmless(cell) for cell in row] for row in rows])
    return held.getvalue().encode()


def _harmless(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula is quoted; a number is none."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and not NUMBER.fullmatch(cell) else cell


# ---- files ------------------------------------------------------------------------------------------------------------


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files, the same bytes each time."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        for name, data in files.items():
            one = zipfile.ZipInfo(name, STAMP)
            one.compress_type = zipfile.ZIP_STORED if name.endswith((".npz", ".png", ".mp4")) else zipfile.ZIP_DEFLATED
            made.writestr(one, data)
    return held.getvalue()


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    held = io.BytesIO()
    np.savez_compressed(held, **arrays)  # pyright: ignore
    return held.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()
