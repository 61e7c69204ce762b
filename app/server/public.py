"""Weights that come while the page is served: public CLIPs, each fetched once for everybody, in a thread that stands back.

Who asks is told how far it is; who asks for what another has asked for waits for the same. Nobody else waits for anything."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from app.server.aside import stand_back
from app.server.errors import UNFORESEEN
from app.server.guard import noted
from app.server.request import Desk
from core import Engine, ReaderError
from core.method import Method
from core.networks.hub import PUBLIC_CLIPS, came, fetched_before
from core.networks.weights import load_clip

POLL = 0.5  # seconds between two words on how far it is


def clips_of(method: Method) -> tuple[str, ...]:
    """What of a method's weights a CLIP can stand for."""
    return tuple(dict.fromkeys(one.model for own in method.networks.values() for one in own.needed if one.load is load_clip))


def loaded(engine: Engine, say: Callable[[str], None]) -> Engine:
    """The engine with all that its models name: what does not fit is told before anybody chooses it."""
    wanted = {one.key: (method, name, one) for method in engine.methods.values() for name, one in method.networks.items()}
    wanted = [found for found in wanted.values() if found[2].model in engine.models]
    for number, (method, name, one) in enumerate(wanted, 1):
        given = str(engine.models[one.model])
        size = f", {PUBLIC_CLIPS[given]} MB over the network where it was never fetched" if given in PUBLIC_CLIPS else ""
        say(f"Loading {given} as {one.model} ({number} of {len(wanted)}{size}) …")
        say(f"  {engine.network(name, method.name).label}")
    return engine


def beside(engine: Engine, name: str) -> Engine:
    """An engine like this one, with a public CLIP wherever it can stand."""
    models = dict.fromkeys((model for method in engine.methods.values() for model in clips_of(method)), name)
    made = Engine(str(engine.device), models=models, networks_mb=engine.shelf.budget >> 20, methods=engine.methods)
    return loaded(made, lambda line: None)


class Public:
    """desks: of every tab; those of methods that have a CLIP get what is fetched. make: name → an engine with it."""

    def __init__(self, desks: Sequence[Desk], make: Callable[[str], Engine]):
        self.desks = [one for one in desks if clips_of(one.method)]
        self.make = make
        self._loads: dict[str, Load] = {}
        self._lock, self._turn = threading.Lock(), threading.Lock()

    @property
    def names(self) -> Mapping[str, str]:
        """What can be had → how it is told."""
        return {name: f"{name}: {size} MB{', fetched before' * fetched_before(name)}" for name, size in PUBLIC_CLIPS.items()}

    def load(self, name: str) -> Iterator[str]:
        """How far it is, again and again until it is there. What cannot be had is a ReaderError."""
        if name not in PUBLIC_CLIPS:
            raise ReaderError(f"The public CLIPs are {', '.join(PUBLIC_CLIPS)}, got {str(name)[:40]!r}.")
        with self._lock:
            one = self._loads.get(name)
            if one is None or one.wrong:  # a network may be there by now
                one = self._loads[name] = Load(name)
                threading.Thread(target=self._work, args=(one,), daemon=True).start()
        while not one.done.wait(POLL):
            yield one.far
        if one.wrong:
            raise ReaderError(one.wrong)

    def _work(self, one: "Load") -> None:
        stand_back()
        try:
            with self._turn:
                one.began = time.monotonic()
                made = self.make(one.name)
            for desk in self.desks:
                desk.engines[one.name] = made
        except ReaderError as wrong:
            one.wrong = str(wrong)
        except Exception as wrong:  # a page goes on whatever a library raises
            noted(wrong, "public weights")
            one.wrong = UNFORESEEN
        finally:
            one.done.set()


class Load:
    """One that is under way. began: when its turn came. wrong: why it is not there; "" where it is."""

    def __init__(self, name: str):
        self.name, self.began, self.wrong, self.done = name, 0.0, "", threading.Event()

    @property
    def far(self) -> str:
        if not self.began:
            return f"{self.name} waits: another is loaded first."
        size, here = PUBLIC_CLIPS[self.name], came(self.name)
        part = f"{here:.0f} of about {size} MB are here" if here < size else "all of it is here, and made ready"
        return f"{self.name}: {part}, after {time.monotonic() - self.began:.0f} s."
