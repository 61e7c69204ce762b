"""STOP, every equation and its code: the script of stop_step_by_step.ipynb (`python -m demos.build` makes it)."""

# ruff: noqa: B018, E402, F401, I001
# pyright: reportUnusedExpression=false

# %% [markdown]
# # STOP step by step
#
# Liu et al., *STOP: Integrated Spatial-Temporal Dynamic Prompting for Video Understanding*, CVPR 2025.
#
# A frozen CLIP reads a video as one long sequence of tokens. STOP puts two kinds of prompts into it: **spatial
# prompts** are added to the patches where something stands out or moves, **temporal prompts** are inserted between
# frames where something changes.
#
# Each section has an equation of the paper, its code, a picture, and a question to you.
#
# - The code is the engine's own: a cell that defines a function holds its text letter by letter.
# - `made(function)` gives a function its inputs by the names of its parameters, keeps the result under the function's
#   name, and says whether it is what the engine gives. Change a function and run it: all that follows uses yours.
# - Where the paper is silent or leaves a choice, the choice is ours and is called **our reading**.
#
# The equations are the paper's as other texts quote them: its full text could not be read here. Its Figure 2 could, and
# is named where it draws what an equation says.
#
# The clip and the networks are small: drawn shapes, and a CLIP and prompters that were trained on such clips only.
# The values that the knobs have here are ours too; the paper's could not be verified.

# %%
import sys
from pathlib import Path

root = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "assets" / "clips").is_dir())
sys.path.insert(0, str(root))  # this notebook may be open in demos/ or in the project's folder

import numpy as np
import torch

from core import Engine, edited, read_clip
from core.metrics import on_actor, pointing
from core.world import Truth
from demos import pictures
from demos.questions import check, number, one_of, yes_or_no
from demos.steps import Steps

clip = read_clip(root / "assets" / "clips" / "1-moves.mp4", frames=8)
texts = ["a cyan ring moves left", "a cyan ring moves right", "a cyan ring stays still"]
engine = Engine("cpu", precision="float32")  # so that your numbers are those saved here
made = Steps(engine, "stop", clip, texts)
made.trace.weights

# %% uses

# %% [markdown]
# ## 1. Frames become tokens
#
# $$[h_{\mathrm{cls}};\ h_i], \qquad h_i \in \mathbb{R}^{N_p \times d_v}, \quad i = 1 \dots N_F$$
#
# Every frame is cut into $N_p$ patches; each becomes a token of $d_v$ numbers and is told its place in the frame. The
# embedding is CLIP's, frozen. *Our reading:* a frame is resized whole, nothing is cropped.

# %% source
from core.methods.stop import tokens_TSD, patches_TPD

# %%
made(tokens_TSD, patches_TPD)

# %%
rows, columns = grid = engine.grid("stop")
T, P, D = made["patches_TPD"].shape
every_other = np.add.outer(np.arange(rows), np.arange(columns)).ravel() % 2 == 1  # outlined: the lines of the grid
pictures.frames(clip.frames_THWC, grid=grid, kept=np.tile(every_other, (T, 1)))

# %% [markdown]
# **Question.** The video has one CLS token in all, not one a frame. How many tokens are CLS and all patches together?

# %%
answer = None
check(answer, number(1 + T * P, f"1 + {T} · {P} = {1 + T * P}."))

# %% [markdown]
# ## 2. What stands out: attention inside each frame
#
# $$A_i = \mathrm{Attn}(h_{\mathrm{cls}},\, h_i) =
# \mathrm{softmax}_j\!\left(\frac{q_{\mathrm{cls}} \cdot k_{i,j}}{\sqrt{d}}\right)
# \qquad \text{(STOP, Figure 2a)}$$
#
# How much CLS looks at each patch of a frame. *Our reading:* the softmax is over one frame's patches, the mean over
# heads, in one block ℓ of the frozen encoder; the map is divided by the clip's largest value, so that α in section 4
# blends like with like.

# %% read
from core.networks.vision import VisionTower

VisionTower.attend

# %% read
from core.networks.vision import key_shares

# %% source
from core.methods.stop.equations import to_clip_scale
from core.methods.stop import attention_LTP, attention_TP

# %%
made(attention_LTP, attention_TP)

# %%
truth = Truth.from_json((root / "assets" / "clips" / "1-moves.json").read_text())  # the clip was drawn, so all is known of it
actor_TP = on_actor(truth.instance_THW[clip.source_T], grid)  # patches with a part of the ring that moves: outlined in orange
L = len(made["attention_LTP"])
pictures.frames(
    np.concatenate([clip.frames_THWC] * L),
    made["attention_LTP"].flatten(0, 1),
    grid,
    "$A$",
    truth=np.concatenate([actor_TP] * L),
    names=[f"block {layer + 1}, frame {t + 1}" for layer in range(L) for t in range(T)],
)

# %% [markdown]
# **Question.** In which block is the brightest patch on the ring most often? Count in the picture: one row a block.

# %%
hits = [int(pointing(map_TP.numpy(), actor_TP).sum()) for map_TP in made["attention_LTP"]]
best = [layer + 1 for layer in range(L) if hits[layer] == max(hits)]

answer = None  # a block, counted from 1
check(answer, lambda block: (block in best, f"on the ring in {hits[block - 1]} of {T} frames; the best has {max(hits)}."))

# %% [markdown]
# ## 3. What moves: temporal dynamics
#
# $$[\tilde h_1 \dots \tilde h_{N_F}] = \mathcal{N}^s([h_1 \dots h_{N_F}]), \qquad
# M_{i,j} = \frac{1}{d_v} \sum_k \tilde h_{i,j,k}^2 \qquad \text{(STOP, Figure 2a)}$$
#
# A light 3-D convolution of the tokens, and the mean square of what it answers. *Our reading:* it is depth-wise, 3 ×
# 3 × 3, without bias, and starts as a frame less the mean of its neighbours; training moves it a little away from
# that. Time is padded with the end frames. $M$, too, is divided by the clip's largest value.

# %% read
from core.methods.stop.networks import Filter

# %% source
from core.methods.stop.equations import mean_square
from core.methods.stop import prompters, neighbours, filtered_TPD, dynamics_TP

# %%
made(prompters, neighbours, filtered_TPD, dynamics_TP)

# %%
pictures.frames(clip.frames_THWC, made["dynamics_TP"], grid, "$M$", truth=actor_TP)

# %% [markdown]
# **Question.** Imagine a clip that shows its first frame all the time. What is the largest value of $M$ in it?

# %%
still = edited(clip, [{"name": "freeze", "frame": 1}])
M_still = engine.run("stop", still, outputs=["dynamics_TP"])["dynamics_TP"].max()
with torch.no_grad():
    first_TPD = made["patches_TPD"][:1].expand(T, -1, -1)
    still_answer = mean_square(filtered_TPD(first_TPD, None, made["prompters"], made["clip_towers"]))
ratio = float(still_answer.max() / mean_square(made["filtered_TPD"]).max())
told = f"{M_still:g}. Before scaling it is {ratio:.0e} of this clip's, but every clip is divided by its own largest value."

answer = None
check(answer, number(M_still, told))

# %% [markdown]
# So a region says where *most* changes, not whether anything does. That is told by $W^t$ in section 8, which no clip
# scales.

# %% [markdown]
# ## 4. Both in one score
#
# $$W_i^s = \alpha A_i + (1 - \alpha) M_i \qquad \text{(STOP, Figure 2a)}$$
#
# α = 1 is attention alone, α = 0 is change alone.

# %% source
from core.methods.stop.equations import blend
from core.methods.stop import score_TP

# %%
made(score_TP)

# %%
alphas = [0.0, made["alpha"], 0.5, 1.0]
frame = 3  # the fourth
W_alpha = np.stack([blend(made["attention_TP"], made["dynamics_TP"], alpha)[frame] for alpha in alphas])
pictures.frames(
    clip.frames_THWC[[frame] * len(alphas)], W_alpha, grid, "$W^s$", truth=actor_TP[[frame] * len(alphas)],
    names=[f"frame {frame + 1}, α = {alpha:g}" for alpha in alphas],
)  # fmt: skip

# %% [markdown]
# **Question.** One patch by hand: with the two numbers printed here, what is its $W^s$ for α = 0.3?

# %%
patch = int(made["dynamics_TP"][frame].argmax())
A, M = (float(made[name][frame, patch]) for name in ("attention_TP", "dynamics_TP"))
print(f"frame {frame + 1}, row {patch // columns + 1}, column {patch % columns + 1}: A = {A:.2f}, M = {M:.2f}")

answer = None
check(answer, number(blend(A, M, 0.3), f"0.3 · {A:.2f} + 0.7 · {M:.2f} = {blend(A, M, 0.3):.2f}.", within=0.01))

# %% [markdown]
# ## 5. The discriminative region
#
# $$r_{i,j} = \begin{cases} 1 & W^s_{i,j} \text{ is among the } N_s \text{ largest of } W^s_i \\
# 0 & \text{otherwise} \end{cases}
# \qquad \text{(STOP, Figure 2a)}$$

# %% source
from core.methods.stop.equations import highest
from core.methods.stop import region_TP

# %%
made(region_TP)

# %%
pictures.frames(clip.frames_THWC, made["score_TP"], grid, "$W^s$", kept=made["region_TP"], truth=actor_TP)

# %% [markdown]
# White: the region. Orange: where the ring is. A hard choice has no gradient; in training ours passes that of a soft
# one (*our reading*), in use nothing of it is seen.
#
# **Question.** What is the smallest $N_s$ with which the region of frame 4 holds every patch of the ring? Try some
# here first.

# %%
try_kept = 6
tried = highest(made["score_TP"], try_kept)[frame].numpy()
print(f"N_s = {try_kept}: {(tried & actor_TP[frame]).sum()} of the ring's {actor_TP[frame].sum()} patches are kept")

# %%
order = made["score_TP"][frame].sort(descending=True, stable=True).indices
needed = 1 + max(place for place, patch in enumerate(order.tolist()) if actor_TP[frame, patch])

answer = None
check(answer, number(needed, f"of {P} patches in order of their score, the ring's last is number {needed}."))

# %% [markdown]
# ## 6. Spatial prompts
#
# $$p_i^s = \mathcal{P}^s(h_{i-1}, h_i, h_{i+1}), \qquad
# h_{i,j}^s = h_{i,j} + r_{i,j}\, p_{i,j}^s \qquad \text{(STOP, Figure 2b)}$$
#
# Prompts are **added** to the kept patches, not inserted. The prompter is Conv3d → ReLU → Conv3d → Linear → ReLU →
# Linear → Dropout, as in Figure 2b; widths and kernels are *our reading*, and so is that a prompt is at most half as
# long as its token.

# %% read
from core.methods.stop.networks import SpatialPrompter

# %% source
from core.methods.stop.equations import add_prompts
from core.methods.stop import spatial_prompt_TPD, prompted_TPD

# %%
made(spatial_prompt_TPD, prompted_TPD)

# %%
added = (made["prompted_TPD"] - made["patches_TPD"]).norm(dim=-1) / made["patches_TPD"].norm(dim=-1)
pictures.frames(clip.frames_THWC, added, grid, r"$\|rp^s\|/\|h\|$", kept=made["region_TP"])

# %% [markdown]
# **Question.** How many of the clip's patch tokens are other after this step?

# %%
changed = int((made["prompted_TPD"] != made["patches_TPD"]).any(-1).sum())

answer = None
check(answer, number(changed, f"{changed}: N_s = {made['kept']} in each of {T} frames, and no other token moved."))

# %% [markdown]
# ## 7. Differences between frames
#
# $$\Delta h_i^s = h_i^s - h_{i-1}^s, \qquad i = 2 \dots N_F$$
#
# $N_F$ frames have $N_F - 1$ gaps. (As we have the equation, $i$ runs from 1, where $h_0$ does not exist: *our
# reading* is from 2.)

# %% source
from core.methods.stop.equations import differences
from core.methods.stop import difference_GPD

# %%
made(difference_GPD)

# %%
G = T - 1
gaps = [f"{g + 1}→{g + 2}" for g in range(G)]
pictures.frames(clip.frames_THWC[1:], made["difference_GPD"].norm(dim=-1), grid, r"$\|\Delta h^s\|$", names=gaps)

# %% [markdown]
# **Question.** Is the sum of all $\Delta h^s$ nothing else than the last frame's tokens less the first one's?

# %%
whole = made["prompted_TPD"][-1] - made["prompted_TPD"][0]
off = float((made["difference_GPD"].sum(0) - whole).abs().max() / whole.abs().max())

answer = None  # True or False
check(answer, yes_or_no(off < 1e-4, f"they are {off:.0e} of the largest number apart: all between cancels out."))

# %% [markdown]
# ## 8. How much a gap changes
#
# $$[\tilde h^s] = \mathcal{N}^t([\Delta h^s]), \qquad
# W_i^t = \frac{1}{N_p d_v} \sum_j (1 + \beta\, r_{i,j}) \sum_k (\tilde h_{i,j,k}^s)^2 \qquad \text{(STOP, Figure 2a)}$$
#
# A kept patch weighs 1 + β. *Our reading:* $r$ is the region of the gap's later frame, and $W^t$ is divided by a
# constant that is stored with the weights, never by the clip: a still clip stays still.

# %% source
from core.methods.stop.equations import weighted_change
from core.methods.stop import gap_filtered_GPD, change_G

# %%
made(gap_filtered_GPD, change_G)

# %%
by_beta = {
    f"β = {beta:g}": weighted_change(made["gap_filtered_GPD"], made["region_TP"], beta) / made["prompters"][0].change_scale
    for beta in (0.0, 1.0, 4.0)
}
pictures.bars(by_beta, gaps, "gap between frames", "$W^t$")

# %% [markdown]
# **Question.** Which gap gains most, in $W^t$, when β goes from 0 to 4? Count gaps from 1.

# %%
gain_G = by_beta["β = 4"] - by_beta["β = 0"]
told = f"it gains {gain_G.max():.2f}, four times what its kept patches add with β = 1."

answer = None
check(answer, number(1 + int(gain_G.argmax()), told))

# %% [markdown]
# ## 9. How many prompts a gap receives
#
# $$N_i^t = \lceil \eta \cdot W_i^t \rceil \qquad \text{(STOP, Figure 2a)}$$
#
# The paper states no bound. *Our reading:* at most eight, and η · $W^t$ is rounded to two digits first, because a
# ceiling would make a whole prompt of a decoder's noise.

# %% source
from core.methods.stop.equations import counts
from core.methods.stop import prompt_count_G

# %%
made(prompt_count_G)

# %%
both = {"η · $W^t$": made["eta"] * made["change_G"], "$N^t$": made["prompt_count_G"]}
pictures.bars(both, gaps, "gap between frames", "prompts")

# %% [markdown]
# **Question.** How many prompts would the gap 3→4 receive with η = 4? Its $W^t$ is in section 8, at β = 1.

# %%
W = made["change_G"][2]
N = int(counts(W, 4.0))

answer = None
check(answer, number(N, f"⌈4 · {W:.2f}⌉ = ⌈{4 * W:.2f}⌉ = {N}."))

# %% [markdown]
# ## 10. Temporal prompts
#
# $$[p_1^t \dots p_{N_F-1}^t] = \mathcal{P}^t([\Delta h_1^s \dots \Delta h_{N_F-1}^s]) \qquad \text{(STOP, Figure 2c)}$$
#
# Attention → Conv3d → ReLU → Conv3d → Linear → Dropout. How one Linear makes now more, now fewer prompts is not
# stated. *Our reading:* eight are written for every gap, each with its own softmax over the patches, and the first
# $N^t$ are inserted.

# %% read
from core.methods.stop.networks import TemporalPrompter

# %% source
from core.methods.stop import temporal_prompt_GQD

# %%
made(temporal_prompt_GQD)

# %%
backwards = edited(clip, [{"name": "reverse"}])
own_GD, other_GD = (
    one["temporal_prompt_GQD"][:, 0] for one in (made, engine.run("stop", backwards, outputs=["temporal_prompt_GQD"]))
)
cosine_GG = torch.cosine_similarity(own_GD[:, None], other_GD[None], dim=-1)
pictures.matrix(cosine_GG, "gap, clip backwards", "gap", "cosine of first prompts", signed=True)

# %% [markdown]
# Each gap's first prompt, in the clip as it is and played backwards: if prompts said only *that* something moves, all
# would be 1.
#
# **Question.** How many of the prompts that were written are *not* inserted in this clip?

# %%
written, inserted = made["temporal_prompt_GQD"].shape[:2].numel(), sum(made["prompt_count_G"])

answer = None
check(answer, number(written - inserted, f"{written} were written, {inserted} are inserted."))

# %% [markdown]
# ## 11. One sequence
#
# $$[h_{\mathrm{cls}};\ h_1^s;\ p_1^t;\ h_2^s;\ p_2^t;\ \dots;\ p_{N_F-1}^t;\ h_{N_F}^s] \qquad \text{(STOP, Figure 2a)}$$

# %% source
from core.methods.stop.equations import interleave
from core.methods.stop import sequence_SD

# %%
made(sequence_SD)

# %%
parts = [("CLS", 1), ("patches", P)]
for count in made["prompt_count_G"]:
    parts += [("prompts", count), ("patches", P)]
pictures.sequence(parts)

# %% [markdown]
# **Question.** How many tokens enter the encoder?

# %%
S = len(made["sequence_SD"])

answer = None
check(answer, number(S, f"1 + {T} · {P} + {sum(made['prompt_count_G'])} = {S}."))

# %% [markdown]
# ## 12. The video, and what fits it
#
# $$v = \mathrm{CLIP}_{\mathrm{image}}(\text{sequence})_{\mathrm{cls}}, \qquad
# c(s, v) = \frac{s \cdot v}{\|s\| \|v\|} \qquad \text{(STOP, Figure 2a)}$$
#
# All frames and prompts attend to each other; $v$ is the CLS token at the end. *Our reading:* “×L = all” repeats both
# modules before every block with weights of its own. A prompter that was never trained writes zeros, and a prompt of
# zeros is not attended to.

# %% source
from core.methods.stop.equations import heard
from core.methods.stop import later, video_E, text_YE, similarity_Y, unknown_words

# %%
made(later, video_E, text_YE, similarity_Y, unknown_words)

# %%
fits = {
    "as it is": made["similarity_Y"],
    "backwards": engine.run("stop", backwards, texts=texts)["similarity_Y"],
}
pictures.bars(fits, texts, "", "c(s, v)")

# %% [markdown]
# The frozen encoder has no code for time. **Question.** With both kinds of prompts switched off, does the clip played
# backwards get another video feature $v$?

# %%
off = dict(spatial=False, temporal=False, outputs=["video_E"])
moved = float((engine.run("stop", clip, **off)["video_E"] - engine.run("stop", backwards, **off)["video_E"]).abs().max())

answer = None  # True or False
check(answer, yes_or_no(moved > 1e-4, f"of a length of 1, v moves by {moved:.0e}: only the prompts tell it of order."))

# %% [markdown]
# ## 13. What a knob runs again
#
# A function's parameters are all it knows. So the engine knows what follows from a knob, and runs nothing else.

# %%
for turned in ({"layer": 1}, {"alpha": 0.5}, {"eta": 4.0}, {"eta": 4.001}):
    print(turned, "→", ", ".join(engine.run("stop", clip, texts=texts, **turned).ran) or "nothing")

# %% [markdown]
# Where counts or a region come out as before, what asks for them is not run again: no knob runs the encoder that does not
# change its sequence. (With “×L = all” every block counts anew, so `later` hands it the knobs, and it always runs.)
#
# **Question.** β moves. Which function is the first that runs again?

# %%
ran = engine.run("stop", clip, texts=texts, beta=3.0).ran

answer = None  # a function's name, "…"
check(answer, one_of(ran[0], [*made.off], f"then {', '.join(ran[1:])}."))

# %% [markdown]
# ## Are these the engine's own steps?

# %%
assert made.same, made.told
made.told
