"""SwinBERT: a caption, word by word, and which patches of the frames may see each other.

Lin et al., SwinBERT: End-to-End Transformers with Sparse Attention for Video Captioning, CVPR 2022 (arXiv 2111.13196), and its
released code, github.com/microsoft/SwinBERT at 03116f1. In place of VidSwin and BERT there is one small encoder, trained on a
small world of ours: what is not theirs is said in `lesson.READINGS`.

The stages are in `mask`, of frames and of V, in `comparison`, of one clip under every mask, and in `writing`, of words.

Letters: K frames that the network is given (the paper's T), S pixels along a side of them, P patches of a frame, M = K·P video
tokens, whose V is [M, M], B tokens of as many frames as V was learned with, F twice as many frames, W words of the caption with
its end, L layers, X moments of the training.
"""

from core.kinds import (
    Caption,
    CellBars,
    ChosenFrames,
    ChosenPictures,
    Curves,
    Fact,
    Sentence,
    SquareMap,
    TokenMaps,
    WordMaps,
    WordScores,
)
from core.knobs import KnobSet, knob
from core.method import Group, Method, Network
from core.methods.swinbert import comparison, mask, writing
from core.methods.swinbert.comparison import LONGER
from core.methods.swinbert.equations import FORMS, PATTERNS
from core.methods.swinbert.networks import DENSITY, LONGEST, WINDOW
from core.methods.swinbert.weights import load_swinbert
from core.world.sprites import CELLS, FRAMES

TOKENS = LONGER * CELLS**2


class SwinbertKnobs(KnobSet):
    """What a reader may turn."""

    budget: int = knob(FRAMES, "K", (FRAMES, LONGER, LONGER - FRAMES), "of the clip's frames those that the network is given")
    pattern: str = knob(
        "learned", "V", PATTERNS, "which pairs of patches see each other: as learned, or as nothing learned says"
    )
    form: str = knob("log_sigmoid", "b", FORMS, "how the gate of V enters attention: as log σ(V), as released, or hard")
    density: float = knob(DENSITY, "ρ", (0.01, 0.5, 0.01), "share of pairs that a hard gate, or a random mask, leaves open")
    window: int = knob(WINDOW, "w", (1, CELLS - 1, 1), "patches, or frames, to each side that a window leaves open")
    inherit: str = knob("along time", "2T", mask.INHERIT, "how V of four frames becomes that of eight")
    learned: int = knob(100, "n", (0, 100, 10), "how much of the training V has behind it, in percent")
    temperature: float = knob(
        0.0, "τ", (0.0, 2.0, 0.1), "0: the likeliest word; above, words are drawn from softmax(logits / τ)"
    )
    draw: int = knob(0, "γ", (0, 99, 1), "draw of random pairs, and of words")
    layer: int = knob(1, "l", (1, 12, 1), "layer whose attention is shown")
    token: int = knob(
        (CELLS - 1) // 2 * CELLS + (CELLS + 1) // 2,
        "i",
        (1, TOKENS, 1),
        "the patch that is looked at, frame after frame; behind the end: the last",
    )
    hidden: int = knob(
        0, "∅", (0, LONGEST + 1, 1), "a word that is hidden from those behind it; 0: none; behind the end: all words"
    )


METHOD = Method(
    name="swinbert",
    place=66,
    title="SwinBERT — a caption, and which patches may see each other",
    paper="Lin et al., SwinBERT: End-to-End Transformers with Sparse Attention for Video Captioning, CVPR 2022",
    knobs=SwinbertKnobs,
    stages=(
        mask.frame_K, mask.square_TSSC, mask.picture_KSSC, mask.learned_BB, mask.mask_MM, mask.open_MM, mask.gate_MM,
        mask.bias_MM, mask.variant, mask.open_share, mask.row_KP, mask.bar_PK, mask.density_X2, mask.loss_X2, mask.look_LMM,
        mask.used_MM, mask.used_KP, mask.elsewhere, comparison.frame_F, comparison.longer_FP, comparison.compared,
        writing.ids_W, writing.caption, writing.filling, writing.share_W, writing.look_WKP, writing.other_filling,
        writing.hidden_share_W, writing.guess, writing.draws,
    ),
    networks={"swinbert": Network("swinbert", load_swinbert)},
    grid=lambda networks: (networks["swinbert"].captioner(mask.USUAL).shape.cells,) * 2,
    limits=lambda networks: {"layer": networks["swinbert"].captioner(mask.USUAL).shape.layers},
    world="sprites",
    outputs=(
        ChosenFrames("frame_K", "v", "frames that the network is given"),
        Caption("caption", "w", "what it says", when="network"),
        WordScores("share_W", "p", "how sure each word is", "probability", when="network"),
        WordScores("hidden_share_W", "p∅", "with one word hidden", "probability", when="network"),
        Caption("guess", "w∅", "what stands there then", when="network"),
        SquareMap("gate_MM", "m", "how far each pair is open", "gate", turns="token"),
        SquareMap("used_MM", "a", "what attention really takes", "share", turns="token", when="network"),
        Fact(
            "open_share", "ρ", "how open the mask is",
            words=lambda knobs: "Of pairs of two patches a share of *{}* is open, gates being counted by their size.",
        ),
        Fact(
            "elsewhere", "1 − a_ii", "what patches take from other patches", when="network",
            words=lambda knobs: f"In layer {knobs['layer']} they take *{{}}* of what they take from other patches.",
        ),
        TokenMaps("longer_FP", "m′_i", "the same patch in twice as many frames", "gate", turns="token"),
        TokenMaps("row_KP", "m_i", "how far the patch is open to each", "gate", turns="token"),
        TokenMaps("used_KP", "a_i", "what it really takes from each", "share", turns="token", when="network"),
        WordMaps("look_WKP", "a_w", "what a word takes from the frames", "share of its attention", when="network"),
        CellBars("bar_PK", "m", "how open patches of the first frame are to each frame", "mean gate", turns="token"),
        Sentence("compared", "w", "this clip under every mask", when="network"),
        Sentence("draws", "w ~ p", "captions that are drawn", when="network"),
        ChosenFrames("frame_F", "v′", "twice as many frames"),
        Curves("density_X2", "ρ", "density of V in training", "mean gate", against="learned", lines=("density",)),
        Curves("loss_X2", "L", "what training makes small", "loss of hidden words", against="learned", lines=("loss",)),
        ChosenPictures("picture_KSSC", "x", "what the network is given to see"),
    ),
    layout=(
        Group("What it says, word by word", ("caption", "share_W", "look_WKP", "frame_K")),
        Group("A hidden word: what moves", ("caption", "share_W", "hidden_share_W", "guess")),
        Group("Who sees whom: the gate, and what attention makes of it", ("gate_MM", "used_MM")),
        Group("One patch, over space and time", ("row_KP", "used_KP", "frame_K")),
        Group("First frame: how open its patches are to each frame", ("bar_PK",)),
        Group("Density of the mask, and of attention", ("open_share", "elsewhere")),
        Group("Every mask, on this clip", ("compared",)),
        Group("Draws: captions that are not the likeliest", ("draws",)),
        Group("Eight frames: the row of the same patch", ("longer_FP", "frame_F")),
        Group("Training: density", ("density_X2",)),
        Group("Training: loss", ("loss_X2",)),
        Group("Frames: what the network is given to see", ("frame_K", "picture_KSSC")),
    ),
    untrained=lambda labels, knobs: ["SwinBERT"] if any("UNTRAINED" in label for label in labels) else [],
)  # fmt: skip
