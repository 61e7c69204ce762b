"""STOP as its released code computes it: a comb over pixels, four prompts in every frame, weights that depend on the batch.

Liu et al., *STOP*, CVPR 2025; github.com/zhoujiahuan1991/CVPR2025-STOP at a47eb224. The code differs from the paper: what
stands here follows the code, and `lesson` numbers what is not as in the paper. Where our knowledge of it ends the choice is
listed there too.

Letters: T frames, C colours, H W pixels, Z cells of the comb, P patches (row-major), Q prompts a frame, S tokens, D width,
L layers, Y texts, E features. Z and P are both 49, and are not the same 49: that is D3.
"""

import torch
from torch import Tensor

from core.device import upload
from core.knobs import KnobSet, knob
from core.method import Method, Network
from core.methods.stop_released import outputs
from core.methods.stop_released.equations import (
    above_rank,
    add_pixel_prompt,
    bright_patch,
    min_max,
    patch_share,
    pool_comb,
    pool_patches,
    signed_change,
    tile,
)
from core.methods.stop_released.weights import load_released
from core.metrics import rank_correlation
from core.networks.weights import load_clip
from core.video.clip import Clip


class ReleasedKnobs(KnobSet):
    """What a reader may turn. The code has numbers in these places; they are the defaults."""

    cells: int = knob(6, "N_s", (1, 48, 1), "cells of the comb above the bar in each frame: the code has 6 and calls it eta")
    scale: float = knob(0.05, "s", (0.0, 0.5, 0.01), "what prompts are multiplied by before they are added: 0.05 in the code")
    mate: str = knob("noise", "batch", ("none", "still", "noise", "reversed"), "the other clip in the batch")
    patch: int = knob(20, "test", (1, 49, 1), "which patch of the test picture is white, row by row")


# ---- stages: the comb, D1–D7 --------------------------------------------------------------------------------------------


def pixels_TCHW(clip: Clip, released, device) -> Tensor:
    """x: each frame's centre at 224², normalised as CLIP's pixels are."""
    return released.pixels(upload(clip, device))


def response_THW(pixels_TCHW: Tensor, released) -> Tensor:
    """Cal_Net(x): the signed answer of one 5×11×11 convolution at every pixel; no token, no square, no attention (D1, D2)."""
    return released.visual.TemporalPrompt.respond(pixels_TCHW)


def cell_TZ(response_THW: Tensor, released) -> Tensor:
    """The code's map: a cell gathers every seventh row and column of the frame, and no patch (D3).

    reshape(B, T, 32, 7, 32, 7).mean((2, 4))"""
    return pool_comb(response_THW, released.shape.side)


def meant_TP(response_THW: Tensor, released) -> Tensor:
    """What was meant: the same answers, pooled over each patch. Nothing in the code reads it."""
    return pool_patches(response_THW, released.shape.side)


def mask_TZ(cell_TZ: Tensor, cells: int) -> Tensor:
    """r: cells larger than the one at rank 6, counted from 0: six in each frame, none where all are alike (D6, D7)."""
    return above_rank(cell_TZ, cells)


def comb_THW(mask_TZ: Tensor, released) -> Tensor:
    """r over pixels: the 7×7 cells are laid over the frame 32 times in each direction (D4)."""
    return tile(mask_TZ, released.shape.side, released.shape.pixels)


def share_TP(comb_THW: Tensor, released) -> Tensor:
    """Share of each patch's pixels that are selected: 6/49 of the frame, and no patch is left out (D4)."""
    return patch_share(comb_THW, released.shape.side)


def white_HW(patch: int, released, device) -> Tensor:
    """A test picture: one white patch, seen through a mean filter as wide as Cal_Net. The same for all weights."""
    shape = released.shape
    return bright_patch(patch - 1, shape.side, shape.pixels, device)[0]


def white_comb_Z(white_HW: Tensor, released) -> Tensor:
    """The code's map of the test picture: almost flat, wherever the white patch is (D3)."""
    return pool_comb(white_HW[None], released.shape.side)[0]


def white_P(white_HW: Tensor, released) -> Tensor:
    """The map over patches of the test picture: large at the white patch, and next to nothing elsewhere."""
    return pool_patches(white_HW[None], released.shape.side)[0]


# ---- stages: prompted pixels, tokens, and the weight of every frame, D5 and D8–D13 ----------------------------------------


def pixel_prompt_TCHW(pixels_TCHW: Tensor, released) -> Tensor:
    """p: four wide 3-D convolutions and an MLP on colours, once, before patches are embedded (D8, D9)."""
    return released.visual.TemporalPrompt.pixel_prompt(pixels_TCHW)


def prompted_TCHW(pixels_TCHW: Tensor, pixel_prompt_TCHW: Tensor, comb_THW: Tensor, scale: float) -> Tensor:
    """x + 0.05·p + 0.05·p·r: every pixel is prompted, selected ones twice as much (D5)."""
    return add_pixel_prompt(pixels_TCHW, pixel_prompt_TCHW, comb_THW, scale)


def tokens_TSD(prompted_TCHW: Tensor, released) -> Tensor:
    """[CLS; h] of every frame, with positions, before the first block (frozen)."""
    return released.visual.embed(prompted_TCHW)


def mixed_TPD(tokens_TSD: Tensor, released) -> Tensor:
    """Self-attention over the patch tokens of all frames; no difference of frames is ever computed (D10)."""
    return released.visual.TemporalPrompt.mix(tokens_TSD[:, 1:])


def variation_T(mixed_TPD: Tensor, mask_TZ: Tensor, released) -> Tensor:
    """Signed mean of Cal_Net_Inter's answers, with the comb's cells read as patches: before the min-max (D11, D13)."""
    return signed_change(released.visual.TemporalPrompt.change(mixed_TPD), mask_TZ)


def still_input(clip: Clip, released, device) -> tuple[Tensor, Tensor]:
    """x and p of a clip that repeats this clip's first frame, for D12: the most alike that frames can be. [T, C, H, W] each."""
    return pixels_and_prompt(upload(clip, device)[:1].expand(len(clip), -1, -1, -1), released, device)


def mate_input(clip: Clip, mate: str, still_input: tuple[Tensor, Tensor], released, device) -> tuple[Tensor, ...]:
    """x and p of the other clip in the batch: the still one, seeded noise, this clip backwards; () where there is none."""
    frames_THWC = upload(clip, device)
    if mate == "none":
        return ()
    if mate == "still":
        return still_input
    if mate == "reversed":
        return pixels_and_prompt(frames_THWC.flip(0), released, device)
    chance = torch.Generator().manual_seed(0)
    noise_THWC = torch.randint(0, 256, frames_THWC.shape, dtype=torch.uint8, generator=chance)
    return pixels_and_prompt(noise_THWC, released, device)


def still_variation_T(still_input: tuple[Tensor, Tensor], cells: int, scale: float, released) -> Tensor:
    """`variation_T` of the still clip: zeros beyond both ends make its equal frames differ (D12)."""
    return variation_of(*still_input, cells, scale, released)


def mate_variation_T(mate_input: tuple[Tensor, ...], cells: int, scale: float, released) -> Tensor | None:
    """`variation_T` of the other clip in the batch; None where there is none."""
    return variation_of(*mate_input, cells, scale, released) if mate_input else None


def alone_T(variation_T: Tensor) -> Tensor:
    """w of this clip in a batch of its own: one frame has 0 and one has 1, whatever they show (D12)."""
    return min_max(variation_T)


def weight_T(variation_T: Tensor, mate_variation_T: Tensor | None) -> Tensor:
    """w of this clip beside its batch-mate: the min-max is over the batch and all frames (D11)."""
    return min_max(variation_T, mate_variation_T)


def still_T(still_variation_T: Tensor) -> Tensor:
    """w of the still clip in a batch of its own: frames that are alike, from 0 to 1; those near its ends stand out (D12)."""
    return min_max(still_variation_T)


def one_frame_is_nan(variation_T: Tensor) -> bool:
    """Whether the first frame as a batch of its own has a weight that is no number: x − min and max − min are both 0 (D12)."""
    return not bool(min_max(variation_T[:1]).isfinite().all())


# ---- stages: prompts and the encoder, D14–D17 ---------------------------------------------------------------------------


def still_order(alone_T: Tensor, still_T: Tensor) -> float:
    """Spearman's ρ between w of the clip and of the still one: 1 where the clip's own content does not change the order."""
    return rank_correlation(alone_T.cpu().numpy(), still_T.cpu().numpy())


def written_TQD(mixed_TPD: Tensor, released) -> Tensor:
    """Four prompts a frame from a Linear over the token axis, whatever the frame does (D14)."""
    return released.visual.TemporalPrompt.write(mixed_TPD)


def prompt_TQD(written_TQD: Tensor, weight_T: Tensor, scale: float) -> Tensor:
    """0.05 · (1 + w) · p: "dynamics" are an amplitude between 1 and 2, and no count (D14)."""
    return scale * (1 + weight_T)[:, None, None] * written_TQD


def prompt_moved(written_TQD: Tensor, prompt_TQD: Tensor, alone_T: Tensor, scale: float) -> tuple[float, float]:
    """The largest change that the batch-mate makes to this clip's prompts, and the largest of their numbers (D11)."""
    alone_TQD = scale * (1 + alone_T)[:, None, None] * written_TQD
    return float((prompt_TQD - alone_TQD).abs().max()), float(alone_TQD.abs().max())


def prompt_count_T(prompt_TQD: Tensor) -> tuple[int, ...]:
    """How many prompts each frame receives, counted in what was made (D14)."""
    return tuple(len(prompt_QD) for prompt_QD in prompt_TQD)


def prompt_LTQD(prompt_TQD: Tensor, released) -> Tensor:
    """DGL's learned prompts of every layer, plus the same inter-frame prompts in all of them (D15)."""
    return released.prompts(len(prompt_TQD))[0] + prompt_TQD


def sequence_SD(tokens_TSD: Tensor, prompt_LTQD: Tensor, released) -> Tensor:
    """[4 global prompts; CLS, 4 prompts and patches of every frame]: prompts are inside frames, not between them (D14)."""
    frames_TSD = torch.cat([tokens_TSD[:, :1], prompt_LTQD[0], tokens_TSD[:, 1:]], 1)
    return torch.cat([released.visual.prompt_embeddings[0], frames_TSD.flatten(0, 1)])


def video_E(sequence_SD: Tensor, prompt_LTQD: Tensor, released) -> Tensor:
    """v: global prompt 0 after DGL's attention, in which a frame's tokens see their own frame and the global prompts (D16)."""
    return released.visual.encode(sequence_SD, prompt_LTQD)


def text_YE(texts: tuple[str, ...], released) -> Tensor:
    """s: the text tower's feature of each text, with four prompts before its words and four behind."""
    return released.text(list(texts))


def similarity_Y(video_E: Tensor, text_YE: Tensor) -> Tensor:
    """c(s, v): the cosine of each text with the video."""
    return text_YE @ video_E


def reads_texts(released) -> bool:
    """Whether these weights have a text tower: a frame tower alone has nothing to compare a text with."""
    return released.reads


def pixels_and_prompt(frames_THWC: Tensor, released, device) -> tuple[Tensor, Tensor]:
    """The first two results of other frames, by the same stages."""
    pixels = released.pixels(frames_THWC.to(device))
    return pixels, pixel_prompt_TCHW(pixels, released)


def variation_of(pixels: Tensor, prompt: Tensor, cells: int, scale: float, released) -> Tensor:
    """`variation_T` of other frames, by the same stages."""
    mask = mask_TZ(cell_TZ(response_THW(pixels, released), released), cells)
    prompted = prompted_TCHW(pixels, prompt, comb_THW(mask, released), scale)
    return variation_T(mixed_TPD(tokens_TSD(prompted, released), released), mask, released)


def networks_of(file, clip):
    """The released code's networks, from a checkpoint or on the loaded CLIP."""
    return load_released(file, clip)


METHOD = Method(
    name="stop_released",
    place=2,
    title="STOP released — what the published code computes",
    paper="Liu et al., STOP, CVPR 2025; the code: github.com/zhoujiahuan1991/CVPR2025-STOP (a47eb224), on DGL, AAAI 2024",
    knobs=ReleasedKnobs,
    stages=(
        pixels_TCHW, response_THW, cell_TZ, meant_TP, mask_TZ, comb_THW, share_TP, white_HW, white_comb_Z, white_P,
        pixel_prompt_TCHW, prompted_TCHW, tokens_TSD, mixed_TPD, variation_T, still_input, mate_input,
        still_variation_T, mate_variation_T, alone_T, weight_T, still_T, one_frame_is_nan, still_order, written_TQD,
        prompt_TQD, prompt_moved, prompt_count_T, prompt_LTQD, sequence_SD, video_E, reads_texts, text_YE, similarity_Y,
    ),
    networks={"released": Network("stop_released", networks_of, (Network("clip", load_clip),))},
    grid=lambda networks: (7, 7),
    outputs=outputs.OUTPUTS,
    layout=outputs.LAYOUT,
    beside=outputs.STOP,
)  # fmt: skip
