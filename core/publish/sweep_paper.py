"""What goes into a paper with a sweep: the figure, its caption in LaTeX, what to cite, and the script that makes it again.

sweep.pdf  sweep_caption.tex  sweep.bib  sweep.py
"""

from collections.abc import Iterable, Sequence
from typing import Any

from core.engine import Engine
from core.graph import downstream
from core.method import Method
from core.progress import CalledOff, Progress
from core.publish.composition import Composition, to_plain
from core.publish.paper import cited, escaped, knobs_of, references, symbol_of, value_of
from core.publish.python import as_setting, example_file
from core.publish.result import open_clip, open_whole
from core.publish.sweeps import picture_of
from core.publish.view import Setting
from core.registry import method_named
from core.sweep import Axis, Number, Sweep, sweep_over
from core.video.clip import Clip
from core.video.edits import edited, in_words


def sweep_of(
    engine: Engine, asked: Setting, x: Axis, y: Axis, output: str, number: Number, opened=open_clip, video=open_whole,
    progress: Progress = lambda done: None, cancelled: CalledOff = lambda: False,
) -> tuple[Sweep, Clip]:  # fmt: skip
    """A setting at every pair of two knobs' values, and the clip that it was computed on. opened, video: as in `compute`."""
    clip = edited(opened(asked.clip, asked.frames, *asked.moment), asked.edits)
    whole = video(asked.clip) if "video" in method_named(asked.method).sources else None
    made = sweep_over(
        engine, asked.method, clip, x, y, output, number, asked.texts or None, progress, cancelled, whole,
        asked.question or None, **asked.settings,
    )  # fmt: skip
    return made, clip


def usual_number(method: Method, texts: bool, knobs: Iterable[str] = ()) -> Number:
    """Of the numbers that most of these knobs move, the first that a network has the last word in. texts: whether there are
    some to compare with."""
    moved = [downstream(method.stages, knob) for knob in knobs]
    numbers = [one for one in method.outputs if one.numbers and (texts or one.stage not in method.text_stages)]
    first = min(numbers, key=lambda one: (-sum(one.stage in each for each in moved), one.when == "now", len(one.over)))
    return first.stage, first.numbers[0]


def sweep_files(
    asked: Setting, made: Sweep, clip: Clip, grid: tuple[int, int] | None, frame: int = 0,
    composition: Composition | None = None, format: str = "pdf", name: str = "sweep", engine: str = "Engine()",
) -> dict[str, bytes]:  # fmt: skip
    """The figure and what belongs to it, by the names of the files. asked, made, clip: as `sweep_of` has them; engine: the call
    that makes the one that computed it."""
    how = composition or Composition()
    return {
        f"{name}.{format}": picture_of(made, clip, grid or (0, 0), frame, format, how).data,
        f"{name}_caption.tex": caption(asked, made, frame, name).encode(),
        f"{name}.bib": references(method_named(asked.method)).encode(),
        f"{name}.py": script(asked, made, frame, how, format, name, engine).encode(),
    }


def caption(asked: Setting, made: Sweep, frame: int, name: str = "sweep") -> str:
    """What a reader of the paper must know: the two knobs, what is drawn, the number, the other knobs, the weights."""
    method = method_named(asked.method)
    symbols = {one.name: symbol_of(one.symbol) for one in method.knobs.knobs()}
    drawn, counted = method.kinds.get(made.output), method.kinds.get(made.number[0])
    said = f"{symbol_of(drawn.symbol)}, {escaped(drawn.title)}" if drawn else escaped(made.output)
    number = f"{symbol_of(counted.symbol)}, {escaped(counted.title)}" if counted else escaped(made.number[0])
    how = _reduced(asked, made.number, counted.over if counted else "")
    across, down = (f"{symbols[one]} = {_listed(values)}" for one, values in ((made.x, made.x_values), (made.y, made.y_values)))
    rest = {key: value for key, value in asked.settings.items() if key not in (made.x, made.y)}
    title = f"{escaped(method.title.partition(' — ')[0])}{cited(method)} on {escaped(asked.clip)}"
    lines = [
        f"{title}, frame {frame + 1} of {asked.length}: {said}, at {across} (columns) and {down} (rows).",
        f"Below, {number} ({how}).",
        f"Other knobs: {knobs_of(asked, rest)}.",
        *([f"The clip was edited: {escaped(in_words(asked.edits))}"] if asked.edits else []),
        f"Weights: {escaped('; '.join(made.weights.values()))}.",
    ]
    return f"% \\bibliography{{{name}}} has what is cited.\n\\caption{{{' '.join(lines)}}}\n"


def _reduced(asked: Setting, number: Number, over: str) -> str:
    """How a stage becomes one number, in words: of texts, which one."""
    how = number[1]
    if isinstance(how, str):
        return escaped(how)
    return f"``{escaped(asked.texts[how])}''" if over == "Y" and how < len(asked.texts) else f"number {how + 1}"


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(value_of, values))


SCRIPT = '''\
"""Makes {name}.{format}, its caption and what it cites again.{own}"""

from pathlib import Path

from core import Engine
from core.publish.composition import Composition
from core.publish.sweep_paper import sweep_files, sweep_of
from core.publish.view import Setting

engine = {engine}
asked = {asked}
made, clip = sweep_of(engine, asked, {x!r}, {y!r}, {output!r}, {number!r})
grid, figure = engine.grid(asked.method), Composition({composition})
for name, data in sweep_files(asked, made, clip, grid, {frame}, figure, {format!r}, {name!r}{again}).items():
    Path(name).write_bytes(data)
print(made.numbers)
'''


def script(
    asked: Setting, made: Sweep, frame: int, composition: Composition, format: str, name: str, engine: str = "Engine()"
) -> str:
    """A Python file that computes the sweep and draws the figure, wherever this is installed."""
    return SCRIPT.format(
        format=format, name=name, engine=engine, again="" if engine == "Engine()" else f", {engine!r}", asked=as_setting(asked),
        x=(made.x, list(made.x_values)), y=(made.y, list(made.y_values)), output=made.output, number=made.number, frame=frame,
        composition=", ".join(f"{field}={value!r}" for field, value in to_plain(composition).items()),
        own="" if example_file(asked.clip).startswith("assets/") else f" Put {asked.clip} beside it first.",
    )  # fmt: skip
