"""A captioner: words and patches of a few frames in one encoder, in which a given mask says which patches see each other.

The encoder is that of SwinBERT (Lin et al., CVPR 2022) at a size of its own: a sequence of N words and M patches of a video,
and a bias on the attention of each of the (N + M)² pairs. Words see the words before them and the whole video; the video never
sees words, so that its half of the sequence is the same for every caption and is computed once (`watch`); what patches see of
each other is given. A caption is learned by filling in words that are hidden, and written word by word: [MASK] stands at the
next place.

    network = Captioner(CaptionerShape(frames=4, cells=6, patch=4, words=24, longest=8))
    logits_BNW, _ = network(frame_BTHWC, ids_BN, bias_MM)        # of every word, at every place of a sentence
    caption = network.write(frame_BTHWC, bias_MM)                # caption.ids_BN, caption.probability_BN
    network.write(frame_BTHWC, bias_MM, first_BN=asked_BN)       # goes on from words that are given, an instruction, say

Letters: B batch, T frames, M = T·C² video tokens of C×C cells, N words of a sentence, S = N + M, D width, A heads, E = D / A,
W words of the vocabulary, R sentences of one clip.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from core.networks.attention import Block
from core.networks.caption_words import END, MASK, PAD

SHUT = -torch.inf
STRENGTH = 1.0  # of what heads prefer in the beginning, in logits


@dataclass(frozen=True)
class CaptionerShape:
    """frames: T. cells: C, along a side. patch: pixels along a cell's side. words: W, with the SPECIAL ones. longest: N at
    most, what is given at first and [END] included. layers, heads, width: of the encoder."""

    frames: int
    cells: int
    patch: int
    words: int
    longest: int
    width: int = 64
    layers: int = 3
    heads: int = 4

    @property
    def tokens(self) -> int:
        """M."""
        return self.frames * self.cells**2


@dataclass(frozen=True)
class Seen:
    """What words can read of a video: keys and values of its tokens in every layer, [B, A, M, E]; and who looked at whom in
    it, [B, A, M, M] for each layer, where that was asked."""

    key_BAME: tuple[Tensor, ...]
    value_BAME: tuple[Tensor, ...]
    look_BAMM: tuple[Tensor, ...] = ()


@dataclass(frozen=True)
class Caption:
    """Captions as they were written: words [B, N], PAD behind the [END]; the probability with which each was chosen [B, N], 1
    where it was given; and logits of all words at each place [B, N, W], of which those given are 0."""

    ids_BN: Tensor
    probability_BN: Tensor
    logits_BNW: Tensor


class Captioner(nn.Module):
    """Patches with codes of place and time, words with codes of order, and the blocks that read both."""

    def __init__(self, shape: CaptionerShape):
        super().__init__()
        self.shape = shape
        D = shape.width
        self.patch = nn.Linear(3 * shape.patch**2, D)
        places = (shape.frames, shape.cells, shape.cells)
        self.time, self.row, self.column = (nn.Parameter(waves(n, D, third)) for third, n in enumerate(places))
        self.word, self.order = nn.Embedding(shape.words, D), nn.Embedding(shape.longest, D)
        self.blocks = nn.ModuleList(Block(D, shape.heads) for _ in range(shape.layers))
        self.norm, self.head = nn.LayerNorm(D), nn.Linear(D, shape.words)
        for table in (self.word, self.order):
            nn.init.normal_(table.weight, std=0.3)
        for block in self.blocks:
            turn_heads(block, (self.time, self.row, self.column))

    def about(self) -> dict[str, int]:
        """The shape, as a file of weights says it."""
        return asdict(self.shape)

    def tokens(self, frame_BTHWC: Tensor) -> Tensor:
        """Video tokens [B, M, D], frame by frame, each row by row. frame_BTHWC: 0 to 1, or bytes; H = W = C · pixels of a
        patch."""
        T, C, P = self.shape.frames, self.shape.cells, self.shape.patch
        if frame_BTHWC.shape[1:] != (T, C * P, C * P, 3):
            raise ValueError(f"frames are [B, {T}, {C * P}, {C * P}, 3], got {list(frame_BTHWC.shape)}")
        pixel_BTHWC = frame_BTHWC.to(self.patch.weight) / (1 if frame_BTHWC.is_floating_point() else 255)
        cell_BTCCX = pixel_BTHWC.unflatten(3, (C, P)).unflatten(2, (C, P)).transpose(3, 4).flatten(4)
        code_TCCD = self.time[:, None, None] + self.row[:, None] + self.column
        return (self.patch(2 * cell_BTCCX - 1) + code_TCCD).flatten(1, 3)

    def watch(self, video_BMD: Tensor, bias_MM: Tensor | None = None, look: bool = False) -> Seen:
        """The video's half of the encoder. bias_MM: added to the attention of each pair, row: who looks; none: everything is
        open. What the last block makes of the video no word reads, so that it is computed only where somebody wants to look."""
        keys, values, looks = [], [], []
        for number, block in enumerate(self.blocks, 1):
            query_BAME, key_BAME, value_BAME = block.projected(video_BMD)
            keys.append(key_BAME)
            values.append(value_BAME)
            if number == len(self.blocks) and not look:
                break
            logits_BAMM = query_BAME @ key_BAME.transpose(-2, -1)
            look_BAMM = (logits_BAMM if bias_MM is None else logits_BAMM + bias_MM).softmax(-1)
            if look:
                looks.append(look_BAMM)
            video_BMD = block.after(video_BMD, look_BAMM @ value_BAME)
        return Seen(tuple(keys), tuple(values), tuple(looks))

    def read(self, seen: Seen, ids_BN: Tensor, look: bool = False) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The words' half: logits [B, N, W], and who looked at whom, [B, A, N, N + M] for each layer, where that is asked.
        Several sentences may read one video: R rows of ids for each of its rows, those of one clip one after another."""
        clips, N = len(seen.key_BAME[0]), ids_BN.shape[1]
        x_BND = self.word(ids_BN) + self.order.weight[:N]
        R, later_NN = len(ids_BN) // clips, torch.full((N, N), SHUT, device=ids_BN.device).triu(1)
        looks = []
        for block, key_CAME, value_CAME in zip(self.blocks, seen.key_BAME, seen.value_BAME, strict=True):
            query_BANE, key_BANE, value_BANE = block.projected(x_BND)
            query_CARE = query_BANE.unflatten(0, (clips, R)).transpose(1, 2).flatten(2, 3)  # all words of a clip in a row
            video_BANM = (query_CARE @ key_CAME.transpose(-2, -1)).unflatten(2, (R, N)).transpose(1, 2).flatten(0, 1)
            logits_BANS = torch.cat([query_BANE @ key_BANE.transpose(-2, -1) + later_NN, video_BANM], -1)
            look_BANS = logits_BANS.softmax(-1)
            if look:
                looks.append(look_BANS)
            look_CARM = look_BANS[..., N:].unflatten(0, (clips, R)).transpose(1, 2).flatten(2, 3)
            from_video = (look_CARM @ value_CAME).unflatten(2, (R, N)).transpose(1, 2).flatten(0, 1)
            x_BND = block.after(x_BND, look_BANS[..., :N] @ value_BANE + from_video)
        return self.head(self.norm(x_BND)), tuple(looks)

    def forward(
        self, frame_BTHWC: Tensor, ids_BN: Tensor, bias_MM: Tensor | None = None, look: bool = False
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Logits of all words at each place of the sentences [B, N, W]; where `look` is asked, also every layer's attention
        [B, A, S, S] over words and video, in this order, else ()."""
        seen = self.watch(self.tokens(frame_BTHWC), bias_MM, look)
        logits_BNW, looks = self.read(seen, ids_BN, look)
        return logits_BNW, tuple(joined(words, video) for words, video in zip(looks, seen.look_BAMM))

    @torch.no_grad()
    def write(
        self, frame_BTHWC: Tensor, bias_MM: Tensor | None = None, first_BN: Tensor | None = None, temperature: float = 0.0,
        chance: torch.Generator | None = None,
    ) -> Caption:  # fmt: skip
        """Captions, word by word: at the next place stands [MASK], and what is likeliest there (temperature 0), or what
        `chance` draws from softmax(logits / temperature), is written. first_BN: words that are given. PAD and MASK are never
        written."""
        seen = self.watch(self.tokens(frame_BTHWC), bias_MM)
        B, N = len(frame_BTHWC), 0 if first_BN is None else first_BN.shape[1]
        ids_BN = torch.full((B, self.shape.longest), PAD, device=frame_BTHWC.device)
        probability_BN = torch.ones(ids_BN.shape, device=ids_BN.device)
        logits_BNW = torch.zeros(*ids_BN.shape, self.shape.words, device=ids_BN.device)
        if first_BN is not None:
            ids_BN[:, :N] = first_BN
        done_B = torch.zeros(B, dtype=torch.bool, device=ids_BN.device)
        while N < self.shape.longest and not done_B.all():
            ids_BN[:, N] = MASK
            logits_BW = self.read(seen, ids_BN[:, : N + 1])[0][:, -1].index_fill(1, torch.tensor([PAD, MASK]).to(ids_BN), SHUT)
            shown_BW = (logits_BW / (temperature or 1.0)).softmax(-1)
            next_B = drawn(shown_BW, chance) if temperature else shown_BW.argmax(-1)
            ids_BN[:, N] = torch.where(done_B, PAD, next_B)
            probability_BN[:, N] = torch.where(done_B, 1.0, shown_BW.gather(1, next_B[:, None])[:, 0])
            logits_BNW[:, N] = torch.where(done_B[:, None], 0.0, logits_BW)
            done_B, N = done_B | (next_B == END), N + 1
        return Caption(ids_BN[:, :N], probability_BN[:, :N], logits_BNW[:, :N])


def drawn(share_BW: Tensor, chance: torch.Generator | None) -> Tensor:
    """A word of each row, [B], by its share. The processor draws, so that a seed gives the same on every device."""
    return share_BW.cpu().multinomial(1, generator=chance)[:, 0].to(share_BW.device)


def waves(places: int, width: int, third: int) -> Tensor:
    """Codes to start from, [places, D], in a third of their numbers each, so that moments, rows and columns are told apart
    from the beginning: sines and cosines, of which one shift is one rotation wherever it begins. The first has a period of 2 ·
    places."""
    pairs = max(1, width // 6)
    pitch_P = math.pi / places * torch.logspace(0, math.log2(max(2.0, 2 * places / 3)), pairs, base=2)
    turn_PP = torch.arange(places)[:, None] * pitch_P
    code = torch.zeros(places, width)
    code[:, 2 * pairs * third : 2 * pairs * (third + 1)] = torch.stack([turn_PP.sin(), turn_PP.cos()], -1).flatten(1)
    return code


@torch.no_grad()
def turn_heads(block: Block, codes: Sequence[Tensor], strength: float = STRENGTH) -> None:
    """Let heads begin by looking at patches nearby, every other at a moment before and the rest at one after: adds to the logit
    strength · cos(2π (Δ − δ) / period) for moments (δ = 1 or −1), rows and columns (δ = 0). Two patches that look at each other
    alike would tell that something moved, and not which way."""
    D = block.out.in_features
    if block.qkv.weight.is_meta:
        return  # it has sizes and no numbers
    E, pairs = D // block.heads, max(1, D // 6)
    root = (strength * math.sqrt(E)) ** 0.5
    for head in range(block.heads):
        for third, code in enumerate(codes):
            turn = math.pi / len(code) * (1 - 2 * (head % 2)) * (third == 0)
            row, sine = head * E + 2 * third, 2 * pairs * third
            if 2 * third + 2 > E or sine + 2 > D:
                continue
            query, key = block.qkv.weight[row : row + 2], block.qkv.weight[D + row : D + row + 2]
            key[:, sine : sine + 2] += root * torch.eye(2).to(key)
            query[:, sine : sine + 2] += root * torch.tensor(
                [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
            ).to(query)


def joined(words_BANS: Tensor, video_BAMM: Tensor) -> Tensor:
    """Attention over the whole sequence, [B, A, S, S]: that of the words, and that of the video, which sees no word."""
    B, A, M, _ = video_BAMM.shape
    blank_BAMN = words_BANS.new_zeros(B, A, M, words_BANS.shape[2])
    return torch.cat([words_BANS, torch.cat([blank_BAMN, video_BAMM], -1)], 2)


def bias_of_sequence(words: int, bias_MM: Tensor) -> Tensor:
    """The bias of all (N + M)² pairs, row: who looks: word → word before it 0, word → video 0, video → word −∞, video → video
    as given; what is shut is −∞. One encoder with this bias is what `Captioner` computes in two halves."""
    M = len(bias_MM)
    later_NN = bias_MM.new_full((words, words), SHUT).triu(1)
    top_NS = torch.cat([later_NN, bias_MM.new_zeros(words, M)], 1)
    return torch.cat([top_NS, torch.cat([bias_MM.new_full((M, words), SHUT), bias_MM], 1)])
