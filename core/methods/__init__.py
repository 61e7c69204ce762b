"""Methods, found by looking in this folder: every module with a `METHOD` is one.

A folder holds all that is its method's own. Some of its modules have names that all folders share, and whoever asks by such a
name is given the module, or None: what a method has no `explain` for, it has no explanations for.

    lesson      READINGS, DIFFERENCES, EQUATIONS, PRESETS, PAIRS, FIRST, OWN, EXAMPLE, WORDS, TOUR: what is said of it
    explain     EXPLAINED: what of it can be explained        selfcheck   PARTS: what is checked in its own way
    train       main(words), and `train_own` on videos of the reader's own
    evaluate    evaluate(…), table(…), and `evaluate_own` on videos of the reader's own
    columns     COLUMNS, STAGES, row(…): what the workbench says of a clip (`core.workbench.columns`)
    browser     WAYS, MODULE, constants(…): what of it runs in a browser, without Python (`core.browser`)
    report      measured(…): what `evaluate` found, as tables for the README of its folder; curves(…): over a knob, for the page
"""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from core.method import Method, Network

FIGURES = Path(__file__).resolve().parents[2] / "assets" / "viewer" / "figures"


def find() -> dict[str, Method]:
    """Every method of this folder by name, in the order of their tabs."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return by_name([module.METHOD for module in modules if hasattr(module, "METHOD")])


def by_name(methods: Iterable[Method]) -> dict[str, Method]:
    """Methods by name, in the order of their tabs. ValueError: two of one name, one name for two models, or
    an output that nothing draws."""
    found: dict[str, Method] = {}
    models: dict[str, tuple[Method, Network]] = {}
    for method in sorted(methods, key=lambda one: (one.place, one.name)):
        if method.name in found:
            raise ValueError(f"Two methods are called {method.name}: a name is for one.")
        found[method.name] = method
        check_drawn(method)
        for network in (one for own in method.networks.values() for one in own.needed):
            other, same = models.setdefault(network.model, (method, network))
            if same.key != network.key:
                raise ValueError(
                    f"{other.name} and {method.name} load the model {network.model!r} in two ways, and who names a file for it "
                    "means one of them: share the loader, or give the model another name."
                )
    return found


def check_drawn(method: Method) -> None:
    """A ValueError where an output is of a kind that no figure draws."""
    for one in method.shown.values():
        if not (FIGURES / f"{one.figure}.js").is_file():
            known = ", ".join(sorted(file.stem for file in FIGURES.glob("*.js") if "_" not in file.stem))
            raise ValueError(
                f"{method.name} shows {one.stage} as {type(one).__name__}, and there is no figure {one.figure}: write "
                f"assets/viewer/figures/{one.figure}.js, or say which of {known} draws this kind."
            )


@cache
def part(method: str, stem: str) -> ModuleType | None:
    """A method's module of a shared name, None where it has none."""
    return importlib.import_module(f"{__name__}.{method}.{stem}") if has(method, stem) else None


def has(method: str, stem: str) -> bool:
    """Whether a method has such a module, which is not imported for that."""
    try:
        return importlib.util.find_spec(f"{__name__}.{method}.{stem}") is not None
    except ModuleNotFoundError:  # a method that is one file has no parts
        return False


def with_part(stem: str) -> tuple[str, ...]:
    """The names of the methods that have such a module."""
    return tuple(found.name for found in pkgutil.iter_modules(__path__) if has(found.name, stem))


def lesson(method: Method, name: str) -> Any:
    """What a method says of itself under a name, in its `lesson` or, where it is one file, in that; () where nothing."""
    return getattr(part(method.name, "lesson") or sys.modules[method.knobs.__module__], name, ())
