"""A language or vision model on another machine, behind an OpenAI-compatible endpoint: a network whose weights are not here.

    python -m app --service lucy=http://127.0.0.1:8000/v1,model=qwen2.5-vl-7b

A method names it like any network, with the words it is asked in: `Network("lucy", service("Question: {question}"))`. What it
answered is known by endpoint, model and words, as other results are by their weights; a sampled answer (a temperature above 0)
would be another the next time, and is kept only with a seed.

The key is read from the environment (SERVICE_API_KEY, or the variable that `key=` names) at each call, and goes into that one
header: it is in no error, label or digest, and an answer that leads elsewhere is not followed.
"""

import base64
import http.client
import io
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from core.errors import BadService, BadWeights
from core.keys import digest
from core.networks.weights import Loaded
from core.progress import sampled, tick

FORM = "URL,model=NAME[,key=VARIABLE]"
SECONDS = 60.0  # for one answer
TRIES = 4
PAUSE = 0.5  # seconds before the second try; twice as long before each further one
AGAIN = {408, 409, 425, 429, 500, 502, 503, 504}  # states that pass
LONGEST = 1 << 24  # bytes of an answer
SIDE = 448  # pixels of a picture's longer side
DEAF = 0.05  # seconds between two looks whether it was called off


@dataclass(frozen=True)
class Endpoint:
    """url: up to and without /chat/completions. key: the environment variable that holds the key."""

    url: str
    model: str
    key: str = "SERVICE_API_KEY"

    @property
    def place(self) -> str:
        """Host and port, for the reader."""
        return urlsplit(self.url).netloc


def endpoint(spec: Any) -> Endpoint:
    """From FORM; anything else is a BadWeights that shows the form and nothing that might be secret."""
    url, *rest = str(spec).split(",")
    named = dict(one.partition("=")[::2] for one in rest)
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    key = named.get("key", Endpoint.key)  # upper case: a key that was written there by mistake is not to be shown
    if not good or not named.get("model") or not named.keys() <= {"model", "key"} or not (key.isidentifier() and key.isupper()):
        raise BadWeights(f"A service is {FORM}, with http:// or https:// in front; what was given is not of that form.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise BadWeights("The address of a service has no user, password or query in it: its key comes from the environment.")
    return Endpoint(url.rstrip("/"), **named)


def service(template: str, **settings: Any) -> Callable[..., Loaded]:
    """A loader for `Network`: the words are the method's, the endpoint the reader's. settings: of `Service`."""

    def load(spec: str | Loaded | None) -> Loaded:
        if isinstance(spec, Loaded):
            return spec
        if spec is None:
            raise BadService(f"This needs a language model, and none was named: --service NAME={FORM}.")
        found = endpoint(spec)
        made = Service(found, template, **settings)
        return Loaded(made, f"{found.model} at {found.place}", digest("service", found.url, found.model, template))

    return load


@dataclass(frozen=True)
class Service:
    """`service(question="…")` fills the template, asks, and returns the answer.

    seconds: for one answer. tries: how often it is asked while it is busy, broken or not there, with pauses that double.
    """

    endpoint: Endpoint
    template: str
    seconds: float = SECONDS
    tries: int = TRIES
    pause: float = PAUSE

    def __call__(
        self, *, images: Sequence[bytes] = (), temperature: float = 0.0, seed: int | None = None, **fields: Any
    ) -> str:  # fmt: skip
        """images: JPEG files that go with the words. Raises BadService, and Cancelled where it was called off."""
        if temperature > 0 and seed is None:
            sampled()
        words = self.template.format(**fields)
        shown = [{"type": "image_url", "image_url": {"url": "data:image/jpeg;base64," + base64.b64encode(one).decode()}}
                 for one in images]  # fmt: skip
        content = [{"type": "text", "text": words}, *shown] if shown else words
        asked = {"model": self.endpoint.model, "messages": [{"role": "user", "content": content}], "temperature": temperature}
        body = json.dumps(asked | ({} if seed is None else {"seed": seed})).encode()
        headers = {"Content-Type": "application/json"} | authorization(self.endpoint.key)
        said = ""
        for attempt in range(self.tries):
            if attempt:
                until(time.monotonic() + self.pause * 2 ** (attempt - 1))
            state, answer = self._ask(body, headers)
            if state == 200:
                return self._read(answer)
            said = state if isinstance(state, str) else f"it answered {state} {http.client.responses.get(state, '')}".rstrip()
            if isinstance(state, int) and state not in AGAIN:
                break
        raise BadService(f"The service at {self.endpoint.place} ({self.endpoint.model}) cannot be used: {said}.")

    def _ask(self, body: bytes, headers: dict[str, str]) -> tuple[int | str, bytes]:
        """Its state and answer, or what went wrong in words. Whoever waits is asked all the while whether he still does."""
        parts = urlsplit(self.endpoint.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        line = kind(parts.hostname or "", parts.port, timeout=self.seconds)
        found: list[tuple[int | str, bytes]] = []

        def work() -> None:
            try:
                line.request("POST", f"{parts.path}/chat/completions", body, headers)
                reply = line.getresponse()
                found.append((reply.status, reply.read(LONGEST)))
            except TimeoutError:
                found.append((f"it did not answer within {self.seconds:g} s", b""))
            except ConnectionRefusedError:
                found.append(("nothing answers there", b""))
            except (OSError, http.client.HTTPException, ValueError) as wrong:  # its text may hold what was sent
                found.append((f"the connection failed ({type(wrong).__name__})", b""))

        asking = threading.Thread(target=work, daemon=True)
        asking.start()
        try:
            until(time.monotonic() + self.seconds, lambda: not asking.is_alive())
            return found[0] if found else (f"it did not answer within {self.seconds:g} s", b"")
        finally:
            line.close()

    def _read(self, answer: bytes) -> str:
        try:
            said = json.loads(answer)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError):
            said = None
        if not isinstance(said, str):
            where = f"The service at {self.endpoint.place} ({self.endpoint.model})"
            raise BadService(f"{where} answered, but not as an OpenAI-compatible endpoint does: there is no message in it.")
        return said


def jpeg(frame_HWC: Any, side: int = SIDE) -> bytes:
    """A frame [H, W, 3] as a JPEG file, no longer than `side`."""
    picture, held = Image.fromarray(frame_HWC), io.BytesIO()
    picture.thumbnail((side, side))
    picture.save(held, "JPEG", quality=90)
    return held.getvalue()


def authorization(variable: str) -> dict[str, str]:
    """The header with the key; none where the environment has none. Read anew each time, so that nothing holds it."""
    key = os.environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise BadService(f"The key in {variable} is not one line of plain characters.")
    return {"Authorization": f"Bearer {key}"} if key else {}


def until(when: float, done: Callable[[], bool] = lambda: False) -> None:
    """Wait, and leave with Cancelled where it was called off."""
    while time.monotonic() < when and not done():
        tick(0.0)
        time.sleep(min(DEAF, max(0.0, when - time.monotonic())))
