"""A long video of the world: scenes one after another, each frame drawn when somebody asks for it.

    video = long_video(seed=3, seconds=600)        # nothing is drawn yet
    clip = video.frames([0, 300, 599])             # the pixels that render_sequence(video.scenes, video.rate) has there
    truth = video.truth([0, 300, 599])             # and what is true of them
    video, story = asked_video(seed=3)             # one that questions are asked of (`core.world.questions`)

`python -m core.world.long --out DIR --videos N --seed S` writes videos as mp4 with a frame a second, and beside each its
questions as JSON.

It is `core.video.footage.Footage`, as an opened file is. What memory holds grows with the frames asked for at once and with
`KEEP_MB`, and by some hundred bytes a second with the length of the video: its scenes are numbers.
"""

import argparse
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

import numpy as np

from core.cli import folder_to_write, seed_number, sentences
from core.errors import ReaderError
from core.progress import tick
from core.video.clip import Clip, DecodedFrame
from core.video.footage import BATCH, checked_indices
from core.video.source import Store
from core.world.__main__ import write_mp4
from core.world.captions import SPLITS
from core.world.nuisances import PLAIN
from core.world.questions import Question, Story, story_json, tell
from core.world.rendering import Painter, moments, render_scenes
from core.world.scene import Scene, sample_scene

SHORTEST, LONGEST = 8, 24  # seconds of a scene
HOURS = 24
KEEP_MB = 32  # of drawn frames, for who asks again: to draw one takes as long as to decode one


@dataclass(frozen=True, eq=False)
class LongVideo:
    """scenes: of one size, in their order. rate: frames a second. name: what a reader knows it by. questions: that are asked of
    it, with their answers."""

    scenes: tuple[Scene, ...]
    rate: float = 1.0
    name: str = "a long video"
    questions: tuple[Question, ...] = ()
    store: Store = field(default_factory=lambda: Store(KEEP_MB << 20), repr=False)

    @cached_property
    def seconds(self) -> float:
        return sum(scene.seconds for scene in self.scenes)

    @cached_property
    def time_N(self) -> np.ndarray:
        """Seconds at which each frame begins to be shown."""
        return np.arange(self.N) / self.rate

    @property
    def N(self) -> int:
        """Frames."""
        return round(self.seconds * self.rate)

    @cached_property
    def key(self) -> str:
        """Of all that decides a pixel, and what is asked: a scene says its seed and every number that was drawn from it."""
        return blake2b(repr((self.scenes, float(self.rate), *self.questions)).encode(), digest_size=16).hexdigest()

    @property
    def segments(self) -> tuple[tuple[float, float, str], ...]:
        """(first second, last, what happens) of each scene."""
        ends = np.cumsum([scene.seconds for scene in self.scenes]).tolist()
        return tuple((end - one.seconds, end, one.caption) for one, end in zip(self.scenes, ends))

    def frames(self, indices) -> Clip:
        """The frames at these indices as one clip, in their order."""
        height, width = self.scenes[0].size
        wanted = checked_indices(self.name, self.N, (height, width), indices)
        frames_THWC = np.empty((len(wanted), height, width, 3), np.uint8)
        there, places = self.store.get(wanted), {}
        for place, index in enumerate(wanted):
            if index in there:
                frames_THWC[place] = there[index].frame_HWC
            else:
                places.setdefault(index, []).append(place)
        for index, frame_HWC in self._drawn(sorted(places)):
            frames_THWC[places[index]] = frame_HWC
            self.store.put(index, DecodedFrame(index, float(self.time_N[index]), frame_HWC, (width, height), False))
        return Clip(frames_THWC, self.time_N[wanted], np.array(wanted), self.name)

    def _drawn(self, indices):
        """(index, frame) of each, a scene's background being drawn once where they ascend."""
        if not indices:
            return
        unused_HW, last = np.empty(self.scenes[0].size, np.uint8), None
        for place, (index, s, u) in enumerate(zip(indices, *moments(self.scenes, self.time_N[indices]))):
            tick(place / len(indices))
            if s != last:
                painter, last = Painter(self.scenes[s]), s
            frame_HWC = np.empty((*self.scenes[0].size, 3), np.uint8)
            painter.paint(float(u), frame_HWC, unused_HW)
            yield index, frame_HWC

    def truth(self, indices):
        """The Truth of these frames, as a clip has it; its energy is between each of them and the next."""
        wanted = checked_indices(self.name, self.N, self.scenes[0].size, indices)
        return render_scenes(self.scenes, self.time_N[wanted])[1]

    def __repr__(self):
        height, width = self.scenes[0].size
        return f"LongVideo({self.name!r}, {self.N} frames of {width}×{height}, {self.seconds:g} s)"


def long_video(
    seed=0, seconds=600, rate=1.0, *, split="test", size=(128, 128), mix=PLAIN, name="a long video"
) -> LongVideo:  # fmt: skip
    """The long video of a seed: scenes of SHORTEST to LONGEST whole seconds, until there are so many seconds."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not SHORTEST <= seconds <= HOURS * 3600:
        raise ReaderError(f"A long video lasts {SHORTEST} to {HOURS * 3600} whole seconds, got {seconds!r}.")
    if not 0 < rate <= 60:
        raise ReaderError(f"Frames a second are above 0 and up to 60, got {rate!r}.")
    rng, scenes, left = np.random.default_rng([seed, len("long")]), [], seconds
    while left:
        length = int(rng.integers(SHORTEST, LONGEST + 1))
        length = left if left - length < SHORTEST else length  # or a rest would be no scene
        scenes.append(sample_scene(int(rng.integers(2**31)), split, size=size, seconds=length, mix=mix))
        left -= length
    return LongVideo(tuple(scenes), rate, name)


def asked_video(seed=0, split="test", seconds=256, **others) -> tuple[LongVideo, Story]:
    """The video of a story's seed, a frame a second, and the story with its questions. others: what `tell` is given."""
    story = tell(seed, split, seconds, **others)
    return LongVideo(story.scenes, 1.0, f"{split} story {seed}", story.questions), story


@sentences()
def main(words=None):
    args = arguments().parse_args(words)
    for seed in range(args.seed, args.seed + args.videos):
        video, story = asked_video(seed, args.split, args.seconds)
        path = args.out / f"{args.split}_{seed:06d}.mp4"
        batches = (range(start, min(start + BATCH, video.N)) for start in range(0, video.N, BATCH))
        write_mp4(path, (frame for batch in batches for frame in video.frames(batch).frames_THWC), video.rate)
        path.with_suffix(".json").write_text(story_json(story, seed=seed, split=args.split, rate=video.rate))
        print(f"{path}  {len(story.scenes)} scenes, {len(story.questions)} questions")


def arguments():
    parser = argparse.ArgumentParser(prog="python -m core.world.long", description="Write long videos and questions of them.")
    parser.add_argument("--out", type=folder_to_write, required=True, help="folder to write to")
    parser.add_argument("--videos", type=int, default=4, help="how many")
    parser.add_argument("--seed", type=seed_number, default=0, help="seed of the first video; the next has the next")
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--seconds", type=int, default=256, help="of each: 256 to 4096, or more")
    return parser


if __name__ == "__main__":
    main()
