"""What a language model wrote, as a JSON object: tolerant of all that such models put around or into it.

    parsed('Sure! ```json\\n{"Confidence": True, "Answer": "it\\'s true", "Time Period": null}\\n``` Done.')
    # {"Confidence": True, "Answer": "it's true", "Time Period": None}

The last object of the text that has one of the wanted keys is taken: a model that thinks aloud says the final one last. What
cannot be read is a ValueError, whose sentence can be sent back with the question.
"""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from core.methods.videolucy.memory import Location, Memory, Period, Reply, Survey

LONGEST, OPEN = 100_000, 64  # characters of a reply that are read, from its end; braces that do not close
NUMBER = re.compile(r"\d+(?:\.\d+)?")
NAMES = {"true": "True", "false": "False", "null": "None"}
WORD = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\b(true|false|null)\b""", re.DOTALL)
QUOTES = str.maketrans({"“": '"', "”": '"'})
YES, NO = {"true", "yes", "sure", "confident", "high"}, {"false", "no", "unsure", "not confident", "low", "none", ""}


def parsed(text: str, wanted: Sequence[str] = ()) -> dict[str, Any]:
    """The last JSON object or Python dict of a text that has one of these keys, whatever is around it; keys in any case."""
    found: dict[str, Any] | None = None
    for piece in objects(text):
        held = _read(piece)
        if isinstance(held, dict) and (not wanted or {one.lower() for one in wanted} & {str(key).lower() for key in held}):
            found = held
    if found is None:
        raise ValueError(f"There is no JSON object with {' or '.join(wanted) or 'anything'} in it.")
    return {str(key).strip().lower(): value for key, value in found.items()}


def objects(text: str) -> Iterator[str]:
    """Every outermost {…} of a text, in its order: braces in quotes do not count. Where the quotes do not close, as in “it's
    {…}”, the search goes on at the next brace, OPEN times at most."""
    text = text[-LONGEST:]
    start, unclosed = text.find("{"), 0
    while start >= 0 and unclosed < OPEN:
        end = _close(text, start)
        if end is None:
            start, unclosed = text.find("{", start + 1), unclosed + 1
            continue
        yield text[start : end + 1]
        start = text.find("{", end + 1)


def _close(text: str, start: int) -> int | None:
    """Where the brace that opens at `start` closes; None where it does not."""
    depth, quote, place = 0, "", start
    while place < len(text):
        one = text[place]
        if quote:
            if one == "\\":
                place += 1
            elif one == quote and (quote == '"' or not text[place + 1 : place + 2].isalnum()):  # an apostrophe ends no text
                quote = ""
        elif one == '"' or (one == "'" and not text[place - 1].isalnum()):
            quote = one
        elif one == "{":
            depth += 1
        elif one == "}":
            depth -= 1
            if not depth:
                return place
        place += 1
    return None


def _read(piece: str) -> Any:
    """A value from JSON or Python's notation; None where it is neither."""
    for one in (piece, piece.translate(QUOTES)):
        for attempt in (one, re.sub(r",(\s*[}\]])", r"\1", one)):
            try:
                return json.loads(attempt, strict=False)
            except ValueError:
                pass
            try:
                return ast.literal_eval(WORD.sub(lambda hit: hit[1] or NAMES[hit[2]], attempt))
            except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
                pass
    return None


def truth(value: Any) -> bool:
    """A flag, however it is written; what is neither yes nor no is a ValueError."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value >= 0.5
    said = str(value if value is not None else "").strip().strip(".").lower()
    if said in YES or said in NO:
        return said in YES
    raise ValueError(f"A flag is true or false, got {said!r}.")


def spans(value: Any) -> tuple[tuple[float, float], ...]:
    """Pairs of seconds, however they are written: [[0, 64]], [0, 64], (0, 64), "0-64 s", "from 0s to 64s"; nothing for null."""
    numbers = [float(one) for one in NUMBER.findall(json.dumps(value, default=str))] if value is not None else []
    return tuple((a, b) for a, b in zip(numbers[::2], numbers[1::2]) if a < b)


def nearest(span: tuple[float, float], periods: Sequence[Period]) -> Period | None:
    """The period that shares the largest part with a span of seconds, of both together; None where none shares any."""

    def shared(one: Period) -> float:
        both = min(span[1], one.end) - max(span[0], one.start)
        return both / (max(span[1], one.end) - min(span[0], one.start))

    best = max(periods, key=shared, default=None)
    return best if best is not None and shared(best) > 0 else None


# ---- the agents' contracts -------------------------------------------------------------------------------------------------


def read_survey(raw: str, request: str, memory: Memory, relevant: int, calls: int = 1) -> Survey:
    """Which coarse periods, or all."""
    held = parsed(raw, ("Flag", "Time Period"))
    coarse = [one for one in memory.periods if one.depth == 0]
    named = [nearest(one, coarse) for one in spans(held.get("time period"))]
    periods = tuple(dict.fromkeys(one for one in named if one is not None))[:relevant]
    return Survey(truth(held.get("flag", False)) or not periods, periods, request, raw, calls)


def read_location(raw: str, request: str, memory: Memory, searched: Sequence[Period], calls: int = 1) -> Location:
    """One period that can be looked at more closely and was not; a ValueError where none was named that is."""
    held = parsed(raw, ("Time Period", "Instruction"))
    left = [one for one in memory.periods if one.depth < 2 and one not in searched]
    if not left:
        return Location(None, "", request, raw, calls)
    named = spans(held.get("time period"))
    period = nearest(named[0], left) if named else None
    if period is None:
        raise ValueError(f"The period is none of those that are left: {', '.join(map(str, left[:20]))}.")
    return Location(period, str(held.get("instruction") or "").strip(), request, raw, calls)


def read_reply(raw: str, request: str, memory: Memory, forced: bool = False, calls: int = 1) -> Reply:
    """The answer and whether it is sure; a forced one never is."""
    held = parsed(raw, ("Answer",))
    if held.get("answer") is None:
        raise ValueError("There is no answer in it.")
    named = spans(held.get("time period"))
    period = nearest(named[0], memory.periods) if named else None
    sure = not forced and truth(held.get("confidence", False))
    return Reply(str(held["answer"]).strip(), sure, str(held.get("reason") or ""), request, raw, period, calls)
