"""What each method chooses of one video, what it costs, and what the frozen reader answers from it.

    choice = choose(engine, name, video, question, budget=8)  # name: of one of `choosers`
    choice.frame_K, choice.looked, choice.calls
    read(engine, video, question, choice.frame_K).answer
    recall(choice.second_K, evidence(video, question))

All of it goes through the engine, so what was read of a video is not read again for another question or another K.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.engine import Engine
from core.graph import Stage, Trace, downstream, inputs, upstream
from core.kinds import Answer, ChosenFrames, Effort
from core.method import Method
from core.video.footage import Footage
from core.world.questions import known_question

BUDGET = (1, 64)  # frames that may be asked for
CURVE = (1, 2, 4, 8, 16, 32, 64)  # values of K that a curve is drawn over
Span = tuple[float, float]


@dataclass(frozen=True)
class Choice:
    """frame_K: of the video, in the order of time, shown from second_K on. looked: frames that were looked at to choose them.
    calls: how often a network was run for it, on a frame, a clip, a question or all scores. ms: of all that it takes, each part
    as long as it took when it ran. answer: of the method's own reader, where it has one that sees no frames. untrained: what of
    it has random weights; weights: what was loaded."""

    frame_K: tuple[int, ...]
    second_K: tuple[float, ...]
    looked: int
    calls: int
    ms: float
    answer: str
    untrained: tuple[str, ...]
    weights: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """answer: "" where nothing reads. tokens: that the reader is given, a frame and a question each one, or None where it does
    not say."""

    answer: str
    tokens: int | None = None


# ---- who takes part -----------------------------------------------------------------------------------------------------


def chosen(method: Method) -> ChosenFrames | None:
    """The output that says which frames of a whole video a method chooses; None of a method that chooses none."""
    found = (one for one in method.outputs if isinstance(one, ChosenFrames))
    return next(found, None) if "video" in method.sources else None


def choosers(methods: Mapping[str, Method]) -> tuple[Method, ...]:
    """Those that take part, in the order of their tabs."""
    return tuple(one for one in methods.values() if chosen(one))


def reader_of(methods: Mapping[str, Method]) -> tuple[Method, ChosenFrames, Answer] | None:
    """The first that answers from frames, whoever chose them."""
    for method in choosers(methods):
        frames = chosen(method)
        after = downstream(method.stages, frames.stage) if frames else ()
        for one in method.outputs:
            if frames and isinstance(one, Answer) and one.stage in after:
                return method, frames, one
    return None


def knobs_for(method: Method, budget: int) -> dict[str, Any]:
    """The knobs with which a method chooses K frames, each within its span: what it has is no more than it can."""
    frames, spans = chosen(method), {one.name: one.span for one in method.knobs.knobs()}
    wanted = frames.budget(budget) if frames else {}
    return {name: min(max(value, spans[name][0]), spans[name][1]) for name, value in wanted.items()}


# ---- a choice, and what it costs ----------------------------------------------------------------------------------------


def choose(engine: Engine, name: str, video: Footage, question: str, budget: int, **more: Any) -> Choice:
    """What a method chooses. more: `cancelled` and `progress`, as `Engine.run` has them. A question that it does not ask for
    may be ""."""
    method = engine.method(name)
    frames, knobs = chosen(method), knobs_for(method, budget)
    assert frames, f"{name} chooses no frames of a video"
    own = [one.stage for one in method.outputs if isinstance(one, Answer)]
    own = [stage for stage in own if stage not in downstream(method.stages, frames.stage)]
    told = [one.stage for one in method.outputs if isinstance(one, Effort)]
    trace = engine.run(name, outputs=[frames.stage, *own, *told], **asked_of(method, video, question), **knobs, **more)
    frame_K = tuple(sorted(trace[frames.stage]))
    stages, settings = upstream(method.stages, [frames.stage]), engine.settings(name, knobs)
    used = {one for one, network in method.networks.items() if network.used(settings)}
    if told:  # who goes on by what he saw says himself what that took
        looked, calls, *_ = trace[told[0]]
    else:
        looked, calls = looked_at(stages, used, trace, len(frame_K)), calls_of(stages, used, trace)
    return Choice(
        frame_K, tuple(float(video.time_N[frame]) for frame in frame_K), looked, calls,
        sum(trace.took[one.__name__] for one in stages),
        trace[own[0]] if own else "", tuple(method.untrained(trace.weights.values(), settings)), tuple(trace.weights.values()),
    )  # fmt: skip


def asked_of(method: Method, video: Footage, question: str) -> dict[str, Any]:
    """Of a video and a question what a method's stages ask for."""
    return {"video": video} | ({"question": question} if "question" in method.sources else {})


def looked_at(stages: Iterable[Stage], networks: Iterable[str], trace: Trace, frames: int) -> int:
    """Frames that a choice has seen: what shows a video to a network shows it all candidates; else those that are chosen."""
    shown = (len(trace[one.__name__]) for one in stages if {"video"} < {*inputs(one)} and {*inputs(one)} & {*networks})
    return max(shown, default=frames)


def calls_of(stages: Iterable[Stage], networks: Iterable[str], trace: Trace) -> int:
    """How often a network was run: once a frame that it is shown, once a step where a stage is made of steps, else once."""
    asking = [one for one in stages if {*inputs(one)} & {*networks}]
    return sum(len(trace[one.__name__]) if "video" in inputs(one) or hasattr(one, "fold") else 1 for one in asking)


# ---- what it is worth ---------------------------------------------------------------------------------------------------


def evidence(video: Footage, question: str) -> tuple[Span, ...]:
    """Seconds [begin, end) that show the answer: as the video knows, or scenes whose caption the question is; () unknown."""
    known, plain = known_question(video, question), question.strip().rstrip("?.!").lower()
    scenes = ((begin, end) for begin, end, caption in getattr(video, "segments", ()) if caption.lower() == plain)
    return known.evidence if known else tuple(scenes)


def recall(second_K: Sequence[float], spans: Sequence[Span]) -> float | None:
    """The share of these spans that at least one chosen frame lies in; None where there is none."""
    found = [any(begin <= second < end for second in second_K) for begin, end in spans]
    return sum(found) / len(found) if found else None


def read(engine: Engine, video: Footage, question: str, frame_K: tuple[int, ...], **more: Any) -> Reading:
    """What the frozen reader of our world answers from these frames, whoever chose them. more: as `choose` has it."""
    reader = reader_of(engine.methods)
    if reader is None:
        return Reading("")
    method, frames, answer = reader
    trace = engine.run(
        method.name, outputs=[answer.stage], given={frames.stage: frame_K}, **asked_of(method, video, question), **more
    )
    return Reading(trace[answer.stage], len(frame_K) + 1)


def overlap(a_K: Iterable[int], b_K: Iterable[int]) -> float:
    """Of all frames that either chooses, the share that both choose (Jaccard)."""
    a, b = {*a_K}, {*b_K}
    return len(a & b) / len(a | b) if a | b else 1.0
