"""What video prompting looks at, computed stage by stage.

from core import Engine, METHODS, open_video, read_clip

clip = read_clip("juggle.mp4", frames=8)
trace = Engine().run(next(iter(METHODS)), clip, texts=["a man juggles a ball", "a man stands still"])
trace.values, trace.ran, trace.ms, trace.weights

video = open_video("hour.mp4")  # for methods that look through a whole one: run(…, video=video, question="Who wins?")
"""

import importlib
import typing

from core.errors import BadClip, BadGiven, BadKnob, BadService, BadText, BadWeights, ReaderError
from core.video.clip import Clip
from core.video.read import read_clip

if typing.TYPE_CHECKING:
    from core.engine import Engine
    from core.explain import (
        ATTRIBUTIONS,
        Explanation,
        Subject,
        attribution,
        explained,
        faithfulness_of,
        self_check,
    )
    from core.graph import Trace
    from core.progress import Cancelled
    from core.registry import METHODS
    from core.sweep import Sweep, sweep_over
    from core.video.edits import EDITS, edited
    from core.video.examples import example
    from core.video.moment import busiest
    from core.video.source import Video, open_video

__all__ = [
    "ATTRIBUTIONS", "EDITS", "METHODS", "BadClip", "BadGiven", "BadKnob", "BadService", "BadText", "BadWeights", "Cancelled",
    "Clip", "Engine", "Explanation", "ReaderError", "Subject", "Sweep", "Trace", "Video", "attribution", "busiest", "edited",
    "example", "explained", "faithfulness_of", "open_video", "read_clip", "self_check", "sweep_over",
]  # fmt: skip

# Found when asked for: the process that decodes a video imports this package too, and torch alone would cost it several
# seconds and more memory than it may have.
_LATER = {
    name: module
    for module, names in {
        "core.engine": ("Engine",),
        "core.graph": ("Trace",),
        "core.progress": ("Cancelled",),
        "core.registry": ("METHODS",),
        "core.video.edits": ("EDITS", "edited"),
        "core.video.examples": ("example",),
        "core.video.moment": ("busiest",),
        "core.video.source": ("Video", "open_video"),
        "core.sweep": ("Sweep", "sweep_over"),
        "core.explain": (
            "ATTRIBUTIONS", "Explanation", "Subject", "attribution", "explained", "faithfulness_of", "self_check",
        ),
    }.items()
    for name in names
}  # fmt: skip


def __getattr__(name):
    if name not in _LATER:
        raise AttributeError(f"module 'core' has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name]), name)
