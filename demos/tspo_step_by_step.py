"""TSPO, every equation and its code: the script of tspo_step_by_step.ipynb (`python -m demos.build` makes it)."""

# ruff: noqa: B018, E402, F401, F811, I001
# pyright: reportUnusedExpression=false

# %% [markdown]
# # TSPO step by step
#
# *TSPO: Temporal Sampling Policy Optimization for Long-form Video Language Understanding*, AAAI 2026.
#
# A long video has more frames than whoever answers a question can look at. TSPO trains a small **agent** to choose $K$ of
# them. Nobody tells it which are right: it draws some, a frozen reader answers from them, and draws that led to better
# answers become likelier.
#
# Each section has the equations, their code, a picture, and a question to you.
#
# - The code is the engine's own: a cell that defines a function holds its text letter by letter. What such a function
#   calls as `equations.…` is shown above it, to be read.
# - `made(function)` gives a function its inputs by the names of its parameters, keeps the result under the function's
#   name, and says whether it is what the engine gives.
# - Where the paper and its released code differ the text says so (**released**); where our small world needs something
#   else it is **our reading**.
#
# The video is a drawn story of 256 seconds, of which all is known: what is shown when, and what answers which question. The
# agent is the one after 60 % of its training: it finds something already, and its draws still differ.

# %%
import sys
from pathlib import Path

root = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "assets" / "clips").is_dir())
sys.path.insert(0, str(root))  # this notebook may be open in demos/ or in the project's folder

import torch

from core import Engine
from core.methods.tspo import TAU, equations
from core.methods.tspo.weights import VARIANTS
from core.world.long import asked_video
from demos import pictures
from demos.questions import check, number, one_of, several, yes_or_no
from demos.steps import Steps, difference

video, story = asked_video(3)
asked = {one.family: one for one in story.questions}
question = asked["end"]
engine = Engine("cpu", precision="float32")  # so that your numbers are those saved here
knobs = dict(budget=8, tau=0.1, rollouts=8, seed=0, learned=60)
made = Steps(engine, "tspo", video=video, question=question.text, **knobs)
print(question.text, "·", ", ".join(question.options), "· shown at", *(f"{a}–{b} s" for a, b in question.evidence))
made.trace.weights

# %% uses

# %% [markdown]
# ## 1. Candidates, and two frozen towers
#
# A frame a second is a candidate, $T_c$ of them. CLIP's picture tower makes a feature $F_f$ of each, its text tower one of the
# question, $F_t$. Options are not read. *Our reading:* the small text tower knows no questions, so fillers such as “what
# colour is the” are left out, and a word that it has never seen is a fixed vector of its own.

# %% read
from core.networks.question import question_feature

# %% source
from core.methods.shared import candidate_T, span_T2, feature_TE, question_E, unknown_words

# %%
made(candidate_T, span_T2, feature_TE, question_E, unknown_words)

# %%
shown = video.frames(range(0, 256, 16)).frames_THWC
pictures.frames(torch.from_numpy(shown), names=[f"{16 * i} s" for i in range(len(shown))], per_row=8)

# %% [markdown]
# **Question.** How many candidates has a video of 20 minutes at this rate?

# %%
answer = None
check(answer, number(20 * 60, "one a second: 1200, whatever its frame rate is."))

# %% [markdown]
# ## 2. What happens around a frame
#
# $$x = F_f + PE, \qquad F_e = \mathrm{MLP}(\mathrm{Attn}_w(x)) + F_f$$
#
# $PE$ are sines and cosines of $t / T_c$, the place in the whole video: that is how the agent can learn “at the beginning” for
# any length. Each candidate attends to the $w$ around it, from $t - w/2$ to $t + w/2 - 1$. *Released:* no output projection, no
# norm and no residual around the attention; a global attention is computed and multiplied by 0.

# %% read
from core.methods.tspo.equations import position, attended, events

# %% source
from core.methods.tspo import event_TE

# %%
made(event_TE)

# %%
changed_T = 1 - torch.cosine_similarity(made["event_TE"], made["feature_TE"], dim=-1)
pictures.lines({"1 − cos(F_e, F_f)": (range(256), changed_T)}, "second", "what the agent adds")

# %% [markdown]
# **Question.** With $w = 12$, which are the first and the last candidate that candidate 100 attends to?

# %%
answer = None  # a list of two numbers
check(answer, several([94, 105], "6 before it, itself, and 5 after it."))

# %% [markdown]
# ## 3. Two cosines
#
# $$S = \cos(F_e, F_t) + \cos(F_f, F_t)$$
#
# The frame alone, and what happens around it. $F_e$ was made before anybody asked anything: the question enters by a cosine.

# %% source
from core.methods.tspo import frame_score_T, event_score_T, score_T

# %%
made(frame_score_T, event_score_T, score_T)

# %%
series = {"cos(F_f, F_t)": made["frame_score_T"], "cos(F_e, F_t)": made["event_score_T"], "S": made["score_T"]}
pictures.lines({name: (range(256), one) for name, one in series.items()}, "second", "score")

# %% [markdown]
# **Question.** Does $F_e$ change when another question is asked?

# %%
other = engine.run("tspo", video=video, question=asked["find"].text, outputs=["event_TE"], **knobs)
moved = difference(other["event_TE"], made["event_TE"])

answer = None  # True or False
check(answer, yes_or_no(moved > 0, "no stage before the cosines reads the question. So “what follows the ring” has no way in."))

# %% [markdown]
# ## 4. How likely a draw takes each
#
# $$P = \mathrm{softmax}(S / \tau), \qquad e^{H(P)} = e^{-\sum P \log P}$$
#
# $e^{H}$ is among how many candidates the first draw is, as if they were equally likely. In training $\tau$ falls, so that it
# tries much at first. *Our reading:* $\tau$ has to fit how far the cosines of a tower spread, so it is not the paper's.

# %% source
from core.methods.tspo import share_T, effective, effective_X2

# %%
made(share_T, effective, effective_X2)

# %%
tau_X, among_X = made["effective_X2"].T
pictures.lines({"exp H": (tau_X, among_X)}, "τ", "candidates")

# %% [markdown]
# **Question.** Where does $e^H$ go when $\tau$ grows without end?

# %%
endless = (made["score_T"] / 1e6).softmax(-1)

answer = None
check(answer, number(torch.special.entr(endless).sum().exp(), "all 256 are equally likely then.", within=0.5))

# %% [markdown]
# ## 5. Draws without replacement
#
# $$I = \text{top-}K(S / \tau + \gamma), \qquad \gamma \sim \mathrm{Gumbel}(0, 1)$$
#
# Whoever adds this noise and takes the $K$ highest has drawn $K$ candidates one after the other by softmax, none twice.

# %% read
from core.methods.tspo.equations import gumbel

# %% source
from core.methods.tspo import drawn

# %%
made(drawn)

# %% [markdown]
# The first of each draw, counted over many draws, against $P$ itself:

# %%
logit_T = made["score_T"] / knobs["tau"]
first_N = equations.drawn(logit_T, equations.gumbel((4000, 256), 1), 1)[:, 0]
often_T = torch.bincount(first_N, minlength=256) / len(first_N)
likely = made["share_T"].topk(8).indices.sort().values
pictures.bars({"P": made["share_T"][likely], "drawn first": often_T[likely]}, [f"{t} s" for t in likely.tolist()], "", "share")

# %% [markdown]
# **Question.** Can one draw have the same candidate twice?

# %%
twice = any(len(set(one)) < len(one) for one in made["drawn"])

answer = None  # True or False
check(answer, yes_or_no(twice, "the K highest of 256 numbers are K different ones."))

# %% [markdown]
# ## 6. Whoever answers, and what a draw is worth
#
# $$R = R_A + R_T, \qquad A_i = \frac{R_i - \mathrm{mean}\,R}{\mathrm{std}\,R + 10^{-4}}$$
#
# $R_A$ is 1 where the frozen reader answers right from these frames, $R_T$ the share of them in the evidence. A draw is held
# against the others of its question. *Our reading:* a small transformer stands in for the Video-MLLM.

# %% read
from core.methods.tspo.reading import answer_logits
from core.methods.tspo.equations import advantage

# %% source
from core.methods.tspo import known, rollout_reward

# %%
made(known, rollout_reward)

# %%
told = ["R_A", "R_T", "A"]
rows = [f"draw {i + 1}" for i in range(knobs["rollouts"])]
pictures.matrix(made["rollout_reward"], "", "", "", signed=True, rows=rows, columns=told)

# %% [markdown]
# **Question.** *Released:* videos without evidence are rewarded $R_A + 1$. Would $A$ be another one without the 1?

# %%
right_1G = torch.tensor([[right for right, _, _ in made["rollout_reward"]]])
apart = float((equations.advantage(right_1G + 1) - equations.advantage(right_1G)).abs().max())

answer = None  # True or False
check(answer, yes_or_no(apart > 1e-6, "it is in every reward and in their mean: it cancels."))

# %% [markdown]
# ## 7. What is differentiated
#
# The likelihood of a draw, of which there are three: the paper's product of noisy probabilities, the released code's mean of
# noiseless logarithms, and the exact one of draws without replacement (Plackett–Luce). The loss is
# $-\mathrm{mean}\,(r_i A_i)$ with a ratio $r$ to the policy that drew; that is the same policy, so $r = 1$, and only its
# gradient matters.

# %% read
from core.methods.tspo.equations import log_likelihood, loss

# %% source
from core.methods.tspo import pull_T

# %%
made(pull_T)

# %% [markdown]
# By hand, for the code's: $\frac{1}{G \tau} \sum_i A_i \left( \frac{1}{K} [t \in I_i] - P_t \right)$.

# %%
by_hand = torch.zeros(256)
for places, (_, _, gain) in zip(made["drawn"], made["rollout_reward"], strict=True):
    inside = torch.zeros(256)
    inside[list(places)] = 1 / knobs["budget"]
    by_hand += gain * (inside - made["share_T"]) / (knobs["rollouts"] * knobs["tau"])
print(f"largest difference, of the largest number: {difference(by_hand, made['pull_T']):.0e}")
pictures.lines({"where the score is pulled": (range(256), made["pull_T"])}, "second", "−∂loss/∂S")

# %% [markdown]
# **Question.** Where all draws of a question are worth the same, what is the largest number of this pull?

# %%
same = tuple((1.0, 0.5, 0.0) for _ in made["drawn"])
dead_T = pull_T(made["score_T"], knobs["tau"], knobs["seed"], made["drawn"], same, "both")

answer = None
check(answer, number(dead_T.abs().max(), "every A is 0: a group without a signal teaches nothing."))

# %% [markdown]
# ## 8. What is chosen, and what is answered
#
# On new videos nothing is drawn: the $K$ highest scores are chosen. *Released:* for one benchmark, and the paper does not say
# so, the highest of each of $K$ equal parts (“bin-max”).

# %% read
from core.methods.shared import highest_K
from core.methods.tspo.equations import best_of_bins

# %% source
from core.methods.tspo import answer_A, frame_K, reading, reply
from core.methods.shared import time_K, picture_KHWC, score_K

# %%
made(frame_K, time_K, picture_KHWC, score_K, answer_A, reply, reading)

# %%
print(made["reading"])
pictures.frames(made["picture_KHWC"], names=[f"{t} s" for t in made["frame_K"]], per_row=8)

# %% [markdown]
# **Question.** With bin-max, how many of the 8 frames lie in the first half of the video?

# %%
bins = engine.run("tspo", video=video, question=question.text, outputs=["frame_K"], sampler="bin-max", **knobs)["frame_K"]

answer = None
check(answer, number(sum(frame < 128 for frame in bins), "one of each eighth, so four: this sampler looks everywhere."))

# %% [markdown]
# ## 9. What rewards taught
#
# How the training went, and what it left: for each question of this story, the share of the evidence's spans that the agent's 8
# frames touch, by the rewards that it was trained with. “shuffled” is the control: rewards dealt out by chance.

# %% source
from core.methods.tspo import learning_S4, needle_SQ

# %%
made(learning_S4, needle_SQ)

# %%
done_S, *noted = made["learning_S4"].T
names = ("R_A", "R_T", "groups without a signal")
pictures.lines({name: (done_S, one) for name, one in zip(names, noted)}, "% of the training", "")


# %%
def recall(one, trained):
    """The share of a question's evidence that is touched."""
    frames = engine.run("tspo", video=video, question=one.text, outputs=["frame_K"], trained=trained)["frame_K"]
    return sum(any(begin <= frame < end for frame in frames) for begin, end in one.evidence) / len(one.evidence)


families = ("find", "begin", "end", "after")
found = {trained: [recall(asked[one], trained) for one in families] for trained in ("untrained", "shuffled", "answer", "both")}
pictures.bars(found, families, "", "recall of the evidence")

# %% [markdown]
# One story proves nothing: the tables of `core/methods/tspo/README.md` have many, with intervals.
#
# **Question.** “What follows the ring?” has nothing to do with a place in the video. Which stage would have to read the
# question before the agent could find it?

# %%
answer = None  # the name of a stage
check(
    answer,
    one_of(
        "event_TE", [stage for stage in made.trace.values], "F_e is the same whatever is asked, so it cannot look one further."
    ),
)

# %% [markdown]
# ## Are these the engine's own steps?

# %%
assert made.same, made.told
made.told
