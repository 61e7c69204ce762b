"""What the released demo of VideoLucy does otherwise (snapshot 2921f93), on cases: our own few lines for each, to be tried.

None of it is part of the page's search but `relevant`, which is 2 there.
"""

from collections.abc import Iterable

from core.methods.videolucy.memory import Memory, with_entries

FINE = 10.0  # seconds that are taken for a fine period, whatever they are
ORDINALS = ("first", "second", "third", "last")  # some of the words that it looks for


def skips_sparse(question: str) -> bool:
    """D2. Whether the search begins with the whole memory: where any ordinal is a part of the question, be it of a word."""
    return any(one in question.lower() for one in ORDINALS)


def depth_of(seconds: float) -> int:
    """D3. The depth that a period is taken for: fine at exactly FINE seconds, else coarse."""
    return int(seconds == FINE)


def lost(seconds: float, coarse: float) -> bool:
    """D3. Whether the last coarse period is taken for a fine one, so that what is written of it is never read."""
    tail = seconds % coarse
    return depth_of(tail or coarse) == 1


def forced_memory(kept: Memory, left_out: Iterable) -> Memory:
    """D4. What a forced answer is given: all coarse entries, those that were left out too, with what was refined in place."""
    return with_entries(Memory(tuple(left_out)), kept.entries)
