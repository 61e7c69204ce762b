"""Train STOP's prompters on your own videos, the towers frozen:  python -m core.training stop --data DIR --clip SPEC

DIR is a folder per class, tables of a path and a label or captions, or UCF101 or HMDB51 as they come (`core.data.dataset`).
What is asked of a video is in `tasks`. As on the world, a head that is thrown away afterwards teaches what the
prompters read, and three batches in ten draw the knobs at random. torchrun starts one process a GPU. The same command, run
again, goes on where it stopped. Recipes: TRAINING.md.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from core.cli import file_to_write, sentences
from core.data.dataset import Videos, checked_template
from core.data.frames import FrameBatch, Order, loader
from core.data.notes import several, shown
from core.data.texts import legible
from core.errors import BadData
from core.methods.stop.answers import PLAIN, Reading, features, headline, placed, plain, scores, taken_in
from core.methods.stop.asking import about, above_nothing, at_least, data_arguments, data_of, unreadable
from core.methods.stop.equations import Settings
from core.methods.stop.tasks import Actions, Retrieval, task_of
from core.methods.stop.train import (
    HIDDEN,
    USUAL_CHANGE,
    VARIANTS,
    Model,
    clipped_step,
    drawn,
    heads_of,
    held_by,
    mean_read,
    optimizer_of,
    set_rate,
)  # fmt: skip
from core.networks.weights import Loaded, load_clip, save
from core.training.loop import Checkpoint, cosine
from core.training.team import Team, team

NAMED = 20  # unreadable files that are named in the JSON beside the weights


@dataclass(frozen=True)
class Recipe:
    """How to train. A step is `accumulate` passes of `batch` clips in each process; minutes: between two checkpoints;
    validate: epochs between two validations, 0: at both ends only."""

    variant: str = "full"
    depth: str = "first"
    epochs: float = 10
    batch: int = 8
    accumulate: int = 1
    rate: float = 1e-3
    seed: int = 0
    template: str = "a video of {}"
    minutes: float = 10
    validate: float = 1

    def order(self, clips: int, team: Team) -> Order:
        """The clips of every step, from the first."""
        steps = max(1, round(self.epochs * clips / (self.batch * self.accumulate * team.size)))
        return Order(self.seed, clips, self.batch, self.accumulate, team.rank, team.size, steps=steps)


class Taught(nn.Module):
    """A Model and its heads as one network, so that processes share all their gradients."""

    def __init__(self, model: Model, outputs: int):
        super().__init__()
        self.model, self.heads = model, heads_of(model, outputs)

    def forward(self, frames_BTHWC: Tensor, settings: Settings) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Video features [B, E]; then, of each prompted layer, its head's answer [B, outputs] and a clip's mean W^t [B]."""
        video_BE, made = self.model(taken_in(self.model.vision, frames_BTHWC), settings)
        answers = [head(mean_read(layer, self.model)) for head, layer in zip(self.heads, made, strict=True)]
        return video_BE, answers, [layer.change_BG.detach().mean(1) for layer in made]


@dataclass(frozen=True)
class Step:
    """What a step found, over all passes and processes: the towers' loss; all heads' together; for each prompted layer, W^t
    summed over clips, and how many."""

    loss: float
    heads: float
    change_L2: Tensor


def one_step(
    network: nn.Module, optimizer: torch.optim.Optimizer, passes: list[tuple[FrameBatch, range]], task: Actions | Retrieval,
    knobs: Settings, team: Team,
) -> Step:  # fmt: skip
    """All passes of one step, and the step. passes: each batch with its positions in the stream of clips."""
    optimizer.zero_grad(set_to_none=True)
    lost_2, changes = torch.zeros(2, device=team.device), []
    for number, (batch, positions) in enumerate(passes, 1):
        frames, index_B, there_B = (one.to(team.device, non_blocking=True) for one in batch[:3])
        waits = number < len(passes) and team.size > 1  # gradients are exchanged once a step
        with network.no_sync() if waits else nullcontext():
            video_BE, heads, change_LB = network(frames, knobs)
            towers, *others = task.losses(video_BE, heads, index_B, there_B, positions)
            (sum(others, towers) / len(passes)).backward()
        lost_2 += torch.stack([towers, sum(others, torch.zeros_like(towers))]).detach() / len(passes)
        sums = [torch.stack([(one * there_B).sum(), there_B.sum().float()]) for one in change_LB]
        changes.append(torch.stack(sums) if sums else lost_2.new_zeros(0, 2))
    clipped_step(optimizer)
    loss, of_heads = (team.total(lost_2) / team.size).tolist()
    return Step(loss, of_heads, team.total(torch.stack(changes).sum(0)))


@torch.no_grad()
def follow(model: Model, change_L2: Tensor, step: int) -> None:
    """W^t's constant follows the training clips, so that a gap's mean change stays USUAL_CHANGE. Our reading: over all clips;
    which of them stand still, nobody tells."""
    for prompter, (total, clips) in zip(model.prompters if len(change_L2) else (), change_L2):
        now = total / clips.clamp(min=1) / USUAL_CHANGE
        if clips:
            prompter.change_scale.mul_(now.clamp(min=1e-6) if step == 0 else 1 + 0.05 * (now.clamp(0.1, 10) - 1))


def train(
    clip: Loaded, videos: Videos, recipe: Recipe, how: Reading, out: Path, team: Team, say: Callable[[str], None] = print
) -> None:
    """Train and write `out`, its JSON, and `.curve.jsonl` beside it with the loss of every step."""
    began = time.time()
    torch.manual_seed(recipe.seed)
    towers = placed(clip, team.device)
    model = Model(towers, recipe.variant, towers.vision.depth if recipe.depth == "all" else 1).eval()
    task = task_of(videos, towers, recipe.template, recipe.seed, team)
    taught = Taught(model, task.outputs).to(team.device)
    optimizer, order = optimizer_of(model, taught.heads, recipe.rate), recipe.order(len(videos.train), team)
    settings = dict(
        variant=recipe.variant, layers=model.layers, seed=recipe.seed, steps=order.steps, batch=order.total, rate=recipe.rate,
        frames=how.frames, template=recipe.template, data=videos.digest, towers=clip.digest,
    )  # fmt: skip
    if how.spacing:
        settings["spacing"] = how.spacing
    if videos.task == "retrieval":
        settings["negatives"] = recipe.batch * team.size
    checkpoint = Checkpoint(out, settings, dict(prompters=held_by(model), heads=taught.heads, optimizer=optimizer))
    order = replace(order, first=checkpoint.resume())
    if checkpoint.file.exists() and not order.first:
        raise BadData(f"{checkpoint.file.name} is the checkpoint of another training. Name another --out, or delete it.")

    under_way = bool(order.first)

    def validated(*names: str) -> dict[str, float]:
        asked = {PLAIN: lambda one: plain(towers.vision, one), "STOP": lambda one: model(one)[0]}
        if not videos.val:
            return {}
        try:
            wanted = {name: asked[name] for name in names}
            found, index_N, _ = features(wanted, videos.val, towers.vision, how, team, "validate")
        except BadData as gone:  # as of a disk that was taken away: what is trained so far is worth keeping
            if not under_way:
                raise
            say(f"Validation was left out. {gone}")
            return {}
        return {
            name: headline(scores(videos, videos.val, one, index_N, towers, recipe.template)) for name, one in found.items()
        }

    if not order.first:  # also tries the validation clips before hours are spent
        told = validated(PLAIN)
        say("".join(f"{name}: {value:.1%} of validation" for name, value in told.items()) or "There are no validation clips.")
    under_way = True
    network = team.share(taught, unused=recipe.variant != "full")
    batches = iter(loader(how.of(videos.train, towers.vision), order, how.workers, team.device))
    saved, wrong, right = time.time(), {}, {}
    with curve(out, order.first, team.leads) as lines:
        bar = tqdm(range(order.first, order.steps), initial=order.first, total=order.steps, desc=videos.name, unit="step",
                   disable=not team.leads)  # fmt: skip
        for step in bar:
            passes = [(next(batches), order.positions(step, part)) for part in range(order.accumulate)]
            for i, why in (pair for batch, _ in passes for pair in batch.wrong):
                if i not in wrong:
                    say(f"Left out: {why}")
                wrong[i] = why
            set_rate(optimizer, cosine(step, order.steps, recipe.rate, warmup=max(1, order.steps // 10)))
            knobs = drawn(model, np.random.default_rng([recipe.seed, step]))
            found = one_step(network, optimizer, passes, task, knobs, team)
            follow(model, found.change_L2, step)
            due = recipe.validate and epochs(order, step + 1, recipe.validate) > epochs(order, step, recipe.validate)
            right = validated("STOP") if due and step + 1 < order.steps else right
            if not team.leads:
                continue
            lines(dict(step=step, loss=found.loss, heads=found.heads, **({"val": right["STOP"]} if due and right else {})))
            bar.set_postfix(loss=f"{found.loss:.3f}", **{name: f"{value:.1%}" for name, value in right.items()})
            if time.time() - saved > 60 * recipe.minutes:
                checkpoint.save(step + 1)
                saved = time.time()
    with torch.no_grad():  # what is scored is what is written, in half precision
        for tensor in held_by(model).state_dict().values():
            tensor.copy_(tensor.half())
    told = validated(PLAIN, "STOP")
    wrong = {shown(videos.train[i].path.name): why for some in team.collect(wrong) for i, why in some.items()}
    if team.leads:
        made = dict(
            device=str(team.device), processes=team.size, minutes=round((time.time() - began) / 60, 1), epochs=recipe.epochs,
            clips=len(videos.train), unreadable={"clips": len(wrong), "first": dict(list(wrong.items())[:NAMED])}, **settings,
        )  # fmt: skip
        described = dict(
            kind="stop", variant=recipe.variant, layers=model.layers, hidden=HIDDEN, towers=clip.digest,
            trained_on=videos.name, task=videos.task, held_out=videos.held_out, frames=how.frames, spacing=how.spacing,
            template=recipe.template, made=made,
        )  # fmt: skip
        what = "top-1" if videos.task == "actions" else "R@1, text to video"
        save(out, {"prompters": held_by(model)}, described, {"what": what, "clips": len(videos.val), "val": told})
        checkpoint.clear()
        if wrong:
            counted = f"{len(wrong)} of {len(videos.train)} training clips could not be read and counted for nothing"
            say(f"{counted}: {several([*wrong])}.")
        say(f"{out} is written. " + ", ".join(f"{name}: {value:.1%}" for name, value in told.items()))
    team.collect(None)  # nobody leaves before the file is there


def epochs(order: Order, step: int, every: float) -> int:
    """How many times `every` epochs are over before a step."""
    return int(step * order.total / order.clips / every)


@contextmanager
def curve(out: Path, first: int, leads: bool) -> Iterator[Callable[[dict], None]]:
    """Writes a line a step; what an interrupted training wrote behind its last checkpoint goes."""
    if not leads:
        yield lambda line: None
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    file = out.with_suffix(".curve.jsonl")
    before = file.read_text().splitlines()[:first] if file.is_file() else []  # line n is step n
    with file.open("w", buffering=1) as lines:
        lines.writelines(f"{line}\n" for line in before)
        yield lambda line: print(json.dumps(line), file=lines)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core.training stop", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    usual = Recipe()
    data_arguments(parser)
    parser.add_argument("--out", type=file_to_write, help="file to write; default: runs/<data>/stop_<depth>.safetensors")
    parser.add_argument("--variant", choices=VARIANTS, default=usual.variant, help="which prompts there are")
    parser.add_argument("--depth", choices=("first", "all"), default=usual.depth, help="prompters before one block or all")
    parser.add_argument("--epochs", type=float, default=usual.epochs, help="times through all clips")
    parser.add_argument("--accumulate", type=int, default=usual.accumulate, help="batches of one step, in each process")
    parser.add_argument("--rate", type=float, default=usual.rate)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--template", default=usual.template, help="what a class is called before the text tower")
    parser.add_argument("--minutes", type=float, default=usual.minutes, help="between two checkpoints")
    parser.add_argument("--validate", type=float, default=usual.validate, help="every so many epochs; 0: at both ends")
    parser.add_argument("--check", type=int, default=64, help="clips that are read before anything else; 0: only listed")
    parser.add_argument("--check-only", action="store_true", help="say what is wrong with the data, and stop")
    return parser


@sentences()
def main(argv: list[str] | None = None) -> None:
    args = arguments().parse_args(argv)
    at_least(args, 1, "accumulate")
    at_least(args, 0, "minutes", "validate", "check", "seed")
    above_nothing(args, "epochs", "rate")
    checked_template(args.template)
    videos, how = data_of(args)
    recipe = Recipe(**{name: getattr(args, name) for name in vars(Recipe())})
    with team(args.device) as own:
        say = tqdm.write if own.leads else lambda line: None
        clip = load_clip(args.clip)
        videos = legible(videos, clip.network.text, args.template)
        wrong = unreadable(videos.train + videos.val, args.check, how, clip.network.vision, own)
        say(about(videos, wrong))
        if not args.check_only:
            out = args.out or Path("runs") / videos.name / f"stop_{args.depth}.safetensors"
            train(clip, videos, recipe, how, out, own, say)
