"""Other ways to say the grammar's sentences, and sentences for single frames.

The text tower must tell "moves left" from "moves right" although no single frame can show the difference. Web text gives
that to CLIP; here paraphrases do: two ways to say one thing belong together, everything else apart.
"""

import numpy as np

from core.world import ACTIONS, COLOURS, SHAPES
from core.world.captions import article

SYNONYMS = {
    "circle": ("disc", "ball"),
    "square": ("box",),
    "ring": ("hoop",),
    "cross": ("plus",),
    "purple": ("violet",),
    "cyan": ("turquoise",),
    "object": ("thing", "shape"),
    "moves": ("goes", "travels", "slides"),
    "grows": ("gets larger", "expands"),
    "shrinks": ("gets smaller", "contracts"),
    "spins": ("rotates", "turns"),
    "counter-clockwise": ("anticlockwise",),
    "bounces": ("hops",),
    "shakes": ("trembles", "wobbles"),
    "blinks": ("flashes",),
    "appears": ("shows up",),
    "vanishes": ("disappears",),
    "stops": ("halts",),
    "stays": ("stands", "remains"),
}
CONNECTIVES = ("a", "an", "the", "and", "then", "while", "object")


def vocabulary() -> tuple[str, ...]:
    """Every word that any sentence here can hold, sorted."""
    said = [*COLOURS, *SHAPES, *CONNECTIVES]
    said += [word for action in ACTIONS for word in action.split()]
    said += [word for phrases in SYNONYMS.values() for phrase in phrases for word in phrase.split()]
    return tuple(sorted(set(said)))


def paraphrase(text: str, rng: np.random.Generator) -> str:
    """The same sentence with some words, half of them on average, said otherwise."""
    said = []
    for word in text.split():
        others = SYNONYMS.get(word, ())
        said.append(str(rng.choice(others)) if others and rng.random() < 0.5 else word)
    return " ".join(article(after) if word in ("a", "an") else word for word, after in zip(said, [*said[1:], ""], strict=True))


def list_of(nouns: list[str]) -> str:
    """ "a red ring and a blue star": what a single frame shows."""
    return " and ".join(f"{article(noun)} {noun}" for noun in nouns)
