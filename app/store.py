"""What the page holds open: example clips with their truth, and the clips of its visitors, bounded in bytes.

The server knows a clip by its file, its number of frames and what was edited in it. The browser knows the file by a handle, and
the clip by a key, made of these and of a secret of this process. Nobody can guess the handle or key of another visitor's clip,
and equal frames in two visitors' files do not share a name.
"""

import json
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from core import ReaderError, read_clip
from core.clip import Clip
from core.counterfactuals import edited
from core.publish.view import clip_name
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
    paths = [path for path in sorted(Path(folder).glob("*.mp4")) if path.with_suffix(".json").exists()]
    if not paths:
        raise ReaderError(f"There are no example clips in {folder}; python -m core.world --out {folder} --clips 6 makes some.")
    return {path.stem: Example(path.stem, path, Truth.from_json(path.with_suffix(".json").read_text())) for path in paths}


class Clips:
    """Open clips, least recently used first out. Safe under threads."""

    def __init__(self, examples, budget=256 << 20):
        self.examples = examples
        self.budget = budget
        self._known = {str(one.path): one.truth for one in examples.values()}
        self._open: OrderedDict[tuple[str, int, str], Clip] = OrderedDict()
        self._paths: dict[str, str] = {}
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()

    def handle(self, path):
        """What the browser may name a file by, from now on."""
        handle = self.key(path, "file")
        self._paths[handle] = str(path)
        return handle

    def path(self, handle):
        """The file of a handle."""
        if not isinstance(handle, str) or handle not in self._paths:
            raise ReaderError("This clip is no longer held by the server: choose it again.")
        return self._paths[handle]

    def name(self, path):
        """An example's name, or what an own clip's file is called: never where it lies."""
        known = (name for name, one in self.examples.items() if str(one.path) == str(path))
        return next(known, clip_name(Path(path).name))

    def key(self, path, frames, edits=()):
        """What the browser may ask an open clip by."""
        return blake2b(f"{frames} {path} {json.dumps(edits)}".encode(), key=self._secret, digest_size=16).hexdigest()

    def open(self, path, frames, edits=()):
        """The clip of a file after the edits, read only if it is not open already."""
        name = (str(path), frames, json.dumps(edits))
        with self._lock:
            if name in self._open:
                self._open.move_to_end(name)
                return self._open[name]
        # outside the lock: it takes long, and others need not wait
        clip = edited(self.open(path, frames), edits) if edits else read_clip(path, frames=frames)
        with self._lock:
            self._open[name] = clip
            while sum(one.frames_THWC.nbytes for one in self._open.values()) > self.budget and len(self._open) > 1:
                self._open.popitem(last=False)
        return clip

    def truth(self, path):
        """What is true of a file, if it is an example."""
        return self._known.get(str(path))

    def of_key(self, key):
        """(clip, truth) of a key, or None when it is no longer open."""
        with self._lock:
            found = [
                (clip, path)
                for (path, frames, edits), clip in self._open.items()
                if self.key(path, frames, json.loads(edits)) == key
            ]
        return (found[0][0], self.truth(found[0][1])) if found else None
