"""What captions hold at each depth, as the paper's Figure 5 has it: how rich they are, and how relevant to a question.

The paper has a language model judge relevance from 1 to 5; here it is counted in clauses.
"""

from collections import Counter
from collections.abc import Iterable
from math import log2

from core.methods.videolucy.grammar import Asked, clauses
from core.methods.videolucy.loop import Agents, Settings, children
from core.methods.videolucy.memory import DEPTHS, Period


def entropy(captions: Iterable[str]) -> float:
    """H = −Σ p(w) log₂ p(w) over the colours, shapes and numbers of captions one after another, in bits: a thing that the next
    caption has, too, and each of its numbers, count once, or what lasts would hide what passes."""
    things: list[dict[str, None]] = []
    for one in (one for text in captions for one in clauses(text)):
        if not things or list(things[-1])[:2] != [*one.look]:
            things.append(dict.fromkeys(one.look))
        things[-1] |= dict.fromkeys([one.number] if one.number else [])
    count = Counter(word for one in things for word in one)
    total = sum(count.values())
    return -sum(n / total * log2(n / total) for n in count.values()) if total else 0.0


def relevance(captions: Iterable[str], what: Asked) -> float:
    """1 where a clause binds the anchor and what is asked of it, ½ where one only shows the anchor, 0 where none does."""
    fits = [one for text in captions for one in clauses(text) if what.anchor.fits(one)]
    return max((1.0 if getattr(one, what.attribute) else 0.5 for one in fits), default=0.0)


def by_depth(agents: Agents, period: Period, what: Asked, instruction: str, settings: Settings) -> dict[str, dict[str, float]]:
    """{depth: {entropy, relevance}} of all captions of one coarse period at each depth, with one instruction."""
    level, made = (period,), {}
    for name in DEPTHS:
        said = agents.caption(level, instruction)
        made[name] = {"entropy": entropy(said), "relevance": relevance(said, what)}
        level = tuple(one for parent in level for one in children(parent, settings))
    return made
