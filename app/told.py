"""The one border where a reader's error becomes what a reader sees."""

from contextlib import contextmanager

import gradio as gr

from core import ReaderError


@contextmanager
def told(how=gr.Error):
    """Inside, a ReaderError becomes a message on the page (or, with SystemExit, the last line in the terminal)."""
    try:
        yield
    except ReaderError as wrong:
        raise how(str(wrong)) from wrong
