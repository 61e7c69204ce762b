"""What is said of TSPO: our readings, its equations in the paper's order, what its released code does, presets and words."""

from core.equation import Equation
from core.knobs import Preset

LINKS = (
    ("The paper, arXiv 2508.04369", "https://arxiv.org/abs/2508.04369"),
    ("The authors' code, at 19f4ecb", "https://github.com/Hui-design/TSPO/tree/19f4ecb"),
)

READINGS = (
    (
        "the question",
        "Options never enter. Our small text tower knows a grammar without questions: where it does not know every word, "
        "fillers are left out, and one that it has never seen is a fixed vector of its own, that only rewards can teach a "
        "meaning. A CLIP of your own reads it all.",
    ),
    ("F_f", "Our tower's features have unit length: they enter the agent with 0.4 of the length of PE."),
    ("PE", "Sines and cosines of t/T, the place in the whole video: the released code computes this one."),
    ("heads", "Eight, or the largest number that divides both 8 and the features."),
    (
        "τ",
        "0.3 → 0.06 in training: it has to fit how far the cosines of a tower spread, and ours spread wider than CLIP-Large's.",
    ),
    ("who answers", "A small transformer that is trained on our world's answers first stands in for the frozen Video-MLLM."),
    ("R_A, R_T", "Every question of our world has both: its evidence is known. `R` = “answer” learns from R_A alone."),
    (
        "what is asked",
        "It is trained on find, begin, end and after. F_e is made before anybody asks, so that “what follows the ring” can "
        "only be compared with what the agent says of any frame: it finds the ring, if anything, and after is not learned.",
    ),
    ("what is a draw", "The noise is drawn by the processor from γ, so that a device changes no rollout."),
)

EQUATIONS = (
    Equation(
        "{event_score_T} = cos(F_e, F_t),  F_e = MLP(Attn_{window}({feature_TE|F_f|frame_score_T} + PE)) + "
        "{feature_TE|F_f|frame_score_T}",
        "What happens around a frame; F_e knows of no question, which enters by a cosine alone.",
        released="Attention has no output projection, norm or residual; a global branch is computed and multiplied by 0 (D5).",
        ours=("F_f", "PE", "heads", "what is asked"),
    ),
    Equation(
        "{score_T} = {event_score_T} + {frame_score_T}",
        "Each candidate's score: the frame alone, and what happens around it.",
        ours=("the question",),
    ),
    Equation(
        "{share_T} = softmax({score_T} / {tau})",
        "How likely the first draw takes each candidate.",
        paper="τ falls from 0.025 to 0.01.",
        ours=("τ",),
    ),
    Equation(
        "{drawn} = top-{budget}({score_T} / {tau} + {seed}),  {seed} ~ Gumbel(0, 1)",
        "Draws without replacement: adding noise and taking the highest is the same.",
        paper="The likelihood that is differentiated is the product of noisy probabilities (equation 5).",
        released="The mean of noiseless log-probabilities (D1). Neither is that of draws without replacement; “exact” is.",
        ours=("what is a draw",),
    ),
    Equation(
        "{rollout_reward|A} = (R − mean R) / (std R + 10^−4),  R = R_A + R_T",
        "What a draw is worth beside the others of its question.",
        released="The ratio to the policy that drew is always 1, and there is no KL (D2). R + 1 leaves every A as it was (D3).",
        ours=("who answers", "R_A, R_T"),
    ),
    Equation(
        "{pull_T} = A · ∂ log π / ∂S, mean over draws",
        "Where learning would draw each score after these draws: up in those that did better than their group.",
        paper="The ratio to the policy that drew, times A, has this gradient.",
        released="Its gradient is a K-th of the product's, since a mean stands for the sum of logarithms (D1).",
    ),
)

DIFFERENCES = (
    (
        "D1",
        "The loss has the mean of noiseless log-probabilities of chosen frames, where the paper has a product of noisy ones.",
    ),
    (
        "D2",
        "One step is made on what was drawn, so the ratio is always 1, nothing is clipped, and the KL term is commented out.",
    ),
    ("D3", "General videos are rewarded R_A + 1: the 1 is in every rollout of a group, and cancels in every A."),
    ("D4", "One benchmark's frames are chosen by bin-max, the others' by top-k; the paper speaks of one way."),
    ("D5", "A global attention is computed and multiplied by 0; one linear layer is never called: 2.95 of 3.54 million act."),
    ("D6", "General videos are trained with 8 frames, needles with 16; the paper says 16."),
    ("D7", "Its needles lie in videos of 11 to 13 minutes, where the paper says 10 to 60."),
)

FIRST = ("budget", "tau", "sampler", "trained", "learned")

PRESETS = {
    "defaults": Preset(),
    "frame alone": Preset({"event": False}),
    "event alone": Preset({"frame": False}),
    "R_A alone": Preset({"trained": "answer"}),
    "by chance": Preset({"trained": "shuffled"}),
    "untrained": Preset({"learned": 0, "tau": 0.3}),
    "half trained": Preset({"learned": 40}),
    "bin-max": Preset({"sampler": "bin-max"}),
    "a draw": Preset({"tau": 0.3, "sampler": "gumbel"}),
}  # fmt: skip

PAIRS = (("tau", "budget"), ("learned", "budget"))

TOUR = (
    {
        "title": "A long video: which frames?",
        "text": "Of 256 seconds only eight frames are looked at. TSPO learned to choose them from a reader's answers.",
        "act": "Open the tab TSPO and set n, how much of its training is done, to 0.",
        "keys": "Go to it, Enter; again, then Home",
        "done": "This is the agent before any training: the marks show where it would look. Raise n again, and they move.",
        "tab": "TSPO",
        "targets": ["#knob-tspo-learned"],
        "check": {"shown": ["tspo", {"learned": 0}]},
    },
)

WORDS = {
    "rollout": "One draw of K frames, which the reader answers from; several of one question are held against each other.",
    "advantage": "How much better a rollout was rewarded than the others of its question, in standard deviations.",
    "Gumbel noise": "Noise of −log(−log u): who adds it to logits and takes the K highest draws K without replacement.",
}
