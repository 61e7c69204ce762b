"""Things that a detector finds, and those that are there: a row for each, with its match, and how many a clip has of each bin.

A method that finds things says so in the module `columns` of its folder:

    READERS = {"own": "with prompts", …}                  who finds things, and how a sentence says it; the first is the method
    def things(seen: Seen) -> Mapping[str, Sequence[Frame]]    of each reader, every frame of the clip
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from core.workbench.columns import Column
from core.workbench.seen import Seen
from core.workbench.tide import BINS, MISSED, RIGHT, SAYS, Frame, judge

THINGS = (
    Column("clip_id", "", "text"),
    Column("frame", "Counted from 1.", "count"),
    Column("reader", "Who looked for things.", "text"),
    Column("real", "Whether it is there; else it was found.", "truth"),
    Column("thing", "Which of the frame's, of those that are there or of those that were found, from 1.", "count"),
    Column("label", "What it is, or is said to be.", "text"),
    Column("score", "How sure it is; of what was found.", "number"),
    *(Column(name, "Of its box, in shares of the frame.", "number", "share") for name in ("x0", "y0", "x1", "y1")),
    Column("bin", f"{RIGHT}, or one of {', '.join(BINS)}; of what is there, {RIGHT}, {MISSED} or not known.", "text"),
    Column(
        "about", "The thing that is there and this one is held against; of what is there, the one it is paired with.", "count"
    ),
    Column("beside", "What that one is, or is said to be.", "text"),
    Column("overlap", "With that one.", "number", "IoU"),
    Column("pair", "Whether the two are a pair of the confusion.", "truth"),
    Column("cures", "Whether the thing would be found were this one's bin cured.", "truth"),
)


def readers_of(own: ModuleType | None) -> dict[str, str]:
    """Who finds things: name → how a sentence says it; none where the method finds none."""
    return dict(getattr(own, "READERS", {})) if hasattr(own, "things") else {}


def count_columns(readers: Mapping[str, str]) -> tuple[Column, ...]:
    """How many of each bin a clip has, of every reader."""
    return tuple(
        Column(count_name(one, reader), f"{one}, {SAYS[one]}: how many {said}.", "count", "things", "high", "truth")
        for reader, said in readers.items()
        for one in BINS
    )


def count_name(one: str, reader: str) -> str:
    """ "loc_prompted"."""
    return f"{one.lower()}_{reader}"


def things_of(own: ModuleType, seen: Seen) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """(a row for every thing, how many of each bin, which is not known without truth)."""
    rows, counts = [], {}
    for reader, frames in own.things(seen).items():
        about = {"clip_id": seen.entry.clip_id, "reader": reader}
        made = [about | {"frame": t} | row for t, frame in enumerate(frames, 1) for row in frame_rows(frame)]
        rows += made
        if any(frame.label_O is not None for frame in frames):
            counts |= {count_name(one, reader): sum(row.get("bin") == one for row in made) for one in BINS}
    return rows, counts


def frame_rows(frame: Frame) -> list[dict[str, Any]]:
    """A row for every thing that is in a frame, and for every one that was found there; without truth, in no bin."""
    found = [
        {"real": False, "thing": n + 1, "label": label, "score": float(frame.score_N[n])} | corners(frame.box_N4[n])
        for n, label in enumerate(frame.label_N)
    ]
    if frame.label_O is None:
        return found
    judged, real = judge(frame), []
    for n, row in enumerate(found):
        about = int(judged.about_N[n])
        row |= {"bin": judged.bin_N[n], "pair": bool(judged.pair_N[n]), "cures": bool(judged.cures_N[n])}
        if about >= 0:
            row |= {"about": about + 1, "beside": frame.label_O[about], "overlap": float(judged.overlap_N[n])}
    for o, label in enumerate(frame.label_O):
        row = {"real": True, "thing": o + 1, "label": label, "pair": bool(judged.by_O[o] >= 0)} | corners(frame.box_O4[o])
        if (by := int(judged.by_O[o])) >= 0:
            row |= {"about": by + 1, "beside": frame.label_N[by], "overlap": float(judged.overlap_N[by])}
        right = row["pair"] and judged.bin_N[by] == RIGHT
        real.append(row | {"bin": RIGHT if right else MISSED if judged.missed_O[o] else None})
    return [*real, *found]


def corners(box_4: Any) -> dict[str, float]:
    """A box as columns."""
    return {name: float(value) for name, value in zip(("x0", "y0", "x1", "y1"), box_4)}
