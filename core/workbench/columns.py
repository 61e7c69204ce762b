"""Columns as data: what a number of a clip is called, what it is counted in, which end of it is bad, and what it needs.

A method declares its own in the module `columns` of its folder:

    COLUMNS = (Column("pointing", "…", "number", "share", "low", needs="truth"), …)     its columns
    STAGES = ("score_TP", …)                             stages that they are made of
    def row(seen: Seen) -> dict[str, Any]                one clip's values; what is not there is not known

One without such a module has the `numbers` of its kinds (`core.kinds`), as every method has.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.kinds import Output, TextScores

if TYPE_CHECKING:  # it brings torch, and whoever reads a run needs none
    from core.method import Method

Kind = Literal["number", "count", "truth", "text", "texts", "numbers", "bytes"]
SQL: Mapping[str, str] = {
    "number": "DOUBLE", "count": "BIGINT", "truth": "BOOLEAN", "text": "VARCHAR", "texts": "VARCHAR[]", "numbers": "FLOAT[]",
    "bytes": "BLOB",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """name: as queries have it. says: one sentence. kind: of its values. bad: the end of it that is. needs: what must be
    there for it to be known, "" nothing, else "labels", "truth" (of drawn clips), "faithful" or an edit."""

    name: str
    says: str
    kind: Kind = "number"
    unit: str = ""
    bad: Literal["", "low", "high"] = ""
    needs: str = ""


OK, UNREADABLE, CRASHED, NAN = "ok", "unreadable", "crashed", "nan"  # what became of a clip

GENERAL = (
    Column("setting", "The setting that this row is of.", "text"),
    Column("shard", "The shard that it lies in.", "count"),
    Column("clip_id", "The clip, by its path or its seed.", "text"),
    Column("status", "What became of it: ok, unreadable, crashed, or nan where scores are no numbers.", "text"),
    Column("why", "Why it is not ok.", "text"),
    Column("path", "Where it lies below the folder of the data.", "text"),
    Column("label", "What it is, as its folder or its table says.", "text", needs="labels"),
    Column("also", "What else is true of it: that is no wrong answer.", "texts", needs="labels"),
    Column("group", "Clips of one group are cut from one film, and are drawn together where chance is reckoned with.", "text"),
    Column("source", "A file, or drawn by the world.", "text"),
    Column("split", "The part of the data set that it belongs to.", "text"),
    Column("frames", "Frames that were read.", "count"),
    Column("seconds", "From the first frame that was read to the last.", "number", "s"),
    Column("clip_key", "A digest of the frames: the stage shows the same where its key is the same.", "text"),
    Column("decode_ms", "How long it took to read it.", "number", "ms", "high"),
    Column("run_ms", "How long the method took.", "number", "ms", "high"),
)
NAMING = ("setting", "shard", "clip_id", "why", "path", "group", "clip_key")  # tell one clip from another: nothing to sum up
SEEN = (
    Column("motion", "How much changes from one frame to the next, on average.", "number", "share of white"),
    Column("camera", "How far the whole picture moves from one frame to the next, on average.", "number", "of the longer side"),
    Column("sharpness", "How much neighbouring pixels differ: a blurred clip has little.", "number", "of white", "low"),
    Column("brightness", "Mean of all pixels.", "number", "share of white"),
    Column("degradation", "What the world did to it besides the action.", "text", needs="truth"),
)
ANSWERED = (
    Column("pred", "The class whose text fits best.", "text"),
    Column("right", "Whether that is its own.", "truth", bad="low", needs="labels"),
    Column("rank", "How many others fit at least as well as its own.", "count", "classes", "high", "labels"),
    Column("top5", "The five classes that fit best, best first.", "texts"),
    Column("in_top5", "Whether its own is among the five best.", "truth", bad="low", needs="labels"),
    Column("loss", "−log of what its own gets of a softmax over all classes.", "number", "nats", "high", "labels"),
    Column("confidence", "What the best gets of a softmax over all classes.", "number", "share"),
    Column("entropy", "How evenly that softmax is spread: 1 = all classes alike.", "number", "of log Y", "high"),
    Column(
        "margin", "Its own class's cosine less the best other's; without a label, the best less the second.", "number",
        "cosine", "low",
    ),
)  # fmt: skip
EDITS = {  # what is done to the order of the frames → how a sentence says it
    "freeze": "shown its middle frame all the time",
    "shuffle": "shown its frames in another order",
    "reverse": "shown backwards",
}


def edit_columns(edits: Iterable[str]) -> tuple[Column, ...]:
    """What is answered of the same clip after an edit."""
    made = []
    for name in edits:
        says = EDITS[name]
        made += [
            Column(f"{name}_pred", f"The class that fits best where the clip is {says}.", "text", needs=name),
            Column(f"{name}_same", f"Whether that is the same as of the clip itself: {says}.", "truth", needs=name),
            Column(
                f"{name}_margin", f"How much the margin of the same class changes where the clip is {says}.", "number",
                "cosine", needs=name,
            ),
        ]  # fmt: skip
    return tuple(made)


def number_columns(method: "Method") -> tuple[Column, ...]:
    """One for every number that the kinds of a method's outputs are told in."""
    return tuple(
        Column(number_name(one, how), f"{one.title}: {one.number_said(how)}.", "number", one.unit)
        for one in counted(method)
        for how in one.numbers
    )


def counted(method: "Method") -> tuple[Output, ...]:
    """Outputs that a row takes numbers of; not those for which the whole clip is read again, nor the texts, which are
    answered."""
    return tuple(one for one in method.outputs if one.numbers and one.when != "whole" and not isinstance(one, TextScores))


def number_name(output: Output, how: str | int) -> str:
    """ "score_TP_mean"."""
    return f"{output.stage}_{how}"


def as_json(columns: Iterable[Column]) -> list[dict[str, Any]]:
    """For run.json."""
    return [asdict(one) for one in columns]


def from_json(listed: Iterable[Mapping[str, Any]]) -> tuple[Column, ...]:
    """`as_json` undone."""
    return tuple(Column(**one) for one in listed)
