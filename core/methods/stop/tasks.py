"""What is asked of a video, and what it costs to answer wrongly.

actions     which class is it? Cross-entropy over the classes' texts, −log softmax_y(c(v, s_y) / τ): our reading
retrieval   which caption is its own, and whose is this caption? InfoNCE both ways over the pairs of a pass, as in STOP's code

1/τ is the frozen towers' own scale. Letters: B clips of this process, G of all processes together, Y classes, E features.
"""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.data.dataset import Videos
from core.methods.stop.answers import text_features
from core.networks.weights import ClipTowers
from core.training.team import Team


@dataclass(frozen=True)
class Actions:
    """Which class. label_N: of every training clip; class_YE: the classes' texts; outputs: numbers a head answers with."""

    label_N: Tensor
    class_YE: Tensor
    scale: float
    team: Team

    @property
    def outputs(self) -> int:
        return len(self.class_YE)

    def losses(self, video_BE: Tensor, heads: list[Tensor], index_B: Tensor, there_B: Tensor, position_B) -> list[Tensor]:
        """What the towers say of the videos, then what each head [B, Y] says."""
        label_B = self.label_N[index_B]
        return [recognition(said, label_B, there_B, self.team) for said in (self.scale * video_BE @ self.class_YE.T, *heads)]


@dataclass(frozen=True)
class Retrieval:
    """Which caption. One of a video's captions is drawn by (seed, position in the training's stream of clips)."""

    captions_N: tuple[tuple[str, ...], ...]
    towers: ClipTowers
    outputs: int
    seed: int
    team: Team

    def losses(self, video_BE: Tensor, heads: list[Tensor], index_B: Tensor, there_B: Tensor, position_B) -> list[Tensor]:
        """As `Actions.losses`; a head's answer [B, E] is compared with captions as a video's feature is."""
        said = [drawn_caption(self.captions_N[i], self.seed, at) for i, at in zip(index_B.tolist(), position_B, strict=True)]
        number_B = torch.tensor([number_of(text) for text in said], device=index_B.device)
        text_GE, there_G = self.team.gather(text_features(self.towers, said)), self.team.gather(there_B)
        index_G, number_G = self.team.gather(index_B), self.team.gather(number_B)
        negative_GG = (index_G[:, None] != index_G) & (number_G[:, None] != number_G)
        made = []
        for by_BE in (video_BE, *heads):
            by_GE = self.team.gather(F.normalize(by_BE, dim=-1))
            loss = both_ways(self.towers.scale * by_GE @ text_GE.T, negative_GG, there_G)
            # its own rows alone have a gradient, and gradients are averaged; the value is every process's already
            made.append(loss.detach() + (loss - loss.detach()) * self.team.size)
        return made


def task_of(videos: Videos, towers: ClipTowers, template: str, seed: int, team: Team) -> Actions | Retrieval:
    """What a data set asks. template: of the classes' texts."""
    if videos.task == "retrieval":
        captions_N = tuple(one.captions for one in videos.train)
        return Retrieval(captions_N, towers, text_features(towers, captions_N[0][:1]).shape[1], seed, team)
    label_N = torch.tensor([videos.classes.index(one.label) for one in videos.train], device=team.device)
    return Actions(label_N, text_features(towers, videos.texts(template)), towers.scale, team)


def recognition(logits_BY: Tensor, label_B: Tensor, there_B: Tensor, team: Team) -> Tensor:
    """Cross-entropy: this process's part of the mean over every process's clips that could be read."""
    lost_B = F.cross_entropy(logits_BY, label_B, reduction="none") * there_B
    return lost_B.sum() / team.total(there_B.sum()).clamp(min=1) * team.size  # gradients are averaged over processes


def both_ways(logits_GG: Tensor, negative_GG: Tensor, there_G: Tensor) -> Tensor:
    """InfoNCE, video → text and text → video. negative_GG: pairs that are held against each other; a video that could not be
    read, there_G False, is held against none."""
    own_GG = torch.eye(len(there_G), dtype=torch.bool, device=there_G.device)
    logits_GG = logits_GG.masked_fill(~(negative_GG & there_G & there_G[:, None] | own_GG), -torch.inf)
    own_G = torch.arange(len(there_G), device=there_G.device)
    lost_2G = torch.stack([F.cross_entropy(one, own_G, reduction="none") for one in (logits_GG, logits_GG.T)])
    return (lost_2G.mean(0) * there_G).sum() / there_G.sum().clamp(min=1)


def drawn_caption(captions: tuple[str, ...], seed: int, position: int) -> str:
    """One of a video's captions, the same whenever this position is trained on."""
    return captions[int(np.random.default_rng([seed, position]).integers(len(captions)))]


def number_of(text: str) -> int:
    """Equal for equal captions, in every process."""
    return int.from_bytes(blake2b(text.lower().encode(errors="surrogatepass"), digest_size=7).digest(), "big")
