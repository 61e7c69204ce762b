"""What of a data set's texts its text tower takes in: known from the texts alone, so it is told before any step."""

from dataclasses import replace

from torch import nn

from core.data.dataset import Videos, narrowed, readable
from core.data.layouts import Item
from core.data.notes import Wrong


def legible(videos: Videos, tower: nn.Module, template: str) -> Videos:
    """The data set without the captions and classes that the tower cannot read, and with notes on what it reads in part."""
    return legible_classes(videos, tower, template) if videos.classes else legible_captions(videos, tower)


def legible_classes(videos: Videos, tower: nn.Module, template: str) -> Videos:
    """A class whose own name leaves nothing is not told by what stands around it either."""
    text_of, name_of = (dict(zip(videos.classes, every)) for every in (videos.texts(template), map(readable, videos.classes)))
    refused, wrong = tower.refused([*text_of.values(), *name_of.values()]), Wrong()
    kept = []
    for label in videos.classes:
        if why := refused.get(text_of[label]) or refused.get(name_of[label]):
            wrong.note("Classes that the text tower cannot read, left out", f"{label}: {why.rstrip('.')}")
        else:
            kept.append(label)
    partly({text_of[label]: label for label in kept}, "Classes", tower, wrong)
    return narrowed(videos, lambda one: one if one.label in kept else None, wrong)


def legible_captions(videos: Videos, tower: nn.Module) -> Videos:
    """A video whose captions are all left out is left out."""
    every = (one for part in (videos.test, videos.val, videos.train) for one in part)
    of_video = {said: one.path.name for one in every for said in one.captions}
    refused, wrong = tower.refused([*of_video]), Wrong()
    for said, why in refused.items():
        wrong.note("Captions that the text tower cannot read, left out", f"{of_video[said]}: {why.rstrip('.')}")
    partly({said: name for said, name in of_video.items() if said not in refused}, "Captions", tower, wrong)

    def keep(one: Item) -> Item | None:
        if captions := tuple(said for said in one.captions if said not in refused):
            return replace(one, captions=captions)
        wrong.note("Videos without a caption that can be read, left out", one.path.name)
        return None

    return narrowed(videos, keep, wrong)


def partly(where: dict[str, str], kind: str, tower: nn.Module, wrong: Wrong) -> None:
    """Notes texts of which a part is not taken in. where: {text: what it belongs to}."""
    reads = tower.read([*where])
    for said, read in zip(where, reads, strict=True):
        if read != said:
            wrong.note(f"{kind} longer than the text tower reads, cut", f"{where[said]}, after “…{read[-30:]}”")
    for word in tower.unknown([*reads]):
        wrong.note("Words that the text tower does not know, and reads as one and the same", word)
