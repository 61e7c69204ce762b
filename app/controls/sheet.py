"""The knobs on a narrow screen: a sheet that folds away behind one button. See assets/viewer/page/sheet.js."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from app import assets
from app.controls.knobs import plain
from app.controls.presets import FRAME, all_presets
from core.knobs import Preset
from core.method import Method

OPEN = '<button type="button" class="sheet-open" aria-expanded="false"><b>▴</b><span></span><span></span></button>'


def sheet(method: Method, defaults: Mapping[str, Any]) -> gr.HTML:
    """First in the column of a method's knobs. defaults: of each."""
    declared = all_presets(method)
    alone = sorted(declared.items(), key=lambda one: one[1].clip is not None)  # those that turn knobs only come first
    given = {
        "method": method.name,
        "knobs": [plain(one.symbol) for one in method.knobs.knobs()],
        "presets": [[name, values_of(one, defaults)] for name, one in alone],
    }
    script = assets.component("page/sheet.js", "sheet", given)
    return gr.HTML(OPEN, js_on_load=script, apply_default_css=False, padding=False, elem_classes="sheet")


def values_of(preset: Preset, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """All that it turns; the frame only where it names it."""
    values = {**defaults, **preset.values}
    return {name: value for name, value in values.items() if name != FRAME or FRAME in preset.values}
