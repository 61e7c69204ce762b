"""A prompted CvT: prompts travel with the class token, which no convolution reads, and public weights fit as they are named.

    X ← X + DropPath(softmax(q kᵀ / √D) v W),  X ← X + DropPath(FFN(LN X)),  X = [prompts ; class ; patches]
    q, k, v = [prompts ; class ; conv(map)] W_q, W_k, W_v,  of LN X;  conv: 3×3, channel by channel, then BatchNorm

(CvT: Introducing Convolutions to Vision Transformers, Wu et al., ICCV 2021, arXiv 2103.15808; what it leaves open follows its
released code: scores are divided by the root of the whole width D and not of a head's, FFN is x·sigmoid(1.702 x) inside,
and the class token, in the last stage only, is led around the convolutions of q, k and v. The port in transformers has an
exact GELU instead.) No CvT is in what the prompts' paper (arXiv 2402.02574) released, so how they travel here is our reading:

    in a block       prompts take the class token's way: around the convolutions, through norms, attention and FFN
    between stages   the convolution that embeds tokens anew cannot take them: a linear layer of ours, D_i → D_{i+1}, does
    maps             a LayerNorm of ours on each stage's, prompts and class removed: the released one is for the class token

Letters: B batch, C channels, H W pixels, h w the map, P patches (row-major), Q prompts, F tokens in front (prompts, then
class), S = F + P tokens, R = F + ⌈h/2⌉·⌈w/2⌉ tokens that are read (k and v lie on every second row and column), D width,
N heads, d width of a head, Y classes.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from timm.layers import DropPath, LayerNorm2d, Mlp, QuickGELU, trunc_normal_
from torch import Tensor, nn

from core.errors import BadKnob
from core.networks.tower import Look, Place, Pyramid, Size, check_prompts


@dataclass(frozen=True)
class CvtShape:
    """What a CvT is made of, stage by stage. The defaults are CvT-13; CvT-21 has depths (1, 4, 16)."""

    widths: tuple[int, ...] = (64, 192, 384)
    depths: tuple[int, ...] = (1, 2, 10)
    heads: tuple[int, ...] = (1, 3, 6)
    kernels: tuple[int, ...] = (7, 3, 3)  # side of what a token is made of, in cells of the stage before
    strides: tuple[int, ...] = (4, 2, 2)
    pads: tuple[int, ...] = (2, 1, 1)
    ratio: int = 4  # width inside the FFN, in D
    drop_path: float = 0.1  # of the last block; from 0 in the first of its stage, and 0 in the stages before
    classes: int = 1000  # Y


class Attention(nn.Module):
    """Multi-head attention of all tokens to those in front and to every second row and column of the map."""

    def __init__(self, D: int, heads: int):
        super().__init__()
        self.heads, self.scale = heads, D**-0.5
        self.conv_proj_q, self.conv_proj_k, self.conv_proj_v = (convolution(D, stride) for stride in (1, 2, 2))
        self.proj_q, self.proj_k, self.proj_v, self.proj = (nn.Linear(D, D) for _ in range(4))

    def forward(self, tokens_BSD: Tensor, grid: Size, look: bool = False) -> tuple[Tensor, Tensor | None]:
        """[B, S, D] → the same and, if asked to look, the attention [B, S, R], mean over heads."""
        front_BFD, map_BDhw = split(tokens_BSD, grid)

        def by_head(convolution: nn.Module, linear: nn.Module) -> Tensor:
            read_BRD = torch.cat([front_BFD, convolution(map_BDhw).flatten(2).mT], 1)
            return linear(read_BRD).unflatten(2, (self.heads, -1)).transpose(1, 2)

        query_BNSd = by_head(self.conv_proj_q, self.proj_q)
        key_BNRd, value_BNRd = by_head(self.conv_proj_k, self.proj_k), by_head(self.conv_proj_v, self.proj_v)
        share_BSR = None
        if look:
            weight_BNSR = (query_BNSd @ key_BNRd.mT * self.scale).softmax(-1)
            mixed_BNSd, share_BSR = weight_BNSR @ value_BNRd, weight_BNSR.mean(1)
        else:
            mixed_BNSd = F.scaled_dot_product_attention(query_BNSd, key_BNRd, value_BNRd, scale=self.scale)
        return self.proj(mixed_BNSd.transpose(1, 2).flatten(2)), share_BSR


class Block(nn.Module):
    """Attention and FFN, each on normed tokens and added; tokens in front are normed, added and dropped like patches."""

    def __init__(self, D: int, heads: int, ratio: int, drop_path: float):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(D), Attention(D, heads)
        self.norm2, self.mlp = nn.LayerNorm(D), Mlp(D, ratio * D, act_layer=QuickGELU)
        self.drop_path = DropPath(drop_path)

    def forward(self, tokens_BSD: Tensor, grid: Size, look: bool = False) -> tuple[Tensor, Tensor | None]:
        """[B, S, D] → the same, and the attention of `Attention.forward`."""
        mixed_BSD, share_BSR = self.attn(self.norm1(tokens_BSD), grid, look)
        tokens_BSD = tokens_BSD + self.drop_path(mixed_BSD)
        return tokens_BSD + self.drop_path(self.mlp(self.norm2(tokens_BSD))), share_BSR


class Stage(nn.Module):
    """A map becomes tokens by overlapping convolutions; then blocks. The last stage has a class token."""

    def __init__(self, shape: CvtShape, i: int):
        super().__init__()
        channels, D, last = (3, *shape.widths)[i], shape.widths[i], i == len(shape.widths) - 1
        stem = nn.Conv2d(channels, D, shape.kernels[i], shape.strides[i], shape.pads[i])
        self.patch_embed = nn.Sequential(OrderedDict(proj=stem, norm=LayerNorm2d(D, eps=1e-5)))
        self.cls_token = nn.Parameter(trunc_normal_(torch.zeros(1, 1, D), std=0.02)) if last else None
        steepness = last * shape.drop_path / max(shape.depths[i] - 1, 1)
        self.blocks = nn.ModuleList(Block(D, shape.heads[i], shape.ratio, steepness * j) for j in range(shape.depths[i]))

    def embed(self, map_BChw: Tensor) -> tuple[Tensor, Size]:
        """The map of the stage before (or pixels) → [class ; patches], [B, S, D], and this stage's (h, w)."""
        map_BDhw = self.patch_embed(map_BChw)
        patches_BPD = map_BDhw.flatten(2).mT
        if self.cls_token is not None:
            patches_BPD = torch.cat([self.cls_token.expand(len(patches_BPD), -1, -1), patches_BPD], 1)
        return patches_BPD, (map_BDhw.shape[2], map_BDhw.shape[3])


class Cvt(nn.Module):
    """The parameters of a CvT, called as in the public checkpoints and nothing besides: `stage0` …, `norm`, `head`.

    CvT-13 has 19,997,480 of them, 12,864 of which are the biases of q, k and v.
    """

    def __init__(self, shape: CvtShape):
        super().__init__()
        self.shape = shape
        for i in range(len(shape.widths)):
            self.add_module(f"stage{i}", Stage(shape, i))
        self.norm = nn.LayerNorm(shape.widths[-1])
        self.head = nn.Linear(shape.widths[-1], shape.classes)

    @property
    def stages(self) -> list[Stage]:
        """In order."""
        return [self.get_submodule(f"stage{i}") for i in range(len(self.shape.widths))]


class CvtTower(nn.Module):
    """A CvT of any input size, with or without prompts: called like `swin.SwinTower`, and a detector's tower like it.

    A map has as many rows as its convolution finds, ⌊(H + 1) / 4⌋ in the first stage of CvT-13, then half of them, rounded up.
    In train mode BatchNorm mixes the frames of a batch; in eval mode a frame is the same whoever shares its batch.

    widths: D of each stage. places: every (stage, block), in order. norms, one per stage, and between, which re-projects
    prompts from a stage to the next, are ours: no public file holds them.
    """

    def __init__(self, cvt: Cvt):
        super().__init__()
        self.cvt = cvt
        self.widths = cvt.shape.widths
        self.places = tuple((i, j) for i, stage in enumerate(cvt.stages) for j in range(len(stage.blocks)))
        self.norms = nn.ModuleList(nn.LayerNorm(D) for D in self.widths)
        self.between = nn.ModuleList(nn.Linear(D, wider) for D, wider in zip(self.widths, self.widths[1:]))

    def forward(
        self,
        pixels_BCHW: Tensor,
        prompts: Tensor | Mapping[Place, Tensor] | None = None,
        *,
        stages: Collection[int] | None = None,
        order: str = "plain",
        look: bool = False,
    ) -> Pyramid:
        """The maps of the stages asked for (all, if not said); nothing behind the last of them is computed.

        prompts: None skips them, and this is CvT. [B, Q, D_0] is shallow: they enter before the first block and go through
        all. {(stage, block): [B, Q, D_stage]} is deep: each enters before its block and is removed right after it. One set
        for the whole batch is [1, Q, D]. Zeros are not None: they take their share of every softmax.
        order: "plain", the only one: there are no merged patches whose order could differ.
        look: `Look`s of blocks with prompts. to_prompts lies on the map, to_patches on the map that keys are read from, every
        second row and column; a prompt's map sums to 1 less what the prompts themselves and the class token received.
        """
        stages = range(len(self.widths)) if stages is None else stages
        if order != "plain":
            raise BadKnob(f"CvT merges no patches, so the order in which prompts are merged is plain, got {order}.")
        return self.walk(pixels_BCHW, prompts, stages, look)[0]

    def logits(self, pixels_BCHW: Tensor, prompts: Tensor | Mapping[Place, Tensor] | None = None) -> Tensor:
        """What the class token says, as released: [B, Y]. prompts as in `forward`."""
        last = len(self.widths) - 1
        return self.cvt.head(self.cvt.norm(self.walk(pixels_BCHW, prompts, [last], False)[1][:, 0]))

    def walk(
        self, pixels_BCHW: Tensor, prompts: Tensor | Mapping[Place, Tensor] | None, stages: Collection[int], look: bool
    ) -> tuple[Pyramid, Tensor]:
        """`forward`, and the tokens after the last block, prompts removed: [class ; patches]."""
        entering = {(0, 0): prompts} if isinstance(prompts, Tensor) else dict(prompts or {})
        check_prompts(entering, self.places, self.widths, len(pixels_BCHW))
        deep = not isinstance(prompts, Tensor)
        pyramid = Pyramid({}, {}, {})
        map_BDhw, tokens_BSD = pixels_BCHW, pixels_BCHW[:0]
        prompts_BQD = None
        for i, stage in enumerate(self.cvt.stages[: max(stages, default=-1) + 1]):
            tokens_BSD, grid = stage.embed(map_BDhw)
            if prompts_BQD is not None:
                prompts_BQD = self.between[i - 1](prompts_BQD)
            for j, block in enumerate(stage.blocks):
                if (i, j) in entering:
                    prompts_BQD = entering[i, j].expand(len(tokens_BSD), -1, -1)
                if prompts_BQD is None:
                    tokens_BSD, _ = block(tokens_BSD, grid)
                    continue
                Q = prompts_BQD.shape[1]
                made_BSD, share_BSR = block(torch.cat([prompts_BQD, tokens_BSD], 1), grid, look)
                prompts_BQD, tokens_BSD = made_BSD[:, :Q], made_BSD[:, Q:]
                pyramid.prompts[i, j] = prompts_BQD
                if share_BSR is not None:
                    pyramid.looks[i, j] = looked(share_BSR, Q, grid)
                if deep:
                    prompts_BQD = None
            map_BDhw = split(tokens_BSD, grid)[1]
            if i in stages:
                pyramid.maps[i] = self.norms[i](map_BDhw.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return pyramid, tokens_BSD

    def block_inputs(self, pixels_BCHW: Tensor, wanted: Collection[Place]) -> dict[Place, Tensor]:
        """{(stage, block): [B, h, w, D_stage]}: what enters those blocks, without prompts. For deep prompts of supports.

        Nothing behind the last of them is computed.
        """
        check_prompts(dict.fromkeys(wanted), self.places, self.widths, len(pixels_BCHW))
        found, map_BDhw = {}, pixels_BCHW
        for i, stage in enumerate(self.cvt.stages):
            tokens_BSD, grid = stage.embed(map_BDhw)
            for j, block in enumerate(stage.blocks):
                if (i, j) in wanted:
                    found[i, j] = split(tokens_BSD, grid)[1].permute(0, 2, 3, 1)
                if len(found) == len(set(wanted)):
                    return found
                tokens_BSD, _ = block(tokens_BSD, grid)
            map_BDhw = split(tokens_BSD, grid)[1]
        return found

    def grids(self, size: Size) -> list[Size]:
        """See `tower.Tower`: what each stage's convolution finds."""
        made, (h, w), shape = [], size, self.cvt.shape
        for _, kernel, stride, pad in zip(shape.widths, shape.kernels, shape.strides, shape.pads):
            h, w = ((side + 2 * pad - kernel) // stride + 1 for side in (h, w))
            made.append((h, w))
        return made

    def windows(self, place: Place, size: Size) -> int:
        """One: every token attends to the whole map."""
        return 1

    def entry_flops(self, stage: int, size: Size, prompts: int) -> int:
        """The convolution that embeds tokens, and the linear map of prompts."""
        h, w = self.grids(size)[stage]
        embedded = 2 * h * w * self.cvt.stages[stage].patch_embed.proj.weight.numel()
        return embedded + (2 * prompts * self.between[stage - 1].weight.numel() if stage else 0)

    def block_flops(self, place: Place, size: Size, prompts: int) -> int:
        """Convolutions and linear maps before q (S tokens), k and v (R tokens), attention of S to R, output and FFN."""
        stage, (h, w), D = self.cvt.stages[place[0]], self.grids(size)[place[0]], self.widths[place[0]]
        P, M, front = h * w, read_grid((h, w))[0] * read_grid((h, w))[1], prompts + (stage.cls_token is not None)
        S, R = front + P, front + M
        return 2 * (9 * (P + 2 * M) * D + (2 * S + 2 * R) * D * D + 2 * S * R * D + 2 * S * D * D * self.cvt.shape.ratio)


def convolution(D: int, stride: int) -> nn.Module:
    """What a map is read through before q, k or v: 3×3 in every channel for itself, then BatchNorm."""
    each = nn.Conv2d(D, D, 3, stride, 1, groups=D, bias=False)
    return nn.Sequential(OrderedDict(conv=each, bn=nn.BatchNorm2d(D)))


def split(tokens_BSD: Tensor, grid: Size) -> tuple[Tensor, Tensor]:
    """[front ; patches] → the tokens in front [B, F, D], F = 0 where there are none, and the map [B, D, h, w]."""
    front = tokens_BSD.shape[1] - grid[0] * grid[1]
    return tokens_BSD[:, :front], tokens_BSD[:, front:].mT.unflatten(2, grid)


def looked(share_BSR: Tensor, Q: int, grid: Size) -> Look:
    """The attention of a block to and from its first Q tokens, on the maps where it lies."""
    read = read_grid(grid)
    S, R = share_BSR.shape[1:]
    return Look(
        to_prompts_BQhw=share_BSR[:, S - grid[0] * grid[1] :, :Q].mT.unflatten(2, grid),
        to_patches_BQhw=share_BSR[:, :Q, R - read[0] * read[1] :].unflatten(2, read),
    )


def read_grid(grid: Size) -> Size:
    """Rows and columns of the map that keys and values are read from."""
    return (grid[0] + 1) // 2, (grid[1] + 1) // 2
