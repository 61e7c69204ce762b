"""A method in one HTML file that opens from disk and asks the network for nothing: the page's own viewer, and the knobs that
need no network, computed in the browser from stored grids.

Which knobs these are, and what is stored for them, a method's part `offline` says:

    MODULE          what computes them, from assets/viewer: see page/standalone.js      TURNED    their names
    NEEDED          stages that must have been computed                                 PATCHES   the knob that ends with them
    stored(trace, tokens)   what the module reads; without the tokens of the patches it is smaller, and may be less exact
    EXACT, STORED   a sentence on what is in the file with the tokens, and without them
"""

import html
import json
from types import ModuleType
from typing import Any

import numpy as np

from app.figures.pack import array, bits, encoded, jpeg, knob_payload
from app.figures.patchmap import actor_TP
from app.figures.payload import about_payload, clip_payload, figures_of, trace_payload
from app.modules import one_file, text_of, viewer_of
from core import ReaderError
from core.method import Method
from core.methods import part, with_part
from core.publish.described import described
from core.publish.result import Result
from core.registry import METHODS, method_named
from core.world import Truth

LIMIT = 3_000_000  # bytes of the file
QUALITIES = ((512, 88), (384, 80), (256, 75), (160, 65))  # longest side and JPEG quality: the first that fits
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width"><meta name="description" content="{words}">
<style>:root{{color-scheme:light dark}}body{{max-width:1100px;margin:1rem auto;padding:0 1rem;background:Canvas}}
h1{{font:600 20px system-ui,sans-serif}}{style}</style>
<h1>{title}</h1><main id="alone"></main>
<script id="payload" type="application/json">{payload}</script>
<script type="module">{module}</script></html>
"""  # noqa: E501
ENTRY = """{}
import {{open}} from "./page/standalone.js";
import * as knobs from "./{}";
open(mount, knobs);
"""


def fits(method: Method) -> bool:
    """Whether one file can be made of a method."""
    return method.name in with_part("offline")


def interactive_html(result: Result, truth: Truth | None = None, limit: int = LIMIT) -> str:
    """The file's text, of a result that was computed with every stage (or those that are needed).

    truth: of an example. limit: bytes. A method whose knobs need its network, or a clip too long, is a ReaderError."""
    offline = offline_of(result.view.shown.method)
    if missing := [stage for stage in offline.NEEDED if stage not in result.trace.values]:
        raise ReaderError(f"An interactive file needs {', '.join(missing)}: compute every stage.")
    for side, quality in QUALITIES:
        for tokens in offline.ways(result.trace):
            made = page(result, truth, tokens, side, quality)
            if len(made.encode()) <= limit:
                return made
            if not tokens and len("".join(pictures(result, side, quality))) < limit // 4:
                break  # smaller pictures would not help
    raise ReaderError(f"This clip does not fit in {limit / 1e6:g} MB: take fewer frames than {len(result.clip)}.")


def title_of(method: Method) -> str:
    """A method's name as its paper writes it."""
    return method.title.partition(" — ")[0]


def offline_of(method: str) -> ModuleType:
    """Its part, or a sentence that says which methods have one."""
    found = part(method, "offline")
    if found is None:
        able = ", ".join(title_of(METHODS[name]) for name in with_part("offline"))
        raise ReaderError(f"One interactive file can be made of {able}: the other methods' knobs need their network.")
    return found


def page(result: Result, truth: Truth | None, tokens: bool, side: int, quality: int) -> str:
    """One way to write it."""
    offline, payload = offline_of(result.view.shown.method), payload_of(result, truth, tokens, side, quality)
    entry = ENTRY.format(viewer_of(figures_of(method_named(result.view.shown.method))), offline.MODULE)
    style = "".join(map(text_of, ("base/viewer.css", "page/standalone.css")))
    title = f"{title_of(method_named(result.view.shown.method))} on {result.view.shown.clip}"
    words = "; ".join(f"{name}: {text}" for name, text in described(result).items() if text)
    return PAGE.format(
        title=html.escape(title), words=html.escape(words), style=style, module=one_file(entry),
        payload=in_script(json.dumps(payload)),
    )  # fmt: skip


def payload_of(result: Result, truth: Truth | None, tokens: bool, side: int, quality: int) -> dict[str, Any]:
    """What page/standalone.js takes."""
    setting, trace, clip, grid = result.view.shown, result.trace, result.clip, result.grid
    method, settings, offline = method_named(setting.method), setting.settings, offline_of(setting.method)
    texts = list(setting.texts) if "similarity_Y" in trace.values else []
    shown = clip_payload("clip", clip, truth) | {"frames": pictures(result, side, quality)}
    knobs = [knob_payload(one) for one in method.knobs.knobs() if one.name in offline.TURNED]
    for one in knobs:
        if one["name"] == offline.PATCHES:
            one["span"] = (1, grid[0] * grid[1], 1)
    made = trace_payload(method, trace, "clip", clip, settings, grid, texts, truth) | {"edited": bool(setting.edits)}
    stored = {
        "grid": list(grid),
        "knobs": {name: settings[name] for name in offline.TURNED},
        "actor": None if truth is None else bits(actor_TP(clip, truth, tuple(grid))),
        **packed(offline.stored(trace, tokens)),
    }
    return {
        "about": about_payload(method), "clip": shown, "trace": made, "knobs": knobs, "stored": stored,
        "said": offline.EXACT if tokens else offline.STORED,
    }  # fmt: skip


def packed(value: Any) -> Any:
    """Tensors as base64 of 32-bit numbers; all else as it is."""
    if isinstance(value, dict):
        return {name: packed(one) for name, one in value.items()}
    return encoded(np.asarray(array(value), "<f4")) if hasattr(value, "detach") else value


def pictures(result: Result, side: int, quality: int) -> list[str]:
    """The frames as data URLs."""
    return [jpeg(frame_HWC, side, quality) for frame_HWC in result.clip.frames_THWC]


def in_script(text: str) -> str:
    """JSON that no `</script>` of a clip's name can leave."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
