"""What video prompting looks at, computed stage by stage.

    from core import Engine, METHODS, read_clip

    clip = read_clip("juggle.mp4", frames=8)
    trace = Engine().run("stop", clip, texts=["a man juggles a ball", "a man stands still"], alpha=0.3)
    trace["region_TP"], trace.ran, trace.ms, trace.weights
"""

from core.clip import Clip
from core.engine import METHODS, Engine
from core.errors import BadClip, BadKnob, BadText, BadWeights, ReaderError
from core.graph import Cancelled, Trace
from core.video import read_clip

__all__ = [
    "METHODS", "BadClip", "BadKnob", "BadText", "BadWeights", "Cancelled", "Clip", "Engine", "ReaderError", "Trace",
    "read_clip",
]  # fmt: skip
