"""What a command asks for becomes a plan and settings; what cannot be is a sentence before hours are spent."""

import argparse
from collections.abc import Iterable, Sequence
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
from core.workbench.causes import MOST as TESTED
from core.workbench.causes import maps_tested, oracles_of
from core.workbench.columns import EDITS
from core.workbench.crew import Order
from core.workbench.listing import PARTS, TEMPLATE, Entry, Listing, about_classes, list_clips, world_clips
from core.workbench.marks import Marks
from core.workbench.measure import CACHE_MB, Measure, describe, maker
from core.workbench.plan import Plan, Setting, add_setting, begin, find_setting, plan_of, read_plan, read_settings
from core.workbench.query import filters_of, open_run, slice_ids

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
    parser.add_argument(
        "--texts", nargs="+", action="extend", default=[], help="sentences to hold clips without labels against"
    )
    parser.add_argument("--case", default="standard", help="of the world: standard, with nuisances, or plain")
    parser.add_argument("--seed", type=int, default=0, help="of the world's clips")
    parser.add_argument("--frames", type=int, help=f"of each clip, {FRAMES[0]} to {FRAMES[1]}; {USUAL} if not said")
    parser.add_argument("--method", default=next(iter(METHODS)), help=f"one of {', '.join(METHODS)}")
    parser.add_argument(
        "--set", nargs="*", action="append", metavar="KNOB=VALUE", help="one setting; once more for another, on the same frames"
    )
    parser.add_argument("--counterfactuals", default="", metavar="EDITS", help=f"some of {','.join(EDITS)}: the same clip so")
    parser.add_argument(
        "--oracles", default="", metavar="PARTS", help="of the method: is a drawn clip right where one is set right?"
    )
    slice_words = "whose maps are tested: its name, or right:eq:false of the same setting"
    parser.add_argument("--faithful", default="", metavar="SLICE", help=slice_words)
    parser.add_argument("--question", default="", help="for methods that are asked one; else each clip's own label")
    parser.add_argument(
        "--models", nargs="*", action="extend", default=[], metavar="NAME=FILE", help="weights, as `python -m app` is told them"
    )
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
    edits = some_of("--counterfactuals", args.counterfactuals, EDITS)
    oracles = some_of("--oracles", args.oracles, oracles_of(method.name))
    if oracles and args.world is None:
        raise BadKnob("--oracles set right what is known to be wrong: the truth is known of drawn clips, --world.")
    frames = whole("--frames", (held.frames if held else USUAL) if args.frames is None else args.frames, *FRAMES)
    listing = with_texts(list_of(args), args.texts)
    own = engine()
    size = held.size if held else drawn_size(own, method)
    plan = plan_of(listing, frames, size, source())
    settings = {}
    for words in args.set or [[]]:
        knobs = knobs_of(method, words)
        asked = Setting(method.name, knobs, (), models=models, edits=edits, question=args.question, oracles=oracles)
        made = describe(own, plan, asked)
        if args.faithful:
            made = describe(own, plan, replace(asked, faithful=clips_in(args.run, made, args.faithful)))
        if (edits or oracles or args.faithful) and not made.edits + made.oracles + made.faithful:
            raise BadKnob(f"--counterfactuals ask what is answered, and {method.name} answers nothing on these clips.")
        check_clips(method, listing, args)
        probe(own, plan, made)
        settings[made.setting_id] = made
    return Request(listing, plan, settings, engine)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `add` is told besides the run."""
    parser.add_argument("--like", default="1", help="a setting that is there, by its number or id: the new one is as it is")
    parser.add_argument("--set", nargs="*", action="append", metavar="KNOB=VALUE", help="but for these knobs")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")


def add_request(args: argparse.Namespace) -> Order:
    """Settings as one that is there but for some knobs, of all clips of the run: no clip is listed anew."""
    folder, known = args.run, read_settings(args.run)
    plan, base = read_plan(folder), known[find_setting(known, args.like)]
    method, models = method_named(base.method), dict(base.models)
    maker_of = partial(Engine, args.device, models=models, precision=args.precision, cache_mb=CACHE_MB)
    own, settings = maker_of(), {}
    for words in args.set or [[]]:
        made = describe(own, plan, replace(base, knobs={**base.knobs, **knobs_of(method, words)}, faithful=()))
        probe(own, plan, made)
        settings[made.setting_id] = made
        add_setting(folder, made)
    return Order(folder, plan, settings, maker(plan, maker_of))


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


def some_of(option: str, said: str, known: Iterable[str]) -> tuple[str, ...]:
    """ "freeze,reverse" as names, each once."""
    names = tuple(dict.fromkeys(filter(None, said.split(","))))
    if unknown := [one for one in names if one not in known]:
        raise BadKnob(f"{option} are some of {', '.join(known) or 'none'}, got {', '.join(unknown)}.")
    return names


def clips_in(folder: Path, setting: Setting, words: str) -> tuple[str, ...]:
    """The clips of a slice, by the rows of the same setting that are there."""
    if not maps_tested(setting.method):
        raise BadKnob(f"--faithful tests maps of a method, and {setting.method} declares none.")
    known = read_settings(folder) if (folder / "run.json").is_file() else {}
    same = [
        name
        for name, one in known.items()
        if (one.method, one.knobs, one.weights) == (setting.method, setting.knobs, setting.weights)
    ]
    if not same:
        raise BadData("--faithful takes clips by what is measured of them: run the same setting without it first.")
    filters = Marks(folder).slices.get(words) or filters_of([words])
    ids = slice_ids(open_run(folder, same[:1]), same[0], filters)
    if not 1 <= len(ids) <= TESTED:
        raise BadData(f"--faithful takes 1 to {TESTED} clips, of {words[:60]!r} there are {len(ids)}.")
    return tuple(ids)


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
