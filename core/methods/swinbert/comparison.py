"""SwinBERT's stages of comparison: one clip under every mask, and one row of V in twice as many frames.

Letters as in the method.
"""

from torch import Tensor

from core.methods.swinbert import equations, mask, writing
from core.methods.swinbert.networks import VARIANTS
from core.networks.caption_words import sentence_of
from core.video.clip import Clip

LONGER = VARIANTS[mask.LONG].frames
MASKS = (*(("learned", form) for form in equations.FORMS), *((name, "") for name in equations.PATTERNS[1:]))


def frame_F(clip: Clip) -> tuple[int, ...]:
    """v′ = the middle of each of eight equal parts of the clip."""
    return mask.frame_K(clip, LONGER)


def longer_FP(learned_BB: Tensor, swinbert, inherit: str, token: int) -> Tensor:
    """m′_i: how far a patch of eight frames is open to each, by what these have of V."""
    return mask.row_of(equations.gate(mask.longer(learned_BB, swinbert, LONGER, inherit)), LONGER, token)


def compared(
    picture_KSSC: Tensor, swinbert, budget: int, learned: int, inherit: str, density: float, window: int, draw: int
) -> str:  # fmt: skip
    """w = argmax p under every mask that these weights hold, a line each: how many pairs are open, and what is said then."""
    lines = []
    for pattern, form in MASKS:
        name = mask.variant(swinbert, pattern, form, budget)
        if not {name, form or mask.USUAL} <= set(swinbert.names):
            continue
        V_MM = mask.mask_MM(mask.learned_BB(swinbert, form or mask.USUAL, learned), swinbert, budget, inherit)
        open_MM = mask.open_MM(V_MM, swinbert, budget, pattern, form, density, window, draw)
        bias_MM = mask.bias_MM(V_MM, open_MM, pattern, form)
        said = sentence_of(writing.written(picture_KSSC, bias_MM, swinbert.captioner(name), 0.0, draw), swinbert.words)
        share = equations.density(mask.gate_MM(V_MM, open_MM, pattern, form))
        lines.append(f"{(form or pattern).replace('_', ' ')}, {share:.1%} open: {said or '(nothing)'}")
    return "\n".join(lines)
