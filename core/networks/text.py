"""Two text towers behind one door: `tower(texts) → [Y, E]` unit vectors, and what of the texts it does not take in.

    unknown(texts)      what is not taken in: words that are read as one and the same, and “…” with what is behind a cut
    read(texts)         each text as far as it is read: one that is longer than the tower reads is cut
    refused(texts)      {text: why} of those that are not read at all; `tower(texts)` raises a BadText with that reason

`SmallText` is trained here and knows the words of the world's grammar; `OpenClipText` is any open_clip text model.
"""

import re
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import BadText

WORDS = 16  # longest text in words; the grammar's longest is far shorter
PAD, UNKNOWN = 0, 1
EMPTY = "A text has at least one word, got {!r}."


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

    def read(self, texts: Sequence[str]) -> tuple[str, ...]:
        """The whole texts: longer ones are refused."""
        return tuple(texts)

    def refused(self, texts: Sequence[str]) -> dict[str, str]:
        """Texts without any word, or with more than WORDS."""
        found = {}
        for text in texts:
            count = len(words(text))
            if not count:
                found[text] = EMPTY.format(text)
            elif count > WORDS:
                found[text] = f"This text tower reads up to {WORDS} words, got {count}: {text[:60]!r}."
        return found

    def tokens(self, texts: list[str]) -> Tensor:
        """[Y, S] word ids, S the longest text."""
        raise_first(self.refused(texts))
        rows = [[self.ids.get(word, UNKNOWN) for word in words(text)] for text in texts]
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
        """Byte-pair tokens leave no word unknown, but a longer text is cut: “…” and what is behind the cut, each once."""
        behind = (text[len(read) :] for text, read in zip(texts, self.read(texts), strict=True))
        return tuple(dict.fromkeys(f"…{rest}" for rest in behind if rest.strip()))

    def read(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Each text as far as its tokens fit."""
        return fitting(texts, self.tokenizer, self.tokenizer.context_length)

    def refused(self, texts: Sequence[str]) -> dict[str, str]:
        """Texts of which the tokenizer leaves nothing."""
        return {text: EMPTY.format(text) for text in texts if left_empty(text, self.tokenizer)}

    def forward(self, texts: list[str]) -> Tensor:
        """[Y, E], unit length."""
        raise_first(self.refused(texts))
        device = next(self.model.parameters()).device
        return F.normalize(self.model.encode_text(self.tokenizer(texts).to(device)), dim=-1)


class NoText(nn.Module):
    """Stands where a vision tower came without its text tower."""

    def unknown(self, texts: list[str]) -> tuple[str, ...]:
        return ()

    def read(self, texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(texts)

    def refused(self, texts: Sequence[str]) -> dict[str, str]:
        raise BadText("These weights have no text tower, so texts cannot be compared with the video.")

    def forward(self, texts: list[str]) -> Tensor:
        raise_first(self.refused(texts))


# ---- tokenizers that cut without a word -----------------------------------------------------------------------------------


def fitting(texts: Sequence[str], tokenizer: Callable[..., Tensor], context: int) -> tuple[str, ...]:
    """Each text as far as its tokens fit into a context: its longest beginning that is not cut. A token takes a byte at
    least, so that most texts need no look."""
    wide, made = 2 * context, []
    blank = tokenizer(["a"], context_length=wide).mode().values if texts else None

    def whole(text: str) -> bool:
        counts = [int((tokenizer([text], context_length=room) != blank).sum()) for room in (context, wide)]
        return counts[0] == counts[1]

    for text in texts:
        low = high = len(text)
        if len(text.encode(errors="replace")) > context - 3 and not whole(text):
            low = 0
        while high - low > 1:  # the beginning up to low fits, the one up to high does not
            middle = (low + high) // 2
            low, high = (middle, high) if whole(text[:middle]) else (low, middle)
        made.append(text[:low])
    return tuple(made)


def left_empty(text: str, tokenizer: Callable[..., Tensor]) -> bool:
    """Whether a tokenizer leaves nothing of a text: it cleans texts first, and "&nbsp;" is a blank to it."""
    if "&" not in text and any(map(str.isalnum, text)):
        return False
    return not text.strip() or torch.equal(tokenizer([text]), tokenizer([""]))


def raise_first(refused: dict[str, str]) -> None:
    """A BadText of the first text that cannot be read."""
    for why in refused.values():
        raise BadText(why)
