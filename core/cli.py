"""What every command shares: what the reader can mend is a sentence, and what cannot be is refused before hours are spent."""

import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile

from core.errors import ReaderError


@contextmanager
def sentences() -> Iterator[None]:
    """Inside, or around the function that it decorates, what the reader can mend ends the command with a sentence. A name
    that the terminal's encoding does not hold is printed with its bytes written out, as errors are."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield
    except ReaderError as wrong:
        raise SystemExit(str(wrong)) from wrong
    except OSError as wrong:
        raise SystemExit(f"{wrong.filename}: {wrong.strerror}." if wrong.filename else f"{wrong}.") from wrong


def names_data(words: Sequence[str]) -> bool:
    """Whether a command names a data set of the reader's own: other arguments belong to it then."""
    return any(word.partition("=")[0] == "--data" for word in words)


# ---- types of arguments -------------------------------------------------------------------------------------------------


def seed_number(text: str) -> int:
    """A whole number from 0."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"a seed is a whole number from 0, got {text}")
    return int(text)


def file_to_write(text: str) -> Path:
    """A file that can be written; its folder is made."""
    path = Path(text)
    if path.is_dir():
        raise ArgumentTypeError(f"{text} is a folder: name a file in it")
    if not path.exists():
        folder_to_write(str(path.parent))
    elif not os.access(path, os.W_OK):
        raise ArgumentTypeError(f"{text} cannot be written")
    return path


def folder_to_write(text: str) -> Path:
    """A folder in which files can be written; it is made."""
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise ArgumentTypeError(f"{text} is a file, where a folder is needed")
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            return path
    except OSError as wrong:
        raise ArgumentTypeError(f"nothing can be written to the folder {text}: {wrong.strerror}") from wrong
