"""Figures for papers: SVG, PDF and PNG of a composition. No browser is needed: matplotlib draws.

Text stays text: TrueType fonts are embedded in PDF (type 42), SVG has words. What made a figure is in its metadata. The same
result gives the same bytes.
"""

import io
import threading
from dataclasses import dataclass, replace
from typing import Any

import matplotlib

from core.errors import ReaderError
from core.publish.composition import Composition, complete
from core.publish.described import metadata
from core.publish.result import Result
from core.publish.sheet import drawn

FORMATS = {"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png"}
DPI, PREVIEW = 300, 110
STYLE = {
    "font.family": "serif", "font.serif": ["STIXGeneral", "Times New Roman", "Times"], "mathtext.fontset": "stix",
    "font.size": 8, "axes.linewidth": 0.5, "xtick.major.width": 0.5, "ytick.major.width": 0.5, "xtick.major.size": 2,
    "ytick.major.size": 2, "xtick.labelsize": 7, "ytick.labelsize": 7, "pdf.fonttype": 42, "svg.fonttype": "none",
    "svg.hashsalt": "video-prompt-explorer",
}  # fmt: skip
TURN = threading.Lock()  # matplotlib's settings are the process's


@dataclass(frozen=True)
class Picture:
    """A figure as the bytes of its file. A notebook shows it by itself."""

    data: bytes
    format: str

    def _repr_mimebundle_(self, include=None, exclude=None):
        shown = self.data.decode() if self.format == "svg" else self.data
        return {FORMATS[self.format]: shown} if self.format != "pdf" else {"text/plain": repr(self)}

    def __repr__(self):
        return f"Picture({self.format}, {len(self.data)} bytes)"


def picture(
    result: Result,
    format: str = "png",
    width: str | None = None,
    composition: Composition | None = None,
    dpi: int = DPI,
    **changed: Any,
) -> Picture:
    """The view as a figure.

    format: svg, pdf or png. width: "one" column (3.25 in) or "two" (6.75 in). composition: its rows, frames and overlay; not
    given, the usual one. changed: fields of the composition, as `rows=("raw", "score_TP")`. dpi: pixels an inch, of what
    consists of pixels. What cannot be drawn is a ReaderError.
    """
    if format not in FORMATS:
        raise ReaderError(f"The format is one of {', '.join(FORMATS)}, got {format!r:.40}.")
    made = replace(composition or Composition(), **({"width": width} if width else {}), **changed)
    with TURN, matplotlib.rc_context(STYLE):
        figure = drawn(result, complete(made, result), dpi)
        held = io.BytesIO()
        figure.savefig(held, format=format, dpi=dpi, metadata=metadata(result, format))
    return Picture(held.getvalue(), format)


def preview(result: Result, composition: Composition) -> Picture:
    """The same figure at a screen's size, soon."""
    return picture(result, "png", composition=composition, dpi=PREVIEW)
