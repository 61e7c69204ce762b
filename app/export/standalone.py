"""STOP in one HTML file that opens from disk and asks the network for nothing: the page's own viewer, and the knobs that need
no network, computed in the browser from stored grids.

Δh^s depends on the kept region through the prompts that are added there. So the file holds the patch tokens, the prompts and
the filter 𝒩^t where they fit: then α, N_s, β, η and both switches give what Python gives. Where they do not fit, it holds the
change of every patch under the stored region: then β and η are exact for that region, and under another one W^t and N^t are
said to be approximate. Similarities need the network: they are those of the stored setting.
"""

import html
import json

import numpy as np

from app.figures import gaps
from app.figures.drawing import GAPS
from app.figures.pack import array, bits, encoded, jpeg, knob_payload
from app.modules import one_file, text_of
from core import ReaderError
from core.engine import method_named
from core.methods.stop.networks import CAP
from core.publish.described import described

LIMIT = 3_000_000  # bytes of the file
NEEDED = (
    "attention_TP", "dynamics_TP", "patches_TPD", "spatial_prompt_TPD", "prompters", "gap_filtered_GPD", "score_TP",
    "region_TP", "change_G", "prompt_count_G",
)  # fmt: skip
TURNED = ("alpha", "kept", "beta", "eta", "spatial", "temporal")  # knobs that are computed in the browser
HERE = ("score_TP", "region_TP", "prompted_TPD", "difference_GPD", "gap_filtered_GPD", "change_G", "prompt_count_G")
BEHIND = ("temporal_prompt_GQD", "sequence_SD", "video_E", "similarity_Y")  # need the network
WHY = "How well texts fit needs the network: it is known for the stored knobs only (“as stored”)."
EXACT = (
    "In this file: A, M, the patch tokens h, the prompts p^s and the filter 𝒩^t, as 32-bit numbers. Every knob here is "
    "computed from them as in Python: the mask is the same, W^t agrees to five digits. Similarities are stored for one "
    "setting; block ℓ and ×L are fixed. Frames are JPEG, maps are painted in 16 bits."
)
STORED = (
    "In this file: A and M, and the change of every patch under the stored region, as 32-bit numbers; the tokens did not fit. "
    "The mask is computed as in Python for every α and N_s; W^t and N^t are exact for every β and η under the stored region, "
    "and approximate under another (≈). Similarities are stored for one setting; block ℓ and ×L are fixed."
)
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


def interactive_html(result, truth=None, limit=LIMIT):
    """The file's text, of a `core.publish.result.Result` that was computed with every stage (or those NEEDED).

    truth: of an example. limit: bytes. A method other than STOP, or a clip too long for the limit, is a ReaderError."""
    if result.view.shown.method != "stop":
        raise ReaderError("One interactive file can be made of STOP: the other methods' knobs need their network.")
    if missing := [stage for stage in NEEDED if stage not in result.trace.values]:
        raise ReaderError(f"An interactive file needs {', '.join(missing)}: compute every stage.")
    for side, quality in QUALITIES:
        for tokens in (True, False):
            made = page(result, truth, tokens, side, quality)
            if len(made.encode()) <= limit:
                return made
            if not tokens and len(clip_parts(result, side, quality)) < limit // 4:
                break  # smaller pictures would not help
    raise ReaderError(f"This clip does not fit in {limit / 1e6:g} MB: take fewer frames than {len(result.clip)}.")


def page(result, truth, tokens, side, quality):
    """One way to write it."""
    words = described(result)
    payload = payload_of(result, truth, tokens, side, quality)
    module = one_file('import {open} from "./page/standalone.js";\nopen();\n')
    style = "".join(map(text_of, ("base/viewer.css", "page/standalone.css")))
    title = f"{method_named('stop').title.partition(' — ')[0]} on {result.view.shown.clip}"
    said = "; ".join(f"{name}: {told}" for name, told in words.items() if told)
    return PAGE.format(
        title=html.escape(title), words=html.escape(said), style=style, module=module, payload=in_script(json.dumps(payload))
    )  # fmt: skip


def payload_of(result, truth, tokens, side, quality):
    """What page/standalone.js takes."""
    asked, trace, clip, grid = result.view.shown, result.trace, result.clip, result.grid
    method, settings = method_named(asked.method), asked.settings
    texts = list(asked.texts) if "similarity_Y" in trace.values else []
    shown = gaps.clip_payload("clip", clip, truth) | {"frames": clip_parts(result, side, quality, whole=True)}
    knobs = [knob_payload(one) for one in method.knobs.knobs() if one.name in TURNED]
    for one in knobs:
        if one["name"] == "kept":
            one["span"] = (1, grid[0] * grid[1], 1)
    made = gaps.trace_payload(method, trace, "clip", clip, settings, grid, texts, truth) | {"edited": bool(asked.edits)}
    return {
        "about": GAPS.about(method), "clip": shown, "trace": made, "knobs": knobs,
        "stored": stored_of(result, truth, tokens), "said": EXACT if tokens else STORED,
    }  # fmt: skip


def stored_of(result, truth, tokens):
    """The grids in full precision."""
    trace, prompter = result.trace, result.trace["prompters"][0]
    held = None
    if tokens:
        held = {
            "patches": numbers(trace["patches_TPD"]), "prompts": numbers(trace["spatial_prompt_TPD"]),
            "filter": numbers(prompter.gap_filter.conv.weight),
        }  # fmt: skip
    return {
        "grid": list(result.grid),
        "knobs": {name: result.view.shown.settings[name] for name in TURNED},
        "cap": CAP,
        "attention": numbers(trace["attention_TP"]),
        "dynamics": numbers(trace["dynamics_TP"]),
        "energy": numbers((array(trace["gap_filtered_GPD"]) ** 2).mean(-1)),
        "scale": float(prompter.change_scale),
        "tokens": held,
        "actor": None if truth is None else bits(gaps.actor_TP(result.clip, truth, tuple(result.grid))),
        "here": HERE, "behind": BEHIND, "why": WHY,
    }  # fmt: skip


def clip_parts(result, side, quality, whole=False):
    """The frames as data URLs; not whole: all their letters in one text, to be counted."""
    parts = [jpeg(frame_HWC, side, quality) for frame_HWC in result.clip.frames_THWC]
    return parts if whole else "".join(parts)


def numbers(values):
    """32-bit numbers, base64."""
    return encoded(np.asarray(array(values) if hasattr(values, "detach") else values, "<f4"))


def in_script(text):
    """JSON that no `</script>` of a clip's name can leave."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
