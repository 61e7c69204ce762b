"""SwinBERT and its code: the script of swinbert_step_by_step.ipynb (`python -m demos.build` makes it)."""

# ruff: noqa: B018, E402, F401, F811, I001
# pyright: reportUnusedExpression=false

# %% [markdown]
# # SwinBERT step by step
#
# Lin et al., *SwinBERT: End-to-End Transformers with Sparse Attention for Video Captioning*, CVPR 2022.
#
# A caption is written **word by word** from the patches of a few frames. Which patches may see each other is **learned**: one
# number for each ordered pair, most of which a loss presses shut.
#
# Each section has the equations, their code, a picture, and a question to you.
#
# - The code is the engine's own: a cell that defines a function holds its text letter by letter. What such a function
#   calls as `equations.…` is shown above it, to be read.
# - `made(function)` gives a function its inputs by the names of its parameters, keeps the result under the function's
#   name, and says whether it is what the engine gives.
#
# *Our reading:* in place of VidSwin and BERT there is one small encoder, trained on a drawn world in which **no single frame
# tells what moves**: in every frame there are as many things of each kind, and all but one of them flash.

# %%
import sys
from pathlib import Path

root = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "assets" / "clips").is_dir())
sys.path.insert(0, str(root))  # this notebook may be open in demos/ or in the project's folder

import torch

from core import Engine, example, read_clip
from core.methods.swinbert import equations, mask, writing
from demos import pictures
from demos.questions import check, number, one_of, yes_or_no
from demos.steps import Steps, difference

clip = read_clip(example("sprites-left"), frames=8)
engine = Engine("cpu", precision="float32")  # so that your numbers are those saved here
made = Steps(engine, "swinbert", clip)
made.trace.weights

# %% uses

# %% [markdown]
# ## 1. Frames become patches
#
# $K$ frames, evenly spaced (the paper's $T$), each a square of a few dozen pixels, cut into $P$ patches: $M = K \cdot P$ video
# tokens. *Our reading:* each is told its place and its moment. In the paper VidSwin has mixed patches before.

# %% source
from core.methods.swinbert.mask import frame_K, picture_KSSC, square_TSSC

# %%
made(frame_K, square_TSSC, picture_KSSC)

# %%
pictures.frames(made["picture_KSSC"], names=[f"frame {place + 1}" for place in made["frame_K"]])

# %% [markdown]
# **Question.** One of these things moves by one patch from each frame to the next. Which way? Guess, then go on.

# %%
answer = None  # "left", "right", "up" or "down"
check(answer, one_of("left", ("left", "right", "up", "down"), "and you compared neighbouring frames to see it."))

# %% [markdown]
# ## 2. The mask: a gate for each pair
#
# $$m = I + (1 - I)\,\sigma(V), \qquad V \in \mathbb{R}^{M \times M}$$
#
# One table for all layers, all heads and all clips. A patch always sees itself. While captions are learned, a loss
# $\lambda \cdot \mathrm{mean}(m)$ presses the gates shut, so that open ones are those that captions need.

# %% read
from core.methods.swinbert.equations import gate, diagonal, densest, density, pattern

# %% source
from core.methods.swinbert.mask import learned_BB, mask_MM, longer, open_MM, gate_MM, open_share

# %%
made(learned_BB, mask_MM, open_MM, gate_MM, open_share)

# %%
P = made["gate_MM"].shape[0] // len(made["frame_K"])
pictures.square(made["gate_MM"], P, "token looked at", "token that looks", "m")

# %% [markdown]
# **Question.** How many numbers has $V$, for these frames?

# %%
M = len(made["gate_MM"])

answer = None
check(answer, number(M**2, f"{M} tokens, an ordered pair each."))

# %% [markdown]
# ## 3. How the gate enters attention
#
# $$a = \mathrm{softmax}\!\left(\frac{q k^\top}{\sqrt{E}} + b\right), \qquad b = \log m$$
#
# *Our reading.* The released code has $b = (1 - m)\cdot(-10{,}000)$.

# %% read
from core.methods.swinbert.equations import bias, bias_log_sigmoid, bias_as_released, bias_hard, shut

# %% source
from core.methods.swinbert.mask import bias_MM, variant, look_LMM, used_MM, elsewhere

# %%
made(bias_MM, variant, look_LMM, used_MM, elsewhere)

# %%
pictures.square(made["used_MM"], P, "token looked at", "token that looks", "a, layer 1")

# %% [markdown]
# Now the released form, before any training: $V \sim N(0, 1)$. How much gradient does a loss that follows from attention give
# $V$?

# %%
V = torch.randn(M, M, generator=torch.Generator().manual_seed(0)).requires_grad_()
logits = torch.randn(M, M, generator=torch.Generator().manual_seed(1))
values = torch.randn(M, 8, generator=torch.Generator().manual_seed(2))
gradients = {}
for form in ("log_sigmoid", "as_released"):
    attention = (logits + equations.bias(V, form)).softmax(-1)
    (gradients[form],) = torch.autograd.grad((attention @ values).square().sum(), V)
    print(f"{form}: a patch takes {1 - attention.diagonal().mean().item():.3g} from others")

# %% [markdown]
# **Question.** What is the largest gradient under the released form?

# %%
answer = None
check(
    answer, number(gradients["as_released"].abs().max().item(), "every bias off the diagonal is so low that nothing is left.")
)

# %% [markdown]
# ## 4. One patch, and the first frame
#
# A row of $m$ over space and time says what a patch may see. The paper's Figure 3 draws, for every patch of the first frame,
# how much it is open to each frame.

# %% source
from core.methods.swinbert.mask import row_KP, row_of, used_KP, bar_PK

# %%
made(row_KP, used_KP, bar_PK)

# %%
C = int(made["row_KP"].shape[1] ** 0.5)
pictures.matrix(made["bar_PK"].mean(1).unflatten(0, (C, C)), "column", "row", "mean gate to all frames")

# %% [markdown]
# **Question.** Things move in the middle alone. Are the patches there more open than those of the border?

# %%
inside = torch.zeros(C, C, dtype=torch.bool)
inside[1:-1, 1:-1] = True
open_P = made["bar_PK"].mean(1)
middle, border = open_P[inside.flatten()].mean().item(), open_P[~inside.flatten()].mean().item()

answer = None  # True or False
check(answer, yes_or_no(middle > border, f"{middle:.4f} in the middle, {border:.4f} in the border."))

# %% [markdown]
# ## 5. A caption, word by word
#
# $$w_n = \arg\max_w\, p(w \mid w_{<n}, [\mathrm{MASK}], \text{video})$$
#
# Words see the words before them and every patch; patches see no word. So the video is read once for all words.

# %% source
from core.methods.swinbert.writing import Filling, ids_W, written, caption, filling, asked_again, share_W, of_words, look_WKP

# %%
made(ids_W, caption, filling, share_W, look_WKP)

# %%
words = [*made["caption"].split(), "end"][: len(made["ids_W"])]
print(made["caption"])
for word, share in zip(words, made["share_W"].tolist()):
    print(f"  {word:10} {share:.3f}")

# %% [markdown]
# **Question.** Of which word is it least sure?

# %%
least = words[int(made["share_W"].argmin())]

answer = None
check(answer, one_of(least, words, "the grammar has several wordings, and several words may stand there."))

# %% [markdown]
# ## 6. A word is hidden
#
# Hide the third word, and ask for every word again.

# %%
hidden = engine.run("swinbert", clip, hidden=3)
moved = (hidden["hidden_share_W"] - hidden["share_W"]).abs()
order = range(1, len(words) + 1)
series = {"p": (order, hidden["share_W"]), "p with word 3 hidden": (order, hidden["hidden_share_W"])}
pictures.lines(series, "word", "probability")

# %% [markdown]
# **Question.** How many of the first three words moved?

# %%
answer = None
check(
    answer, number(int((moved[:3] > 0).sum()), "words see only what stands before them, and a word is hidden to itself anyway.")
)

# %% [markdown]
# ## 7. Every mask on this clip
#
# For each mask there is a captioner that was trained with it.

# %% source
from core.methods.swinbert.comparison import compared

# %%
made(compared)

# %%
print(made["compared"])

# %% [markdown]
# **Question.** Under which of these masks can patches of two frames not be compared but by words: “full”, “identity” or
# “temporal window”?

# %%
answer = None
check(answer, one_of("identity", ("full", "identity", "temporal window"), "each patch sees itself alone."))

# %% [markdown]
# ## 8. Twice as many frames
#
# $V$ of four frames is interpolated along time for eight. The released code's expansion, were it assigned, would run over the
# index that numbers frames and places in one.

# %% read
from core.methods.swinbert.equations import inherited

# %%
longer_FP = {how: engine.run("swinbert", clip, inherit=how)["longer_FP"] for how in equations.INHERITANCES}
pictures.lines({how: (range(1, 9), row_FP.mean(1)) for how, row_FP in longer_FP.items()}, "frame", "mean gate of the row")

# %% [markdown]
# **Question.** A token at $(t, h, w) = (3, 2, 5)$ of frames of 7 × 7: which index has it?

# %%
answer = None
check(answer, number(3 * 49 + 2 * 7 + 5, "t · 49 + h · 7 + w; twice that index is the place (6, 5, 3), and not (6, 2, 5)."))

# %%
made.told
