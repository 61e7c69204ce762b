"""The page: a tab a method, and what all tabs share: the clip and its edits, the notebook, the link.

Every change of anything — a knob by mouse, key or typing, a preset, a text, the clip — is the same event: it hands all values
and the browser's clock to the viewer. The viewer asks the server for what comes at once and, when that is painted, for what
takes longer (similarities, boxes), for which the network must run. It has one request of each under way at most, keeps the
newest of those that wait, and drops what is older than what it shows: the last value wins, whoever is answered first. What
takes longer is called off when a knob moves, and of what takes very long it asks how far it is.

The viewer asks by itself because Gradio (6.31) copies every part of every input several times for every event with a server's
function, and updates the whole page with the answer: that takes longer than to run the stages and to draw them.

`change` is written out: Gradio's other events lose the last value, or never fire from the keyboard.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from app.controls.inputs import Shared, Tab
from app.controls.public import PublicWeights
from app.controls.uploads import Uploads
from app.errors.runs import Run, Runs
from app.errors.start import Home
from app.errors.tab import errors
from app.export.history import steps
from app.export.link import opened_by
from app.export.notebook import notebook
from app.export.session import Sessions
from app.frames.tab import frames
from app.help.skip import skip
from app.help.tour import steps as tour_steps
from app.help.tour import top
from app.server.api import publish
from app.server.clips import Clips, Example
from app.server.guard import Page
from app.server.jobs import Running
from app.server.public import Public, beside, clips_of
from app.server.request import Desk
from app.tab import QUIET, question_for, tab, texts_for
from core import Engine
from core.frames.choice import choosers
from core.frames.service import ServiceReader
from core.method import Method
from core.publish.described import MAKER
from core.world import ACTIONS

PROGRAMS = "programs"  # the address of what is for programs, below that of the page
DELETED = (3600, 23 * 3600)  # seconds: every hour, files older than 23 h, so that none stays longer than a day


def build(
    engines: Mapping[str, Engine], examples: Mapping[str, Example], runs: Mapping[str, Run] | None = None,
    home: Home | None = None, services: Mapping[str, ServiceReader] | None = None,
) -> Page:  # fmt: skip
    """The whole page. engines: what its weights are called → Engine; the first is used until a reader chooses another.
    examples: name → Example; the first is open when the page is. runs: of the workbench by name, for a tab of their own. home:
    where that tab may start runs. services: models on other machines that may answer from frames, by their labels."""
    clips, running, engine = Clips(examples), Running(), next(iter(engines.values()))
    several = choosers(engine.methods)
    with Page(analytics_enabled=False, title=MAKER, delete_cache=DELETED) as page:
        skip()
        with gr.Row(elem_classes="page-top"):
            gr.Markdown(f"# {MAKER}", elem_classes="title")
            top(tour_steps(engine.methods.values(), bool(several), bool(runs)))
        # clips of a world, and long videos, are each shared by the tabs that have them; known by what is open first
        begin = {one.name: next(iter(clips.examples_for(one).values())).path for one in engine.methods.values()}
        paths = tuple(dict.fromkeys(begin.values()))
        shared = {path: shared_clip(clips, path, place) for place, path in enumerate(paths)}
        made: dict[str, Tab] = {}
        with gr.Tabs() as tabs:
            for method in engine.methods.values():
                # a short name: Gradio hides tabs that do not fit a narrow screen
                with gr.Tab(method.title.partition(" — ")[0], id=method.name):
                    desk = Desk(method, engines_for(engines, method), clips, running)
                    made[method.name] = tab(desk, shared[begin[method.name]], first=not made)
            every = [*made.values()]
            if several:
                ways = [made[one.name] for one in several]
                own = next((one for one in ways if clips_of(one.desk.method)), ways[0])
                which = frames(page, tabs, own.desk, shared[begin[own.desk.method.name]], services or {})
                every.append(which)
            if runs:
                errors(page, tabs, made, Runs(runs), home)
        PublicWeights(page, every, Public([one.desk for one in made.values()], partial(beside, engine)))
        notebook(tabs, made)
        sessions = Sessions(tabs, made)
        written = {"\n".join(texts_for(one, *how)) for one in clips.examples.values() for how in ((), (ACTIONS, len(ACTIONS)))}
        for one in shared.values():
            sharing = [tab for tab in every if tab.inputs.fields["clip"] is one.clip]
            Choice(clips, one, sharing).wire()
            Uploads(clips, one, sharing, written, sessions).wire()
        opened_by(page, tabs, made, {name: shared[begin[name]].awaited for name in made})
        steps(tabs, made)
        gr.Markdown(f"[For programs: every method over HTTP]({PROGRAMS})", elem_classes="page-end")
    # a page of its own: the browser goes through every component and event of its page when that opens
    with page.route("For programs", PROGRAMS, show_in_navbar=False):
        gr.Markdown(f"# {MAKER}, for programs\n\nEvery method answers over HTTP: “Use via API” below shows how.")
        publish(engine, clips)
    return page


def shared_clip(clips: Clips, path: Path, place: int) -> Shared:
    """What tabs begin with in common. place: of these tabs among others; the browser finds moment and edits by it."""
    ends = f"-{place}" if place else ""
    written = (gr.Textbox("[]", visible="hidden", elem_id=f"{name}{ends}") for name in ("moment", "edits"))
    awaited = gr.Textbox(visible=False)
    return Shared(gr.Textbox(clips.handle(path), visible=False), *written, awaited)


def engines_for(engines: Mapping[str, Engine], method: Method) -> Mapping[str, Engine]:
    """Those with weights that someone named for this method, and the one with the shipped weights."""
    models = set(method.models)
    return {name: one for name, one in engines.items() if not one.models or one.models.keys() & models} or engines


class Choice:
    """An example that is chosen in one tab is open in all that share it, with its texts and question, and without any edit."""

    def __init__(self, clips: Clips, shared: Shared, tabs: Sequence[Tab]):
        self.clips, self.shared, self.tabs = clips, shared, tabs
        fields = [one.inputs.fields for one in tabs]
        self.texts, self.questions = ([of[name] for of in fields if name in of] for name in ("texts", "question"))

    def wire(self) -> None:
        changed = [self.shared.clip, self.shared.moment, self.shared.edits, *self.texts, *self.questions]
        for one in self.tabs:
            one.viewer.pick(self.picked, None, changed, queue=False, **QUIET)
            if one.scenes:
                one.scenes.pressed(self.picked, None, changed, queue=False, **QUIET)

    def picked(self, event: gr.EventData) -> dict[Component, Any]:
        """By a click on its picture, or on what there is to look at."""
        return self.opened(event.name)

    def opened(self, name: str) -> dict[Component, Any]:
        """What changes when an example is chosen; nothing for a name that none has."""
        example = self.clips.examples.get(name) if isinstance(name, str) else None
        if example is None:
            return {self.shared.clip: gr.skip()}
        written = dict.fromkeys(self.texts, "\n".join(texts_for(example)))
        written |= dict.fromkeys(self.questions, question_for(example))
        return self.shared.updates(self.clips.handle(example.path)) | written
