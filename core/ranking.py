"""Whether the text that fits best may be called the answer.

    why = doubt(similarity_Y, unknown, label, pace, frames, of_world)        # "" or a sentence that says why not

Of cosines one is always the largest. It names a winner only where the model tells the texts apart, has read all of their words,
and was taught on such videos.
"""

from collections.abc import Sequence
from math import isclose

from core.networks.weights import SYNTHETIC
from core.pace import Pace

TIE = 5e-4  # of a cosine: what three digits do not show


def doubt(
    similarity_Y: Sequence[float], unknown: Sequence[str] = (), label: str = "", pace: Pace | None = None, frames: int = 0,
    of_world: bool = False, spacing: float = 0.0,
) -> str:  # fmt: skip
    """Why no text is "top 1", the gravest reason first; "" where the highest is.

    unknown: words or ends of texts that the text tower does not read. label: of the towers and of what prompts them, as the
    reader sees it. pace: what the weights were trained with; frames, spacing: of this clip. of_world: it is one of our
    synthetic ones.
    """
    if SYNTHETIC in label and not of_world:
        return f"These weights know {SYNTHETIC} alone and no real video: their ranking of texts says nothing about this one."
    if "RANDOM" in label:
        return "These weights are random: their ranking of texts says nothing."
    if unknown:
        words = ", ".join(f"“{one}”" for one in unknown[:4]) + (" …" if len(unknown) > 4 else "")
        return f"The text tower does not read {words}: texts that differ in nothing else are the same to it."
    if frames and pace and (why := pace.doubt(frames, spacing)):
        return why
    if len(similarity_Y) < 2:
        return "There is nothing to rank one text against."
    first, second = sorted(similarity_Y, reverse=True)[:2]
    if first - second < TIE or isclose(first, second):
        return f"The two best texts fit equally well ({first:.3f}): none is first."
    return ""
