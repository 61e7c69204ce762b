"""Long videos that are kept as the numbers that they are drawn from.

recipe = read_recipe("assets/videos/ten-minutes.json")
recipe.video, recipe.question           # nothing is drawn yet; a question that it answers
"""

import json
from dataclasses import dataclass
from pathlib import Path

from core.errors import ReaderError
from core.world.long import LongVideo, asked_video, long_video
from core.world.marks import marked_video


@dataclass(frozen=True, eq=False)
class Recipe:
    """title: what a reader knows it by. question: one that it answers."""

    title: str
    question: str
    video: LongVideo


def read_recipe(path) -> Recipe:
    """The recipe in a JSON file: title, question, and what `long_video` is given; or, where it says that it is a story,
    `asked_video`, and where it has numbers, `marked_video`."""
    try:
        given = json.loads(Path(path).read_text(encoding="utf-8"))
        title, question, size = given.pop("title"), given.pop("question"), tuple(given.pop("size"))
        if given.pop("story", False):
            video, _ = asked_video(**given, size=size)
        elif given.pop("numbers", False):
            video = marked_video(**given, size=size)
        else:
            video = long_video(**given, size=size, name=Path(path).stem)
        return Recipe(title, question, video)
    except (AttributeError, KeyError, TypeError, UnicodeDecodeError, ValueError) as wrong:
        raise ReaderError(
            f"{Path(path).name} is no recipe of a long video: title, question, seed, seconds, rate, size."
        ) from wrong
