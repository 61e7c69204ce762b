"""Presets: several knobs at once, and for some a clip and a sentence on what to look for.

A sentence is true of the shipped weights, its clip and its knobs (tests/test_teaching.py looks), and is shown only with them.
`t` stays where it is unless a preset names it, or is of the defaults alone.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from app import assets

FRAME = "t"  # a knob of this name is a frame of the clip: it ends where the clip does, and a preset may leave it alone


@dataclass(frozen=True)
class Preset:
    """values: of knobs, the others are at their defaults. clip: an example's name; None leaves the clip alone. look: what there
    is to see."""

    values: Mapping[str, Any] = field(default_factory=dict)
    clip: str | None = None
    look: str = ""


PRESETS = {
    "stop": {
        "defaults": Preset(),
        "attention only": Preset({"alpha": 1.0}),
        "dynamics only": Preset({"alpha": 0.0}),
        "one patch": Preset({"kept": 1}),
        "many prompts": Preset({"eta": 12.0}),
        "no prompts": Preset({"spatial": False, "temporal": False}),
        "Still clip": Preset(
            {"eta": 12.0}, "5-stays-still",
            "Nothing moves: W^t is 0 in every gap, and not even η = 12 gives one a prompt. M has its largest value in the "
            "clip as its "
            "scale, so what it shows here is the noise of a stored video, the same six patches in every frame.",
        ),
        "Camera pan against a moving object": Preset(
            {}, "6-camera-pans",
            "The camera pans, so every gap changes and gets prompts. Three in four kept patches still lie on the object that "
            "moves by "
            "itself (outlined in pink). Set α to 1, attention alone: only one in five does.",
        ),
        "Fast motion": Preset(
            {"eta": 12.0}, "2-bounces",
            "The triangle flies in one gap and turns in the next. Where it flies W^t is large and the gap holds 7 or 8 "
            "prompts, 8 being "
            "the most; where it turns there are 2 or 3. Lower η and watch all of them go.",
        ),
    },
    "stop_released": {
        "defaults": Preset(),
        "alone": Preset({"mate": "none"}),
        "still beside": Preset({"mate": "still"}),
    },
    "stpn": {
        "defaults": Preset(),
        "clean": Preset({"spoil": "none"}),
        "blurred": Preset({"spoil": "motion_blur", "severity": 0.9}),
        "occluded": Preset({"spoil": "occluder", "severity": 0.6}),
        "bad supports": Preset({"severity": 0.9, "spoiled": "both"}),
        "whole clip": Preset({"supports": 14, "stride": 0}),
        "Occluded, the camera pans": Preset(
            {"spoil": "occluder", "severity": 0.9, "t": 5}, "6-camera-pans",
            "Blocks hide much of the frame. With prompts of the frames around it all three things are found in frame 5, where "
            "the single-frame detector finds one; one more is found in frames 1, 4 and 8, and one less in frame 7. Step "
            "through them with ← and →.",
        ),
        "Badly blurred": Preset(
            {"spoil": "motion_blur", "severity": 0.9, "t": 5}, "4-moves-then-stops",
            "In frames 1, 2, 3 and 8 the single-frame detector finds neither of the two things, and in no frame both. With "
            "prompts one is found in every frame, and both in frames 1, 5, 6 and 8.",
        ),
    },
}  # fmt: skip

def raised(text):
    """W^t → HTML."""
    return re.sub(r"\^(\w+)", r"<sup>\1</sup>", html.escape(text))


def looks_of(method, scenes, before, defaults):
    """Under a method's scenes: what to look for in the one that is on the page. before: preset → what stands before the knobs
    in `taken["values"]`, None where anything may. defaults: of all knobs, in their order."""
    listed = [
        {
            "name": name,
            "look": raised(one.look),
            "clip": before(one),
            "knobs": [None if knob == FRAME else value for knob, value in (defaults | one.values).items()],
        }
        for name, one in scenes.items()
    ]
    script = assets.component("page/presets.js", "presets", {"method": method, "looks": listed})
    line = '<p class="look" role="status"></p>'
    return gr.HTML(line, js_on_load=script, apply_default_css=False, padding=False, elem_classes="looks")
