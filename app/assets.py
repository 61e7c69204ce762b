"""How the page serves its modules and its look: once, under an address that names their content, so that a browser keeps them
for good and never mixes two versions. What a component or an event runs is one `import` of them, and values as JSON.

Addresses are relative to the page's own: it may lie behind a proxy, in a folder, or on a Space.
"""

import json
import mimetypes
from functools import cache
from hashlib import blake2b
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.modules import VIEWER, all_imports, styles

# what every visit needs
PAGE = tuple(f"page/{name}.js" for name in ("values", "tab", "top", "links", "skip", "presets", "sheet", "notebook", "history"))
LOOK = "look.css"  # every CSS in one
FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable"}


@cache
def files() -> dict[str, bytes]:
    """Path → content, as it was when it was first asked for."""
    found = {path.relative_to(VIEWER).as_posix(): path.read_bytes() for path in sorted(VIEWER.glob("*/*.js"))}
    return found | {LOOK: styles().encode()}


@cache
def folder() -> str:
    """Where they are served: it changes when any of them does."""
    content = blake2b(digest_size=6)
    for path, held in files().items():
        content.update(f"{path}\0{len(held)}\0".encode() + held)
    return f"viewer/{content.hexdigest()}"


def component(path: str, name: str, *arguments: Any) -> str:
    """What an HTML component runs when it is mounted: a function of a module, given what Gradio gives, and then these."""
    return f"{_module(path)}.then(it => it.{name}({{element, props, trigger, server}}, {_listed(arguments)}))"


def event(path: str, name: str, *arguments: Any) -> str:
    """What an event runs in the browser: a function of a module, given these, and then the event's inputs."""
    return f"(...values) => {_module(path)}.then(it => it.{name}({_listed(arguments)}...values))"


def _module(path: str) -> str:
    assert path in files(), path
    return f'import(new URL("{folder()}/{path}", document.baseURI))'


def _listed(values: tuple[Any, ...]) -> str:
    return "".join(f"{json.dumps(one)}, " for one in values)


def head() -> str:
    """For the page's head."""
    return f'<link rel="stylesheet" data-look href="{folder()}/{LOOK}">'


def routes() -> list[Route]:
    """For the application that serves the page."""

    async def answer(request: Request) -> Response:
        content = files().get(request.path_params["path"])
        if content is None:
            return Response(status_code=404)
        kind = mimetypes.guess_type(request.path_params["path"])[0]
        return Response(content, media_type=kind if kind != "application/javascript" else "text/javascript", headers=FOR_GOOD)

    return [Route(f"/{folder()}/{{path:path}}", answer)]


def hints(*paths: str) -> Middleware:
    """Tells the browser with the page itself what will be asked for: these modules beside the
    page's own, what they import, and the look."""
    wanted = all_imports("\n".join(f'import {{}} from "./{path}";' for path in (*PAGE, *paths)))
    links = [f"<{folder()}/{LOOK}>; rel=preload; as=style", *(f"<{folder()}/{path}>; rel=modulepreload" for path in wanted)]
    return Middleware(Hints, link=", ".join(links))


class Hints:
    """A header `Link` on the answer at the root."""

    def __init__(self, app: ASGIApp, link: str):
        self.app, self.link = app, link

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("link", self.link)
            await send(message)

        here = scope["type"] == "http" and scope["path"] == "/"
        await self.app(scope, receive, sending if here else send)
