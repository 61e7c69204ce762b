"""What is said of VideoLucy: what is ours, its loop, what its released demo does otherwise, presets and words."""

from core.equation import Equation
from core.knobs import Preset

LINKS = (
    ("The paper, arXiv 2510.12422", "https://arxiv.org/abs/2510.12422"),
    ("The authors' demo, at 2921f93", "https://github.com/Zplusdragon/VideoLucy/tree/2921f93"),
)

EXAMPLE = "ten-minutes-of-numbers"

READINGS = (
    (
        "agents",
        "Our reading: none is a language model. Three are rules that read a closed grammar of questions and look words up in "
        "captions; they reason no further. A service may stand in for each, and is asked in the words shown.",
    ),
    (
        "the eye",
        "Our reading: one small captioner, trained on our world, stands for Qwen2.5-VL-7B. It writes what it sees, with its "
        "mistakes, at every depth: “4th red star” is seen from the fourth of its eight frames on.",
    ),
    (
        "frames of a period",
        "Our reading: eight, from the middles of its eighths, whatever its length; the paper raises frame rate and resolution "
        "with depth. So what lasts two seconds is missed in a coarse period: eight frames over a minute do not show it.",
    ),
    (
        "Loc",
        "Our reading: captions that name the thing of the question, word by word, the coarse before the fine; where none does, "
        "the middle of the widest stretch that was not searched.",
    ),
    ("Ins", "Our reading: the attribute that is asked for. The eye knows one instruction, to look for the number."),
    (
        "Conf",
        "Our reading: sure means that a caption binds the thing and what is asked, and that no other value is as frequent. "
        "“any” needs less, “twice” needs two captions.",
    ),
    (
        "right after",
        "Our reading: two things are neighbours for sure where one fine caption, or two of neighbouring periods, shows both.",
    ),
    (
        "S_0",
        "Our reading: where nothing is left to look at in what it began with, the other coarse periods are taken, too.",
    ),
    ("last period", "Our reading: what is left of the video is a period of its own depth, however short."),
    (
        "T_c, T_f, T_uf",
        "Our reading: 64, 8 and 1 seconds. The paper has 100, 10 and 1 for videos of half an hour to an hour, and others for "
        "others.",
    ),
    ("ε", "Our reading: noise replaces a colour, shape or number by another, the same one each time; no paper has it."),
    (
        "forced",
        "Our reading: the most frequent value that any caption holds, or “not shown”; it is never called sure.",
    ),
    (
        "frames that answer",
        "Our reading: VideoLucy hands no frames on. Here these are frames that the eye was shown: of the period that answers "
        "first, then those it was shown last.",
    ),
    (
        "other questions",
        "Our reading: of a question outside the grammar the rules search for the thing that it names, and do not answer.",
    ),
)

EQUATIONS = (
    Equation(
        "{caption_S|m_k|search} = Cap(v_k),  v_k = video[k·{coarse}, (k + 1)·{coarse}]",
        "Every coarse period is captioned once, with no question in mind.",
        ours=("the eye", "frames of a period", "last period"),
    ),
    Equation(
        "CM = (m_k), k among the {relevant} most relevant or ±{neighbours} beside one",
        "The search begins with what may matter: {sparse} off, with all.",
        paper="Three periods and their neighbours, 3 to 9 in all.",
        released="Its prompt asks for two (D1); an ordinal in the question skips it (D2).",
        ours=("S_0", "Loc"),
    ),
    Equation(
        "t = Loc(CM ∖ S, Q),  p = Ins(CM, Q, t)",
        "One period that was not searched, and what to look for in it: {instruct} off, nothing in particular.",
        ours=("Loc", "Ins"),
    ),
    Equation(
        "{search|CM} ← CM ∪ Cap(v_t, p) ∪ Cap(v_t^i, p),  |v_t^i| = {fine} or {ultra}",
        "It is captioned anew, and so is each part of it at the next depth.",
        released="Depth is told by a length of exactly 10 s: a tail of that length is lost (D3).",
        ours=("frames of a period",),
    ),
    Equation(
        "{reply|R} = Ans(CM, Q), until it is sure or after {iterations}",
        "The loop ends when a memory shows the answer; else it is forced, and marked.",
        released="The forced answer reads the coarse memory that was left out, too (D4).",
        ours=("Conf", "forced"),
    ),
)  # fmt: skip

DIFFERENCES = (
    ("D1", "The prompt asks for two periods to begin with, where the paper says three: r = 2 is what it does."),
    (
        "D2",
        "A question that contains an ordinal begins with the whole memory. It is a test of substrings: “How many seconds …?” "
        "and “What is the plastic cup …?” contain “second” and “last”.",
    ),
    (
        "D3",
        "Depth is told by length: a period of exactly 10 s counts as fine. A coarse tail of 10 s, as the demo's own video has "
        "at 780–790 s, is stored as super-fine and never reaches the answering prompt.",
    ),
    (
        "D4",
        "The forced answer reads the unfiltered coarse memory beside what was refined: periods that were left out come back.",
    ),
    ("D5", "A summary of the coarse memory costs a call, and the answer never reads it."),
    (
        "D6",
        "A reply is read as the last {…} without nesting, “true” and “false” being replaced in the answer, too; a quote in it "
        "or a null, and the question has no answer. Here it is asked again.",
    ),
    ("D7", "Only an open-ended demo is released; what measured the benchmarks is not."),
)

FIRST = ("iterations", "coarse", "fine", "sparse", "instruct", "strict")

PRESETS = {
    "defaults": Preset(),
    "coarse alone": Preset({"iterations": 0}),
    "no instruction": Preset({"instruct": False}),
    "two periods": Preset({"relevant": 2}),
    "all memory": Preset({"sparse": False}),
    "errors": Preset({"noise": 0.2}),
    "sure at once": Preset({"strict": "any"}),
}

PAIRS = (("iterations", "coarse"), ("noise", "strict"))

TOUR = (
    {
        "title": "A long video, remembered in words",
        "text": "VideoLucy captions ten minutes coarsely, then goes back to where the answer may be, more and more closely.",
        "act": "Open the tab VideoLucy and move its steps: which memories are there?",
        "keys": "Go to it, Enter; then Tab to “Step”, Home",
        "done": "The first step knows little of everything. Each visit knows more of one place, until one shows the answer.",
        "tab": "VideoLucy",
        "targets": ["#viewer-videolucy .mt-step"],
        "check": {"seen": "#viewer-videolucy .mt-step[aria-valuetext^='1 of']"},
    },
)

WORDS = {
    "memory (VideoLucy)": "Captions of periods, coarse, fine and ultra-fine; a deeper one says more of a shorter time.",
    "agent": "Who does one thing with words: caption a period, say where to look and for what, answer. Here rules, or a model.",
    "confidence": "Whether an answer has support in the memory. VideoLucy stops when its answering agent says so.",
    "forced answer": "One that had to be given after the last iteration, without support: it is marked, and measured apart.",
    "constant answer": "What is right without looking. On EgoMem's released file always answering “A” scores 41 %: so every "
    "accuracy here stands beside it.",
}
