"""Copy as Python: the call of the engine that is behind a view, as a text that runs."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from core.publish.view import Setting, View
from core.registry import method_named

ROOT = Path(__file__).resolve().parents[2]


def example_file(clip: str) -> str:
    """The file of an example, from the project's root; an own clip's is what it is called."""
    files = (f"assets/clips/{clip}.mp4", f"assets/videos/{clip}.json")
    return next((file for file in files if (ROOT / file).is_file()), clip)


def as_python(
    view: View,
    file: Callable[[str], str] = example_file,
    models: Mapping[str, str] | None = None,
    precision: str | None = None,
    weights: Mapping[str, str] | None = None,
    outputs: Collection[str] | None = None,
) -> str:
    """The call behind a view: `trace` is what is shown, `compared` what it is compared with.

    file: a clip's name → the file that is opened. models, precision: as the engine was given them; not given, its own choice.
    weights: labels, told in a comment. outputs: stages; not given, every stage.
    """
    lines = [*import_lines([one for one in (view.shown, view.compared) if one], file), ""]
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
    """The clip with its edits where there are any, or the video, and the run."""
    texts = [f"    texts={list(asked.texts)!r},"] if asked.texts else []
    texts += [f"    question={asked.question!r},"] if asked.question else []
    wanted = [f"    outputs={list(outputs)!r},"] if outputs else []
    whole = watches(asked)
    name = clip.replace("clip", "video") if whole else clip
    return [
        *reading_lines(asked, repr(file(asked.clip)), name),
        f"{trace} = engine.run(",
        f"    {asked.method!r}, video={name}," if whole else f"    {asked.method!r}, {name},",
        *texts,
        *wanted,
        f"    {keywords(asked.settings)},",
        ")",
    ]


def watches(asked: Setting) -> bool:
    """Whether its method looks through a whole video."""
    return "video" in method_named(asked.method).sources


def import_lines(settings: Collection[Setting], file: Callable[[str], str]) -> list[str]:
    """What the calls of these need."""
    whole = [file(one.clip).endswith(".json") for one in settings if watches(one)]
    clips = [one for one in settings if not watches(one)]
    names = {"edited": any(one.edits for one in clips), "open_video": not all(whole), "read_clip": bool(clips)}
    lines = [f"from core import {', '.join(['Engine', *(name for name, needed in names.items() if needed)])}"]
    return lines + ["from core.world.long import read_recipe"] * any(whole)


def reading_lines(asked: Setting, file: str, name: str) -> list[str]:
    """How the clip, with its edits, or the video comes by its name. file: as an expression."""
    if not watches(asked):
        return [f"{name} = read_clip({file}, frames={asked.frames})", *edit_lines(asked, name)]
    recipe = file.rstrip("')\"").endswith(".json")
    return [f"{name} = read_recipe({file}).video" if recipe else f"{name} = open_video({file})"]


def edit_lines(asked: Setting, clip: str) -> list[str]:
    """One statement, with every setting written out; none where nothing was edited."""
    return [f"{clip} = edited({clip}, [", *(f"    {dict(one)!r}," for one in asked.edits), "])"] if asked.edits else []


def keywords(settings: Mapping[str, Any]) -> str:
    """ "alpha=0.3, kept=6": every knob, so that a default that changes later changes nothing here."""
    return ", ".join(f"{name}={value!r}" for name, value in settings.items())


def _one_line(text: str) -> str:
    return " ".join(text.split())
