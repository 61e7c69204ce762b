"""The networks of STOP's released code: CLIP, two prompters, DGL's prompts and attention, and a bottleneck beside every MLP.

    github.com/zhoujiahuan1991/CVPR2025-STOP (commit a47eb224), on the base of DGL (Yang et al., AAAI 2024)

Modules and parameters are called as in its checkpoints, so that its state dict loads as it is. What the code does with one
clip is here; what it does with a batch, and with the seven-pixel comb, is in `core.methods.stop_released`.

Letters: T frames, C colours, H W pixels, P patches of a frame (row-major), D width, S tokens of a frame or sequence, Q prompts
a frame (4), G global prompts (4), L layers, Y texts, E features.
"""

from collections import OrderedDict
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import BadText
from core.networks.convolution import conv3d, conv3d_chain
from core.networks.text import fitting

PROMPTS = 4  # a frame, a video and at each end of a text: the released code has one number for all of them
HEAD = 64  # width of an attention head, as in every CLIP
RANK = 32  # of the bottlenecks that the code calls LoRA
SIDE_SCALE = 0.1  # of what they add
MODES = ("transformer", "linear")  # how DGL's prompts are made: `shared_latent_space` in the code


@dataclass(frozen=True)
class Shape:
    """Sizes of the networks; as they stand here they are the release's own, for ViT-B/32 at 224² and 12 frames.

    side: patches in a row. learned: rows of DGL's per-frame prompts (4 × 12 frames). text: width of the text tower, 0 without.
    quick: CLIP's own GELU, as OpenAI's weights need it."""

    side: int = 7
    patch: int = 32
    width: int = 768
    depth: int = 12
    features: int = 512
    text: int = 512
    text_depth: int = 12
    context: int = 77
    vocabulary: int = 49408
    mode: str = "transformer"
    learned: int = 48
    quick: bool = True

    @property
    def pixels(self) -> int:
        """Pixels of a side of the frame."""
        return self.side * self.patch


RELEASED = Shape()


class QuickGELU(nn.Module):
    """OpenAI's approximation, x·σ(1.702 x)."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    """CLIP's residual block; where `side` is True, with the code's bottleneck beside the MLP (D17)."""

    def __init__(self, width: int, quick: bool, side: bool = True):
        super().__init__()
        self.attn = nn.MultiheadAttention(width, width // HEAD, batch_first=True)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        gelu = QuickGELU() if quick else nn.GELU()
        parts = {"c_fc": nn.Linear(width, 4 * width), "gelu": gelu, "c_proj": nn.Linear(4 * width, width)}
        self.mlp = nn.Sequential(OrderedDict(parts))
        if side:
            self.LoRA = nn.Sequential(nn.Linear(width, RANK), nn.PReLU(), nn.Linear(RANK, width))

    def forward(self, x_BSD: Tensor, attend) -> Tensor:
        """attend: query, key, value [B, N, S, d] → what each token gathers [B, N, S, d]."""
        qkv = F.linear(self.ln_1(x_BSD), self.attn.in_proj_weight, self.attn.in_proj_bias)
        query, key, value = qkv.unflatten(-1, (3, self.attn.num_heads, -1)).permute(2, 0, 3, 1, 4)
        x_BSD = x_BSD + self.attn.out_proj(attend(query, key, value).transpose(1, 2).flatten(2))
        normed_BSD = self.ln_2(x_BSD)
        beside = SIDE_SCALE * self.LoRA(normed_BSD) if hasattr(self, "LoRA") else 0
        return x_BSD + self.mlp(normed_BSD) + beside


class Tower(nn.Module):
    """A stack of blocks."""

    def __init__(self, width: int, depth: int, quick: bool, side: bool = True):
        super().__init__()
        self.resblocks = nn.ModuleList(Block(width, quick, side) for _ in range(depth))


class TemporalPrompt(nn.Module):
    """Both prompters and both filters of the release. Its name and its parts' names are the checkpoint's."""

    def __init__(self, patches: int, width: int):
        super().__init__()
        near, far = (3, 11, 11), (3, 15, 25)
        self.Conv = nn.Sequential(
            nn.Conv3d(3, 9, near), nn.Conv3d(9, 9, near), nn.PReLU(), nn.Conv3d(9, 9, near), nn.PReLU(), nn.Conv3d(9, 16, near)
        )
        self.MLP = nn.Sequential(nn.Linear(16, 16), nn.PReLU(), nn.Linear(16, 3))
        self.Cal_Net = nn.Conv3d(3, 1, (5, 11, 11))
        self.Attention = nn.MultiheadAttention(width, width // HEAD, batch_first=True)
        self.InterConv = nn.Sequential(nn.Conv3d(1, 9, far), nn.PReLU(), nn.Conv3d(9, 1, far))
        self.InterMLP = nn.Sequential(nn.Linear(patches, 16), nn.PReLU(), nn.Linear(16, PROMPTS))
        self.Cal_Net_Inter = nn.Conv3d(1, 1, (5, 11, 11))

    def respond(self, pixels_TCHW: Tensor) -> Tensor:
        """The signed answer of `Cal_Net` at every pixel: no square, no token (D2). [T, H, W]"""
        return conv3d(pixels_TCHW.transpose(0, 1), self.Cal_Net)[0]

    def pixel_prompt(self, pixels_TCHW: Tensor) -> Tensor:
        """p: a colour to add at every pixel (D8). The dropouts of training are off. [T, C, H, W]"""
        made_FTHW = conv3d_chain(pixels_TCHW.transpose(0, 1), self.Conv)
        return self.MLP(made_FTHW.permute(1, 2, 3, 0)).permute(0, 3, 1, 2)

    def mix(self, tokens_TPD: Tensor) -> Tensor:
        """Self-attention over all T·P tokens of the clip, with no code for time (D10). [T, P, D]"""
        x_1SD = tokens_TPD.flatten(0, 1)[None]
        return self.Attention(x_1SD, x_1SD, x_1SD, need_weights=False)[0][0].unflatten(0, tokens_TPD.shape[:2])

    def change(self, mixed_TPD: Tensor) -> Tensor:
        """The signed answer of `Cal_Net_Inter` over frame × token × channel (D11). [T, P, D]"""
        return conv3d(mixed_TPD[None], self.Cal_Net_Inter)[0]

    def write(self, mixed_TPD: Tensor) -> Tensor:
        """Four prompts a frame, always: a Linear over the token axis (D14). [T, Q, D]"""
        made_TPD = conv3d_chain(mixed_TPD[None], self.InterConv)[0]
        return self.InterMLP(made_TPD.transpose(1, 2)).transpose(1, 2)


class Visual(nn.Module):
    """CLIP's image tower with the release's parts in it."""

    position_ids: Tensor

    def __init__(self, shape: Shape):
        super().__init__()
        patches, width, scale = shape.side**2, shape.width, shape.width**-0.5
        self.class_embedding = nn.Parameter(scale * torch.randn(width))
        self.positional_embedding = nn.Parameter(scale * torch.randn(1 + patches, width))
        self.proj = nn.Parameter(scale * torch.randn(width, shape.features))
        self.prompt_embeddings = nn.Parameter(scale * torch.randn(1, PROMPTS, width))
        self.conv1 = nn.Conv2d(3, width, shape.patch, stride=shape.patch, bias=False)
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.transformer = Tower(width, shape.depth, shape.quick)
        self.TemporalPrompt = TemporalPrompt(patches, width)
        self.register_buffer("position_ids", torch.arange(1 + patches)[None])

    def embed(self, pixels_TCHW: Tensor) -> Tensor:
        """[CLS; patches] of every frame, with positions, after `ln_pre`: [T, 1 + P, D]."""
        patches_TPD = self.conv1(pixels_TCHW).flatten(2).transpose(1, 2)
        cls_T1D = self.class_embedding.expand(len(patches_TPD), 1, -1)
        return self.ln_pre(torch.cat([cls_T1D, patches_TPD], 1) + self.positional_embedding)

    def encode(self, sequence_SD: Tensor, prompt_LTQD: Tensor) -> Tensor:
        """The blocks over [global prompts; CLS, prompts and patches of each frame] → global prompt 0, unit length: [E].

        From the second layer on a frame's prompts are overwritten with that layer's (D14, D16)."""
        T = prompt_LTQD.shape[1]
        x_SD = sequence_SD
        for layer, block in enumerate(self.transformer.resblocks):
            if layer:
                frames_TSD = x_SD[PROMPTS:].unflatten(0, (T, -1))
                parts = [frames_TSD[:, :1], prompt_LTQD[layer], frames_TSD[:, 1 + PROMPTS :]]
                x_SD = torch.cat([x_SD[:PROMPTS], torch.cat(parts, 1).flatten(0, 1)])
            x_SD = block(x_SD[None], lambda query, key, value: global_and_local(query, key, value, T))[0]
        return F.normalize(self.ln_post(x_SD[0]) @ self.proj, dim=-1)


class Released(nn.Module):
    """The whole of it. Pixels are normalised as CLIP's are."""

    mean: Tensor
    std: Tensor

    def __init__(self, shape: Shape = RELEASED):
        super().__init__()
        self.shape = shape
        self.visual = Visual(shape)
        if shape.text:
            scale = shape.text**-0.5
            self.transformer = Tower(shape.text, shape.text_depth, shape.quick)
            self.token_embedding = nn.Embedding(shape.vocabulary, shape.text)
            self.positional_embedding = nn.Parameter(scale * torch.randn(shape.context, shape.text))
            self.ln_final = nn.LayerNorm(shape.text)
            self.text_projection = nn.Parameter(scale * torch.randn(shape.text, shape.features))
            self.logit_scale = nn.Parameter(torch.tensor(1 / 0.07).log())
        rows, text = shape.depth * shape.width, shape.text or shape.features
        if shape.mode == "transformer":
            self.unified_prompt_embedding = nn.Embedding(2 * PROMPTS + shape.learned, rows)
            parts = {"c_fc": nn.Linear(shape.width, 3 * text), "gelu": QuickGELU(), "c_proj": nn.Linear(3 * text, text)}
            self.unified_prompt_mlp = nn.Sequential(OrderedDict(parts))
            self.PromptTransformer = Tower(shape.width, 1, quick=True, side=False)
        else:
            self.visual_prompt_embedding = nn.Parameter(shape.width**-0.5 * torch.randn(1, PROMPTS, rows))
            self.prefix_text_prompt_proj_layer = nn.Linear(shape.width, text)
            self.postfix_text_prompt_proj_layer = nn.Linear(shape.width, text)
        self.register_buffer("mean", torch.tensor((0.48145466, 0.4578275, 0.40821073)).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor((0.26862954, 0.26130258, 0.27577711)).view(3, 1, 1), persistent=False)
        self.eval().requires_grad_(False)

    def pixels(self, frames_THWC: Tensor) -> Tensor:
        """uint8 RGB frames of any size → the centre of each, its shorter side made to fit, normalised: [T, C, H, W]."""
        side = self.shape.pixels
        frames_TCHW = frames_THWC.permute(0, 3, 1, 2).float() / 255
        H, W = frames_TCHW.shape[-2:]
        size = (max(side, round(side * H / min(H, W))), max(side, round(side * W / min(H, W))))
        if size != (H, W):
            frames_TCHW = F.interpolate(frames_TCHW, size, mode="bilinear", antialias=True)
        top, left = (size[0] - side) // 2, (size[1] - side) // 2
        return (frames_TCHW[..., top : top + side, left : left + side] - self.mean) / self.std

    def prompts(self, T: int) -> tuple[Tensor, Tensor]:
        """DGL's learned prompts of every layer: for each of T frames [L, T, Q, D], and for texts [L, 2 Q, D of the text]."""
        if self.shape.mode == "linear":
            own_LQD = self.visual_prompt_embedding[0].unflatten(-1, (self.shape.depth, -1)).transpose(0, 1)
            ends = self.prefix_text_prompt_proj_layer(own_LQD), self.postfix_text_prompt_proj_layer(own_LQD)
            return own_LQD[:, None].expand(-1, T, -1, -1), torch.cat(ends, 1)
        rows_LRD = self.unified_prompt_embedding.weight.unflatten(-1, (self.shape.depth, -1)).transpose(0, 1)
        mixed_LRD = self.PromptTransformer.resblocks[0](rows_LRD, F.scaled_dot_product_attention)
        frames_LTQD = mixed_LRD[:, 2 * PROMPTS :].unflatten(1, (-1, PROMPTS))
        at_T = torch.linspace(0, frames_LTQD.shape[1] - 1, T, device=mixed_LRD.device).round().long()
        return frames_LTQD[:, at_T], self.unified_prompt_mlp(mixed_LRD[:, : 2 * PROMPTS])

    @property
    def reads(self) -> bool:
        """Whether there is a text tower: a frame tower alone has nothing to compare a text with."""
        return bool(self.shape.text)

    def text(self, texts: list[str]) -> Tensor:
        """[Y, E], unit length."""
        if not self.reads:
            raise BadText("These weights have no text tower, so texts cannot be compared with the video.")
        if empty := [text for text in texts if not text.strip()]:
            raise BadText(f"A text has at least one word, got {empty[0]!r}.")
        ids_YS = words(texts, self.shape.context).to(self.mean.device)
        end_Y, own = ids_YS.argmax(-1), ids_YS.shape[1]  # the end of a text has the largest number of all words
        prompt_LQD = self.prompts(1)[1]
        x_YSD = self.token_embedding(ids_YS) + self.positional_embedding[:own]
        x_YSD = torch.cat([x_YSD, prompt_LQD[0].expand(len(texts), -1, -1)], 1)
        rank_YS = places(end_Y, own)
        seen_Y1SS = (rank_YS[:, None, :] <= rank_YS[:, :, None])[:, None]  # each token sees those before it, and itself
        for layer, block in enumerate(self.transformer.resblocks):
            if layer:
                x_YSD = torch.cat([x_YSD[:, :own], prompt_LQD[min(layer, len(prompt_LQD) - 1)].expand(len(texts), -1, -1)], 1)
            x_YSD = block(x_YSD, lambda query, key, value: F.scaled_dot_product_attention(query, key, value, seen_Y1SS))
        last_YD = x_YSD[torch.arange(len(texts), device=end_Y.device), end_Y]
        return F.normalize(self.ln_final(last_YD) @ self.text_projection, dim=-1)


def global_and_local(query: Tensor, key: Tensor, value: Tensor, T: int) -> Tensor:
    """DGL's attention (D16): global prompts see everything, a frame's tokens see the global prompts and their own frame.

    [1, N, G + T·S, d] each → the same."""

    def local(x_1NSd):
        own_TNSd = x_1NSd[0, :, PROMPTS:].unflatten(1, (T, -1)).transpose(0, 1)
        return torch.cat([x_1NSd[:, :, :PROMPTS].expand(T, -1, -1, -1), own_TNSd], 2)

    whole = F.scaled_dot_product_attention(query[:, :, :PROMPTS], key, value)
    own_TNSd = F.scaled_dot_product_attention(local(query)[:, :, PROMPTS:], local(key), local(value))
    return torch.cat([whole, own_TNSd.transpose(0, 1).flatten(1, 2)[None]], 2)


def words(texts: list[str], context: int) -> Tensor:
    """CLIP's byte pairs of each text, no longer than the longest: [Y, S]. The tokenizer would cut what is too long without a
    word; here it is a BadText."""
    import open_clip  # only where a text is read: it takes seconds

    tokenizer = open_clip.get_tokenizer("ViT-B-32")
    for text, read in zip(texts, fitting(texts, tokenizer, context), strict=True):
        if read != text:
            raise BadText(f"This text tower reads up to {context} tokens, not the end of {text[:60]!r}: {text[len(read) :]!r}.")
    ids_YS = tokenizer(texts, context_length=context)
    return ids_YS[:, : int(ids_YS.argmax(-1).max()) + 1]


def places(end_Y: Tensor, own: int) -> Tensor:
    """The order in which tokens [words of a text; 4 prompts before; 4 prompts after] are read: [Y, S].

    Start, prompts, words, prompts, end: only what stands before the end is seen by it."""
    word_S = torch.arange(own, device=end_Y.device)
    before = torch.arange(1, 1 + PROMPTS, device=end_Y.device)
    rank_YS = word_S + PROMPTS * (word_S > 0) + PROMPTS * (word_S >= end_Y[:, None])
    return torch.cat([rank_YS, before.expand(len(end_Y), -1), end_Y[:, None] + before + PROMPTS - 1], 1)
