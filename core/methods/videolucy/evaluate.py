"""Measure VideoLucy on videos that no training has seen:  python -m core.evaluate videolucy [--videos N --seed S --json FILE]

Videos of numbers (`core.world.marks`) of three lengths, with the trained eye and rules as agents. Of questions that can be
answered:

    accuracy         right answers: full, the loop as it is; coarse_only, forced after the coarse captions; random_period,
                     periods by chance until there are as many captions; no_instruction, nobody tells the eye what to look for;
                     flat, as many captions of equal parts at once, with the instruction; faultless_eye, the loop with the true
                     caption of every period: what the eye costs; constant, the most frequent answer
    by_class         the same for the loop: the anchor is in the coarse frames, or missing from them; each family of questions
    needle           by quarter of the video in which the evidence is
    iterations       by the number of iterations
    better           full above the others, question by question, with intervals

and all questions:

    captions_share   captions of the loop, of those that every period of T_uf would take
    false_confidence sure and wrong, of all;  abstains_on_unanswerable  "not shown", and not sure;  forced_share  answers that
                     were forced after the last iteration
    failures         wrong answers by cause, of questions that can be answered, with a case
    eyes             the loop's right answers with each eye, which differ in the seed of their training
    depths           entropy of all captions of a coarse period in which a number is, and their relevance to a question for it
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from core.methods.videolucy.agents import Rules
from core.methods.videolucy.eye import FRAMES, INSTRUCTIONS, Eye, instruction_word, sentence
from core.methods.videolucy.grammar import asked
from core.methods.videolucy.loop import Settings, search
from core.methods.videolucy.memory import DEPTHS, Entry, Location, Memory, Period, Search, split
from core.methods.videolucy.prompts import LOOK
from core.methods.videolucy.richness import by_depth
from core.methods.videolucy.weights import load_eye
from core.metrics import gain, interval
from core.video.footage import between
from core.world.long import LongVideo
from core.world.marks import FAMILIES, RATE, marked_video, shown
from core.world.questions import NOT_SHOWN, Question, constants

CLIPS = 12  # videos of each length
LENGTHS = {"600": 600, "1800": 1800, "3600": 3600}
SIZE = (32, 32)  # of a frame that is drawn: what the eye sees
WAYS = ("full", "coarse_only", "random_period", "no_instruction", "flat", "faultless_eye")
CLASSES = ("in the coarse memory", "missing from the coarse memory")
CAUSES = ("not in the coarse memory", "located wrong", "captioned wrong", "answered without support")
QUARTERS, TURNS = 4, (0, 1, 2, 3)  # parts of a video; numbers of iterations below the usual one
UNANSWERABLE = FAMILIES[-1]
SEEDS = 10  # the most training seeds that are looked for


def file_of(out: Path, seed: int) -> Path:
    """Where a seed's eye is written: what the page loads at the top, what it is compared with in a folder."""
    return out / "videolucy.safetensors" if seed == 0 else out / "compared" / f"videolucy_{seed}.safetensors"


@dataclass(frozen=True)
class Chance(Rules):
    """Agents of which the locator draws a period."""

    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def locate(self, question: str, memory: Memory, searched: Sequence[Period], instruct: bool) -> Location:
        there = super().locate(question, memory, searched, instruct)
        left = [one for one in memory.periods if one.depth < len(DEPTHS) - 1 and one not in searched]
        return replace(there, period=left[self.rng.integers(len(left))] if left else None)


@dataclass(frozen=True)
class Faultless(Rules):
    """Agents whose eye misreads nothing: what they miss no frame showed them."""

    def caption(self, periods: Sequence[Period], instruction: str) -> Sequence[str]:
        return [true_caption(self.video, one, instruction) for one in periods]


@dataclass(frozen=True)
class Result:
    """One question. right: by way. turns: right after so many iterations. missing: its anchor, from the coarse frames. place:
    of the evidence, 0–1. cause: why the loop is wrong. depths: of the captions of the period of the evidence. eye: which one
    looked, of several."""

    length: str
    question: Question
    found: Search
    right: Mapping[str, bool]
    turns: Mapping[int, bool] = field(default_factory=dict)
    missing: bool = False
    place: float = 0.0
    cause: str = ""
    depths: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    eye: int = 0

    @property
    def answerable(self) -> bool:
        return self.question.family != UNANSWERABLE


def results(eye: Eye, video: LongVideo, length: str, seed: int) -> list[Result]:
    """Every question of a video."""
    rules, usual, made = Rules(eye, video), Settings(), []
    for number, one in enumerate(video.questions):
        found = search(rules, one.text, video.seconds, usual)
        result = Result(length, one, found, {"full": found.answer == one.answer})
        if result.answerable:
            result = beside(result, rules, video, np.random.default_rng([seed, number]))
            result = replace(result, depths=richness(rules, one, number, usual))
        made.append(result)
    return flat(rules, video, made)


def beside(result: Result, rules: Rules, video: LongVideo, rng: np.random.Generator) -> Result:
    """The same question in other ways, which are measured where there is an answer to find."""
    one, found, usual = result.question, result.found, Settings()

    def right(agents: Rules, settings: Settings) -> bool:
        return search(agents, one.text, video.seconds, settings).answer == one.answer

    drawn = replace(usual, sparse=False, iterations=len(video.scenes), captions=found.captions)
    ways = {
        "coarse_only": right(rules, replace(usual, iterations=0)),
        "random_period": right(Chance(rules.eye, video, rng=rng), drawn),
        "no_instruction": right(rules, replace(usual, instruct=False)),
        "faultless_eye": right(Faultless(rules.eye, video), usual),
    }
    turns = {n: right(rules, replace(usual, iterations=n)) for n in TURNS} | {usual.iterations: result.right["full"]}
    begin, end = one.evidence[0]
    result = replace(
        result, right={**result.right, **ways}, turns=turns, missing=missing(video, one, usual),
        place=(begin + end) / 2 / video.seconds,
    )  # fmt: skip
    return replace(result, cause=cause(rules, video, result))


def flat(rules: Rules, video: LongVideo, made: Sequence[Result]) -> list[Result]:
    """The same questions from captions of equal parts of the video, as many as the loop takes on average, all at once."""
    count = round(float(np.mean([one.found.captions for one in made])))
    periods = split(0.0, video.seconds, video.seconds / count, 0)
    memories = {word: Memory(tuple(Entry(*one) for one in zip(periods, rules.caption(periods, word)))) for word in INSTRUCTIONS}
    answers = [
        rules.answer(one.question.text, memories[LOOK if asked(one.question.text).attribute == "number" else ""], True).answer
        for one in made
    ]
    return [
        replace(one, right={**one.right, "flat": answer == one.question.answer})
        for one, answer in zip(made, answers, strict=True)
    ]


def richness(rules: Rules, one: Question, number: int, settings: Settings) -> dict[str, dict[str, float]]:
    """What captions hold at each depth, where a video's first number is that is asked for; nothing for other questions."""
    if number != 1:
        return {}
    what, middle = asked(one.text), sum(one.evidence[0]) / 2
    every = split(0.0, rules.video.time_N[-1] + 1 / RATE, settings.coarse, 0)
    period = next(period for period in every if period.start <= middle < period.end)
    return by_depth(rules, period, what, LOOK, settings)


# ---- what is true ----------------------------------------------------------------------------------------------------------


def true_caption(video: LongVideo, period: Period, instruction: str) -> str:
    """What an eye without a fault would write of the frames that the eye is shown."""
    return sentence(shown(video, between(video, FRAMES, period.start, period.end)), instruction_word(instruction))


def missing(video: LongVideo, question: Question, settings: Settings) -> bool:
    """Whether no frame that the coarse captions are made of shows the question's anchor."""
    anchor, frames = asked(question.text).anchor, []
    for one in split(0.0, video.seconds, settings.coarse, 0):
        frames += between(video, FRAMES, one.start, one.end)
    return not any(anchor.colour in ("", c) and anchor.shape in ("", s) for c, s, _ in shown(video, frames))


def cause(rules: Rules, video: LongVideo, one: Result) -> str:
    """Why a wrong answer is wrong, told by what the same memory would say without a fault of the eye."""
    if one.right["full"]:
        return ""
    entries = one.found.memory.entries
    true = Memory(tuple(replace(e, caption=true_caption(video, e.period, e.instruction)) for e in entries))
    said = rules.answer(one.question.text, true)
    if said.confident and said.answer == one.question.answer:
        return "captioned wrong"
    if one.found.confident:
        return "answered without support" if said.confident else "captioned wrong"
    return "not in the coarse memory" if one.missing else "located wrong"


# ---- the numbers -----------------------------------------------------------------------------------------------------------


def evaluate(weights: Path, clips: int, seed: int, device: torch.device) -> dict:
    """Every number of the module's first lines; fractions are 0–1, means over eyes. clips: videos of each length."""
    files = [file for s in range(SEEDS) if (file := file_of(weights, s)).is_file()]
    if not files:
        raise SystemExit(f"There is no trained eye of VideoLucy in {weights}.")
    eyes = [load_eye(file) for file in files]
    every = [
        replace(one, eye=place)
        for length, seconds in LENGTHS.items()
        for number in range(seed * 100_000, seed * 100_000 + clips)
        for video in [marked_video(number, "test", seconds, SIZE)]
        for place, loaded in enumerate(eyes)
        for one in results(loaded.network.to(device), video, length, number)
    ]
    about = {
        "command": f"python -m core.evaluate videolucy --videos {clips} --seed {seed}", "split": "test", "videos": clips,
        "questions": len(every) // len(eyes), "weights": [one.label for one in eyes], "digests": [one.digest for one in eyes],
    }  # fmt: skip
    return {**summary(every, seed), "about": about}


def summary(every: Sequence[Result], seed: int = 0) -> dict:
    """What `evaluate` found, of all results."""
    able = [one for one in every if one.answerable]
    unable = [one for one in every if not one.answerable]
    usual, eyes = Settings(), sorted({one.eye for one in every})
    names = ("accuracy", "captions_share", "intervals", "better", "needle", "by_class", "iterations", "eyes")
    found: dict = {name: {} for name in names}
    for length in dict.fromkeys(one.length for one in every):
        own = [one for one in able if one.length == length]
        right = {way: np.array([[o.right[way] for o in own if o.eye == eye] for eye in eyes], float) for way in WAYS}
        alone = constants([one.question for one in own])
        found["accuracy"][length] = {way: float(value.mean()) for way, value in right.items()}
        found["eyes"][length] = right["full"].mean(1).tolist()
        found["accuracy"][length]["constant"] = max(alone[name] for name in ("letter", "answer", "family"))
        found["intervals"][length] = {way: interval(value, seed) for way, value in right.items()}
        found["better"][length] = {way: gain(right["full"], right[way]) for way in WAYS[1:]}
        shares = [one.found.captions / one.found.exhaustive for one in every if one.length == length]
        found["captions_share"][length] = float(np.mean(shares))
        quarters = [[o.right["full"] for o in own if int(o.place * QUARTERS) == part] for part in range(QUARTERS)]
        found["needle"][length] = [mean(part) for part in quarters]
        found["iterations"][length] = {str(n): mean(o.turns[n] for o in own) for n in (*TURNS, usual.iterations)}
        of_class = {name: [o.right["full"] for o in own if o.missing == bool(k)] for k, name in enumerate(CLASSES)}
        of_class |= {family: [o.right["full"] for o in own if o.question.family == family] for family in FAMILIES[:-1]}
        found["by_class"][length] = {
            name: {"right": mean(held), "questions": len(held) // len(eyes)} for name, held in of_class.items()
        }
    found["false_confidence"] = mean(one.found.confident and not one.right["full"] for one in every)
    found["abstains_on_unanswerable"] = mean(o.found.answer == NOT_SHOWN and not o.found.confident for o in unable)
    found["forced_share"] = mean(one.found.forced for one in every)
    found["calls"] = {length: mean(one.found.calls for one in every if one.length == length) for length in found["accuracy"]}
    found["failures"] = {name: failure(name, able) for name in CAUSES}
    found["depths"] = depths(able)
    return found


def failure(name: str, able: Sequence[Result]) -> dict:
    """Of all questions that can be answered, the share that went wrong so; and one that did."""
    cases = [one for one in able if one.cause == name]
    made: dict = {"share": len(cases) / max(1, len(able))}
    if cases:
        first, span = cases[0], "{:g}–{:g} s".format(*cases[0].question.evidence[0])
        how = "sure" if first.found.confident else "forced"
        made["case"] = f"{first.question.text} It is {first.question.answer} ({span}); {how}: {first.found.answer}."
    return made


def depths(able: Iterable[Result]) -> dict[str, dict[str, float | None]]:
    """Means over the questions of which it was asked."""
    each: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in DEPTHS}
    for one in able:
        for name, held in one.depths.items():
            for measure, value in held.items():
                each[name][measure].append(value)
    return {name: {measure: mean(held[measure]) for measure in ("entropy", "relevance")} for name, held in each.items()}


def mean(values: Iterable[float]) -> float | None:
    """Of numbers or truths; None of none."""
    every = [float(one) for one in values]
    return float(np.mean(every)) if every else None


def table(found: Mapping) -> str:
    """The numbers as a person reads them."""

    def cell(value: float | None, width: int = 10) -> str:
        return f"{'—' if value is None else format(value, '.3f'):>{width}}"

    lengths = list(found["accuracy"])
    lines = [f"{'':34}" + "".join(f"{length + ' s':>24}" for length in lengths)]
    for way in (*WAYS, "constant"):
        cells = []
        for length in lengths:
            row = found["intervals"][length].get(way)
            cells.append(f"{found['accuracy'][length][way]:.3f}" + (f" ({row['low']:.3f}–{row['high']:.3f})" if row else ""))
        lines.append(f"{way:34}" + "".join(f"{one:>24}" for one in cells))
    for name in found["by_class"][lengths[0]]:
        held = [found["by_class"][length][name] for length in lengths]
        lines.append(f"{name:34}" + "".join(cell(one["right"], 16) + f" of {one['questions']:4}" for one in held))
    for what in ("needle", "iterations"):
        for length in lengths:
            row = found[what][length]
            pairs = row.items() if isinstance(row, Mapping) else enumerate(row, 1)
            lines.append(f"{what + ', ' + length + ' s':34}" + "".join(f"{name}:{cell(v, 6)}  " for name, v in pairs))
    lines.append(f"{'captions_share':34}" + "".join(cell(found["captions_share"][length], 24) for length in lengths))
    for what in ("false_confidence", "abstains_on_unanswerable", "forced_share"):
        lines.append(f"{what:34}{cell(found[what], 24)}")
    lines += [f"{cause_:34}{cell(one['share'], 24)}  {one.get('case', '')}" for cause_, one in found["failures"].items()]
    for name, row in found["depths"].items():
        lines.append(f"{name:34}" + "".join(f"{measure}{cell(value, 7)}  " for measure, value in row.items()))
    return "\n".join(lines)
