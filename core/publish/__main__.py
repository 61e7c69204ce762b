"""Figures, movies and numbers of a run, from the command line.

    python -m core.publish --method stop --clip 1-moves --text "a cyan ring moves left" --out figure.pdf
    python -m core.publish --clip 1-moves --set alpha=0.3 --against alpha=0.9 --rows raw,score_TP --frames 1,3,5 --out a_b.svg
    python -m core.publish --clip my.mp4 --sweep alpha=0,0.5,1 kept=2,6,12 --out sweep.pdf

What is written goes by the name's end: pdf, svg, png (beside it the caption, what to cite, and the script), mp4, gif, or zip
for the numbers.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from core.cli import file_to_write, sentences
from core.engine import Engine
from core.errors import ReaderError
from core.knobs import Knob
from core.publish.bundle import bundle
from core.publish.composition import Composition, rows_offered
from core.publish.figures import FORMATS
from core.publish.movies import gif, mp4
from core.publish.painting import COLOURS, STRENGTH
from core.publish.paper import figure_files
from core.publish.result import compute, open_clip, open_whole
from core.publish.sweep_paper import sweep_files, sweep_of, usual_number
from core.publish.view import FRAMES, Setting, View, clip_name
from core.registry import METHODS, method_named

MOVIES = {"mp4": mp4, "gif": gif}


def main(words: Sequence[str] | None = None) -> int:
    """Writes what was asked for, and says what."""
    args = parser().parse_args(words)
    with sentences():
        if args.list:
            print("\n".join(f"{name:28} {said}" for name, said in rows_offered(method_named(args.method)).items()))
            return 0
        for file, data in written(args).items():
            file.write_bytes(data)
            print(f"{file}: {len(data)} bytes")
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m core.publish", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--method", default=next(iter(METHODS)), help=", ".join(METHODS))
    made.add_argument("--clip", default="1-moves", help="an example's name, or a video file")
    made.add_argument("--length", type=int, default=FRAMES.default, help="frames that are read")
    made.add_argument("--text", action="append", default=[], help="a sentence to compare with; as often as wanted")
    made.add_argument("--question", default="", help="what a method of long videos is asked")
    made.add_argument("--set", nargs="*", action="extend", default=[], metavar="KNOB=VALUE")
    made.add_argument(
        "--against", nargs="*", action="extend", metavar="KNOB=VALUE", help="a second set, A: the first with these knobs turned"
    )
    made.add_argument("--overlay", default="", help="the stage whose map lies over the frames")
    made.add_argument("--rows", type=listed, default=(), help="rows of the figure; --list names them")
    made.add_argument("--frames", type=numbered, help="which pictures, counted from 1: 1,3,5")
    made.add_argument("--strength", type=float, default=STRENGTH, help="of the overlay, 0 to 1")
    made.add_argument("--colours", default=COLOURS[0], help=", ".join(COLOURS))
    made.add_argument("--width", default="two", help="one or two columns of a paper")
    made.add_argument("--prompt", type=int, help="of maps of prompts one, counted from 1")
    made.add_argument("--sweep", nargs=2, metavar="KNOB=VALUES", help="two knobs and their values: alpha=0,0.5,1 kept=2,6,12")
    made.add_argument("--number", type=pair, help="of a sweep, a stage and how it becomes one number: similarity_Y=0")
    made.add_argument("--out", type=file_to_write, default=Path("figure.pdf"), help="a file: pdf, svg, png, mp4, gif or zip")
    made.add_argument("--list", action="store_true", help="say which rows a figure of the method can have, and end")
    return made


def written(args: argparse.Namespace) -> dict[Path, bytes]:
    """File → what is in it."""
    form, engine, method = args.out.suffix[1:].lower(), Engine(), method_named(args.method)
    if form not in (*FORMATS, *MOVIES, "zip"):
        raise ReaderError(f"What is written is {', '.join((*FORMATS, *MOVIES))} or zip, got {args.out.name[:60]!r}.")
    composition = Composition(
        args.rows, args.frames, args.strength, args.colours, args.width, None if args.prompt is None else args.prompt - 1
    )  # fmt: skip
    turned = knobs_of(args.method, args.set)
    if args.sweep:
        made = swept(args, engine, turned, form, composition)
        return {args.out.with_name(name): data for name, data in made.items()}
    asked = [Setting(args.method, clip_name(args.clip), args.length, turned, tuple(args.text), question=args.question)]
    if args.against is not None:
        other = turned | knobs_of(args.method, args.against)
        asked.append(Setting(args.method, asked[0].clip, args.length, other, asked[0].texts, question=args.question))
    view = View(asked[0], 0, args.overlay, *asked[1:])
    outputs = method.until("network", bool(args.text))
    outputs += tuple(stage for stage in args.rows if stage in method.kinds and stage not in outputs)
    result = compute(
        engine, view, lambda name, frames: open_clip(args.clip, frames), outputs, video=lambda name: open_whole(args.clip)
    )
    if form == "zip":
        return {args.out: bundle(result)}
    if form in MOVIES:
        return {args.out: MOVIES[form](result, strength=composition.strength, prompt=composition.prompt)}
    made = figure_files(result, composition, form, args.out.stem)
    return {args.out.with_name(name): data for name, data in made.items()}


def swept(args: argparse.Namespace, engine: Engine, turned: dict, form: str, composition: Composition) -> dict[str, bytes]:
    """The figure of a sweep and what belongs to it: of the overlay's map, and the first number that a network has the last word
    in."""
    method = method_named(args.method)
    axes = [(name, values_of(method.name, name, text)) for name, text in map(pair, args.sweep)]
    view = View(Setting(args.method, clip_name(args.clip), args.length, turned, tuple(args.text)), 0, args.overlay)
    number = (
        (args.number[0], reduced(args.number[1]))
        if args.number
        else usual_number(method, bool(args.text), [name for name, _ in axes])
    )
    made, clip = sweep_of(
        engine, view.shown, axes[0], axes[1], view.overlay, number, lambda name, frames: open_clip(args.clip, frames),
        lambda name: open_whole(args.clip),
    )  # fmt: skip
    frame, grid = args.frames[0] if args.frames else 0, engine.grid(args.method)
    return sweep_files(view.shown, made, clip, grid, frame, composition, form, args.out.stem)


# ---- words of the command -----------------------------------------------------------------------------------------------


def knobs_of(method: str, words: Sequence[str]) -> dict:
    """["alpha=0.3"] → {"alpha": 0.3}, each of its knob's type."""
    return {name: values_of(method, name, text)[0] for name, text in map(pair, words)}


def values_of(method: str, name: str, text: str) -> list:
    """ "0,0.5,1" as values of a knob; whether they are allowed, the knob says when they are turned."""
    known: dict[str, Knob] = {one.name: one for one in method_named(method).knobs.knobs()}
    if name not in known:
        raise ReaderError(f"There is no knob {name[:40]!r}. The knobs are {', '.join(known)}.")
    return [known[name].read(one) for one in listed(text)]


def reduced(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip()


def listed(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def numbered(text: str) -> tuple[int, ...]:
    """ "1,3,5" → places from 0."""
    if not all(one.isdecimal() and int(one) > 0 for one in listed(text)):
        raise argparse.ArgumentTypeError(f"frames are whole numbers from 1, as 1,3,5, got {text[:40]}")
    return tuple(int(one) - 1 for one in listed(text))


if __name__ == "__main__":
    sys.exit(main())
