"""The one border where a reader's error becomes what a reader sees."""

import json
from contextlib import contextmanager
from functools import wraps

import gradio as gr

from app.server.guard import UNFORESEEN, noted, short
from core import Cancelled, ReaderError


@contextmanager
def as_message(how=gr.Error):
    """Inside, a ReaderError becomes a message on the page (or, with SystemExit, the last line in the terminal)."""
    try:
        yield
    except ReaderError as wrong:
        raise how(short(wrong) if how is gr.Error else str(wrong)) from wrong


def sentence(function):
    """The same function with its answer as JSON; a ReaderError becomes {"error": its sentence}, for the viewer to show, and a
    run that was called off {"cancelled": true}. What nobody foresaw is a sentence too, and one line on the console.

    Gradio shows no gr.Error of an event that does not queue (6.31), and the knobs' events do not."""

    @wraps(function)
    def spoken(*given):
        try:
            return json.dumps(function(*given))
        except ReaderError as wrong:
            return json.dumps({"error": short(wrong)})
        except Cancelled:
            return json.dumps({"cancelled": True})
        except Exception as wrong:
            noted(wrong, function.__name__)
            return json.dumps({"error": UNFORESEEN})

    return spoken
