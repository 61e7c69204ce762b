"""Results of the shipped weights on an example, computed once, for the tests of what is published."""

from functools import cache
from pathlib import Path

from core import METHODS, Engine, read_clip
from core.publish.result import compute
from core.publish.view import Setting, View

ROOT = Path(__file__).resolve().parents[1]
TEXTS = ("a cyan ring moves left", "a cyan ring stays still")
NASTY = '</script><img src="http://x.test/a.png" onerror=alert(1)> $x_1$ `b` =1+1'


@cache
def engine():
    return Engine()


@cache
def opened(name, frames):
    return read_clip(ROOT / f"assets/clips/{name}.mp4", frames=frames)


@cache
def stop(frames=8):
    """Two sets of one clip, with a note that is not to be trusted."""
    shown = Setting("stop", "1-moves", frames, {"alpha": 0.3, "kept": 9}, (*TEXTS, NASTY))
    compared = Setting("stop", "1-moves", frames, {"alpha": 0.9, "spatial": False}, TEXTS)
    return compute(engine(), View(shown, 2, "score_TP", compared, NASTY), opened)


@cache
def stpn():
    outputs = ("support_index_K", "support_THWC", "support_grid", "prompt_attention_NQKP", "mass_K", "entropy_Q", "change")
    return compute(engine(), View(Setting("stpn", "2-bounces", 8, {"supports": 4})), opened, outputs)


@cache
def found():
    """As `stpn`, with what is found in the frame: all that the page keeps."""
    outputs = METHODS["stpn"].until("network")
    return compute(engine(), View(Setting("stpn", "2-bounces", 8, {"supports": 4})), opened, outputs)
