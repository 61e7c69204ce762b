"""Train SwinBERT's captioner with every mask on clips of sprites:  python -m core.training swinbert --seed S

Each variant is a captioner of its own, from the same first weights and on the same clips: what differs is which patches may
see each other (`networks.VARIANTS`). Half of a caption's words are hidden and filled in (L_MLM); where V is learned, its gates
are pushed shut (L_SPARSE). V has a rate of its own, for it is one number a pair and not a sum of many.

A third of the clips have one kind of things, a third two, the rest three, as those that are measured: where there is less to
choose from, words are learned sooner. Rates fall twice and rise once in between: what is not found at first is found then.

The hard mask goes on from the network and the V of log σ(V). So do the two with twice the frames, one with V between the
frames as it was learned, one with a V of chance: what differs is the mask that is inherited.

Variants of one seed can be trained one by one (`--only`), also at the same time by several commands; each leaves its state
beside `--out`, and whoever finishes the last one writes the file.

Letters: B clips, R sentences of a clip, N words, M video tokens.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from core.cli import file_to_write, seed_number, sentences
from core.methods.swinbert import equations
from core.methods.swinbert.evaluate import VAL, exact_of, file_of
from core.methods.swinbert.networks import LONGEST, VARIANTS, WORDS, Trained, bias_of, shape_of
from core.methods.swinbert.weights import Captioners, Note, described
from core.networks.caption_words import filling_loss, hidden, ids_of
from core.networks.weights import WEIGHTS, save
from core.training.loop import Checkpoint, cosine
from core.world import sprites

SENTENCES = 2  # of a clip, each in other words
NOTED, SAVED = 10, 100  # steps between two notes of the loss; between two checkpoints
MOMENTS = (0, 3, 6, 12, 18, 31, 70, 100)  # percents of the training at which V is kept, for the page
REPLAY = ("log_sigmoid",)  # variants of which V is kept at these moments
SLOWER = 0.2  # of the rate, where a variant goes on from another's network
OPTIONS = ("steps", "restart", "again", "longer", "batch", "rate", "mask_rate", "weight", "layers")
IDS = {one: ids_of(one, WORDS, LONGEST) for one in sprites.sentences()}


@dataclass
class Record:
    """What a training notes, kept in its checkpoints: (step, loss, mean gate), and V at MOMENTS."""

    loss: float = 0.0
    notes: list[list[float]] = field(default_factory=list)

    def state_dict(self) -> dict[str, Tensor]:
        return {"loss": torch.tensor(self.loss, dtype=torch.float64), "notes": torch.tensor(self.notes, dtype=torch.float64)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.loss, self.notes = state["loss"].item(), state["notes"].tolist()


def steps_of(name: str, asked: argparse.Namespace) -> int:
    """How long a variant is trained."""
    if VARIANTS[name].frames > sprites.FRAMES:
        return asked.longer
    return asked.again if VARIANTS[name].begins else asked.steps


def rate(step: int, steps: int, restart: int, peak: float, warmup: int) -> float:
    """Half a cosine until `restart`, and another from the full rate to the end (Loshchilov and Hutter, SGDR, 2017): what is
    not found at the first falling of the rate is found after it."""
    began, end = (0, min(restart, steps)) if step < restart else (restart, steps)
    return cosine(step - began, end - began, peak, warmup)


def clips_of(seed: int, step: int, batch: int, frames: int) -> sprites.Sprites:
    """The clips of a step, of as many kinds of things as chance has it."""
    kinds = int(np.random.default_rng([seed, step]).integers(1, sprites.KINDS + 1))
    return sprites.draw([seed, step], batch, frames, kinds=kinds)


def sentences_of(clips: sprites.Sprites, rng: np.random.Generator) -> Tensor:
    """SENTENCES captions of each clip, in words that differ, [B·R, N]."""
    rows = []
    for clip in range(len(clips.cell_BT)):
        references = clips.references(clip)
        rows += [IDS[references[which]] for which in rng.permutation(len(references))[:SENTENCES]]
    return torch.tensor(rows)


def moments_of(name: str, seed: int) -> tuple[int, ...]:
    """Percents of a variant's training at which V is kept: what the page replays is of seed 0."""
    return MOMENTS if name in REPLAY and seed == 0 else ()


def fresh(name: str, seed: int, asked: argparse.Namespace) -> Trained:
    """A variant with random weights."""
    return Trained(shape_of(name, layers=asked.layers), len(moments_of(name, seed)), VARIANTS[name].learned)


def beginning(name: str, seed: int, out: Path, asked: argparse.Namespace) -> Trained:
    """A variant before its training: random, or with another's network, or with its V, too."""
    variant = VARIANTS[name]
    torch.manual_seed(seed)
    made = fresh(name, seed, asked)
    if variant.begins:
        held = finished(variant.begins, seed, out, asked).captioner.state_dict()
        held["time"] = F.interpolate(held["time"].T[None], size=variant.frames, mode="linear", align_corners=False)[0].T
        made.captioner.load_state_dict(held)
    if variant.inherits:
        other, frames = finished(variant.inherits, seed, out, asked).mask_MM.data, VARIANTS[variant.inherits].frames
        longer = variant.frames > frames
        made.mask_MM.data.copy_(equations.inherited(other, frames, variant.frames) if longer else other)
    return made


def setting(name: str, seed: int, asked: argparse.Namespace) -> dict:
    """What a checkpoint must have been made with."""
    return dict(variant=name, seed=seed, **{option: getattr(asked, option) for option in OPTIONS})


def checkpoint_of(name: str, seed: int, out: Path, asked: argparse.Namespace, parts: dict) -> Checkpoint:
    """The state of a variant's training, beside the file that all of a seed are written to."""
    return Checkpoint(out.with_name(f"{out.stem}_{name}.safetensors"), setting(name, seed, asked), parts)


def finished(name: str, seed: int, out: Path, asked: argparse.Namespace) -> Trained:
    """A variant whose training has ended, from the state that it left; SystemExit where it has not."""
    made = fresh(name, seed, asked)
    if checkpoint_of(name, seed, out, asked, {"trained": made}).resume() < steps_of(name, asked):
        raise SystemExit(f"{name} has to be trained first: --only {name}")
    return made


def train(name: str, seed: int, out: Path, asked: argparse.Namespace) -> None:
    """Train one variant of a seed, or go on with it."""
    made, steps, record = beginning(name, seed, out, asked), steps_of(name, asked), Record()
    slower = SLOWER if VARIANTS[name].begins else 1.0
    groups = [{"params": list(made.captioner.parameters()), "peak": slower * asked.rate, "warmup": 50}]
    if VARIANTS[name].learned:
        peak = asked.mask_rate * (SLOWER if VARIANTS[name].form == "hard" else 1.0)
        groups.append({"params": [made.mask_MM], "peak": peak, "warmup": 1, "weight_decay": 0.0})
    optimizer = torch.optim.AdamW(groups, lr=asked.rate, weight_decay=0.01, betas=(0.9, 0.98))
    checkpoint = checkpoint_of(name, seed, out, asked, dict(trained=made, optimizer=optimizer, record=record))
    first = checkpoint.resume()
    if first == 0 and moments_of(name, seed):
        made.mask_KMM[0] = made.mask_MM.detach()
    for step in (bar := tqdm(range(first, steps), initial=first, total=steps, desc=f"{name} {seed}", unit="step")):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps, asked.restart, group["peak"], group["warmup"])
        loss = one_step(name, made, optimizer, seed, step, asked)
        record.loss = loss if step == 0 else 0.95 * record.loss + 0.05 * loss
        done = step + 1
        for k, percent in enumerate(moments_of(name, seed)):
            if done == steps * percent // 100:
                made.mask_KMM[k] = made.mask_MM.detach()
        if done % NOTED == 0:
            open_ = equations.density(equations.gate(made.mask_MM.detach())) if VARIANTS[name].learned else 0.0
            record.notes.append([done, record.loss, open_])
            bar.set_postfix(loss=f"{record.loss:.3f}", gate=f"{open_:.4f}")
        if done % SAVED == 0 or done == steps:
            checkpoint.save(done)


def one_step(
    name: str, made: Trained, optimizer: torch.optim.Optimizer, seed: int, step: int, asked: argparse.Namespace
) -> float:  # fmt: skip
    """One batch is drawn and learned from: the loss of its hidden words."""
    clips = clips_of(seed, step, asked.batch, VARIANTS[name].frames)
    rng, chance = np.random.default_rng([seed, step, 1]), torch.Generator().manual_seed(seed * 10**6 + step)
    shown_BN, asked_BN = hidden(sentences_of(clips, rng), len(WORDS), chance)
    network = made.captioner
    video_BMD = network.tokens(torch.from_numpy(clips.frame_BTHWC))
    logits_BNW, _ = network.read(network.watch(video_BMD, bias_of(name, made, seed)), shown_BN)
    words = filling_loss(logits_BNW, asked_BN)
    total = words + equations.sparsity(made.mask_MM, asked.weight) if VARIANTS[name].form else words
    optimizer.zero_grad(set_to_none=True)
    total.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return words.item()


def together(seed: int, out: Path, asked: argparse.Namespace, names: Sequence[str], began: float) -> None:
    """Write what was trained into one file, with what it scores on validation clips, and every loss."""
    variants, learning, scores = nn.ModuleDict(), {}, {}
    for name in names:
        made, record = finished(name, seed, out, asked), Record()
        checkpoint_of(name, seed, out, asked, {"record": record}).resume()
        learning[name] = [Note(int(step), *rest) for step, *rest in record.notes]
        if name not in (asked.losses_only or ()):
            variants[name] = made.eval()
    loaded = Captioners(variants, seed=seed)
    loaded.learning, loaded.moments = learning, {name: list(moments_of(name, seed)) for name in loaded.names}
    for name in loaded.names:
        scores[f"val_{name}"] = exact_of(loaded, name, VAL, "val")
    numbers = " ".join(f"--{option.replace('_', '-')} {getattr(asked, option)}" for option in OPTIONS)
    command = f"python -m core.training swinbert --seed {seed} {numbers}"
    command += f" --only {' '.join(names)}" if list(names) != list(VARIANTS) else ""
    command += f" --losses-only {' '.join(asked.losses_only)}" if asked.losses_only else ""
    made = dict(command=command, **{option: getattr(asked, option) for option in OPTIONS})
    if asked.together is None:  # else this command trained nothing
        made["minutes"] = round((time.time() - began) / 60, 1)
    save(out, dict(variants), described(loaded) | {"made": made}, scores)
    print(f"{out.name}: {scores}", flush=True)


def parsed(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m core.training swinbert", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=file_to_write, default=None, help="the file that is written; default: in assets/weights")
    parser.add_argument("--seed", type=seed_number, default=0)
    parser.add_argument("--only", nargs="+", action="extend", choices=tuple(VARIANTS), help="variants; default: all")
    parser.add_argument(
        "--together", nargs="*", action="extend", choices=tuple(VARIANTS), help="train nothing, write what is there"
    )
    parser.add_argument(
        "--losses-only", nargs="+", action="extend", choices=tuple(VARIANTS), help="variants whose weights are not written"
    )
    parser.add_argument("--steps", type=int, default=2600)
    parser.add_argument("--restart", type=int, default=1500, help="the step at which rates are high once more")
    parser.add_argument("--again", type=int, default=200, help="of the hard mask, which goes on from the learned one")
    parser.add_argument(
        "--longer", type=int, default=120, help="of the two with twice the frames, which go on from the same network"
    )
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--mask-rate", type=float, default=3e-2)
    parser.add_argument("--weight", type=float, default=3.0, help="λ of the sparsity")
    parser.add_argument("--layers", type=int, default=3)
    return parser.parse_args(argv)


@sentences()
def main(argv: Sequence[str] | None = None) -> None:
    asked, began = parsed(argv), time.time()
    out, names = asked.out or file_of(WEIGHTS, asked.seed), asked.only or list(VARIANTS)
    out.parent.mkdir(parents=True, exist_ok=True)
    for name in [] if asked.together else names:
        train(name, asked.seed, out, asked)
    together(asked.seed, out, asked, asked.together or names, began)
