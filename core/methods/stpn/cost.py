"""What prompting costs: tokens, and floating-point operations counted from shapes alone.

Counted are the multiplications and additions of matrix products and convolutions (2 for each multiply-add), as torch's own
counter does and a test compares; norms, softmax and the like are left out.

Letters: K support frames, P patches, Q prompts, V windows, M places in a window, D F width.
"""

from dataclasses import dataclass

from torch import nn

from core.networks.dvp import AttentionPredictor, AveragePredictor, MixerPredictor
from core.networks.stpn import Stpn
from core.networks.swin import Size, SwinTower


@dataclass(frozen=True)
class Spent:
    """Plain whole numbers.

    patches, windows, copies: of each block in order. copies = prompts · windows: so many prompt tokens attention reads there,
    0 where none enter. plain, prompted: FLOPs of the tower for the current frame. support: of one frame's support features,
    which are computed once a clip. predictor: of the prompts from K frames, all N that were trained.
    """

    prompts: int
    patches: tuple[int, ...]
    windows: tuple[int, ...]
    copies: tuple[int, ...]
    plain: int
    prompted: int
    support: int
    predictor: int


def spent(variant: Stpn, size: Size, supports: int, prompts: int) -> Spent:
    """For a frame of `size` pixels, K supports and N prompts."""
    tower, prompting = variant.detector.tower, variant.prompting
    stages = len(variant.detector.shape.strides)
    shallow = prompting.depth == "shallow"
    places = [at for at in tower.places if at[0] < stages]
    entered = {at: prompts if shallow or at in prompting.places else 0 for at in places}
    grids = grids_of(tower, size, stages)
    windows = tuple(windows_of(tower, at, grids[at[0]]) for at in places)
    plain = tower_flops(tower, size, stages, dict.fromkeys(places, 0))
    h, w = grids[stages - 1]
    return Spent(
        prompts=prompts,
        patches=tuple(grids[i][0] * grids[i][1] for i, _ in places),
        windows=windows,
        copies=tuple(entered[at] * V for at, V in zip(places, windows)),
        plain=plain,
        prompted=tower_flops(tower, size, stages, entered, shallow),
        support=plain - (0 if shallow else block_flops(tower, places[-1], (h, w), 0)),  # a last block's input, not its output
        predictor=sum(predictor_flops(one, supports, h * w) for one in prompting.parts.values()),
    )


def grids_of(tower: SwinTower, size: Size, stages: int) -> list[Size]:
    """(rows, columns) of every stage's map: halved from stage to stage, the odd ones rounded up."""
    patch = tower.swin.patch_embed.patch_size
    grids = [(-(-size[0] // patch[0]), -(-size[1] // patch[1]))]
    while len(grids) < stages:
        grids.append(((grids[-1][0] + 1) // 2, (grids[-1][1] + 1) // 2))
    return grids


def tower_flops(tower: SwinTower, size: Size, stages: int, entered: dict, shallow: bool = False) -> int:
    """Patch embedding, blocks and merging. entered: prompts in each block; shallow: they are merged between stages too."""
    grids = grids_of(tower, size, stages)
    stem: nn.Conv2d = tower.swin.patch_embed.proj
    total = 2 * grids[0][0] * grids[0][1] * stem.weight.numel()
    for i, j in entered:
        h, w = grids[i]
        if i > 0 and j == 0:
            merged = h * w + (entered[i, j] if shallow else 0)
            total += 2 * merged * tower.swin.layers[i].downsample.reduction.weight.numel()
        total += block_flops(tower, (i, j), (h, w), entered[i, j])
    return total


def windows_of(tower: SwinTower, place: tuple[int, int], grid: Size) -> int:
    """V: windows that cover a map."""
    window = tower.swin.layers[place[0]].blocks[place[1]].attn.window_size
    return -(-grid[0] // window[0]) * -(-grid[1] // window[1])


def block_flops(tower: SwinTower, place: tuple[int, int], grid: Size, Q: int) -> int:
    """Query, key, value and output of V·M patches and Q prompts; V windows of (M + Q)² attention; the MLP without padding."""
    block = tower.swin.layers[place[0]].blocks[place[1]]
    V, M, D = windows_of(tower, place, grid), block.attn.window_size[0] * block.attn.window_size[1], block.dim
    return 2 * (
        (V * M + Q) * 4 * D * D + 2 * V * (M + Q) ** 2 * D + (grid[0] * grid[1] + Q) * 2 * D * block.mlp.fc1.out_features
    )


def predictor_flops(one: nn.Module, K: int, P: int) -> int:
    """Of `core.networks.dvp`'s three."""
    if isinstance(one, AttentionPredictor):
        Q, D = one.query.shape
        return 2 * (K * P * one.reduction.weight.numel() + (2 * K * P + 2 * Q) * D * D + 2 * Q * K * P * D)
    if isinstance(one, AveragePredictor):
        return 2 * one.prompts * one.fc.weight.numel()
    if isinstance(one, MixerPredictor):
        (Q, D), M = one.weigh.weight.shape, one.cells
        places, channels = 2 * K * D * M * M, 4 * K * M * D * D
        return 2 * (K * P * one.reduction.weight.numel() + places + channels + 2 * K * M * Q * D + Q * D * D)
    raise TypeError(f"No count is known of {type(one).__name__}.")
