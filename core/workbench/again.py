"""A clip of a run once more: its file below the folder of the data, or drawn anew, for whoever shows it or asks it again."""

import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from core.engine import Engine
from core.errors import BadClip, ReaderError
from core.video.clip import Clip
from core.video.read import read_clip
from core.workbench.files import quoted
from core.workbench.listing import Entry
from core.workbench.measure import Measure
from core.workbench.plan import Plan, Setting, entries_of
from core.workbench.query.table import ROWS, Table
from core.workbench.reading import world_clip
from core.world import Truth, render, segment_centres

DRAWN = "world"  # the source of clips that need no file
TICKS = 1000  # of a second, in a file that is written


def entry_of(folder: Path, table: Table, clip_id: Any) -> Entry:
    """What the list of the run says of a clip."""
    known = isinstance(clip_id, str) and table.ask(f"SELECT shard FROM {ROWS} WHERE {quoted('clip_id')} = ? LIMIT 1", [clip_id])
    found = [one for one in entries_of(folder, known[0]["shard"]) if one.clip_id == clip_id] if known else []
    if not found:
        raise ReaderError(f"There is no clip {str(clip_id)[:60]!r} in this run.")
    return found[0]


def file_of(entry: Entry, root: Path | None) -> Path:
    """Its file, where it lies below the folder of the data: there or, where that folder was moved, at the same place in it."""
    if root is None:
        raise BadClip("The page was not told where these clips lie: start it with --data NAME=FOLDER, NAME being the run's.")
    for path in (Path(os.fsdecode(entry.file)), root / entry.path):
        if path.is_file() and path.resolve().is_relative_to(root.resolve()):
            return path
    raise BadClip(f"{entry.path[:80]} does not lie in the folder that was named for this run's data.")


def clip_again(entry: Entry, plan: Plan, root: Path | None) -> Clip:
    """The frames that the run saw, if the file is still the same."""
    if entry.source == DRAWN:
        return world_clip(entry, plan.frames, plan.size)[0]
    return read_clip(file_of(entry, root), plan.frames)


def truth_again(entry: Entry, plan: Plan) -> Truth | None:
    """What is true of those frames, where the clip is drawn."""
    if entry.source != DRAWN:
        return None
    scene = world_clip(entry, plan.frames, plan.size)[1].scene
    return render(scene, segment_centres(scene.seconds, plan.frames))[1]


def write_frames(clip: Clip, path: Path) -> None:
    """The frames of a clip as a file that gives the same pixels again."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height = clip.frames_THWC.shape[2], clip.frames_THWC.shape[1]
        stream.pix_fmt = "bgr0"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS)
        for frame_HWC, time in zip(clip.frames_THWC, clip.time_T):
            frame = av.VideoFrame.from_ndarray(frame_HWC, format="rgb24").reformat(format="bgr0")
            frame.pts, frame.time_base = round(float(time) * TICKS), Fraction(1, TICKS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def fits(engine: Engine, setting: Setting) -> bool:
    """Whether an engine has the weights that a setting was measured with."""
    networks = engine.method(setting.method).networks
    return all(name in networks and engine.shelf.known(networks[name]).digest == was for name, was in setting.weights.items())


def answer_again(measure: Measure, entry: Entry, clip: Clip, setting: Setting, knobs: Mapping[str, Any]) -> tuple[str, bool]:
    """(the class that fits best, whether that is right) of a clip at a setting with other knobs."""
    method, other = measure.engine.method(setting.method), Setting(
        setting.method, {**setting.knobs, **knobs}, (), question=setting.question
    )  # fmt: skip
    scores = measure.answers(method, entry, clip, other, [])[1]
    if scores is None or not scores.known:
        raise ReaderError("What is right or wrong is known of clips with a label, and where a method answers with one of them.")
    return scores.pred, scores.rank == 0
