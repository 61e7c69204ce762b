"""Train VideoLucy's eye on the world:  python -m core.training videolucy

Frames of scenes of every colour × shape are drawn once, with and without their number; a clip is eight of them, as a scope of
some length would show a video of `core.world.marks`: one scene after another, each for its seconds. The captioner fills in
words that are hidden, each [MASK] seeing the words before it and the whole clip, as it will when it writes.

Letters: B batch, T frames, N words.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from core.cli import file_to_write, seed_number, sentences
from core.methods.videolucy.evaluate import file_of
from core.methods.videolucy.eye import FRAMES, INSTRUCTIONS, PLACE, SHAPE, VOCABULARY, Eye, Shown, reduced, sentence, split
from core.networks.caption_words import END, NOT_ASKED, PAD, filling_loss, hidden
from core.networks.weights import WEIGHTS, save
from core.training.loop import Checkpoint, level
from core.world.captions import COLOURS, SHAPES, SPLITS
from core.world.long import LongVideo
from core.world.marks import CARRIED, FLEETING, LONG, NUMBERED, NUMBERS, RATE, SHARE, Look, scene

GAPS = ((8.0, 0.4), (4.0, 0.15), (2.0, 0.1), (1.0, 0.2), (0.125, 0.15))  # seconds between two frames of a clip, and how often
HIDDEN = 0.4  # share of the words that are hidden: fewer than SwinBERT's half, for a clause is found by those before it
NEAR = 200  # first steps, whose frames stand close together: what a frame shows is learned before the order
FALLING = 700  # last steps, in which the rate falls: until then a training does not need to know when it will end
SAVED = 200  # steps between two checkpoints
DRAWN = ((64, 64), (64, 64), (96, 96))  # sizes of what is drawn, before the eye's own
LOOKS = tuple((colour, shape) for colour in COLOURS for shape in SHAPES)
OPTIONS = ("steps", "batch", "rate", "scenes", "width", "layers")


@dataclass(frozen=True, eq=False)
class Scenes:
    """Drawn scenes of one look: frames without and with a number, [K, F, H, W, 3] each, and the number of each scene."""

    bare_KFHWC: np.ndarray
    with_KFHWC: np.ndarray
    number_K: tuple[str, ...]


Bank = Mapping[tuple[str, str], Scenes]


def bank(split: str, count: int, seed: int = 0, each: int = 3, looks: Sequence[tuple[str, str]] = LOOKS) -> Bank:
    """`count` scenes of every colour × shape, `each` frames of both kinds."""
    half = LONG[0] / 2  # of a scene's seconds, after which its number is seen
    made, moment = {}, (np.arange(each) + 0.5) / each * half
    for colour, shape in tqdm(looks, desc=f"{split} scenes", mininterval=5):
        rng = np.random.default_rng([SPLITS.index(split), seed, COLOURS.index(colour), SHAPES.index(shape)])
        number_K = tuple(str(one) for one in rng.permutation(np.resize(NUMBERS, count)))
        bare, with_number = [], []
        for k, number in enumerate(number_K):
            look, size = Look(colour, shape, number, (half, LONG[0])), DRAWN[k % len(DRAWN)]
            video = LongVideo((scene(rng, look, LONG[0], split, size),), RATE)
            index = [int(one * RATE) for one in (*moment, *(half + moment))]
            frames = reduced(video.frames(index).frames_THWC)
            bare.append(frames[:each])
            with_number.append(frames[each:])
        made[colour, shape] = Scenes(np.array(bare), np.array(with_number), number_K)
    return made


def clip(rng: np.random.Generator, scenes: Bank, gap: float) -> tuple[np.ndarray, list[Shown]]:
    """Eight frames that stand `gap` seconds apart in a video of chance, and what each shows."""
    time_T = rng.uniform(0, LONG[1]) + gap * np.arange(FRAMES)
    end, frames, shown = 0.0, [], []
    before: tuple[tuple[str, str], ...] = ()
    looks = list(scenes)
    drawn, short = scenes[looks[0]], True
    k = begin = 0
    carried = (0.0, 0.0)
    look = looks[0]
    for time_t in time_T:
        while end <= time_t:
            short = not short and rng.random() < SHARE / (1 - SHARE)
            length = int(rng.integers(FLEETING[0], FLEETING[1] + 1) if short else rng.integers(LONG[0], LONG[1] + 1))
            begin, end = end, end + length
            look = looks[rng.integers(len(looks))]
            while look in before:
                look = looks[rng.integers(len(looks))]
            before = (*before[-1:], look)
            drawn = scenes[look]
            k = int(rng.integers(len(drawn.number_K)))
            carried = (0.0, 0.0)
            if rng.random() < NUMBERED["fleeting" if short else "long"] * 1.5:  # more often: each is a word to learn
                lasts = min(length, float(rng.choice(CARRIED)) * max(1.0, gap / 2))  # longer where few frames would meet it
                first = begin + rng.uniform(0, length - lasts)
                carried = (first, first + lasts)
        seen = carried[0] <= time_t < carried[1]
        kind = drawn.with_KFHWC if seen else drawn.bare_KFHWC
        frames.append(kind[k, rng.integers(kind.shape[1])])
        shown.append((*look, drawn.number_K[k] if seen else ""))
    return np.stack(frames), shown


def batch_of(rng: np.random.Generator, scenes: Bank, size: int, gaps=GAPS) -> tuple[Tensor, Tensor]:
    """Clips [B, T, H, W, 3], and the words that are to be written of each after every instruction, which is the first of them,
    the rows of one clip one after another: [R, N]."""
    gap_G, share_G = zip(*gaps, strict=True)
    frames, ids = [], []
    for gap in rng.choice(gap_G, size, p=np.array(share_G) / sum(share_G)):
        pixels, shown = clip(rng, scenes, float(gap))
        frames.append(pixels)
        for word in INSTRUCTIONS.values():
            ids.append([PLACE[word], *(PLACE[one] for one in sentence(shown, word).split()), END])
    longest = max(map(len, ids))
    return torch.from_numpy(np.stack(frames)), torch.tensor([one + [PAD] * (longest - len(one)) for one in ids])


def lesson(eye: Eye, frame_BTHWC: Tensor, ids_RN: Tensor, chance: torch.Generator) -> tuple[Tensor, float]:
    """The loss of a batch, and the share of hidden words that are told rightly."""
    given_RN, asked_RN = hidden(ids_RN, len(VOCABULARY), chance, first=1, share=HIDDEN)
    seen = eye.captioner.watch(eye.captioner.tokens(frame_BTHWC))
    logits_RNW, _ = eye.captioner.read(seen, given_RN)
    told_R = asked_RN != NOT_ASKED
    right = (logits_RNW.argmax(-1) == asked_RN)[told_R].float().mean().item()
    return filling_loss(logits_RNW, asked_RN), right


@torch.no_grad()
def scores(eye: Eye, scenes: Bank, seed: int, clips: int = 128) -> dict[str, float]:
    """Of clips of these scenes, by the seconds between their frames: clauses that are written rightly, the frame included, of
    those that are true or written; and captions without a fault."""
    found = {}
    for gap, _ in GAPS:
        rng = np.random.default_rng([seed, round(gap * 1000)])
        right = every = whole = 0
        for word in INSTRUCTIONS.values():
            pairs = [clip(rng, scenes, gap) for _ in range(clips // 2)]
            frames = torch.from_numpy(np.stack([pixels for pixels, _ in pairs]))
            said = [text for k in range(0, len(frames), 32) for text in eye.write(frames[k : k + 32], word)]
            for text, (_, shown) in zip(said, pairs, strict=True):
                ours, true = (set(split(one)) for one in (text, sentence(shown, word)))
                right, every, whole = right + len(ours & true), every + len(ours | true), whole + (ours == true)
        found[f"clauses, {gap:g} s"] = right / every
        found[f"captions, {gap:g} s"] = whole / clips
    return found


def train(asked: argparse.Namespace) -> None:
    """Train the eye and write it, with what it scored on scenes of the validation split."""
    began = time.time()
    torch.manual_seed(asked.seed)
    eye = Eye(replace(SHAPE, width=asked.width, layers=asked.layers))
    optimizer = torch.optim.AdamW(eye.parameters(), lr=asked.rate, weight_decay=0.01, betas=(0.9, 0.98))
    settings = dict(seed=asked.seed, **{name: getattr(asked, name) for name in OPTIONS})
    same = {name: value for name, value in settings.items() if name != "steps"}  # a longer training begins as a shorter one
    checkpoint = Checkpoint(asked.out, same, dict(eye=eye, optimizer=optimizer))
    first, scenes, right_share = checkpoint.resume(), bank("train", asked.scenes), 0.0
    for step in (bar := tqdm(range(first, asked.steps), initial=first, total=asked.steps, unit="step", mininterval=5)):
        rng = np.random.default_rng([asked.seed, step])
        for group in optimizer.param_groups:
            group["lr"] = level(step, asked.steps - FALLING, asked.steps, asked.rate, warmup=200)
        gaps = GAPS if step >= NEAR else GAPS[-2:]
        chance = torch.Generator().manual_seed(asked.seed * 10**6 + step)
        loss, right = lesson(eye, *batch_of(rng, scenes, asked.batch, gaps), chance)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(eye.parameters(), 1.0)
        optimizer.step()
        right_share = 0.97 * right_share + 0.03 * right
        if step % 20 == 19:
            bar.set_postfix(loss=f"{loss.item():.3f}", words=f"{right_share:.3f}")
        if (step + 1) % SAVED == 0 and step < asked.steps - FALLING:
            checkpoint.save(step + 1)
    numbers = " ".join(f"--{name} {value}" for name, value in settings.items())
    made = dict(
        command=f"python -m core.training videolucy {numbers}", minutes=round((time.time() - began) / 60, 1), **settings
    )
    about = dict(kind="videolucy", shape=eye.captioner.about(), made=made)
    save(asked.out, {"eye": eye.eval()}, about, scores(eye, bank("val", 3), 0))
    checkpoint.clear()
    print(f"{asked.out.name}: {json.loads(asked.out.with_suffix('.json').read_text())['scores']}", flush=True)


@sentences()
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m core.training videolucy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=file_to_write, default=None, help="the file that is written; default: in assets/weights")
    parser.add_argument("--seed", type=seed_number, default=0)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--scenes", type=int, default=96, help="of every colour × shape: with few, the eye learns these scenes")
    parser.add_argument("--width", type=int, default=SHAPE.width)
    parser.add_argument("--layers", type=int, default=SHAPE.layers)
    asked = parser.parse_args(argv)
    asked.out = asked.out or file_of(WEIGHTS, asked.seed)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    train(asked)
