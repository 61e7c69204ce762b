"""The methods that were found, by name: what an engine runs where it is handed no others."""

from collections.abc import Mapping

from core.errors import ReaderError
from core.method import Method
from core.methods import find

METHODS: Mapping[str, Method] = find()


def method_named(name: str, methods: Mapping[str, Method] | None = None) -> Method:
    """The method, or a sentence that says which there are. methods: not given, those that were found."""
    known = METHODS if methods is None else methods
    if not isinstance(name, str) or name not in known:
        raise ReaderError(f"There is no method {str(name)[:40]!r}. The methods are {', '.join(known)}.")
    return known[name]
