"""What a method's page holds when it opens: its words, its first clip as Python computed it, and what its stages read."""

import io
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from PIL import Image

from app.controls.knobs import plain
from app.figures.pack import STRANGE, array, bits, coded, floats, jpeg, knob_payload
from app.figures.patchmap import actor_TP
from app.figures.payload import about_payload, beside_payload, clip_payload, in_words, trace_payload
from app.help.glossary import entries
from app.server.clips import Example
from app.site.around import around_data
from app.tab import texts_for
from core import Clip, Engine
from core.browser.export import browser_of, held_of
from core.browser.plan import Node, nodes, payload
from core.browser.ways import Way
from core.kinds import THING, Fact, When
from core.method import Method
from core.methods import lesson
from core.networks.weights import SYNTHETIC
from core.pace import FARTHER, FASTER, NEARER, SLOWER
from core.ranking import TIE
from core.video.moment import ALIKE, FAR, spaced
from core.video.read import FRAMES

NUMBERS = {  # of the rules of doubt.js
    "synthetic": SYNTHETIC, "tie": TIE, "slower": SLOWER, "faster": FASTER, "nearer": NEARER, "farther": FARTHER, "far": FAR,
    "alike": ALIKE,
}  # fmt: skip
KINDS: dict[str, When] = {"soon": "now", "later": "network", "whole": "whole"}  # a kind of run → what it ends with


def page_data(
    engine: Engine, method: Method, examples: Sequence[Example], clips: Mapping[str, Clip], pages: Mapping[str, str]
) -> dict[str, Any]:  # fmt: skip
    """All of one method's page but its networks' addresses. examples, clips: in the order in which they are offered. pages:
    method → its file."""
    browser, first = browser_of(method.name), examples[0]
    usual: Way = browser.WAYS[0]
    settings, clip = engine.settings(method.name, usual.knobs), clips[first.name]
    texts = texts_for(first) if method.reads_texts else []
    trace = engine.run(method.name, clip, texts, method.until("network"), **usual.knobs)
    own = {one.name: own_data(engine, method, one, clips[one.name]) for one in examples}
    grid, shown = engine.grid(method.name), clip_data(first, clip) | own[first.name]
    made = trace_payload(method, trace, shown["key"], clip, settings, grid, texts, first.truth)
    made |= beside_payload(engine, method, clip, settings, trace)
    return {
        "about": about_data(engine, method, browser.WAYS),
        "outputs": {one.stage: in_words(one) | {"over": one.over, "value": one.value} for one in method.outputs},
        "said": said_of(method),
        "until": {kind: list(method.until(when)) for kind, when in KINDS.items()},
        "ofTexts": list(method.text_stages),
        "ways": [way_data(engine, method, way) for way in browser.WAYS],
        "knobs": knobs_of(engine, method),
        "first": [name for name in lesson(method, "FIRST") or [one.name for one in method.knobs.knobs()]],
        "defaults": settings,
        "presets": presets_of(method, browser.WAYS, [one.name for one in examples]),
        "made": {"grid": grid, "scale": scale_of(engine, method), "strange": STRANGE, "thing": THING, "numbers": NUMBERS},
        "own": {"frames": [*FRAMES, len(clip)], "trained": trace.pace.spacing if trace.pace else 0.0, "rules": NUMBERS},
        "clip": shown,
        "clips": own,
        "trace": made | {"scale": scale_of(engine, method)},
        "texts": texts,
        "examples": [
            {"name": one.name, "title": one.title, "thumb": jpeg(clips[one.name].frames_THWC[3], 96)} for one in examples
        ],
        "glossary": entries(),
        **around_data(engine, method, browser.WAYS, [one.name for one in examples], pages),
    }  # fmt: skip


def about_data(engine: Engine, method: Method, ways: Sequence[Way]) -> dict[str, Any]:
    """What does not change while the page is open; of the stages those that run there."""
    told = about_payload(method)
    run = {name for way in ways for node in nodes_of(engine, method, way) for name in node.makes}
    return told | {"stages": [one for one in told["stages"] if one["name"] in run]}


def nodes_of(engine: Engine, method: Method, way: Way) -> tuple[Node, ...]:
    """What runs as what, in order."""
    return nodes(method, way, browser_of(method.name).constants(held_of(engine, method, way)))


def said_of(method: Method) -> dict[str, list[Any]]:
    """What a fact of a second run is told by: stage → [settings of the switches, the sentence] for each of these settings."""
    facts = [one for one in method.beside.outputs if isinstance(one, Fact) and one.words] if method.beside else []
    switches = [one.name for one in method.knobs.knobs() if one.kind == "switch"]
    defaults = {one.name: one.default for one in method.knobs.knobs()}
    every = [dict(zip(switches, values, strict=True)) for values in product((False, True), repeat=len(switches))]
    return {one.stage: [[turned, one.words(defaults | turned)] for turned in every] for one in facts if one.words}


def way_data(engine: Engine, method: Method, way: Way) -> dict[str, Any]:
    """What runs as what for these knobs, and what is said of the weights that do."""
    settings = engine.settings(method.name, way.knobs)
    used = {name: engine.network(name, method.name) for name, one in method.networks.items() if one.used(settings)}
    labels = [one.label for one in used.values()]
    pace = next((one.pace for one in used.values() if one.pace), None)
    constants = browser_of(method.name).constants(held_of(engine, method, way))
    return {
        "knobs": dict(way.knobs),
        "nodes": payload(nodes(method, way, constants)),
        "constants": {name: constant(one) for name, one in constants.items()},
        "made": {
            "weights": labels,
            "pace": pace and {"frames": pace.frames, "spacing": pace.spacing},
            "untrained": method.untrained(labels, settings),
        },
    }


def constant(value: Any) -> Any:
    """As it travels: a tensor in single precision."""
    return coded(array(value), floats) if hasattr(value, "detach") else value


def scale_of(engine: Engine, method: Method) -> float | None:
    """The inverse temperature of the softmax that the model was trained with."""
    named = [name for one in method.outputs if (name := getattr(one, "scale", ""))]
    return next((getattr(engine.network(name, method.name).network, "scale", None) for name in named), None)


def knobs_of(engine: Engine, method: Method) -> list[dict[str, Any]]:
    """Knobs that can be turned there, as far as these networks allow: one that every way holds at one value is not among them,
    and a choice has the values that there is a way for."""
    ways, limits, made = browser_of(method.name).WAYS, engine.limits(method.name), []
    for one in method.knobs.knobs():
        told, held = (
            knob_payload(one) | {"plain": plain(one.symbol)},
            [way.knobs[one.name] for way in ways if one.name in way.knobs],
        )
        values = list(dict.fromkeys(held))
        if one.name in limits:
            low, high, step = told["span"]
            told |= {"span": (low, min(high, limits[one.name]), step), "default": min(told["default"], limits[one.name])}
        if not held or len(values) > 1:
            made.append(told | ({"span": values} if held and one.kind == "choice" else {}))
        else:
            made.append(told | {"held": values[0]})
    return made


def presets_of(method: Method, ways: Sequence[Way], examples: Sequence[str]) -> list[dict[str, Any]]:
    """Those that fit a way and whose clip is there: name, knobs, clip, look."""
    defaults = {one.name: one.default for one in method.knobs.knobs()}
    made = []
    for name, one in (lesson(method, "PRESETS") or {}).items():
        settings = defaults | dict(one.values)
        there = one.clip is None or one.clip in examples
        if there and any(all(settings[knob] == value for knob, value in way.knobs.items()) for way in ways):
            made.append({"name": name, "knobs": dict(one.values), "clip": one.clip, "look": one.look})
    return made


def clip_data(example: Example, clip: Clip) -> dict[str, Any]:
    """A clip as a viewer takes it, and what its frames are compared with."""
    return clip_payload(example.name, clip, example.truth) | {"name": example.name, "texts": texts_for(example)}


def own_data(engine: Engine, method: Method, example: Example, clip: Clip) -> dict[str, Any]:
    """What a method adds to a clip: where the actor is seen, in its patches, and how far apart frames are for its weights."""
    grid, pace, truth = engine.grid(method.name), engine.pace(method.name), example.truth
    return {
        "actor": truth and grid and bits(actor_TP(clip, truth, tuple(grid))),
        "spaced": spaced(clip, pace.spacing if pace else 0.0),
    }


def write_frames(clip: Clip, file: Path) -> None:
    """All frames under each other in one lossless picture."""
    T, H, W, _ = clip.frames_THWC.shape
    held = io.BytesIO()
    Image.fromarray(clip.frames_THWC.reshape(T * H, W, 3)).save(held, "WEBP", lossless=True, quality=80, method=4)
    file.write_bytes(held.getvalue())
