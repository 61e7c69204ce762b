"""STPN's predictors of dynamic video prompts (DVP): support features of K frames → Q prompts for the current frame.

    `AttentionPredictor`   learned queries, one cross-attention to all patches of all supports (released wiring)
    `AveragePredictor`     the strongest patches of each support, averaged rank by rank (released wiring)
    `MixerPredictor`       patches mixed by MLPs: named in the paper, but its layers are in no source that could be read

(STPN: Spatio-temporal Prompting Network, ICCV 2023, arXiv 2402.02574.) All are called alike: support features
[B, K, P, D_L] → prompts [B, Q, D_0] and, if asked to look, where each prompt looked, [B, N, Q, K, P], which sums to 1 over
K and P. Supports have no order in time for any of them: shuffling the K frames changes nothing but rounding.

Letters: B batch, K support frames, P patches (row-major), Q prompts, D width, N heads, d width of a head, M cells.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import BadKnob, BadWeights


class AttentionPredictor(nn.Module):
    """R′ = R W_r, A = softmax_KP(Q W_q (R′ W_k)ᵀ / √d), prompts = (A R′ W_v) W_o; every W with a bias.

    R: patches of all supports, D_L wide; R′ and Q are D_0 wide. W_r is `reduction`, Q `query`, W_q `fc_embed`,
    W_k `ref_fc_embed`, W_v `ref_fc`, W_o `fc`: the names of the released weights. No residual, no norm, no code of place or
    time. 16 heads as released.
    """

    def __init__(self, features: int, width: int, prompts: int = 5, heads: int = 16):
        super().__init__()
        if width % heads:
            raise BadKnob(f"The width of the prompts is a multiple of the heads, {heads}, got {width}.")
        self.heads = heads
        self.query = nn.Parameter(torch.randn(prompts, width))
        self.reduction = nn.Linear(features, width)
        self.fc_embed = nn.Linear(width, width)
        self.ref_fc_embed = nn.Linear(width, width)
        self.ref_fc = nn.Linear(width, width)
        self.fc = nn.Linear(width, width)

    def forward(self, support_BKPD: Tensor, look: bool = False, query: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """query: Q of each frame of the batch, [B, Q, D]; the learned ones for all, if not said."""
        check_width(support_BKPD, self.reduction)
        B, K, P, _ = support_BKPD.shape
        reduced_BSD = self.reduction(support_BKPD.flatten(1, 2))  # S = K·P
        query_BNQd = self.by_head(self.fc_embed(self.query[None] if query is None else query)).expand(B, -1, -1, -1)
        key_BNSd, value_BNSd = self.by_head(self.ref_fc_embed(reduced_BSD)), self.by_head(self.ref_fc(reduced_BSD))
        if not look:
            mixed_BNQd = F.scaled_dot_product_attention(query_BNQd, key_BNSd, value_BNSd)
            return self.fc(mixed_BNQd.transpose(1, 2).flatten(2)), None
        attention_BNQS = (query_BNQd @ key_BNSd.mT * query_BNQd.shape[-1] ** -0.5).softmax(-1)
        mixed_BNQd = attention_BNQS @ value_BNSd
        return self.fc(mixed_BNQd.transpose(1, 2).flatten(2)), attention_BNQS.unflatten(-1, (K, P))

    def by_head(self, x_BSD: Tensor) -> Tensor:
        """[B, S, D] → [B, N, S, d]."""
        return x_BSD.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class AveragePredictor(nn.Module):
    """prompt q = W · mean over supports of the patch with the q-th largest Σ|feature|, in each support its own, and a bias.

    The attention to draw: 1/K at the patch that a support gave to rank q, 0 elsewhere. One head.
    """

    def __init__(self, features: int, width: int, prompts: int = 5):
        super().__init__()
        self.prompts = prompts
        self.fc = nn.Linear(features, width)

    def forward(self, support_BKPD: Tensor, look: bool = False) -> tuple[Tensor, Tensor | None]:
        check_width(support_BKPD, self.fc)
        _, K, P, _ = support_BKPD.shape
        if P < self.prompts:
            raise BadKnob(f"N (prompts) is 1 to {P}, the patches of a support frame, got {self.prompts}.")
        norm_BKP = support_BKPD.abs().sum(-1)
        rank_BKQ = norm_BKP.argsort(dim=-1, descending=True, stable=True)[..., : self.prompts]  # among equals the earlier
        prompt_BQD = self.fc(support_BKPD.take_along_dim(rank_BKQ[..., None], 2).mean(1))
        if not look:
            return prompt_BQD, None
        chosen_BQKP = F.one_hot(rank_BKQ, P).transpose(1, 2).to(prompt_BQD.dtype)
        return prompt_BQD, chosen_BQKP[:, None] / K


class MixerPredictor(nn.Module):
    """X = R W_r, X̄ = its M cells; U = X̄ + MLP_M(LN X̄); U = U + MLP_D(LN U); A = softmax_KM(U W_a); prompts = (A X̄) W_o.

    Our reading: one Mixer layer (Tolstikhin et al., MLP-Mixer, 2021) over each support, then Q weightings of what was
    mixed. A token MLP needs a fixed number of tokens, so the P patches of a support are averaged into M runs of the reading
    order (patches themselves where P = M; patches repeat where P < M): any K and any P will do. The mixed U decide only where
    to look, and what is taken is the average X̄ itself: so A, spread over the patches of each cell, is all that a prompt
    sees, and prompts = W_o Σ_KP A X holds exactly. One head. Where in its frame a patch lies matters here, unlike with the
    other two.
    """

    def __init__(self, features: int, width: int, prompts: int = 5, cells: int = 49):
        super().__init__()
        self.cells = cells
        self.reduction = nn.Linear(features, width)
        self.place_norm = nn.LayerNorm(width)
        self.places = nn.Sequential(nn.Linear(cells, cells), nn.GELU(), nn.Linear(cells, cells))
        self.channel_norm = nn.LayerNorm(width)
        self.channels = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.weigh = nn.Linear(width, prompts)
        self.fc = nn.Linear(width, width)

    def forward(self, support_BKPD: Tensor, look: bool = False) -> tuple[Tensor, Tensor | None]:
        check_width(support_BKPD, self.reduction)
        _, K, P, _ = support_BKPD.shape
        cell_BKMD = self.pooled(self.reduction(support_BKPD))
        mixed_BKMD = cell_BKMD + self.places(self.place_norm(cell_BKMD).mT).mT
        mixed_BKMD = mixed_BKMD + self.channels(self.channel_norm(mixed_BKMD))
        weight_BQS = self.weigh(mixed_BKMD).flatten(1, 2).softmax(1).mT  # S = K·M
        prompt_BQD = self.fc(weight_BQS @ cell_BKMD.flatten(1, 2))
        if not look:
            return prompt_BQD, None
        pool_MP = self.pooled(torch.eye(P, device=support_BKPD.device, dtype=weight_BQS.dtype)[None, None])[0, 0]
        return prompt_BQD, (weight_BQS.unflatten(2, (K, self.cells)) @ pool_MP)[:, None]

    def pooled(self, x_BKPD: Tensor) -> Tensor:
        """Mean of M runs of the P patches, as equal as they can be: [B, K, M, D]."""
        runs = F.adaptive_avg_pool1d(x_BKPD.flatten(0, 1).mT, self.cells).mT
        return runs.unflatten(0, x_BKPD.shape[:2])


class MotionPredictor(AttentionPredictor):
    """Attention over [E ; E_k − E_{k−1}], in the place of E: what a patch shows, and what has changed there since the support
    before. Ours: the paper's prompts have no cue of motion. The first support has none before it, and no change; unlike for
    the others, the order of the supports matters."""

    def __init__(self, features: int, width: int, prompts: int = 5, heads: int = 16):
        super().__init__(2 * features, width, prompts, heads)

    def forward(self, support_BKPD: Tensor, look: bool = False) -> tuple[Tensor, Tensor | None]:
        change_BKPD = F.pad(support_BKPD.diff(dim=1), (0, 0, 0, 0, 1, 0))
        return super().forward(torch.cat([support_BKPD, change_BKPD], -1), look)


class DualPredictor(nn.Module):
    """Two branches: queries read the current frame first, Q′ = Q + Attn(Q, E_t), and ask the supports then: prompts =
    Attn(Q′, E_τ) + W_c(Q′ − Q).

    Ours: the paper's predictor never sees the frame that its prompts are for. What is asked of the supports can depend here on
    what that frame shows; the attention to draw is that to the supports. One head to the frame, 16 to the supports.
    """

    def __init__(self, features: int, width: int, prompts: int = 5, heads: int = 16):
        super().__init__()
        self.supports = AttentionPredictor(features, width, prompts, heads)
        self.reduction = nn.Linear(features, width)
        self.key, self.value, self.own = (nn.Linear(width, width) for _ in range(3))

    def forward(self, support_BKPD: Tensor, look: bool = False, own_BPD: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """own_BPD: the current frame's features, read without prompts as a support's are."""
        if own_BPD is None:
            raise BadKnob("These prompts are predicted from the current frame, too, and its features were not given.")
        reduced_BPD, query_QD = self.reduction(own_BPD), self.supports.query
        query_BQD = query_QD.expand(len(own_BPD), -1, -1)
        read_BQD = F.scaled_dot_product_attention(query_BQD, self.key(reduced_BPD), self.value(reduced_BPD))
        prompt_BQD, attention = self.supports(support_BKPD, look, query_BQD + read_BQD)
        return prompt_BQD + self.own(read_BQD), attention


PREDICTORS = {"attention": AttentionPredictor, "average": AveragePredictor, "mixer": MixerPredictor}
FURTHER = {"motion": MotionPredictor, "dual": DualPredictor}  # ours: in the tables; on the page once they beat attention


def check_width(support_BKPD: Tensor, linear: nn.Linear) -> None:
    """Support features are as wide as the predictor reads them, or a BadWeights says so."""
    if support_BKPD.shape[-1] != linear.in_features:
        raise BadWeights(
            f"This predictor reads support features {linear.in_features} wide, and these are {support_BKPD.shape[-1]} wide."
        )
