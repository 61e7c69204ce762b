"""What the page holds open: example clips with their truth, and the clips of its visitors, bounded in bytes. Those of a
visitor are held no longer than his file is there.

The server knows a clip by its file, the moment of it, its number of frames and what was edited in it. The browser knows the
file by a handle, and the clip by a key, made of these and of a secret of this process. Nobody can guess the handle or key of
another visitor's clip, and equal frames in two visitors' files do not share a name.
"""

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

from app.server.aside import Aside
from app.server.memo import Memo
from core import Clip, ReaderError, busiest, open_video, read_clip
from core.method import Method
from core.methods import lesson
from core.progress import CalledOff, Progress, tick
from core.publish.python import example_file
from core.publish.view import clip_name
from core.video.edits import edited
from core.video.footage import Footage, between, evenly, last_seconds
from core.video.read import ENDINGS
from core.video.source import state_of
from core.world import Truth
from core.world.recipes import Recipe, read_recipe

Place = str | os.PathLike[str]  # of a file
Edits = Sequence[Mapping[str, Any]]
Moment = tuple[float, ...]  # seconds from and until; () all of a file

VIDEOS = 4  # whole files that are held open, each with up to VIDEO_MB of its frames
VIDEO_MB = 64
BEGUN = 256  # files of which it is known where most moves
AT_ONCE = 2  # files that are decoded side by side: each takes a process and up to `LIMITS.memory`


@dataclass(frozen=True)
class Example:
    """A clip, everything of it known or not, or a long video that is drawn from its recipe. world: that it was drawn in, where
    that is another than `core.world`'s; said: what is seen in it."""

    name: str
    path: Path
    truth: Truth | None = None
    recipe: Recipe | None = None
    world: str = ""
    said: str = ""

    @property
    def title(self) -> str:
        return self.truth.caption if self.truth else self.recipe.title if self.recipe else self.said or self.name


@dataclass(frozen=True)
class Begun:
    """What is known of a visitor's file when it is opened: its seconds, and the moment in which most moves; () where it is no
    longer than a moment."""

    seconds: float
    moment: Moment


def find_examples(folder: Place) -> dict[str, Example]:
    """Every video of the folder by name, with its truth where `core.world` wrote one beside it."""
    paths = [path for path in sorted(Path(folder).glob("*")) if path.suffix.lower() in ENDINGS and path.is_file()]
    if not paths:
        raise ReaderError(f"There are no clips in {folder}; python -m core.world --out {folder} --clips 6 makes some.")
    stems = [path.stem for path in paths]
    names = [path.stem if stems.count(path.stem) == 1 else path.name for path in paths]
    return {name: Example(name, path, truth_beside(path)) for name, path in zip(names, paths)}


def truth_beside(path: Path) -> Truth | None:
    """What is true of a clip, where that is written beside it; anything else that is called so is not read."""
    try:
        return Truth.from_json(path.with_suffix(".json").read_text())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


def find_videos(folder: Place) -> dict[str, Example]:
    """Every recipe of a long video in the folder, by name."""
    return {path.stem: Example(path.stem, path, recipe=read_recipe(path)) for path in sorted(Path(folder).glob("*.json"))}


def find_world(folder: Place) -> dict[str, Example]:
    """Every clip of a folder that is called as its world, by name; beside each its captions as JSON."""
    said = {path: json.loads(path.with_suffix(".json").read_text())["captions"] for path in sorted(Path(folder).glob("*.mp4"))}
    return {path.stem: Example(path.stem, path, world=Path(folder).name, said=one[0]) for path, one in said.items()}


class Clips:
    """Open clips, least recently used first out. Safe under threads."""

    def __init__(self, examples: Mapping[str, Example], budget: int = 256 << 20):
        self.examples = examples
        self._known = {str(one.path): one for one in examples.values()}
        self._open = Memo(budget, size=lambda clip: clip.frames_THWC.nbytes)  # by (path, frames, edits as JSON)
        self._videos = Memo(VIDEOS)  # by (path, its bytes and time of change): a file that is handed in again is written anew
        self._begun = Memo(BEGUN)  # by (path, seconds)
        self._truths: dict[str, Truth | None] = {}  # of files that the page drew itself
        self._decoders = Aside(AT_ONCE)
        self._paths: dict[str, str] = {}
        self._secret = secrets.token_bytes(32)

    def examples_for(self, method: Method) -> dict[str, Example]:
        """Long ones for a method that looks through a whole video, clips of its world for any other; else what there is. The
        one that its lesson names comes first."""
        whole, first = "video" in method.sources, lesson(method, "EXAMPLE")
        known = {name: one for name, one in self.examples.items() if bool(one.recipe) == whole}
        own = {name: one for name, one in known.items() if one.world == method.world}
        found = own or {name: one for name, one in known.items() if not one.world} or dict(self.examples)
        return {name: found[name] for name in sorted(found, key=lambda name: name != first)}

    def handle(self, path: Place) -> str:
        """What the browser may name a file by, from now on."""
        for one in [one for one, held in list(self._paths.items()) if self._gone(held)]:
            self._paths.pop(one, None)
        handle = self.key(path, "file")
        self._paths[handle] = str(path)
        return handle

    def path(self, handle: Any) -> str:
        """The file of a handle."""
        path = self._paths.get(handle) if isinstance(handle, str) else None
        if path is not None and self._gone(path):
            self._paths.pop(handle, None)
            path = None
        if path is None:
            raise ReaderError("This clip is no longer held by the server: choose it again.")
        return path

    def _gone(self, path: str) -> bool:
        """Whether a visitor's file was deleted."""
        return path not in self._known and not Path(path).exists()

    def _let_go(self) -> None:
        """The frames of a file that was deleted go with it."""
        self._open.drop(lambda name: self._gone(name[0]))
        self._videos.drop(lambda name: self._gone(name[0]))
        self._begun.drop(lambda name: self._gone(name[0]))

    def name(self, path: Place) -> str:
        """An example's name, or what an own clip's file is called: never where it lies."""
        own = clip_name(Path(path).name)
        while own in self.examples or example_file(own) != own:  # or a link, a cell or a notebook would open the example
            own = clip_name(f"own {own}")
        return next((name for name, one in self.examples.items() if str(one.path) == str(path)), own)

    def key(self, path: Place, frames: int | str, edits: Edits = (), moment: Moment = ()) -> str:
        """What the browser may ask an open clip by."""
        said = f"{frames} {path} {json.dumps(edits)} {json.dumps(moment)}"
        return blake2b(said.encode(), key=self._secret, digest_size=16).hexdigest()

    def open(self, path: Place, frames: int, edits: Edits = (), moment: Moment = ()) -> Clip:
        """The clip of a moment of a file, or of all of it, after the edits; read only if it is not open already."""
        self._let_go()

        def make() -> Clip:
            return edited(self.open(path, frames, moment=moment), edits) if edits else self._read(path, frames, moment)

        return self._open.get((str(path), frames, json.dumps(edits), moment), make)

    def opener(self, files: Mapping[str, Place]) -> Callable[..., Clip]:
        """How `core.publish.result.compute` opens clips. files: a clip's name → its file."""
        return lambda name, frames, *moment: self.open(files[name], frames, (), moment)

    def _read(self, path: Place, frames: int, moment: Moment) -> Clip:
        if video := self.whole(path):  # it need not be read twice
            return video.frames(between(video, frames, *moment) if moment else evenly(video, frames))
        return self._decoders.result(partial(read_clip, path, frames=frames, **dict(zip(("start", "end"), moment))))

    def _drawn(self, path: Place) -> Footage | None:
        """The long video of an example that is no file of pictures."""
        example = self._known.get(str(path))
        return example.recipe.video if example and example.recipe else None

    def whole(self, path: Place) -> Footage | None:
        """The whole of a file, where it is open."""
        return self._drawn(path) or dict(self._videos.items()).get(file_state(path))

    def video(self, path: Place, progress: Progress = tick, cancelled: CalledOff = lambda: False) -> Footage:
        """The whole of a file, of which frames are read when they are asked for. progress: is told the share that is read."""
        if drawn := self._drawn(path):
            return drawn
        self._let_go()
        make = partial(open_video, path, keep_mb=VIDEO_MB, progress=progress, cancelled=cancelled)
        return self._videos.get(file_state(path), lambda: self._decoders.result(make), cancelled)

    def begun(
        self, path: Place, seconds: float, progress: Progress = tick, cancelled: CalledOff = lambda: False
    ) -> Begun:  # fmt: skip
        """How long a file is, and the moment of so many seconds in which most moves by itself; looked for once."""

        def look() -> Begun:
            video = self.video(path)
            length = float(video.time_N[-1]) + last_seconds(video)
            found = self._decoders.result(partial(busiest, video, seconds, progress, cancelled)) if 0 < seconds < length else ()
            return Begun(length, found)

        self._let_go()
        return self._begun.get((str(path), seconds), look, cancelled)

    def truth(self, path: Place) -> Truth | None:
        """What is true of a file, if it is an example or was drawn here."""
        return self._known[str(path)].truth if str(path) in self._known else self._truths.get(str(path))

    def know(self, path: Place, truth: Truth | None) -> None:
        """The truth of a file that the page drew, for as long as it is there."""
        for gone in [one for one in list(self._truths) if self._gone(one)]:
            self._truths.pop(gone, None)
        self._truths[str(path)] = truth

    def shipped(self, path: Place) -> bool:
        """Whether it is an example."""
        return str(path) in self._known

    def of_world(self, path: Place) -> bool:
        """Whether it is an example that was drawn here: of another, in a folder that was named, nothing is known."""
        one = self._known.get(str(path))
        return one is not None and bool(one.truth or one.recipe or one.world)

    def of_key(self, key: str) -> tuple[Clip, Truth | None, Footage | None] | None:
        """(clip, truth, the video that it is a few frames of) of a key, or None when it is no longer open."""
        self._let_go()
        opened = [
            (clip, self.truth(path), self.whole(path))
            for (path, frames, edits, moment), clip in self._open.items()
            if self.key(path, frames, json.loads(edits), moment) == key
        ]
        return opened[0] if opened else None


def file_state(path: Place) -> tuple[str, tuple[int, int]]:
    """A file as it is now: its path, its bytes and the time of its last change; zeros where there is none."""
    try:
        return str(path), state_of(Path(path))
    except OSError:
        return str(path), (0, 0)
