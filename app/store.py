"""What the page holds open: example clips with their truth, and the clips of its visitors, bounded in bytes.

A session knows a clip by where it came from and its number of frames; the browser knows it by the digest of its frames,
which nobody can name who has not got the frames already. So one visitor never reaches another's clip.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from core import read_clip
from core.clip import Clip
from core.world import Truth


@dataclass(frozen=True)
class Example:
    """A clip of which everything is known."""

    name: str
    path: Path
    truth: Truth

    @property
    def title(self):
        return self.truth.caption


def find_examples(folder):
    """Every mp4 of the folder that has its truth beside it, by name."""
    paths = sorted(Path(folder).glob("*.mp4"))
    return {
        path.stem: Example(path.stem, path, Truth.from_json(path.with_suffix(".json").read_text()))
        for path in paths
        if path.with_suffix(".json").exists()
    }


class Clips:
    """Open clips, least recently used first out. Safe under threads."""

    def __init__(self, examples, budget=256 << 20):
        self.examples = examples
        self.budget = budget
        self._known = {str(one.path): one.truth for one in examples.values()}
        self._open: OrderedDict[tuple[str, int], Clip] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, path, frames):
        """The clip of a file, read only if it is not open already."""
        name = (str(path), frames)
        with self._lock:
            if name in self._open:
                self._open.move_to_end(name)
                return self._open[name]
        clip = read_clip(path, frames=frames)  # outside the lock: it takes long, and others need not wait
        with self._lock:
            self._open[name] = clip
            while sum(one.frames_THWC.nbytes for one in self._open.values()) > self.budget and len(self._open) > 1:
                self._open.popitem(last=False)
        return clip

    def truth(self, path):
        """What is true of a file, if it is an example."""
        return self._known.get(str(path))

    def of_key(self, key):
        """(clip, truth) of a digest, or None when it is no longer open."""
        with self._lock:
            found = [(clip, self._known.get(path)) for (path, _), clip in self._open.items() if clip.key == key]
        return max(found, key=lambda pair: pair[1] is not None, default=None)
