"""What a detector and its prompting ask of a tower: maps of frames, with prompts or without, and what they cost.

`swin.SwinTower` and `cvt.CvtTower` are two. Nothing else in the project asks which of them it has.

Letters: B batch, C channels, H W pixels, h w the map, Q prompts, D width of a stage, V windows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from core.errors import BadKnob, BadWeights

Size = tuple[int, int]  # rows, columns
Place = tuple[int, int]  # stage, block in the stage; both from 0


@dataclass(frozen=True)
class Look:
    """What patches and prompts of one block gave each other, mean over heads, on the map as it lies in the frame.

    to_prompts_BQhw: patch → prompt. The share of a patch's attention that goes to each prompt; sum over Q for all of them.
    to_patches_BQhw: prompt → patch. A prompt looks into every window with a softmax of its own: this is the mean over the
        windows, so a prompt's map sums to 1 less what the prompts themselves and the padding received.
    """

    to_prompts_BQhw: Tensor
    to_patches_BQhw: Tensor


@dataclass(frozen=True)
class Pyramid:
    """maps: {stage: [B, D_i, h, w]} after that stage's norm, prompts removed. prompts: {place: [B, Q, D_i]} as they left
    that block. looks: {place: Look}, if asked for."""

    maps: dict[int, Tensor]
    prompts: dict[Place, Tensor]
    looks: dict[Place, Look]


class Tower(Protocol):
    """A module that makes maps. widths: D of each stage. places: every (stage, block), in order."""

    widths: tuple[int, ...]
    places: tuple[Place, ...]

    def __call__(
        self,
        pixels_BCHW: Tensor,
        prompts: Tensor | Mapping[Place, Tensor] | None = None,
        *,
        stages: Collection[int] | None = None,
        order: str = "plain",
        look: bool = False,
    ) -> Pyramid:
        """The maps of the stages asked for (all, if not said). prompts: None; [B, Q, D_0], through all blocks; or
        {place: [B, Q, D]}, each through its block alone. look: tell what patches and prompts gave each other, too."""
        ...

    def block_inputs(self, pixels_BCHW: Tensor, wanted: Collection[Place]) -> dict[Place, Tensor]:
        """{place: [B, h, w, D]}: what enters those blocks, without prompts."""
        ...

    def grids(self, size: Size) -> list[Size]:
        """(rows, columns) of every stage's map, for pixels of this size."""
        ...

    def windows(self, place: Place, size: Size) -> int:
        """V: softmaxes that a map is shared out to in a block, each of which reads a copy of every prompt."""
        ...

    def entry_flops(self, stage: int, size: Size, prompts: int) -> int:
        """Floating-point operations from the stage before (or pixels) to the first block, Q prompts going along."""
        ...

    def block_flops(self, place: Place, size: Size, prompts: int) -> int:
        """Floating-point operations of a block over its map and Q prompts."""
        ...


def check_prompts(entering: Mapping[Place, Tensor | None], places: Collection[Place], widths: Sequence[int], B: int) -> None:
    """Prompts enter at blocks that exist, as wide as the block and as many sets as frames, or one.

    A block that does not exist is a BadKnob, prompts of another shape are BadWeights.
    """
    for (i, j), prompts_BQD in entering.items():
        if (i, j) not in places:
            blocks = ", ".join(str(sum(stage == one for stage, _ in places)) for one in range(len(widths)))
            raise BadKnob(f"Prompts cannot enter stage {i}, block {j}: the stages have {blocks} blocks, counted from 0.")
        if prompts_BQD is None:
            continue
        shape, width = tuple(prompts_BQD.shape), widths[i]
        if len(shape) != 3 or shape[0] not in (1, B) or shape[1] == 0 or shape[2] != width:
            raise BadWeights(
                f"Prompts of stage {i} are {B} (or 1) sets of at least one prompt, {width} wide each, got {shape}."
            )
