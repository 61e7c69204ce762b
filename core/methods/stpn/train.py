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
    --mix stretches                      clips of 24 frames of which some in a row are spoilt (`core.methods.stpn.stretches`)
    --from assets/weights                go on from weights that are trained: each variant from its own, where it has some
    --prompts 10                         as many prompts in the place of 5
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from core.cli import folder_to_write, sentences
from core.data.rendered import Sample, pool
from core.data.stock import stock
from core.device import pick_device
from core.methods.stpn import stretches
from core.methods.stpn.batches import FRAMES, batch, truth_of
from core.methods.stpn.networks import SIZE, Looked, Stpn
from core.methods.stpn.shapes import Heads, teach
from core.methods.stpn.weights import BASELINE, COMPARED, PROMPTS, VARIANTS, build, file_of, load
from core.metrics import Things, average_precision
from core.networks.detector import Found
from core.networks.swin import Place
from core.networks.weights import WEIGHTS, save
from core.training.loop import Checkpoint, cosine
from core.world import degrade

HARDER = dict(share=0.9, least=0.4)  # the last part: where a frame alone tells its shapes, nobody learns to ask the supports
CONTRAST = 0.3  # weight of the embedding's loss, which begins many times as large as the others
READER = 3.0  # rate of the predictor and the heads, in the detector's: they begin from nothing
SETTLE = 100  # steps in which heads learn to read what is trained already, before their gradients reach it
MIXES = ("frames", "stretches")
CLIPS = {"frames": 4000, "stretches": 1000}  # training clips; those of stretches have three times as many frames


@torch.no_grad()
def support_features(model: Stpn, frames_BHWC: Tensor) -> dict[Place, Tensor]:
    """What frames can say as supports, each by itself: {place: [B, P, D]}; nothing of a network without prompts."""
    return model.prompting.support(model.detector.tower, model.pixels(frames_BHWC)) if model.prompting.places else {}


def prompted(model: Stpn, current_BHWC: Tensor, support_BKPD: dict[Place, Tensor]) -> Looked | None:
    """The prompts of current frames, from the features of their supports and, where they ask for it, of the frames themselves;
    None without any."""
    if not support_BKPD:
        return None
    own = support_features(model, current_BHWC) if model.prompting.dual else None
    return model.prompting(support_BKPD, own_BPD=own)


def detached(looked: Looked) -> Looked:
    """The same prompts, without a gradient."""
    made = looked.prompts
    return Looked(
        made.detach() if isinstance(made, Tensor) else {at: one.detach() for at, one in made.items()}, looked.attention
    )


def maps_of(model: Stpn, current_BHWC: Tensor, support_BKPD: dict[Place, Tensor], prompts: int | None = None) -> list[Tensor]:
    """Maps of the current frames, prompted by the features of their supports; without any, as the frames are. prompts: only
    the first so many of them enter."""
    if not (looked := prompted(model, current_BHWC, support_BKPD)):
        return model.detector.features(model.pixels(current_BHWC))
    made = looked.prompts
    some = made[:, :prompts] if isinstance(made, Tensor) else {at: each[:, :prompts] for at, each in made.items()}
    return model.detector.features(model.pixels(current_BHWC), some)


def train(
    samples: list[Sample], variant: str, out: Path, asked: argparse.Namespace, *,
    steps: int, rate: float, seed: int = 0, start: Path | None = None, tower: Stpn | None = None, mix: str = "frames",
    prompts: int = PROMPTS,
) -> None:  # fmt: skip
    """Train one variant from a file, or from the tower of a model, and write it. start: a detector, whose prompts go on, too,
    where it has as many of the same kind. asked: the command's arguments."""
    began = time.time()
    torch.manual_seed(seed)
    device = pick_device(asked.device)
    model = build(variant, prompts)
    digest = ""
    if start is not None:
        taught = load(start)
        model.detector.load_state_dict(taught.model.detector.state_dict())
        if taught.variant == variant and taught.model.prompting.prompts == prompts:
            model.prompting.load_state_dict(taught.model.prompting.state_dict())
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
    if mix != "frames" or prompts != PROMPTS:
        settings |= dict(mix=mix, prompts=prompts)
    checkpoint = Checkpoint(out, settings, dict(model=model, heads=heads, optimizer=optimizer))
    first = checkpoint.resume()
    bar = tqdm(range(first, steps), initial=first, total=steps, desc=f"{out.stem} {seed}", unit="step")
    for step in bar:
        rng = np.random.default_rng([seed, step])
        torch.manual_seed(1_000_003 * seed + step)  # torchvision samples anchors and proposals; a resumed run draws the same
        for group in optimizer.param_groups:
            group["lr"] = group["share"] * cosine(step, steps, rate, warmup=50)
        if mix == "stretches":
            one = stretches.batch(samples, asked.batch, rng, device)
        else:
            one = batch(samples, asked.batch, rng, device, **(HARDER if start else {}))
        features = support_features(model, one.support_BKHWC.flatten(0, 1))
        sets = {at: each.unflatten(0, one.support_BKHWC.shape[:2]) for at, each in features.items()}
        support = {at: each.repeat_interleave(one.each, 0) for at, each in sets.items()}
        looked = prompted(model, one.current_BHWC, support)
        maps = model.detector.features(model.pixels(one.current_BHWC), looked and looked.prompts)
        losses = model.detector.heads(maps, SIZE, one.targets)
        read, said = maps, looked
        if mix == "stretches" and step < SETTLE:
            read, said = [each.detach() for each in maps], looked and detached(looked)
        losses |= heads.losses(read, one.shown_BHW, said, one.present_BC, one.colour_BC3)
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
    told = ("teach", "start", "steps", "batch", "rate", "clips", "mix", "prompts", "begin")
    numbers = " ".join(f"--{'from' if name == 'begin' else name} {value}" for name in told if (value := vars(asked).get(name)))
    return f"python -m core.training stpn --only {variant} --seeds {seed + 1} {numbers}"


def start_of(begin: Path | None, variant: str, out: Path) -> Path:
    """What a variant goes on from: the detector that all share, the file that is named, or its own in the folder that is."""
    if begin is None:
        return out / "compared" / "stpn_start.safetensors"
    if begin.is_dir():
        return own if (own := file_of(begin, variant)).is_file() else file_of(begin, BASELINE)
    return begin


@sentences()
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m core.training stpn", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=folder_to_write, default=WEIGHTS)
    parser.add_argument("--only", choices=(*VARIANTS, *COMPARED), nargs="*", action="extend")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--mix", choices=MIXES, default="frames", help="what is spoilt: frames by themselves, or some in a row")
    parser.add_argument("--prompts", type=int, default=PROMPTS, help="N that are trained")
    parser.add_argument("--from", type=Path, dest="begin", metavar="FILE or FOLDER", help="go on from trained weights")
    parser.add_argument("--keep", type=folder_to_write, default=Path("runs/stock"), help="where clips of 24 frames are kept")
    parser.add_argument("--teach", type=int, default=900, help="steps of teaching the tower shapes")
    parser.add_argument("--teach-rate", type=float, default=1.5e-3)
    parser.add_argument("--start", type=int, default=800, help="further steps of the detector that all start from")
    parser.add_argument("--steps", type=int, default=2500, help="further steps of each variant")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--clips", type=int, help=f"training clips; {' or '.join(map(str, CLIPS.values()))}, as the mix is")
    parser.add_argument("--rate", type=float, default=7e-4)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(argv)
    args.clips = args.clips or CLIPS[args.mix]
    if args.begin and not args.begin.exists():
        parser.error(f"--from {args.begin}: there is no such file or folder.")
    device = pick_device(args.device)
    jobs = [(variant, seed, args.prompts) for seed in range(args.seeds) for variant in args.only or VARIANTS]
    jobs = [job for job in jobs if not file_of(args.out, *job).is_file()]
    if not jobs:
        print("Everything asked for is there already.")
        return
    if args.mix == "stretches":
        samples = stock(args.keep, 9_000_000, args.clips, "train", stretches.FRAMES, SIZE)
    else:
        samples = pool(9_000_000, args.clips, "train", FRAMES, SIZE)
    start = start_of(None, BASELINE, args.out)
    if not args.begin and not start.is_file():
        torch.manual_seed(0)
        tower = build(BASELINE)
        taught = teach(tower, samples, start.with_name("stpn_tower"), args.teach, args.teach_rate, device)
        train(samples, BASELINE, start, args, steps=args.start, rate=args.rate, tower=tower)
        taught.clear()
    for variant, seed, prompts in jobs:
        out, begin = file_of(args.out, variant, seed, prompts), start_of(args.begin, variant, args.out)
        how = dict(steps=args.steps, rate=args.rate, seed=seed, start=begin, mix=args.mix, prompts=prompts)
        train(samples, variant, out, args, **how)
        print(f"{out.name}: {json.loads(out.with_suffix('.json').read_text())['scores']}", flush=True)
