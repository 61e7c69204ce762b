"""A file of one's own, from reading it to taking results along: the script of bring_your_own_clip.ipynb."""

# ruff: noqa: B018, E402, F401, I001
# pyright: reportUnusedExpression=false

# %% [markdown]
# # Bring your own clip
#
# Everything below works with any video file: **one line to change**, in the second cell.
#
# The networks that come with this project are small and know drawn shapes only. On a film of yours, regions and
# changes still show where STOP looks and what moves; how well a sentence fits means little. Section 3 says how to use
# a CLIP of your own.

# %%
import sys
from pathlib import Path

root = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "assets" / "clips").is_dir())
sys.path.insert(0, str(root))  # this notebook may be open in demos/ or in the project's folder

import tempfile

import numpy as np

from core import EDITS, Engine, ReaderError, edited, read_clip, sweep_over
from core.video.edits import paint_patches
from core.methods.stop.weights import training_free
from core.publish.bundle import bundle
from core.publish.cells import keep
from core.publish.figures import picture
from core.publish.link import to_link
from core.publish.movies import gif
from core.publish.notebook import to_notebook
from core.publish.python import as_python
from core.publish.result import Result
from core.publish.view import Setting, View, clip_name
from core.video.read import LIMITS, LIMITS_TEXT
from demos import pictures
from demos.questions import check, number, yes_or_no

# %%
file = root / "assets" / "clips" / "2-bounces.mp4"  # ← your file: Path("holiday.mp4")

texts = ["a yellow triangle bounces", "a yellow triangle moves left", "a yellow triangle stays still"]  # ← and your sentences

# %% [markdown]
# ## 1. Read it
#
# A file becomes $T$ frames: those at the centres of $T$ equal segments, each with its time and its number in the
# file.

# %%
print(LIMITS_TEXT)
clip = read_clip(file, frames=8)
print(clip, *clip.notes)
print("seconds:", np.round(clip.time_T, 2).tolist(), "· frames of the file:", clip.source_T.tolist())

# %%
pictures.frames(clip.frames_THWC, names=[f"{seconds:.2f} s" for seconds in clip.time_T])

# %% [markdown]
# What cannot be read is refused with a sentence. It is decoded in a process of its own, so a damaged file harms
# nothing:

# %%
whole = file.read_bytes()
bad = {
    "empty.mp4": b"",
    "words.mp4": b"this is no video",
    "torn.mp4": whole[: len(whole) // 3],
    "picture.mp4": b"\x89PNG\r\n\x1a\n" + bytes(99),
}


def tried(path, **asked):
    """What is said to a file."""
    try:
        return f"{path.name} is read: {read_clip(path, **asked)}"
    except ReaderError as wrong:
        return f"{type(wrong).__name__}: {wrong}"


with tempfile.TemporaryDirectory() as folder:
    for name, content in bad.items():
        path = Path(folder) / name
        path.write_bytes(content)
        print(tried(path))
print(tried(file, frames=1000))

# %% [markdown]
# **Question.** A video of 60 seconds is read as 12 frames. How many seconds lie between one and the next?

# %%
centres = (np.arange(12) + 0.5) * 60 / 12

answer = None
check(answer, number(np.diff(centres)[0], f"{np.diff(centres)[0]:g}: the first is {centres[0]:g} s from the start."))

# %% [markdown]
# ## 2. Where STOP looks, what changes, what fits

# %%
engine = Engine("cpu", precision="float32")  # Engine() takes the GPU, where there is one
grid = engine.grid("stop")
trace = engine.run("stop", clip, texts=texts)
print(dict(trace.weights))
print("words the text tower does not know:", ", ".join(trace["unknown_words"]) or "none")
pictures.frames(clip.frames_THWC, trace["score_TP"], grid, "$W^s$", kept=trace["region_TP"])

# %%
gaps = [f"{g + 1}→{g + 2}" for g in range(len(clip) - 1)]
pictures.bars({"$N^t$": trace["prompt_count_G"]}, gaps, "gap between frames", "temporal prompts")

# %%
pictures.bars({"": trace["similarity_Y"]}, texts, "", "c(s, v)")

# %% [markdown]
# ## 3. Another CLIP, without training
#
# `Engine(models={"stop": "ViT-B-32/openai"})` takes a public CLIP (a name of open_clip, which needs a network once,
# or a file). Prompters trained for it are not at hand then, and STOP has a **training-free start**: both filters
# measure change as they are, so regions and $W^t$ are real; the prompts are zeros and say nothing, so similarities
# are the frozen encoder's.
#
# Here is that start on the small CLIP, so that no network is needed:

# %%
start = training_free(engine.network("clip_towers").network.vision, layers=1)
untrained = Engine("cpu", precision="float32", models={"stop_first": start})
bare = untrained.run("stop", clip, texts=texts)
print(dict(bare.weights))
pictures.frames(clip.frames_THWC, bare["score_TP"], grid, "$W^s$", kept=bare["region_TP"])

# %% [markdown]
# **Question.** Are all temporal prompts of the training-free start zeros, although there are gaps with change?

# %%
largest = float(bare["temporal_prompt_GQD"].abs().max())
change = ", ".join(f"{one:.2f}" for one in bare["change_G"])

answer = None  # True or False
check(answer, yes_or_no(largest == 0, f"their largest number is {largest:g}; W^t is measured all the same: {change}."))

# %% [markdown]
# To train the prompters on videos of your own: TRAINING.md.
#
# ## 4. What if it were another clip?
#
# An edit makes one clip of another. If a sentence fits because of the motion, it should fit less when the motion is
# gone.

# %%
print("edits:", ", ".join(EDITS))
region = trace["region_TP"].numpy()
variants = {
    "as it is": clip,
    "backwards": edited(clip, [{"name": "reverse"}]),
    "shuffled": edited(clip, [{"name": "shuffle", "seed": 1}]),
    "frozen": edited(clip, [{"name": "freeze", "frame": 1}]),
    "region painted out": paint_patches(clip, region, grid),
}
runs = {name: engine.run("stop", one, texts=texts) for name, one in variants.items()}
for name, one in variants.items():
    print(f"{name}: {' '.join(one.notes) or 'nothing was changed.'}")

# %%
shown = [0, 3, 6]
pictures.frames(
    np.concatenate([one.frames_THWC[shown] for one in variants.values()]), per_row=6,
    names=[f"{name}, {t + 1}" for name in variants for t in shown],
)  # fmt: skip

# %%
pictures.bars({text: [run["similarity_Y"][y] for run in runs.values()] for y, text in enumerate(texts)}, [*runs], "", "c(s, v)")

# %%
pictures.bars({"prompts": [sum(run["prompt_count_G"]) for run in runs.values()]}, [*runs], "", "temporal prompts in all")

# %% [markdown]
# **Question.** How many temporal prompts does the frozen clip receive?

# %%
still = sum(runs["frozen"]["prompt_count_G"])

answer = None
check(answer, number(still, f"{still}: where nothing changes there is nothing to say."))

# %% [markdown]
# ## 5. Two knobs at once
#
# A sweep runs every pair of values, and the engine keeps what does not change. Here: the similarity of the first
# sentence.

# %%
sweep = sweep_over(
    engine, "stop", clip, ("alpha", [0, 0.1, 0.5, 1]), ("kept", [2, 6, 12, 24]), "region_TP", ("similarity_Y", 0), texts=texts
)  # fmt: skip
rows, columns = ([f"{value:g}" for value in values] for values in (sweep.y_values, sweep.x_values))
pictures.matrix(sweep.numbers, "α", "$N_s$", "c(s, v)", rows=rows, columns=columns, live=True)

# %% [markdown]
# **Question.** With which $N_s$ in the table does the sentence fit best at α = 0.1?

# %%
column = sweep.numbers[:, 1]

answer = None
check(answer, number(sweep.y_values[int(column.argmax())], f"{column.max():.2f}; the least is {column.min():.2f}."))

# %% [markdown]
# ## 6. Take it along
#
# All that a figure, a movie or a zip is made of is one `Result`: what was asked, and what came out. What made a file
# stands in it.

# %%
asked = Setting("stop", clip_name(file.stem), len(clip), {}, tuple(texts))
result = Result(View(asked), clip, trace, grid)
made = {
    "figure.pdf": picture(result, "pdf").data,
    "figure.svg": picture(result, "svg").data,
    "movie.gif": gif(result, height=240),
    "numbers.zip": bundle(result),
    "again.ipynb": to_notebook([keep(result)]).encode(),
    "call.py": as_python(View(asked)).encode(),
}
out = root / "runs" / "taken"  # ← or a folder of yours
out.mkdir(parents=True, exist_ok=True)
for name, content in made.items():
    (out / name).write_bytes(content)
print("written to runs/taken:", ", ".join(made))
print("the page's link:", to_link(View(asked)))

# %%
picture(result, "png", "two")

# %% [markdown]
# The page's own viewer, with everything to be clicked: in one file that opens offline, and in this notebook, if the
# package anywidget is there.

# %%
from app.export.standalone import interactive_html

(out / "alone.html").write_text(interactive_html(result), encoding="utf-8")
print("written to runs/taken: alone.html")

# %%
from app.export.widget import widget

try:
    viewer = widget(result)
except ReaderError as wrong:
    viewer = None
    print(wrong)
viewer
