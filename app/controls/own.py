"""A clip of the reader's own: where he hands it in, and what changes on the page when he does.

His file is open in all tabs that share the clip, from the moment in which most moves by itself, without any edit. What was
written for an example goes: its texts, and what a method does to examples alone (`OWN` of its lesson). What cannot be opened
leaves the page as it is, and does not look as if it were there. A session that was saved (`app.export.session`) opens as it
was.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components import Component

from app.server.api import path_of
from app.server.clips import Clips
from app.server.errors import as_message
from app.server.opening import opening, window
from core.method import Method
from core.methods import lesson
from core.publish.session import is_session
from core.video.read import LIMITS_TEXT

if TYPE_CHECKING:
    from app.controls.inputs import Shared, Tab
    from app.export.session import Sessions

DAY = "Your file stays on this server for a day at most. A session that you saved is opened here, too."
PROMPT = "one text a line, each of what may be seen: a person throws a ball"


@dataclass(frozen=True)
class Own:
    """places: where a file is handed in, or recorded. said: how far its opening is, or why it is not open."""

    places: tuple[Component, ...]
    said: gr.HTML


def own_clip(method: Method) -> Own:
    """Drawn where it is called."""
    with gr.Accordion("Your own clip: upload or webcam", open=False):
        # a file, not a video: a browser knows fewer kinds than the reader, who says himself what he refuses
        own = gr.File(label="Your own clip", height=150, elem_id=f"own-{method.name}")
        said = gr.HTML(elem_id=f"own-said-{method.name}", elem_classes="own-said", apply_default_css=False, padding=False)
        gr.Markdown(f"{LIMITS_TEXT} {DAY}", elem_classes="limits")
        webcam = gr.Video(label="Webcam", sources=["webcam"], height=230, elem_id=f"webcam-{method.name}")
        # as they are: Gradio (6.31) lays down an empty file for each, and needs ffmpeg to mirror what was recorded
        own.preprocess = webcam.preprocess = path_of
    return Own((own, webcam), said)


def told(text: str) -> str:
    """A line that is read out when it changes."""
    return f'<p role="status">{escape(text)}</p>' if text else ""


class Uploads:
    """Events of all tabs that share a clip. tabs: those. written: what examples bring as texts."""

    def __init__(
        self, clips: Clips, shared: "Shared", tabs: Sequence["Tab"], written: Iterable[str], sessions: "Sessions"
    ):  # fmt: skip
        self.clips, self.shared, self.tabs, self.written = clips, shared, tabs, frozenset(written)
        self.sessions = sessions
        self.texts = [one.inputs.fields["texts"] for one in tabs if "texts" in one.inputs.fields]
        usual = ((one, lesson(one.desk.method, "OWN") or {}) for one in tabs)
        self.knobs = {one.inputs.knobs[name]: value for one, own in usual for name, value in own.items()}

    def wire(self) -> None:
        for tab in self.tabs:
            for place in tab.own.places:
                opened = place.change(
                    partial(self.opened, tab, place), [place, *self.texts], [place, tab.own.said, *self.sessions.components],
                    concurrency_limit=4, trigger_mode="always_last", show_progress="hidden", api_visibility="private",
                )  # fmt: skip
                self.sessions.follow(opened)

    def opened(self, tab: "Tab", place: Component, file: Any, *texts: Any) -> Iterator[dict[Component, Any]]:
        """What changes, again and again while the file is read."""
        said, nothing = tab.own.said, {self.sessions.looked: "", self.sessions.kept: ""}  # of an older session
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
                    yield nothing | {said: told(far)}
                    if found and not session:
                        yield nothing | {said: ""} | self.changes(self.clips.handle(file), found.moment, texts)
                if session:
                    yield {place: None, said: ""} | self.sessions.changes(session)
        except gr.Error as wrong:
            yield nothing | {place: None, said: told(wrong.message)}
            raise

    def changes(self, handle: str, moment: tuple[float, ...], texts: Sequence[Any]) -> dict[Component, Any]:
        """texts: what stands in each tab's box now; what an example brought goes, what a reader wrote stays."""
        kept = ("" if text in self.written else text for text in texts)
        return self.shared.updates(handle, json.dumps(moment)) | dict(zip(self.texts, kept)) | self.knobs
