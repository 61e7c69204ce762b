"""A clip and a setting become a row and small maps, by the engine's own stages: a row says what the page shows.

More texts than one run takes are asked a part at a time: the engine keeps what it knows of the clip and of the texts, so each
text is encoded once.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.engine import TEXTS, Engine
from core.errors import ReaderError
from core.graph import Trace, letters
from core.kinds import TextScores, as_array
from core.method import Method
from core.methods import part
from core.progress import Cancelled
from core.sweep import reduced
from core.video.clip import Clip
from core.video.edits import edited
from core.video.forking import ForkingDecoder
from core.video.source import open_video
from core.workbench import columns as named
from core.workbench.causes import cause_columns, faithfulness, if_true
from core.workbench.columns import CRASHED, NAN, OK, Column
from core.workbench.listing import Entry
from core.workbench.plan import Plan, Setting, with_columns
from core.workbench.reading import Read, read, since
from core.workbench.scores import Scores, after_edit, answers_of, scores_of
from core.workbench.seen import Seen
from core.workbench.things import count_columns, readers_of, things_of

CACHE_MB = 256  # of an engine that works through clips: one clip's results, and all texts


class Measure:
    """An engine that measures clips of a plan."""

    def __init__(self, plan: Plan, engine: Engine):
        self.plan, self.engine, self.decode = plan, engine, ForkingDecoder()

    def read(self, entry: Entry) -> Read:
        """The entry's clip."""
        return read(entry, self.plan.frames, self.plan.size, self.decode)

    def row(self, entry: Entry, held: Read, setting: Setting) -> tuple[dict[str, Any], dict[str, Any]]:
        """One clip's values of the setting's columns, and its maps. What goes wrong with one clip is its status."""
        if held.clip is None:
            return {"status": held.status, "why": held.why} | held.facts, {}
        began = time.perf_counter()
        try:
            made, maps = self.measurements(entry, held, held.clip, setting)
        except (Cancelled, MemoryError, KeyboardInterrupt):
            raise
        except Exception as wrong:  # whatever one clip does to a method ends that clip's row, and no other's
            said = str(wrong) if isinstance(wrong, ReaderError) else f"{type(wrong).__name__}: {wrong}"
            return {"status": CRASHED, "why": said[:500]} | held.facts, {}
        return {"status": OK} | held.facts | made | {"run_ms": since(began)}, maps

    def measurements(self, entry: Entry, held: Read, clip: Clip, setting: Setting) -> tuple[dict[str, Any], dict[str, Any]]:
        """The row and the maps of a clip that was read."""
        method = self.engine.method(setting.method)
        own = part(setting.method, "columns")
        stages = [one.stage for one in named.counted(method)] + [*setting.drawn] + list(getattr(own, "STAGES", ()))
        trace, scores = self.answers(method, entry, clip, setting, stages)
        row = numbers(method, trace)
        if scores is not None and scores.sound:
            row |= answers_of(scores)
            for name in setting.edits:
                other = self.answers(method, entry, change(clip, name), setting, [])[1]
                assert other is not None  # the same method with the same texts
                row |= after_edit(name, scores, other)
        elif scores is not None:
            row |= {"status": NAN, "why": "Of the scores of the texts, some are no numbers."}
        seen = Seen(
            clip, entry, held, trace, row, setting.knobs, setting.grid, dict(zip(self.plan.classes, self.plan.texts)),
            scores, partial(self.engine.network, method=setting.method), partial(self.run, entry, clip, setting),
            partial(self.of_texts, entry, clip, setting),
        )  # fmt: skip
        row |= if_true(
            seen, setting.method, setting.oracles,
            lambda given: self.answers(method, entry, clip, setting, [], given=given)[1],
        )  # fmt: skip
        if entry.clip_id in setting.faithful:
            row |= faithfulness(seen, self.engine, setting.method)
        maps = maps_of(setting, trace, scores)
        row |= own.row(seen) if own is not None else {}
        if setting.readers:
            maps["things"], counts = things_of(own, seen)
            row |= counts
        return {name: plain(value) for name, value in row.items()}, maps

    def run(self, entry: Entry, clip: Clip, setting: Setting, outputs: Sequence[str], **asked: Any) -> Trace:
        """The engine's run of a clip with a setting's knobs. asked: texts, what stands in place of stages, or knobs."""
        method, given = self.engine.method(setting.method), {}
        if "video" in method.sources:
            given["video"] = open_video(Path(os.fsdecode(entry.file)))
        if "question" in method.sources:
            words = dict(zip(self.plan.classes, self.plan.texts))
            given["question"] = setting.question or words.get(entry.label, entry.label)
        seen = clip if "clip" in method.sources else None
        return self.engine.run(setting.method, seen, outputs=outputs, **given, **(dict(setting.knobs) | asked))

    def answers(
        self, method: Method, entry: Entry, clip: Clip, setting: Setting, stages: Sequence[str], **asked: Any
    ) -> tuple[Trace, Scores | None]:  # fmt: skip
        """A run, and a score for every class where the method has any to give. asked: as of `run`."""
        texts, kind = self.plan.texts, text_kind(method) if self.engine.reads_texts(setting.method) else None
        if kind is None or not texts:
            free = [stage for stage in dict.fromkeys(stages) if stage not in method.text_stages]
            return self.run(entry, clip, setting, free, **asked), None
        parts, first = [], None
        for start in range(0, len(texts), TEXTS):
            wanted = [*dict.fromkeys([*([] if first else stages), kind.stage])]
            trace = self.run(entry, clip, setting, wanted, texts=texts[start : start + TEXTS], **asked)
            parts.append(kind.array(trace[kind.stage]))
            first = first or trace
        assert first is not None
        scale = scale_of(self.engine, method, setting.knobs)
        return first, scores_of(self.plan.classes, np.concatenate(parts), entry.own, entry.also, scale)

    def of_texts(self, entry: Entry, clip: Clip, setting: Setting, stage: str) -> np.ndarray:
        """What a stage gives for every text of the plan: [Y, …]."""
        parts = [self.plan.texts[start : start + TEXTS] for start in range(0, len(self.plan.texts), TEXTS)]
        return np.concatenate([as_array(self.run(entry, clip, setting, [stage], texts=some)[stage]) for some in parts])


# ---- what a method has ---------------------------------------------------------------------------------------------------


def text_kind(method: Method) -> TextScores | None:
    """Its output that says how well texts fit."""
    return next((one for one in method.outputs if isinstance(one, TextScores)), None)


def feature_stage(method: Method) -> str | None:
    """The stage that gives one feature of the whole clip: the last whose letters are E, besides a question's."""
    found = [stage.__name__ for stage in method.stages if letters(stage.__name__) == "E"]
    return found[-1] if "clip" in method.sources and found else None


def scale_of(engine: Engine, method: Method, knobs: Mapping[str, Any]) -> float:
    """The inverse temperature of the towers that compare clips with texts; CLIP's where they do not say."""
    used = [one for one in method.networks.values() if one.used(knobs)]
    scales = [getattr(engine.shelf.module(one), "scale", None) for one in used]
    return next((float(one) for one in scales if isinstance(one, (int, float))), 100.0)


def drawn_of(method: Method) -> dict[str, str]:
    """Stages whose results a gallery draws, and how each is stored."""
    made = {}
    for one in method.outputs:
        if one.when == "whole" or one.stage in method.text_stages:
            continue
        if one.over == "TP" and one.value in ("share", "truth"):
            made[one.stage] = one.value
        elif one.row and one.value in ("share", "count", "number", "signed", "place", "second"):
            made[one.stage] = "row"
    if feature := feature_stage(method):
        made[feature] = "feature"
    return made


def columns_of(method: Method, texts: bool, setting: Setting) -> tuple[Column, ...]:
    """Every column of a setting. texts: whether classes are told apart."""
    own = part(method.name, "columns")
    causes = cause_columns(method.name, setting.oracles, bool(setting.faithful))
    declared = (*causes, *getattr(own, "COLUMNS", ()))
    answers = (*named.ANSWERED, *named.edit_columns(setting.edits)) if texts else ()
    counts = count_columns(readers_of(own))
    return (*named.GENERAL, *named.SEEN, *answers, *declared, *counts, *named.number_columns(method))


def describe(engine: Engine, plan: Plan, setting: Setting) -> Setting:
    """The setting with every knob written out, digests of its weights, its columns, and what of it is stored."""
    method = engine.method(setting.method)
    knobs = engine.settings(setting.method, setting.knobs)
    used = {name: engine.shelf.known(one) for name, one in method.networks.items() if one.used(knobs)}
    texts = bool(plan.texts) and text_kind(method) is not None and engine.reads_texts(setting.method)
    made = Setting(
        setting.method, knobs, (), {name: one.digest for name, one in used.items()},
        {name: one.label for name, one in used.items()}, setting.models, setting.edits if texts else (),
        str(engine.precision).removeprefix("torch."), setting.question, drawn_of(method),
        tuple(engine.grid(setting.method) or ()), readers_of(part(setting.method, "columns")),
        setting.oracles if texts else (), setting.faithful if texts else (),
    )  # fmt: skip
    return with_columns(made, columns_of(method, texts, made))


# ---- values --------------------------------------------------------------------------------------------------------------


def change(clip: Clip, name: str) -> Clip:
    """The clip after an edit."""
    settings = {"frame": len(clip) // 2 + 1} if name == "freeze" else {}
    return edited(clip, [{"name": name} | settings])


def numbers(method: Method, trace: Trace) -> dict[str, float]:
    """The numbers that the kinds are told in."""
    made = {}
    for one in named.counted(method):
        held = one.array(trace[one.stage])
        for how in one.numbers:
            if held.size and not (isinstance(how, int) and how >= held.size):
                made[named.number_name(one, how)] = reduced(held, (one.stage, how))
    return made


def plain(value: Any) -> Any:
    """A value as a row holds it: what is no number is not known."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not isfinite(value) else value


def maps_of(setting: Setting, trace: Trace, scores: Scores | None) -> dict[str, Any]:
    """What a gallery draws: shares as bytes of their largest, truth as bits, features and scores in half precision."""
    made: dict[str, Any] = {}
    for stage, how in setting.drawn.items():
        held = as_array(trace[stage])
        if how == "share":
            high = float(held.max()) if held.size else 0.0
            made[stage] = np.rint(held * (255 / high if high > 0 else 0.0)).astype(np.uint8).tobytes()
            made[f"{stage}_largest"] = high
        elif how == "truth":
            made[stage] = np.packbits(held.astype(bool)).tobytes()
        elif how == "feature":
            made[stage] = held.astype(np.float16).tobytes()
        else:
            made[stage] = [float(one) for one in held.ravel()]
    if scores is not None:
        made["scores"] = scores.cosine_Y.astype(np.float16).tobytes()
    return made


def maker(plan: Plan, engine: Callable[[], Engine]) -> Callable[[], Measure]:
    """What a process that works is given: it travels by its name, and makes the engine there."""
    return partial(_made, plan, engine)


def _made(plan: Plan, engine: Callable[[], Engine]) -> Measure:
    torch.set_num_threads(1)  # each process has a core of its own
    return Measure(plan, engine())
