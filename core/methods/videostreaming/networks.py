"""VideoStreaming's trained parts: a small causal encoder g that reads clips and questions, and a reader that answers.

The paper's are the first 16 layers of Phi-2 and Vicuna-7B; these have two blocks each and some hundred thousand weights.

Letters: B batch, T frames of a clip, P summary tokens of a frame, M = T·P memory tokens, V chosen clips, W words, S sequence,
E features of the frozen tower, D width, N heads, A answers.
"""

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from core.networks.attention import Block
from core.networks.text import words
from core.world.captions import ACTIONS, COLOURS, SHAPES
from core.world.questions import ANSWERS

LONGEST = 8  # frames of a clip, at most
PARTS = 2  # summary tokens of a frame, at most
FRAMES = 4  # of a clip, with one summary token each, as most are in training: of such memories there are probes
LAGS = (0, 1, 2, 4, 8, 16, 32)  # clips ago, of which a probe reads the colour
CHOSEN = 8  # clips that the reader is given, at most
WORDS, USUAL = 16, 8  # of a question: at most, and filled up to at least
PITCHES = (0.5, 1.0, 2.0, 4.0)  # of log(1 + seconds) in a time prompt
UNKNOWN = 0
LEAST = 1e-3  # of the largest variance: a direction with much less is noise, and stays small
ASKED = (
    "what colour shape is the thing how many scenes show which shown first or second last but one at beginning end right "
    "after very"
)
VOCABULARY = tuple(dict.fromkeys(words(" ".join((ASKED, "a an object", *COLOURS, *SHAPES, *ACTIONS)))))
KINDS = ("told history", "told clip", "memory", "frame", "summary", "global", "word", "end")


@dataclass(frozen=True)
class Shape:
    """features: E of the frozen tower. width: D. depth, reader: blocks of the encoder and of the reader."""

    features: int
    width: int = 64
    heads: int = 4
    depth: int = 2
    reader: int = 2


class Encoder(nn.Module):
    """g: clip after clip, and then questions, through the same causal blocks."""

    mean_E: Tensor
    whiten_EE: Tensor

    def __init__(self, shape: Shape):
        super().__init__()
        D = shape.width
        self.frame, self.time = nn.Linear(shape.features, D), nn.Linear(2 * len(PITCHES), D)
        self.kind, self.word = nn.Embedding(len(KINDS), D), nn.Embedding(len(VOCABULARY) + 1, D)
        self.place, self.part = nn.Embedding(LONGEST, D), nn.Embedding(PARTS, D)
        self.order = nn.Embedding(WORDS + 1, D)
        self.blocks = nn.ModuleList(Block(D, shape.heads) for _ in range(shape.depth))
        self.norm = nn.LayerNorm(D)
        self.register_buffer("mean_E", torch.zeros(shape.features))
        self.register_buffer("whiten_EE", torch.eye(shape.features))
        for table in (self.kind, self.word, self.place, self.part, self.order):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, x_BSD: Tensor) -> tuple[Tensor, Tensor]:
        """Causal: a token sees itself and what stands before it. [B, S, D], and the last block's attention [B, N, S, S]."""
        S = x_BSD.shape[1]
        hidden_SS = torch.full((S, S), -torch.inf, device=x_BSD.device).triu(1)
        look_BNSS = x_BSD.new_zeros(0)
        for block in self.blocks:
            x_BSD, look_BNSS = block(x_BSD, hidden_SS)
        return self.norm(x_BSD), look_BNSS

    @torch.no_grad()
    def whiten(self, feature_FE: Tensor) -> None:
        """From now on features are read with mean 0 and variance 1 in every direction in which these differ: a frozen tower
        tells shapes by a small part of the variance by which it tells colours, and a network would learn them last."""
        self.mean_E.copy_(feature_FE.mean(0))
        variance_E, turn_EE = torch.linalg.eigh(torch.cov(feature_FE.T))
        self.whiten_EE.copy_(turn_EE * (variance_E + LEAST * variance_E.max()).rsqrt() @ turn_EE.T)

    def frames(self, feature_BTE: Tensor) -> Tensor:
        """F_k: one token for each frame, [B, T, D]."""
        return self.frame((feature_BTE - self.mean_E) @ self.whiten_EE)

    def of_kind(self, name: str) -> Tensor:
        """What every token of a kind has in common, [D]."""
        return self.kind.weight[KINDS.index(name)]

    def slots_MD(self, frames: int, parts: int) -> Tensor:
        """Where each memory token stands: its frame and its part, [M, D]."""
        return (self.place.weight[:frames, None] + self.part.weight[:parts]).flatten(0, 1)

    def told(self, name: str, first: float, last: float) -> Tensor:
        """A time prompt: from when to when, in seconds: [1, D]."""
        pitch = torch.tensor(PITCHES, device=self.kind.weight.device)
        turn = torch.cat([math.log1p(first) * pitch, math.log1p(last) * pitch])
        wave = torch.cat([turn[: len(PITCHES)].sin(), turn[len(PITCHES) :].sin()])
        return (self.time(wave) + self.of_kind(name))[None]


class Reader(nn.Module):
    """Answers from the memories of the chosen clips and the question's words: it sees V·T·P tokens of a video, no more."""

    def __init__(self, shape: Shape):
        super().__init__()
        D = shape.width
        self.project = nn.Sequential(nn.Linear(D, D), nn.GELU(), nn.Linear(D, D))
        self.slot = nn.Embedding(CHOSEN, D)
        nn.init.normal_(self.slot.weight, std=0.1)
        self.blocks = nn.ModuleList(Block(D, shape.heads) for _ in range(shape.reader))
        self.norm, self.head = nn.LayerNorm(D), nn.Linear(D, len(ANSWERS))

    def forward(self, chosen_BVMD: Tensor, words_BWD: Tensor) -> Tensor:
        """Logits of every answer, [B, A], from the last word's place."""
        V = chosen_BVMD.shape[1]
        slot_V = torch.arange(V, device=chosen_BVMD.device) * CHOSEN // max(V, CHOSEN)  # of more, neighbours share one
        video_BSD = (self.project(chosen_BVMD) + self.slot.weight[slot_V, None]).flatten(1, 2)
        x_BSD = torch.cat([video_BSD, words_BWD], 1)
        for block in self.blocks:
            x_BSD, _ = block(x_BSD)
        return self.head(self.norm(x_BSD[:, -1]))


class Streaming(nn.Module):
    """The encoder and the reader; and linear probes of a memory, fitted afterwards, that nothing else reads: of each of LAGS
    from M·D numbers and a 1 to colours. Zero where none was fitted."""

    probe_JXC: Tensor

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.encoder, self.reader = Encoder(shape), Reader(shape)
        self.register_buffer("probe_JXC", torch.zeros(len(LAGS), FRAMES * shape.width + 1, len(COLOURS)))

    def about(self) -> dict:
        return asdict(self.shape)


def word_ids(question: str) -> list[int]:
    """Of a question's first WORDS words; one that the encoder never learned is UNKNOWN."""
    return [VOCABULARY.index(word) + 1 if word in VOCABULARY else UNKNOWN for word in words(question)[:WORDS]]


def same_length(sentences: list[list[int]]) -> Tensor:
    """Rows of ids of one length, at least USUAL, with UNKNOWN in front where they are shorter: [B, W]."""
    longest = max(USUAL, *map(len, sentences))
    return torch.tensor([[UNKNOWN] * (longest - len(ids)) + ids for ids in sentences])
