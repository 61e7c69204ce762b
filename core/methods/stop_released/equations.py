"""What the released code does with pixels, cells and weights, in a few lines each.

Letters: T frames, C colours, H W pixels, Z cells of the comb, P patches (row-major), Q prompts a frame, D width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

MEAN_FILTER = (5, 11, 11)  # as wide as `Cal_Net`


def pool_comb(response_THW: Tensor, side: int) -> Tensor:
    """What the code pools: pixels whose row and column leave the same remainders when divided by `side` (D3). [T, Z]

    Meant were patches; `unflatten` into (patch, side) instead of (side, patch) makes every cell a comb over the whole frame."""
    patch = response_THW.shape[-1] // side
    return response_THW.unflatten(-1, (patch, side)).unflatten(-3, (patch, side)).mean((-4, -2)).flatten(-2)


def pool_patches(response_THW: Tensor, side: int) -> Tensor:
    """What was meant: the mean over each patch. [T, P]"""
    patch = response_THW.shape[-1] // side
    return response_THW.unflatten(-1, (side, patch)).unflatten(-3, (side, patch)).mean((-3, -1)).flatten(-2)


def above_rank(cell_TZ: Tensor, rank: int) -> Tensor:
    """True where a cell is larger than the one at `rank`, counted from 0: so many, fewer on ties, none if all are alike."""
    bar_T1 = cell_TZ.sort(dim=-1, descending=True).values[:, rank, None]
    return cell_TZ > bar_T1


def tile(mask_TZ: Tensor, side: int, pixels: int) -> Tensor:
    """The cells laid over the frame again and again, every `side` pixels (D4). [T, H, W]"""
    again = pixels // side
    return mask_TZ.unflatten(-1, (side, side)).repeat(1, again, again)


def patch_share(comb_THW: Tensor, side: int) -> Tensor:
    """Share of each patch's pixels that the comb touches. [T, P], 0–1"""
    return pool_patches(comb_THW.float(), side)


def add_pixel_prompt(pixels_TCHW: Tensor, prompt_TCHW: Tensor, comb_THW: Tensor, scale: float) -> Tensor:
    """x + s·p + s·p·r: a pixel that is not selected receives its prompt too, a selected one twice (D5)."""
    return pixels_TCHW + scale * prompt_TCHW * (1 + comb_THW[:, None].to(prompt_TCHW.dtype))


def signed_change(change_TPD: Tensor, mask_TZ: Tensor) -> Tensor:
    """Mean of the answers, "selected patches" counted twice: the cells of the comb are read as patches here (D13). [T]"""
    return (change_TPD * (1 + mask_TZ[..., None].to(change_TPD.dtype))).mean((1, 2))


def min_max(mine_T: Tensor, mates: Tensor | None = None) -> Tensor:
    """(x − min) / (max − min) over all frames of the batch: 0 and 1 always occur, and one frame alone is 0/0 (D11, D12)."""
    batch = mine_T if mates is None else torch.cat([mine_T, mates])
    return (mine_T - batch.min()) / (batch.max() - batch.min())


def bright_patch(patch: int, side: int, pixels: int, device) -> Tensor:
    """Five black frames with one white patch, after a mean filter as wide as `Cal_Net`: [1, H, W] of the first of them."""
    size = pixels // side
    lit_HW = torch.zeros(pixels, pixels, device=device)
    row, column = divmod(patch, side)
    lit_HW[row * size : (row + 1) * size, column * size : (column + 1) * size] = 1
    padding = tuple(one // 2 for one in MEAN_FILTER)
    return F.avg_pool3d(lit_HW.expand(1, 5, -1, -1), MEAN_FILTER, stride=1, padding=padding)[0, :1]
