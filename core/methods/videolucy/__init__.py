"""VideoLucy: a long video is remembered in captions, and agents go back to where the answer may be, until they are sure.

Zuo et al., VideoLucy: Deep Memory Backtracking for Long Video Understanding, NeurIPS 2025 (arXiv 2510.12422). Nothing is
trained there: its agents are prompts to a language model and to one that sees. Here the agents are rules, and the eye a small
captioner that was trained on our world; a model behind an endpoint may stand in for each of them.

The loop is Algorithm 1 (`loop`), over memories of three depths (`memory`); here are the page's stages (`stages`).

Letters: S coarse periods, L depths, K chosen frames, X steps, D depths.
"""

from core.kinds import (
    Answer,
    ChosenFrames,
    ChosenPictures,
    ChosenTimes,
    Curves,
    Effort,
    MeasuredMatrix,
    MemoryTree,
    Sentence,
    Steps,
)
from core.knobs import KnobSet, knob
from core.method import Group, Method, Network
from core.methods.shared import picture_KHWC, time_K
from core.methods.videolucy import stages
from core.methods.videolucy.agents import STRICT
from core.methods.videolucy.measured import load_measured
from core.methods.videolucy.memory import DEPTHS
from core.methods.videolucy.service import load_pictures, load_words

SERVED = "on another machine"


class LucyKnobs(KnobSet):
    """What a reader may turn."""

    coarse: int = knob(64, "T_c", (16, 256, 8), "seconds of a coarse period")
    fine: int = knob(8, "T_f", (2, 32, 1), "seconds of a fine period")
    ultra: int = knob(1, "T_uf", (1, 4, 1), "seconds of an ultra-fine period")
    iterations: int = knob(5, "n", (0, 10, 1), "of the loop at most; then the answer is forced")
    sparse: bool = knob(True, "S_0", None, "begin with the most relevant coarse periods; off: with all")
    relevant: int = knob(3, "r", (1, 8, 1), "relevant periods that it begins with")
    neighbours: int = knob(1, "±", (0, 3, 1), "periods on either side of each that it begins with, too")
    instruct: bool = knob(True, "p", None, "the captioner is told what to look for; off: it describes")
    noise: float = knob(0.0, "ε", (0.0, 0.5, 0.05), "share of a caption's colours, shapes and numbers that are wrong")
    strict: str = knob("bound", "Conf", STRICT, "sure with any clause; if one binds both; if two captions do")
    captioner: str = knob("eye", "Cap", ("eye", SERVED), "who captions: the small eye, or a model that is shown pictures")
    locator: str = knob("rules", "Loc", ("rules", SERVED), "who locates and instructs: rules, or a language model")
    answerer: str = knob("rules", "Ans", ("rules", SERVED), "who answers: rules, or a language model")
    shown: int = knob(stages.SHOWN, "k", (1, stages.SHOWN, 1), "the step whose memory is shown; behind the end: the last")
    budget: int = knob(8, "K", (1, 64, 1), "frames that are shown: of the memory that answers, then those seen last")


def serves(*knobs: str):
    """Whether one of these agents is a model on another machine."""
    return lambda settings: any(settings[one] == SERVED for one in knobs)


METHOD = Method(
    name="videolucy",
    place=66,
    title="VideoLucy — agents that look again until they are sure",
    paper="Zuo et al., VideoLucy: Deep Memory Backtracking for Long Video Understanding, NeurIPS 2025",
    knobs=LucyKnobs,
    stages=(
        stages.seconds, stages.tree, stages.caption_S, stages.settings, stages.search, stages.reply, stages.said,
        stages.step_said, stages.effort, stages.spent_X4, stages.frame_K, time_K, picture_KHWC, stages.depth_D2,
        stages.needle_SQ, stages.failures,
    ),
    networks={
        "words": Network("videolucy", load_words, used=serves("locator", "answerer")),
        "eye": Network("videolucy_eye", load_measured),
        "pictures": Network("videolucy_pictures", load_pictures, used=serves("captioner")),
    },
    outputs=(
        MemoryTree("tree", "t", "periods of three depths", "seconds"),
        Steps("search", "CM", "what the agents did", when="network", turns="shown", depths=DEPTHS),
        Answer("reply", "R", "the answer", when="network"),
        Sentence("said", "R", "the answer, and whether it is sure", when="network"),
        Sentence("step_said", "k", "the step that is looked at", when="network"),
        Effort(
            "effort", "$", "what the search took", when="network",
            words=lambda knobs: (
                "The eye was shown *{}* frames, and agents were called *{}* times: *{}* calls were captions. "
                f"Captioning every {knobs['ultra']} s would be {{}}."
            ),
        ),
        Curves("spent_X4", "$", "calls after each step", "calls", against="shown", when="network",
               lines=("captions", "calls of agents", "both")),
        ChosenFrames("frame_K", "v", "frames that answer, and that were seen last", when="network"),
        ChosenTimes("time_K", "t", "when they are shown", "seconds", when="network"),
        ChosenPictures("picture_KHWC", "V", "what is seen in them", when="network"),
        MeasuredMatrix(
            "depth_D2", "H, rel", "captions by depth", "bits, share", when="network", rows="depth", columns="measure",
            row_names=DEPTHS, column_names=("entropy", "relevance"),
        ),
        MeasuredMatrix(
            "needle_SQ", "right", "needle in a haystack", "share of questions", when="network", rows="length of the video",
            columns="quarter of it", row_names=("600 s", "1800 s", "3600 s"), column_names=("1st", "2nd", "3rd", "4th"),
        ),
        Sentence("failures", "✗", "what went wrong, over many videos", when="network"),
    ),
    layout=(
        Group("Memory", ("tree", "search")),
        Group("The answer", ("said",)),
        Group("What it took", ("effort",)),
        Group("What the agents did", ("search",)),
        Group("The step that is looked at", ("step_said",)),
        Group("Calls after each step", ("spent_X4",)),
        Group("Frames that answer", ("frame_K", "time_K", "picture_KHWC")),
        Group("Needle in a haystack", ("needle_SQ",)),
        Group("What captions hold, by depth", ("depth_D2",)),
        Group("What goes wrong", ("failures",)),
    ),
    untrained=lambda labels, knobs: ["VideoLucy's eye"] if any("UNTRAINED" in label for label in labels) else [],
)  # fmt: skip
