"""The words: eight shapes, eight colours, fifteen actions, and the sentence "a red ring moves left"."""

from core.errors import ReaderError

SHAPES = ("circle", "square", "triangle", "star", "ring", "cross", "heart", "diamond")
COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "white")
MOVES = ("moves left", "moves right", "moves up", "moves down")
ACTIONS = MOVES + (
    "grows",
    "shrinks",
    "spins clockwise",
    "spins counter-clockwise",
    "bounces",
    "shakes",
    "blinks",
    "appears",
    "vanishes",
    "moves then stops",
    "stays still",
)
SPLITS = ("train", "val", "test")


def caption(colour, shape, action):
    """A sentence of the grammar; without a colour or a shape (None) it says less: "an object moves left"."""
    noun = " ".join(filter(None, (colour, shape or "object")))
    return f"{article(noun)} {noun} {action}"


def article(noun):
    """ "an" before a vowel's letter, else "a"."""
    return "an" if noun[:1].lower() in tuple("aeiou") else "a"


def meanwhile(first, second):
    """Two captions of one clip: "a red ring moves left while a blue star grows"."""
    return f"{first} while {second}"


def pairs(split):
    """The (colour, shape) pairs an actor may have in a split. No pair is in two splits; val and test are two
    diagonals of the 8×8 table, so every colour and every shape is left in train six times."""
    one_of("split", split, SPLITS)
    return tuple(
        (colour, shape)
        for c, colour in enumerate(COLOURS)
        for s, shape in enumerate(SHAPES)
        if {0: "test", 4: "val"}.get((c - s) % 8, "train") == split
    )


def one_of(what, value, allowed):
    """`value`, if it is allowed; otherwise a sentence that says what is."""
    if value not in allowed:
        raise ReaderError(f"The {what} is one of {', '.join(map(str, allowed))}; got {value!r}.")
    return value
