"""Copy as Python: the call of the engine that is behind a view, as a text that runs wherever this is installed."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from core.publish.view import Setting, View
from core.registry import method_named

ROOT = Path(__file__).resolve().parents[2]


def example_file(clip: str) -> str:
    """The file of an example, from the project's root; an own clip's is what it is called."""
    files = (f"assets/clips/{clip}.mp4", f"assets/videos/{clip}.json", f"assets/sprites/{clip}.mp4")
    return next((file for file in files if (ROOT / file).is_file()), clip)


def as_python(
    view: View,
    file: Callable[[str], str] = example_file,
    models: Mapping[str, str] | None = None,
    precision: str | None = None,
    weights: Mapping[str, str] | None = None,
    outputs: Collection[str] | None = None,
) -> str:
    """The call behind a view, which prints what it found: `trace` is what is shown, `compared` what it is compared with.

    file: a clip's name → the file that is opened. models, precision: as the engine was given them; not given, its own choice.
    weights: labels, told in a comment. outputs: stages; not given, every stage.
    """
    lines = [*import_lines([one for one in (view.shown, view.compared) if one], file), ""]
    lines += [f"# computed with {_one_line(label)}" for label in (weights or {}).values()]
    lines += [f"engine = {engine_call(models, precision)}"]
    lines += run_lines(view.shown, file, "clip", "trace", outputs)
    lines += print_lines(view.shown, "trace", outputs)
    if view.compared:
        lines += ["", *run_lines(view.compared, file, "other_clip", "compared", outputs)]
        lines += print_lines(view.compared, "compared", outputs)
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
        *reading_lines(asked, file, name),
        f"{trace} = engine.run(",
        f"    {asked.method!r}, video={name}," if whole else f"    {asked.method!r}, {name},",
        *texts,
        *wanted,
        f"    {keywords(asked.settings)},",
        ")",
    ]


def clip_call(clip: str, file: Callable[[str], str] = example_file) -> str:
    """What is opened, as code: an example by its name, anything else by its file's."""
    return f"example({clip!r})" if file(clip).startswith("assets/") else repr(file(clip))


def print_lines(asked: Setting, trace: str, outputs: Collection[str] | None = None) -> list[str]:
    """What prints a run: the stages in short, the numbers of every gap and frame, which frames are chosen, and the texts from
    the best down. Spans of a long video are hundreds: they are not printed."""
    made = [f"print({trace})"]
    for one in method_named(asked.method).outputs:
        told = one.numbers or one.value in ("place", "second")
        if not told or not one.row or one.over == "S" or (outputs is not None and one.stage not in outputs):
            continue
        numbers = f"{trace}[{one.stage!r}]"
        if one.over != "Y":
            each = "int(one)" if one.value in ("count", "place") else "round(float(one), 3)"
            named = f"{one.symbol}, {one.title}" + (", counted from 0" if one.value == "place" else "")
            made.append(f'print("{named}:", [{each} for one in {numbers}])')
        elif asked.texts:
            made.append(f"for fit, text in sorted(zip({numbers}.tolist(), {list(asked.texts)!r}), reverse=True):")
            made.append('    print(f"{fit:.3f}  {text}")')
    return made


def watches(asked: Setting) -> bool:
    """Whether its method looks through a whole video."""
    return "video" in method_named(asked.method).sources


def import_lines(settings: Collection[Setting], file: Callable[[str], str]) -> list[str]:
    """What the calls of these need."""
    whole = [file(one.clip).endswith(".json") for one in settings if watches(one)]
    clips = [one for one in settings if not watches(one)]
    names = {
        "edited": any(one.edits for one in clips), "example": any(clip_call(one.clip, file)[0] == "e" for one in settings),
        "open_video": not all(whole), "read_clip": bool(clips),
    }  # fmt: skip
    lines = [f"from core import {', '.join(['Engine', *(name for name, needed in names.items() if needed)])}"]
    return lines + ["from core.world.recipes import read_recipe"] * any(whole)


def reading_lines(asked: Setting, file: Callable[[str], str], name: str) -> list[str]:
    """How the clip, with its edits, or the video comes by its name."""
    opened = clip_call(asked.clip, file)
    if not watches(asked):
        moment = ", start={!r}, end={!r}".format(*asked.moment) if asked.moment else ""
        return [f"{name} = read_clip({opened}, frames={asked.frames}{moment})", *edit_lines(asked, name)]
    recipe = file(asked.clip).endswith(".json")
    return [f"{name} = read_recipe({opened}).video" if recipe else f"{name} = open_video({opened})"]


def edit_lines(asked: Setting, clip: str) -> list[str]:
    """One statement, with every setting written out; none where nothing was edited."""
    return [f"{clip} = edited({clip}, [", *(f"    {dict(one)!r}," for one in asked.edits), "])"] if asked.edits else []


def as_setting(asked: Setting, knobs: str = "", texts: str = "") -> str:
    """A setting as the code that makes it. knobs, texts: what stands there already, as code."""
    edits = f", {[dict(one) for one in asked.edits]!r}" if asked.edits else ""
    question = f", question={asked.question!r}" if asked.question else ""
    moment = f", moment={asked.moment!r}" if asked.moment else ""
    knobs = knobs or f"dict({keywords(asked.settings)})"
    texts = texts or repr(asked.texts)
    return f"Setting({asked.method!r}, {asked.clip!r}, {asked.frames}, {knobs}, {texts}{edits}{question}{moment})"


def keywords(settings: Mapping[str, Any]) -> str:
    """ "alpha=0.3, kept=6": every knob, so that a default that changes later changes nothing here."""
    return ", ".join(f"{name}={value!r}" for name, value in settings.items())


def _one_line(text: str) -> str:
    return " ".join(text.split())
