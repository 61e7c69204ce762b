"""Which viewer draws a method, and which of its outputs come at once: decided by their kinds, never by a method's name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.figures import comb, gaps, supports
from core import kinds as kind
from core.graph import downstream, inputs

LATER = (kind.TextScores, kind.StageScores, kind.Boxes)  # for these a network must run again, unless the view says others
ASKED = (kind.Tracks, kind.Followed)  # for these it must read the whole clip: only when a reader asks
UNSEEN = (kind.TokenSequence,)  # told in words only


@dataclass(frozen=True)
class Drawing:
    """module: that draws it, from assets/viewer. kinds: what it draws. besides: (engine, method, clip, knobs, trace)
    → what else the viewer is told when everything is there. given: (what a reader pointed at, clip, truth) → what a run
    through the whole clip is given besides. later, asked: kinds that come when a network has run, and those that come when
    the viewer asks."""

    module: str
    kinds: tuple[type, ...]
    about: Callable[..., dict[str, Any]]
    clip: Callable[..., dict[str, Any]]
    trace: Callable[..., dict[str, Any]]
    besides: Callable[..., dict[str, Any]] = lambda *given: {}
    given: Callable[..., dict[str, Any]] = lambda *given: {}
    later: tuple[type, ...] = LATER
    asked: tuple[type, ...] = ASKED


GAPS = Drawing(
    "viewers/gaps.js",
    (kind.PatchMap, kind.RegionMask, kind.GapScores, kind.GapCounts, kind.TextScores),
    gaps.about_payload, gaps.clip_payload, gaps.trace_payload,
)  # fmt: skip
SUPPORTS = Drawing(
    "viewers/supports.js",
    (*supports.PACKED, kind.Pictures, kind.Boxes, kind.Tracks, kind.Followed),
    supports.about_payload, supports.clip_payload, supports.trace_payload, supports.besides, supports.given,
)  # fmt: skip
COMB = Drawing(
    "viewers/comb.js", comb.KINDS,
    comb.about_payload, comb.clip_payload, comb.trace_payload, comb.besides,
    later=(kind.FrameScores, kind.FrameCounts, kind.Fact), asked=(kind.TextScores,),
)  # fmt: skip
VIEWS = (GAPS, SUPPORTS, COMB)


def view_of(method):
    """The viewer that draws most of a method's outputs."""
    return max(VIEWS, key=lambda view: sum(isinstance(one, view.kinds) for one in method.outputs))


def soon(method):
    """Stages that are shown at once."""
    view = view_of(method)
    return tuple(one.stage for one in method.outputs if not isinstance(one, (*view.later, *view.asked, *UNSEEN)))


def later(method):
    """Those, and the stages that take longer."""
    said = ("unknown_words",) if any(stage.__name__ == "unknown_words" for stage in method.stages) else ()
    return soon(method) + tuple(one.stage for one in method.outputs if isinstance(one, view_of(method).later)) + said


def whole(method):
    """Those, and what reads the whole clip."""
    return later(method) + tuple(one.stage for one in method.outputs if isinstance(one, view_of(method).asked))


def without_texts(method, outputs):
    """Those of the outputs that no text is needed for."""
    readers = downstream(method.stages, "texts")
    return tuple(one for one in outputs if one not in readers)


def reads_texts(method):
    """Whether anything of a method is compared with sentences."""
    return any("texts" in inputs(stage) for stage in method.stages)
