"""Copy as Python: the call of the engine that is behind a view, as a text that runs."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from core.publish.view import Setting, View

ROOT = Path(__file__).resolve().parents[2]


def example_file(clip: str) -> str:
    """The file of an example, from the project's root; an own clip's is what it is called."""
    file = f"assets/clips/{clip}.mp4"
    return file if (ROOT / file).is_file() else clip


def as_python(
    view: View,
    file: Callable[[str], str] = example_file,
    models: Mapping[str, str] | None = None,
    precision: str | None = None,
    weights: Mapping[str, str] | None = None,
    outputs: Collection[str] | None = None,
) -> str:
    """The call behind a view: `trace` is what is shown, `compared` what it is compared with.

    file: a clip's name → what `read_clip` opens. models, precision: as the engine was given them; not given, its own choice.
    weights: labels, told in a comment. outputs: stages; not given, every stage.
    """
    edits = any(one.edits for one in (view.shown, view.compared) if one)
    lines = [f"from core import Engine, {'edited, ' if edits else ''}read_clip", ""]
    lines += [f"# computed with {_one_line(label)}" for label in (weights or {}).values()]
    lines += [f"engine = {engine_call(models, precision)}"]
    lines += run_lines(view.shown, file, "clip", "trace", outputs)
    if view.compared:
        lines += run_lines(view.compared, file, "other_clip", "compared", outputs)
    return "\n".join(lines) + "\n"


def engine_call(models: Mapping[str, str] | None = None, precision: str | None = None) -> str:
    """The engine that computed it; on which device, the machine decides."""
    given = {"models": dict(models) if models else None, "precision": precision}
    return f"Engine({', '.join(f'{name}={value!r}' for name, value in given.items() if value)})"


def run_lines(asked: Setting, file: Callable[[str], str], clip: str, trace: str, outputs: Collection[str] | None = None):
    """The clip, its edits where there are any, and the run."""
    texts = [f"    texts={list(asked.texts)!r},"] if asked.texts else []
    texts += [f"    question={asked.question!r},"] if asked.question else []
    wanted = [f"    outputs={list(outputs)!r},"] if outputs else []
    return [
        f"{clip} = read_clip({file(asked.clip)!r}, frames={asked.frames})",
        *edit_lines(asked, clip),
        f"{trace} = engine.run(",
        f"    {asked.method!r}, {clip},",
        *texts,
        *wanted,
        f"    {keywords(asked.settings)},",
        ")",
    ]


def edit_lines(asked: Setting, clip: str) -> list[str]:
    """One statement, with every setting written out; none where nothing was edited."""
    return [f"{clip} = edited({clip}, [", *(f"    {dict(one)!r}," for one in asked.edits), "])"] if asked.edits else []


def keywords(settings: Mapping[str, Any]) -> str:
    """ "alpha=0.3, kept=6": every knob, so that a default that changes later changes nothing here."""
    return ", ".join(f"{name}={value!r}" for name, value in settings.items())


def _one_line(text: str) -> str:
    return " ".join(text.split())
