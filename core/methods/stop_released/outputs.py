"""What is shown of the released code: its outputs, the pictures that they stand in, and STOP's own beside them."""

from core.kinds import (
    CombMap,
    Fact,
    FrameCounts,
    FrameScores,
    GapCounts,
    PixelMask,
    RegionMask,
    SignedPatchMap,
    TextScores,
    TokenSequence,
)
from core.method import Beside, Group

OUTPUTS = (
    PixelMask("comb_THW", "r", "pixels the code selects", "True every seventh pixel"),
    CombMap("mask_TZ", "r", "cells above the bar", "yes or no"),
    CombMap("cell_TZ", "code", "the code's map of this frame", "answer of Cal_Net, signed"),
    SignedPatchMap("meant_TP", "meant", "pooled over patches", "answer of Cal_Net, signed"),
    SignedPatchMap("share_TP", "share", "share of each patch that is selected", "of its pixels"),
    CombMap("white_comb_Z", "code", "the code's map of the test picture", "mean brightness"),
    SignedPatchMap("white_P", "meant", "the test picture, pooled over patches", "mean brightness", "patch"),
    FrameScores("alone_T", "w", "this clip, alone in its batch", "min-max over the batch", when="network"),
    FrameScores("weight_T", "w", "the same clip beside its mate", "min-max over the batch", when="network"),
    FrameScores("still_T", "w", "its first frame repeated, alone", "min-max over the batch", when="network"),
    Fact("one_frame_is_nan", "0/0", "a batch of one frame", when="network"),
    Fact("still_order", "ρ", "weights of the clip and of the still one, in the same order", when="network"),
    Fact("prompt_moved", "Δp", "what the mate changes in this clip's prompts", when="network"),
    Fact("reads_texts", "s", "whether there is a text tower", when="network"),
    FrameCounts("prompt_count_T", "N", "prompts inside each frame", "prompts", when="network"),
    TokenSequence("sequence_SD", "[G; CLS, p, h; …]", "the sequence that enters the encoder", "tokens"),
    TextScores("similarity_Y", "c(s, v)", "how well each text fits", "cosine", when="whole"),
)

MADE = "Made by: {weights}"
LAYOUT = (
    Group(
        "What the code selects",
        ("comb_THW", "mask_TZ", "share_TP"),
        {
            "comb_THW": (
                "{kept} of {cells} cells, every {side} pixels: <b>{selected}</b> of the frame's pixels. "
                "<b>{touched} of {patches}</b> patches are touched, each in {low} to {high} of its pixels. "
                "Blue: p is added twice; dark: once."
            ),
            "by": MADE,
        },
    ),
    Group(
        "What STOP selects (the paper's equations, in the tab STOP)",
        ("stop.region_TP",),
        {
            "stop.region_TP": (
                "<b>{kept} of {patches}</b> patches, each whole; the others get nothing. At STOP's default knobs."
            ),
            "by": "Made by: {beside}",
        },
    ),
    Group(
        "One map, pooled in two ways",
        ("cell_TZ", "meant_TP", "mask_TZ"),
        {
            "both": (
                "The same answers of Cal_Net on this frame, from −{largest} (blue) to {largest} (red). "
                "Left, a cell gathers every {side}th row and column of the whole frame, so it has no place in it; "
                "right, a cell is a patch. Outlined: above the bar."
            ),
            "cell_TZ": "the code: spread {spread}",
            "meant_TP": "meant: spread {spread}",
            "by": MADE,
        },
    ),
    Group(
        "The same with one white patch (click a patch)",
        ("white_comb_Z", "white_P"),
        {
            "both": (
                "A black clip with one white patch. The code's map is almost flat wherever the patch is: "
                "<b>{low:4} to {high:4}</b>, on a scale from 0 to 1. Pooled over patches it is <b>{best:4}</b> there."
            ),
            "white_comb_Z": "the code: {low:4} to {high:4}",
            "white_P": "meant: {best:4} at row {row}, column {column}",
            "by": "Made by: no weights, a mean filter as wide as Cal_Net",
        },
    ),
    Group(
        "The weight of a frame depends on who else is in the batch, and on the clip's ends",
        ("alone_T", "weight_T", "still_T", "one_frame_is_nan", "prompt_moved", "still_order"),
        {
            "weight_T": "the same clip beside its mate ({knob.mate})",
            "mate none": "no mate",
            "mate still": "mate: its first frame repeated",
            "mate noise": "mate: noise",
            "mate reversed": "mate: itself backwards",
            "all": (
                "The batch-mate moves a weight of this clip by up to <b>{apart}</b> and a number of its prompts by up to "
                "<b>{prompt_moved.0}</b> (the largest of them is {prompt_moved.1}).\n"
                "Alone, one frame always has 0 and one has 1 (blue) — <b>of equal frames too</b>: "
                "zeros beyond both ends make the first and last differ.\n"
                "How the clip's weights are ordered agrees with how the still clip's are: "
                "Spearman's ρ = <b>{still_order:2}</b>.\n"
                "{one_frame_is_nan}A batch of one frame has the weight <b>NaN</b>: (x − min) / (max − min) is 0/0."
            ),
            "by": MADE,
        },
    ),
    Group(
        "How many prompts, and where",
        ("prompt_count_T", "stop.prompt_count_G"),
        {
            "prompt_count_T": "the code: inside each frame, behind its CLS",
            "stop.prompt_count_G": "STOP: N<sup>t</sup> in each gap between frames",
            "all": (
                "The code: {prompt_count_T.each}, {prompt_count_T.sum} in all, whatever happens; "
                "its dynamics only make them up to twice as large. STOP: {stop.prompt_count_G.sum} in all, "
                "from {stop.prompt_count_G.least} to {stop.prompt_count_G.most} a gap, at its default knobs."
            ),
            "by": "Made by: {weights} | STOP: {beside}",
        },
    ),
    Group(
        "Which text fits",
        ("similarity_Y", "reads_texts"),
        {
            "reads_texts": (
                "These towers read no texts. For that the code needs a ViT-B/32: <code>python -m app --models "
                "stop=ViT-B-32/openai</code>."
            ),
            "by": MADE,
        },
    ),
)

STOP = Beside(  # what STOP makes of the same clip, at its own default knobs
    "stop",
    ("region_TP", "prompt_count_G"),
    (
        RegionMask("stop.region_TP", "r", "what STOP selects", "patches"),
        GapCounts("stop.prompt_count_G", "N^t", "STOP's prompts in each gap between frames", "prompts"),
    ),
    lambda own, stop: {f"stop.{stage}": stop[stage] for stage in ("region_TP", "prompt_count_G")},
)
