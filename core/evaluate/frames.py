"""Hold every method that chooses frames against the others, on stories that no training saw:  python -m core.evaluate frames

    recall, accuracy   {K: {chooser: {mean, low, high}}}: the share of the evidence that a chosen frame lies in, and how often
                       the frozen reader answers right from the chosen frames; where 95 of 100 draws of as many videos lie.
                       Of questions that can be answered
    gain               {recall, accuracy: {K: {chooser: {mean, low, high}}}}: the same of the difference from the first
                       chooser, video by video
    families           {family: {chooser: accuracy}} at K = MAIN, with those that cannot
    costs              {chooser: {frames, looked, calls}} at K = MAIN, means: what it chose, looked at, and ran networks for
    constant           what is right without looking (`core.world.questions.constants`)

A chooser is a method, or BOUND: frames of the evidence itself, which nobody who does not know the answer can choose. Weights
are the shipped ones, of one training seed; the intervals tell of other videos, not of other trainings.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from core.engine import Engine
from core.errors import ReaderError
from core.evaluate.tables import number
from core.evaluate.tables import table as rows_of
from core.frames.choice import Span, choose, choosers, evidence, read, recall
from core.metrics import interval
from core.networks.weights import WEIGHTS
from core.registry import METHODS
from core.video.footage import Footage
from core.world.long import asked_video
from core.world.questions import FAMILIES, Question, constants

FILE = WEIGHTS / "metrics_frames.json"
BOUND = "evidence alone"
BUDGETS, MAIN = (1, 2, 4, 8, 16, 32), 8
SECONDS = 256
SHARE = 12  # of --clips, one in so many is a video
MEASURES = ("recall", "accuracy")
Row = dict[str, Any]


def evaluate(weights: Path, clips: int, seed: int, device: torch.device) -> dict[str, Any]:
    """Every number of the module's first lines."""
    if weights != WEIGHTS:
        raise ReaderError(f"The choices of frames are compared with the shipped weights, in {str(WEIGHTS)!r}.")
    engine, V = Engine(str(device)), max(3, clips // SHARE)
    rows: list[Row] = []
    questions: list[Question] = []
    for number_, video in enumerate(tqdm(range(seed * 100_000, seed * 100_000 + V), "frames", unit="video")):
        footage, story = asked_video(video, "test", SECONDS)
        questions += story.questions
        for question in story.questions:
            rows += [one | {"video": number_} for one in measured(engine, footage, question)]
    return summary(rows) | {
        "constant": constants(one for one in questions if one.evidence),
        "about": {
            "videos": V, "questions": sum(bool(one.evidence) for one in questions), "seconds": SECONDS, "budget": MAIN,
            "families": list(FAMILIES), "first": choosers(METHODS)[0].name,
            "weights": sorted({label for one in rows for label in one["weights"]}),
            "command": f"python -m core.evaluate frames --clips {clips} --seed {seed}",
        },
    }  # fmt: skip


def measured(engine: Engine, video: Footage, question: Question) -> list[Row]:
    """A row for each chooser and K. A video that a method reads is read for its first row."""
    spans, made = evidence(video, question.text), []
    for K in BUDGETS:
        for method in choosers(engine.methods):
            one = choose(engine, method.name, video, question.text, K)
            costs = {"frames": len(one.frame_K), "looked": one.looked, "calls": one.calls, "weights": one.weights}
            made.append(row(engine, video, question, spans, one.frame_K) | costs | {"chooser": method.name, "K": K})
        if spans:
            bound = row(engine, video, question, spans, within(video, spans, K))
            made.append(bound | {"chooser": BOUND, "K": K, "weights": ()})
    return made


def row(engine: Engine, video: Footage, question: Question, spans: tuple[Span, ...], frame_K: tuple[int, ...]) -> Row:
    """What one choice is worth."""
    answer = read(engine, video, question.text, frame_K).answer
    if not answer:
        raise ReaderError("No reader was trained for these towers, so nothing answers.")
    seconds = [float(video.time_N[frame]) for frame in frame_K]
    return {"family": question.family, "recall": recall(seconds, spans), "accuracy": float(answer == question.answer)}


def within(video: Footage, spans: tuple[Span, ...], K: int) -> tuple[int, ...]:
    """Up to K frames of the evidence, as far apart as they are, of every span some before any has two."""
    frames = [[n for n, second in enumerate(video.time_N) if begin <= second < end] for begin, end in spans]
    share = [K // len(spans) + (place < K % len(spans)) for place in range(len(spans))]
    return tuple(sorted(frame for own, k in zip(frames, share) for frame in {own[i * len(own) // k] for i in range(k)}))


def summary(rows: list[Row]) -> dict[str, Any]:
    """What the rows say: means, and where they lie when videos are drawn anew. A row of a question without evidence has no
    recall, and counts for its family alone."""
    names = list(dict.fromkeys(one["chooser"] for one in rows))
    budgets = list(dict.fromkeys(one["K"] for one in rows))
    found: dict[str, Any] = {"recall": {}, "accuracy": {}, "gain": {"recall": {}, "accuracy": {}}}
    for measure in MEASURES:
        for K in budgets:
            of = {name: of_videos([one for one in rows if one["chooser"] == name and one["K"] == K], measure) for name in names}
            found[measure][str(K)] = {name: interval(value_V[None]) for name, value_V in of.items()}
            found["gain"][measure][str(K)] = {
                name: interval((of[name] - of[names[0]])[None]) for name in names[1:] if name != BOUND
            }
    main = [one for one in rows if one["K"] == MAIN]
    found["families"] = {
        family: {
            name: mean(one["accuracy"] for one in main if one["family"] == family and one["chooser"] == name)
            for name in names
            if any(one["family"] == family and one["chooser"] == name for one in main)
        }
        for family in dict.fromkeys(one["family"] for one in main)
    }
    found["costs"] = {
        name: {cost: mean(one[cost] for one in main if one["chooser"] == name) for cost in ("frames", "looked", "calls")}
        for name in names
        if name != BOUND
    }
    return found


def of_videos(rows: list[Row], measure: str) -> np.ndarray:
    """Each video's mean over its questions, [V]."""
    of: dict[int, list[float]] = {}
    for one in rows:
        if one["recall"] is not None:
            of.setdefault(one["video"], []).append(one[measure])
    return np.array([np.mean(values) for _, values in sorted(of.items())])


def mean(values) -> float:
    """Of numbers, as JSON has it."""
    return float(np.mean(list(values)))


def table(found: Mapping[str, Any]) -> str:
    """The numbers as a person reads them."""
    made = []
    for measure in MEASURES:
        head = [measure, *(f"K = {K}" for K in found[measure])]
        names = found[measure][next(iter(found[measure]))]
        cells = {name: [spread(found[measure][K][name]) for K in found[measure]] for name in names}
        made.append(rows_of(head, [[name, *row] for name, row in cells.items()]))
    return "\n\n".join([*made, f"without looking: {found['constant']}"])


def spread(one: Mapping[str, float]) -> str:
    """A share and where 95 of 100 draws lie."""
    return f"{number(one['mean'])} ({number(one['low'])}–{number(one['high'])})"
