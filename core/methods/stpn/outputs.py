"""What is shown of STPN: its outputs, the pictures that they stand in, and the second run beside it."""

from collections.abc import Iterable, Mapping
from typing import Any

from core.kinds import (
    Boxes,
    ChosenFrames,
    Cost,
    Fact,
    FeatureChange,
    Followed,
    MapGrid,
    Pictures,
    PromptAttention,
    PromptMaps,
    PromptScores,
    StageScores,
    SupportScores,
    Tracks,
)
from core.method import Beside, Group

OUTPUTS = (
    ChosenFrames("support_index_K", "τ", "support frames", "counted from 0"),
    Pictures("current_HWC", "I_t", "the current frame as the network sees it", done="current_spoil"),
    Pictures("support_THWC", "I_τ", "the frames as supports", plain="frames_THWC"),
    MapGrid("support_grid", "h × w", "patches of a support", "rows, columns"),
    PromptAttention(
        "prompt_attention_NQKP", "A", "where each prompt looked", "share of a prompt's attention", ("predictor", "depth")
    ),
    SupportScores("mass_K", "Σ A", "attention that each support received", "share"),
    PromptScores("entropy_Q", "H(A)", "how widely each prompt looked", "share of the largest entropy"),
    FeatureChange("change", "Δf", "what the prompts changed", "of a plain feature's mean length"),
    PromptMaps("to_prompts", "x → P", "patches looking at prompts", "share of a patch's attention", "prompts"),
    PromptMaps("to_patches", "P → x", "prompts looking at patches", "share of a prompt's attention"),
    StageScores(
        "cosine_plain_I", "cos", "likeness to the clean frame, no prompts", "cosine", against="severity", when="network"
    ),
    StageScores(
        "cosine_prompted_I", "cos_P", "likeness to the clean frame, with prompts", "cosine", against="severity", when="network"
    ),
    Boxes("prompted_found", "STPN", "found with prompts", "score", when="network"),
    Boxes("baseline_found", "single frame", "found by the single-frame detector", "score", when="network"),
    Tracks("prompted_tracks", "STPN", "followed with prompts", "score", when="whole"),
    Tracks("baseline_tracks", "single frame", "followed by the single-frame detector", "score", when="whole"),
    Followed("prompted_followed", "STPN", "followed with prompts of past frames", "overlap with the truth, IoU", when="whole"),
    Followed("baseline_followed", "single frame", "followed without prompts", "overlap with the truth, IoU", when="whole"),
    Cost(
        "cost", "N · V", "tokens and operations", "FLOPs",
        (
            ("the frame, without prompts", "plain", "plain"),
            ("the frame, with prompts", "prompted", "prompted"),
            ("prompts from the supports", "predictor", "predicted"),
            ("features of one support", "support", ""),
        ),
        ("Features of all frames of the clip", "feature_LTPF"),
    ),
)  # fmt: skip

LAYOUT = (
    Group("The current frame", ("current_HWC", "support_THWC", "change", "to_prompts", "to_patches")),
    Group("What is found", ("prompted_found", "baseline_found")),
    Group("Support frames", ("prompt_attention_NQKP", "support_index_K", "support_grid", "mass_K")),
    Group("Prompts", ("entropy_Q",)),
    Group(
        "Through the clip: every frame read, instances linked, one thing followed",
        ("prompted_tracks", "baseline_tracks", "prompted_followed", "baseline_followed"),
    ),
    Group("Likeness to the clean frame", ("cosine_plain_I", "cosine_prompted_I")),
    Group("Shuffle the supports", ("shuffle",)),
    Group("What it costs", ("cost",)),
)

SHUFFLED = Beside(  # the prompts of the same supports in the other order
    "stpn",
    ("prompt_LQD",),
    (
        Fact(
            "shuffle", "π", "how far prompts move with the order of the supports, and the largest of their numbers",
            words=lambda knobs: (
                ("The supports are shuffled (π). In order" if knobs["shuffled"] else "Shuffled (π), with the same frames")
                + ", the prompts move by at most *{}*; their largest number is {}. Prompts know no order, so nothing above may "
                "move."
            ),
        ),
    ),
    lambda own, other: {
        "shuffle": (
            float((own["prompt_LQD"] - other["prompt_LQD"]).abs().max()),
            float(own["prompt_LQD"].abs().max()),
        )
    },
    lambda knobs: {**knobs, "shuffled": not knobs["shuffled"]},
)  # fmt: skip


def untrained(labels: Iterable[str], knobs: Mapping[str, Any]) -> list[str]:
    """Which of the networks that are shown have random weights, by what the labels of the weights say."""
    shown, made = (f"{knobs['predictor']}/{knobs['depth']}", "baseline"), []
    for label in labels:
        before, found, names = label.partition("UNTRAINED")
        if found:
            listed = [name.strip() for name in names.lstrip(": ").split(",")]
            made += [name for name in shown if name in listed or not before.rstrip().endswith("·")]
    return made
