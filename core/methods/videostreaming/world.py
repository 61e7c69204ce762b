"""What is known of a video that says what it shows: where the answer to a question of our world is."""

from collections.abc import Iterable, Sequence

from core.networks.text import words
from core.world.captions import COLOURS, SHAPES

Span = tuple[float, float]
ELSEWHERE = {"after", "before", "last", "second", "beginning", "end"}  # what is asked for is not where the nouns are
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


def _span(segment: Sequence) -> Span:
    return segment[0], segment[1]
