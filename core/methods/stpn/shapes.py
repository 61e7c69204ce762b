"""What shapes look like, taught before a detector is trained and beside it, by linear heads that are thrown away.

    cells     every cell of every stage's map says which shape covers it, or none        (the tower learns shapes)
    present   the prompts together say which shapes the supports show                    (the predictor learns to read)
    colour    and, where it is taught, which colour each of them has: what is left of a thing that is badly blurred

Why: the tower's gradient alone does not tell a predictor what to read (deep supervision, Lee et al.,
2015), and a detector's loss on a few boxes hardly teaches shapes from nothing. Published STPNs start from towers that ImageNet
has taught; `teach` is what stands in for it here.

Letters: B frames, H W pixels, D width, C shapes (C itself stands for none of them).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from core.data.rendered import Sample
from core.methods.stpn.networks import Looked, Prompting, Stpn, name
from core.networks.tower import Place, Tower
from core.training.loop import Checkpoint, cosine
from core.world import SHAPES

COVERED, BARE = 0.4, 0.85  # least share of a cell that a shape, and the background, must have to be its answer
UNSURE = -1
BACKGROUND = 0.1  # weight of a bare cell in the loss: nine of ten are bare
COARSE = (0.3, 0.3, 1.0)  # weights of the stages' losses: the last map is what a support frame can say
SLIGHT = 0.1  # of 1: an error of a colour below which it counts by its square
BATCH = 16  # frames of a step of `teach`


class Heads(nn.Module):
    """The heads of one network. They read maps as they leave the tower, and prompts as they enter it."""

    def __init__(self, model: Stpn):
        super().__init__()
        tower: Tower = model.detector.tower
        prompting: Prompting = model.prompting
        self.cells = nn.ModuleList(nn.Linear(D, len(SHAPES) + 1) for D in tower.widths)
        self.places: tuple[Place, ...] = prompting.places
        wide = {name(at): prompting.prompts * tower.widths[at[0]] for at in self.places}
        self.present = nn.ModuleDict({at: nn.Linear(width, len(SHAPES)) for at, width in wide.items()})
        self.colour = nn.ModuleDict({at: nn.Linear(width, 3 * len(SHAPES)) for at, width in wide.items()})

    def losses(
        self, maps: Sequence[Tensor], shown_BHW: Tensor, looked: Looked | None, present_BC: Tensor,
        colour_BC3: Tensor | None = None,
    ) -> dict[str, Tensor]:  # fmt: skip
        """{loss_cells, loss_present, loss_colour}: of what the current frames show, and of what their prompts say of the
        supports."""
        found = {"loss_cells": self.cells_loss(maps, shown_BHW)}
        if looked is not None:
            prompts = {self.places[0]: looked.prompts} if isinstance(looked.prompts, Tensor) else looked.prompts
            said = [self.present[name(at)](each.flatten(1)) for at, each in prompts.items()]
            found["loss_present"] = torch.stack([F.binary_cross_entropy_with_logits(one, present_BC) for one in said]).mean()
            if colour_BC3 is not None:
                told = [self.colour[name(at)](each.flatten(1)).view_as(colour_BC3) for at, each in prompts.items()]
                off_BC = torch.stack([F.smooth_l1_loss(one, colour_BC3, reduction="none", beta=SLIGHT) for one in told]).mean(
                    (0, -1)
                )
                found["loss_colour"] = (off_BC * present_BC).sum() / present_BC.sum().clamp(min=1)
        return found

    def cells_loss(self, maps: Sequence[Tensor], shown_BHW: Tensor) -> Tensor:
        """Cross-entropy of every sure cell of every map with the shape that covers it."""
        weight = torch.ones(len(SHAPES) + 1, device=shown_BHW.device)
        weight[-1] = BACKGROUND
        total = shown_BHW.new_zeros((), dtype=torch.float32)
        for head, map_BDhw, share in zip(self.cells, maps, COARSE, strict=True):
            logits_BChw = head(map_BDhw.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            label_Bhw = cells_of(shown_BHW, map_BDhw.shape[-1])
            total = total + share * F.cross_entropy(logits_BChw, label_Bhw, weight, ignore_index=UNSURE)
        return total


def cells_of(shown_BHW: Tensor, columns: int) -> Tensor:
    """Which shape covers each cell of a map of so many columns, C for none, UNSURE where neither is clear: [B, h, w]."""
    side = shown_BHW.shape[-1] // columns
    share_BChw = F.avg_pool2d(F.one_hot(shown_BHW, len(SHAPES) + 1).permute(0, 3, 1, 2).float(), side)
    most_Bhw, label_Bhw = share_BChw.max(1)
    least_Bhw = torch.where(label_Bhw == len(SHAPES), BARE, COVERED)
    return torch.where(most_Bhw >= least_Bhw, label_Bhw, UNSURE)


def shown(sample: Sample, t: int) -> np.ndarray:
    """Which shape every pixel of frame t shows, C where none: [H, W]."""
    by_id = np.full(1 + max(thing.id for thing in sample.scene.objects), len(SHAPES))
    for thing in sample.scene.objects:
        by_id[thing.id] = SHAPES.index(thing.shape)
    return by_id[sample.instance_THW[t]]


def turned(frame_HWX: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A quarter turn or none, mirrored or not: shapes stay shapes."""
    frame_HWX = np.rot90(frame_HWX, rng.integers(4))
    return frame_HWX[:, ::-1] if rng.integers(2) else frame_HWX


def teach(model: Stpn, samples: list[Sample], out: Path, steps: int, rate: float, device: torch.device) -> Checkpoint:
    """Teach the tower of a model shapes, in place, on single frames; what it has learned stays in the checkpoint that is
    returned, until that is cleared."""
    tower: Tower = model.detector.tower
    heads = Heads(model).to(device)
    taught = nn.ModuleList([tower, heads]).to(device).train()
    optimizer = torch.optim.AdamW(taught.parameters(), lr=rate, weight_decay=0.05)
    settings = dict(teach=steps, rate=rate, clips=len(samples))
    checkpoint = Checkpoint(out, settings, dict(taught=taught, optimizer=optimizer))
    first = checkpoint.resume()
    bar = tqdm(range(first, steps), initial=first, total=steps, desc="shapes", unit="step")
    for step in bar:
        rng = np.random.default_rng([len(SHAPES), step])
        for group in optimizer.param_groups:
            group["lr"] = cosine(step, steps, rate, warmup=50)
        frames, labels = [], []
        for n in rng.integers(len(samples), size=BATCH):
            t = int(rng.integers(len(samples[n].frames_THWC)))
            colours_HW3 = samples[n].frames_THWC[t][..., rng.permutation(3)]
            both_HW4 = turned(np.dstack([colours_HW3, shown(samples[n], t)]), rng)
            frames.append(both_HW4[..., :3].astype(np.uint8))
            labels.append(both_HW4[..., 3])
        maps = tower(model.pixels(torch.from_numpy(np.stack(frames)).to(device))).maps
        loss = heads.cells_loss(list(maps.values()), torch.from_numpy(np.stack(labels)).long().to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(taught.parameters(), 1.0)
        optimizer.step()
        if step % 10 == 0:
            bar.set_postfix(loss=f"{loss.item():.2f}")
        if step % 200 == 199:
            checkpoint.save(step + 1)
    checkpoint.save(steps)
    return checkpoint
