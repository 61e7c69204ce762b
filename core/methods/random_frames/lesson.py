"""What is said of frames drawn by chance."""

from core.equation import Equation
from core.knobs import Preset

READINGS = (
    ("the draw", "The K largest of independent numbers are K candidates without replacement, all choices alike likely."),
    ("one more", "With the same seed K + 1 frames are the K frames and one more: a curve over K has no noise of its own."),
    ("fewer", "Where there are fewer candidates than K, each is chosen once."),
)

EQUATIONS = (
    Equation("{score_T} ~ U(0, 1)", "A number drawn for each candidate; nothing of the video is looked at."),
    Equation("{frame_K} = top-{budget} of {score_T}", "The candidates of the largest numbers.", ours=("the draw", "one more")),
)

FIRST = ("budget", "seed", "rate")

PRESETS = {
    "defaults": Preset(),
    "another draw": Preset({"seed": 1}),
    "64 frames": Preset({"budget": 64}),
}  # fmt: skip
