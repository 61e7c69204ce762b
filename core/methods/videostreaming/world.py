"""What is known of a video that says what it shows: where the answer to a question of our world is."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from core.networks.text import words
from core.world.captions import COLOURS, SHAPES

Span = tuple[float, float]
ELSEWHERE = {"after", "follows", "before", "last", "second", "beginning", "end"}  # what is asked for is not where the nouns are
FIRST = "first"


def evidence(question: str, segments: Iterable[tuple[float, float, str]]) -> tuple[Span, ...]:
    """Spans in seconds: of "the very first thing" the first segment; else every segment whose caption has all colours and
    shapes that the question names. None where it names none, or asks for what stands elsewhere."""
    asked, shown = set(words(question)), list(segments)
    nouns = asked & {*COLOURS, *SHAPES}
    if not shown or asked & ELSEWHERE:
        return ()
    if FIRST in asked and not nouns:
        return (_span(shown[0]),)
    return tuple(_span(one) for one in shown if nouns and nouns <= set(words(one[2])))


def colours(segments: Iterable[tuple[float, float, str]], span_K2: Tensor) -> Tensor | None:
    """The colour that each of these spans shows longest, by its place in COLOURS, [K]; None where a caption names no colour."""
    shown = [(begin, end, [word for word in words(caption) if word in COLOURS]) for begin, end, caption in segments]
    if not shown or not all(named for _, _, named in shown):
        return None

    def longest(begin_k: float, end_k: float) -> int:
        seconds = dict.fromkeys(COLOURS, 0.0)
        for begin, end, named in shown:
            seconds[named[0]] += max(0.0, min(end, end_k) - max(begin, begin_k))
        return COLOURS.index(max(seconds, key=seconds.__getitem__))

    return torch.tensor([longest(*span) for span in span_K2.tolist()])


def _span(segment: Sequence) -> Span:
    return segment[0], segment[1]
