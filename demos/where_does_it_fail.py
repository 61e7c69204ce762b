"""A run of the workbench, from a number to clips and causes: the script of where_does_it_fail.ipynb."""

# ruff: noqa: B018, E402, F401, I001
# pyright: reportUnusedExpression=false

# %% [markdown]
# # Where does it fail?
#
# “55 % right” says nothing about what to do next. This notebook takes a run apart: how sure the number is, what is taken
# for what, which kinds of error there are, which slices are worse, whether another knob helps, and what happens when it
# is turned **now** on clips that fail.
#
# The run is shipped: 120 drawn clips, STOP at two settings of α. One of your own is made by a command and needs one line
# changed below:
#
#     python -m core.workbench run runs/mine --data DIR --method stop --set alpha=0.1 --set alpha=0.8 \
#         --counterfactuals freeze,reverse

# %%
import sys
from pathlib import Path

root = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "assets" / "clips").is_dir())
sys.path.insert(0, str(root))  # this notebook may be open in demos/ or in the project's folder

from collections import Counter
from math import comb

import numpy as np

from core import Engine
from core.workbench.again import answer_again, clip_again, entry_of
from core.workbench.exports import Chosen, figure, write
from core.workbench.measure import Measure
from core.workbench.plan import read_plan, said
from core.workbench.query import compare, confusion, facets, open_run, page, slice_stats, wilson
from demos import pictures
from demos.questions import check, number, one_of, yes_or_no

# %%
run = root / "assets" / "runs" / "world"  # ← your run: Path("runs/mine")

table, plan = open_run(run), read_plan(run)
b, a = sorted(table.settings, key=lambda one: -table.settings[one].knobs["alpha"])[:2]
print(f"{plan.clips} clips of {plan.data}, {len(plan.classes)} classes, {plan.frames} frames of each")
print(f"A: {said(table.settings)[a]}   B: {said(table.settings)[b]}")

# %% [markdown]
# ## 1. How many are right, and how sure is that?
#
# Other clips of the same kind would give another number. Wilson's interval says which shares of right answers go
# with $k$ of $n$ right, at 95 %:
#
# $$\frac{1}{1 + z^2/n}\left(\frac{k}{n} + \frac{z^2}{2n} \pm
# z\sqrt{\frac{k}{n^2}\Big(1 - \frac{k}{n}\Big) + \frac{z^2}{4n^2}}\right),
# \qquad z = 1.96$$

# %%
whole = {name: slice_stats(table, name) for name in (a, b)}
for name, one in whole.items():
    print(f"{said(table.settings)[name]}: {one['right']} of {one['n']} right, {one['accuracy']:.1%} "
          f"({one['low']:.1%} to {one['high']:.1%})")  # fmt: skip

# %%
sizes = [10, 30, 120, 500, 2000]
ends = {n: wilson(round(n * whole[a]["accuracy"]), n) for n in sizes}
pictures.bars({"width": [high - low for low, high in ends.values()]}, [str(n) for n in sizes], "clips", "width of the interval")

# %% [markdown]
# **Question.** How many of the clips would be right if every answer were drawn by chance from all classes?

# %%
chance = whole[a]["n"] / len(plan.classes)

answer = None
check(answer, number(chance, f"{whole[a]['n']} / {len(plan.classes)} = {chance:g}: both settings are far above.", within=0.5))

# %% [markdown]
# ## 2. What is taken for what

# %%
found = confusion(table, a, most=8)
counts = np.zeros((len(found["classes"]),) * 2)
for label, pred, n in found["cells"]:
    counts[found["classes"].index(label), found["classes"].index(pred)] = n
pictures.matrix(counts, "answered", "is", "clips", rows=found["classes"], columns=[name[:7] for name in found["classes"]])

# %% [markdown]
# **Question.** Which answer is most often given to a clip of “spins clockwise” when it is wrong?

# %%
wrong = Counter({pred: n for label, pred, n in confusion(table, a)["cells"] if label == "spins clockwise" != pred})

answer = None  # a class, as text
check(answer, one_of(wrong.most_common(1)[0][0], plan.classes, f"{dict(wrong)}: both turn and neither goes anywhere."))

# %% [markdown]
# ## 3. Which kind of error
#
# A wrong answer is called by the first test that holds, in an order that is ours: words that the text tower does not
# know; plain CLIP errs alike; a margin next to nothing; the clip played backwards gets the label; the order of frames
# does not matter; the region is elsewhere; too many or few prompts. It is a name for a heap, and **no cause**: the tests
# are not exclusive, and all are kept as columns of their own.

# %%
kinds = {what: n for what, n, _ in facets(table, a, [["right", "eq", False]], ["error"])["error"]["bars"]}
pictures.bars({"": list(kinds.values())}, list(kinds), "", "wrong clips")

# %%
flags = [one.name for one in table.settings[a].columns if one.name.startswith("error_")]
held = {flag.removeprefix("error_"): slice_stats(table, a, [[flag, "eq", True]])["clips"] for flag in flags}
pictures.bars({"": list(held.values())}, list(held), "", "clips for which the test holds")

# %% [markdown]
# **Question.** For how many of the wrong clips does none of the tests hold?

# %%
none = slice_stats(table, a, [["right", "eq", False], *([flag, "ne", True] for flag in flags)])["clips"]

answer = None
check(answer, number(none, f"{none}: they are called “other”, and no test of ours explains them."))

# %% [markdown]
# ## 4. Which clips are worse than the rest
#
# A slice is a filter. Looking at many of them, some are worse by chance alone: so each has its interval, and one that was
# *found* here has to be seen again on other clips before it is believed.

# %%
slices = {
    "region on the thing": [["pointing", "ge", 0.5]],
    "region elsewhere": [["pointing", "lt", 0.5]],
    "little motion": [["motion", "lt", 0.005]],
    "much motion": [["motion", "ge", 0.005]],
    "nothing degraded": [["degradation", "eq", "none"]],
    "something degraded": [["degradation", "ne", "none"]],
}
parts = {name: slice_stats(table, a, filters) for name, filters in slices.items()}
for name, one in parts.items():
    print(f"{name}: {one['right']} of {one['n']}, {one['accuracy']:.0%} ({one['low']:.0%} to {one['high']:.0%})")

# %%
ends = {end: [one[end] for one in parts.values()] for end in ("low", "accuracy", "high")}
pictures.bars(ends, list(parts), "", "share right, and the ends of its interval")

# %% [markdown]
# **Question.** Do the intervals of “region on the thing” and “region elsewhere” overlap?

# %%
near, far = parts["region on the thing"], parts["region elsewhere"]
overlap = near["low"] <= far["high"] and far["low"] <= near["high"]
told = f"{near['low']:.0%} to {near['high']:.0%} and {far['low']:.0%} to {far['high']:.0%}."

answer = None  # True or False
check(answer, yes_or_no(overlap, told))

# %% [markdown]
# ## 5. Is B better?
#
# The clips are the same, so only those count whose answer *changed* from right to wrong or back. If B were no better,
# each of $n$ changes would be a coin's toss, and McNemar's exact test asks how seldom a toss is as uneven:
#
# $$p = \min\Big(1,\ 2 \sum_{k=0}^{\min(f, b)} \binom{n}{k} 2^{-n}\Big), \qquad n = f + b$$
#
# for $f$ fixed and $b$ broken clips.

# %%
both = compare(table, a, b)
print(f"{both['fixed']} fixed, {both['broken']} broken, {both['both']} right in both, {both['neither']} in neither")
print(f"B less A: {both['gain']:+.1%} ({both['low']:+.1%} to {both['high']:+.1%})")

# %% [markdown]
# **Question.** Of the fixed and broken clips above, how large is $p$? (To two digits.)

# %%
n, few = both["fixed"] + both["broken"], min(both["fixed"], both["broken"])
p = min(1.0, 2 * sum(comb(n, k) for k in range(few + 1)) / 2**n)

answer = None
check(answer, number(p, f"{p:.3f}: so uneven a split is nothing rare, B is not shown to be better or worse.", within=0.01))

# %% [markdown]
# ## 6. Look at them
#
# The wrong clips with most loss, each a strip of its frames; white edges are the patches that STOP selects.

# %%
chosen = Chosen(run, table, a, [["right", "eq", False]])
figure(chosen, dpi=110)

# %% [markdown]
# ## 7. What if, now
#
# A knob is turned and some clips run again: those that fail, **and as many that are right**, of the same classes where
# there are some. Of failures alone any change at all looks like a gain, since nothing can break.

# %%
tried = 6
shown = {"names": ["clip_id", "label"], "limit": 100}
failing = page(table, a, [["right", "eq", False]], sort="margin", descending=True, **shown)["rows"][:tried]  # nearest to right
right = page(table, a, [["right", "eq", True]], sort="margin", **shown)["rows"]  # and nearest to wrong
beside = sorted(right, key=lambda row: row["label"] not in {one["label"] for one in failing})[:tried]

measure = Measure(plan, Engine("cpu", precision="float32"))


def again(rows, **knobs):
    """How many of these clips are right with other knobs."""
    entries = [entry_of(run, table, row["clip_id"]) for row in rows]
    return sum(answer_again(measure, one, clip_again(one, plan, None), table.settings[a], knobs)[1] for one in entries)


same = again(failing), again(beside)
fixed, broken = again(failing, alpha=0.5), tried - again(beside, alpha=0.5)
print(f"α as it was: {same[0]} of {tried} right, {same[1]} of {tried} right: as in the run")
print(f"α = 0.5: {fixed} of {tried} wrong clips fixed, {broken} of {tried} right ones broken")

# %%
pictures.bars({"α = 0.5": [fixed, -broken, fixed - broken]}, ["fixed", "broken", "in all"], "", "clips")

# %% [markdown]
# **Question.** On these twelve clips, how many more are right with α = 0.5 than before?

# %%
gain = fixed - broken

answer = None  # fewer is a negative number
check(answer, number(gain, f"{fixed} fixed less {broken} broken: {gain:+d}. Twelve clips prove nothing: run on all for that."))

# %% [markdown]
# ## 8. Take it along

# %%
out = root / "runs" / "failures"  # ← or a folder of yours
out.mkdir(parents=True, exist_ok=True)
for name in ("wrong.csv", "wrong.ipynb", "wrong.pdf"):
    print(name, write(chosen, out / name), "clips")

# %% [markdown]
# `wrong.ipynb` computes these numbers again and ends where one is another; `.fiftyone` and `.atlas` are folders that
# FiftyOne and Embedding Atlas read. The tab Errors of `python -m app` shows the same run to click through: bars and cells
# filter, Enter opens a clip on its stage, tags and notes stay beside the run.
