"""What prompting costs: tokens, and floating-point operations counted from shapes alone.

Counted are the multiplications and additions of matrix products and convolutions (2 for each multiply-add), as torch's own
counter does and a test compares; norms, softmax and the like are left out.

Letters: K support frames, P patches, Q prompts, V windows, M places in a window, D F width.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from core.methods.stpn.dvp import AttentionPredictor, AveragePredictor, MixerPredictor
from core.methods.stpn.networks import Stpn
from core.networks.tower import Place, Size, Tower


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
    grids = tower.grids(size)
    windows = tuple(tower.windows(at, size) for at in places)
    plain = tower_flops(tower, size, dict.fromkeys(places, 0))
    h, w = grids[stages - 1]
    return Spent(
        prompts=prompts,
        patches=tuple(grids[i][0] * grids[i][1] for i, _ in places),
        windows=windows,
        copies=tuple(entered[at] * V for at, V in zip(places, windows)),
        plain=plain,
        prompted=tower_flops(tower, size, entered, shallow),
        support=plain - (0 if shallow else tower.block_flops(places[-1], size, 0)),  # a last block's input, not its output
        predictor=sum(predictor_flops(one, supports, h * w) for one in prompting.parts.values()),
    )


def tower_flops(tower: Tower, size: Size, entered: Mapping[Place, int], shallow: bool = False) -> int:
    """Of the stages in which `entered` has blocks. entered: prompts in each; shallow: they go from stage to stage too."""
    entries = sum(tower.entry_flops(i, size, Q if shallow and i > 0 else 0) for (i, j), Q in entered.items() if j == 0)
    return entries + sum(tower.block_flops(at, size, Q) for at, Q in entered.items())


def predictor_flops(one: nn.Module, K: int, P: int) -> int:
    """Of `core.methods.stpn.dvp`'s three."""
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
