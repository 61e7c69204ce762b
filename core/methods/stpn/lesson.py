"""STPN's equations as they are written, in the order of its steps. Released: what its released code does."""

from core.equation import Equation

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
