"""SwinBERT's trained parts: for each way to mask the video a captioner of its own, and the mask V that was learned with it.

The paper reads frames with a Video Swin Transformer; here a linear map of patches of 4×4 pixels, with codes of place and time,
stands for it, so that only the encoder can compare frames.

Letters: M video tokens, K moments of a training.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.methods.swinbert import equations
from core.networks.caption_words import vocabulary
from core.networks.captioner import Captioner, CaptionerShape
from core.world import sprites

DENSITY = 0.02  # of pairs of two tokens: what a hard mask keeps, and a random one
WINDOW = 1  # cells, or frames, to each side


@dataclass(frozen=True)
class Variant:
    """form: of the gate, where V is learned, else "". pattern: which pairs are open, where it is not. begins: the variant whose
    network it goes on from; inherits: the one whose V it begins with, else chance. Either may have half as many frames."""

    form: str = ""
    pattern: str = "learned"
    frames: int = sprites.FRAMES
    begins: str = ""
    inherits: str = ""

    @property
    def learned(self) -> bool:
        """Whether it learns V."""
        return self.pattern == "learned"


VARIANTS = {
    "log_sigmoid": Variant("log_sigmoid"),
    "as_released": Variant("as_released"),
    "hard": Variant("hard", begins="log_sigmoid", inherits="log_sigmoid"),
    "full": Variant(pattern="full"),
    "identity": Variant(pattern="identity"),
    "spatial_window": Variant(pattern="spatial_window"),
    "temporal_window": Variant(pattern="temporal_window"),
    "random": Variant(pattern="random"),
    "inherited": Variant("log_sigmoid", frames=2 * sprites.FRAMES, begins="log_sigmoid", inherits="log_sigmoid"),
    "scratch": Variant("log_sigmoid", frames=2 * sprites.FRAMES, begins="log_sigmoid"),
}
WORDS = vocabulary(sprites.sentences())
LONGEST = max(len(one.split()) for one in sprites.sentences()) + 1


class Trained(nn.Module):
    """A captioner and its V, where it learns one, else zeros that no file holds. mask_KMM: V at moments of the training."""

    mask_MM: Tensor
    mask_KMM: Tensor

    def __init__(self, shape: CaptionerShape, moments: int = 0, learned: bool = True):
        super().__init__()
        self.captioner = Captioner(shape)
        if learned:
            self.mask_MM = nn.Parameter(torch.randn(shape.tokens, shape.tokens))  # V ~ N(0, 1)
        else:
            self.register_buffer("mask_MM", torch.zeros(shape.tokens, shape.tokens), persistent=False)
        self.register_buffer("mask_KMM", torch.zeros(moments, shape.tokens, shape.tokens))


def shape_of(name: str, **others: int) -> CaptionerShape:
    """Of a variant; `others` are of the encoder."""
    return CaptionerShape(VARIANTS[name].frames, sprites.CELLS, sprites.PATCH, len(WORDS), LONGEST, **others)


def fixed(name: str, shape: CaptionerShape, seed: int = 0) -> Tensor | None:
    """Which pairs a variant leaves open that learns no mask. seed: which, at random."""
    pattern = VARIANTS[name].pattern
    if pattern == "learned":
        return None
    chance = torch.Generator().manual_seed(seed)
    return equations.pattern(pattern, shape.frames, shape.cells, WINDOW, DENSITY, chance)


def bias_of(name: str, trained: Trained, seed: int = 0) -> Tensor | None:
    """b: what a variant adds to the attention of each pair; None where everything is open."""
    if VARIANTS[name].pattern == "full":
        return None
    open_MM = fixed(name, trained.captioner.shape, seed)
    if open_MM is not None:
        return equations.shut(open_MM)
    form = VARIANTS[name].form
    hard_MM = equations.densest(equations.gate(trained.mask_MM.detach()), DENSITY) if form == "hard" else None
    return equations.bias(trained.mask_MM, form, hard_MM)
