"""What goes into a paper with a figure: its caption in LaTeX, what to cite, and the script that makes it again.

figure.pdf  figure_caption.tex  figure.bib  figure.py
"""

from collections.abc import Mapping
from typing import Any

from core.method import Method
from core.methods import lesson
from core.publish.composition import RAW, Composition, complete, to_plain
from core.publish.described import MAKER
from core.publish.figures import picture
from core.publish.layers import output_of
from core.publish.python import as_setting, example_file
from core.publish.result import Result
from core.publish.view import Setting
from core.video.edits import in_words

SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}  # fmt: skip
SIGNS = {
    "α": r"\alpha", "β": r"\beta", "η": r"\eta", "τ": r"\tau", "σ": r"\sigma", "λ": r"\lambda", "Δ": r"\Delta", "Σ": r"\Sigma",
    "ℓ": r"\ell", "×": r"\times", "π": r"\pi", "ρ": r"\rho", "→": r"\rightarrow", "·": r"\cdot", "−": "-",
}  # fmt: skip


def figure_files(
    result: Result,
    composition: Composition | None = None,
    format: str = "pdf",
    name: str = "figure",
    engine: str = "Engine()",
) -> dict[str, bytes]:
    """The figure and what belongs to it, by the names of the files. engine: the call that makes the one that computed it."""
    made = complete(composition or Composition(), result)
    return {
        f"{name}.{format}": picture(result, format, composition=made).data,
        f"{name}_caption.tex": caption(result, made, name).encode(),
        f"{name}.bib": references(result.method).encode(),
        f"{name}.py": script(result, composition or Composition(), format, name, engine).encode(),
    }


# ---- caption and references ---------------------------------------------------------------------------------------------


def caption(result: Result, composition: Composition, name: str = "figure") -> str:
    """What a reader of the paper must know: the rows from above, the clip, the knobs, the weights. composition: complete."""
    asked = result.view.shown
    title = result.method.title.partition(" — ")[0]
    rows = [_row(result, stage) for stage in composition.rows if stage != RAW]
    raw = ["the frames as they are"] if RAW in composition.rows else []
    head = f"{escaped(title)}{cited(result.method)} on {escaped(asked.clip)}, {len(result.clip)} frames"
    made = [f"{head}: {'; '.join([*raw, *rows])}."]
    made.append(f"Knobs: {knobs_of(asked, asked.settings)}.")
    if asked.edits:
        made.append(f"The clip was edited: {escaped(in_words(asked.edits))}")
    if result.other and composition.beside:
        other = result.other.view.shown
        turned = {one: value for one, value in other.settings.items() if value != asked.settings.get(one)}
        said = ", ".join(f"{symbol_of(symbol)} = {value_of(turned[one])}" for one, symbol in _symbols(other) if one in turned)
        edits = f"; {escaped(in_words(other.edits))}" if other.edits and other.edits != asked.edits else ""
        clip = f", on {escaped(other.clip)}" if other.clip != asked.clip else ""
        made.append(f"A: {said or 'the same knobs'}{clip}{edits}; B as above.")
    made.append(f"Weights: {escaped('; '.join(result.trace.weights.values()))}.")
    return f"% \\bibliography{{{name}}} has what is cited.\n\\caption{{{' '.join(made)}}}\n"


def _row(result: Result, stage: str) -> str:
    one = output_of(result, stage)
    assert one is not None  # a complete composition has no other
    return f"{symbol_of(one.symbol)}, {escaped(one.title)}{f' ({escaped(one.unit)})' if one.unit else ''}"


def knobs_of(asked: Setting, settings: Mapping[str, Any]) -> str:
    """Those of a setting's knobs that are named, with their values."""
    known = [(name, symbol) for name, symbol in _symbols(asked) if name in settings]
    return ", ".join(f"{symbol_of(symbol)} = {value_of(settings[name])}" for name, symbol in known)


def _symbols(asked: Setting) -> list[tuple[str, str]]:
    return [(one.name, one.symbol) for one in type(asked.knobs).knobs()]  # pyright: ignore


def value_of(value: Any) -> str:
    """A knob's value in LaTeX."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else escaped(str(value))


def symbol_of(symbol: str) -> str:
    """W^s as LaTeX's mathematics: what stands after ^ and _ is one letter or a word; words are upright."""
    plain = "".join(f"{SIGNS[letter]} " if letter in SIGNS else letter for letter in symbol)
    if symbol.isascii() and not any(sign in symbol for sign in "^_") and len(symbol) > 1:
        return escaped(symbol)
    return f"${plain.strip().replace('#', '').replace('%', '').replace('&', '')}$"


def escaped(text: str) -> str:
    """Words that LaTeX takes for words."""
    return "".join(f"${SIGNS[letter]}$" if letter in SIGNS else SPECIAL.get(letter, letter) for letter in text)


def references(method: Method) -> str:
    """BibTeX of the paper, and of this program."""
    own = lesson(method, "CITATION") or _entry(method.name, method.paper)
    return f"{own}\n{_entry('videopromptexplorer', MAKER)}"


def _entry(key: str, title: str) -> str:
    return f"@misc{{{key},\n  title = {{{escaped(title)}}}\n}}\n"


def cited(method: Method) -> str:
    """Where a caption cites the method's paper."""
    return "".join(f"~\\cite{{{key}}}" for key in _keys(references(method))[:1])


def _keys(bib: str) -> list[str]:
    return [line.partition("{")[2].rstrip(",") for line in bib.splitlines() if line.startswith("@")]


# ---- the script ---------------------------------------------------------------------------------------------------------

SCRIPT = '''\
"""Makes {name}.{format}, its caption and what it cites again.{own}"""

from pathlib import Path

from core import Engine
from core.publish.composition import Composition
from core.publish.paper import figure_files
from core.publish.result import compute, open_clip, open_whole
from core.publish.view import Setting, View

view = View(
    {shown},
    frame={frame}, overlay={overlay!r},{compared}
)
result = compute({engine}, view, open_clip, outputs={outputs}, video=open_whole)
for name, data in figure_files(result, Composition({composition}), {format!r}, {name!r}{again}).items():
    Path(name).write_bytes(data)
print(result.trace)
'''


def script(
    result: Result, composition: Composition, format: str = "pdf", name: str = "figure", engine: str = "Engine()"
) -> str:
    """A Python file that computes the result and draws the figure, wherever this is installed."""
    view = result.view
    own = [one.clip for one in (view.shown, view.compared) if one and not example_file(one.clip).startswith("assets/")]
    compared = f"\n    compared={as_setting(view.compared)}," if view.compared else ""
    return SCRIPT.format(
        format=format, name=name, engine=engine, again="" if engine == "Engine()" else f", {engine!r}",
        shown=as_setting(view.shown), frame=view.frame, overlay=view.overlay, compared=compared,
        outputs=[one.stage for one in result.outputs],
        composition=", ".join(f"{field}={value!r}" for field, value in to_plain(composition).items()),
        own=f" Put {', '.join(dict.fromkeys(own))} beside it first." if own else "",
    )  # fmt: skip
