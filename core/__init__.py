"""What video prompting looks at, computed stage by stage.

from core import Engine, METHODS, read_clip

clip = read_clip("juggle.mp4", frames=8)
trace = Engine().run("stop", clip, texts=["a man juggles a ball", "a man stands still"], alpha=0.3)
trace["region_TP"], trace.ran, trace.ms, trace.weights
"""

import importlib
import typing

from core.clip import Clip
from core.errors import BadClip, BadKnob, BadText, BadWeights, ReaderError
from core.video import read_clip

if typing.TYPE_CHECKING:
    from core.engine import METHODS, Engine
    from core.graph import Trace
    from core.watch import Cancelled

__all__ = [
    "METHODS", "BadClip", "BadKnob", "BadText", "BadWeights", "Cancelled", "Clip", "Engine", "ReaderError", "Trace",
    "read_clip",
]  # fmt: skip

# Found when asked for: the process that decodes a video imports this package too, and torch alone would cost it several
# seconds and more memory than it may have.
_LATER = {"METHODS": "core.engine", "Engine": "core.engine", "Cancelled": "core.watch", "Trace": "core.graph"}


def __getattr__(name):
    if name not in _LATER:
        raise AttributeError(f"module 'core' has no attribute {name!r}")
    return getattr(importlib.import_module(_LATER[name]), name)
