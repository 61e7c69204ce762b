"""SwinBERT's stages of the words: a caption is written, and each of its words is asked for once more.

Letters as in the method; N places of words, Y words of the vocabulary.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.networks.caption_words import END, MASK, sentence_of

DRAWS = 6  # captions that are drawn, to see how the likeliest stands among them


@dataclass(frozen=True, eq=False)
class Filling:
    """Every place of a caption, filled in from the words before it and the video. share_WY: probabilities of all words;
    look_LWM: what the place takes from each patch, in every layer, mean over heads."""

    share_WY: Tensor
    look_LWM: Tensor


def ids_W(picture_KSSC: Tensor, bias_MM: Tensor, variant: str, swinbert, temperature: float, draw: int) -> tuple[int, ...]:
    """w_n = argmax p(w | w_<n, [MASK], video): the caption's words by their numbers, one after another; with τ > 0 drawn from
    softmax(logits / τ)."""
    return written(picture_KSSC, bias_MM, swinbert.captioner(variant), temperature, draw)


def written(picture_KSSC: Tensor, bias_MM: Tensor, captioner, temperature: float, draw: int) -> tuple[int, ...]:
    """A caption's ids, with its end."""
    chance = torch.Generator().manual_seed(draw)
    return tuple(captioner.write(picture_KSSC[None], bias_MM, temperature=temperature, chance=chance).ids_BN[0].tolist())


def caption(ids_W: tuple[int, ...], swinbert) -> str:
    """The words up to the end."""
    return sentence_of(ids_W, swinbert.words)


def filling(picture_KSSC: Tensor, bias_MM: Tensor, ids_W: tuple[int, ...], variant: str, swinbert) -> Filling:
    """p(w_n | w_<n, [MASK], video): every place asked for by itself."""
    return asked_again(picture_KSSC, bias_MM, ids_W, swinbert.captioner(variant))


def asked_again(picture_KSSC: Tensor, bias_MM: Tensor, ids_W: tuple[int, ...], captioner, hidden: int = 0) -> Filling:
    """The same with one more word hidden, counted from 1, or, behind the end, all: words see only what stands before them."""
    W = len(ids_W)
    ids_WN = torch.tensor(ids_W, device=picture_KSSC.device).repeat(W, 1)
    if hidden:
        ids_WN[:, hidden - 1 if hidden <= W else slice(None)] = MASK
    ids_WN.fill_diagonal_(MASK)
    seen = captioner.watch(captioner.tokens(picture_KSSC[None]), bias_MM)
    logits_WNY, look_LWANS = captioner.read(seen, ids_WN, look=True)
    own_W = torch.arange(W, device=ids_WN.device)
    look_LWM = torch.stack([look_WANS[own_W, :, own_W, W:].mean(1) for look_WANS in look_LWANS])
    return Filling(logits_WNY[own_W, own_W].softmax(-1), look_LWM)


def share_W(filling: Filling, ids_W: tuple[int, ...]) -> Tensor:
    """p(w_n): how sure each word is, and the end after them."""
    return of_words(filling, ids_W)


def of_words(filling: Filling, ids_W: tuple[int, ...]) -> Tensor:
    """The probabilities of the words that were written."""
    return filling.share_WY.gather(1, torch.tensor(ids_W, device=filling.share_WY.device)[:, None])[:, 0]


def look_WKP(filling: Filling, budget: int, layer: int) -> Tensor:
    """What each word takes from each patch of each frame in the layer that is shown."""
    return filling.look_LWM[layer - 1].unflatten(1, (budget, -1))


def other_filling(
    picture_KSSC: Tensor, bias_MM: Tensor, ids_W: tuple[int, ...], hidden: int, variant: str, swinbert
) -> Filling:  # fmt: skip
    """p(w_n | w_<n without the hidden one, [MASK], video): every place asked for again while one word is hidden."""
    return asked_again(picture_KSSC, bias_MM, ids_W, swinbert.captioner(variant), hidden)


def hidden_share_W(other_filling: Filling, ids_W: tuple[int, ...]) -> Tensor:
    """p(w_n) with the word hidden: those before it do not move, for words see only what stands before them."""
    return of_words(other_filling, ids_W)


def guess(other_filling: Filling, swinbert) -> str:
    """argmax p at each place with the word hidden."""
    return " ".join("end" if one == END else swinbert.words[one] for one in other_filling.share_WY.argmax(-1).tolist())


def draws(picture_KSSC: Tensor, bias_MM: Tensor, variant: str, swinbert, draw: int) -> str:
    """Captions that are drawn from p itself, a line each; what is said alike is one line, with how often."""
    chance = torch.Generator().manual_seed(draw)
    frame_BKSSC = picture_KSSC.expand(DRAWS, *picture_KSSC.shape)
    drawn = swinbert.captioner(variant).write(frame_BKSSC, bias_MM, temperature=1.0, chance=chance)
    captions = [sentence_of(one, swinbert.words) for one in drawn.ids_BN.tolist()]
    return "\n".join(f"{captions.count(one)} × {one or '(nothing)'}" for one in dict.fromkeys(captions))
