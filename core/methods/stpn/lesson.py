"""What is said of STPN: our readings, its equations in the order of its steps, presets, words, and its steps of the tour.

Released, in an equation: what its released code does.
"""

from core.equation import Equation
from core.knobs import Preset

LINKS = (
    ("The paper, arXiv 2402.02574", "https://arxiv.org/abs/2402.02574"),
    ("The authors' code, at a44d847", "https://github.com/guanxiongsun/vfe.pytorch/tree/a44d847"),
)
CITATION = """\
@inproceedings{sun2023stpn,
  title     = {Spatio-temporal Prompting Network for Robust Video Feature Extraction},
  author    = {Sun, Guanxiong and Wang, Chi and Zhang, Zhaoyu and Deng, Jiankang and Zafeiriou, Stefanos and Hua, Yang},
  booktitle = {Proceedings of the IEEE/CVF International Conference on Computer Vision (ICCV)},
  pages     = {13587--13597},
  year      = {2023}
}
"""

READINGS = (
    ("τ", "A fixed stride leaves t itself out and repeats the clip's ends. S = 0 spreads K frames over the clip, t or not."),
    (
        "t as a support",
        "One frame, one state: frame t supports as it is shown, itself and, through the clip, the others. Where supports are "
        "spoilt, the other frames are so for each other; each is read, and supports itself, as it is in the clip.",
    ),
    ("per clip", "One set of prompts, around the clip's middle frame, for every current frame; released: one set, S = 0."),
    ("spoilt frames", "Resized to the network's size first and spoilt then, as in training: a severity means one thing."),
    ("N", "The trained prompts do not know of each other before they enter, so fewer are the first N of them."),
    ("average", "Each support's strongest patches, averaged by rank: from the released code, not compared with the paper."),
    ("mixer", "The paper names a Mixer predictor; no source that could be read has its layers, so those here are ours."),
    ("deep", "Each block of the last stage has prompts of its own, from that block's own input, removed right after it."),
    ("attention of deep prompts", "Drawn is the mean over the blocks; heads stay apart."),
    ("merge", "“released”: how the released weights read a prompt in patch merging; “plain”: as four equal patches stand."),
    (
        "CvT",
        "None was released with STPN: prompts go around its convolutions like the class token, and a linear map of ours takes "
        "them from stage to stage. It merges no patches, so “released” is refused.",
    ),
    ("cosine", "Each way of reading is compared with itself on the clean frame: without prompts, or with the same prompts."),
    ("change", "Divided by the mean length of a plain feature in its stage, one number a stage: dark places do not blow up."),
    ("tracks", "The paper's video segmentation is not released: every frame is read by itself and linked as MinVIS links."),
    ("following", "Nor is its tracking: of a frame's detections the one most like the thing, near where it heads, is taken."),
    ("past", "One thing is followed with prompts of K past frames, S apart, or spread over the past (S = 0)."),
    ("baseline", "A detector of its own, trained as long without prompts. The same weights with prompts skipped are “plain”."),
)

EQUATIONS = (
    Equation(
        "{support_index_K} = {t} ± {stride}, {t} ± 2{stride}, …, {t} ± ½{supports}·{stride}",
        "Which frames support the current one: as many before it as behind it.",
        paper="Frames from t − S·K/2 to t + S·K/2; whether t itself is one of them is left open.",
        released="In training one random frame of the nine before and one of the nine behind; in a test 14 over the video.",
        ours=("τ", "t as a support", "per clip"),
    ),
    Equation(
        "{prompt_attention_NQKP} = softmax over K·P of (Q·W_q)·(R·W_k)^T / √d,   R = {support_LKPF|E|support_index_K}·W_r",
        "Where each prompt looks in the supports. Q are learned queries, one a prompt; E are the supports' features.",
        released="Queries are 96 wide, and features are reduced to that; there is no norm and no feed-forward layer.",
        ours=("average", "mixer", "attention of deep prompts"),
    ),
    Equation(
        "{prompt_LQD|P|prompt_attention_NQKP} = {prompt_attention_NQKP}·R·W_v·W_o",
        "The dynamic video prompts: what each of them gathers where it looks.",
        ours=("N", "deep"),
    ),
    Equation(
        "{mass_K|mass} = Σ {prompt_attention_NQKP} over the patches of a support",
        "Which support the prompts look at most: shares that sum to 1.",
    ),
    Equation(
        "{entropy_Q} = −Σ {prompt_attention_NQKP}·log {prompt_attention_NQKP} / log(K·P)",
        "How widely a prompt looks: 0 is a single patch, 1 is all patches of all supports alike.",
    ),
    Equation(
        "{prompted|f^P|change} = tower([{prompt_LQD|P|prompt_attention_NQKP}; {pixels|x|current_HWC}]),"
        "   {plain|f|current_HWC} = tower({pixels|x|current_HWC})",
        "The current frame with prompts in front of its patches, and without; every window has a copy of the prompts.",
        released="A prompt is merged between stages in another order than patches are; the released weights rely on it.",
        ours=("merge", "CvT"),
    ),
    Equation(
        "{change} = ‖{prompted|f^P|change} − {plain|f|current_HWC}‖ / mean ‖{plain|f|current_HWC}‖",
        "How much the prompts change each place of the frame.",
        ours=("change",),
    ),
    Equation(
        "{to_prompts} and {to_patches}: attention between patches and prompts",
        "How much patches look at prompts, and where in the frame prompts look, in each block.",
    ),
    Equation(
        "{cosine_prompted_I} = cos({prompted|f^P|change}, {clean_prompted|f^P of the clean frame|cosine_prompted_I})",
        "How like its clean self a spoilt frame is to the network; 1 is the same direction.",
        ours=("cosine",),
    ),
    Equation(
        "{prompted_found|boxes} = heads({prompted|f^P|change}),"
        "   {baseline_found|boxes of the single frame} = heads of another detector",
        "What is found with prompts, and by a detector that was trained as long without.",
        ours=("baseline",),
    ),
)

PRESETS = {
    "defaults": Preset(),
    "clean": Preset({"spoil": "none"}),
    "blurred": Preset({"spoil": "motion_blur", "severity": 0.9}),
    "occluded": Preset({"spoil": "occluder", "severity": 0.6}),
    "bad supports": Preset({"severity": 0.9, "spoiled": "both"}),
    "whole clip": Preset({"supports": 14, "stride": 0}),
    "Occluded, the camera pans": Preset(
        {"spoil": "occluder", "severity": 0.9, "t": 5}, "6-camera-pans",
        "Blocks hide much of the frame. With prompts of the frames around it all three things are found in frame 5, where "
        "the single-frame detector finds one; one more is found in frames 1, 4 and 8, and one less in frame 7. Step "
        "through them with ← and →.",
    ),
    "Badly blurred": Preset(
        {"spoil": "motion_blur", "severity": 0.9, "t": 5}, "4-moves-then-stops",
        "In frames 1, 2, 3 and 8 the single-frame detector finds neither of the two things, and in no frame both. With "
        "prompts one is found in every frame, and both in frames 1, 5, 6 and 8.",
    ),
}  # fmt: skip

# What is turned most stands first; the rest is one click away.
FIRST = ("t", "severity", "spoil", "spoiled", "supports", "stride", "prompts", "shuffled")
OWN = {"spoil": "none"}  # what a reader brings is shown as it is, until he spoils it
PAIRS = (("supports", "stride"),)  # of knobs, worth a look together

WORDS = {
    "DVP": "Dynamic video prompt: a prompt that STPN makes anew from the support frames of each current frame.",
}

SPOIL = {
    "title": "Spoil the frame",
    "text": "STPN is for frames that are hard to see. Two detectors read this one: with prompts, and without.",
    "act": "Set the severity, s, to 1.",
    "keys": "Go to it, then End",
    "done": "Compare what both find.",
    "tab": "STPN",
    "targets": ["#knob-stpn-severity"],
    "check": {"shown": ["stpn", {"severity": 1}]},
}
# The last step is for a page whose viewer can keep a view to compare with; SPOIL stands in for it on any other.
TOUR = (
    {
        "title": "Another method: STPN",
        "text": "STPN makes its prompts of other frames of the clip, the supports. Each prompt looks somewhere else.",
        "act": "Open the tab STPN and lock a prompt, P₁ to P₅.",
        "keys": "Go to it, Enter; again, then Tab to a prompt, Enter",
        "done": "The supports now show where this prompt looked.",
        "tab": "STPN",
        "targets": ["#viewer-stpn .vw-prompts"],
        "check": {"seen": "#viewer-stpn .vw-prompts [aria-checked=true]:not(:first-child)"},
    },
    {
        "title": "Pin, and compare",
        "text": "STPN is for frames that are hard to see. What you see now becomes A; what you turn after that is B.",
        "act": "Press “pin as A”.",
        "keys": "Go to it, Enter",
        "done": "Now set the severity, s, to 1, and compare what is found.",
        "tab": "STPN",
        "targets": ["#viewer-stpn .vw-pin"],
        "check": {"seen": "#viewer-stpn .vw-pin[aria-pressed=true]"},
        "needs": "#viewer-stpn .vw-pin",
        "or": SPOIL,
    },
)
