"""Train VideoStreaming on the world, the tower frozen:  python -m core.training videostreaming

Every frame goes through the frozen tower once, and its features stay in a folder; a training video is made of scenes that lie
there (`stories`). Four questions are asked of each video, encoded once: two to find a moment, one of the very first thing,
for which the reader is mostly given the last V clips, so that only the memory can bring it, and one to count.

The first `ALONE` of the steps have single clips, several times as many: what a clip shows is learned before what to keep of it.
For the first `WARM` of the steps the similarities are told which clips are true (KL, the paper's temporal warm-up); after that
they learn from the answers alone, through the straight-through weights of the Gumbel top-V. Answers do not need every clip that
shows something, and recall falls by a tenth meanwhile: so some steps with the KL come last, at a lower rate (`again`). Videos
begin with two or three clips and grow to LONG: what is carried over many steps is not learned where it was never carried over
few. One batch in four has another clip length, other summary tokens, other time prompts or no memory, so that the network has
seen what a reader's knobs can ask. Last of all, linear probes are fitted that say what a memory holds; nothing else reads them.

Letters: B batch, R questions, K clips, T frames of a clip, M memory tokens, V chosen clips, D width.
"""

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from core.cli import folder_to_write, sentences
from core.methods.videostreaming import stories
from core.methods.videostreaming.equations import (
    PROMPTS,
    TAU,
    answer,
    fitted_probes,
    gumbel,
    gumbel_top,
    indicator,
    similarity,
    spoken,
    stream,
)
from core.methods.videostreaming.evaluate import PARTS, VAL, file_of, measured
from core.methods.videostreaming.networks import FRAMES, LAGS, Shape, Streaming
from core.networks.weights import WEIGHTS, Loaded, load_clip, save
from core.training.loop import Checkpoint, cosine
from core.world.captions import COLOURS

SHORT, LONG = 3, 16  # clips of a video, at first and in the end: LONG is 1×
ALONE, WARM, GROWING = 0.2, 0.5, 0.7  # until which share of the steps clips are single, choices supervised, videos longer
CHOSEN = 4  # clips that the reader is given, at most
CROWD = 4  # times as many single clips as videos
OTHER = 0.25  # share of batches with other knobs
SLOWER = 0.25  # of the rate, in these last steps
PROBED = 96  # videos that probes are fitted to
SAVED = 100  # steps between two checkpoints
OPTIONS = ("steps", "again", "batch", "rate", "videos")  # of the command, that tell how a file was made


@dataclass(frozen=True)
class Turn:
    """The knobs of one batch."""

    clips: int
    chosen: int
    frames: int = FRAMES
    parts: int = PARTS
    memory: bool = True
    prompts: tuple[str, ...] = PROMPTS


def turn(rng: np.random.Generator, longest: int) -> Turn:
    """Most batches have the usual knobs; the others each another. Of few clips the reader learns sooner what to answer."""
    if longest == 1:
        return Turn(1, 1)
    clips, chosen = int(rng.integers(max(2, longest // 2), longest + 1)), int(rng.choice((1, 1, 2, CHOSEN, CHOSEN)))
    if rng.random() > OTHER:
        return Turn(clips, chosen)
    which = int(rng.integers(4))
    if which == 0:
        return Turn(clips, chosen, memory=False)
    if which == 1:
        return Turn(clips, chosen, prompts=((), ("history",), ("clip",))[int(rng.integers(3))])
    if which == 2:
        return Turn(clips, chosen, parts=2)
    frames = (2, 8)[int(rng.integers(2))]
    return Turn(max(2, min(LONG, clips * FRAMES // frames)), chosen, frames)


def longest(step: int, steps: int) -> int:
    """The curriculum over length: clips of the longest video at this step."""
    done = (step / steps - ALONE) / (GROWING - ALONE)
    return 1 if done < 0 else min(LONG, SHORT + int((LONG - SHORT) * done))


def lesson(model: Streaming, batch: stories.Batch, now: Turn, warm: bool, chance: torch.Generator) -> tuple[Tensor, dict]:
    """The loss of a batch, and the shares of right answers and of true clips that were chosen."""
    memory_BKMD, clip_BKD = stream(model.encoder, batch.clip_BKTE, now.parts, now.memory, now.prompts)
    memory_RKMD, clip_RKD = memory_BKMD[batch.video_R], clip_BKD[batch.video_R]
    words_RWD = spoken(model.encoder, batch.ids_RW)
    score_RK = similarity(indicator(model.encoder, memory_RKMD[:, -1], words_RWD, now.parts), clip_RKD)
    place_RV, weight_RV = gumbel_top(score_RK, now.chosen, gumbel(score_RK, chance))
    K, V = now.clips, place_RV.shape[1]
    place_RV = torch.where(batch.last_R[:, None], torch.arange(K - V, K), place_RV)
    weight_RV = torch.where(batch.last_R[:, None], 1.0, weight_RV)
    logits_RA = answer(model.reader, memory_RKMD, place_RV, weight_RV, words_RWD)
    fair_R = ~batch.last_R if not now.memory and K > V else torch.ones_like(batch.last_R)  # the last clips alone know no first
    loss = F.cross_entropy(logits_RA[fair_R], batch.answer_R[fair_R])
    true_RK = batch.true_RK[~batch.last_R].float()
    if warm:
        true_RK = true_RK / true_RK.sum(1, keepdim=True).clamp(min=1)
        loss = loss - (true_RK * (score_RK[~batch.last_R] / TAU).log_softmax(-1)).sum(1).mean()
    right_R = (logits_RA.argmax(1) == batch.answer_R).float()
    hit_R = batch.true_RK.gather(1, place_RV).sum(1) / batch.true_RK.sum(1).clamp(1, V)
    return loss, {
        f"right {V}": right_R[: 2 * len(batch.clip_BKTE)].mean().item(),
        "recall": hit_R[~batch.last_R].mean().item(),
        "first": right_R[batch.last_R].mean().item() if batch.last_R.any() else None,
    }


def train(clip: Loaded, bank: stories.Bank, seed: int, out: Path, asked: argparse.Namespace) -> None:
    """Train one seed and write it, with what it scored on validation stories. asked: the command's arguments."""
    began = time.time()
    torch.manual_seed(seed)
    shape = Shape(clip.network.vision.vit.num_classes)
    model = Streaming(shape)
    model.encoder.whiten(stories.some(bank))
    optimizer = optimizer_of(model, asked.rate)
    options = {name: getattr(asked, name) for name in OPTIONS}
    settings = dict(seed=seed, **options, towers=clip.digest)
    checkpoint = Checkpoint(out, settings, dict(model=model, optimizer=optimizer))
    first, steps, seen = checkpoint.resume(), asked.steps, {}
    for step in (bar := tqdm(range(first, steps), initial=first, total=steps, desc=f"seed {seed}", unit="step")):
        rate = cosine(step, steps, asked.rate, warmup=50)
        found = one_step(model, optimizer, bank, asked.batch, rate, [seed, step], longest(step, steps), step < WARM * steps)
        seen = smoothed(seen, found)
        if step % 10 == 9:
            bar.set_postfix({name: f"{value:.2f}" for name, value in seen.items()})
        if (step + 1) % SAVED == 0:
            checkpoint.save(step + 1)
    again(model, bank, seed, asked)
    numbers = " ".join(f"--{name} {value}" for name, value in options.items())
    made = dict(
        command=f"python -m core.training videostreaming --seeds {seed + 1} {numbers}",
        minutes=round((time.time() - began) / 60, 1), **settings,
    )  # fmt: skip
    about = dict(kind="videostreaming", shape=model.about(), towers=clip.digest, made=made)
    save(out, {"model": model.eval()}, about, measured(model, clip, "val", VAL, asked.features))
    checkpoint.clear()
    print(f"{out.name}: {json.loads(out.with_suffix('.json').read_text())['scores']}", flush=True)


def one_step(
    model: Streaming, optimizer: torch.optim.Optimizer, bank: stories.Bank, batch: int, rate: float, place: list[int],
    longest: int, warm: bool,
) -> dict:  # fmt: skip
    """One batch is drawn and learned from. place: [seed, step], which say what is drawn."""
    rng, chance = np.random.default_rng(place), torch.Generator().manual_seed(place[0] * 10**6 + place[1])
    for group in optimizer.param_groups:
        group["lr"] = rate
    now = turn(rng, longest)
    drawn = stories.drawn(bank, rng, batch * (CROWD if now.clips == 1 else 1), now.clips, now.frames, last=rng.random() < 0.75)
    loss, found = lesson(model, drawn, now, warm, chance)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return found if now.memory else {}


def again(model: Streaming, bank: stories.Bank, seed: int, asked: argparse.Namespace) -> None:
    """The similarities are told once more which clips are true; then the probes are fitted."""
    optimizer = optimizer_of(model, asked.rate)
    for step in tqdm(range(asked.again), desc=f"seed {seed}, again", unit="step"):
        place = [seed, asked.steps + step]
        one_step(model, optimizer, bank, asked.batch, cosine(step, asked.again, SLOWER * asked.rate, 10), place, LONG, True)
    model.probe_JXC.copy_(probes(model, bank, np.random.default_rng([seed, asked.steps + asked.again])))


def optimizer_of(model: Streaming, rate: float) -> torch.optim.Optimizer:
    """AdamW that forgets within fifty steps: batches of one kind and another have gradients of other sizes."""
    return torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, betas=(0.9, 0.98))


@torch.no_grad()
def probes(model: Streaming, bank: stories.Bank, rng: np.random.Generator) -> Tensor:
    """What linear probes make of the memories of videos that are longer than any in training."""
    batches = [stories.drawn(bank, rng, 16, LAGS[-1] + LONG // 2, FRAMES) for _ in range(PROBED // 16)]
    memory_BKMD = torch.cat([stream(model.encoder, one.clip_BKTE, PARTS)[0] for one in batches])
    return fitted_probes(memory_BKMD, torch.cat([one.colour_BK for one in batches]), LAGS, len(COLOURS))


def smoothed(seen: Mapping[str, float], found: Mapping[str, float | None]) -> dict[str, float]:
    """A mean over some twenty steps of each number."""
    fresh = {name: value for name, value in found.items() if value is not None}
    return {**seen, **{name: 0.95 * seen.get(name, value) + 0.05 * value for name, value in fresh.items()}}


@sentences()
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m core.training videostreaming", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=folder_to_write, default=WEIGHTS)
    parser.add_argument("--clip", default=None, help="the frozen towers; default: the shipped ones")
    parser.add_argument("--features", type=folder_to_write, default=stories.FOLDER, help="what the tower saw; kept there")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--again", type=int, default=200, help="steps more, in which choices are supervised again")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--videos", type=int, default=100, help="of the training split, whose scenes are put together")
    parser.add_argument("--rate", type=float, default=2e-3)
    args = parser.parse_args(argv)
    clip = load_clip(args.clip)
    bank = stories.bank(clip, "train", range(args.videos), args.features)
    for seed in range(args.seeds):
        if not (out := file_of(args.out, seed)).is_file():
            train(clip, bank, seed, out, args)
