"""The tables of README and of every method's README, from what methods declare and from what was measured of them.

    python -m core.report            writes the blocks between <!-- name:begin --> and <!-- name:end -->
    python -m core.report --check    changes nothing; exits 1 if a block is out of date

README has `methods`: a row for each. A method's README has `knobs`, and of these what its folder offers: `measured`, the
tables of its `report` about what `core.evaluate` wrote; `readings`, where a paper is silent and the choice is ours;
`differences` of its released code. A method's first README is begun here.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.evaluate.curves import Curve
from core.evaluate.tables import table
from core.graph import downstream
from core.knobs import Knob
from core.method import Method
from core.methods import lesson, part
from core.networks.weights import WEIGHTS
from core.registry import METHODS

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
TITLES = {
    "knobs": "What each knob does and re-runs",
    "measured": "What was measured",
    "readings": "Our readings",
    "differences": "What the released code does that the paper does not say",
}


def main(words: Sequence[str] | None = None) -> int:
    """0 when every README is current, afterwards or already."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a block is out of date")
    check = parser.parse_args(words).check
    stale = {file: text for file, text in pages().items() if not file.is_file() or file.read_text(encoding="utf-8") != text}
    for file, text in stale.items():
        if check:
            print(f"{short(file)} is out of date: python -m core.report", file=sys.stderr)
        else:
            file.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


def pages() -> dict[Path, str]:
    """README's text and that of every method's README, with blocks as they should be."""
    made = {file: page(method, file) for method in METHODS.values() if (file := home(method)).name == "README.md"}
    made[README] = filled(README.read_text(encoding="utf-8"), {"methods": method_table(made)}, "README.md")
    return made


def home(method: Method) -> Path:
    """The README of a method's folder, whether it is there yet or not; of a method that is one file, that file."""
    folder = ROOT / "core" / "methods" / method.name
    return folder / "README.md" if folder.is_dir() else folder.with_suffix(".py")


def page(method: Method, file: Path) -> str:
    """A method's README with its blocks; where there is none yet, one that begins with what the method says of itself."""
    made = blocks(method)
    begun = [summary(method), f"Paper: {method.paper}.", *(f"## {TITLES[name]}\n\n{marked(name)}" for name in made)]
    text = file.read_text(encoding="utf-8") if file.is_file() else "\n\n".join(begun) + "\n"
    return filled(text, made, short(file))


def summary(method: Method) -> str:
    """The first line of a method's docstring, without its name: "A toy: what differs." → "What differs."."""
    words = (sys.modules[method.knobs.__module__].__doc__ or method.title).splitlines()[0]
    words = words.partition(": ")[2] or words
    return words[0].upper() + words[1:]


def short(file: Path) -> str:
    """A file's path as the repository has it."""
    return file.relative_to(ROOT).as_posix()


def blocks(method: Method) -> dict[str, str]:
    """Marker → what belongs between its begin and its end, as far as the method's folder offers it."""
    made = {"knobs": knob_table(method)}
    if report := part(method.name, "report"):
        metrics = metrics_of(method)
        made["measured"] = report.measured(metrics) if metrics else "Not measured yet: `make evaluate`."
    if rows := lesson(method, "READINGS"):
        made["readings"] = table(("where", "our reading"), rows)
    if rows := lesson(method, "DIFFERENCES"):
        made["differences"] = table(("number", "what the code does"), rows)
    return made


def metrics_of(method: Method) -> Mapping:
    """What `core.evaluate` wrote of a method; empty where it was not measured."""
    file = WEIGHTS / f"metrics_{method.name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def curves_of(method: Method) -> tuple[Curve, ...]:
    """What was measured of a method at many values of a knob, as its `report` has it."""
    make = getattr(part(method.name, "report"), "curves", None)
    return make(metrics_of(method)) if make else ()


def marked(name: str) -> str:
    """The place of a block, empty."""
    return f"<!-- {name}:begin -->\n\n<!-- {name}:end -->"


def filled(text: str, made: Mapping[str, str], file: str) -> str:
    """`text` with every block replaced. ValueError: a marker is missing in the file."""
    for name, block in made.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        pattern = re.compile(f"({re.escape(begin)}).*?({re.escape(end)})", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"{file} has no {begin} … {end}.")
        text = pattern.sub(lambda found, block=block: f"{found[1]}\n\n{block}\n\n{found[2]}", text)
    return text


def method_table(texts: Mapping[Path, str]) -> str:
    """One row a method: what its README says first, its paper, and where it stands. texts: README → its text."""
    rows = []
    for method in METHODS.values():
        file = home(method)
        shows = texts[file].partition("\n")[0] if file in texts else summary(method)
        rows.append((f"[{method.title.partition(' — ')[0]}]({short(file)})", shows, method.paper))
    return table(("method", "what its tab shows", "paper"), rows)


def knob_table(method: Method) -> str:
    """One row a knob: symbol, name, span, default, meaning, and the stages that can change with it."""
    rows = [
        (knob.symbol, f"`{knob.name}`", span(knob), spoken(knob.default), knob.meaning, reruns(method, knob.name))
        for knob in method.knobs.knobs()
    ]
    if downstream(method.stages, "texts"):
        rows.append(("—", "`texts`", "sentences", "—", "what the video is compared with", reruns(method, "texts")))
    if downstream(method.stages, "question"):
        rows.append(("—", "`question`", "a question", "—", "what the frames are to answer", reruns(method, "question")))
    order = " → ".join(f"`{stage.__name__}`" for stage in method.stages)
    head = ("knob", "in code", "span", "default", "what it does", "what it can re-run")
    return f"{table(head, rows)}\n\nThe {len(method.stages)} stages in order: {order}."


def span(knob: Knob) -> str:
    """ "0 – 1 in steps of 0.05", "on or off", "first or all"."""
    if knob.span is None:
        return "on or off"
    if knob.kind == "choice":
        return " or ".join(knob.span)
    low, high, step = knob.span
    return f"{low:g} – {high:g} in steps of {step:g}"


def spoken(value: object) -> str:
    """A default as a reader would say it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def reruns(method: Method, source: str) -> str:
    """The stages behind a source: all of a few, or the first and how many."""
    stages = downstream(method.stages, source)
    if len(stages) <= 4:
        return ", ".join(f"`{name}`" for name in stages)
    return f"`{stages[0]}` and {len(stages) - 1} after it, to `{stages[-1]}`"


if __name__ == "__main__":
    sys.exit(main())
