"""A frozen Vision Transformer, taken apart so that prompts can enter it and its attention can be read.

Any timm `VisionTransformer` with a class token will do: any patch size, any input size, register tokens or none.

Letters: B batch, C channels, H W pixels, P patches (row-major), R prefix tokens (CLS first, then registers), S sequence,
D width, N heads, L layers, E features shared with the text tower.
"""

from functools import partial

import torch
import torch.nn.functional as F
from timm.layers import PatchEmbed
from timm.models.vision_transformer import Attention, Block, VisionTransformer
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core.device import upload
from core.errors import BadWeights
from core.progress import tick
from core.video.clip import Clip


class VisionTower(nn.Module):
    """A timm ViT and the pixel statistics it was trained with.

    size: (H, W) pixels it takes. grid: (rows, columns) of patches. depth: number of blocks. width: D.
    precision: of the blocks' matrix products. The patch embedding stays in single precision, so that M and W^t, which read
    it, are the same in both; only A and the features are rounded.
    """

    mean: Tensor
    std: Tensor
    precision = torch.float32

    def __init__(self, vit: VisionTransformer, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)):
        super().__init__()
        if vit.cls_token is None:
            raise BadWeights("Attention is read from a class token, and this vision transformer has none.")
        for block in vit.blocks:
            kinds = type(block), type(getattr(block, "attn", None))
            if kinds != (Block, Attention):
                unlike = kinds[0] if kinds[0] is not Block else kinds[1]
                raise BadWeights(
                    "Queries and keys are read of blocks that attend first and have one MLP then, and this vision "
                    f"transformer is built of others (timm's {unlike.__name__})."
                )
        self.vit = vit
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

    @property
    def size(self) -> tuple[int, int]:
        return self.vit.patch_embed.img_size

    @property
    def grid(self) -> tuple[int, int]:
        return self.vit.patch_embed.grid_size

    @property
    def patches(self) -> int:
        return self.grid[0] * self.grid[1]

    @property
    def depth(self) -> int:
        return len(self.vit.blocks)

    @property
    def width(self) -> int:
        return self.vit.embed_dim

    def pixels(self, frames_BHWC: Tensor) -> Tensor:
        """uint8 RGB frames of any size → normalised [B, 3, H, W] of this tower's size.

        Our reading: the whole frame is resized, nothing is cropped, so that every pixel lies under a patch.
        """
        frames_BCHW = frames_BHWC.permute(0, 3, 1, 2).float() / 255
        if frames_BCHW.shape[-2:] != self.size:
            frames_BCHW = F.interpolate(frames_BCHW, self.size, mode="bilinear", antialias=True)
        return (frames_BCHW - self.mean) / self.std

    def embed(self, pixels_BCHW: Tensor) -> Tensor:
        """Patch embedding and position, before the first block: [B, R + P, D]."""
        return self.vit.norm_pre(self.vit._pos_embed(self.vit.patch_embed(pixels_BCHW)))

    @property
    def prefix(self) -> int:
        """R: tokens before the patches (CLS and registers)."""
        return self.vit.num_prefix_tokens

    def rounded(self) -> torch.autocast:
        """Inside, the blocks run in `precision`."""
        enabled = self.precision is not torch.float32
        return torch.autocast(self.mean.device.type, self.precision if enabled else torch.bfloat16, enabled)

    def attention(self, layer: int, tokens_BSD: Tensor) -> Tensor:
        """CLS → patch attention of one block (0-based) over the patches of one frame, mean over heads: [B, P].

        Softmax over the patches alone: CLS and registers take no part, so each row sums to 1.
        """
        return self.attend(layer, tokens_BSD[:, :1], tokens_BSD[:, self.prefix :])

    def attend(self, layer: int, cls_B1D: Tensor, patches_BPD: Tensor) -> Tensor:
        """The same of tokens that stand apart; one CLS will do for all frames. Not rounded: it costs next to nothing."""
        return self.attend_each(layer, cls_B1D, patches_BPD).mean(1)

    def attend_each(self, layer: int, cls_B1D: Tensor, patches_BPD: Tensor) -> Tensor:
        """The same, head by head: [B, N, P]."""
        block = self.vit.blocks[layer]
        return key_shares(block, block.norm1(cls_B1D), block.norm1(patches_BPD))

    def attentions(self, tokens_BSD: Tensor, layers: int | None = None) -> Tensor:
        """`attention` of the first `layers` blocks (all, if not said) along the unprompted per-frame pass: [L, B, P]."""
        layers = layers or self.depth
        maps = []
        for layer, block in enumerate(self.vit.blocks[:layers]):
            tick(layer / layers)
            maps.append(self.attention(layer, tokens_BSD))
            if layer + 1 < layers:
                with self.rounded():
                    tokens_BSD = block(tokens_BSD).to(maps[0].dtype)
        return torch.stack(maps)

    def blocks(self, tokens_BSD: Tensor, seen_BS: Tensor | None = None, start: int = 0, stop: int | None = None) -> Tensor:
        """Blocks start … stop − 1. seen_BS: False for padding tokens that nobody may attend to."""
        mask = None if seen_BS is None else seen_BS[:, None, None, :]
        chosen, given = self.vit.blocks[start:stop], tokens_BSD.dtype
        with self.rounded():
            for done, block in enumerate(chosen):
                tick(done / len(chosen))
                tokens_BSD = block(tokens_BSD, attn_mask=mask)
        return tokens_BSD.to(given)

    def last_block(self, tokens_BSD: Tensor, seen_BS: Tensor | None = None) -> Tensor:
        """The last block for the CLS token alone: [B, 1, D]. Nothing reads its other outputs, so they are not computed."""
        block: Block = self.vit.blocks[-1]
        if type(block) is not Block or getattr(block.attn, "gate", None) is not None:
            return self.blocks(tokens_BSD, seen_BS, self.depth - 1)[:, :1]  # a variant of timm's: run it as it is
        normed_BSD = block.norm1(tokens_BSD)
        gathered_BND = key_shares(block, normed_BSD[:, :1], normed_BSD, seen_BS) @ normed_BSD
        # what is gathered is multiplied by W_v after the sum over tokens, not before it
        weight_NdD, bias = block.attn.qkv.weight.chunk(3)[2].unflatten(0, (block.attn.num_heads, -1)), block.attn.qkv.bias
        mixed_BD = torch.einsum("bne,nde->bnd", gathered_BND, weight_NdD).flatten(1)
        mixed_B1D = block.attn.norm(mixed_BD if bias is None else mixed_BD + bias.chunk(3)[2])[:, None]
        x_B1D = tokens_BSD[:, :1] + block.ls1(block.attn.proj(mixed_B1D))
        return x_B1D + block.ls2(block.mlp(block.norm2(x_B1D)))

    def feature(self, tokens_BSD: Tensor) -> Tensor:
        """CLS after the last block → the space shared with texts: [B, E], unit length."""
        # not `forward_head`: it pools as the model's classifier does, and some average patches, which are not here
        cls_BD = self.vit.fc_norm(self.vit.norm(tokens_BSD[:, 0]))
        return F.normalize(self.vit.head(cls_BD), dim=-1)

    def encode(self, tokens_BSD: Tensor, seen_BS: Tensor | None = None) -> Tensor:
        """All blocks and the head: [B, E], unit length."""
        return self.feature(self.last_block(self.blocks(tokens_BSD, seen_BS, 0, self.depth - 1), seen_BS))


def encoded(clip: Clip, vision: VisionTower, device: torch.device) -> Tensor:
    """What a frozen tower sees in each of these frames, [T, E], unit length."""
    return vision.encode(vision.embed(vision.pixels(upload(clip, device))))


def heads(block: Block, normed_BSD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Query, key, value of a timm attention, [B, N, S, d] each."""
    attn = block.attn
    parts = attn.qkv(normed_BSD).unflatten(-1, (3, attn.num_heads, -1)).permute(2, 0, 3, 1, 4)
    query, key, value = parts.unbind(0)
    return attn.q_norm(query), attn.k_norm(key), value


def key_shares(block: Block, asks_B1D: Tensor, tokens_BSD: Tensor, seen_BS: Tensor | None = None) -> Tensor:
    """How much one token (normed, as all here) looks at each of the others, head by head: [B, N, S], rows sum to 1.

    q·(W_k x + b) is (W_kᵀ q)·x + q·b, and the softmax does not see q·b, which is the same for every key. So one query asks all
    tokens for the price of one token, and nobody computes their keys.
    """
    attn = block.attn
    if isinstance(attn.k_norm, nn.Identity):
        weight, bias = attn.qkv.weight.chunk(3), attn.qkv.bias
        query_BNd = attn.q_norm(F.linear(asks_B1D[:, 0], weight[0], None if bias is None else bias.chunk(3)[0])
                                .unflatten(-1, (attn.num_heads, -1)))  # fmt: skip
        look_BND = torch.einsum("bnd,nde->bne", query_BNd, weight[1].unflatten(0, (attn.num_heads, -1)))
        logits_BNS = look_BND @ tokens_BSD.transpose(1, 2)
    else:
        query, key = heads(block, asks_B1D)[0], heads(block, tokens_BSD)[1]
        logits_BNS = (query @ key.transpose(2, 3))[:, :, 0]
    if seen_BS is not None:
        logits_BNS = logits_BNS.masked_fill(~seen_BS[:, None], -torch.inf)
    return (logits_BNS * attn.scale).softmax(-1)


class PatchStem(PatchEmbed):
    """Patch tokens from convolutions that do not overlap: a quarter of the patch, then twice its double.

    A linear embedding of a patch learns shapes slowly (Xiao et al., Early Convolutions Help Transformers See Better, 2021);
    here the convolutions never look beyond the patch, and have no norm, so that a token changes only where its own
    patch does and as much as it does: M is as sharp as with a linear embedding.
    """

    def __init__(self, *, embed_dim: int, patch_size: int, **rest):
        super().__init__(embed_dim=embed_dim, patch_size=patch_size, **rest)
        if patch_size % 4:
            raise ValueError(f"A stem of three steps cuts the patch into quarters: a multiple of 4, got {patch_size}.")
        fine, middle, quarter = embed_dim // 2, 3 * embed_dim // 4, patch_size // 4
        self.proj = nn.Sequential(
            nn.Conv2d(3, fine, quarter, stride=quarter),
            nn.GELU(),
            nn.Conv2d(fine, middle, 2, stride=2),
            nn.GELU(),
            nn.Conv2d(middle, embed_dim, 2, stride=2),
        )


class ConvolutionStem(PatchEmbed):
    """Patch tokens from convolutions that overlap: a token sees ten pixels (of a patch of 16) around its own patch, too.

    A shape is an outline, and an outline runs across patches: this stem reads it whole, where `PatchStem` leaves it to the
    blocks to join. norms: batch norms, for training alone; `folded` leaves the same function without them, so that here, too,
    a token changes as much as its pixels do.
    """

    def __init__(self, *, embed_dim: int, patch_size: int, norms: bool = False, **rest):
        super().__init__(embed_dim=embed_dim, patch_size=patch_size, **rest)
        if patch_size % 8:
            raise ValueError(f"A stem of convolutions needs a patch that is a multiple of 8, got {patch_size}.")
        few, some, many, quarter = embed_dim // 4, embed_dim // 3, 2 * embed_dim // 3, patch_size // 4
        plan = (  # channels in and out, kernel, stride, zeros around: each as far to the left of its place as to the right
            (3, few, 2 * quarter, quarter, quarter // 2), (few, few, 3, 1, 1), (few, some, 3, 1, 1),
            (some, many, 2, 2, 0), (many, embed_dim, 2, 2, 0),
        )  # fmt: skip
        steps: list[nn.Module] = []
        for fan_in, channels, kernel, stride, zeros in plan:
            steps.append(nn.Conv2d(fan_in, channels, kernel, stride, zeros, bias=not norms))
            steps += [nn.BatchNorm2d(channels)] * norms + [nn.ReLU()]
        self.proj = nn.Sequential(*steps, nn.Conv2d(embed_dim, embed_dim, 1))

    def folded(self) -> dict[str, Tensor]:
        """The state of the same stem without norms, each in the convolution before it."""
        parts, kept = list(self.proj), []
        for part, after in zip(parts, [*parts[1:], None], strict=True):
            if not isinstance(part, nn.BatchNorm2d):
                kept.append(fuse_conv_bn_eval(part, after) if isinstance(after, nn.BatchNorm2d) else part)
        return nn.Sequential(*kept).state_dict(prefix="proj.")


STEMS = {"patch": PatchStem, "convolutions": ConvolutionStem}


def small_vit(
    *, size: tuple[int, int] = (128, 128), patch: int = 16, width: int = 128, depth: int = 3, features: int = 128,
    stem: str = "patch", norms: bool = False,
) -> VisionTransformer:  # fmt: skip
    """The vision tower this project trains: CLIP's layout (class token, linear head), small, with a stem and no norm
    before the first block, where M is measured.

    A file says what its tower is by these arguments; files older than `stem` have "patch". norms: while it is trained.
    """
    return VisionTransformer(
        img_size=size,
        patch_size=patch,
        embed_dim=width,
        depth=depth,
        num_heads=width // 32,
        num_classes=features,
        pre_norm=False,
        global_pool="token",
        init_values=None,
        embed_layer=partial(ConvolutionStem, norms=True) if norms else STEMS[stem],
    )
