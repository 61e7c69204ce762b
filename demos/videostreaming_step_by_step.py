"""VideoStreaming and its code: the script of videostreaming_step_by_step.ipynb (`python -m demos.build` makes it)."""

# ruff: noqa: B018, E402, F401, F811, I001
# pyright: reportUnusedExpression=false

# %% [markdown]
# # VideoStreaming step by step
#
# Qian et al., *Streaming Long Video Understanding with Large Language Models*, NeurIPS 2024.
#
# A long video is read **clip by clip** into memories of fixed size. After the last clip a question chooses the few memories
# that a reader answers from: as many tokens for an hour as for a minute.
#
# Each section has the equations, their code, a picture, and a question to you.
#
# - The code is the engine's own: a cell that defines a function holds its text letter by letter. What such a function
#   calls as `equations.…` is shown above it, to be read.
# - `made(function)` gives a function its inputs by the names of its parameters, keeps the result under the function's
#   name, and says whether it is what the engine gives.
# - No code of the authors was found, and we read summaries that quote the paper, not all of it. What they leave open is
#   **our reading**.
#
# In place of Phi-2 and Vicuna-7B there are two small transformers, trained on our drawn world. The video is a story of 128
# seconds, twice as long as the longest in training, of which all is known.

# %%
import json
import sys
from pathlib import Path

root = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "assets" / "clips").is_dir())
sys.path.insert(0, str(root))  # this notebook may be open in demos/ or in the project's folder

import torch

from core import Engine
from core.methods.videostreaming import equations
from core.world.long import asked_video
from demos import pictures
from demos.questions import check, number, one_of, several, yes_or_no
from demos.steps import Steps, difference

video, story = asked_video(1, "test", 128, segment=(4, 7))
asked = {one.family: one for one in story.questions}
question = asked["find"]
engine = Engine("cpu", precision="float32")  # so that your numbers are those saved here
made = Steps(engine, "videostreaming", video=video, question=question.text)
print(question.text, "· shown at", *(f"{a}–{b} s" for a, b in question.evidence))
made.trace.weights

# %% uses

# %% [markdown]
# ## 1. Clips
#
# A frame a second goes through a frozen CLIP. $F_k$ are the features of clip $k$: $N = 4$ frames after $N$ frames (the paper's
# $T$, which is 16 there). *Our reading:* one token a frame, where the paper has 64 of patches.

# %% source
from core.methods.shared import feature_TE

# %% source
from core.methods.videostreaming.stream import candidate_T, clip_KNE, span_K2

# %%
made(candidate_T, feature_TE, clip_KNE, span_K2)

# %%
shown = video.frames(range(0, 128, 8)).frames_THWC
pictures.frames(torch.from_numpy(shown), names=[f"clip {2 * i + 1}" for i in range(len(shown))], per_row=8)

# %% [markdown]
# **Question.** How many clips of four seconds has a video of ten minutes?

# %%
answer = None
check(answer, number(150, "600 seconds, four a clip."))

# %% [markdown]
# ## 2. A step: a clip is read after the memory of those before it
#
# $$H_k, \hat H_k = g([\,t \circ H_{k-1} \circ F_k \circ S_k \circ \hat S_k\,])$$
#
# $g$ is causal: a token sees what stands before it. So the summary tokens $S_k$ gather the memory and the clip, and what
# becomes of them is the next memory $H_k$, always $N \cdot P$ tokens. $\hat S_k$ begins as the mean of $F_k$, and what
# becomes of it is the **clip indicator** $\hat H_k$. $t$ says from when to when. *Our reading:* $H_{k-1}$ is added to $S_k$,
# so that what no clip changes stays.

# %% read
from core.methods.videostreaming.equations import step

# %% source
from core.methods.videostreaming.stream import (
    steps, memory_KMD, clip_KD, drift_KM, likeness_KK, look_SS, token_names,
)  # fmt: skip

# %%
made(steps, memory_KMD, clip_KD, drift_KM, likeness_KK, look_SS, token_names)

# %%
names = made["token_names"]
pictures.matrix(made["look_SS"], "token looked at", "token that looks", "share", rows=names, columns=names)

# %% [markdown]
# Who looks at whom in step 2.
#
# **Question.** How many tokens has the *first* step? Nothing is remembered before it.

# %%
first = made["steps"][0]

answer = None
check(answer, number(len(first.look_SS), "two of time, four frames, four summary tokens and the global one: 11."))

# %%
pictures.lines(
    {"ΔH": (range(2, 33), made["drift_KM"].mean(1)[1:]), "cos(H_1, H_k)": (range(2, 33), made["likeness_KK"][0, 1:])},
    "clip", "of the memory's length; cosine",
)  # fmt: skip

# %% [markdown]
# ## 3. A question chooses
#
# $$\hat H_Q = g([\,H_K \circ Q\,]), \qquad s_k = \cos(\hat H_Q, \hat H_k), \qquad I = \text{Gumbel-top-}V(s / \tau)$$
#
# The question is read after the **last** memory: nothing is chosen while the video still runs. In training the choice is hard
# and its gradient that of a softmax (straight-through): the chosen memories are multiplied by a weight that is 1.

# %% read
from core.methods.shared import middles
from core.methods.videostreaming.equations import indicator, gumbel_top

# %% source
from core.methods.videostreaming.asking import (
    asked_Q, spoken, question_D, unknown_words, score_K, logit_K, true_K, chosen_V,
)  # fmt: skip

# %%
made(asked_Q, question_D, unknown_words, score_K, logit_K, true_K, chosen_V)

# %%
series = {"s": (range(1, 33), made["score_K"]), "shows it": (range(1, 33), made["true_K"].float())}
pictures.lines(series, "clip", "cosine")

# %% [markdown]
# **Question.** Which two clips are chosen with $\gamma = 0$? Count from 0, in the order of time.

# %%
best = sorted(made["score_K"].topk(2).indices.tolist())

answer = None  # a list of two numbers
check(answer, several(best, f"{best}: the two highest cosines."))

# %% [markdown]
# **Question.** Is a clip encoded again when you ask something else?

# %%
other = engine.run("videostreaming", video=video, question=asked["first"].text)

answer = None  # True or False
check(answer, yes_or_no("steps" in other.ran, f"what ran: {', '.join(other.ran)}."))

# %% [markdown]
# ## 4. A reader answers from the chosen memories alone
#
# $$p = \mathrm{softmax}(\mathrm{reader}([\,H_v \circ Q\,]))$$

# %% source
from core.methods.videostreaming.asking import answer_A, said, every_A, said_every, tokens, tokens_K3

# %%
made(answer_A, said, every_A, said_every, tokens, tokens_K3)

# %%
print(f"{question.text} {made['said']}; it is {question.answer}")
clip_K, chosen_K, all_K = made["tokens_K3"].T
pictures.lines({"chosen": (clip_K, chosen_K), "all memories": (clip_K, all_K)}, "clips", "tokens")

# %% [markdown]
# **Question.** How many tokens of a video of an hour does this reader get, with $V = 2$?

# %%
answer = None
check(answer, number(2 * 4, "V · N · P = 2 · 4 · 1, whatever the length."))

# %% [markdown]
# How long that takes. *The clips are read once*; every question after that costs its own reading and the reader's. Of five
# new questions the quickest counts: a computer has other things to do.

# %%
new = [f"What colour is the {shape}?" for shape in ("ring", "heart", "star", "square", "diamond")]
ran = [engine.run("videostreaming", video=video, question=one, outputs=["answer_A", "every_A"]).ms for one in new]
quickest = {stage: min(ms[stage] for ms in ran) / 1000 for stage in ("question_D", "answer_A", "every_A")}
print(f"another question is read in {quickest['question_D']:.4f} s")
print(f"the reader from 2 memories: {quickest['answer_A']:.4f} s; from all 32: {quickest['every_A']:.4f} s")
print(f"all that is asked of this video:\n{made.trace['answers']}")

# %% [markdown]
# ## 5. What memory is for
#
# A moment is found by the choice, and memory changes nothing there. So ask what came **first**, and give the reader the *last*
# two clips, in which it is not to be seen: only what was carried through 30 clips can tell.

# %%
first = asked["first"]
with_memory = engine.run("videostreaming", video=video, question=first.text, selector="last")
without = engine.run("videostreaming", video=video, question=first.text, selector="last", memory=False)
print(f"{first.text} It is {first.answer}.\nwith memory: {with_memory['said']}\nwithout:     {without['said']}")

# %% [markdown]
# **Question.** Which frames does the reader's evidence come from, when it answers this rightly with memory?

# %%
answer = None  # "the last clips", "the first clip" or "all clips"
check(answer, one_of("the first clip", ("the last clips", "the first clip", "all clips"), "its colour was carried in H."))

# %% [markdown]
# ## 6. What a memory forgets
#
# A linear probe, fitted on training videos, reads from $H_k$ the colour that clip $k - j$ showed. Training asked for the
# first thing, so that stays; what nobody asked for goes.

# %% source
from core.methods.videostreaming.stream import forgotten_J2

# %%
made(forgotten_J2)

# %%
lag_J, share_J = made["forgotten_J2"].T
pictures.lines({"colour read": (lag_J, share_J)}, "clips ago", "share of clips")

# %% [markdown]
# **Question.** There are eight colours. Of which share would chance be right?

# %%
answer = None
check(answer, number(1 / 8, "one of eight: where the curve ends.", within=0.01))

# %% [markdown]
# ## 7. Another clip 7 runs clips 7 … K, and no other
#
# Each step is known by a key made of that of the step before and of its clip. Hide clip 7, and the memories before it stay.

# %%
hidden = engine.run("videostreaming", video=video, question=question.text, hidden=7)
apart_K = (hidden["memory_KMD"] - made["memory_KMD"]).flatten(1).norm(dim=1)
pictures.lines({"‖H_k − H_k hidden‖": (range(1, 33), apart_K)}, "clip", "distance")

# %% [markdown]
# **Question.** How many of the 32 steps ran?

# %%
ran, of = hidden.steps["steps"]

answer = None
check(answer, number(ran, f"{ran} of {of}: clips 7 to 32."))

# %% [markdown]
# ## 8. What it cannot do
#
# A count needs every clip that shows one, and the reader is given $V$ of them. What little it knows of the others came
# with $H$. The price of few tokens is that.

# %%
count = asked["count"]
counted = engine.run("videostreaming", video=video, question=count.text)
print(f"{count.text} {counted['said']}. It is {count.answer}: {int(counted['true_K'].sum())} clips show one, two are read.")
measured = json.loads((root / "assets" / "weights" / "metrics_videostreaming.json").read_text())["count"]
print("over many stories, share of right counts by the true number")
for length, by_number in measured.items():
    print(f"  {length}× the length of training: ", *(f"{n}: {share:.2f}" for n, share in sorted(by_number.items())))

# %% [markdown]
# **Question.** A guess among four counts is right in one of four. Is it better at 4×, where there are four?

# %%
answer = None  # True or False
check(answer, yes_or_no(measured["4"]["4"] > 0.25, f"{measured['4']['4']:.2f} of them are right."))

# %%
made.told
