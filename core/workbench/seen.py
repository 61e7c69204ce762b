"""What a method's own columns are made of: one clip as it was run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.video.clip import Clip
from core.workbench.listing import Entry
from core.workbench.reading import Read
from core.workbench.scores import Scores

if TYPE_CHECKING:  # they bring torch
    from core.graph import Trace
    from core.networks.weights import Loaded


@dataclass(frozen=True, eq=False)
class Seen:
    """clip: its frames; read: with what is known of them, the truth of a drawn clip among it. trace: the run at these knobs.
    row: what is known already: answers, and those after edits. texts: class → what it is called before a text tower. network: a
    name → it, loaded. run: outputs, and knobs that differ → another run of the same clip. of_texts: a stage → what it gives for
    every class's text, [Y, …]."""

    clip: Clip
    entry: Entry
    read: Read
    trace: "Trace"
    row: Mapping[str, Any]
    knobs: Mapping[str, Any]
    grid: tuple[int, ...]
    texts: Mapping[str, str]
    scores: Scores | None
    network: "Callable[[str], Loaded]"
    run: "Callable[..., Trace]"
    of_texts: Callable[[str], np.ndarray]
