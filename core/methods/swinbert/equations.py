"""SwinBERT's mask: which patches of a video may see each other, as a table V of one number for each ordered pair.

Lin et al., SwinBERT: End-to-End Transformers with Sparse Attention for Video Captioning, CVPR 2022. Everything here is a pure
function, for training and the page alike. Tables are [M, M], row: the token that looks, column: the one that is looked at.

Letters: T frames, P = C² cells of a frame, M = T·P video tokens.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

FORMS = ("log_sigmoid", "as_released", "hard")
PATTERNS = ("learned", "full", "identity", "spatial_window", "temporal_window", "random")
INHERITANCES = ("along time", "flat index", "diagonal blocks")
RELEASED = -10_000.0  # what the released code multiplies 1 − m by
HALF = 0.5  # the paper's threshold


# ---- the gate -------------------------------------------------------------------------------------------------------------


def gate(mask_MM: Tensor) -> Tensor:
    """m = I + (1 − I) σ(V): how far each pair is open; a token always sees itself."""
    own_MM = torch.eye(len(mask_MM), device=mask_MM.device)
    return own_MM + (1 - own_MM) * mask_MM.sigmoid()


def bias_log_sigmoid(mask_MM: Tensor) -> Tensor:
    """b = log m: added to the attention's logits, it multiplies what the softmax gives a pair by its gate."""
    return F.logsigmoid(mask_MM).masked_fill(diagonal(mask_MM), 0.0)


def bias_as_released(mask_MM: Tensor) -> Tensor:
    """b = (1 − m) · (−10,000), as in the released code: a pair is shut unless σ(V) is almost 1, and then V has no gradient."""
    return (1 - gate(mask_MM)) * RELEASED


def bias_hard(mask_MM: Tensor, open_MM: Tensor) -> Tensor:
    """b = 0 where a pair is open, else −∞; V has the gradient of log m (straight-through), which reaches open pairs alone."""
    soft_MM = bias_log_sigmoid(mask_MM)
    return shut(open_MM).to(soft_MM) + soft_MM - soft_MM.detach()


def bias(mask_MM: Tensor, form: str, open_MM: Tensor | None = None) -> Tensor:
    """What a form of the gate adds to the attention of each pair. open_MM: of a hard one; without it, gates above one half."""
    if form == "log_sigmoid":
        return bias_log_sigmoid(mask_MM)
    if form == "as_released":
        return bias_as_released(mask_MM)
    if form == "hard":
        return bias_hard(mask_MM, above(gate(mask_MM)) if open_MM is None else open_MM)
    raise ValueError(f"a form of the gate is one of {', '.join(FORMS)}, got {form!r}")


def shut(open_MM: Tensor) -> Tensor:
    """0 where a pair is open, −∞ where it is not."""
    return torch.zeros(open_MM.shape, device=open_MM.device).masked_fill(~open_MM, -torch.inf)


def diagonal(table_MM: Tensor) -> Tensor:
    """Which entries are a token with itself."""
    return torch.eye(len(table_MM), dtype=torch.bool, device=table_MM.device)


# ---- hard masks, sparsity and density ---------------------------------------------------------------------------------------


def above(gate_MM: Tensor, threshold: float = HALF) -> Tensor:
    """Which pairs stay open when gates are rounded at a threshold; a token always sees itself."""
    return (gate_MM > threshold) | diagonal(gate_MM)


def densest(gate_MM: Tensor, share: float) -> Tensor:
    """The `share` of pairs with the highest gates, and every token with itself: a hard mask of a chosen density."""
    own_MM = diagonal(gate_MM)
    kept = round(share * (~own_MM).sum().item())
    best = gate_MM.masked_fill(own_MM, -1.0).flatten().topk(kept).indices
    return own_MM | torch.zeros(own_MM.numel(), dtype=torch.bool, device=gate_MM.device).index_fill(0, best, True).view_as(
        own_MM
    )


def sparsity(mask_MM: Tensor, weight: float) -> Tensor:
    """L_SPARSE = λ · mean of m over pairs of two tokens (the paper's sum, divided by their number as in the released code)."""
    return weight * mask_MM.sigmoid()[~diagonal(mask_MM)].mean()


def density(open_MM: Tensor) -> float:
    """The share of pairs of two tokens that are open; of gates, their mean."""
    return open_MM[~diagonal(open_MM)].float().mean().item()


# ---- patterns that nothing learned ----------------------------------------------------------------------------------------


def pattern(
    name: str, frames: int, cells: int, window: int = 1, share: float = 0.05, chance: torch.Generator | None = None
) -> Tensor:
    """Which pairs are open, [M, M] bool. cells: along a side. window: of a window, cells or frames to each side. share: of a
    random one, how many pairs of two tokens are open; chance: which."""
    time_M, row_M, column_M = places(frames, cells)
    M = len(time_M)
    if name == "full":
        return torch.ones(M, M, dtype=torch.bool)
    if name == "identity":
        return torch.eye(M, dtype=torch.bool)
    if name == "spatial_window":
        return torch.maximum(apart(row_M), apart(column_M)) <= window
    if name == "temporal_window":
        return apart(time_M) <= window
    if name == "random":
        return densest(torch.rand(M, M, generator=chance), share)
    raise ValueError(f"a pattern is one of {', '.join(PATTERNS[1:])}, got {name!r}")


def places(frames: int, cells: int) -> tuple[Tensor, Tensor, Tensor]:
    """Frame, row and column of each token, [M] each."""
    index_M = torch.arange(frames * cells**2)
    return index_M // cells**2, index_M % cells**2 // cells, index_M % cells


def apart(place_M: Tensor) -> Tensor:
    """|a_i − a_j|, [M, M]."""
    return (place_M[:, None] - place_M).abs()


# ---- from T frames to 2T --------------------------------------------------------------------------------------------------


def inherited(
    mask_MM: Tensor, frames: int, longer: int, how: str = "along time", chance: torch.Generator | None = None
) -> Tensor:
    """V of a video of `longer` frames from that of one of `frames`, [M′, M′].

    along time       linear interpolation between frames, for each pair of cells; V of a token with itself, which nothing
                     learned, counts as the mean of V
    flat index       the released code's bilinear expansion, had it an effect: over the index that numbers frames and cells in
                     one, so that what a token inherits belongs to another cell
    diagonal blocks  the released code's other way: V of each stretch of `frames` with itself, and chance between stretches
    """
    if how == "flat index":
        size = len(mask_MM) * longer // frames
        return F.interpolate(mask_MM[None, None], size=(size, size), mode="bilinear", align_corners=False)[0, 0]
    if how == "diagonal blocks":
        times = longer // frames
        made = torch.randn(times * len(mask_MM), times * len(mask_MM), generator=chance)
        for block in (slice(one * len(mask_MM), (one + 1) * len(mask_MM)) for one in range(times)):
            made[block, block] = mask_MM
        return made
    if how != "along time":
        raise ValueError(f"a mask is inherited {', '.join(INHERITANCES)}, got {how!r}")
    own_MM, P = diagonal(mask_MM), len(mask_MM) // frames
    table_TPTP = mask_MM.masked_fill(own_MM, mask_MM[~own_MM].mean().item()).view(frames, P, frames, P)
    table_XTT = table_TPTP.permute(1, 3, 0, 2).flatten(0, 1)[:, None]
    longer_XTT = F.interpolate(table_XTT, size=(longer, longer), mode="bilinear", align_corners=False)[:, 0]
    return longer_XTT.view(P, P, longer, longer).permute(2, 0, 3, 1).reshape(longer * P, longer * P)


# ---- what the truth says of a mask ----------------------------------------------------------------------------------------


def either(table_MM: Tensor) -> Tensor:
    """max(a_ij, a_ji): whether one of two tokens may see the other. What two patches say together can be found at either."""
    return torch.maximum(table_MM, table_MM.T)


def auroc(score: Tensor, true: Tensor) -> float:
    """How often a true one has a higher score than one that is not; equal scores count half (Mann and Whitney)."""
    rank = torch.tensor(average_ranks(score.flatten().double()))
    true = true.flatten().bool()
    yes, no = int(true.sum()), int((~true).sum())
    return ((rank[true].sum() - yes * (yes + 1) / 2) / (yes * no)).item()


def average_ranks(score: Tensor) -> list[float]:
    """Ranks from 1, equal scores sharing the mean of theirs."""
    values, which, count = score.unique(return_inverse=True, return_counts=True)
    last = count.cumsum(0)
    return ((2 * last - count + 1) / 2)[which].tolist()
