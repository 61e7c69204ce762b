"""What every training shares, and the command that trains a method by its name.

`python -m core.training.NAME`, as the JSON beside older weights has it, is `python -m core.training NAME`: the module of that
name is made here, for every method that can be trained, and no file in this folder is called after one.
"""

import sys
from collections.abc import Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from core.methods import has


class Commands(MetaPathFinder, InspectLoader):
    """Finds core.training.NAME where a method NAME has a training, after every finder of files."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        package, _, name = fullname.rpartition(".")
        return ModuleSpec(fullname, self) if package == __name__ and has(name, "train") else None

    def get_source(self, fullname: str) -> str:
        name = fullname.rpartition(".")[2]
        run = f"import sys; from {__name__}.__main__ import main; main([{name!r}, *sys.argv[1:]])"
        return f"if __name__ == '__main__': {run}"  # a process that training starts imports it under another name


sys.meta_path.append(Commands())
