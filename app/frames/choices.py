"""What the tab asks of the server: what every method chooses, at once as far as nothing must be read, and then all of it; a
curve over K; the pictures of a choice. An answer is a JSON text, an error's sentence in it; a method that refuses has its own.

The browser sends {values: {clip, weights, question, budget, reader}, who, stamp} and what it wants besides.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.figures.pack import jpeg
from app.figures.pack import short as digits
from app.server.answers import run_named
from app.server.errors import sentence
from app.server.guard import short
from app.server.jobs import PICTURE, VIDEO, Run
from app.server.memo import Memo
from app.server.request import STRANGE, Desk, number_of
from app.tab import thumbs
from core import Engine, ReaderError
from core.errors import BadKnob
from core.frames.choice import (
    BUDGET,
    CURVE,
    Choice,
    Reading,
    choose,
    choosers,
    evidence,
    read,
    reader_of,
    recall,
)
from core.frames.service import ServiceReader
from core.graph import inputs
from core.method import Method
from core.networks.weights import SYNTHETIC, WEIGHTS
from core.progress import Cancelled, watched
from core.video.footage import Footage, last_seconds
from core.world.questions import known_question

SOON, LATER, SEEN = "soon", "later", "pictures"  # kinds of runs, as assets/viewer/base/asking.js has them
OURS = "ours"  # the reader that was trained here
TOTAL = WEIGHTS / "metrics_frames.json"
SIDE = 160  # pixels of a picture
SAID = 256  # answers of a service


class Reads(Exception):
    """A video would be read from end to end, which takes long."""


@dataclass(frozen=True, eq=False)
class Case:
    """One video, question and budget K. weights: what the engine is called; reader: OURS, or a service's label; options: what
    the browser said besides. known: whether the weights of our world may be expected to know the video."""

    engine: Engine
    weights: str
    path: str
    question: str
    budget: int
    reader: str
    who: str
    stamp: float
    options: Mapping[str, Any]
    known: bool


class Choices:
    """Of a page. desk: of a method that takes part, whose weights are those of the tab."""

    def __init__(self, desk: Desk, services: Mapping[str, ServiceReader]):
        self.desk, self.clips, self.running, self.services = desk, desk.clips, desk.running, services
        self.methods = choosers(desk.engine.methods)
        self._said = Memo(SAID)

    def functions(self) -> list[Callable[..., str]]:
        """For the tab's component."""
        asked_of = [sentence(one, self.case) for one in (self.at_once, self.everything, self.curve, self.seen)]
        return [*asked_of, *map(sentence, (self.constants, self.far, self.stop))]

    def constants(self, message: Any = None) -> dict[str, Any]:
        """What does not change: example videos, values of K that a curve is drawn over, what methods are called, and what was
        measured on many videos, where it was."""
        titles = {one.name: title_of(one)["title"] for one in self.methods}
        return {"examples": thumbs(self.desk), "curve": CURVE, "titles": titles, "total": total_of(TOTAL)}

    def case(self, message: Any) -> Case:
        """What the browser sent, checked once."""
        values = message.get("values") if isinstance(message, Mapping) else None
        if not isinstance(values, Mapping) or {*values} != {"clip", "weights", "question", "budget", "reader"}:
            raise ReaderError(STRANGE)
        weights, reader, budget, question = (values[name] for name in ("weights", "reader", "budget", "question"))
        if not isinstance(weights, str) or weights not in self.desk.engines:
            raise ReaderError(f"The weights are {', '.join(self.desk.engines)}, got {str(weights)[:40]!r}.")
        if reader not in (OURS, *self.services):
            raise ReaderError(f"The readers are {', '.join((OURS, *self.services))}, got {str(reader)[:40]!r}.")
        low, high = BUDGET
        if isinstance(budget, bool) or not isinstance(budget, (int, float)) or budget != budget or not low <= budget <= high:
            raise BadKnob(f"K is a whole number from {low} to {high}, got {str(budget)[:40]}.")
        path, who = self.clips.path(values["clip"]), run_named(message)[0] or secrets.token_hex(8)
        return Case(
            self.desk.engines[weights], weights, path, question if isinstance(question, str) else "", int(budget), reader, who,
            number_of(message.get("stamp")), message, self.clips.of_world(path),
        )  # fmt: skip

    # ---- what each chooses ----------------------------------------------------------------------------------------------

    def at_once(self, case: Case) -> dict[str, Any]:
        """What needs no reading of a video: of a method that must read, `waiting`; of an answer, too."""
        video = self.clips.whole(case.path)
        if video is None:
            return {"stamp": case.stamp, "rows": [title_of(one) | {"waiting": True} for one in self.methods], "waiting": True}
        with self.running.knob():
            return self._table(case, video, self.running.start(case.who, SOON), wait=False)

    def everything(self, case: Case) -> dict[str, Any]:
        """All of it; while it takes long, its reader is told how far it is, and may call it off."""

        def work(run: Run) -> dict[str, Any]:
            video = self.clips.video(case.path, lambda done: run.progress("opening the video", done), run.cancelled)
            return self._table(case, video, run, wait=True)

        return self.running.aside(self.running.start(case.who, LATER, long=True), work, VIDEO)

    def _table(self, case: Case, video: Footage, run: Run, wait: bool) -> dict[str, Any]:
        """A row for each method, and what is known of the question."""
        found = known_question(video, case.question)
        rows = [self._row(case, video, method, run, wait) for method in self.methods]
        return {
            "stamp": case.stamp,
            "video": video_payload(self.clips.name(case.path), video),
            "evidence": evidence(video, case.question),
            "answer": found.answer if found else None,
            "options": found.options if found else (),
            "rows": rows,
            "waiting": any("waiting" in one for one in rows),
        }

    def _row(self, case: Case, video: Footage, method: Method, run: Run, wait: bool) -> dict[str, Any]:
        """What a method chose, what it cost, and what it is worth; or that it waits, or why it refuses."""
        made, heard = title_of(method), self._heard(run, wait)
        try:
            one = choose(case.engine, method.name, video, case.question, case.budget, **heard(method))
        except Reads:
            return made | {"waiting": True}
        except ReaderError as wrong:
            return made | {"error": short(wrong)}
        made |= choice_payload(one, recall(one.second_K, evidence(video, case.question)))
        made["strange"] = not case.known and SYNTHETIC in " ".join(one.weights)
        found = known_question(video, case.question)
        try:
            reading = self._read(case, video, one.frame_K, heard, run, wait)
        except Reads:
            return made | {"waiting": True}
        except ReaderError as wrong:
            return made | {"unread": short(wrong)}
        answers = {"answer": reading.answer, "own": one.answer}
        rights = {f"{name}_right": bool(found and said == found.answer) for name, said in answers.items()}
        return made | answers | rights | {"tokens": reading.tokens}

    def _heard(self, run: Run, wait: bool) -> Callable[[Method], dict[str, Any]]:
        """→ what a run of a method is watched by: it says how far it is, and stops before it would read, unless it may."""

        def of(method: Method) -> dict[str, Any]:
            reading = {one.__name__ for one in method.stages if "video" in inputs(one) and {*inputs(one)} & {*method.networks}}

            def progress(stage: str, done: float) -> None:
                if not wait and stage in reading:
                    raise Reads
                run.progress(f"{title_of(method)['title']}: {stage}", done)

            return {"cancelled": run.cancelled, "progress": progress}

        return of

    # ---- who answers from it --------------------------------------------------------------------------------------------

    def _read(self, case: Case, video: Footage, frame_K: tuple[int, ...], heard: Any, run: Run, wait: bool) -> Reading:
        """The answer of the reader that is asked for."""
        if case.reader == OURS:
            reader = reader_of(case.engine.methods)
            return read(case.engine, video, case.question, frame_K, **(heard(reader[0]) if reader else {}))
        key = (case.reader, video.key, case.question, frame_K)
        if not wait and key not in dict(self._said.items()):
            raise Reads
        run.progress(case.reader, 0.0)
        one = self.services[case.reader]
        return self._said.get(key, lambda: one.read(video, case.question, frame_K, run.cancelled), run.cancelled)

    # ---- a curve, pictures, and how far it is ---------------------------------------------------------------------------

    def curve(self, case: Case) -> dict[str, list[list[Any]]]:
        """Method → [K, frames, recall, right] for values of K; recall and right are null where nobody knows."""

        def work(run: Run) -> dict[str, list[list[Any]]]:
            video, made = self.clips.video(case.path, cancelled=run.cancelled), {}
            spans, found = evidence(video, case.question), known_question(video, case.question)
            heard = self._heard(run, wait=True)
            reader = reader_of(case.engine.methods)
            for method in self.methods:
                for K in CURVE:
                    one = choose(case.engine, method.name, video, case.question, K, **heard(method))
                    said = read(case.engine, video, case.question, one.frame_K, **heard(reader[0])).answer if reader else ""
                    right = bool(said == found.answer) if found and said else None
                    row = [K, len(one.frame_K), recall(one.second_K, spans), right]
                    made.setdefault(method.name, []).append(row)
            return made

        return self.running.aside(self.running.start(case.who, LATER, long=True), work)

    def seen(self, case: Case) -> list[str]:
        """The frames that are named, as JPEG."""
        frames, video = case.options.get("frames"), self.clips.whole(case.path)
        if not isinstance(frames, list) or not 1 <= len(frames) <= BUDGET[1] or video is None:
            raise ReaderError(STRANGE)

        def work(run: Run) -> list[str]:
            def told(done: float) -> None:
                if run.cancelled():
                    raise Cancelled("Called off.")
                run.progress("pictures", done)

            with watched(told):
                return [jpeg(frame_HWC, SIDE) for frame_HWC in video.frames(frames).frames_THWC]

        return self.running.aside(self.running.start(case.who, SEEN, long=True), work, PICTURE)

    def far(self, message: Any) -> list[Any] | None:
        """[what runs, share of it that is done] of a reader's own run that is under way."""
        return self.running.far(*run_named(message))

    def stop(self, message: Any) -> None:
        """Call it off."""
        self.running.stop(*run_named(message))


# ---- as it travels ------------------------------------------------------------------------------------------------------


def title_of(method: Method) -> dict[str, str]:
    """What a row is called."""
    return {"name": method.name, "title": method.title.partition(" — ")[0]}


def choice_payload(one: Choice, found: float | None) -> dict[str, Any]:
    """A row's numbers."""
    return {
        "frames": one.frame_K, "seconds": [digits(second) for second in one.second_K], "looked": one.looked, "calls": one.calls,
        "ms": digits(one.ms), "recall": found, "untrained": one.untrained, "weights": one.weights,
    }  # fmt: skip


def video_payload(name: str, video: Footage) -> dict[str, Any]:
    """What there is to know of a video: scenes [begin, end, what happens], and questions that it can answer itself."""
    return {
        "key": video.key, "name": name, "frames": video.N, "seconds": float(video.time_N[-1]) + last_seconds(video),
        "scenes": getattr(video, "segments", ()), "questions": [one.text for one in getattr(video, "questions", ())],
    }  # fmt: skip


def total_of(file: Path) -> dict[str, Any] | None:
    """What `core.evaluate frames` found, where it was asked."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
