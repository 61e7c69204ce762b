"""Two text towers behind one door: `tower(texts) → [Y, E]` unit vectors, and `tower.unknown(texts)`.

`SmallText` is trained here and knows the words of the world's grammar; `OpenClipText` is any open_clip text model.
"""

import re

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import BadText

WORDS = 16  # longest text in words; the grammar's longest is far shorter
PAD, UNKNOWN = 0, 1


def words(text: str) -> list[str]:
    """Lower-case words; a hyphen holds one word together ("counter-clockwise")."""
    return re.findall(r"[\w-]+", text.lower())


class SmallText(nn.Module):
    """A small transformer encoder over whole words, mean-pooled. vocabulary: words in the order of their ids."""

    def __init__(self, vocabulary: tuple[str, ...], width: int = 128, depth: int = 2, features: int = 128):
        super().__init__()
        self.vocabulary = vocabulary
        self.ids = {word: i + 2 for i, word in enumerate(vocabulary)}
        self.word = nn.Embedding(len(vocabulary) + 2, width, padding_idx=PAD)
        self.position = nn.Parameter(torch.randn(WORDS, width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            width, width // 32, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, features, bias=False)

    def unknown(self, texts: list[str]) -> tuple[str, ...]:
        """Words outside the vocabulary, each once, in order of appearance."""
        return tuple(dict.fromkeys(word for text in texts for word in words(text) if word not in self.ids))

    def tokens(self, texts: list[str]) -> Tensor:
        """[Y, S] word ids, S the longest text. A text without any word, or with more than WORDS, is a BadText."""
        rows: list[list[int]] = []
        for text in texts:
            ids = [self.ids.get(word, UNKNOWN) for word in words(text)]
            if not ids:
                raise BadText(f"A text has at least one word, got {text!r}.")
            if len(ids) > WORDS:
                raise BadText(f"This text tower reads up to {WORDS} words, got {len(ids)}: {text[:60]!r}.")
            rows.append(ids)
        longest = max(map(len, rows))
        return torch.tensor([ids + [PAD] * (longest - len(ids)) for ids in rows], device=self.position.device)

    def features(self, ids_YS: Tensor) -> Tensor:
        """Word ids → [Y, E], unit length."""
        padding_YS = ids_YS == PAD
        x_YSD = self.blocks(self.word(ids_YS) + self.position[: ids_YS.shape[1]], src_key_padding_mask=padding_YS)
        kept_YS1 = (~padding_YS).unsqueeze(-1)
        mean_YD = (self.norm(x_YSD) * kept_YS1).sum(1) / kept_YS1.sum(1)
        return F.normalize(self.head(mean_YD), dim=-1)

    def forward(self, texts: list[str]) -> Tensor:
        """[Y, E], unit length."""
        return self.features(self.tokens(texts))


class OpenClipText(nn.Module):
    """The text tower of an open_clip model, with its own tokenizer."""

    def __init__(self, model: nn.Module, tokenizer):
        super().__init__()
        self.model, self.tokenizer = model, tokenizer

    def unknown(self, texts: list[str]) -> tuple[str, ...]:
        """Byte-pair tokens leave no word unknown."""
        return ()

    def forward(self, texts: list[str]) -> Tensor:
        """[Y, E], unit length."""
        if empty := [text for text in texts if not text.strip()]:
            raise BadText(f"A text has at least one word, got {empty[0]!r}.")
        device = next(self.model.parameters()).device
        return F.normalize(self.model.encode_text(self.tokenizer(texts).to(device)), dim=-1)


class NoText(nn.Module):
    """Stands where a vision tower came without its text tower."""

    def unknown(self, texts: list[str]) -> tuple[str, ...]:
        return ()

    def forward(self, texts: list[str]) -> Tensor:
        raise BadText("These weights have no text tower, so texts cannot be compared with the video.")
