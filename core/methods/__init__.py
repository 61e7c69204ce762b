"""Methods, found by looking in this folder: every module with a `METHOD` is one, and a folder holds all that is its own."""

import importlib
import pkgutil

from core.method import Method


def find() -> dict[str, Method]:
    """Every method of this folder by name, in the order of their tabs."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    methods = [module.METHOD for module in modules if hasattr(module, "METHOD")]
    return {one.name: one for one in sorted(methods, key=lambda one: (one.place, one.name))}
