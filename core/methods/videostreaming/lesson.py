"""What is said of VideoStreaming: what its summaries give, what is ours, and what it cannot do."""

from core.equation import Equation
from core.knobs import Preset

LINKS = (("The paper, arXiv 2405.16009", "https://arxiv.org/abs/2405.16009"),)

READINGS = (
    ("source", "No code was found, and we read summaries that quote the paper, not all of it. What they leave open is ours."),
    ("networks", "Two blocks of width 64 stand for half of Phi-2, two for Vicuna-7B; both are trained on our world alone."),
    ("frame", "One token a frame, the frozen CLIP's feature, and a frame a second; the paper has 64, of patches."),
    ("whitened", "Features have equal variance in all directions in which training frames differ: shapes differ little."),
    ("S_k", "Learned tokens, one or two a frame, to which H_{k−1} is added: what a clip leaves alone stays."),
    ("global token", "Ŝ_k begins as the mean of F_k, as the summaries say, and Ĥ_k is what comes of it."),
    ("first clip", "Nothing stands before it: H_0 is left out. Switching H off leaves it out everywhere."),
    ("last clip", "It is filled up with its last frame, so that every memory has T·P tokens."),
    ("time prompt", "Two tokens made of log(1 + seconds), one for history, one for the clip; the paper writes text."),
    ("Ĥ_Q", "The question's words follow H_K, as the summaries say: nothing is chosen before the last clip is read."),
    ("τ", "Similarities are divided by 0.1 before noise, softmax and top-V: cosines of trained vectors lie close together."),
    ("noise", "Gumbel noise is drawn in training and at γ > 0; at γ = 0 the V most similar clips are chosen."),
    ("reader", "It answers with one of 21 words (colours, shapes, 1 to 4, not shown), and guesses what it was never asked."),
    ("training", "Single clips, then videos that grow, four questions to each; the first half and the end have the KL."),
    ("V", "The reader was trained with 1 to 4 memories; more, up to 8, it may be given, and “all” share its eight places."),
    ("∅", "A hidden clip has the mean of all features it was trained on in every frame: what is usual, and tells nothing."),
    ("oracle", "Where the video says what it shows and the question names a colour or shape; else it is adaptive."),
)

EQUATIONS = (
    Equation(
        "H_k, Ĥ_k = g([{prompts} ∘ H_k−1 ∘ {clip_KNE|F_k|span_K2} ∘ S_k ∘ Ŝ_k])",
        "A clip is read after the memory of those before it; what its summary tokens become is the next memory.",
        ours=("S_k", "first clip", "time prompt"),
    ),
    Equation(
        "Ĥ_Q = g([{memory_KMD|H_K} ∘ Q])",
        "The question is read after the last memory, by the same encoder.",
        ours=("Ĥ_Q",),
    ),
    Equation("{score_K} = cos(Ĥ_Q, Ĥ_k)", "How well each clip fits the question.", ours=("global token",)),
    Equation("{frame_F} = top-{budget} of {logit_K}", "With noise a draw, without it the best.", ours=("τ", "noise")),
    Equation(
        "{said} = reader([H_v ∘ Q])", "Answers are made of the chosen memories alone: V·T·P tokens.", ours=("reader",),
    ),
)  # fmt: skip

FIRST = ("budget", "selector", "memory", "noise")

PRESETS = {
    "defaults": Preset(),
    "the last clips": Preset({"selector": "last"}),
    "last, no memory": Preset({"selector": "last", "memory": False}),
    "four clips": Preset({"budget": 4}),
    "clip 7 is hidden": Preset({"hidden": 7}),
    "a draw": Preset({"noise": 1}),
}

PAIRS = (("memory", "selector"), ("budget", "selector"))

TOUR = (
    {
        "title": "A long video, clip by clip",
        "text": "VideoStreaming reads ten minutes in clips of four seconds. What it remembers never grows.",
        "act": "Open the tab VideoStreaming and play its memory.",
        "keys": "Go to it, Enter; when it is read, again",
        "done": "Each clip changes the memory a little. Ask something: no clip is read again. That was all.",
        "tab": "VideoStreaming",
        "targets": ["#viewer-videostreaming .me-play"],
        "check": {"seen": "#viewer-videostreaming .me-play[aria-label^=Pause]"},
    },
)

WORDS = {
    "memory H_k": "T·P vectors that stand for everything up to clip k; every clip makes the next of the one before.",
    "clip indicator Ĥ_k": "One vector for each clip; a question is compared with these, and not with frames.",
    "straight-through": "A choice that is hard forwards and has a softmax's gradient backwards: so it is learned.",
}
