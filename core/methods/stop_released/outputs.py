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
    SignedPatchMap("white_P", "meant", "the test picture, pooled over patches", "mean brightness"),
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

LAYOUT = (
    Group("What the code selects", ("comb_THW", "mask_TZ", "share_TP")),
    Group("What STOP selects", ("stop.region_TP",)),
    Group("One map, pooled in two ways", ("cell_TZ", "meant_TP", "mask_TZ")),
    Group("The same with one white patch", ("white_comb_Z", "white_P")),
    Group(
        "The weight of a frame depends on who else is in the batch, and on the clip's ends",
        ("alone_T", "weight_T", "still_T", "one_frame_is_nan", "prompt_moved", "still_order"),
    ),
    Group("How many prompts, and where", ("prompt_count_T", "stop.prompt_count_G")),
    Group("Which text fits", ("similarity_Y", "reads_texts")),
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
