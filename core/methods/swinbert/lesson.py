"""What is said of SwinBERT: our readings, its equations, what its released code does otherwise, presets and words."""

from core.equation import Equation
from core.knobs import Preset

LINKS = (
    ("The paper, arXiv 2111.13196", "https://arxiv.org/abs/2111.13196"),
    ("The authors' code, at 03116f1", "https://github.com/microsoft/SwinBERT/tree/03116f1"),
)

READINGS = (
    (
        "networks",
        "Our reading: one small encoder of words and patches, trained on a drawn world, for VidSwin-B and a BERT of 12 layers.",
    ),
    (
        "codes of place and time",
        "Our reading: a patch is told where and when it is. In the paper VidSwin mixes patches before BERT sees them, and BERT "
        "adds no code; a mixing tokenizer would see motion by itself, and the mask would have nothing to learn.",
    ),
    (
        "log σ(V)",
        "Our reading: the gate multiplies what a softmax gives a pair, m·exp(q·k), which is b = log m. The paper writes V.",
    ),
    (
        "one gate a pair",
        "V has one number for each ordered pair of patches, for all layers, heads and clips, as in the released code.",
    ),
    ("λ", "The main paper gives no λ, and we did not see its supplement: ours is chosen so that a few percent stay open."),
    ("ρ", "Our reading: a hard gate keeps the ρ highest pairs. At a threshold of one half almost nothing would stay open."),
    (
        "straight-through",
        "Our reading: while a hard gate is trained on, V has the gradient of log m, which reaches open pairs alone.",
    ),
    ("own patch", "A patch always sees itself: the diagonal of the gate is 1, and no sparsity is asked of it."),
    ("2T", "The paper interpolates V along time. V of a patch with itself was never learned: it counts as the mean of V."),
    (
        "four and eight frames",
        "Eight frames are the same pictures at twice the rate. A captioner goes on with them, whatever the mask of eight.",
    ),
    (
        "heads",
        "Our reading: heads begin by preferring patches nearby, half of them a moment before and half a moment after.",
    ),
    ("squares", "The middle square of a frame, down to as many pixels as the network reads; training sees drawn pixels."),
    ("how sure", "The share of a softmax without τ at a place that shows [MASK], whether a word is the likeliest or drawn."),
    ("attention", "Drawn is the mean over heads, of one layer. No word reads what the last layer makes of patches."),
    ("n", "V of earlier moments meets the captioner as it ended: what is replayed is the mask alone."),
)

EQUATIONS = (
    Equation(
        "{gate_MM} = I + (1 − I)·σ({mask_MM|V|gate_MM})",
        "One gate for each ordered pair of patches; a patch always sees itself.",
        paper="V is the activation itself, and Σ |V_ij| is made small.",
        released="Off the diagonal a sigmoid of a table that begins as N(0, 1).",
        ours=("one gate a pair", "own patch"),
    ),
    Equation(
        "{used_MM} = softmax(q·k / √E + {bias_MM|b|gate_MM}),  {bias_MM|b|gate_MM} = log {gate_MM}",
        "What a patch takes from each: the softmax with the gate in it.",
        paper="The mask is multiplied in; how, is not written out.",
        released="b = (1 − m)·(−10,000): shut unless σ(V) is almost 1, and V has no gradient from captions (D1).",
        ours=("log σ(V)", "attention"),
    ),
    Equation(
        "L = L_MLM + λ·mean of {gate_MM}",
        "Words that are hidden must be filled in, and open pairs cost.",
        released="λ is 0.5 on the mean of all gates off the diagonal; it and weight decay are all that moves V (D1).",
        ours=("λ",),
    ),
    Equation(
        "{gate_MM} = 1 for the {density} highest, else 0",
        "The hard mask: form “hard”. It is trained on, for it is another network.",
        paper="A threshold of 0.5, and a few steps more.",
        ours=("ρ", "straight-through"),
    ),
    Equation(
        "{longer_FP} = σ(interpolation of {mask_MM|V|gate_MM} along time)",
        "Twice as many frames begin with what fewer learned.",
        released="Its bilinear expansion is never assigned, and would mix places (D2); the other leaves halves to chance (D3).",
        ours=("2T", "four and eight frames"),
    ),
    Equation(
        "{caption} = w_1 … w_W,  w_n = argmax p(w | w_<n, [MASK], video)",
        "Word by word: [MASK] stands at the next place and is filled in.",
        paper="Beam 1, up to 20 tokens.",
        ours=("networks",),
    ),
    Equation("{share_W} = p(w_n | w_<n, video)", "How sure each word is.", ours=("how sure",)),
    Equation(
        "{hidden_share_W} = p(w_n | w_<n without one, video)",
        "The same with a word hidden: those before it cannot move, for words see only what stands before them.",
    ),
)

DIFFERENCES = (
    (
        "D1",
        "The gate enters attention as (1 − σ(V))·(−10,000). At first σ(V) is at most 0.99 off the diagonal, every bias under "
        "−94, every patch sees itself alone, and the loss of words has no gradient in V, exactly 0 as computed. A pair opens "
        "only where σ(V) is above 0.9995.",
    ),
    (
        "D2",
        "The bilinear expansion of V for more frames is computed and not assigned. Assigned, it would enlarge the index that "
        "numbers places and times in one, so that a patch inherits from another place.",
    ),
    ("D3", "The other expansion copies V into the block of each half of the video, and leaves pairs between halves random."),
    ("D4", "Taking over a whole model at another frame rate loads the last tensor of the file alone."),
    ("D5", "Weight decay is 0.2 whatever the configuration says, which has 0.05."),
    ("D6", "Rounding gates at 0.5 opens pairs that the soft gate kept shut: V ≥ 0 is open then. It is another network."),
)

FIRST = ("pattern", "form", "density", "budget", "token", "layer", "hidden")

PRESETS = {
    "defaults": Preset(),
    "as released": Preset({"form": "as_released"}),
    "hard": Preset({"form": "hard"}),
    "all open": Preset({"pattern": "full"}),
    "alone": Preset({"pattern": "identity"}),
    "by chance": Preset({"pattern": "random"}),
    "eight frames": Preset({"budget": 8}),
    "flat index": Preset({"budget": 8, "inherit": "flat index"}),
    "before training": Preset({"learned": 0}),
    "drawn": Preset({"temperature": 1.0}),
}

PAIRS = (("density", "learned"), ("layer", "token"))

TOUR = (
    {
        "title": "A caption, and who may see whom",
        "text": "SwinBERT says what moves. No frame shows that by itself: patches must see those of other frames.",
        "act": "Open the tab SwinBERT and choose “alone”.",
        "keys": "Go to it, Enter; then to the button, Enter",
        "done": "Now no patch sees another: only words can compare. Look at the square: nothing but its diagonal is open.",
        "tab": "SwinBERT",
        "targets": ["#viewer-swinbert .sq canvas"],
        "check": {"shown": ["swinbert", {"pattern": "identity"}]},
    },
)

WORDS = {
    "gate m": "A number from 0 to 1 for each ordered pair of patches: what it lets through of the attention between them.",
    "sparse mask V": "The table that gates are made of, learned with the captions: most of it is pressed shut by a loss.",
    "density ρ": "The share of pairs of two patches that are open; of soft gates, their mean.",
    "masked language modelling": "Words of a sentence are hidden, and a network learns to fill them in.",
}
