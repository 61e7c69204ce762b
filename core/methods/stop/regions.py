"""Where STOP's regions lie, against the truth of drawn clips: at the default α, at both ends, and at every α between."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from core.data.rendered import Sample
from core.methods.stop.clips import Data, batches, default
from core.methods.stop.equations import blend, mean_square, to_clip_scale
from core.methods.stop.train import Model
from core.metrics import interval, on_actor, pointing, precision, recall, top

REGIONS = {"default": None, "attention": 1.0, "dynamics": 0.0}
ALPHAS = tuple(round(step / 20, 2) for step in range(21))


def cues(model: Model, data: Data) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """A and M of every clip in order, each on its clip's scale: [T, P]."""
    for batch in batches(data):
        patches_BTPD = batch.tokens_BTSD[:, :, model.vision.prefix :]
        dynamics = mean_square(model.prompters[0].dynamics_filter(patches_BTPD, model.vision.grid))
        yield from zip(to_clip_scale(batch.attention_BTP), to_clip_scale(dynamics), strict=True)


def regions(model: Model, data: Data, seed: int) -> dict:
    """{default, attention, dynamics, random, centre: {pointing, precision, recall}} over the frames that show what acts.

    Clips in which nothing happens are left out: there the actor is an object like any other."""
    grid, kept, rng = model.vision.grid, default("kept"), np.random.default_rng(seed)
    row, column = np.indices(grid)
    middle = -np.hypot(row - (grid[0] - 1) / 2, column - (grid[1] - 1) / 2).reshape(1, -1)
    hits: dict[str, list] = {}
    for sample, cue in zip(data.samples, cues(model, data), strict=True):
        if sample.scene.action == "stays still":
            continue
        truth = on_acting(sample, grid)
        maps = {
            name: blend(*cue, default("alpha") if alpha is None else alpha).cpu().numpy() for name, alpha in REGIONS.items()
        }
        maps |= {"random": rng.random(truth.shape), "centre": np.repeat(middle, len(truth), 0)}
        for name, score in maps.items():
            region = top(score, kept)
            hits.setdefault(name, []).append((pointing(score, truth), precision(region, truth), recall(region, truth)))
    return {
        name: {
            what: float(np.concatenate(part).mean())
            for what, part in zip(("pointing", "precision", "recall"), zip(*several, strict=True), strict=True)
        }
        for name, several in hits.items()
    }


def curve(models: Sequence[Model], data: Data) -> dict[str, list[float]]:
    """{alpha, pointing, low, high}: how often the best patch is on what acts at every α, mean over the clips in which
    something does and over training seeds, with the interval of 95 % of draws of both."""
    share_SNA = np.array([[row for row in pointing_NA(model, data)] for model in models])
    every = [interval(share_SNA[:, :, a]) for a in range(len(ALPHAS))]
    return {"alpha": list(ALPHAS)} | {
        name: [one[key] for one in every] for name, key in (("pointing", "mean"), ("low", "low"), ("high", "high"))
    }


def pointing_NA(model: Model, data: Data) -> Iterator[list[float]]:
    """For each clip in which something acts, the share of its frames whose best patch is on that, at each of `ALPHAS`."""
    for sample, (attention_TP, dynamics_TP) in zip(data.samples, cues(model, data), strict=True):
        truth = on_acting(sample, model.vision.grid)
        if sample.scene.action != "stays still" and truth.any():
            yield [pointing(blend(attention_TP, dynamics_TP, a).cpu().numpy(), truth).mean() for a in ALPHAS]


def on_acting(sample: Sample, grid: tuple[int, int]) -> np.ndarray:
    """[T, P] bool: patches that hold a part of the actor, or of the second thing that acts where there is one."""
    acting = [thing.id for thing in sample.scene.acting]
    return on_actor(np.isin(sample.instance_THW, acting).astype(np.uint8), grid)
