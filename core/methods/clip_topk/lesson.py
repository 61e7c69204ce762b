"""What is said of the frames most like the question."""

from core.equation import Equation
from core.knobs import Preset

READINGS = (
    ("feature", "The CLS feature of the whole frame, resized and not cropped, in the space shared with texts."),
    (
        "the question",
        "It is read with no template around it. Our small tower knows no questions: where it does not know every word, fillers "
        "such as “what colour is the” are left out, and each word that it has never seen is a vector of its own.",
    ),
    ("one frame", "Every frame is scored alone: what happens between frames, and what comes before or after, cannot be asked."),
    ("fewer", "Where there are fewer candidates than K, each is chosen once."),
)

EQUATIONS = (
    Equation(
        "{score_T} = cos({feature_TE|F_t|score_T}, {question_E|q|score_T})",
        "How well each candidate frame fits the question, by itself.",
        ours=("feature", "the question", "one frame"),
    ),
    Equation("{frame_K} = top-{budget} of {score_T}", "The candidates that fit best, shown in the order of time."),
)

FIRST = ("budget", "rate")

PRESETS = {
    "defaults": Preset(),
    "one frame": Preset({"budget": 1}),
    "64 frames": Preset({"budget": 64}),
}  # fmt: skip
