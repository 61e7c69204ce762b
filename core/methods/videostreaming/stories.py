"""What VideoStreaming is trained on: features of scenes that were looked at once, put together to videos of any length.

A scene's frames go through the frozen tower once (`core.data.features`); a training video is a list of looks, and each of its
scenes is a run of frames of a scene of that look that some video of the training split showed. So there are as many videos as
steps, and no frame is encoded twice.

Letters: B batch, K clips, T frames of a clip, E features of the frozen tower, W words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from core.data.features import features
from core.methods.videostreaming.networks import same_length, word_ids
from core.networks.weights import Loaded
from core.world.captions import COLOURS, SHAPES
from core.world.questions import ANSWERS, COUNTS, tell

LENGTHS = (4, 7)  # seconds of a scene
SECONDS = 256  # of a video whose scenes fill the bank
FLEETING = (1, 3)
SHORT = 0.15  # share of scenes that are fleeting; of first scenes it is half
QUESTIONS = 4  # of each video: find by shape, find by colour, the very first thing, count
FIRST = "What colour is the very first thing?"
FOLDER = Path("build") / "videostreaming"  # of features, beside what else is built
Bank = dict[tuple[int, int], list[np.ndarray]]  # (colour, shape) → frames of scenes, [T, E] each


@dataclass(frozen=True, eq=False)
class Batch:
    """Videos of equal length, and the same number of questions to each: R rows, question after question, video after video.

    video_R: whose each is. true_RK: clips that show the answer. last_R: whether the reader is given the last clips, and not
    those that the question chooses. colour_BK: that each clip shows longest, by its place in COLOURS."""

    clip_BKTE: Tensor
    video_R: Tensor
    ids_RW: Tensor
    answer_R: Tensor
    true_RK: Tensor
    last_R: Tensor
    colour_BK: Tensor


def bank(clip: Loaded, split: str, seeds: Sequence[int], folder: Path) -> Bank:
    """Every scene of these stories by its look."""
    found: Bank = {}
    for seed in tqdm(seeds, desc=f"scenes, {split}", unit="video", leave=False):
        feature_TE, story = features(clip, split, SECONDS, seed, folder).numpy(), tell(seed, split, SECONDS)
        for scene, (begin, end) in zip(story.scenes, story.spans, strict=True):
            look = COLOURS.index(scene.actor.colour), SHAPES.index(scene.actor.shape)
            found.setdefault(look, []).append(feature_TE[begin:end])
    return found


def some(bank: Bank, each: int = 4) -> Tensor:
    """A few frames of every scene, [F, E]."""
    return torch.from_numpy(np.concatenate([one[:: max(1, len(one) // each)] for scenes in bank.values() for one in scenes]))


def drawn(bank: Bank, rng: np.random.Generator, videos: int, clips: int, frames: int, last: bool = True) -> Batch:
    """Videos of so many clips of so many frames, a frame a second, and QUESTIONS of each. last: whether what is asked of the
    very first thing is asked of the last clips."""
    rows = [_video(bank, rng, clips, frames) for _ in range(videos)]
    clip_BKTE = torch.from_numpy(np.stack([row[0] for row in rows])).unflatten(1, (clips, frames))
    asked = [row[1][number] for number in range(QUESTIONS) for row in rows]
    text, answer, true_K = zip(*asked, strict=True)
    return Batch(
        clip_BKTE,
        torch.arange(videos).repeat(QUESTIONS),
        same_length([word_ids(one) for one in text]),
        torch.tensor([ANSWERS.index(one) for one in answer]),
        torch.from_numpy(np.stack(true_K)),
        torch.tensor([last and one == FIRST for one in text]),
        torch.from_numpy(np.stack([row[2] for row in rows])).unflatten(1, (clips, frames)).mode(2).values,
    )


def _video(bank: Bank, rng: np.random.Generator, clips: int, frames: int):
    """Features [K·T, E]; (text, answer, true clips) of: find by shape, find by colour, first, count; and the colour of each
    frame."""
    seconds = clips * frames
    lengths: list[int] = []
    while sum(lengths) < seconds or len(lengths) < 2:
        low, high = FLEETING if rng.random() < (SHORT if lengths else 0.5) else LENGTHS
        lengths.append(int(rng.integers(low, high + 1)))
    border = np.minimum(np.cumsum([0, *lengths]), seconds)
    S = len(lengths)
    shapes, colours = rng.permutation(len(SHAPES)), rng.permutation(len(COLOURS))
    seen = rng.permutation(np.flatnonzero(border[:-1] < seconds)).tolist()
    needle, hue, *others = seen if len(seen) > 1 else seen * 2  # a single clip may show one scene
    some = others[: int(rng.integers(1, min(len(COUNTS), len(others)) + 1))] if others else []
    parts, looks, before = [], [], -1
    for s in range(S):
        colour = int(rng.choice([one for one in colours[2:] if one != before]))
        before = colour
        shape = shapes[0] if s == needle else shapes[1] if s in some else int(rng.choice(shapes[3:]))
        looks.append((int(colours[0]) if s == hue else colour, int(shape)))
        parts.append(_run(bank[looks[-1]], rng, lengths[s])[: border[s + 1] - border[s]])

    def true(*scenes: int) -> np.ndarray:
        shown = np.zeros(seconds, bool)
        for s in scenes:
            shown[border[s] : border[s + 1]] = True
        return shown.reshape(clips, frames).any(1)

    counted, needle_shape, hue_name = SHAPES[shapes[1]], SHAPES[shapes[0]], COLOURS[colours[0]]
    asked = [
        (f"What colour is the {needle_shape}?", COLOURS[looks[needle][0]], true(needle)),
        (f"What shape is the {hue_name} thing?", SHAPES[looks[hue][1]], true(hue)),
        (FIRST, COLOURS[looks[0][0]], true(0)),
        (f"How many scenes show a {counted}?", str(len(some)), true(*some)),
    ]
    if not some:
        asked[3] = asked[0]
    return np.concatenate(parts), asked, np.repeat([colour for colour, _ in looks], np.diff(border))


def _run(scenes: list[np.ndarray], rng: np.random.Generator, length: int) -> np.ndarray:
    """So many frames of one of these scenes, in their order; of a shorter one some stand twice."""
    scene = scenes[int(rng.integers(len(scenes)))]
    begin = int(rng.integers(max(1, len(scene) - length + 1)))
    return scene[np.sort(np.arange(begin, begin + length) % len(scene))]
