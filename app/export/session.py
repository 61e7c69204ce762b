"""“Save session”: what is on the page, its clip and what was kept as one ZIP, which opens where a clip of one's own does."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from app import assets
from app.controls.inputs import Tab
from app.export.link import own_components, turned_to
from app.export.notebook import models_named, reopened
from app.export.viewstate import look_of, looked_at
from app.server.api import as_it_is
from app.server.errors import as_message
from app.server.request import STRANGE
from core import ReaderError
from core.publish.session import LIMIT, Session, read, write
from core.publish.view import Setting

SAVED = (
    "The view that is on the page, its clip and the notebook in one file. Hand it in where a clip of your own is handed in, "
    f"here or elsewhere: it opens again. {LIMIT}"
)


class Sessions:
    """Of a page. made: method's name → its tab. Drawn where it is made."""

    def __init__(self, tabs: gr.Tabs, made: Mapping[str, Tab]):
        self.tabs, self.made, self.clips = tabs, made, next(iter(made.values())).desk.clips
        self.looked, self.kept = gr.Textbox(visible=False), gr.Textbox(visible=False)
        with gr.Accordion("Session: save all of this as one file", open=False):
            gr.Markdown(SAVED, elem_classes="limits")
            button = gr.Button("Save session (ZIP)", elem_id="save-session")
            file = gr.File(label="Your session", interactive=False, elem_id="session")
        self.folder = Path(file.GRADIO_CACHE)
        message, cells = gr.JSON(visible=False), gr.Textbox(visible=False)
        message.preprocess = as_it_is
        js = assets.event("page/notebook.js", "session")
        button.click(self.save, [message, cells], file, concurrency_limit=2, js=js, api_visibility="private")

    @property
    def components(self) -> list[Component]:
        """What an event changes that opens a session."""
        return [self.tabs, self.looked, self.kept, *own_components(self.made)]

    def follow(self, event: Any) -> None:
        """After such an event, the viewer and the notebook take what is theirs."""
        for box, path, name in ((self.looked, "page/values.js", "follow"), (self.kept, "page/notebook.js", "bring")):
            event.success(None, box, None, js=assets.event(path, name), api_visibility="private")

    def save(self, message: Any, kept: Any) -> str:
        """The path of the ZIP."""
        with as_message():
            method = message.get("method") if isinstance(message, Mapping) else None
            if method not in self.made or not isinstance(kept, str):
                raise ReaderError(STRANGE)
            desk = self.made[method].desk
            request = desk.request(message)
            view, _, notes = looked_at(desk, request)
            for note in notes:
                gr.Warning(note)
            out = self.folder / secrets.token_hex(16) / f"{Path(request.name).stem}.session.zip"
            out.parent.mkdir(parents=True)
            own = None if desk.clips.shipped(request.path) else Path(request.path)
            write(out, view, own, kept, models_named(request.engine))
        return str(out)

    def opened(self, file: str) -> Session:
        """What is in a ZIP; its clip lies in a folder of its own within Gradio's."""
        return read(Path(file), self.folder / secrets.token_hex(16))

    def changes(self, session: Session) -> dict[Any, Any]:
        """What changes on the page when it is opened."""
        desks = {name: one.desk for name, one in self.made.items()}
        handle = session.clip and self.clips.handle(session.clip)
        view, weights, files, notes = reopened(desks, session.view, session.models, handle)
        shown = self.made[view.shown.method]

        def values(setting: Setting) -> dict[str, Any]:
            return shown.desk.values(setting, self.clips.handle(files[setting.clip]), weights)

        look, more = look_of(view, values)
        for note in (*notes, *more):
            gr.Warning(note)
        return turned_to(self.tabs, self.looked, shown, values(view.shown), look) | {self.kept: session.kept}
