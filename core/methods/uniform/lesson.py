"""What is said of uniform sampling."""

from core.equation import Equation
from core.knobs import Preset

READINGS = (
    ("parts", "Parts are equal in candidates, so that all methods choose among the same frames; their seconds differ by one."),
    ("ends", "The middle of a part, never its first frame: the first and the last frame of a video are not chosen for free."),
    ("fewer", "Where there are fewer candidates than K, each is chosen once."),
)

EQUATIONS = (
    Equation(
        "{frame_K} = ⌊(2k + 1)·T / 2{budget}⌋",
        "The candidate in the middle of each of K equal parts, whatever is seen there.",
        ours=("parts", "ends"),
    ),
    Equation("{share_K} = ({span_S2|t′ − t}) / (the video's seconds)", "How much of the video one frame stands for."),
)

FIRST = ("budget", "rate")

PRESETS = {
    "defaults": Preset(),
    "one frame": Preset({"budget": 1}),
    "64 frames": Preset({"budget": 64}),
}  # fmt: skip
