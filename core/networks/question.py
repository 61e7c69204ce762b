"""The question as the frozen text tower is given it: the question alone, its options never."""

from hashlib import blake2b

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.networks.text import SmallText, raise_first, words

FILLERS = frozenset("what which who is are was does do the a an of colour color many how".split())


def read_words(question: str, text: SmallText) -> list[str]:
    """What our small tower is given of a question: all of it where every word is known, else no FILLERS, where anything is left
    without them."""
    said = words(question)
    return said if not text.unknown([question]) else [word for word in said if word not in FILLERS] or said


def unread(question: str, text: nn.Module) -> tuple[str, ...]:
    """Words of the question that the text tower has never seen, of those that it is given."""
    return text.unknown([" ".join(read_words(question, text))] if isinstance(text, SmallText) else [question])


def question_feature(question: str, text: nn.Module) -> Tensor:
    """The text tower's feature of the question, [E], unit length. A tower that learned from the web reads all of it. Ours knows
    the words of a grammar without questions: of a question with others fillers are left out, and a word that it has never
    seen, "beginning", is a fixed vector of its own, drawn from its letters. Two questions differ so; what such a word means
    nothing tells but a method's training."""
    if not isinstance(text, SmallText):
        return text([question])[0]
    said = read_words(question, text)
    raise_first(text.refused([" ".join(said)]))
    table_VD = text.word.weight
    vectors_SD = torch.stack([table_VD[text.ids[word]] if word in text.ids else own_vector(word, table_VD) for word in said])
    x_SD = text.blocks((vectors_SD + text.position[: len(said)])[None])[0]
    return F.normalize(text.head(text.norm(x_SD).mean(0)), dim=-1)


def own_vector(word: str, table_VD: Tensor) -> Tensor:
    """A vector as long as those of known words, the same for the same word everywhere."""
    chance = torch.Generator().manual_seed(int.from_bytes(blake2b(word.encode(), digest_size=7).digest()))
    return torch.randn(table_VD.shape[1], generator=chance).to(table_VD) * table_VD[2:].std()
