"""STOP's clips as its frozen tower takes them in: computed once, for every step, every variant and every evaluation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.data.rendered import Sample
from core.methods.stop import METHOD
from core.networks.vision import VisionTower
from core.video.clip import Clip
from core.world import ACTIONS, STORED, Thing, caption, degrade, pairs

FRAMES = 8


@dataclass(frozen=True)
class Batch:
    """Some clips as the frozen tower takes them in, and what they show.

    tokens_BTSD: every frame's tokens before the first block (R + P of them). attention_BTP: A of the default block, before
    any scale. caption: index into the grammar's captions, of what the actor does. also_…: the same of what a second thing
    does, which is no wrong answer, or −1.
    """

    tokens_BTSD: Tensor
    attention_BTP: Tensor
    caption_B: Tensor
    action_B: Tensor
    also_caption_B: Tensor | None = None
    also_action_B: Tensor | None = None


class Data:
    """Clips as the frozen tower takes them in, computed once for all steps and variants, and the index of what each shows."""

    def __init__(self, samples: list[Sample], captions: list[str], vision: VisionTower):
        self.samples, self.device = samples, vision.mean.device
        parts = [taken_in(vision, one.frames_THWC) for one in samples]
        self.tokens_NTSD, self.attention_NTP = (torch.stack(part) for part in zip(*parts, strict=True))
        # the clauses of a caption one by one: what the actor does is asked, what a second thing does is true as well
        place, seconds = {text: n for n, text in enumerate(captions)}, [second_of(one) for one in samples]
        self.caption_N = self._numbers(place[said_of(one.scene.actor)] for one in samples)
        self.action_N = self._numbers(ACTIONS.index(one.scene.actor.motion.action) for one in samples)
        # a second thing may be one that no caption of these speaks of
        self.also_caption_N = self._numbers(place.get(said_of(thing), -1) if thing else -1 for thing in seconds)
        self.also_action_N = self._numbers(ACTIONS.index(thing.motion.action) if thing else -1 for thing in seconds)

    def _numbers(self, values: Iterable[int]) -> Tensor:
        return torch.tensor(list(values), device=self.device)

    def __len__(self):
        return len(self.samples)

    def batch(self, chosen) -> Batch:
        """The clips of these indices."""
        chosen = torch.as_tensor(np.asarray(chosen), device=self.device)
        told = (self.caption_N, self.action_N, self.also_caption_N, self.also_action_N)
        return Batch(self.tokens_NTSD[chosen], self.attention_NTP[chosen], *(part[chosen] for part in told))


def said_of(thing: Thing) -> str:
    """The clause that says what a thing does."""
    return caption(thing.colour, thing.shape, thing.motion.action)


def second_of(sample: Sample) -> Thing | None:
    """The second thing that acts, where there is one."""
    return next(iter(sample.scene.acting[1:]), None)


def batches(data: Data, size: int = 16) -> Iterator[Batch]:
    """The clips in order, a few at a time."""
    for start in range(0, len(data), size):
        yield data.batch(range(start, min(start + size, len(data))))


def clip_of(frames_THWC: np.ndarray) -> Clip:
    """Rendered frames as a clip of a second."""
    every = np.arange(len(frames_THWC))
    return Clip(frames_THWC, every / len(frames_THWC), every)


def half_stored(samples: list[Sample]) -> list[Sample]:
    """Every other clip as a file or a camera would have kept it: compressed, or with a sensor's noise. A model that has
    seen rendered pixels alone names one clip in ten wrongly once it has been an mp4."""
    return [one if i % 2 else stored(one, i) for i, one in enumerate(samples)]


def stored(one: Sample, seed: int) -> Sample:
    """The sample with one of `STORED` on all of its frames, of a random severity."""
    rng = np.random.default_rng([seed, len(STORED)])
    kind = str(rng.choice(list(STORED)))
    return replace(one, frames_THWC=degrade(one.frames_THWC, kind, STORED[kind] * rng.uniform(), seed=seed))


@torch.no_grad()
def taken_in(vision: VisionTower, frames_THWC: np.ndarray) -> tuple[Tensor, Tensor]:
    """What no prompt and no knob changes: every frame's tokens before the first block, [T, R + P, D], and A of the default
    block before any scale, [T, P]."""
    tokens_TSD = vision.embed(vision.pixels(torch.from_numpy(frames_THWC).to(vision.mean.device)))
    return tokens_TSD, vision.attentions(tokens_TSD, default("layer"))[-1]


def default(name: str):
    """A knob's default."""
    return next(one.default for one in METHOD.knobs.knobs() if one.name == name)


def grammar(*splits: str) -> list[str]:
    """Every caption an actor of these splits can have."""
    return [caption(colour, shape, action) for one in splits for colour, shape in pairs(one) for action in ACTIONS]


def generic() -> list[str]:
    """ "an object moves left": the texts that actions are recognised with."""
    return [caption(None, None, action) for action in ACTIONS]
