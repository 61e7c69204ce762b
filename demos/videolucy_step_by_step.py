"""VideoLucy and its code: the script of videolucy_step_by_step.ipynb (`python -m demos.build` makes it)."""

# ruff: noqa: B018, E402, F401, F811, I001
# pyright: reportUnusedExpression=false

# %% [markdown]
# # VideoLucy step by step
#
# Zuo et al., *VideoLucy: Deep Memory Backtracking for Long Video Understanding*, NeurIPS 2025.
#
# A long video is remembered **in captions**, coarsely at first. Agents that read them say whether the answer is there; if not,
# one looks where it may be, tells the captioner what to look for, and that place is captioned again, more closely. It ends when
# the answering agent is sure, or is forced.
#
# Each section has the equations, their code, a picture, and a question to you.
#
# - The code is the engine's own: a cell that defines a function holds its text letter by letter. What such a function
#   calls is shown above it, to be read.
# - `made(function)` gives a function its inputs by the names of its parameters, keeps the result under the function's
#   name, and says whether it is what the engine gives.
# - The paper's agents are prompts to a language model. Here they are **rules**, our reading, and the eye is a small captioner
#   trained on our drawn world: a true search over captions that were really written, and no reasoning beyond that.
#
# The video lasts ten minutes. In it things carry a number for a moment, and all of it is known.

# %%
import json
import sys
from pathlib import Path

root = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "assets" / "clips").is_dir())
sys.path.insert(0, str(root))  # this notebook may be open in demos/ or in the project's folder

import torch

from core import Engine
from core.methods.videolucy import released
from core.methods.videolucy.agents import Rules
from core.methods.videolucy.loop import Settings
from core.methods.videolucy.memory import Entry, Memory, Period, split, memory_text
from core.video.footage import between
from core.world.recipes import read_recipe
from demos import pictures
from demos.questions import check, number, one_of, several, yes_or_no
from demos.steps import Steps, difference

recipe = read_recipe(root / "assets" / "videos" / "ten-minutes-of-numbers.json")
video = recipe.video
question = next(one for one in video.questions if one.text == recipe.question)
engine = Engine("cpu", precision="float32")  # so that your numbers are those saved here
made = Steps(engine, "videolucy", video=video, question=question.text)
print(question.text, "· shown at", *(f"{a:g}–{b:g} s" for a, b in question.evidence))
made.trace.weights

# %% uses

# %% [markdown]
# ## 1. Periods of three depths
#
# $$\{[k \cdot T_d,\ (k + 1) \cdot T_d]\}, \qquad T_c > T_f > T_{uf}$$
#
# A memory is a text of one period: coarse ones of $T_c = 64$ seconds, fine ones of 8, ultra-fine ones of 1. *Our reading:* of
# each, whatever its length, the eye is shown eight frames.

# %% read
from core.methods.videolucy.memory import Period, split

# %% source
from core.methods.videolucy.stages import seconds, tree

# %%
made(seconds, tree)

# %%
begin, end = question.evidence[0]
coarse = next(one for one in split(0.0, made["seconds"], 64, 0) if one.start <= begin < one.end)
index_T = between(video, 8, coarse.start, coarse.end)
pictures.frames(
    torch.from_numpy(video.frames(index_T).frames_THWC), names=[f"{video.time_N[i]:g} s" for i in index_T], per_row=8
)

# %% [markdown]
# These are the eight frames of the coarse period in which the number is seen.
#
# **Question.** How many seconds lie between two of them?

# %%
answer = None
check(answer, number(float(video.time_N[index_T[1]] - video.time_N[index_T[0]]), "64 seconds in eight parts.", within=0.01))

# %% [markdown]
# ## 2. The coarse memory
#
# $$m_k = \mathrm{Cap}(v_k)$$
#
# Every coarse period is captioned once, with no question in mind: another question reads the same texts.

# %% source
from core.methods.videolucy.stages import agents, caption_S

# %%
made(caption_S)

# %%
for period, text in zip(made["tree"][0], made["caption_S"]):
    print("{:4g}–{:<4g}".format(*period), text)

# %% [markdown]
# **Question.** How many captions would it take to caption all of the video ultra-finely?

# %%
answer = None
check(answer, number(len(made["tree"][2]), "one a second."))

# %% [markdown]
# ## 3. Agents: who is asked what
#
# A **survey** says which coarse periods a question is about; they and their neighbours are kept. The **answering** agent says
# what the captions show, and whether it is sure. The **locating** agent names one period that was not searched, and what to
# look for. All three are asked in words, and reply with one JSON object, be they rules or a language model.

# %% read
from core.methods.videolucy.agents import Rules

# %% source
from core.methods.videolucy.stages import settings

# %%
made(settings)

# %%
rules = Rules(made["eye"], video)
memory = Memory(tuple(Entry(*one) for one in zip(split(0.0, made["seconds"], 64, 0), made["caption_S"])))
surveyed, first = rules.survey(question.text, memory, 3), rules.answer(question.text, memory)
print(first.request, "\n\n→", first.raw, "\n\nsurvey →", surveyed.raw)

# %% [markdown]
# **Question.** Is it sure, when it has read the coarse captions alone?

# %%
answer = None  # True or False
check(answer, yes_or_no(first.confident, first.reason))

# %% [markdown]
# ## 4. The loop
#
# $$t = \mathrm{Loc}(CM \setminus S, Q), \quad p = \mathrm{Ins}(CM, Q, t), \quad
# CM \leftarrow CM \cup \{\mathrm{Cap}(v_t, p)\} \cup \{\mathrm{Cap}(v_t^i, p)\}$$
#
# until $\mathrm{Ans}(CM, Q)$ is sure (Algorithm 1). Depth: a period is captioned anew, and so are its parts at the next depth.
# Breadth: the next period lies elsewhere.

# %% read
from core.methods.videolucy.loop import steps, search

# %% source
from core.methods.videolucy.stages import search, reply, said, step_said

# %%
made(search, reply, said, step_said)

# %%
for place, step in enumerate(made["search"].steps, 1):
    print(f"{place:2} {step.kind:8} {step.note}")
made["said"]

# %% [markdown]
# **Question.** How many periods were located?

# %%
visits = made["search"].visits

answer = None
check(answer, number(len(visits), f"{', '.join(map(str, visits)) or 'none'}."))

# %%
print(memory_text(made["search"].memory))

# %% [markdown]
# ## 5. What it took
#
# The budget are captions and calls; what it is held against is captioning everything ultra-finely.

# %% source
from core.methods.videolucy.stages import effort, spent_X4, frame_K, frames_of

# %% source
from core.methods.shared import picture_KHWC, time_K

# %%
made(effort, spent_X4, frame_K, time_K, picture_KHWC)

# %%
step_X, caption_X, call_X, both_X = made["spent_X4"].T
pictures.lines({"captions": (step_X, caption_X), "calls of agents": (step_X, call_X)}, "step", "calls")

# %%
pictures.frames(made["picture_KHWC"], names=[f"{second:g} s" for second in made["time_K"].tolist()], per_row=8)

# %% [markdown]
# Frames that the eye was shown: those of the period that answers, then those that it was shown last.
#
# **Question.** What share of the captions of every second did the search write?

# %%
frames, calls, captions, every = made["effort"]

answer = None
check(answer, number(captions / every, f"{captions} of {every}.", within=0.01))

# %% [markdown]
# ## 6. Sure, or forced
#
# Asked what is never shown, nothing can be found. After $n$ iterations the answer is forced, and marked: a system that hides
# this looks better than it is.

# %%
never = next(one for one in video.questions if not one.evidence)
lost = engine.run("videolucy", video=video, question=never.text)
print(never.text, "\n", lost["said"])
tried = {n: engine.run("videolucy", video=video, question=question.text, iterations=n)["search"] for n in range(6)}
pictures.bars({"captions": [one.captions for one in tried.values()]}, [str(n) for n in tried], "iterations at most", "captions")

# %% [markdown]
# **Question.** Is the answer forced where no iteration is allowed?

# %%
answer = None  # True or False
check(answer, yes_or_no(tried[0].forced, f"{tried[0].steps[-1].note}"))

# %% [markdown]
# ## 7. What the instruction is for, and what an eye's mistakes do
#
# Without an instruction the eye describes colours and shapes, and a number only where every frame shows it. With noise,
# colours, shapes and numbers are wrong now and then: a search that is sure at once is then sure of that.

# %%
ways = {
    "as it is": {}, "no instruction": {"instruct": False}, "noise 0.3": {"noise": 0.3},
    "noise 0.3, sure at once": {"noise": 0.3, "strict": "any"}, "noise 0.3, sure of two": {"noise": 0.3, "strict": "twice"},
}  # fmt: skip
counts = {"right": [], "sure and wrong": []}
for name, knobs in ways.items():
    found = [engine.run("videolucy", video=video, question=one.text, **knobs)["search"] for one in video.questions]
    right = [a.answer == b.answer for a, b in zip(found, video.questions)]
    counts["right"].append(sum(right))
    counts["sure and wrong"].append(sum(one.confident and not ok for one, ok in zip(found, right)))
    print(f"{name:24} {sum(one.captions for one in found)} captions for {len(right)} questions")
pictures.bars(counts, list(ways), "way", "questions")

# %% [markdown]
# **Question.** Was a coarse caption written again for any of these questions, where the eye has no noise?

# %%
again = engine.run("videolucy", video=video, question=video.questions[0].text)

answer = None  # True or False
check(answer, yes_or_no("caption_S" in again.ran, f"what ran: {', '.join(again.ran) or 'nothing'}."))

# %% [markdown]
# ## 8. What the released demo does otherwise
#
# These few lines are ours; each says what that code does on a case.

# %% read
from core.methods.videolucy.released import skips_sparse, lost, forced_memory

# %%
for text in (question.text, "How many seconds does it last?", "What is the plastic cup for?"):
    print("begins with the whole memory:", released.skips_sparse(text), "·", text)
for length in (780, 785, 790):
    print(f"a video of {length} s with periods of 60 s: its tail is", "LOST" if released.lost(length, 60) else "read")
out = tuple(one for one in memory.entries if one.period not in made["search"].sparse)
print("left out at first, and given to a forced answer:", ", ".join(str(one.period) for one in out) or "nothing")

# %% [markdown]
# **Question.** The demo's own video lasts 790 s. Which of its periods of 60 s never reaches the answering prompt?

# %%
answer = None  # two numbers, from and to
check(answer, several([780, 790], "what is left of it is 10 s long, and taken for a fine period."))

# %% [markdown]
# ## 9. What was measured, and what is right without looking
#
# On EgoMem's released file always answering “A” scores 41 %. So every share of right answers stands beside that of the best
# constant answer.

# %% source
from core.methods.videolucy.stages import depth_D2, needle_SQ, failures

# %%
made(depth_D2, needle_SQ, failures)

# %%
print(made["failures"])
file = root / "assets" / "weights" / "metrics_videolucy.json"
accuracy = json.loads(file.read_text())["accuracy"] if file.is_file() else {}
for length, row in accuracy.items():
    print(f"{length:>5} s ", ", ".join(f"{way} {share:.2f}" for way, share in row.items()))

# %%
made.told
