"""A prompted Swin: timm's modules as they are, walked through again so that prompts can travel with the patches.

    X ← X + DropPath(SW-MSA(LN X)),  X ← X + DropPath(FFN(LN X)),  X = [prompts ; patches]

(Spatio-temporal Prompting Network, ICCV 2023, arXiv 2402.02574; what it leaves open follows its released code.)
Prompts take part in every window: each window gets a copy, every copy attends to and is attended by all of its tokens
(position bias 0, shift mask 0), and the new prompts are the mean of the copies. They never leave with the maps.

Letters: B batch, C channels, H W pixels or the padded map, h w the map, P patches (row-major), Q prompts, S = Q + P or
Q + M tokens, V windows (row-major), M places in a window (row-major), D width, N heads, d width of a head.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache

import torch
import torch.nn.functional as F
from timm.models.swin_transformer import PatchMerging, SwinTransformer, SwinTransformerBlock, WindowAttention
from torch import Tensor, nn

from core.errors import BadKnob, BadWeights
from core.networks.tower import Look, Place, Pyramid, Size, check_prompts

ORDERS = ("plain", "released")
ROW = 16  # numbers that the processor takes at once: keys of a prompted window come in whole rows


class SwinTower(nn.Module):
    """A timm Swin of any input size, with or without prompts, and a norm for every stage's map.

    Windows are always partitioned and odd blocks always shifted, even where the map is one window, and a map is padded
    before it is rolled. timm does otherwise: build it with `always_partition=True`, or it shrinks the windows of small maps.

    widths: D of each stage. places: every (stage, block), in order. norms: one per stage but the last, which has timm's;
    they start as plain LayerNorms, and no classifier's weights hold them.
    """

    def __init__(self, swin: SwinTransformer):
        super().__init__()
        if not isinstance(swin, SwinTransformer):
            raise BadWeights(f"The prompts are written for timm's SwinTransformer, and this is a {type(swin).__name__}.")
        self.swin = swin
        self.widths = tuple(stage.blocks[0].dim for stage in swin.layers)
        self.places = tuple((i, j) for i, stage in enumerate(swin.layers) for j in range(len(stage.blocks)))
        like = next(swin.parameters())
        self.norms = nn.ModuleList(nn.LayerNorm(D, device=like.device, dtype=like.dtype) for D in self.widths[:-1])

    def norm(self, stage: int) -> nn.Module:
        return self.norms[stage] if stage < len(self.norms) else self.swin.norm

    def embed(self, pixels_BCHW: Tensor) -> tuple[Tensor, Size]:
        """Patch embedding and its norm, pixels padded with zeros at the bottom and right: [B, P, D_0], (h, w)."""
        stem = self.swin.patch_embed
        patch: Size = stem.patch_size
        H, W = pixels_BCHW.shape[-2:]
        x_BDhw = stem.proj(F.pad(pixels_BCHW, (0, -W % patch[1], 0, -H % patch[0])))
        return stem.norm(x_BDhw.flatten(2).transpose(1, 2)), (x_BDhw.shape[2], x_BDhw.shape[3])

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

        prompts: None skips them, and this is Swin. [B, Q, D_0] is shallow: they enter before the first block and go through
        all. {(stage, block): [B, Q, D_stage]} is deep: each enters before its block and is removed right after it.
        One set for the whole batch is [1, Q, D]. Zeros are not None: a prompt of zeros takes its share of every softmax
        and leaves the first block as something else.
        order: how shallow prompts are merged between stages, see `merge_prompts`.
        """
        stages = range(len(self.widths)) if stages is None else stages
        entering = {(0, 0): prompts} if isinstance(prompts, Tensor) else dict(prompts or {})
        check_prompts(entering, self.places, self.widths, len(pixels_BCHW))
        deep = not isinstance(prompts, Tensor)
        maps, made, looks = {}, {}, {}
        tokens_BSD, grid = self.embed(pixels_BCHW)
        for i, stage in enumerate(self.swin.layers[: max(stages, default=-1) + 1]):
            if i > 0:
                tokens_BSD, grid = merge(stage.downsample, tokens_BSD, grid, order)
            for j, block in enumerate(stage.blocks):
                if (i, j) in entering:
                    tokens_BSD = torch.cat([entering[i, j].expand(len(tokens_BSD), -1, -1), tokens_BSD], 1)
                tokens_BSD, seen = swin_block(block, tokens_BSD, grid, shifted=j % 2 == 1, look=look)
                prompts_BQD, patches_BPD = split(tokens_BSD, grid)
                if prompts_BQD is not None:
                    made[i, j] = prompts_BQD
                if seen is not None:
                    looks[i, j] = seen
                if deep:
                    tokens_BSD = patches_BPD
            if i in stages:
                maps[i] = self.norm(i)(split(tokens_BSD, grid)[1]).transpose(1, 2).unflatten(2, grid)
        return Pyramid(maps, made, looks)

    def block_inputs(self, pixels_BCHW: Tensor, wanted: Collection[Place]) -> dict[Place, Tensor]:
        """{(stage, block): [B, h, w, D_stage]}: what enters those blocks, without prompts. For deep prompts of supports.

        Nothing behind the last of them is computed.
        """
        check_prompts(dict.fromkeys(wanted), self.places, self.widths, len(pixels_BCHW))
        found = {}
        tokens_BPD, grid = self.embed(pixels_BCHW)
        for i, stage in enumerate(self.swin.layers):
            if i > 0:
                tokens_BPD, grid = merge(stage.downsample, tokens_BPD, grid)
            for j, block in enumerate(stage.blocks):
                if (i, j) in wanted:
                    found[i, j] = tokens_BPD.unflatten(1, grid)
                if len(found) == len(set(wanted)):
                    return found
                tokens_BPD, _ = swin_block(block, tokens_BPD, grid, shifted=j % 2 == 1)
        return found

    def grids(self, size: Size) -> list[Size]:
        """See `tower.Tower`: patches cover the pixels, and a stage has half the rows of the one before, rounded up."""
        patch: Size = self.swin.patch_embed.patch_size
        grids = [(-(-size[0] // patch[0]), -(-size[1] // patch[1]))]
        while len(grids) < len(self.widths):
            grids.append(((grids[-1][0] + 1) // 2, (grids[-1][1] + 1) // 2))
        return grids

    def windows(self, place: Place, size: Size) -> int:
        """V: windows that cover the map."""
        (h, w), window = self.grids(size)[place[0]], self.swin.layers[place[0]].blocks[place[1]].attn.window_size
        return -(-h // window[0]) * -(-w // window[1])

    def entry_flops(self, stage: int, size: Size, prompts: int) -> int:
        """Patch embedding, or the merging of patches, of which a prompt is one."""
        h, w = self.grids(size)[stage]
        if stage == 0:
            patch, flops = self.swin.patch_embed.patch_size, 0
            rows, columns = h * patch[0], w * patch[1]
            for conv in (one for one in self.swin.patch_embed.modules() if isinstance(one, nn.Conv2d)):
                rows, columns = -(-rows // conv.stride[0]), -(-columns // conv.stride[1])
                flops += 2 * rows * columns * conv.weight.numel()
            return flops
        return 2 * (h * w + prompts) * self.swin.layers[stage].downsample.reduction.weight.numel()

    def block_flops(self, place: Place, size: Size, prompts: int) -> int:
        """Query, key, value and output of V·M patches and Q prompts; V windows of (M + Q)² attention; the MLP without
        padding."""
        block, (h, w), Q = self.swin.layers[place[0]].blocks[place[1]], self.grids(size)[place[0]], prompts
        V, M, D = self.windows(place, size), block.attn.window_size[0] * block.attn.window_size[1], block.dim
        return 2 * ((V * M + Q) * 4 * D * D + 2 * V * (M + Q) ** 2 * D + (h * w + Q) * 2 * D * block.mlp.fc1.out_features)


def split(tokens_BSD: Tensor, grid: Size) -> tuple[Tensor | None, Tensor]:
    """[prompts ; patches] → prompts [B, Q, D] (None, if there are none) and patches [B, P, D]."""
    Q = tokens_BSD.shape[1] - grid[0] * grid[1]
    return (tokens_BSD[:, :Q], tokens_BSD[:, Q:]) if Q else (None, tokens_BSD)


def swin_block(
    block: SwinTransformerBlock, tokens_BSD: Tensor, grid: Size, *, shifted: bool, look: bool = False
) -> tuple[Tensor, Look | None]:
    """One block over [prompts ; patches], [B, S, D] → the same. Prompts are normed, added, mixed and dropped like patches."""
    mixed_BSD, seen = shifted_window_attention(block.attn, block.norm1(tokens_BSD), grid, shifted=shifted, look=look)
    tokens_BSD = tokens_BSD + block.drop_path1(mixed_BSD)
    return tokens_BSD + block.drop_path2(block.mlp(block.norm2(tokens_BSD))), seen


def shifted_window_attention(
    attn: WindowAttention, tokens_BSD: Tensor, grid: Size, *, shifted: bool, look: bool = False
) -> tuple[Tensor, Look | None]:
    """SW-MSA: pad the map (zeros, bottom and right), roll it, attend within windows, roll back, crop. [B, S, D] → the same."""
    (h, w), window = grid, attn.window_size
    prompts_BQD, patches_BPD = split(tokens_BSD, grid)
    map_BHWD = F.pad(patches_BPD.unflatten(1, grid), (0, 0, 0, -w % window[1], 0, -h % window[0]))
    size = (map_BHWD.shape[1], map_BHWD.shape[2])
    shift = (window[0] // 2, window[1] // 2) if shifted else (0, 0)
    mask_VMM = None
    if any(shift):
        map_BHWD = map_BHWD.roll((-shift[0], -shift[1]), (1, 2))
        mask_VMM = shift_mask(size, window, shift, tokens_BSD.device)

    def back(windows_BVMX: Tensor) -> Tensor:
        """→ [B, h, w, X], each value where it was."""
        map_BHWX = window_reverse(windows_BVMX, window, size)
        return (map_BHWX.roll(shift, (1, 2)) if any(shift) else map_BHWX)[:, :h, :w]

    windows_BVMD = window_partition(map_BHWD, window)
    windows_BVMD, prompts_BQD, share_BVSS = prompted_window_attention(attn, windows_BVMD, prompts_BQD, mask_VMM, look)
    mixed_BPD = back(windows_BVMD).flatten(1, 2)
    if prompts_BQD is None:
        return mixed_BPD, None
    seen = None
    if share_BVSS is not None:
        Q, V = prompts_BQD.shape[1], share_BVSS.shape[1]
        seen = Look(
            to_prompts_BQhw=back(share_BVSS[:, :, Q:, :Q]).permute(0, 3, 1, 2),
            to_patches_BQhw=back(share_BVSS[:, :, :Q, Q:].transpose(2, 3)).permute(0, 3, 1, 2) / V,
        )
    return torch.cat([prompts_BQD, mixed_BPD], 1), seen


def prompted_window_attention(
    attn: WindowAttention,
    windows_BVMD: Tensor,
    prompts_BQD: Tensor | None = None,
    mask_VMM: Tensor | None = None,
    look: bool = False,
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """softmax(q kᵀ · scale + bias + mask) v in every window over [prompts ; patches]; bias and mask are 0 for prompts.

    Returns windows [B, V, M, D], prompts [B, Q, D] (the mean over the windows of their outputs) and, if asked to look,
    the attention [B, V, S, S], mean over heads.

    The copies of a prompt differ only after attention, so query, key and value are computed once and copied; the output
    projection is linear, so it is applied to the mean. Behind the keys stand some that nobody attends to, for a row of 69 of
    them takes the processor half as long again as one of 80.
    """
    B, V, M = windows_BVMD.shape[:3]
    qkv_BVSX = attn.qkv(windows_BVMD)
    at_X = attn.relative_position_index.flatten()
    bias_VNSS = attn.relative_position_bias_table.T.index_select(1, at_X).unflatten(1, (M, M))[None]
    Q, more = 0, 0
    if prompts_BQD is not None:
        Q = prompts_BQD.shape[1]
        more = 0 if look else -(Q + M) % ROW
        qkv_BQX = attn.qkv(prompts_BQD)
        nobody_BVRX = qkv_BQX.new_zeros(()).expand(B, V, more, qkv_BQX.shape[-1])
        qkv_BVSX = torch.cat([qkv_BQX[:, None].expand(-1, V, -1, -1), qkv_BVSX, nobody_BVRX], 2)
        bias_VNSS = F.pad(F.pad(bias_VNSS, (Q, 0, Q, 0)), (0, more), value=-torch.inf)
    if mask_VMM is not None:
        bias_VNSS = bias_VNSS + F.pad(mask_VMM, (Q, more, Q, 0))[:, None].to(bias_VNSS.dtype)
    query, key, value = qkv_BVSX.unflatten(-1, (3, attn.num_heads, -1)).permute(3, 0, 1, 4, 2, 5).unbind(0)  # [B, V, N, S, d]
    query = query[..., : Q + M, :]
    drop, share_BVSS = attn.attn_drop.p if attn.training else 0.0, None
    if look:
        weight_BVNSS = (query @ key.mT * attn.scale + bias_VNSS).softmax(-1)
        share_BVSS = weight_BVNSS.mean(2)
        mixed_BVNSd = attn.attn_drop(weight_BVNSS) @ value
    else:
        bias = bias_VNSS if len(bias_VNSS) == 1 else bias_VNSS.expand(B, -1, -1, -1, -1).flatten(0, 1)
        parts = (part.flatten(0, 1) for part in (query, key, value))  # four dimensions: only these have a fast kernel
        mixed = F.scaled_dot_product_attention(*parts, attn_mask=bias.to(query.dtype), dropout_p=drop, scale=attn.scale)
        mixed_BVNSd = mixed.unflatten(0, (B, V))
    mixed_BVSD = mixed_BVNSd.transpose(2, 3).flatten(3)
    windows_BVMD = attn.proj_drop(attn.proj(mixed_BVSD[:, :, Q:]))
    if prompts_BQD is not None:
        prompts_BQD = attn.proj_drop(attn.proj(mixed_BVSD[:, :, :Q].mean(1)))
    return windows_BVMD, prompts_BQD, share_BVSS


def window_partition(map_BHWD: Tensor, window: Size) -> Tensor:
    """[B, H, W, D] → [B, V, M, D]; H and W are multiples of the window. A frame's windows stay with the frame."""
    x = map_BHWD.unflatten(2, (-1, window[1])).unflatten(1, (-1, window[0]))  # rows, in a window, columns, in a window
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def window_reverse(windows_BVMD: Tensor, window: Size, size: Size) -> Tensor:
    """[B, V, M, D] → [B, H, W, D], size = (H, W)."""
    x = windows_BVMD.unflatten(2, window).unflatten(1, (size[0] // window[0], size[1] // window[1]))
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)


@lru_cache(maxsize=32)
def shift_mask(size: Size, window: Size, shift: Size, device: torch.device | None = None) -> Tensor:
    """−100 between two places of a window of which the roll brought one around the edge, 0 elsewhere: [V, M, M]."""
    wrapped_H = torch.arange(size[0], device=device) >= size[0] - shift[0]
    wrapped_W = torch.arange(size[1], device=device) >= size[1] - shift[1]
    side_HW = 2 * wrapped_H[:, None].int() + wrapped_W.int()
    side_VM = window_partition(side_HW[None, :, :, None], window)[0, :, :, 0]
    return -100.0 * (side_VM[:, :, None] != side_VM[:, None, :])


def merge(merging: PatchMerging, tokens_BSD: Tensor, grid: Size, order: str = "plain") -> tuple[Tensor, Size]:
    """Patch merging of [prompts ; patches]: timm's own for the patches; prompts through the same norm and linear map."""
    prompts_BQD, patches_BPD = split(tokens_BSD, grid)
    map_BhwD = merging(patches_BPD.unflatten(1, grid))
    merged_BSD = map_BhwD.flatten(1, 2)
    if prompts_BQD is not None:
        merged_BSD = torch.cat([merging.reduction(merging.norm(merge_prompts(prompts_BQD, order))), merged_BSD], 1)
    return merged_BSD, (map_BhwD.shape[1], map_BhwD.shape[2])


def merge_prompts(prompts_BQD: Tensor, order: str) -> Tensor:
    """A prompt in the place of four patches, before norm and linear map: [B, Q, D] → [B, Q, 4D].

    plain: (p, p, p, p), as four equal patches would stand. released: the same, but read by weights that stand channel by
    channel (index 4c + k, k the patch) and not patch by patch, as the released checkpoint was trained: with timm's weights,
    which stand patch by patch in the order 0, 2, 1, 3, entry c of patch k is p[(4c + k) mod D].
    """
    if order not in ORDERS:
        raise BadKnob(f"The order in which prompts are merged is one of {', '.join(ORDERS)}, got {order}.")
    four_BQX = prompts_BQD.repeat(1, 1, 4)
    if order == "plain":
        return four_BQX
    return four_BQX.unflatten(2, (-1, 2, 2)).permute(0, 1, 4, 3, 2).flatten(2)
