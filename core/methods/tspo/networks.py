"""TSPO's networks: the temporal agent that is trained, and the frozen reader that answers from the frames that it is given.

The reader stands in for the paper's Video-MLLM: it is trained first, on any frames, and knows only our world's answers.

Letters: B sets of frames, K frames of a set, E features shared by frames and texts, D the reader's width, A answers.
"""

from math import gcd

import torch
from torch import Tensor, nn

from core.world.questions import ANSWERS

WAVES = 8  # of a frame's time, from the start and to the end each


class Agent(nn.Module):
    """Windowed self-attention (no output projection, no norm, no residual) and an MLP of two layers; E wide throughout."""

    def __init__(self, features: int):
        super().__init__()
        self.features, self.heads = features, gcd(features, 8)
        self.query, self.key, self.value = (nn.Linear(features, features) for _ in range(3))
        self.mlp = nn.Sequential(nn.Linear(features, features), nn.ReLU(), nn.Linear(features, features))


class Reader(nn.Module):
    """Two transformer layers over a question and K frames with their times; the question's token names an answer."""

    def __init__(self, features: int, width: int = 64, depth: int = 2, answers: int = len(ANSWERS)):
        super().__init__()
        self.frame, self.question = nn.Linear(features, width), nn.Linear(features, width)
        self.time = nn.Linear(4 * WAVES, width)
        layer = nn.TransformerEncoderLayer(
            width, 4, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, answers)

    def forward(self, frame_BKE: Tensor, second_BK2: Tensor, question_BE: Tensor) -> Tensor:
        """Logits [B, A] of every answer. frame_BKE, question_BE: unit length. second_BK2: seconds since the start, and to the
        end."""
        root = frame_BKE.shape[-1] ** 0.5
        wave_W = torch.pi / 2 ** torch.arange(WAVES, device=frame_BKE.device) * 2
        angle_BKW = (second_BK2.log1p()[..., None] * wave_W).flatten(-2)
        time_BKD = self.time(torch.cat([angle_BKW.sin(), angle_BKW.cos()], -1))
        token_BSD = torch.cat([self.question(root * question_BE)[:, None], self.frame(root * frame_BKE) + time_BKD], 1)
        return self.head(self.norm(self.blocks(token_BSD)[:, 0]))


def allowed(options: tuple[str, ...]) -> list[bool]:
    """Of every answer, whether it is an option."""
    return [answer in options for answer in ANSWERS]
