"""VideoLucy's stages: what may be remembered, the coarse captions, the search, and what is told of it.

Letters: S coarse periods, L depths, K chosen frames, X steps, D depths that were measured.
"""

import torch
from torch import Tensor

from core.methods.videolucy import loop, measured
from core.methods.videolucy.agents import Rules
from core.methods.videolucy.loop import Agents, Settings, children
from core.methods.videolucy.memory import DEPTHS, Period, Search, split
from core.methods.videolucy.service import PictureAgent, Team, WrittenAgents, pictures_of
from core.video.footage import last_seconds
from core.world.questions import known_question

SHOWN = 64  # the highest number of a step that a knob names


# ---- the video alone -------------------------------------------------------------------------------------------------------


def seconds(video) -> float:
    """T: how long the video is."""
    return float(video.time_N[-1]) + last_seconds(video)


def tree(seconds: float, coarse: int, fine: int, ultra: int) -> tuple[tuple[tuple[float, float], ...], ...]:
    """{[k·T_d, (k + 1)·T_d]}: the periods of every depth, each split into those of the next. Nothing is remembered yet."""
    settings, levels = Settings(coarse, fine, ultra), [split(0.0, seconds, coarse, 0)]
    while len(levels) < len(DEPTHS):
        levels.append(tuple(one for period in levels[-1] for one in children(period, settings)))
    return tuple(tuple((one.start, one.end) for one in level) for level in levels)


def caption_S(video, seconds: float, coarse: int, captioner: str, noise: float, eye, pictures) -> tuple[str, ...]:
    """m_k = Cap(v_k): a caption of every coarse period, whatever will be asked; another question reads them again."""
    team = agents(video, eye, None, pictures, captioner=captioner, noise=noise)
    return tuple(team.caption(split(0.0, seconds, coarse, 0), ""))


# ---- a question ------------------------------------------------------------------------------------------------------------


def settings(
    coarse: int, fine: int, ultra: int, iterations: int, sparse: bool, relevant: int, neighbours: int, instruct: bool
) -> Settings:  # fmt: skip
    """T_c, T_f, T_uf, n and the rest: what a search may do."""
    return Settings(coarse, fine, ultra, iterations, sparse, relevant, neighbours, instruct)


def search(
    video, question: str, seconds: float, settings: Settings, caption_S: tuple[str, ...], captioner: str, noise: float,
    locator: str, answerer: str, strict: str, eye, words, pictures,
) -> Search:  # fmt: skip
    """CM ← CM ∪ {Cap(v_t, p)}, t = Loc(CM ∖ S, Q), p = Ins(CM, Q, t), until Ans(CM, Q) is sure. (Algorithm 1)"""
    known = dict(zip(split(0.0, seconds, settings.coarse, 0), caption_S, strict=True))
    team = agents(
        video, eye, words, pictures, captioner=captioner, noise=noise, locator=locator, answerer=answerer, strict=strict,
        known=known,
    )  # fmt: skip
    return loop.search(team, question, seconds, settings)


def agents(
    video, eye, words, pictures, *, captioner: str = "eye", noise: float = 0.0, locator: str = "rules",
    answerer: str = "rules", strict: str = "bound", known: dict[Period, str] | None = None,
) -> Agents:  # fmt: skip
    """Who captions, locates and answers: rules and the small eye, or models on other machines, each by its own setting."""
    rules, written = Rules(eye, video, strict, noise), WrittenAgents(words)
    return Team(
        rules if captioner == "eye" else PictureAgent(pictures, video), rules if locator == "rules" else written,
        rules if answerer == "rules" else written, known or {},
    )  # fmt: skip


# ---- what is told of it ----------------------------------------------------------------------------------------------------


def reply(search: Search) -> str:
    """R: what the answering agent says last; nothing where it cannot read the question."""
    return search.answer


def said(video, question: str, search: Search) -> str:
    """R and its confidence: whether a memory shows it, or the answer was forced after the last iteration."""
    last = search.steps[-1]
    answer = f"“{search.answer}”" if search.answer else "No answer"
    how = "FORCED: no memory shows it" if search.forced else "sure" if search.confident else "not sure"
    where = f", shown at {last.period}" if last.period and search.confident else ""
    known = known_question(video, question)
    right = "" if known is None else " It is right." if known.answer == search.answer else f" It is {known.answer}."
    return f"{answer}, {how}{where}. {last.note}{right}"


def step_said(search: Search, shown: int) -> str:
    """The step that is looked at: what was done, and what it changed in the memory."""
    place = min(shown, len(search.steps))
    step = search.steps[place - 1]
    before = search.steps[place - 2].memory if place > 1 else None
    changed = [one for one in step.changed if before is not None and before.of(one.period) is not None]
    wrote = f" It wrote {len(step.changed) - len(changed)} memories and changed {len(changed)}." if step.changed else ""
    return f"Step {place} of {len(search.steps)}, {step.kind}: {step.note}{wrote}"


def effort(video, search: Search) -> tuple[int, ...]:
    """(frames that the eye was shown, calls, captions among them, captions of every T_uf): what the search took."""
    return len(frames_of(video, search)), search.captions + search.calls, search.captions, search.exhaustive


def spent_X4(search: Search, device) -> Tensor:
    """(step, captions, calls of agents, both) after each step."""
    rows = [[place, one.captions, one.calls, one.captions + one.calls] for place, one in enumerate(search.steps, 1)]
    return torch.tensor(rows, dtype=torch.float32, device=device)


# ---- what was looked at ----------------------------------------------------------------------------------------------------


def frame_K(video, search: Search, budget: int) -> tuple[int, ...]:
    """v: of the frames that the eye was shown, those of the memory that answers, then those that it was shown last; in the
    order of time."""
    return tuple(sorted(frames_of(video, search)[:budget]))


def frames_of(video, search: Search) -> list[int]:
    """Every frame that the eye was shown, once: those of the period that answers first, then the latest, the deepest first."""
    last = search.steps[-1].period
    looked = [one.period for step in reversed(search.steps) for one in sorted(step.changed, key=lambda one: -one.period.depth)]
    order = dict.fromkeys([*([last] if last in looked else []), *looked])
    return list(dict.fromkeys(frame for period in order for frame in pictures_of(video, period)))


# ---- what was measured of the eye ------------------------------------------------------------------------------------------


def depth_D2(eye, device) -> Tensor:
    """(entropy, relevance) of captions at each depth, over many videos; empty where these weights were not measured."""
    return torch.tensor(measured.depths(eye) or [[]], device=device)


def needle_SQ(eye, device) -> Tensor:
    """Right answers by length of the video and by where in it the needle is; empty where these weights were not measured."""
    return torch.tensor(measured.needle(eye) or [[]], device=device)


def failures(eye) -> str:
    """Wrong answers by what went wrong, a case of each; a sentence where these weights were not measured."""
    return measured.failures(eye) or "Nobody measured this for these weights."
