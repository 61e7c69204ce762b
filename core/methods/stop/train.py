"""Train STOP's prompters on the world, the towers frozen:  python -m core.training stop
On your own videos:  python -m core.training stop --data DIR  (`train_own`; --data DIR --help tells its options)

Each video is held against texts: all captions of the training grammar, those of its own colour and shape, and the fifteen
actions of "an object". Our reading of a contrastive loss, where all texts are known. Three batches in ten draw α, N_s, β and
η at random, so that the model has seen what a reader's sliders can ask of it.

A prompter must know what happens before it can learn which prompts make a frozen tower say so, and the gradient through the
tower is too wild to teach it that. So each prompter is two parts: what it reads is taught by a linear head that names the
action (deep supervision, Lee et al., 2015) and is thrown away after training; what it writes is taught through the tower.

Actions come first: a colour is learned sooner than an action, and would drown its gradient. Then, in `--captions` steps more
from the file that the first ones leave in the folder `actions`, telling all captions apart weighs as much as telling actions.

The same command trains what STOP is compared with, on the same clips for the same number of steps: one learned set of
prompts for all videos (static), spatial prompts only, temporal prompts only.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from core.cli import folder_to_write, sentences
from core.data.rendered import pool
from core.device import pick_device
from core.errors import BadWeights
from core.methods.stop import METHOD
from core.methods.stop.clips import FRAMES, Batch, Data, generic, grammar, half_stored
from core.methods.stop.equations import Prompted, Settings, encode, prompt_layer, with_prefix
from core.methods.stop.networks import Prompters
from core.methods.stop.weights import OURS, read_prompters
from core.networks.checkpoints import border
from core.networks.fitting import check_fit, part_of
from core.networks.vision import VisionTower
from core.networks.weights import WEIGHTS, ClipTowers, load_clip, save, sha256
from core.training.loop import Checkpoint, cosine
from core.world import ACTIONS, MIXES

HIDDEN = 64
STATIC = 16  # learned prompts of the static variant: about as many as STOP inserts in a clip
CAPTION, EQUAL = 0.25, 1.0  # weight of telling all captions apart: first, and in the steps that are for captions
SLOWER = 0.5  # the rate of those steps, of the first ones'
USUAL_CHANGE = 0.5  # W^t of a gap in which something moves, on average over training clips: this fixes its scale
SHARPNESS = 20.0  # 1/τ of the loss: about the towers' own
SAVED = 200  # steps between two checkpoints
OPTIONS = ("steps", "captions", "batch", "rate", "clips", "mix")  # of the command, that tell how a file was made
VARIANTS = ("static", "spatial", "temporal", "full")


class Model(nn.Module):
    """The frozen towers and the trained prompts of one variant: frames' tokens in, video features out."""

    def __init__(self, clip: ClipTowers, variant: str, layers: int):
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"The variants are {', '.join(VARIANTS)}, got {variant!r}.")
        self.vision = clip.vision
        self.variant, self.layers = variant, layers
        width = clip.vision.width
        if variant == "static":
            self.prompters = nn.Parameter(torch.randn(STATIC, width) * 0.5)
        else:
            self.prompters = Prompters(layers, width, HIDDEN)

    def settings(self, **knobs) -> Settings:
        """The default knobs, but for `knobs`; the variant decides which prompts there are."""
        usual = {one.name: one.default for one in METHOD.knobs.knobs()} | knobs
        return Settings(
            usual["alpha"], usual["kept"], usual["beta"], usual["eta"],
            self.variant in ("spatial", "full"), self.variant in ("temporal", "full"),
        )  # fmt: skip

    def forward(self, batch: Batch, settings: Settings | None = None) -> tuple[Tensor, list]:
        """Video features [B, E], unit length, and what was made at each prompted layer."""
        vision: VisionTower = self.vision
        tokens_BTSD, R = batch.tokens_BTSD, vision.prefix
        B, prefix_BRD, h_BTPD = len(tokens_BTSD), tokens_BTSD[:, 0, :R], tokens_BTSD[:, :, R:]
        if self.variant == "static":
            learned_BSD = self.prompters.expand(B, -1, -1)
            return vision.encode(torch.cat([prefix_BRD, h_BTPD.flatten(1, 2), learned_BSD], 1)), []
        settings = settings or self.settings()

        def prompts(i: int, prefix_BRD: Tensor, h_BTPD: Tensor) -> Prompted:
            A_BTP = vision.attention(i, with_prefix(prefix_BRD, h_BTPD)).unflatten(0, (B, -1)) if i else batch.attention_BTP
            return prompt_layer(h_BTPD, A_BTP, self.prompters[i], vision.grid, settings)

        return encode(vision, prefix_BRD, h_BTPD, self.layers, prompts)


def train(
    clip, data: Data, variant: str, layers: int, seed: int, out: Path, asked: argparse.Namespace, actions: Path | None = None
) -> None:
    """Train one variant and write it, with what it scored on validation clips. asked: the command's arguments. actions: the
    file of a model that knows actions, which goes on to captions; None: actions, from nothing."""
    began = time.time()
    torch.manual_seed(seed)
    towers: ClipTowers = clip.network
    device = data.device
    model = (load(actions, clip) if actions else Model(towers, variant, layers)).to(device)
    held_by(model).requires_grad_(True)
    steps, rate, weight = (asked.captions, SLOWER * asked.rate, EQUAL) if actions else (asked.steps, asked.rate, CAPTION)
    heads = heads_of(model).to(device)
    optimizer = optimizer_of(model, heads, rate)
    options = {name: value for name, value in vars(asked).items() if name in OPTIONS}
    settings = dict(variant=variant, layers=layers, seed=seed, **options, towers=clip.digest)
    if actions:
        settings["actions"] = sha256(actions)
    held = held_by(model)
    checkpoint = Checkpoint(out, settings, dict(prompters=held, heads=heads, optimizer=optimizer))
    first, before = checkpoint.resume(), asked.steps if actions else 0
    with torch.no_grad():
        caption_YE, action_YE = towers.text(grammar("train")), towers.text(generic())
    right, bar = 0.0, tqdm(range(first, steps), initial=first, total=steps, desc=f"{variant} {seed}", unit="step")
    for step in bar:
        rng = np.random.default_rng([seed, before + step])
        set_rate(optimizer, cosine(step, steps, rate, warmup=30))
        one = data.batch(rng.choice(len(data), asked.batch, replace=False))
        video_BE, made = model(one, drawn(model, rng))
        loss, said_BY = answer(video_BE, one, caption_YE, action_YE, weight)
        for head, layer in zip(heads, made, strict=True):
            loss = loss + F.cross_entropy(head(mean_read(layer, model)), one.action_B)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        clipped_step(optimizer)
        for prompter, layer in zip(model.prompters if made else (), made, strict=True):
            keep_scale(prompter, layer, one, before + step)
        right = 0.95 * right + 0.05 * (said_BY.argmax(1) == one.action_B).float().mean().item()
        if step % 10 == 0:
            bar.set_postfix(loss=f"{loss.item():.2f}", action=f"{right:.2f}")
        if (step + 1) % SAVED == 0:
            checkpoint.save(step + 1)
    numbers = " ".join(f"--{name} {value}" for name, value in options.items())
    command = f"python -m core.training stop --only {variant if layers == 1 else 'all'} --seeds {seed + 1} {numbers}"
    made = dict(command=command, device=str(device), minutes=round((time.time() - began) / 60, 1), **settings)
    about = dict(kind="stop", variant=variant, layers=layers, hidden=HIDDEN, towers=clip.digest, **vars(OURS), made=made)
    save(out, {"prompters": held}, about, score(model.eval(), towers))
    checkpoint.clear()
    print(f"{out.name}: {json.loads(out.with_suffix('.json').read_text())['scores']}", flush=True)


def held_by(model: Model) -> nn.Module:
    """What is trained and written of a model."""
    return model.prompters if model.variant != "static" else nn.ParameterList([model.prompters])


def optimizer_of(model: Model, heads: nn.ModuleList, rate: float) -> torch.optim.AdamW:
    """The filters' gradients pass through two hard choices and are wild: they get a clip and a slower rate of their own;
    what is written is far from what a frozen tower reads, and goes there faster."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    filters = [p for name, p in named if "_filter." in name]
    writers = [p for name, p in named if ".value." in name or ".mlp.2." in name or name == "prompters"]
    readers = [p for name, p in named if not any(p is one for one in (*filters, *writers))] + list(heads.parameters())
    groups = [{"params": readers, "share": 1.0}, {"params": writers, "share": 3.0}, {"params": filters, "share": 0.1}]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=rate, weight_decay=0.01, betas=(0.9, 0.98))


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Each group's share of the rate."""
    for group in optimizer.param_groups:
        group["lr"] = group["share"] * rate


def clipped_step(optimizer: torch.optim.Optimizer) -> None:
    """A step, each group's gradient no longer than 1."""
    for group in optimizer.param_groups:
        nn.utils.clip_grad_norm_(group["params"], 1.0)
    optimizer.step()


def answer(
    video_BE: Tensor, one: Batch, caption_YE: Tensor, action_YE: Tensor, weight: float = CAPTION
) -> tuple[Tensor, Tensor]:
    """The loss of what the tower says of a batch, and its word on the action, as logits [B, 15]. weight: of all captions."""
    to_caption = without(SHARPNESS * video_BE @ caption_YE.T, one.also_caption_B)
    to_action = without(SHARPNESS * video_BE @ action_YE.T, one.also_action_B)
    # of the captions of its own noun: every block of fifteen is one colour and shape
    noun_B = one.caption_B // len(ACTIONS)
    to_own = to_caption.unflatten(1, (-1, len(ACTIONS)))[torch.arange(len(video_BE), device=noun_B.device), noun_B]
    loss = F.cross_entropy(to_action, one.action_B) + F.cross_entropy(to_own, one.action_B)
    return loss + weight * F.cross_entropy(to_caption, one.caption_B), to_action


def without(logits_BY: Tensor, also_B: Tensor | None) -> Tensor:
    """What is true as well (not −1) is no wrong answer."""
    if also_B is None or not (has_B := also_B >= 0).any():
        return logits_BY
    there_BY = F.one_hot(also_B.clamp(min=0), logits_BY.shape[1]).bool() & has_B[:, None]
    return logits_BY.masked_fill(there_BY, -torch.inf)


def heads_of(model: Model, outputs: int = len(ACTIONS)) -> nn.ModuleList:
    """A linear head for each prompted layer: from what its prompters read of a clip to the action. None for static prompts."""
    usual = model.settings()
    width = usual.spatial * HIDDEN + usual.temporal * 2 * model.vision.width
    layers = 0 if model.variant == "static" else model.layers
    return nn.ModuleList(nn.Linear(width, outputs) for _ in range(layers))


def mean_read(made: Prompted, model: Model) -> Tensor:
    """What the prompters in use read of a clip: the mean over kept patches, and over gaps. [B, hidden + 2 D]"""
    usual, parts = model.settings(), []
    if usual.spatial:
        kept_BTP1 = made.region_BTP.unsqueeze(-1)
        parts.append((made.read_BTPH * kept_BTP1).sum((1, 2)) / kept_BTP1.sum((1, 2)))
    if usual.temporal:
        parts.append(made.read_BGQE.mean((1, 2)))
    return torch.cat(parts, 1)


def drawn(model: Model, rng: np.random.Generator) -> Settings:
    """The default knobs in seven batches of ten, any in the others."""
    if rng.random() < 0.7:
        return model.settings()
    return model.settings(alpha=rng.uniform(), kept=int(rng.integers(2, 17)), beta=rng.uniform(0, 4), eta=rng.uniform(1, 12))


@torch.no_grad()
def keep_scale(prompter, made, batch: Batch, step: int) -> None:
    """W^t's constant follows the training clips in which something moves, so that their mean stays USUAL_CHANGE."""
    moving = batch.action_B != ACTIONS.index("stays still")
    now = (made.change_BG[moving].mean() / USUAL_CHANGE).clamp(0.1, 10) if moving.any() else made.change_BG.new_ones(())
    prompter.change_scale.mul_(now if step == 0 else 1 + 0.05 * (now - 1))


@torch.no_grad()
def score(model: Model, towers: ClipTowers, clips: int = 240) -> dict[str, float]:
    """On the validation split, whose colour–shape pairs were never trained on."""
    captions = grammar("val")
    data = Data(pool(0, clips, "val", FRAMES, tuple(towers.vision.size)), captions, towers.vision)
    caption_YE, action_YE = towers.text(captions), towers.text(generic())
    action, right = [], []
    for start in range(0, clips, 16):
        one = data.batch(range(start, min(start + 16, clips)))
        video_BE = model(one)[0]
        action.append((video_BE @ action_YE.T).argmax(1) == one.action_B)
        right.append((video_BE @ caption_YE.T).argmax(1) == one.caption_B)
    share = {name: torch.cat(hits).float().mean().item() for name, hits in (("action", action), ("caption", right))}
    return {f"val_{name}": value for name, value in share.items()} | {"clips": clips}


def load(path: Path, clip) -> Model:
    """A trained variant from its file."""
    tensors, about, _ = read_prompters(path)
    variant, layers = about.get("variant"), about["layers"]
    if variant not in VARIANTS or layers not in (1, clip.network.vision.depth):
        raise BadWeights(f"{path.name} holds {variant} prompts for {layers} layers, and these towers have none ({clip.label}).")
    own = part_of(tensors, "prompters")
    with border(path.name):
        check_fit(lambda: held_by(Model(clip.network, variant, layers)), own, path.name)
        model = Model(clip.network, variant, layers)
        held_by(model).load_state_dict(own)
    return model.eval().requires_grad_(False)


def file_of(out: Path, variant: str, layers: int, seed: int) -> Path:
    """Where a variant is written: what the engine loads at the top, what it is compared with in a folder."""
    if variant == "full" and seed == 0:
        return out / f"stop_{'first' if layers == 1 else 'all'}.safetensors"
    return out / "compared" / f"stop_{variant if layers == 1 else variant + '_all'}_{seed}.safetensors"


@sentences()
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m core.training stop", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=folder_to_write, default=WEIGHTS)
    parser.add_argument("--clip", default=None, help="the frozen towers; default: the shipped ones")
    told = "“all” is full STOP at every layer; default: everything"
    parser.add_argument("--only", choices=(*VARIANTS, "all"), nargs="*", action="extend", help=told)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1500, help="in which actions come first")
    parser.add_argument("--captions", type=int, default=1000, help="steps after these, in which captions weigh as much")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--clips", type=int, default=6000, help="training clips")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--mix", choices=MIXES, default="standard", help="standard: half of the clips have nuisances")
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(argv)
    clip = load_clip(args.clip)
    device = pick_device(args.device)
    clip.network.to(device)
    vision = clip.network.vision
    jobs = [(variant, 1, seed) for seed in range(args.seeds) for variant in VARIANTS[::-1]]
    jobs.insert(len(VARIANTS), ("full", vision.depth, 0))
    if args.only:
        jobs = [job for job in jobs if ("all" if job[1] > 1 else job[0]) in args.only]
    jobs = [(*job, file_of(args.out, *job)) for job in jobs]
    jobs = [job for job in jobs if not made_from(job[-1], clip.digest)]
    if not jobs:
        print("Everything asked for is there already.")
        return
    clips = half_stored(pool(5_000_000, args.clips, "train", FRAMES, tuple(vision.size), mix=MIXES[args.mix]))
    data = Data(clips, grammar("train"), vision)
    for *job, out in jobs:
        actions = file_of(args.out / "actions", *job) if args.captions else out
        if not made_from(actions, clip.digest):
            train(clip, data, *job, actions, args)
        if args.captions:
            train(clip, data, *job, out, args, actions)


def made_from(path: Path, towers: str) -> bool:
    """Whether the file is there and was trained on these towers: then an interrupted command goes on behind it."""
    return path.is_file() and read_prompters(path)[1]["towers"] == towers
