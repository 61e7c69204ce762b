"""Train STPN on the world, and the single-frame baseline it is measured against:  python -m core.training stpn

Both see the same frames for the same number of steps: a current frame, spoilt in nine cases of ten (motion blur, defocus,
occluder, deformation, noise, low light, compression), and for STPN two support frames of the same clip, one before and one
after it (as released), clean but for one case in five. Everything is trained end to end; no gradient goes through the support
features (as released). Losses are torchvision's, the embedding's contrast between two frames of a clip, and those of two
kinds of heads that are thrown away (`core.methods.stpn.shapes`): cells name the shape that covers them, and prompts the shapes
that the supports show. Each clip has its three colours in a random order, or a detector learns which shapes it has seen in
which colour, and no shape.

Published STPNs start from towers that ImageNet has taught. Ours all start from one single-frame detector on a tower that was
taught shapes first, on the same clips; then every variant, the baseline too, goes on from it for the same number of steps.
A seed is a seed of that last part.

    --only attention/shallow baseline    some of the variants; without it, all
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from core.cli import folder_to_write, sentences
from core.data.rendered import Sample, pool
from core.device import pick_device
from core.methods.stpn.networks import SIZE, Stpn
from core.methods.stpn.shapes import Heads, shown, teach
from core.methods.stpn.weights import BASELINE, PACE, VARIANTS, build, file_of, load
from core.metrics import Things, average_precision
from core.networks.detector import Found, Target
from core.networks.swin import Place
from core.networks.weights import WEIGHTS, save
from core.training.loop import Checkpoint, cosine
from core.world import DEGRADATIONS, SHAPES, degrade

FRAMES = PACE.frames  # of a clip
TAUGHT = 2  # supports of a current frame: one before it, one after it
SPOILT, SPOILT_SUPPORTS = 0.7, 0.2  # share of current frames, and of support sets, that are degraded
LEAST = 0.2  # severity of a degradation, which is drawn from here to 1
HARDER = dict(share=0.9, least=0.4)  # the last part: where a frame alone tells its shapes, nobody learns to ask the supports
CONTRAST = 0.3  # weight of the embedding's loss, which begins many times as large as the others
READER = 3.0  # rate of the predictor and the heads, in the detector's: they begin from nothing
LEAST_PIXELS = 12  # what shows less of itself is not asked for


@dataclass(frozen=True)
class Batch:
    """current_BHWC, support_BKHWC: uint8 RGB. targets: what the current frames show. shown_BHW: which shape each of their
    pixels shows. present_BC: 1 for every shape that one of the supports shows."""

    current_BHWC: Tensor
    support_BKHWC: Tensor
    targets: list[Target]
    shown_BHW: Tensor
    present_BC: Tensor


def truth_of(sample: Sample, t: int, clip: int, device: torch.device) -> Target:
    """Boxes around what is seen of each thing in frame t, its shape, its pixels, and a number for it.  clip: of the sample."""
    instance_HW = sample.instance_THW[t]
    shown = [thing for thing in sample.scene.objects if (instance_HW == thing.id).sum() >= LEAST_PIXELS]
    masks = [instance_HW == thing.id for thing in shown]
    return Target(
        torch.tensor(sample.box_TO4[t, [thing.id - 1 for thing in shown]], dtype=torch.float32, device=device),
        torch.tensor([SHAPES.index(thing.shape) for thing in shown], dtype=torch.long, device=device),
        torch.tensor(np.array(masks, np.uint8).reshape(-1, *instance_HW.shape), device=device),
        torch.tensor([8 * clip + thing.id for thing in shown], dtype=torch.long, device=device),
    )


def batch(
    samples: list[Sample], size: int, rng: np.random.Generator, device: torch.device,
    share: float = SPOILT, least: float = LEAST,
) -> Batch:  # fmt: skip
    """Two current frames of each of size / 2 clips, with their supports. share, least: of the current frames' degradations."""
    current, support, targets, seen, present = [], [], [], [], []
    for clip in rng.choice(len(samples), size // 2, replace=False):
        sample = samples[clip]
        frames_THWC = np.ascontiguousarray(sample.frames_THWC[..., rng.permutation(3)])
        for t in rng.choice(FRAMES, 2, replace=False):
            current.append(spoilt(frames_THWC[t : t + 1], rng, share, least, around(sample, int(t), rng))[0])
            before, after = range(0, t), range(t + 1, FRAMES)
            beside = [int(rng.choice(side)) for side in (before, after) if len(side)]
            chosen = beside if len(beside) == TAUGHT else beside * TAUGHT  # a side that is empty repeats the other
            support.append(spoilt(frames_THWC[chosen], rng, SPOILT_SUPPORTS, LEAST))
            targets.append(truth_of(sample, int(t), int(clip), device))
            seen.append(shown(sample, int(t)))
            labels = torch.cat([truth_of(sample, near, 0, device).label_N for near in chosen])
            present.append(F.one_hot(labels, len(SHAPES)).amax(0) if len(labels) else labels.new_zeros(len(SHAPES)))
    current_BHWC, support_BKHWC, shown_BHW = (torch.from_numpy(np.stack(one)).to(device) for one in (current, support, seen))
    return Batch(current_BHWC, support_BKHWC, targets, shown_BHW.long(), torch.stack(present).float())


def spoilt(frames_THWC: np.ndarray, rng: np.random.Generator, share: float, least: float, box=None) -> np.ndarray:
    """The frames as they are, or, in a `share` of the cases, one degradation of a random severity on all of them."""
    if rng.random() >= share:
        return frames_THWC
    kind, severity = DEGRADATIONS[rng.integers(len(DEGRADATIONS))], rng.uniform(least, 1)
    return degrade(frames_THWC, kind, severity, seed=int(rng.integers(1 << 31)), box=box)


def around(sample: Sample, t: int, rng: np.random.Generator):
    """What an occluder is to cover: half of the time the box of a thing in the frame, x0, y0, x1, y1, otherwise anything."""
    seen_N4 = sample.box_TO4[t][~np.isnan(sample.box_TO4[t]).any(-1)]
    return seen_N4[rng.integers(len(seen_N4))] if len(seen_N4) and rng.random() < 0.5 else None


@torch.no_grad()
def support_features(model: Stpn, frames_BHWC: Tensor) -> dict[Place, Tensor]:
    """What frames can say as supports, each by itself: {place: [B, P, D]}; nothing of a network without prompts."""
    return model.prompting.support(model.detector.tower, model.pixels(frames_BHWC)) if model.prompting.places else {}


def maps_of(model: Stpn, current_BHWC: Tensor, support_BKPD: dict[Place, Tensor], prompts: int | None = None) -> list[Tensor]:
    """Maps of the current frames, prompted by the features of their supports; without any, as the frames are. prompts: only
    the first so many of them enter."""
    if not support_BKPD:
        return model.detector.features(model.pixels(current_BHWC))
    made = model.prompting(support_BKPD).prompts
    some = made[:, :prompts] if isinstance(made, Tensor) else {at: each[:, :prompts] for at, each in made.items()}
    return model.detector.features(model.pixels(current_BHWC), some)


def train(
    samples: list[Sample], variant: str, out: Path, asked: argparse.Namespace, *,
    steps: int, rate: float, seed: int = 0, start: Path | None = None, tower: Stpn | None = None,
) -> None:  # fmt: skip
    """Train one variant from a detector's file, or from the tower of a model, and write it. asked: the command's arguments."""
    began = time.time()
    torch.manual_seed(seed)
    device = pick_device(asked.device)
    model = build(variant)
    digest = ""
    if start is not None:
        taught = load(start)
        model.detector.load_state_dict(taught.model.detector.state_dict())
        digest = taught.digest
    if tower is not None:
        model.detector.tower.load_state_dict(tower.detector.tower.state_dict())
    model.to(device).train()
    heads = Heads(model).to(device)
    groups = [
        {"params": list(model.detector.parameters()), "share": 1.0},
        {"params": [*model.prompting.parameters(), *heads.parameters()], "share": READER},
    ]
    optimizer = torch.optim.AdamW(groups, lr=rate, weight_decay=0.05)
    settings = dict(variant=variant, seed=seed, steps=steps, rate=rate, batch=asked.batch, clips=len(samples), start=digest)
    checkpoint = Checkpoint(out, settings, dict(model=model, heads=heads, optimizer=optimizer))
    first = checkpoint.resume()
    bar = tqdm(range(first, steps), initial=first, total=steps, desc=f"{out.stem} {seed}", unit="step")
    for step in bar:
        rng = np.random.default_rng([seed, step])
        torch.manual_seed(1_000_003 * seed + step)  # torchvision samples anchors and proposals; a resumed run draws the same
        for group in optimizer.param_groups:
            group["lr"] = group["share"] * cosine(step, steps, rate, warmup=50)
        one = batch(samples, asked.batch, rng, device, **(HARDER if start else {}))
        features = support_features(model, one.support_BKHWC.flatten(0, 1))
        support = {at: each.unflatten(0, one.support_BKHWC.shape[:2]) for at, each in features.items()}
        looked = model.prompting(support) if support else None
        maps = model.detector.features(model.pixels(one.current_BHWC), looked and looked.prompts)
        losses = model.detector.heads(maps, SIZE, one.targets)
        losses |= heads.losses(maps, one.shown_BHW, looked, one.present_BC)
        loss = sum((CONTRAST if name == "loss_embedding" else 1.0) * one for name, one in losses.items())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for group in optimizer.param_groups:
            nn.utils.clip_grad_norm_(group["params"], 5.0)
        optimizer.step()
        if step % 10 == 0:
            told = {name.removeprefix("loss_"): f"{value.item():.2f}" for name, value in losses.items()}
            bar.set_postfix(all=f"{loss.item():.2f}", **told)
        if step % 200 == 199:
            checkpoint.save(step + 1)
    minutes = round((time.time() - began) / 60, 1)
    made = dict(command=command(asked, variant, seed), device=str(device), minutes=minutes, **settings)
    about = dict(kind="stpn", variant=variant, prompts=model.prompting.prompts, shape=model.detector.shape.to_json(), made=made)
    save(out, {"stpn": model}, about, score(model.eval(), device))
    checkpoint.clear()


@torch.no_grad()
def score(model: Stpn, device: torch.device, clips: int = 80) -> dict[str, float]:
    """AP50 of one clean and one blurred frame of each clip of the validation split, supports before and after it."""
    samples, found = pool(0, clips, "val", FRAMES, SIZE), {}
    for name, severity in (("clean", 0.0), ("motion_blur", 0.75)):
        truths, guesses = [], []
        for n, sample in enumerate(samples):
            t = n % FRAMES
            current_THWC = degrade(sample.frames_THWC[[t]], "motion_blur", severity, seed=n)
            beside_THWC = sample.frames_THWC[[max(t - 1, 0), min(t + 1, FRAMES - 1)]]
            features = support_features(model, torch.from_numpy(beside_THWC).to(device))
            support = {at: each[None] for at, each in features.items()}
            guesses += model.detector.heads(maps_of(model, torch.from_numpy(current_THWC).to(device), support), SIZE)
            truths.append(truth_of(sample, t, n, torch.device("cpu")))
        asked = [Things(one.box_N4.numpy(), one.label_N.numpy()) for one in truths]
        found[f"val_{name}_ap50"] = average_precision(asked, [things(one) for one in guesses])["ap50"]
    return found | {"clips": clips}


def things(found: Found) -> Things:
    """Detections as the metrics take them."""
    return Things(found.box_N4.numpy(), found.label_N.numpy(), found.score_N.numpy())


def command(asked, variant: str, seed: int) -> str:
    """What trains this variant again, from the shared start on."""
    numbers = " ".join(f"--{name} {getattr(asked, name)}" for name in ("teach", "start", "steps", "batch", "rate", "clips"))
    return f"python -m core.training stpn --only {variant} --seeds {seed + 1} {numbers}"


@sentences()
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m core.training stpn", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=folder_to_write, default=WEIGHTS)
    parser.add_argument("--only", choices=VARIANTS, nargs="*", action="extend")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--teach", type=int, default=900, help="steps of teaching the tower shapes")
    parser.add_argument("--teach-rate", type=float, default=1.5e-3)
    parser.add_argument("--start", type=int, default=800, help="further steps of the detector that all start from")
    parser.add_argument("--steps", type=int, default=2500, help="further steps of each variant")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--clips", type=int, default=4000, help="training clips")
    parser.add_argument("--rate", type=float, default=7e-4)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(argv)
    device = pick_device(args.device)
    jobs = [(variant, seed) for seed in range(args.seeds) for variant in args.only or VARIANTS]
    jobs = [job for job in jobs if not file_of(args.out, *job).is_file()]
    if not jobs:
        print("Everything asked for is there already.")
        return
    samples = pool(9_000_000, args.clips, "train", FRAMES, SIZE)
    start = args.out / "compared" / "stpn_start.safetensors"
    if not start.is_file():
        torch.manual_seed(0)
        tower = build(BASELINE)
        taught = teach(tower, samples, start.with_name("stpn_tower"), args.teach, args.teach_rate, device)
        train(samples, BASELINE, start, args, steps=args.start, rate=args.rate, tower=tower)
        taught.clear()
    for variant, seed in jobs:
        out = file_of(args.out, variant, seed)
        train(samples, variant, out, args, steps=args.steps, rate=args.rate, seed=seed, start=start)
        print(f"{out.name}: {json.loads(out.with_suffix('.json').read_text())['scores']}", flush=True)
