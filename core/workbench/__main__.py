"""Find out where a method fails, on a folder of clips:

    python -m core.workbench run RUN --data DIR --method stop --set alpha=0.4 --set alpha=0.8 --counterfactuals freeze,reverse
    python -m core.workbench run RUN … --engine ray --workers 16 --address HOST:6379     on the machines of a cluster
    python -m core.workbench add RUN --like 1 --set alpha=0.4   one more setting, as one that is there but for a knob
    python -m core.workbench status|cancel|verify RUN
    python -m core.workbench compare RUN A B                    two settings, by number or id, clip by clip
    python -m core.workbench slices RUN                         slices that were named, with how many are right
    python -m core.workbench modes RUN                          what failures share, tested on films it was not found on
    python -m core.workbench export RUN --where right:eq:false --to FILE.csv|parquet|ipynb|pdf|png|fiftyone|atlas

Repeating `run` goes on with what is not there yet, or adds settings. It ends with 0 where all is there, 3 where it was called
off or a part is missing, 2 where something asked for cannot be.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core.errors import BadData, ReaderError
from core.workbench import request
from core.workbench.cluster import Cluster, ray
from core.workbench.crew import CANCEL, Crew, Order
from core.workbench.derived import NO_MODE, failure_modes
from core.workbench.drive import COMPLETE, drive, is_driven, read_progress
from core.workbench.exports import FILES, FOLDERS, Chosen, check_place, write
from core.workbench.files import write_text
from core.workbench.outside import resolve, slices_of
from core.workbench.plan import find_setting, read_plan, read_settings, said
from core.workbench.query import Table, compare, export, filters_of, open_run, slice_stats
from core.workbench.verify import verify_run

WHOLE, PARTIAL, BAD = 0, 3, 2  # how it ends


def main(argv: Sequence[str] | None = None) -> int:
    """How it ended."""
    args = arguments().parse_args(argv)
    try:
        return args.does(args)
    except ReaderError as wrong:
        print(wrong, file=sys.stderr)
    except OSError as wrong:
        print(f"{wrong.filename}: {wrong.strerror}." if wrong.filename else f"{wrong}.", file=sys.stderr)
    return BAD


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core.workbench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    of = parser.add_subparsers(required=True, metavar="|".join(COMMANDS))
    made = {name: of.add_parser(name, help=says) for name, (_, says) in COMMANDS.items()}
    request.arguments(made["run"])
    request.add_arguments(made["add"])
    usual = os.cpu_count() or 1
    for one in (made["run"], made["add"]):
        one.add_argument("--workers", type=number, default=usual, help=f"processes, {usual} here if not said; 0: this one")
        one.add_argument("--engine", choices=("local", "ray"), default="local", help="where they are: here, or on Ray")
        one.add_argument("--address", default="", help="of a Ray cluster that runs, HOST:PORT; else one is started here")
        one.add_argument("--gpus", type=float, default=0.0, help="of each process on Ray, 0.5 where two share one")
    for name, one in made.items():
        one.set_defaults(does=COMMANDS[name][0])
        if name != "run":
            one.add_argument("run", type=Path)
    for which in "ab":
        made["compare"].add_argument(which, help="a setting, by its number from 1 or its id")
    for name in ("compare", "export"):
        made[name].add_argument(
            "--where",
            nargs="*",
            action="extend",
            default=[],
            metavar="COLUMN:WHAT:VALUE",
            help="clips of which all these hold: right:eq:false",
        )
    for name in ("slices", "modes", "export"):
        made[name].add_argument("--setting", default="", help="by its number or id")
    made["modes"].add_argument("--of", default="", metavar="COLUMN", help="whose bad end is a failure; right if not said")
    made["export"].add_argument(
        "--to", type=Path, required=True, metavar="FILE", help="ends in .csv, .parquet (of all settings, if none is named), "
        ".ipynb, .pdf, .png, .fiftyone or .atlas"
    )  # fmt: skip
    return parser


def number(text: str) -> int:
    """A number of processes."""
    if not text.isdecimal() or int(text) > 256:
        raise argparse.ArgumentTypeError(f"a number of processes is 0 to 256, got {text}")
    return int(text)


# ---- commands ------------------------------------------------------------------------------------------------------------


def run(args: argparse.Namespace) -> int:
    """Measure what is not there yet."""
    crew = crew_of(args)
    wanted = request.request_of(args)
    return measured(request.order_of(args.run, wanted), args.workers, crew, wanted.plan.notes)


def add(args: argparse.Namespace) -> int:
    """One more setting of a run, as one that is there but for some knobs."""
    crew = crew_of(args)
    return measured(request.add_request(args), args.workers, crew)


def measured(order: Order, workers: int, crew: Callable[[], Crew] | None, notes: Sequence[str] = ()) -> int:
    """What an order is for is there, or was called off."""
    weights = dict.fromkeys(label for one in order.settings.values() for label in one.labels.values())
    for told in (*notes, *weights):
        print(told, flush=True)
    shown: set[str] = set()
    with tqdm(total=order.plan.clips, unit="clip", disable=None) as bar:

        def tell(progress: Mapping[str, Any]) -> None:
            bar.update(progress["done"] - bar.n)
            for note in progress["notes"]:
                if note not in shown:
                    bar.write(note)
            shown.update(progress["notes"])

        ended = drive(order, workers, tell, crew and crew())
    if ended != COMPLETE:
        print(f"{ended.capitalize()}: the same command goes on.")
        return PARTIAL
    table = open_run(order.folder)
    for name in order.settings:
        print(in_a_line(table, name))
    return WHOLE


def crew_of(args: argparse.Namespace) -> Callable[[], Crew] | None:
    """What starts the processes; a sentence where they cannot be. None: this machine's own."""
    if args.engine == "local":
        if args.address or args.gpus:
            raise BadData("--address and --gpus are for --engine ray.")
        return None
    if not args.workers:
        raise BadData("--workers is 1 or more with --engine ray.")
    ray()
    if args.address:
        print("The run's folder, the clips and the program must be under the same names on every machine of the cluster.")
    return partial(Cluster, args.workers, args.address, args.gpus)


def status(args: argparse.Namespace) -> int:
    """How far a run is."""
    found, progress, settings = verify_run(args.run), read_progress(args.run), read_settings(args.run)
    driven = is_driven(args.run)
    state = progress.get("state", "not begun") if driven or progress.get("state") != "running" else "ended before it was done"
    print(f"{read_plan(args.run).data}: {found.clips} clips, {state}.")
    if driven and progress:
        left = "" if progress["eta"] is None else f", about {progress['eta']:.0f} s to go"
        print(f"{progress['done']} of {progress['clips']} clips{left}.")
    for place, (name, one) in enumerate(said(settings).items(), 1):
        print(f"{place}  {name}  {found.done[name]} of {found.clips} clips  {one}")
    return WHOLE if found.complete else PARTIAL


def cancel(args: argparse.Namespace) -> int:
    """Ask whoever drives the run to stop behind the clips under way."""
    read_plan(args.run)
    if not is_driven(args.run):
        raise BadData(f"Nobody drives {args.run.name} now: there is nothing to call off.")
    write_text(args.run / CANCEL, "")
    print("Called off: it ends behind the clips that are under way. The same command as before goes on.")
    return WHOLE


def verify(args: argparse.Namespace) -> int:
    """Read every file of a run."""
    found = verify_run(args.run)
    for file, why in found.wrong.items():
        print(f"{file} {why}.")
    for name, shards in found.missing.items():
        print(f"{name}: {found.done[name]} of {found.clips} clips" + (f", {shards} shards to do." if shards else "."))
    return WHOLE if found.complete else PARTIAL


def compare_settings(args: argparse.Namespace) -> int:
    """Two settings, clip by clip."""
    settings = read_settings(args.run)
    a, b = find_setting(settings, args.a), find_setting(settings, args.b)
    table = open_run(args.run, [a, b])
    found = compare(table, a, b, [resolve(one, args.run, table, a, b) for one in filters_of(args.where)])
    print(f"A  {said(settings)[a]}\nB  {said(settings)[b]}\n")
    if not found["n"]:
        print("No clip was answered by both whose label is known.")
        return WHOLE
    print(f"{found['n']} clips: {found['accuracy_a']:.1%} right in A, {found['accuracy_b']:.1%} in B.")
    print(f"{found['fixed']} fixed, {found['broken']} broken, {found['both']} right in both, {found['neither']} in neither.")
    print(f"Gain {found['gain']:+.1%} ({found['low']:+.1%} to {found['high']:+.1%}), McNemar's exact p = {found['p']:.3g}.")
    for title, rows in (("better", found["better"]), ("worse", found["worse"])):
        for clip_id, label, before, now, change in rows[:5]:
            print(f"{title}  {change:+.2f} nats  {clip_id!r}: {label!r}, A {before!r}, B {now!r}")
    return WHOLE


def slices(args: argparse.Namespace) -> int:
    """Every named slice, and how many of it are right."""
    settings = read_settings(args.run)
    chosen = [find_setting(settings, args.setting)] if args.setting else list(settings)
    table = open_run(args.run)
    for name in chosen:
        print(in_a_line(table, name))
        for called, found in slices_of(args.run, table, name):
            print(f"  {line(called, found) if found else f'{called}: asks for a second setting, or for what this one has not'}")
    return WHOLE


def modes(args: argparse.Namespace) -> int:
    """What failures share."""
    settings = read_settings(args.run)
    chosen = [find_setting(settings, args.setting)] if args.setting else list(settings)
    table = open_run(args.run, chosen)
    for name in chosen:
        found = failure_modes(args.run, table, name, args.of)
        print(f"{name} {said(settings)[name]}: {found.failed} of {found.n} clips of {found.films} films are {found.says}.")
        print("Found on half of the films, tested on one clip of each of the others:" if found.modes else NO_MODE)
        for one in found.modes:
            print(f"  {one.sentence(found.says)}")
    return WHOLE


def export_rows(args: argparse.Namespace) -> int:
    """Clips taken along, in one of several forms."""
    settings = read_settings(args.run)
    check_place(args.to)
    setting, table = find_setting(settings, args.setting or "1"), open_run(args.run)
    filters = [resolve(one, args.run, table, setting) for one in filters_of(args.where)]
    if args.setting or args.to.suffix.lower() in (*FILES, *FOLDERS):
        count, at = write(Chosen(args.run, table, setting, filters), args.to), f" at {said(settings)[setting]}"
    else:
        count, at = export(args.run, "", filters, args.to), ""
    print(f"{count} rows{at} in {args.to}.")
    return WHOLE


def in_a_line(table: Table, setting: str) -> str:
    """A setting, and how many are right."""
    return line(f"{setting} {said(table.settings)[setting]}", slice_stats(table, setting))


def line(name: str, found: Mapping[str, Any]) -> str:
    """How many are right, and how sure that is."""
    left = f", {found['left_out']} left out" if found["left_out"] else ""
    if not found["n"]:
        return f"{name}: {found['clips']} clips{left}, of none is it known what is right"
    share = f"{found['right']} of {found['n']} right, {found['accuracy']:.1%} ({found['low']:.1%} to {found['high']:.1%})"
    return f"{name}: {share}{left}"


COMMANDS = {
    "run": (run, "measure a folder of clips"),
    "add": (add, "measure one more setting of a run"),
    "status": (status, "how far a run is"),
    "cancel": (cancel, "call a run off"),
    "verify": (verify, "read every file of a run"),
    "compare": (compare_settings, "two settings, clip by clip"),
    "slices": (slices, "named slices, and how many of each are right"),
    "modes": (modes, "what failures share, tested on clips that it was not found on"),
    "export": (export_rows, "clips as a table, a notebook, a figure, or for another program"),
}

if __name__ == "__main__":
    sys.exit(main())
