"""What two papers say and what their published code does: the script of paper_and_code.ipynb (`python -m demos.build`)."""

# ruff: noqa: B018, E402, F401, I001
# pyright: reportUnusedExpression=false

# %% [markdown]
# # What the paper says and what the code does
#
# A paper's equations and the code that is published with it are two things. Here both are run, side by side, for
# **STOP** (CVPR 2025) and **STPN** (ICCV 2023).
#
# - What the paper says is the method `stop` of this engine, with our readings: see *STOP step by step*.
# - What STOP's code does is the method `stop_released`. It follows an audit of
#   github.com/zhoujiahuan1991/CVPR2025-STOP at commit a47eb224; no line was copied. The numbers D1 … D21 are those of
#   the audit's list.
# - No trained weights of that code are public as far as we found. Without a ViT-B/32 at hand its towers are
#   **random**, and the label below says so. What is shown here does not depend on what they know.
#
# Which of the two made the numbers in the paper, nobody but its authors can say. Differences are told to be known,
# not to blame.

# %%
import sys
from pathlib import Path

root = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "assets" / "clips").is_dir())
sys.path.insert(0, str(root))  # this notebook may be open in demos/ or in the project's folder

import copy

import numpy as np
import torch

from core import Engine, edited, read_clip
from core.methods.stpn.equations import walk
from demos import pictures
from demos.questions import check, number, several, yes_or_no
from demos.steps import Steps, difference

clip = read_clip(root / "assets" / "clips" / "1-moves.mp4", frames=4)
engine = Engine("cpu", precision="float32")  # so that your numbers are those saved here
paper = engine.run("stop", clip)
code = Steps(engine, "stop_released", clip)
T = len(clip)
code.trace.weights

# %% uses

# %% [markdown]
# ## 1. A map of patches that is none (D1, D2, D3)
#
# **The paper** measures change on tokens, squared, and blends it with attention:
#
# $$M_{i,j} = \frac{1}{d_v} \sum_k \tilde h_{i,j,k}^2, \qquad W_i^s = \alpha A_i + (1 - \alpha) M_i$$
#
# **The code** has no attention and no α (D1). Its map is the signed answer of one convolution of *pixels* (D2),
# averaged into 7 × 7 cells. A frame of 224 pixels has 7 × 7 patches of 32. Splitting 224 into (7, 32) gives patches;
# the code splits it into (32, 7), and each cell gathers every seventh row and column of the whole frame (D3).

# %% source
from core.methods.stop_released.equations import pool_comb, pool_patches, bright_patch
from core.methods.stop_released import pixels_TCHW, response_THW, cell_TZ, meant_TP, white_HW, white_comb_Z, white_P

# %%
code(pixels_TCHW, response_THW, cell_TZ, meant_TP, white_HW, white_comb_Z, white_P)

# %% [markdown]
# A test without any weights: one white patch in a black frame, a mean filter as wide as the code's convolution, and
# both ways to pool.

# %%
side = 7
white = np.repeat((code["white_HW"].numpy() * 255).astype(np.uint8)[None, ..., None], 3, -1)
pictures.frames(white, names=["the test picture"])

# %%
pictures.matrix(code["white_P"].view(side, side), "column of patches", "row of patches", "pooled over patches")

# %%
pictures.matrix(code["white_comb_Z"].view(side, side), "column of cells", "row of cells", "as the code pools")

# %% [markdown]
# **Question.** From how many of the 49 patches does one cell of the code's map take its pixels?

# %% source
from core.methods.stop_released.equations import tile, patch_share

# %%
one_cell = torch.zeros(1, side * side, dtype=torch.bool)
one_cell[0, 16] = True
spread = tile(one_cell, side, 224)  # where the pixels of cell 17 are
touched = int((patch_share(spread, side) > 0).sum())

answer = None
check(answer, number(touched, f"{touched}: every cell mixes the whole frame, so the map is nearly flat wherever the patch is."))

# %% [markdown]
# ## 2. The region (D4, D6)
#
# **The paper:** $r_{i,j} = 1$ for the $N_s$ patches with the highest $W_i^s$. **The code:** cells above the one at
# *rank* 6, counted from 0 (its name for that is eta), and the cells are laid over the frame again and again, every
# seven pixels.

# %% source
from core.methods.stop_released.equations import above_rank
from core.methods.stop_released import mask_TZ, comb_THW, share_TP

# %%
code(mask_TZ, comb_THW, share_TP)

# %%
pictures.frames(clip.frames_THWC, paper["score_TP"], engine.grid("stop"), "$W^s$", kept=paper["region_TP"])

# %%
cut = (slice(64, 120), slice(118, 174))  # 56 × 56 pixels around the ring: eight periods of the comb
shown = ((code["pixels_TCHW"][0] * code["released"].std + code["released"].mean) * 255).clamp(0, 255).byte()
piece_HWC = shown.permute(1, 2, 0)[cut]
selected = torch.stack([torch.zeros(56, 56), code["comb_THW"][0][cut].float()])
names = ["56 × 56 pixels of frame 1", "selected by the code"]
pictures.frames(torch.stack([piece_HWC] * 2), selected.flatten(1), (56, 56), "r", high=1, names=names)

# %% [markdown]
# Above: the paper's region. Below: the code's, a comb.
#
# **Question.** Which share of its pixels is selected in a patch of frame 1, on average over its 49 patches?

# %%
least, mean, most = (float(one) for one in (code["share_TP"][0].min(), code["share_TP"][0].mean(), code["share_TP"][0].max()))

answer = None  # 0 to 1
check(answer, number(mean, f"6 of 49 cells; from {least:.3f} to {most:.3f}, and no patch is left out.", within=0.005))

# %% [markdown]
# ## 3. The prompt (D5, D8)
#
# **The paper:** $h_{i,j}^s = h_{i,j} + r_{i,j}\,p_{i,j}^s$, on tokens. **The code:** on pixels, once, before patches
# are cut (D8), and what is not selected is prompted too (D5):
#
# $$x + 0.05\,p + 0.05\,p \cdot r$$

# %% source
from core.methods.stop_released.equations import add_pixel_prompt
from core.methods.stop_released import pixel_prompt_TCHW, prompted_TCHW

# %%
code(pixel_prompt_TCHW, prompted_TCHW)

# %% [markdown]
# **Question.** Which share of all pixels receives a prompt in the code? (In the paper it is $N_s$ of all patches.)

# %%
moved = (code["prompted_TCHW"] != code["pixels_TCHW"]).any(1).float().mean()
kept = paper["region_TP"].float().mean()

answer = None  # 0 to 1
check(answer, number(moved, f"{moved:.2f}, against {kept:.2f} of the patches: r only doubles what all get.", within=0.01))

# %% [markdown]
# ## 4. A convolution that never learns (D7)
#
# Which cells are above a bar is true or false, and that has no gradient. In the code nothing stands in for one.

# %%
filter_of_code = copy.deepcopy(code["released"].visual.TemporalPrompt).requires_grad_(True)
answers_THW = filter_of_code.respond(code["pixels_TCHW"][:2])
mask = above_rank(pool_comb(answers_THW, side), 6)
print("the convolution's answers carry a gradient:", answers_THW.requires_grad)

# %% [markdown]
# **Question.** Does the mask that is made of them carry one?

# %%
answer = None  # True or False
check(
    answer, yes_or_no(mask.requires_grad, f"it is {mask.dtype}: whatever the loss, this convolution stays as chance made it.")
)

# %% [markdown]
# ## 5. How much a frame changes (D10, D11, D12, D13)
#
# **The paper:** differences of consecutive frames, squared, weighted by the region; one number for each of the $N_F -
# 1$ gaps:
#
# $$\Delta h_i^s = h_i^s - h_{i-1}^s, \qquad
# W_i^t = \frac{1}{N_p d_v} \sum_j (1 + \beta\, r_{i,j}) \sum_k (\tilde h_{i,j,k}^s)^2$$
#
# **The code:** no difference at all (D10); a signed mean over self-attended tokens, the comb's cells read as patches
# (D13); then
#
# $$w = \frac{x - \min x}{\max x - \min x}$$
#
# over all frames of *all clips in the batch* (D11). So one frame always has 0 and one has 1, whatever they show
# (D12).

# %% source
from core.methods.stop_released.equations import signed_change, min_max
from core.methods.stop_released import (
    tokens_TSD, mixed_TPD, variation_T, pixels_and_prompt, variation_of, still_variation_T, mate_variation_T,
    alone_T, weight_T, still_T, one_frame_is_nan, still_order,
)  # fmt: skip

# %%
code(
    tokens_TSD, mixed_TPD, variation_T, still_variation_T, mate_variation_T, alone_T, weight_T, still_T, one_frame_is_nan,
    still_order,
)  # fmt: skip

# %%
labels = [f"frame {t + 1}" for t in range(T)]
weights = {
    "this clip, alone": code["alone_T"],
    "beside a clip of noise": code["weight_T"],
    "its first frame, repeated": code["still_T"],
}
pictures.bars(weights, [str(t + 1) for t in range(T)], "frame", "w, the code")

# %%
still = edited(clip, [{"name": "freeze", "frame": 1}])
change = {
    "this clip": paper["change_G"],
    "its first frame, repeated": engine.run("stop", still, outputs=["change_G"])["change_G"],
}
pictures.bars(change, [f"{g + 1}→{g + 2}" for g in range(T - 1)], "gap", "$W^t$, the paper")

# %% [markdown]
# The same clip has other weights beside another one; and a clip of equal frames, which does not change at all, has
# weights from 0 to 1, because the convolutions see zeros beyond its ends.
#
# **Question.** What does the code give a batch that is one single frame? Answer `"a number"` or `"no number"`.

# %%
alone = min_max(code["variation_T"][:1])

answer = None
check(answer, lambda said: (said == ("no number" if alone.isnan() else "a number"), f"0 / 0 = {float(alone)}."))

# %% [markdown]
# ## 6. How many prompts (D14)
#
# **The paper:** $N_i^t = \lceil \eta\, W_i^t \rceil$ between frames: many where much changes, none where nothing
# does. **The code:** four in every frame; what changes is how long they are:
#
# $$p_i = 0.05\,(1 + w_i)\,\hat p_i, \qquad w_i \in [0, 1]$$

# %% source
from core.methods.stop_released import written_TQD, prompt_TQD, prompt_moved, prompt_count_T

# %%
code(written_TQD, prompt_TQD, prompt_moved, prompt_count_T)

# %%
still_paper = engine.run("stop", still, outputs=["prompt_count_G"])["prompt_count_G"]
counts_of = {
    "the paper": [sum(paper["prompt_count_G"]), sum(still_paper)],
    "the code": [sum(code["prompt_count_T"]), sum(code["prompt_count_T"])],
}
pictures.bars(counts_of, ["this clip", "still"], "", "prompts")

# %% [markdown]
# The code's numbers are alike by construction: the count is the width of its last layer.
#
# **Question.** By which factor can the length of a prompt differ, at most, between two frames of the code?

# %%
lengths_T = code["prompt_TQD"].norm(dim=(1, 2)) / code["written_TQD"].norm(dim=(1, 2))  # 0.05 · (1 + w)
longest = (1 + code["alone_T"].max()) / (1 + code["alone_T"].min())

answer = None
check(answer, number(longest, f"(1 + {code['alone_T'].max():.0f}) / (1 + {code['alone_T'].min():.0f}) = {longest:.0f}."))

# %% [markdown]
# ## 7. The sequence, and what is read from it (D14, D15, D16)
#
# **The paper:** one CLS; all frames and prompts attend to each other; prompts stand between frames, and Figure 2
# draws both modules at every layer. **The code:** four global prompts see everything, a frame's tokens see their own
# frame and the global prompts, and the video's feature is global prompt 0 (D16). The prompts of change are computed
# once and are the same in all layers (D15).

# %% source
from core.methods.stop_released import prompt_LTQD, sequence_SD, video_E

# %%
code(prompt_LTQD, sequence_SD, video_E)

# %%
own = [("CLS", 1), ("patches", paper["patches_TPD"].shape[1])]
for count in paper["prompt_count_G"]:
    own += [("prompts", count), ("patches", paper["patches_TPD"].shape[1])]
pictures.sequence(own)

# %%
P, Q = code["tokens_TSD"].shape[1] - 1, code["prompt_TQD"].shape[1]
pictures.sequence([("global", 4), *[("CLS", 1), ("prompts", Q), ("patches", P)] * T])

# %% [markdown]
# Above: the paper's order, here on a small CLIP of 8 × 8 patches. Below: the code's.
#
# **Question.** Taken from every layer's prompts what that layer learned for itself, are the prompts of the first and
# the last layer still different?

# %%
rest_LTQD = code["prompt_LTQD"] - code["released"].prompts(T)[0]
apart = difference(rest_LTQD[-1], rest_LTQD[0])

answer = None  # True or False
check(
    answer, yes_or_no(apart > 1e-4, f"they are {apart:.0e} of their largest number apart: one computation serves all layers.")
)

# %% [markdown]
# ## 8. What cannot be shown by running it
#
# | | the paper | the code |
# |---|---|---|
# | D9 | one dropout at the end of the prompter | the same layer of dropout is applied twice |
# | D17 | only filters and prompters are trained, CLIP is frozen | also trains bottlenecks beside every MLP, and DGL's prompts |
# | D18 | any size | 7, 32 and 224 are written out, and a Linear over 49 tokens |
# | D19 | action recognition | refused: only retrieval runs |
# | D20 | 7.53 million trained parameters | 13.08 or 4.33 million, by setting |
# | D21 | — | the scripts, as published, hold unresolved conflicts |
#
# ## 9. STPN: a prompt in the place of four patches
#
# Between two stages of a Swin four patches are merged into one: their four vectors stand in a row, and one linear map
# reads them. A prompt stands there four times. **As described**, each copy is read as a patch would be. In **the
# code** the four patches stand channel by channel, and the copies of the prompt one after the other. So its weights
# read other entries of a prompt than they would of a patch, and they were trained so: they need it. Ours were trained
# the plain way.
#
# $$\text{plain: } u_{kC + c} = p_c, \qquad \text{released: } u_{kC + c} = p_{(4c + k)\ \mathrm{mod}\ C}$$
#
# for entry $c$ of patch $k$, up to the order of the four patches.

# %% source
from core.networks.swin import merge_prompts

# %%
counted = torch.arange(6.0)[None, None]  # a prompt of six numbers, which say their own place
pictures.matrix(
    torch.stack([merge_prompts(counted, order)[0, 0] for order in ("plain", "released")]),
    "place in the row of four", "", "which entry of the prompt stands there", rows=("plain", "released"),
)  # fmt: skip

# %%
knobs = dict(t=4, outputs=["prompted", "plain", "variant"])
plain, released = (engine.run("stpn", clip, order=order, **knobs)["prompted"] for order in ("plain", "released"))
off = [difference(released.maps[stage], plain.maps[stage]) for stage in plain.maps]
pictures.bars({"": off}, [f"stage {i + 1}" for i in plain.maps], "", "largest difference")

# %% [markdown]
# The same prompts and weights, read both ways: with the wrong one the maps are others.
#
# **Question.** Which is the first stage whose map differs, and why that one?

# %%
first = 1 + next(i for i, one in enumerate(off) if one > 0)

answer = None  # a stage, counted from 1
check(answer, number(first, f"stage {first}: the first merging lies before it."))

# %% [markdown]
# ## 10. STPN: two frames at once
#
# Every window gets a copy of its frame's prompts. **The code** makes the copies in the order (window, frame), while
# its windows stand in the order (frame, window). With one frame at a time, as it is trained and tested, that is the
# same. With two it is not:

# %%
B, V = 2, 4  # frames, windows in each
window_of = torch.arange(B).repeat_interleave(V)  # windows: all of frame 1, then all of frame 2
copies_of = torch.arange(B).repeat(V)  # copies of prompts as the code lays them out
pictures.matrix(torch.stack([window_of + 1, copies_of + 1]), "place", "", "of which frame", rows=("window", "prompts"))

# %%
stpn = engine.network("stpn").network
both = stpn.prepare(torch.from_numpy(np.stack([clip.frames_THWC[0], clip.frames_THWC[3]])).to(engine.device))
trace = engine.run("stpn", clip, outputs=["prompt_TLQD", "variant"])
prompt_BLQD = trace["prompt_TLQD"][[0, 3]]
with torch.no_grad():
    together = walk(trace["variant"], both.pixels_BCHW, prompt_BLQD)
    single = walk(trace["variant"], both.pixels_BCHW[1:], prompt_BLQD[1:])
apart = max(difference(together.maps[i][1:], single.maps[i]) for i in single.maps)
print(f"our tower, frame 4 beside another and by itself: {apart:.0e} of the largest number apart")

# %% [markdown]
# **Question.** In the picture, how many of the eight windows get the prompts of the other frame?

# %%
wrong = int((window_of != copies_of).sum())

answer = None
check(answer, number(wrong, f"{wrong} of {B * V}."))

# %% [markdown]
# ## 11. STPN: which frames support in the test
#
# **The paper:** a window around $t$. **The code's test:** frames spread evenly over the whole video, past and future,
# once for all $t$; trained with two near ones. Here $S = 0$ is the code's way.


# %%
def index_of(t, stride):
    """The supports of frame t, counted from 0."""
    return engine.run("stpn", clip, outputs=["support_index_K"], t=t, supports=4, stride=stride)["support_index_K"]


for t in (1, 3, 4):
    print(f"t = {t}: around it {index_of(t, stride=1)}, spread out {index_of(t, stride=0)} (counted from 0)")

# %% [markdown]
# **Question.** With supports spread out, do the prompts depend on $t$?

# %%
asked = dict(outputs=["prompt_LQD"], spoil="none", stride=0, supports=4)
apart = difference(*(engine.run("stpn", clip, t=t, **asked)["prompt_LQD"] for t in (2, 4)))

answer = None  # True or False
check(answer, yes_or_no(apart > 1e-4, f"for t = 2 and t = 4 they are {apart:.0e} apart: one set for the whole clip."))

# %% [markdown]
# ## Are these the engine's own steps?

# %%
assert code.same, code.told
code.told
