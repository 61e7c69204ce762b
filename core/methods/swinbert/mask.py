"""SwinBERT's stages of the frames and of the mask: which pairs of patches may see each other, and which do.

Letters as in the method; B tokens of as many frames as V was learned with.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from core.device import upload
from core.methods.swinbert import equations
from core.video.clip import Clip

USUAL, LONG, SCRATCH = "log_sigmoid", "inherited", "scratch"  # variants: of V, and of twice as many frames
TRAINED = {"trained on": LONG, "from scratch": SCRATCH}  # V of twice as many frames that was trained itself
INHERIT = (*equations.INHERITANCES, *TRAINED)


def frame_K(clip: Clip, budget: int) -> tuple[int, ...]:
    """v = the middle of each of T equal parts of the clip: the frames that the network is given; of a short clip some twice."""
    return tuple((2 * k + 1) * len(clip) // (2 * budget) for k in range(budget))


def square_TSSC(clip: Clip, swinbert, device) -> Tensor:
    """The middle square of each frame, as few pixels as the network reads, each the mean of those that it stands for."""
    frame_THWC = upload(clip, device)
    shape = swinbert.captioner(USUAL).shape
    _, H, W, _ = frame_THWC.shape
    square, side = min(H, W), shape.cells * shape.patch
    top, left = (H - square) // 2, (W - square) // 2
    middle_TCHW = frame_THWC[:, top : top + square, left : left + square].permute(0, 3, 1, 2).float()
    return F.interpolate(middle_TCHW, (side, side), mode="area").round().to(torch.uint8).permute(0, 2, 3, 1)


def picture_KSSC(square_TSSC: Tensor, frame_K: tuple[int, ...]) -> Tensor:
    """x_k = square of frame v_k: what the network is given."""
    return torch.stack([square_TSSC[frame] for frame in frame_K])


# ---- the gate -------------------------------------------------------------------------------------------------------------


def learned_BB(swinbert, form: str, learned: int) -> Tensor:
    """V: what was learned of each pair of patches, at this point of the training."""
    return swinbert.mask_MM(form, learned)


def mask_MM(learned_BB: Tensor, swinbert, budget: int, inherit: str) -> Tensor:
    """V of the frames that are given: as it was learned, or what twice as many frames have of it."""
    own = swinbert.captioner(USUAL).shape.frames
    return learned_BB if budget == own else longer(learned_BB, swinbert, budget, inherit)


def longer(learned_BB: Tensor, swinbert, budget: int, inherit: str) -> Tensor:
    """V of more frames than it was learned with: what they inherit, or what was trained with as many."""
    if inherit in TRAINED:
        return swinbert.mask_MM(TRAINED[inherit])
    own, chance = swinbert.captioner(USUAL).shape.frames, torch.Generator().manual_seed(0)
    return equations.inherited(learned_BB.cpu(), own, budget, inherit, chance).to(learned_BB)


def open_MM(mask_MM: Tensor, swinbert, budget: int, pattern: str, form: str, density: float, window: int, draw: int) -> Tensor:
    """Pairs that are open: of a pattern as it says; of V the highest where the gate is hard, all where it is not."""
    if pattern == "learned":
        gate_MM = equations.gate(mask_MM)
        return equations.densest(gate_MM, density) if form == "hard" else torch.ones_like(gate_MM, dtype=torch.bool)
    # of the processor: the same pairs on every device; with no draw, those that the captioner was trained with
    chance = torch.Generator().manual_seed(swinbert.seed + draw)
    cells = swinbert.captioner(USUAL).shape.cells
    return equations.pattern(pattern, budget, cells, window, density, chance).to(mask_MM.device)


def gate_MM(mask_MM: Tensor, open_MM: Tensor, pattern: str, form: str) -> Tensor:
    """m = I + (1 − I)·σ(V): how far each pair is open; of a pattern or a hard gate 1 or 0."""
    return equations.gate(mask_MM) if pattern == "learned" and form != "hard" else open_MM.float()


def bias_MM(mask_MM: Tensor, open_MM: Tensor, pattern: str, form: str) -> Tensor:
    """b = log m, or (1 − m)·(−10,000) as released: what is added to the attention of each pair before its softmax."""
    return equations.bias(mask_MM, form, open_MM) if pattern == "learned" else equations.shut(open_MM)


def variant(swinbert, pattern: str, form: str, budget: int) -> str:
    """Which captioner is asked: the one that was trained with this mask; of twice as many frames there is one."""
    own = swinbert.captioner(USUAL).shape.frames
    return LONG if budget != own else form if pattern == "learned" else pattern


def open_share(gate_MM: Tensor) -> float:
    """ρ = mean of m over pairs of two tokens."""
    return equations.density(gate_MM)


def row_KP(gate_MM: Tensor, budget: int, token: int) -> Tensor:
    """m_i: how far a token is open to each patch of each frame."""
    return row_of(gate_MM, budget, token)


def row_of(table_MM: Tensor, budget: int, token: int) -> Tensor:
    """The row of a token, the last where there are fewer, frame by frame."""
    return table_MM[min(token, len(table_MM)) - 1].unflatten(0, (budget, -1))


def bar_PK(gate_MM: Tensor, budget: int) -> Tensor:
    """For each patch of frame 1 the mean of m over the other patches of each frame."""
    P = len(gate_MM) // budget
    other_PM = gate_MM[:P] * ~equations.diagonal(gate_MM)[:P]
    count_K = torch.full((budget,), float(P), device=gate_MM.device)
    count_K[0] -= 1
    return other_PM.unflatten(1, (budget, P)).sum(-1) / count_K


# ---- how it was learned -----------------------------------------------------------------------------------------------------


def density_X2(swinbert, form: str, device) -> Tensor:
    """(percent of the training, ρ): how the sparsity loss shuts pairs."""
    return curve(swinbert.learning.get(form, ()), "density").to(device)


def loss_X2(swinbert, form: str, device) -> Tensor:
    """(percent of the training, L_MLM): how well words that are hidden are filled in."""
    return curve(swinbert.learning.get(form, ()), "loss").to(device)


def curve(notes, what: str) -> Tensor:
    """Percent of the training, and one of what was noted there."""
    last = max((note.step for note in notes), default=0) or 1
    return torch.tensor([[100 * note.step / last, getattr(note, what)] for note in notes]).reshape(-1, 2)


# ---- the attention that is really used --------------------------------------------------------------------------------------


def look_LMM(picture_KSSC: Tensor, bias_MM: Tensor, variant: str, swinbert) -> Tensor:
    """a = softmax(q·k/√E + b): what each patch takes from each, in every layer, mean over heads."""
    captioner = swinbert.captioner(variant)
    seen = captioner.watch(captioner.tokens(picture_KSSC[None]), bias_MM, look=True)
    return torch.stack([look_BAMM[0].mean(0) for look_BAMM in seen.look_BAMM])


def used_MM(look_LMM: Tensor, layer: int) -> Tensor:
    """a of the layer that is shown: with the gate in it, what attention really is."""
    return look_LMM[layer - 1]


def used_KP(used_MM: Tensor, budget: int, token: int) -> Tensor:
    """a_i: what a token takes from each patch of each frame."""
    return row_of(used_MM, budget, token)


def elsewhere(used_MM: Tensor) -> float:
    """1 − mean of a_ii: what patches take from other patches. Where it is 0, each sees itself alone."""
    return float(1 - used_MM.diagonal().mean())
