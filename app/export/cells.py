"""A kept cell on the page that reads it: its weights by their names, its view with the clips that are here."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.server.request import Desk
from core import Engine, ReaderError
from core.publish.link import from_plain, parsed
from core.publish.view import View


def models_named(engine: Engine) -> dict[str, str]:
    """The models that were named for an engine, a file by its own name: where it lies is nobody's business."""
    named = {name: one for name, one in engine.models.items() if isinstance(one, str)}
    return {name: one.rpartition("/")[2] if Path(one[:250]).is_file() else one for name, one in named.items()}


def precision_of(engine: Engine) -> str:
    """What it computes in, by name: another machine would choose its own."""
    return str(engine.precision).rpartition(".")[2]


def checked_text(text: Any) -> str:
    if not isinstance(text, str):
        raise ReaderError("Kept cells are a JSON text.")
    return text


def reopened(
    desks: Mapping[str, Desk], text: Any, models: Any, handle: Any
) -> tuple[View, str, dict[str, str], tuple[str, ...]]:
    """What a kept view is on this page: (the view, what its weights are called, a clip's name → its file, sentences on what is
    not as it was). handle: of the clip that it was kept from, where the server may still hold it."""
    clips = next(iter(desks.values())).clips
    files = {name: str(one.path) for name, one in clips.examples.items()}
    with suppress(ReaderError):  # an example needs none, and of an own clip that is gone a note says so
        own = clips.path(handle)
        files.setdefault(clips.name(own), own)

    def limits(method: str) -> Mapping[str, float]:
        return desks[method].engine.limits(method)

    view, notes = from_plain(parsed(checked_text(text)), tuple(files), limits, desks)
    engines = desks[view.shown.method].engines
    weights = next((name for name, one in engines.items() if models_named(one) == models), next(iter(engines)))
    return view, weights, files, notes
