"""What is wrong with single entries of a data set, gathered by its kind to be told in a sentence each."""

from collections.abc import Sequence
from dataclasses import dataclass, field

TOLD = 5  # examples in a sentence about many
LONG = 120  # characters of an example


@dataclass
class Wrong:
    """What was found wrong while reading, by its kind, with every example."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def note(self, kind: str, example: object) -> None:
        self.found.setdefault(kind, []).append(shown(str(example)))

    def sentences(self) -> tuple[str, ...]:
        return tuple(f"{kind} ({len(every)}): {several(every)}." for kind, every in self.found.items())


def several(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    rest = len(names) - TOLD
    return ", ".join(names[:TOLD]) + (f" and {rest} more" if rest > 0 else "")


def shown(name: str) -> str:
    """A name or a text as a terminal can print it, however it was written: no half characters, no line breaks, not endless."""
    name = name if len(name) <= LONG else f"{name[: LONG - 1]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
