"""STOP's equations as they are written, in the paper's order; D1 … are differences of the released code (`stop_released`)."""

from core.equation import Equation

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
