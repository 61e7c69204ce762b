"""Maps that explain, and tests of them: the script of is_the_explanation_true.ipynb (`python -m demos.build` makes it)."""

# ruff: noqa: B018, E402, F401, I001
# pyright: reportUnusedExpression=false

# %% [markdown]
# # Is the explanation true?
#
# A coloured map over a frame says: *look, this is why*. It looks convincing whether it is true or not. So three
# questions are asked of every map here, and each has a number, and what chance gives beside it:
#
# 1. Is it true **to the network**? Take away what the map ranks highest: does the network's number fall?
# 2. Is it true **to the world**? The clip was drawn, so it is known where the thing is.
# 3. Does it hang **on what was learned**? Or would a network of random weights give the same map?
#
# Attributions are Captum's (captum.ai); the tests are `core.explain`.

# %%
import sys
from pathlib import Path

root = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "assets" / "clips").is_dir())
sys.path.insert(0, str(root))  # this notebook may be open in demos/ or in the project's folder

import numpy as np
import torch

from core import Engine, read_clip
from core.methods.stop.explain import stop_subject
from core.methods.stpn.explain import stpn_subject
from core.explain import against_truth, attribution, controls, faithfulness_of, self_check
from core.explain.faithfulness import beyond, centre_map, random_map
from core.explain.selfcheck import random_weights
from core.explain.subject import fills
from core.metrics import on_actor
from core.world import Truth
from demos import pictures
from demos.questions import check, number, one_of, yes_or_no

file = root / "assets" / "clips" / "1-moves.mp4"
clip, truth = read_clip(file, frames=5), Truth.from_json(file.with_suffix(".json").read_text())
texts = ["a cyan ring moves left", "a cyan ring moves right"]
engine = Engine("cpu", precision="float32")  # so that your numbers are those saved here
subject = stop_subject(engine, clip, texts, text=0)
grid = subject.grid
actor_TP = on_actor(truth.instance_THW[clip.source_T], grid)
print(subject.what, "is", round(subject.value(), 3))
print(dict(subject.weights))

# %% uses

# %% [markdown]
# ## 1. What is explained
#
# One number $f$ that a network gives. A patch is *shown* ($m = 1$) or *filled* with something in which nothing is to
# be seen ($m = 0$):
#
# $$f(m) = \mathrm{network}\big(\text{filled} + m \cdot (\text{whole} - \text{filled})\big)$$
#
# There is no picture of nothing. Two fills are used, a wide blur and the clip's mean colour, because each has a bias
# of its own.

# %%
vision = engine.network("clip_towers").network.vision
pixels_TCHW = vision.pixels(torch.from_numpy(clip.frames_THWC))
filled = {"whole": pixels_TCHW, **fills(pixels_TCHW, vision.size[0] // grid[0])}
seen = [((one[3] * vision.std + vision.mean) * 255).clamp(0, 255).byte().permute(1, 2, 0) for one in filled.values()]
pictures.frames(torch.stack(seen), names=[f"frame 4, {name}" for name in filled])

# %% [markdown]
# **Question.** With the whole clip blurred, does the similarity to “a cyan ring moves left” come near 0?

# %%
with torch.no_grad():
    nothing = {fill: float(subject.score(0 * subject.ones(), fill)) for fill in ("blur", "mean")}
whole = subject.value()
told = f"{whole:.2f} whole, {nothing['blur']:.2f} blurred, {nothing['mean']:.2f} one colour: what is blurred still moves."

answer = None  # True or False
check(answer, yes_or_no(abs(nothing["blur"]) < 0.1, told))

# %% [markdown]
# ## 2. Four attributions, and STOP's own maps
#
# $$\text{Integrated gradients:}\quad a_p = \int_0^1 \frac{\partial f(t \cdot \mathbf{1})}{\partial m_p}\, dt, \qquad
# \sum_p a_p = f(\mathbf{1}) - f(\mathbf{0}) \ \text{(completeness)}$$
# $$\text{Occlusion, ablation:}\quad a_p = f(\mathbf{1}) - f(\mathbf{1}\ \text{without the patches around } p)$$
#
# Grad-CAM weighs a layer's channels by their mean gradient and leaves out what is negative.

# %%
found = {
    "integrated gradients": attribution(subject, "integrated_gradients", steps=12),
    "Grad-CAM": attribution(subject, "grad_cam"),
    "occlusion": attribution(subject, "occlusion", window=2, step=2),
    "ablation of places": attribution(subject, "feature_ablation", by="place"),
}
with torch.no_grad():  # held: where gradients are taken, regions and counts stay as they are for the whole clip
    should = float(subject.score(subject.ones(), held=True) - subject.score(0 * subject.ones(), held=True))
print(f"whole less filled: {should:.3f}")
for name, one in found.items():
    print(f"{name}: the patches sum to {one.map_TP.sum():.3f}")

# %%
trace = engine.run("stop", clip, outputs=["attention_TP", "dynamics_TP", "score_TP", "region_TP"])
own = {"A": "attention_TP", "M": "dynamics_TP", "W^s": "score_TP", "r": "region_TP"}
maps = {name: one.map_TP for name, one in found.items()} | {name: trace[stage].numpy() for name, stage in own.items()}


def scaled(map_TP):
    """Over its own largest number, so that maps of different units stand in one picture."""
    return map_TP.astype(float) / (np.abs(map_TP).max() or 1.0)


frames = [0, 2, 4]  # the first, the third, the fifth
pictures.frames(
    np.concatenate([clip.frames_THWC[frames]] * len(maps)),
    np.concatenate([scaled(one)[frames] for one in maps.values()]),
    grid,
    "share",
    signed=True,
    truth=np.concatenate([actor_TP[frames]] * len(maps)),
    names=[f"{name}, {t + 1}" for name in maps for t in frames],
    per_row=6,
)

# %% [markdown]
# Red speaks for the text, blue against it; orange is where the ring is. They do not agree with each other, so not all
# can be true.
#
# **Question.** Is integrated gradients *complete* here: do its patches sum to the whole clip's number less the filled
# clip's, within a tenth? Both are printed above.

# %%
total = float(found["integrated gradients"].map_TP.sum())
told = f"{total:.3f} against {should:.3f}, with 12 points on the way; with endlessly many it would be complete."

answer = None  # True or False
check(answer, yes_or_no(abs(total - should) <= 0.1 * abs(should), told))

# %% [markdown]
# ## 3. True to the network? Deletion and insertion
#
# **Deletion** hides the patches that a map ranks highest, more and more of them; **insertion** shows them first. Of a
# good map the number falls fast, and rises fast. One number for both, mean over the fills:
#
# $$\mathrm{AUC}_{\text{insertion}} - \mathrm{AUC}_{\text{deletion}}, \qquad
# \mathrm{AUC} = \int_0^1 f(\text{a share } s \text{ of the patches shown, or hidden})\, ds$$
#
# Chance is *pointing at a random place*: a blob, the same in all frames, that knows nothing of the clip. White noise would
# be too weak: whatever is smooth shows whole things or hides them, and four of ten such blobs were above it. Against eight
# places at most about one in twenty is (measured on six clips, see `core.explain.faithfulness`). *The middle of the frame*
# knows nothing of the clip either, and is often right.

# %% source
from core.explain.faithfulness import order_of, area, overall

# %% read
from core.explain.faithfulness import curves

# %%
against = controls(subject, steps=5, seeds=5)
tested = {name: faithfulness_of(subject, name, map_TP, against) for name, map_TP in maps.items()}
for seed in (101, 102, 103):  # maps that know nothing
    tested[f"place {seed}"] = faithfulness_of(subject, f"place {seed}", random_map(subject.shape, seed), against)


def told_of(one):
    """A map's number, what chance has, and the verdict: so far above it that one place in twenty would be, or not."""
    verdict = "better than chance" if one.better else "not better than chance"
    chance = f"random places {one.random:.3f} ± {one.sd:.3f}, the middle {one.centre:.3f}"
    return f"{one.name}: {one.overall:.3f} ({chance}): {verdict}"


for one in tested.values():
    print(told_of(one))
print(f"Better than chance is more than {beyond(5):.1f} standard deviations above five places: so few are known less well.")

# %%
kind, fill = "deletion", "mean"
lines = {
    name: next(c for c in tested[name].curves if (c.kind, c.fill) == (kind, fill))
    for name in ("W^s", "occlusion", "A", "place 101")
}
pictures.lines(
    {name: (one.share_S, one.score_S) for name, one in lines.items()}, f"share of patches hidden ({fill} colour)", "similarity"
)  # fmt: skip

# %%
auc = {(c.kind, c.fill): area(np.array(c.share_S), np.array(c.score_S)) for c in tested["W^s"].curves}
f"W^s by hand: {overall(auc):.4f}; the engine: {tested['W^s'].overall:.4f}"

# %%
values = [*(one.overall for one in tested.values()), tested["A"].centre]
pictures.bars({"": values}, [*tested, "the middle"], "", "insertion − deletion")

# %% [markdown]
# **Question.** Turn $W^s$ upside down, so that what was highest is lowest. What is its number now?

# %%
upside_down = faithfulness_of(subject, "upside down", -maps["W^s"], against).overall

answer = None
check(answer, number(upside_down, f"{upside_down:.3f}: what hides the highest first shows the lowest first.", within=0.006))

# %% [markdown]
# ## 4. True to the world? Pointing and overlap
#
# **Pointing:** in how many frames is the highest patch on the ring? **IoU:** of as many patches as the ring has, how
# many are its own? Chance is the same map *looking elsewhere*: shifted over rows and columns, around the edges, in all
# frames alike. So a map that stays still is right or wrong in all frames at once, by chance as well. Better than chance
# is a map if at most one shift in twenty does as well: points at least as well, and if as well, covers as much.

# %%
looked = maps | {"the middle": centre_map(subject.shape)}
agreed = {name: against_truth(map_TP, actor_TP, grid) for name, map_TP in looked.items()}
for name, one in agreed.items():
    print(f"{name}: {one.sentence}")

# %%
rows = {
    "pointing": [one.pointing for one in agreed.values()],
    "pointing, shifted elsewhere": [one.shifted_pointing for one in agreed.values()],
    "IoU": [one.iou for one in agreed.values()],
    "IoU, shifted elsewhere": [one.shifted_iou for one in agreed.values()],
}
pictures.bars(rows, [*agreed], "", "share")

# %% [markdown]
# A map can lie on the thing and not be what the network's number hangs on; and a true map can lie beside it, because
# the network itself looks there.
#
# **Question.** Among the eight maps, is the one with the best IoU also the one that is most true to the network?

# %%
to_world = max(maps, key=lambda name: agreed[name].iou)
to_network = max(maps, key=lambda name: tested[name].overall)

answer = None  # True or False
check(answer, yes_or_no(to_world == to_network, f"best IoU: {to_world}; most true to the network: {to_network}."))

# %% [markdown]
# ## 5. Does it hang on what was learned?
#
# A network of the same shape whose weights are the same numbers in a random order knows nothing. A map that comes out
# alike says little of what was learned (Adebayo et al., 2018). This and other checks that need no truth:

# %%
checks = self_check(engine, "stop", clip, texts)
for one in checks:
    print(f"{'✓' if one.passed else '✗'} {one.name}: {one.sentence}")

# %%
learned, chance_TP = checks[-1].maps
both = np.stack([map_TP[t] for map_TP in (learned, chance_TP) for t in frames])
pictures.frames(
    np.concatenate([clip.frames_THWC[frames]] * 2),
    both,
    grid,
    "$W^s$",
    truth=np.concatenate([actor_TP[frames]] * 2),
    names=[f"{name}, frame {t + 1}" for name in ("learned", "random weights") for t in frames],
    per_row=3,
)

# %% [markdown]
# **Question.** Which of $A$ and $M$ is more alike with random weights? Think of what each is made of before you
# answer.


# %%
def of(stage):
    """A map of any engine."""
    return lambda engine, clip: engine.run("stop", clip, outputs=[stage])[stage].numpy()


rho = {name: random_weights(engine, "stop", clip, of(own[name])).value for name in ("A", "M")}
because = "M is change before the first block; A is made of queries and keys that were learned."
told = f"rank correlations: A {rho['A']:.2f}, M {rho['M']:.2f}. {because}"

answer = None  # "A" or "M"
check(answer, one_of(max(rho, key=lambda name: abs(rho[name])), [*rho], told))

# %% [markdown]
# ## 6. The same questions to a detector
#
# The score of STPN's best detection in a blurred frame, as a function of that frame's pixels.

# %%
knobs = dict(t=4, spoil="motion_blur", severity=0.6)
detection = stpn_subject(engine, clip, detection=0, **knobs)
why = attribution(detection, "occlusion", window=3, step=2)
own_TP = on_actor(truth.instance_THW[clip.source_T[[knobs["t"] - 1]]], detection.grid)
print(detection.what, round(detection.value(), 3))
print(told_of(faithfulness_of(detection, "occlusion", why.map_TP, controls(detection, steps=4, seeds=4))))
print(against_truth(why.map_TP, own_TP, detection.grid).sentence)

# %%
current = engine.run("stpn", clip, outputs=["current_HWC"], **knobs)["current_HWC"]
pictures.frames(
    current[None], why.map_TP, detection.grid, "occlusion", signed=True, truth=own_TP, names=[f"frame {knobs['t']}"]
)

# %% [markdown]
# **Question.** How many of the red patches are on the thing?

# %%
red = why.map_TP[0] > 0
inside = int((red & own_TP[0]).sum())

answer = None
check(answer, number(inside, f"{inside} of {red.sum()} red ones; the rest lies beside it."))

# %% [markdown]
# What holds over many clips, not over one, is measured by `python -m core.explain --clips 12`.
