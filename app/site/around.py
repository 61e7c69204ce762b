"""What stands around a viewer where no server is: what its links say, its folds, its tour, and how much is kept."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.controls.knobs import plain
from app.export.standalone import title_of
from app.figures.pack import knob_payload
from app.panels import panels_of
from app.panels.edits import edit_words
from core.browser.ways import Way
from core.engine import TEXT_LENGTH, TEXTS, Engine
from core.method import Method
from core.methods import lesson
from core.publish.cells import CELLS, JSON_BYTES, PICTURE_BYTES
from core.publish.link import FIELDS, LINK_LENGTH, defaults_digest
from core.publish.result import FEW
from core.publish.view import FRAMES, NOTE_LENGTH, VERSION, default_overlay, overlays
from core.registry import METHODS


def around_data(
    engine: Engine, method: Method, ways: Sequence[Way], examples: Sequence[str], pages: Mapping[str, str]
) -> dict[str, Any]:
    """All of it. pages: method → its file."""
    return {
        "method": method.name,
        "short": title_of(method),
        "link": link_data(engine, method, ways, examples, pages),
        "panels": {one.name: {"title": one.title, "own": one.alone(method)} for one in panels_of(method) if one.alone},
        "tour": list(lesson(method, "TOUR")),
        "kept": {"cells": CELLS, "bytes": JSON_BYTES, "picture": PICTURE_BYTES, "note": NOTE_LENGTH, "few": FEW},
    }


def link_data(
    engine: Engine, method: Method, ways: Sequence[Way], examples: Sequence[str], pages: Mapping[str, str]
) -> dict[str, Any]:
    """What links of this page may say: see assets/viewer/site/link.js."""
    words = edit_words(method)
    return {
        "version": VERSION,
        "method": method.name,
        "digest": defaults_digest(method.name),
        "knobs": [knob_payload(one) | {"plain": plain(one.symbol)} for one in method.knobs.knobs()],
        "ends": dict(engine.limits(method.name)),
        "ways": [dict(one.knobs) for one in ways],
        "clips": list(examples),
        "frames": {"default": FRAMES.default, "span": FRAMES.span[:2]},
        "overlays": overlays(method.name),
        "overlay": default_overlay(method.name),
        "texts": TEXTS,
        "letters": TEXT_LENGTH,
        "longest": LINK_LENGTH,
        "fields": FIELDS,
        "edits": words["edits"],
        "most": words["most"],
        "others": {
            name: {"title": title_of(one), "page": pages.get(name, "")} for name, one in METHODS.items() if name != method.name
        },
    }  # fmt: skip
