"""Whatever is asked of the server, a sentence comes back, and the console gets one line: no traceback of the framework's.

A page guards its events and endpoints; `Guard` stands before every route, also before those that Gradio reads itself. What a
reader can mend is a ReaderError and is told as it is. Anything else is a fault of the request or of ours: the line says where.
"""

import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.server.tidy import make_room

MOST = 66_000_000  # bytes of a request that is no upload: kept cells are the largest
LENGTH = 600  # characters of a sentence: a value that is named in it may be as long as its sender likes
TOO_LARGE = f"What is asked has up to {MOST // 10**6} MB; only a video may be larger."
UNFORESEEN = "This cannot be answered: what was asked is not of the kind that is read here. Load the page again."


def short(text: Any) -> str:
    """A sentence of bounded length on one line, without anything that a terminal would obey."""
    plain = "".join(letter if letter.isprintable() else " " for letter in str(text)[: 2 * LENGTH])
    return plain if len(plain) <= LENGTH else f"{plain[: LENGTH // 2]} … {plain[-LENGTH // 2 :]}"


def noted(wrong: BaseException, what: str) -> None:
    """One line on the console of what nobody foresaw: its kind, and the last place of our own code."""
    places = traceback.extract_tb(wrong.__traceback__)
    here = str(Path(__file__).parents[2])
    own = [one for one in places if one.filename.startswith(here) and one.filename != __file__] or places[-1:]
    where = f" at {'/'.join(own[-1].filename.rsplit('/', 2)[-2:])}:{own[-1].lineno}" if own else ""
    print(short(f"{what}: {type(wrong).__name__}{where}: {str(wrong)[:LENGTH]}")[:LENGTH], file=sys.stderr, flush=True)


class Page(gr.Blocks):
    """Blocks whose events and endpoints answer with a sentence, whatever is wrong: values of other kinds, too few, too many.
    Files that came with one make older ones go."""

    files = 0  # that came so far

    async def process_api(self, block_fn: Any, *row: Any, **named: Any) -> dict[str, Any]:
        if self.files != (files := sum(map(len, self.temp_file_sets))):
            self.files = files
            make_room({path for each in self.temp_file_sets for path in list(each)})
        try:
            return await super().process_api(block_fn, *row, **named)
        except gr.Error as wrong:
            wrong.print_exception = False
            raise
        except Exception as wrong:
            name = getattr(self.fns[block_fn] if isinstance(block_fn, int) else block_fn, "api_name", None)
            noted(wrong, name if isinstance(name, str) else "an event")
            raise gr.Error(UNFORESEEN, print_exception=False) from None


class Guard:
    """ASGI middleware: what no route could read is a 400 with a sentence, and one line. Large bodies are uploads alone."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        small, began, read = not scope["path"].rstrip("/").endswith("/upload"), False, 0
        if small and int(dict(scope["headers"]).get(b"content-length", 0)) > MOST:  # the server has checked that it is a number
            return await JSONResponse({"detail": TOO_LARGE}, 413)(scope, receive, send)

        async def counted() -> MutableMapping[str, Any]:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if small and read > MOST:
                raise HTTPException(413, TOO_LARGE)
            return message

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self.app(scope, counted, sent)
        except Exception as wrong:
            noted(wrong, short(scope["path"]))
            if not began:
                await JSONResponse({"detail": UNFORESEEN}, 400)(scope, receive, send)
