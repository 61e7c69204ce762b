"""A block of a small transformer: attention, then an MLP, each after a norm and added to what came in.

Letters: B batch, S tokens, D width, N heads, E = D / N.
"""

import math

from torch import Tensor, nn


class Block(nn.Module):
    """Attention, then an MLP. Its halves are there by themselves for who mixes tokens of two kinds."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x_BSD: Tensor, bias_SS: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The tokens, and who looked at whom [B, N, S, S]. bias_SS: added to the attention of each pair; −∞ where a token may
        not look."""
        query, key, value = self.projected(x_BSD)
        logits_BNSS = query @ key.transpose(-2, -1)
        look_BNSS = (logits_BNSS if bias_SS is None else logits_BNSS + bias_SS).softmax(-1)
        return self.after(x_BSD, look_BNSS @ value), look_BNSS

    def projected(self, x_BSD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, already divided by √E, keys and values, [B, N, S, E]."""
        query, key, value = self.qkv(self.norm1(x_BSD)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return query / math.sqrt(query.shape[-1]), key, value

    def after(self, x_BSD: Tensor, mixed_BNSE: Tensor) -> Tensor:
        """The tokens after what their attention gathered."""
        x_BSD = x_BSD + self.out(mixed_BNSE.transpose(1, 2).flatten(2))
        return x_BSD + self.mlp(self.norm2(x_BSD))
