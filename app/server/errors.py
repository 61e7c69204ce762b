"""The one border where a reader's error becomes what a reader sees."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import gradio as gr

from app.server.guard import UNFORESEEN, noted, short
from core import Cancelled, ReaderError


@contextmanager
def as_message(how: Callable[[str], BaseException] = gr.Error) -> Iterator[None]:
    """Inside, a ReaderError becomes a message on the page (or, with SystemExit, the last line in the terminal)."""
    try:
        yield
    except ReaderError as wrong:
        raise how(short(wrong) if how is gr.Error else str(wrong)) from wrong


def sentence(function: Callable[..., Any], read: Callable[[Any], Any] = lambda message: message) -> Callable[..., str]:
    """A server function of the same name, with its answer as JSON; a ReaderError becomes {"error": its sentence}, for the
    viewer to show, and a run that was called off {"cancelled": true}. What nobody foresaw is a sentence too, and one line on
    the console. read: what the function is given of what was sent.

    Gradio shows no gr.Error of an event that does not queue (6.31), and the knobs' events do not."""

    @wraps(function)
    def answer(*messages: Any) -> str:
        try:
            return json.dumps(function(*map(read, messages)))
        except ReaderError as wrong:
            return json.dumps({"error": short(wrong)})
        except Cancelled:
            return json.dumps({"cancelled": True})
        except Exception as wrong:
            noted(wrong, function.__name__)
            return json.dumps({"error": UNFORESEEN})

    return answer


def as_function(method: Callable[..., Any]) -> Callable[..., Any]:
    """A bound method as a function, which Gradio (6.31) can mark as a server's: nothing can be written on the other."""

    @wraps(method)
    def function(*messages: Any) -> Any:
        return method(*messages)

    return function
