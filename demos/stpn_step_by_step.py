"""STPN, every equation and its code: the script of stpn_step_by_step.ipynb (`python -m demos.build` makes it)."""

# ruff: noqa: B018, E402, F401, F811, I001
# pyright: reportUnusedExpression=false

# %% [markdown]
# # STPN step by step
#
# Sun et al., *Spatio-temporal Prompting Network for Robust Video Feature Extraction*, ICCV 2023.
#
# A frame may be blurred, covered or dark while its neighbours are not. STPN makes a few **prompts** out of what other
# frames of the clip show, and lets them enter the backbone of a detector together with the patches of the frame that
# is hard to see.
#
# Each section has the equations, their code, a picture, and a question to you.
#
# - The code is the engine's own: a cell that defines a function holds its text letter by letter. What such a function
#   calls as `eq.…` is shown above it, to be read.
# - `made(function)` gives a function its inputs by the names of its parameters, keeps the result under the function's
#   name, and says whether it is what the engine gives.
# - The equations are the paper's as other texts quote them: its full text could not be read here. What they leave
#   open follows the released code (**released**); where both are silent the choice is ours (**our reading**).
#
# The detector is small and was trained on drawn shapes. In this frame prompts help much, which is why it stands here;
# section 8 counts more frames, and the tables of `core/methods/stpn/README.md` many clips.

# %%
import sys
from pathlib import Path

root = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "assets" / "clips").is_dir())
sys.path.insert(0, str(root))  # this notebook may be open in demos/ or in the project's folder

import numpy as np
import torch

from core import Engine, read_clip
from core.methods.stpn.equations import entropy, support_index, walk
from core.metrics import overlap
from core.publish.painting import patches_to_pixels
from core.world import Truth
from demos import pictures
from demos.questions import check, number, several, yes_or_no
from demos.steps import Steps, difference

clips = sorted((root / "assets" / "clips").glob("*.mp4"))
file = clips[0]
clip = read_clip(file, frames=8)
engine = Engine("cpu", precision="float32")  # so that your numbers are those saved here
knobs = dict(t=6, supports=6, stride=1, spoil="motion_blur", severity=0.6)
made = Steps(engine, "stpn", clip, **knobs)
made.trace.weights

# %% uses

# %% [markdown]
# ## 1. A current frame, and frames that support it
#
# $$I_{\mathrm{sup}} = \{ I_\tau \}, \qquad
# \tau \in \left\{ t - S\tfrac{K}{2},\ \dots,\ t - S,\ t + S,\ \dots,\ t + S\tfrac{K}{2} \right\}$$
#
# $K$ frames around $t$, $S$ apart. *Our reading:* $t$ itself is left out, and the clip's ends are repeated.
# *Released:* in its test the code takes frames spread over the whole clip, once for all $t$; here that is $S = 0$.
#
# Only the current frame is spoilt here, so that the supports can help.

# %% read
from core.methods.stpn.equations import support_index

# %% source
from core.methods.stpn import (
    frames_THWC, support_index_K, current_spoil, support_spoil, own_spoil, current_HWC, support_THWC,
)  # fmt: skip

# %%
made(frames_THWC, support_index_K, current_spoil, support_spoil, own_spoil, current_HWC, support_THWC)

# %%
supports = list(made["support_index_K"])
shown = torch.cat([made["current_HWC"][None], made["support_THWC"][supports]])
pictures.frames(shown, names=[f"t: frame {made['t']}, spoilt", *(f"support: frame {k + 1}" for k in supports)])

# %% [markdown]
# **Question.** Which frames support the *first* frame of this clip with $K = 4$ and $S = 2$? Count from 0, as the
# code does.

# %%
right = support_index(0, len(clip), supports=4, stride=2)

answer = None  # a list such as [1, 2, 3, 4]
check(answer, several(right, f"{list(right)}: what lies before the clip is its first frame."))

# %% [markdown]
# ## 2. What the supports hold
#
# $$E_\tau^i = L_i(E_\tau^{i-1}), \qquad E_{\mathrm{sup}} = \{ E_\tau^L \}$$
#
# The same backbone reads each support by itself, without prompts; the features of its last stage are kept. Once a
# clip: $K$, $S$ and $t$ only gather.

# %% source
from core.methods.stpn import (
    pixels, clean_pixels, input_size, support_grid, variant, feature_LTPF, own_LPF, support_LKPF,
)  # fmt: skip

# %%
made(pixels, clean_pixels, input_size, support_grid, variant, feature_LTPF, own_LPF, support_LKPF)

# %%
grid = made["support_grid"]
truth = Truth.from_json(file.with_suffix(".json").read_text())  # the clip was drawn, so all is known of it
ring_HW = torch.from_numpy(truth.instance_THW[clip.source_T[supports[0]]] == 1).float()
ring = int(torch.nn.functional.adaptive_avg_pool2d(ring_HW[None], grid).argmax())  # the patch with the most of it
feature_KPF = made["support_LKPF"][0]
alike_KP = torch.cosine_similarity(feature_KPF, feature_KPF[0, ring], dim=-1)
names = [f"support: frame {k + 1}" for k in supports]
pictures.frames(made["support_THWC"][supports], alike_KP, grid, "cosine", names=names, signed=True, high=1.0)

# %% [markdown]
# How alike each patch's features are to those of one patch of the ring, in the first support: features say what is
# there.
#
# **Question.** Supports and patches are read as one list. How many rows does it have?

# %%
_, K, P, F_wide = made["support_LKPF"].shape

answer = None
check(answer, number(K * P, f"{K} supports of {grid[0]} × {grid[1]} patches: {K * P} rows, {F_wide} wide."))

# %% [markdown]
# ## 3. From features to prompts
#
# With learned queries $Q$, $N_P$ of them, and $R = E_{\mathrm{sup}} W_r$:
#
# $$A = \mathrm{softmax}\!\left( \frac{(Q W_q)(R W_k)^\top}{\sqrt{d}} \right), \qquad P = A\,(R W_v)\,W_o$$
#
# One cross-attention of 16 heads over all patches of all supports. *Released:* no residual, no norm, no code of place
# or time.

# %% read
from core.methods.stpn.dvp import AttentionPredictor

# %% source
from core.methods.stpn import predicted, prompt_LQD

# %%
made(predicted, prompt_LQD)

# %% [markdown]
# The same by hand, straight from the equation:

# %%
one = made["variant"].prompting.parts["stage0block0"]


def by_head(x):
    """[rows, width] → [heads, rows, width of a head]."""
    return x.unflatten(-1, (one.heads, -1)).transpose(0, 1)


with torch.no_grad():
    R = one.reduction(made["support_LKPF"][0].flatten(0, 1))
    Q, K_, V = by_head(one.fc_embed(one.query)), by_head(one.ref_fc_embed(R)), by_head(one.ref_fc(R))
    A = (Q @ K_.mT / Q.shape[-1] ** 0.5).softmax(-1)
    by_hand = one.fc((A @ V).transpose(0, 1).flatten(1))
f"largest difference, of the largest number: {difference(by_hand[None], made['prompt_LQD']):.0e}"

# %%
prompts_QD = made["prompt_LQD"][0]
likeness = torch.cosine_similarity(prompts_QD[:, None], prompts_QD[None], dim=-1)
pictures.matrix(likeness, "prompt", "prompt", "cosine", signed=True)

# %% [markdown]
# **Question.** Do the prompts change when the supports come in another order?

# %%
shuffled = engine.run("stpn", clip, outputs=["prompt_LQD", "support_index_K"], shuffled=True, **knobs)
off = difference(shuffled["prompt_LQD"], made["prompt_LQD"])
told = f"in the order {list(shuffled['support_index_K'])} they move by {off:.0e}: nothing says which frame came first."

answer = None  # True or False
check(answer, yes_or_no(off > 1e-4, told))

# %% [markdown]
# ## 4. Where the prompts looked
#
# Each head's row of $A$ sums to 1 over all supports and patches. How much each support received, and how widely a
# prompt looked:
#
# $$m_\tau = \frac{1}{H N_P} \sum_{h, q, p} A_{h, q, \tau, p}, \qquad
# H(A_q) = -\frac{\sum A_q \log A_q}{\log (K \cdot P)}$$

# %% read
from core.methods.stpn.equations import mass, entropy

# %% source
from core.methods.stpn import prompt_attention_NQKP, mass_K, entropy_Q

# %%
made(prompt_attention_NQKP, mass_K, entropy_Q)

# %%
share_QKP = made["prompt_attention_NQKP"].mean(0) * K * P  # 1 = an even share
N = len(share_QKP)
pictures.frames(
    torch.cat([made["support_THWC"][supports]] * N), share_QKP.flatten(0, 1), grid, "× even", per_row=K,
    names=[f"prompt {q + 1}, frame {k + 1}" for q in range(N) for k in supports],
)  # fmt: skip

# %%
print("m:", [round(float(share), 3) for share in made["mass_K"]])
print("H:", [round(float(wide), 3) for wide in made["entropy_Q"]])

# %% [markdown]
# **Question.** What is $H$ of a prompt that looks at all patches of all supports alike?

# %%
alike = entropy(torch.full_like(made["prompt_attention_NQKP"][:, :1], 1 / (K * P)))

answer = None
check(answer, number(alike[0], f"H = {alike[0]:.2f}, its largest; a prompt that sees one patch only has 0.", within=1e-3))

# %% [markdown]
# ## 5. Prompts enter the backbone
#
# $$X = [P;\ x], \qquad X \leftarrow X + \text{SW-MSA}(\mathrm{LN}\,X), \qquad X \leftarrow X + \mathrm{FFN}(\mathrm{LN}\,X)$$
#
# A Swin attends within windows. *Released:* every window gets a **copy** of the prompts, which attends to all of the
# window and is attended to by all of it, without position bias; the new prompts are the mean of the copies:
#
# $$P \leftarrow \frac{1}{V} \sum_{v=1}^{V} \mathrm{MSA}\big([P;\ x_v]\big)_{P}$$
#
# Between stages four patches are merged into one, and a prompt stands there four times. Prompts never reach the
# heads.

# %% read
from core.networks.swin import prompted_window_attention, merge_prompts

# %% source
from core.methods.stpn import plain, merging, prompted

# %%
made(plain, merging, prompted)

# %% [markdown]
# What the patches of the current frame give to each prompt, in the first and the last block:

# %% source
from core.methods.stpn import to_prompts, to_patches

# %%
made(to_prompts, to_patches)

# %%
first, *_, last = made["to_prompts"]
fine = made["to_prompts"][first].shape[-2:]
maps = [made["to_prompts"][at][q] for at in (first, last) for q in range(N)]
maps_IP = torch.stack([torch.from_numpy(patches_to_pixels(one.numpy(), *fine)) for one in maps])
pictures.frames(
    torch.stack([made["current_HWC"]] * len(maps)), maps_IP.flatten(1), fine, "share", per_row=N,
    names=[f"block {b}, prompt {q + 1}" for b in ("1", str(len(made["to_prompts"]))) for q in range(N)],
)  # fmt: skip

# %% [markdown]
# **Question.** “No prompts” means that they are left out. Would prompts of zeros do the same?

# %%
with torch.no_grad():
    zeros = walk(made["variant"], made["pixels"].pixels_BCHW, torch.zeros_like(made["prompt_LQD"])[None])
apart = max(difference(zeros.maps[stage], made["plain"].maps[stage]) for stage in zeros.maps)
told = f"the maps are up to {apart:.0%} of their largest number apart: a zero takes its share of every softmax."

answer = None  # True or False
check(answer, yes_or_no(apart < 1e-3, told))

# %% [markdown]
# ## 6. What they change
#
# $$\Delta f = \frac{\| f_{\mathrm{prompted}} - f_{\mathrm{plain}} \|}{\mathrm{mean}\,\| f_{\mathrm{plain}} \|}$$
#
# *Our reading:* one divisor a stage, so that dark places do not blow up.

# %% read
from core.methods.stpn.equations import relative_change

# %% source
from core.methods.stpn import change

# %%
made(change)

# %%
stages = [*made["change"]]
change_IP = torch.stack([torch.from_numpy(patches_to_pixels(made["change"][i].numpy(), *fine)) for i in stages]).flatten(1)
pictures.frames(
    torch.stack([made["current_HWC"]] * len(stages)), change_IP, fine, r"$\Delta f$", names=[f"stage {i + 1}" for i in stages]
)  # fmt: skip

# %% [markdown]
# **Question.** In which stage is the mean of $\Delta f$ largest?

# %%
means = [float(made["change"][i].mean()) for i in stages]
told = f"the means are {', '.join(f'{one:.2f}' for one in means)}."

answer = None  # a stage, counted from 1
check(answer, number(1 + means.index(max(means)), told))

# %% [markdown]
# ## 7. Is it a repair?
#
# The clip is known without the blur. So: how alike are the features of the blurred frame to those of the clean one,
# without prompts and with the same prompts in both? (*Our reading:* each way is compared with itself, or what prompts
# change in every frame alike would count.)

# %% read
from core.methods.stpn.equations import likeness

# %% source
from core.methods.stpn import clean_plain, clean_prompted, cosine_plain_I, cosine_prompted_I

# %%
made(clean_plain, clean_prompted, cosine_plain_I, cosine_prompted_I)

# %%
both = {"without prompts": made["cosine_plain_I"], "with prompts": made["cosine_prompted_I"]}
pictures.bars(both, [f"stage {i + 1}" for i in stages], "", "cosine with the clean frame")

# %% [markdown]
# **Question.** In how many stages are the features nearer to the clean frame's *with* prompts?

# %%
nearer = made["cosine_prompted_I"] > made["cosine_plain_I"]
gains = ", ".join(f"{float(one):+.3f}" for one in made["cosine_prompted_I"] - made["cosine_plain_I"])

answer = None
check(answer, number(nearer.sum(), f"stage by stage the cosine moves by {gains}."))

# %% [markdown]
# ## 8. What is found
#
# Pyramid, proposals and heads read the prompted maps and know nothing of prompts. The single-frame detector has
# weights of its own, trained as long without prompts.

# %% source
from core.methods.stpn import prompted_found, baseline_found

# %%
made(prompted_found, baseline_found)


# %%
def found(trace, name, least=0.3):
    """Boxes and words of what has a score of at least that; of boxes that lie over each other, the best."""
    seen, kept = trace[name], []
    box_N4 = seen.box_N4.numpy()
    for n in range(len(box_N4)):
        if seen.score_N[n] >= least and all(overlap(box_N4[n], box_N4[k]) < 0.5 for k in kept):
            kept.append(n)
    return box_N4[kept], [f"{seen.label_N[n]} {seen.score_N[n]:.2f}" for n in kept]


clean = engine.run("stpn", clip, outputs=["prompted_found"], **{**knobs, "spoil": "none"})
shown = torch.stack([made["frames_THWC"][knobs["t"] - 1], made["current_HWC"], made["current_HWC"]])
pictures.frames(
    shown, boxes=[found(clean, "prompted_found"), found(made, "baseline_found"), found(made, "prompted_found")],
    names=["clean frame, with prompts", "blurred, single frame", "blurred, with prompts"],
)  # fmt: skip

# %% [markdown]
# One frame proves nothing. How many things have a box over them whose best name is theirs, in two blurred frames of
# each of the six example clips?


# %%
def rightly(seen, truth, frame):
    """How many of a frame's things are found where they are and called what they are, and how many things there are."""
    H, W = truth.instance_THW.shape[1:]
    right, box_N4 = 0, seen.box_N4.numpy()
    boxes_O4 = truth.box_TO4[frame] / [W, H, W, H]
    for box_4, thing in zip(boxes_O4, truth.things):
        over = [n for n in range(len(box_N4)) if overlap(box_N4[n], box_4) > 0.5]  # best first
        right += bool(over) and seen.label_N[over[0]] == thing.shape
    return np.array([right, len(boxes_O4)])


def tally(**changed):
    """The same over frames 3 and 6 of all examples: with prompts, without them, and how many things there are."""
    total = np.zeros(3, int)
    for one in clips:
        other, true = read_clip(one, frames=8), Truth.from_json(one.with_suffix(".json").read_text())
        for t in (3, 6):
            run = engine.run("stpn", other, outputs=["prompted_found", "baseline_found"], **{**knobs, "t": t, **changed})
            pair = [rightly(run[name], true, other.source_T[t - 1]) for name in ("prompted_found", "baseline_found")]
            total += pair[0][0], pair[1][0], pair[0][1]
    return total


with_prompts, without, things = tally()
print(f"of {things} things, with prompts {with_prompts} are found rightly, by the single-frame detector {without}")

# %% [markdown]
# **Question.** In the frame above, find another severity from 0 to 1 at which *more* things are found rightly with
# prompts.


# %%
def tried(severity):
    """Right where prompts find more."""
    run = engine.run("stpn", clip, outputs=["prompted_found", "baseline_found"], **{**knobs, "severity": severity})
    frame = clip.source_T[knobs["t"] - 1]
    more, fewer = (int(rightly(run[name], truth, frame)[0]) for name in ("prompted_found", "baseline_found"))
    return more > fewer and severity != knobs["severity"], f"{more} are found rightly with prompts, {fewer} without them."


answer = None  # a number from 0 to 1
check(answer, tried)

# %% [markdown]
# ## 9. What it costs
#
# $N_P$ prompts are not $N_P$ more tokens: in every block they are $N_P$ times as many as there are windows, because
# each window has a copy. Counted are multiplications and additions of matrix products and convolutions.

# %% source
from core.methods.stpn import cost

# %%
made(cost)

# %%
spent = made["cost"]
blocks = [f"{i + 1}.{j + 1}" for i, j in made["to_prompts"]]
tokens = {"patches": spent.patches, "copies of prompts": spent.copies}
pictures.bars(tokens, blocks, "stage.block", "tokens")

# %% [markdown]
# **Question.** By how many percent do the prompts raise the cost of the backbone for the current frame?

# %%
print(f"plain {spent.plain / 1e9:.3f}, prompted {spent.prompted / 1e9:.3f} billion operations")
rise = 100 * (spent.prompted / spent.plain - 1)
support = f"each support costs {spent.support / 1e9:.2f} billion once, the predictor {spent.predictor / 1e6:.0f} million."

answer = None
check(answer, number(rise, f"{rise:.1f} %; besides, {support}", within=0.2))

# %% [markdown]
# ## 10. Through the clip
#
# The paper also segments and tracks through whole clips; the code of that was never released. *Our reading:* every
# frame is read by itself and linked to instances, or one thing is followed from its first box with prompts of past
# frames only. These are the engine's:

# %%
followed = made["prompted_followed"]
words = [f"{value:.2f}" if seen else "not seen" for value, seen in zip(followed.value_T, followed.seen_T)]
pictures.frames(made["shown_THWC"], boxes=[(box, [word]) for box, word in zip(followed.box_T4, words)])

# %% [markdown]
# ## Are these the engine's own steps?

# %%
assert made.same, made.told
made.told
