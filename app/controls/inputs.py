"""All that a run is asked with, as components by the names that values travel under."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from app.controls.own import Own
from app.server.request import Desk


@dataclass(frozen=True)
class Shared:
    """What all tabs have in common: the clip, as the handle of its file, the moment of it and its edits. The browser writes
    these two, so they are there, but not seen. awaited: [name, moment] as JSON of a reader's own clip that a link names, and
    whose file has yet to be brought."""

    clip: gr.Textbox
    moment: gr.Textbox
    edits: gr.Textbox
    awaited: gr.Textbox

    def updates(self, handle: str, moment: str = "[]", edits: str = "[]") -> dict[Component, Any]:
        """What an event answers that chooses a clip."""
        return {self.clip: handle, self.moment: moment, self.edits: edits}


@dataclass(frozen=True)
class Inputs:
    """Of one method. fields: the components of `app.server.request.fields_of`, by name. knobs: likewise."""

    fields: Mapping[str, Component]
    knobs: Mapping[str, Component]

    @property
    def components(self) -> list[Component]:
        """All of them; `names` are theirs, in this order."""
        return [*self.fields.values(), *self.knobs.values()]

    @property
    def names(self) -> tuple[list[str], list[str]]:
        """Of the fields, then of the knobs."""
        return list(self.fields), list(self.knobs)

    def updates(self, values: Mapping[str, Any]) -> dict[Component, Any]:
        """What an event answers that sets them. values: as they travel."""
        fields = {component: values[name] for name, component in self.fields.items()}
        return fields | {component: values["knobs"][name] for name, component in self.knobs.items()}


@dataclass(frozen=True)
class Tab:
    """What the page has to know of one. scenes: its row of presets that choose a clip, if there are any. own: where a
    reader's own comes from."""

    desk: Desk
    viewer: gr.HTML
    inputs: Inputs
    scenes: gr.HTML | None
    own: Own
