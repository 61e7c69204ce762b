"""STOP's four trained parts: two filters that measure change and two prompters that write tokens.

    𝒩^s  `dynamics_filter`   depth-wise 3-D convolution of the tokens; its mean square is M
    𝒫^s  `spatial`           Conv3d → ReLU → Conv3d → Linear → ReLU → Linear → Dropout, over frames i − 1, i, i + 1
    𝒩^t  `gap_filter`        depth-wise 3-D convolution of the differences; its weighted mean square is W^t
    𝒫^t  `temporal`          Attention → Conv3d → ReLU → Conv3d → Linear → Dropout, over one gap's differences

(STOP, CVPR 2025, Figure 2 b, c.) Kernel sizes and widths are not in any source that could be read; ours are small.
Letters: B batch, T frames, G gaps, P patches (h × w), Q prompts a gap can hold, D width.
"""

import torch
from torch import Tensor, nn

LONGEST = 0.5  # of p^s, in lengths of the token it is added to
CAP = 8  # Q: the most prompts a gap can hold. The paper states no bound on ⌈η·W⌉, and a live app needs one.


class Filter(nn.Module):
    """𝒩: a depth-wise Conv3d with no bias, started as a temporal filter. [B, T, P, D] → the same shape.

    No bias, so that a difference of nothing stays nothing: 𝒩^t reads differences, and a still clip has no W^t. 𝒩^s reads
    tokens, and is an exact difference only as it starts: a trained one answers a still clip a little, and M, on the clip's
    own scale, shows it. Time is padded by repeating the end frames, not with zeros, so that identical frames stay identical
    at both ends of the clip.
    """

    def __init__(self, width: int, taps: tuple[float, float, float]):
        super().__init__()
        self.conv = nn.Conv3d(width, width, 3, padding=(0, 1, 1), groups=width, bias=False)
        nn.init.zeros_(self.conv.weight)
        with torch.no_grad():
            self.conv.weight[:, 0, :, 1, 1] = torch.tensor(taps)

    def forward(self, tokens_BTPD: Tensor, grid: tuple[int, int]) -> Tensor:
        return to_tokens(self.conv(repeat_ends(to_video(tokens_BTPD, grid))))

    def middle(self, tokens_TPD: Tensor, neighbours_T2PD: Tensor, grid: tuple[int, int]) -> Tensor:
        """The same where the frame before and the frame after each are given, [T, P, D]."""
        three_T3PD = torch.stack([neighbours_T2PD[:, 0], tokens_TPD, neighbours_T2PD[:, 1]], 1)
        return to_tokens(self.conv(to_video(three_T3PD, grid)))[:, 0]


class SpatialPrompter(nn.Module):
    """𝒫^s: a prompt for every patch from its neighbourhood in frames i − 1, i, i + 1. [B, T, P, D] → the same shape.

    The window of three frames is the first kernel's; the second looks only within the frame, so the window stays three.
    Time is padded by repeating the end frames here too: zeros would give a still clip other prompts at its ends, and the
    differences of prompted frames would then see a change where there is none.

    A prompt is at most half as long as the token it is added to. W^t is measured on prompted frames: with prompts as long as
    training likes them, several times their token, W^t tells what the prompts change, not what the frames do.
    """

    def __init__(self, width: int, hidden: int, dropout: float):
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv3d(width, hidden, 3, padding=(0, 1, 1)),
            nn.ReLU(),
            nn.Conv3d(hidden, hidden, (1, 3, 3), padding=(0, 1, 1)),
        )
        self.mlp = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, width), nn.Dropout(dropout))
        start(self, self.mlp[2])

    def read(self, tokens_BTPD: Tensor, grid: tuple[int, int]) -> Tensor:
        """What happens at each patch, before it is written as a prompt: [B, T, P, hidden]."""
        video_BDThw = repeat_ends(to_video(tokens_BTPD, grid)).contiguous()  # on a CPU the convolution takes half the time then
        return self.mlp[:2](to_tokens(self.convs(video_BDThw)))

    def write(self, read_BTPH: Tensor, tokens_BTPD: Tensor) -> Tensor:
        """The prompts that say it: [B, T, P, D]."""
        return no_longer(self.mlp[2:](read_BTPH), LONGEST * tokens_BTPD.norm(dim=-1, keepdim=True))

    def forward(self, tokens_BTPD: Tensor, grid: tuple[int, int]) -> Tensor:
        return self.write(self.read(tokens_BTPD, grid), tokens_BTPD)


class TemporalPrompter(nn.Module):
    """𝒫^t: Q prompts for every gap from its differences. [B, G, P, D] → [B, G, Q, D].

    Figure 2c ends in a Linear that turns the tokens of a gap into its prompts. A Linear over the token axis would tie the
    weights to one number of patches; ours gives each of the Q prompts a softmax over the patches, so any grid works.
    Time is padded by repeating the end gaps. A prompt is written from what its own gap shows and from the mean over all gaps
    of the clip: a gap without motion says one thing beside a gap with motion, and another in a still clip.
    """

    def __init__(self, width: int, hidden: int, dropout: float, heads: int = 4):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.convs = nn.Sequential(
            nn.Conv3d(width, hidden, (1, 3, 3), padding=(0, 1, 1)),
            nn.ReLU(),
            nn.Conv3d(hidden, width, (3, 1, 1)),  # over the gap before, this one and the one after
        )
        self.look = nn.Linear(width, CAP)
        self.pooled = nn.LayerNorm(width)
        self.value = nn.Linear(2 * width, CAP * width)
        self.dropout = nn.Dropout(dropout)
        start(self.convs, self.value)
        nn.init.normal_(self.value.weight, std=0.3 * width**-0.5)

    def read(self, difference_BGPD: Tensor, grid: tuple[int, int]) -> Tensor:
        """What happens in each gap, and in the clip, before it is written as prompts: [B, G, Q, E], E = 2 D."""
        B, G, _, _ = difference_BGPD.shape
        x = self.norm(difference_BGPD).flatten(0, 1)
        x = (x + self.attention(x, x, x, need_weights=False)[0]).unflatten(0, (B, G))
        x = to_tokens(self.convs(repeat_ends(to_video(x, grid))))
        weight_BGPQ = self.look(x).softmax(2)
        found_BGQD = self.pooled(torch.einsum("bgpq,bgpd->bgqd", weight_BGPQ, x))
        return torch.cat([found_BGQD, found_BGQD.mean((1, 2), keepdim=True).expand_as(found_BGQD)], -1)

    def write(self, read_BGQE: Tensor) -> Tensor:
        """The prompts that say it, each by a projection of its own: [B, G, Q, D]."""
        value_QDE = self.value.weight.view(CAP, -1, read_BGQE.shape[-1])
        prompt_BGQD = torch.einsum("bgqe,qde->bgqd", read_BGQE, value_QDE) + self.value.bias.view(CAP, -1)
        return self.dropout(prompt_BGQD)

    def forward(self, difference_BGPD: Tensor, grid: tuple[int, int]) -> Tensor:
        return self.write(self.read(difference_BGPD, grid))


def no_longer(prompts: Tensor, most: Tensor) -> Tensor:
    """[…, D] and […, 1]: the same prompts, those that are longer shortened to that length."""
    return prompts * (most / prompts.norm(dim=-1, keepdim=True).clamp(min=1e-6)).clamp(max=1)


def start(part: nn.Module, last: nn.Linear) -> None:
    """He et al.'s initialisation, so that prompts are as large as tokens from the first step; `last` at a third of it."""
    for layer in part.modules():
        if isinstance(layer, (nn.Conv3d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    with torch.no_grad():
        last.weight.div_(3)


class Prompter(nn.Module):
    """The four parts for one layer, and the constant that W^t is divided by."""

    change_scale: Tensor

    def __init__(self, width: int, hidden: int = 64, dropout: float = 0.0):
        super().__init__()
        self.dynamics_filter = Filter(width, (-0.5, 1.0, -0.5))  # each frame against the mean of its neighbours
        self.spatial = SpatialPrompter(width, hidden, dropout)
        self.gap_filter = Filter(width, (0.0, 1.0, 0.0))  # its input is a difference already
        self.temporal = TemporalPrompter(width, hidden, dropout)
        self.register_buffer("change_scale", torch.ones(()))

    @torch.no_grad()
    def silence(self) -> None:
        """Both prompters write zeros, whatever they read."""
        for last in (self.spatial.mlp[2], self.temporal.value):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)


class Prompters(nn.ModuleList):
    """One Prompter per prompted layer: one ("first") or as many as the tower has blocks ("all")."""

    def __init__(self, layers: int, width: int, hidden: int = 64, dropout: float = 0.0):
        super().__init__(Prompter(width, hidden, dropout) for _ in range(layers))


def to_video(tokens_BTPD: Tensor, grid: tuple[int, int]) -> Tensor:
    """[B, T, P, D] → [B, D, T, h, w], patches row-major."""
    return tokens_BTPD.unflatten(2, grid).permute(0, 4, 1, 2, 3)


def repeat_ends(video_BDThw: Tensor) -> Tensor:
    """One more frame at each end, equal to its neighbour: [B, D, T + 2, h, w]."""
    return torch.cat([video_BDThw[:, :, :1], video_BDThw, video_BDThw[:, :, -1:]], 2)


def to_tokens(video_BDThw: Tensor) -> Tensor:
    """[B, D, T, h, w] → [B, T, P, D]."""
    return video_BDThw.permute(0, 2, 3, 4, 1).flatten(2, 3)
