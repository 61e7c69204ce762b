"""Methods, found by looking in this folder: every module with a `METHOD` is one.

A folder holds all that is its method's own. Some of its modules have names that all folders share, and whoever asks by such a
name is given the module, or None: what a method has no `explain` for, it has no explanations for.

    lesson      READINGS, DIFFERENCES, EQUATIONS, PRESETS, PAIRS, FIRST, WORDS, TOUR: what is said of it
    explain     EXPLAINED: what of it can be explained        selfcheck   PARTS: what is checked in its own way
    train       main(words), and `train_own` on videos of the reader's own
    evaluate    evaluate(…), table(…), and `evaluate_own` on videos of the reader's own
"""

import importlib
import importlib.util
import pkgutil
import sys
from functools import cache
from types import ModuleType
from typing import Any

from core.method import Method


def find() -> dict[str, Method]:
    """Every method of this folder by name, in the order of their tabs."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    methods = [module.METHOD for module in modules if hasattr(module, "METHOD")]
    return {one.name: one for one in sorted(methods, key=lambda one: (one.place, one.name))}


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
