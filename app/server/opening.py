"""A visitor's file is opened, and he is told how far that is: its packets are read, and the moment is looked for in which most
moves by itself, as long as the clips that the weights on the page were trained with."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.server.clips import Begun, Clips, Place
from app.server.errors import sentence
from app.server.request import STRANGE, Desk
from core import Engine, ReaderError
from core.method import Method

POLL = 0.3  # seconds between two words on how far it is
SECONDS = 2.0  # of a moment, where no weights say how long the clips of their training were


def window(engine: Engine, method: Method) -> float:
    """Seconds of a moment whose frames are as far apart as in training; 0 for a method that looks through the whole video."""
    if "video" in method.sources:
        return 0.0
    pace = engine.pace(method.name)
    return pace.frames * pace.spacing if pace and pace.spacing else SECONDS


def opening(clips: Clips, path: Place, seconds: float) -> Iterator[tuple[str, Begun | None]]:
    """(how far it is, nothing yet) again and again, and at last ("", what was found). What cannot be opened is a ReaderError.
    When nobody waits for the next word, it is called off."""
    far, gone, found = ["waiting for its turn"], threading.Event(), []

    def step(what: str) -> Callable[[float], None]:
        def heard(share: float) -> None:
            far[0] = f"{what}: {share:.0%}"

        return heard

    def work() -> None:
        try:
            clips.video(path, step("reading all of the file"), gone.is_set)
            found.append(clips.begun(path, seconds, step("looking where most moves"), gone.is_set))
        except BaseException as wrong:  # it is raised for whoever waits
            found.append(wrong)

    working = threading.Thread(target=work, daemon=True)
    working.start()
    try:
        working.join(POLL)
        while working.is_alive():
            yield far[0], None
            working.join(POLL)
    finally:
        gone.set()
    if isinstance(found[0], BaseException):
        raise found[0]
    yield "", found[0]


class Moments:
    """The server function of the control that chooses a moment, in one tab."""

    def __init__(self, desk: Desk):
        self.desk = desk

    def functions(self) -> tuple[Callable[..., str], ...]:
        """For the viewer's component."""
        return (sentence(self.moment),)

    def moment(self, message: Any) -> dict[str, Any] | None:
        """What there is to choose of a clip that was not drawn here: its seconds, where most moves, and what the weights were
        trained with; None of one that was, of which all is shown."""
        desk, values = self.desk, message.get("values") if isinstance(message, Mapping) else None
        if not isinstance(values, Mapping):
            raise ReaderError(STRANGE)
        path, engine = desk.clips.path(values.get("clip")), desk.engines.get(values.get("weights"), desk.engine)
        seconds = window(engine, desk.method)
        if desk.clips.of_world(path) or not seconds:
            return None
        begun, pace = desk.clips.begun(path, seconds), engine.pace(desk.method.name)
        return {
            "seconds": begun.seconds,
            "busiest": list(begun.moment),
            "spacing": pace.spacing if pace else 0,
            "trained": str(pace or ""),
        }
