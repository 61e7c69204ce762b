"""The words of a captioner: sentences as rows of ids and back, and words that are hidden so that a network learns to fill them
in. “an” is how the word “a” is written before a vowel, and no word of its own.

Letters: B batch, N words of a sentence with its end, W words of the vocabulary.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

PAD, MASK, END = 0, 1, 2
SPECIAL = ("[PAD]", "[MASK]", "[END]")  # the first words of every vocabulary
VOWELS = tuple("aeiou")
NOT_ASKED = -100  # a target that counts for nothing, as torch has it
HIDDEN = 0.5  # share of a sentence
AS_MASK, AS_OTHER = 0.8, 0.1  # of that: shown as [MASK], shown as another word; the rest as it is


def vocabulary(sentences: Sequence[str]) -> tuple[str, ...]:
    """The SPECIAL words, and every word of these sentences once, in the order of the alphabet."""
    return (*SPECIAL, *sorted({word for sentence in sentences for word in words_of(sentence)}))


def words_of(sentence: str) -> list[str]:
    """A sentence's words, “an” as the word “a”."""
    return ["a" if word == "an" else word for word in sentence.split()]


def ids_of(sentence: str, known: Sequence[str], longest: int | None = None, end: bool = True) -> list[int]:
    """A sentence's words by their places in a vocabulary, [END], and PAD up to `longest` places. A ValueError names a word
    that is not known, or a sentence that is too long."""
    words = words_of(sentence)
    if unknown := [word for word in words if word not in known]:
        raise ValueError(f"no word of the vocabulary: {', '.join(unknown)}")
    ids = [known.index(word) for word in words] + [END] * end
    if longest is not None and len(ids) > longest:
        raise ValueError(f"{sentence!r} has {len(ids)} words with its end; a sentence has at most {longest}")
    return ids + [PAD] * ((longest or 0) - len(ids))


def sentence_of(ids: Sequence[int], known: Sequence[str]) -> str:
    """The words up to the [END], without special ones."""
    ids = list(ids)
    words = [known[one] for one in (ids[: ids.index(END)] if END in ids else ids) if one >= len(SPECIAL)]
    return " ".join("an" if word == "a" and later[:1] in VOWELS else word for word, later in zip(words, [*words[1:], "."]))


def hidden(ids_BN: Tensor, words: int, chance: torch.Generator, first: int = 0, share: float = HIDDEN) -> tuple[Tensor, Tensor]:
    """Sentences as a network is shown them, and what it must say [B, N]: NOT_ASKED, or the word that is hidden.

    A `share` of each sentence's words, its end among them and at least one, is hidden: 80 in 100 become [MASK], 10 another
    word, 10 stay. first: so many places at the front are given, and never hidden."""
    own_BN = (ids_BN != PAD) & (torch.arange(ids_BN.shape[1], device=ids_BN.device) >= first)
    place_BN = torch.rand(ids_BN.shape, generator=chance).to(ids_BN.device).masked_fill(~own_BN, 2.0).argsort(1).argsort(1)
    asked_BN = own_BN & (place_BN < (own_BN.sum(1, keepdim=True) * share).round().clamp(min=1))
    how_BN = torch.rand(ids_BN.shape, generator=chance).to(ids_BN.device)
    other_BN = torch.randint(len(SPECIAL), words, ids_BN.shape, generator=chance).to(ids_BN.device)
    shown_BN = torch.where(how_BN < AS_MASK, MASK, torch.where(how_BN < AS_MASK + AS_OTHER, other_BN, ids_BN))
    return torch.where(asked_BN, shown_BN, ids_BN), torch.where(asked_BN, ids_BN, NOT_ASKED)


def filling_loss(logits_BNW: Tensor, asked_BN: Tensor) -> Tensor:
    """L_MLM = −mean log p(w) over the words that are hidden."""
    return F.cross_entropy(logits_BNW.flatten(0, 1), asked_BN.flatten(), ignore_index=NOT_ASKED)
