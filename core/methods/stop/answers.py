"""What a model answers on your own videos, and what plain CLIP answers on the same frames.

actions     the class whose text is nearest: top-1, top-5, and top-1 of every class
retrieval   text → video and video → text: R@1, R@5, R@10 and the mean rank (MnR, 1 is best)

Plain CLIP is the frozen image tower on every frame by itself, mean over the frames (zero-shot). All shares are 0–1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from core.data.dataset import Videos
from core.data.frames import Frames, in_turn, loader
from core.data.layouts import Item
from core.errors import BadData
from core.methods.stop.clips import Batch, default
from core.metrics import ranks, within
from core.networks.vision import VisionTower
from core.networks.weights import ClipTowers, Loaded
from core.training.team import Team

PLAIN = "zero-shot CLIP, mean over frames"
TEXTS = 256  # texts encoded at once


@dataclass(frozen=True)
class Reading:
    """How clips are read: frames of each, worker processes, clips at a time, a folder for decoded frames, and seconds from one
    frame to the next, 0: spread over all of a file."""

    frames: int = 8
    workers: int = 2
    batch: int = 8
    cache: Path | None = None
    spacing: float = 0.0

    def of(self, items: Sequence[Item], vision: VisionTower) -> Frames:
        """The frames of these items at the tower's size."""
        return Frames([one.path for one in items], self.frames, tuple(vision.size), self.cache, self.spacing)


@torch.no_grad()
def taken_in(vision: VisionTower, frames_BTHWC: Tensor) -> Batch:
    """What no prompt changes: tokens before the first block, and A of the default block. What the clips show is asked
    elsewhere, and left at 0 here."""
    B, T = frames_BTHWC.shape[:2]
    tokens_NSD = vision.embed(vision.pixels(frames_BTHWC.flatten(0, 1)))
    attention_NP = vision.attentions(tokens_NSD, min(default("layer"), vision.depth))[-1]
    nothing_B = torch.zeros(B, dtype=torch.long, device=frames_BTHWC.device)
    return Batch(tokens_NSD.unflatten(0, (B, T)), attention_NP.unflatten(0, (B, T)), nothing_B, nothing_B)


def placed(clip: Loaded, device: torch.device) -> ClipTowers:
    """The towers on the device. On CUDA their blocks run in bfloat16, which needs no scaling of the loss; what embeds patches,
    chooses them and writes prompts stays in single precision everywhere."""
    towers = clip.network.to(device)
    towers.vision.precision = torch.bfloat16 if device.type == "cuda" else torch.float32
    return towers


def plain(vision: VisionTower, one: Batch) -> Tensor:
    """Zero-shot: the mean of the frames' features, unit length. [B, E]"""
    frames_BTE = vision.encode(one.tokens_BTSD.flatten(0, 1)).unflatten(0, one.tokens_BTSD.shape[:2])
    return F.normalize(frames_BTE.mean(1), dim=-1)


@torch.no_grad()
def text_features(towers: ClipTowers, texts: Sequence[str]) -> Tensor:
    """[Y, E], some at a time."""
    return torch.cat([towers.text(list(texts[i : i + TEXTS])) for i in range(0, len(texts), TEXTS)])


@torch.no_grad()
def features(
    models: dict[str, Callable[[Batch], Tensor]], items: Sequence[Item], vision: VisionTower, how: Reading, team: Team,
    shown: str = "",
) -> tuple[dict[str, np.ndarray], np.ndarray, list[str]]:  # fmt: skip
    """({name: [N, E]}, the items' numbers [N], what cannot be read): every clip once, all models on the same frames, each
    process its share. shown: the word beside a progress bar."""
    batches = in_turn(len(items), how.batch, team.rank, team.size)
    read = loader(how.of(items, vision), batches, how.workers, team.device)
    parts, index, wrong = {name: [] for name in models}, [], []
    for taken in tqdm(read, desc=shown, unit="batch", leave=False, disable=not (shown and team.leads)):
        wrong += [why for _, why in taken.wrong]
        if not taken.there_B.any():
            continue
        index += taken.index_B[taken.there_B].tolist()
        one = taken_in(vision, taken.frames_BTHWC[taken.there_B].to(team.device))
        for name, model in models.items():
            parts[name].append(model(one).cpu().numpy())
    every = team.collect((parts, index, wrong))
    told = [why for _, _, several in every for why in several]
    joined = {name: [one for made, _, _ in every for one in made[name]] for name in models}
    if not all(joined.values()):
        raise BadData(f"Not one of these {len(items)} clips can be read. {told[0] if told else ''}".strip())
    index_N = np.array([i for _, some, _ in every for i in some])
    return {name: np.concatenate(one) for name, one in joined.items()}, index_N, told


def scores(
    videos: Videos, items: Sequence[Item], video_NE: np.ndarray, index_N: np.ndarray, towers: ClipTowers, template: str
) -> dict:
    """The numbers of the module's first lines for these features of items[index_N]."""
    if videos.task == "actions":
        numbers = {label: y for y, label in enumerate(videos.classes)}
        label_N = np.array([numbers[items[i].label] for i in index_N])
        class_YE = text_features(towers, videos.texts(template)).cpu().numpy()
        rank_N = ranks(video_NE, class_YE, label_N, np.arange(len(videos.classes)))
        by_class = {
            label: {"clips": int((label_N == y).sum()), "top1": float((rank_N[label_N == y] == 0).mean())}
            for label, y in numbers.items()
            if (label_N == y).any()
        }
        return {f"top{k}": share for k, share in within(rank_N, 1, 5).items()} | {"clips": len(rank_N), "classes": by_class}
    captions = [(said, i) for i in index_N for said in items[i].captions]
    text_CE = text_features(towers, [said for said, _ in captions]).cpu().numpy()
    owner_C = np.array([i for _, i in captions])
    found: dict = {"clips": len(index_N), "captions": len(captions)}
    for way, rank in (
        ("text_to_video", ranks(text_CE, video_NE, owner_C, index_N)),
        ("video_to_text", ranks(video_NE, text_CE, index_N, owner_C)),
    ):
        found[way] = {f"R{k}": share for k, share in within(rank, 1, 5, 10).items()} | {"MnR": float(rank.mean() + 1)}
    return found


def headline(found: dict) -> float:
    """The one number that is watched: top-1, or text → video R@1."""
    return found["top1"] if "top1" in found else found["text_to_video"]["R1"]
