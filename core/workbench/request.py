"""What a command asks for becomes a plan and settings; what cannot be is a sentence before hours are spent."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from core.engine import Engine
from core.errors import BadData, BadKnob
from core.knobs import Knob
from core.method import Method
from core.registry import METHODS, method_named
from core.video.clip import Clip
from core.video.read import FRAMES, whole
from core.workbench.columns import EDITS
from core.workbench.crew import Order
from core.workbench.listing import PARTS, TEMPLATE, Entry, Listing, about_classes, list_clips, world_clips
from core.workbench.measure import CACHE_MB, Measure, describe, maker
from core.workbench.plan import Plan, Setting, add_setting, begin, plan_of, read_plan

USUAL, SIDE = 8, (128, 128)  # frames of a clip, and the size of drawn ones where the networks name none


@dataclass(frozen=True)
class Request:
    """A run that can begin: its list, and the settings of this command by their ids."""

    listing: Listing
    plan: Plan
    settings: dict[str, Setting]
    engine: "partial[Engine]"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `run` is told."""
    parser.add_argument("run", type=Path, help="the folder of the run: a new one, or one to go on with")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--data", type=Path, help="all that training reads, a folder of videos, or Something-Something v2")
    what.add_argument("--world", type=int, metavar="CLIPS", help="drawn clips, of which the truth is known")
    parser.add_argument("--on", choices=PARTS, default="", help="which part; else all of the data, or the world's test clips")
    parser.add_argument("--split", type=int, default=1, help="which of UCF101's or HMDB51's three")
    parser.add_argument("--task", choices=("actions", "retrieval"), default="", help="if a table has labels and captions")
    parser.add_argument("--root", type=Path, help="where a table's paths start; else its folder")
    parser.add_argument("--template", default=TEMPLATE, help=f"what a class is called, {TEMPLATE!r} if not said")
    parser.add_argument("--texts", nargs="+", default=[], help="sentences to hold clips without labels against")
    parser.add_argument("--case", default="standard", help="of the world: standard, with nuisances, or plain")
    parser.add_argument("--seed", type=int, default=0, help="of the world's clips")
    parser.add_argument("--frames", type=int, help=f"of each clip, {FRAMES[0]} to {FRAMES[1]}; {USUAL} if not said")
    parser.add_argument("--method", default=next(iter(METHODS)), help=f"one of {', '.join(METHODS)}")
    parser.add_argument(
        "--set", nargs="*", action="append", metavar="KNOB=VALUE", help="one setting; once more for another, on the same frames"
    )
    parser.add_argument("--counterfactuals", default="", metavar="EDITS", help=f"some of {','.join(EDITS)}: the same clip so")
    parser.add_argument("--question", default="", help="for methods that are asked one; else each clip's own label")
    parser.add_argument("--models", nargs="*", default=[], metavar="NAME=FILE", help="weights, as `python -m app` is told them")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")


def request_of(args: argparse.Namespace) -> Request:
    """All of it checked, the networks loaded once, and one picture tried."""
    models = dict(map(pair, args.models))
    engine = partial(Engine, args.device, models=models, precision=args.precision, cache_mb=CACHE_MB)
    return plan_request(args, engine, models)


def plan_request(args: argparse.Namespace, engine: "partial[Engine]", models: dict[str, str]) -> Request:
    """The same with an engine's maker."""
    method, held = method_named(args.method), read_plan(args.run) if (args.run / "run.json").is_file() else None
    edits = tuple(dict.fromkeys(filter(None, args.counterfactuals.split(","))))
    if unknown := [one for one in edits if one not in EDITS]:
        raise BadKnob(f"--counterfactuals are some of {', '.join(EDITS)}, got {', '.join(unknown)}.")
    frames = whole("--frames", (held.frames if held else USUAL) if args.frames is None else args.frames, *FRAMES)
    listing = with_texts(list_of(args), args.texts)
    own = engine()
    size = held.size if held else drawn_size(own, method)
    plan = plan_of(listing, frames, size, source())
    settings = {}
    for words in args.set or [[]]:
        knobs = knobs_of(method, words)
        made = describe(own, plan, Setting(method.name, knobs, (), models=models, edits=edits, question=args.question))
        if edits and not made.edits:
            raise BadKnob(f"--counterfactuals ask what is answered, and {method.name} answers nothing on these clips.")
        check_clips(method, listing, args)
        probe(own, plan, made)
        settings[made.setting_id] = made
    return Request(listing, plan, settings, engine)


def order_of(folder: Path, wanted: Request) -> Order:
    """The run's folder, with all that is asked for written down."""
    begin(folder, wanted.plan, wanted.listing)
    for one in wanted.settings.values():
        add_setting(folder, one)
    return Order(folder, wanted.plan, wanted.settings, maker(wanted.plan, wanted.engine))


# ---- parts -----------------------------------------------------------------------------------------------------------------


def list_of(args: argparse.Namespace) -> Listing:
    """The clips."""
    if args.world is not None:
        return world_clips(args.world, args.on or "test", args.seed, args.case)
    return list_clips(
        args.data, split=args.split, task=args.task, root=args.root, on=args.on, template=args.template,
    )  # fmt: skip


def with_texts(listing: Listing, texts: Sequence[str]) -> Listing:
    """Clips without labels, held against these sentences."""
    if not texts:
        return listing
    if listing.classes:
        raise BadData(f"{listing.name} has classes of its own: --texts are for clips without labels.")
    every = tuple(dict.fromkeys(texts))
    return replace(listing, classes=every, texts=every, notes=(*listing.notes, *about_classes(every, True)))


def check_clips(method: Method, listing: Listing, args: argparse.Namespace) -> None:
    """A sentence where the clips lack what the method asks for."""
    if "video" in method.sources and args.world is not None:
        raise BadData(f"{method.name} looks through whole videos, and the world's clips are none: name some with --data.")
    if "question" in method.sources and not args.question and not all(one.label for one in listing.entries):
        raise BadData(f"{method.name} answers a question, and not every clip has a label to ask for: say one with --question.")


def probe(engine: Engine, plan: Plan, setting: Setting) -> None:
    """Runs the setting once on black frames: knobs that do not go together and texts that cannot be read are told now."""
    method = engine.method(setting.method)
    if "video" in method.sources:
        return
    frames_THWC = np.zeros((plan.frames, *plan.size, 3), np.uint8)
    every = np.arange(plan.frames)
    black = Clip(frames_THWC, every / plan.frames, every)
    Measure(plan, engine).answers(method, Entry("black", "black"), black, setting, [*setting.drawn])


def drawn_size(engine: Engine, method: Method) -> tuple[int, int]:
    """(H, W) that the method's networks read: clips drawn so are what they were measured on."""
    for one in method.networks.values():
        network = engine.shelf.module(one)
        size = getattr(getattr(network, "vision", network), "size", None)
        if isinstance(size, (tuple, list)) and len(size) == 2:
            return int(size[0]), int(size[1])
    return SIDE


def knobs_of(method: Method, words: Sequence[str]) -> dict[str, Any]:
    """["alpha=0.3"] → {"alpha": 0.3}, each of its knob's type."""
    known: dict[str, Knob] = {one.name: one for one in method.knobs.knobs()}
    made = {}
    for name, word in map(pair, words):
        if name not in known:
            raise BadKnob(f"There is no knob {name[:40]!r}. The knobs are {', '.join(known)}.")
        made[name] = known[name].check(known[name].read(word))
    return made


def pair(text: str) -> tuple[str, str]:
    """ "alpha=0.3" in two."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise BadKnob(f"NAME=VALUE is needed, got {text[:60]!r}.")
    return name.strip(), value.strip()


def source() -> str:
    """A digest of the program, so that a run says what made it."""
    made = blake2b(digest_size=8)
    root = Path(__file__).resolve().parents[1]
    for file in sorted(root.rglob("*.py")):
        made.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return made.hexdigest()
