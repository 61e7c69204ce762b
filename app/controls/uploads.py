"""What changes on the page when a reader hands in a clip of his own.

His file is open in all tabs that share the clip, from the moment in which most moves by itself, without any edit. What was
written for an example goes: its texts, and what a method does to examples alone (`OWN` of its lesson). What cannot be opened
leaves the page as it is, and does not look as if it were there. A session that was saved (`app.export.session`) opens as it
was.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import gradio as gr
from gradio.components import Component

from app.controls.inputs import Shared, Tab
from app.controls.own import told
from app.export.session import Sessions
from app.server.clips import Begun, Clips, Moment
from app.server.errors import as_message
from app.server.opening import opening, window
from app.server.request import moment_of
from core import ReaderError
from core.methods import lesson
from core.publish.session import is_session

HIDDEN = gr.update(visible=False)


class Uploads:
    """Events of all tabs that share a clip. tabs: those. written: what examples bring as texts."""

    def __init__(
        self, clips: Clips, shared: Shared, tabs: Sequence[Tab], written: Iterable[str], sessions: Sessions
    ):  # fmt: skip
        self.clips, self.shared, self.tabs, self.written = clips, shared, tabs, frozenset(written)
        self.sessions = sessions
        self.texts = [one.inputs.fields["texts"] for one in tabs if "texts" in one.inputs.fields]
        usual = ((one, lesson(one.desk.method, "OWN") or {}) for one in tabs)
        self.knobs = {one.inputs.knobs[name]: value for one, own in usual for name, value in own.items()}

    def wire(self) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        for tab in self.tabs:
            own, events = tab.own, []
            for place in own.places:
                opened = place.change(
                    partial(self.opened, tab, place), [place, self.shared.awaited, *self.texts],
                    [place, own.said, own.stop, *self.sessions.components],
                    concurrency_limit=4, trigger_mode="always_last", **quiet,
                )  # fmt: skip
                self.sessions.follow(opened)
                events.append(opened)
            changed = [*own.places, own.said, own.stop]
            own.stop.click(partial(self.stopped, tab), None, changed, cancels=events, queue=False, **quiet)

    def stopped(self, tab: Tab) -> dict[Component, Any]:
        """What changes when a reader calls off the opening of his file."""
        return dict.fromkeys(tab.own.places) | {tab.own.said: told("Called off."), tab.own.stop: HIDDEN}

    def opened(self, tab: Tab, place: Component, file: Any, awaited: Any, *texts: Any) -> Iterator[dict[Component, Any]]:
        """What changes, again and again while the file is read."""
        said, stop = tab.own.said, tab.own.stop
        nothing = {self.sessions.looked: "", self.sessions.kept: ""}  # of an older session
        if file is None:
            yield nothing
            return
        try:
            with as_message():
                session = self.sessions.opened(file) if is_session(file) else None
                clip = session.clip if session else file
                if clip:
                    place.temp_files.add(str(clip))  # Gradio deletes it when its day is over
                for far, found in opening(self.clips, clip, window(tab.desk.engine, tab.desk.method)) if clip else ():
                    yield nothing | {said: told(far), stop: gr.update(visible=not found)}
                    if found and not session:
                        yield (
                            nothing
                            | {said: ""}
                            | self.changes(self.clips.handle(file), found.moment, texts, self.again(file, found, awaited))
                        )
                if session:
                    yield {place: None, said: "", stop: HIDDEN} | self.sessions.changes(session)
        except gr.Error as wrong:
            yield nothing | {place: None, said: told(wrong.message), stop: HIDDEN}
            raise

    def again(self, file: Any, found: Begun, awaited: Any) -> Moment | None:
        """The moment that a link says of this file, by its name; None where it says nothing of it, or the file ends before."""
        try:
            name, moment = json.loads(awaited)
            moment = moment_of(json.dumps(moment))
        except (ValueError, TypeError, ReaderError):
            return None
        return moment if name == self.clips.name(file) and (not moment or moment[0] < found.seconds) else None

    def changes(
        self, handle: str, moment: Moment, texts: Sequence[Any], again: Moment | None = None
    ) -> dict[Component, Any]:  # fmt: skip
        """texts: what stands in each tab's box now; what an example brought goes, what a reader wrote stays. again: the moment,
        if the file was on this page before a reload; then the knobs are its own, too."""
        kept = ("" if text in self.written else text for text in texts)
        shown = self.shared.updates(handle, json.dumps(moment if again is None else again)) | dict(zip(self.texts, kept))
        return shown | (self.knobs if again is None else {})
