"""What is said of STOP: our readings, its equations in the paper's order, presets, words, and its steps of the tour.

D1 … in an equation are differences of the released code, a method of its own.
"""

from core.equation import Equation
from core.knobs import Preset
from core.methods.stop.networks import CAP

LINKS = (
    ("The paper, arXiv 2503.15973", "https://arxiv.org/abs/2503.15973"),
    ("The authors' code, at a47eb224", "https://github.com/zhoujiahuan1991/CVPR2025-STOP/tree/a47eb224"),
)
CITATION = """\
@inproceedings{liu2025stop,
  title     = {{STOP}: Integrated Spatial-Temporal Dynamic Prompting for Video Understanding},
  author    = {Liu, Zichen and Xu, Kunlun and Su, Bing and Zou, Xu and Peng, Yuxin and Zhou, Jiahuan},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)},
  pages     = {13776--13786},
  year      = {2025}
}
"""

READINGS = (
    ("A", "The frozen model's CLS → patch attention, softmax over one frame's patches, mean over heads, from one block."),
    ("scale of A and M", "Each is divided by its largest value in the clip, never per frame: α blends like with like."),
    ("𝒩^s, 𝒩^t", "Depth-wise 3×3×3 convolutions without bias; 𝒩^s starts as a frame less its neighbours' mean, 𝒩^t as it is."),
    ("gradients", "The top-N_s and the ceiling are exact forward and straight-through backward, into 𝒩^s and 𝒩^t alone."),
    (
        "training of 𝒫^s, 𝒫^t",
        "What they read is taught by a head that names the action, dropped afterwards; what they write, by the frozen tower.",
    ),
    ("𝒫^s", "The first kernel spans three frames, the second one: the window is i − 1, i, i + 1, as the equation says."),
    ("length of p^s", "At most half of the token it is added to, so that W^t measures the frames' change, not the prompts'."),
    ("r in W^t", "The region of the gap's later frame."),
    (
        "scale of W^t",
        "A constant stored with the weights, set on training clips, never by the batch or the clip: a still clip stays still.",
    ),
    ("N^t", f"⌈η·W^t⌉, at most {CAP}; the paper states no bound. η·W^t has two digits: less is a decoder's noise, not motion."),
    ("𝒫^t", f"{CAP} prompts a gap, each with its own softmax over the gap's patches; the first N^t are inserted."),
    ("order", "The frozen encoder has no code for time: order reaches the video feature only through the prompts."),
    (
        "×L",
        "“all” repeats both modules at every layer, with weights of its own, and drops the previous layer's temporal prompts.",
    ),
    (
        "no pan",
        "Not in the paper, and off unless asked for: frames are carried to where their neighbour's camera stood, by one "
        "homography a gap, before change is measured in the first prompted layer. M is then of carried neighbours, and Δh^s "
        "is less what carrying alone has changed.",
    ),
    ("frames", "A frame is resized whole to the encoder's input; nothing is cropped."),
)

EQUATIONS = (
    Equation(
        "{attention_TP} = Attn(h_cls, {patches_TPD|h|sequence_SD})",
        "How much the frozen encoder's class token looks at each patch of its own frame.",
        released="There is no attention map anywhere (D1).",
        ours=("A", "scale of A and M"),
    ),
    Equation(
        "{dynamics_TP} = 1/d · Σ_k ({filtered_TPD|h̃_k|dynamics_TP})^2,"
        "   {filtered_TPD|h̃|dynamics_TP} = 𝒩^s({patches_TPD|h|sequence_SD})",
        "How much a patch differs from what its neighbours in time lead one to expect.",
        released="The signed mean of one convolution of RGB pixels, without a square (D2).",
        ours=("scale of A and M", "𝒩^s, 𝒩^t"),
    ),
    Equation(
        "{score_TP} = {alpha}·{attention_TP} + (1 − {alpha})·{dynamics_TP}",
        "What stands out and what moves, in one number for each patch.",
        numbers="{alpha}·{attention_TP} + (1 − {alpha})·{dynamics_TP}",
        released="There is neither A nor α: what the code selects follows its dynamics alone (D1).",
        ours=("scale of A and M",),
    ),
    Equation(
        "{region_TP} = 1 where {score_TP} is among the {kept} largest of its frame, else 0",
        "The discriminative region: the patches that receive a spatial prompt.",
        released="Six cells of a comb laid over all pixels: no cell is a patch, and no patch is left out (D3, D4, D6).",
    ),
    Equation(
        "{prompted_TPD|h^s|region_TP} = {patches_TPD|h|sequence_SD} + {region_TP}·{spatial_prompt_TPD|p^s|region_TP},"
        "   {spatial_prompt_TPD|p^s|region_TP} = 𝒫^s(h(i − 1), h(i), h(i + 1))",
        "Spatial prompts are added to the kept patches; the others stay as they are.",
        released="Added to pixels, not to tokens: every pixel gets one, a selected one twice as much (D5, D8).",
        ours=("𝒫^s", "length of p^s"),
    ),
    Equation(
        "{difference_GPD|Δh^s|change_G} = {prompted_TPD|h^s|region_TP}(i + 1) − {prompted_TPD|h^s|region_TP}(i)",
        "A gap lies between two frames; what changes there is the difference of their prompted patches.",
        released="No difference is computed: attention over the tokens of all frames stands in its place (D10).",
    ),
    Equation(
        "{change_G} = 1/(N_p·d) · Σ_j (1 + {beta}·{region_TP|r_j}) Σ_k ({gap_filtered_GPD|h̃^s_jk|change_G})^2",
        "How much changes in a gap, as one number. A kept patch weighs 1 + β, any other 1.",
        released="A signed mean, then min–max over the whole batch, with β fixed at 1 (D11, D13).",
        ours=("r in W^t", "scale of W^t", "𝒩^s, 𝒩^t"),
    ),
    Equation(
        "{prompt_count_G} = ⌈{eta}·{change_G}⌉",
        "How many temporal prompts a gap receives: the more changes there, the more.",
        numbers="⌈{eta}·{change_G}⌉",
        released="Always four, in every frame; what changes moves their size only, between once and twice (D14).",
        ours=("N^t",),
    ),
    Equation(
        "{sequence_SD|sequence} = [CLS; {prompted_TPD|h^s_1|region_TP}; {temporal_prompt_GQD|p^t_1|prompt_count_G};"
        " {prompted_TPD|h^s_2|region_TP}; {temporal_prompt_GQD|p^t_2|prompt_count_G}; …]",
        "One class token for the whole video, and temporal prompts between the frames they join.",
        released="Prompts stand inside each frame, right behind its own class token (D14).",
        ours=("𝒫^t", "order"),
    ),
    Equation(
        "{similarity_Y} = s·v / (‖s‖·‖v‖)",
        "How well a text fits: the cosine between its feature s and the video's feature v.",
        released="v is the first of four learned global prompts, not the class token (D16).",
    ),
)

PRESETS = {
    "defaults": Preset(),
    "attention only": Preset({"alpha": 1.0}),
    "dynamics only": Preset({"alpha": 0.0}),
    "one patch": Preset({"kept": 1}),
    "many prompts": Preset({"eta": 12.0}),
    "no prompts": Preset({"spatial": False, "temporal": False}),
    "Still clip": Preset(
        {"eta": 12.0}, "5-stays-still",
        "Nothing moves: W^t is below 0.008 in every gap, a thirtieth of the least that a pan gives. Five gaps have a prompt "
        "all the same: a stored video's noise moves a kept patch or two there, and the ceiling makes one of the least change.",
    ),
    "Camera pan against a moving object": Preset(
        {}, "6-camera-pans",
        "The camera pans, so every gap changes and gets prompts. Four in five kept patches still lie on the object that moves "
        "by itself (outlined in pink). Set α to 1, attention alone: about half of them do.",
    ),
    "Fast motion": Preset(
        {"eta": 12.0}, "2-bounces",
        "The triangle flies in one gap and turns in the next. Where it flies W^t is large and the gap holds 8 prompts, "
        "the most there are; where it turns there are one or two. Lower η and watch the others go.",
    ),
}  # fmt: skip

PAIRS = (("alpha", "kept"), ("beta", "eta"))  # of knobs, worth a look together

WORDS = {
    "α": "STOP's knob between its two maps: at 1 regions are chosen by attention alone, at 0 by dynamics alone. The "
    "fold Sweep has a curve of how often each value points at what acts.",
    "dynamics": "STOP's map M: how much a patch differs from the same place in the frames around it.",
    "gap": "What lies between two consecutive frames. STOP inserts its temporal prompts there, so 8 frames have 7 gaps.",
    "spatial prompt": "A prompt that STOP adds to a kept patch of a frame.",
    "temporal prompt": "A prompt that STOP inserts between two frames; the more changes there, the more of them.",
}

TERM = "#viewer-stop .eq-term[data-term=attention_TP]"
TOUR = (
    {
        "title": "Watch the clip",
        "text": "Eight frames of a short video. White edges mark the patches that STOP keeps: see where they go.",
        "act": "Press play under the picture.",
        "keys": "Go to it, Enter",
        "done": "It plays. Stop it whenever you like.",
        "tab": "STOP",
        "targets": ["#viewer-stop .vw-play"],
        "check": {"seen": "#viewer-stop .vw-play[aria-label=Pause]"},
    },
    {
        "title": "Look at one patch",
        "text": "A frame is cut into patches. The numbers behind the one you point at stand beside the picture.",
        "act": "Point at a patch with white edges.",
        "keys": "Go to it, then Shift + arrows",
        "done": "This one is kept: it is among the N_s highest scores of its frame, and gets a spatial prompt.",
        "tab": "STOP",
        "targets": ["#viewer-stop .vw-picture"],
        "check": {"looked": "kept"},
    },
    {
        "title": "Prompts between frames",
        "text": "A bar says how much changes between two frames. η turns change into prompts, the small number below.",
        "act": "Lower η to 0.",
        "keys": "Go to it, then ←, or Home",
        "done": "Without η a change counts for nothing. 8 is the most a gap may hold; where less changes, there are fewer.",
        "tab": "STOP",
        "targets": ["#knob-stop-eta"],
        "check": {"text": ["#viewer-stop .vw-gap b", "0"]},
    },
    {
        "title": "Attention alone",
        "text": "α blends two maps: where the frozen network looks, and where something changes.",
        "act": "Set α to 1.",
        "keys": "Go to it, then End",
        "done": "Now the kept patches are where the frozen network looks, whatever moves.",
        "tab": "STOP",
        "targets": ["#knob-stop-alpha"],
        "check": {"shown": ["stop", {"alpha": 1}]},
    },
    {
        "title": "What the letters mean",
        "text": "Under the picture every equation stands in terms that light the pixels they speak of, with the numbers of "
        "your patch.",
        "act": "Open “Equations” and choose the term A.",
        "keys": "Go to it, Enter; then Tab to A, Enter",
        "done": "The copy beside shows A, the attention, for as long as the term is chosen.",
        "tab": "STOP",
        "targets": [TERM, "#viewer-stop [data-panel=equations] > summary"],
        "check": {"seen": f"{TERM}[aria-pressed=true]"},
    },
)
