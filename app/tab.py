"""A method's tab: viewer on the left, knobs on the right, and the only wiring of its events."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from app import assets
from app.controls.inputs import Inputs, Shared, Tab
from app.controls.knobs import (
    DEFAULT_FRAMES,
    FRAME,
    FRAMES,
    control,
    first_sentence,
    knobs_of,
    readings,
)
from app.controls.own import PROMPT, own_clip
from app.controls.presets import looks_of, presets_of, row, scenes_of, set_knobs
from app.controls.sheet import sheet
from app.export.link import Address
from app.export.panel import panel
from app.figures.pack import jpeg
from app.figures.payload import about_payload, figures_of
from app.help.glossary import glossed
from app.help.links import links
from app.panels import panels_of
from app.server.answers import Answers
from app.server.clips import Clips, Example
from app.server.errors import as_function
from app.server.opening import Moments
from app.server.public import clips_of
from app.server.request import SHIPPED, Desk, edits_of, moment_of
from core import Engine, ReaderError
from core.method import Method
from core.publish.view import Setting
from core.world import ACTIONS, caption

ACTIONS_SHOWN = ("moves left", "moves right", "moves up", "moves down", "grows", "shrinks", "blinks", "stays still")
QUIET = {"trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}


def tab(desk: Desk, shared: Shared, first: bool) -> Tab:
    """Drawn where it is called. first: whether it is seen first: then its picture travels with the page; in every other tab it
    is asked for when the tab is opened. A tab that is not seen takes note of the shared clip, and asks when it is opened."""
    method, begin = desk.method, Beginning(desk)
    what = f"<p>{glossed(first_sentence(method))} Move a knob: everything follows.</p>{links(method)}"
    copies = assets.component("page/links.js", "links")
    gr.HTML(what, js_on_load=copies, elem_classes="what", apply_default_css=False, padding=False)
    presets, scenes, places = presets_of(method), scenes_of(method, desk.examples), None
    if scenes:
        places = row("scenes", "Look at", scenes)
        looks_of(method.name, scenes, begin.values_of_preset)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            viewer = begin.viewer(first, shared)
        with gr.Column(scale=1, min_width=300, elem_classes="knobs"):
            sheet(method, begin.values["knobs"])
            own = own_clip(method.name)
            weights = gr.Radio(
                choices_of(desk), value=desk.weights, label="Weights", visible=len(desk.engines) > 1,
                elem_id=f"weights-{method.name}",
            )  # fmt: skip
            chosen = row("presets", "Presets", presets)
            knobs = knobs_of(method, {FRAME: DEFAULT_FRAMES} | desk.engine.limits(method.name))
            frames = control(FRAMES, {}, method.name)
            frames.info = frames_told(desk.engine, method)
            fields = {"clip": shared.clip, "weights": weights, "frames": frames}
            fields |= {"moment": shared.moment, "edits": shared.edits}
            fields |= {name: WRITTEN[name](desk, begin.values[name]) for name in desk.fields if name in WRITTEN}
            if "texts" in fields:
                listed = gr.Button(f"all {len(ACTIONS)} actions as texts", size="sm", elem_id=f"actions-{method.name}")
                fill = partial(all_actions, desk.clips)
                listed.click(fill, shared.clip, fields["texts"], queue=False, show_progress="hidden", api_visibility="private")
    readings(method)
    inputs = Inputs(fields, knobs)
    set_knobs(chosen, presets, knobs, begin.values["knobs"])
    if places:
        set_knobs(places, scenes, knobs, begin.values["knobs"])
    Events(desk, inputs).wire()
    panel(desk)
    return Tab(desk, viewer, inputs, places, own)


# ---- what is in it ----------------------------------------------------------------------------------------------------


class Beginning:
    """What a method's tab begins with: the first example at the default knobs, and what its viewer is told once."""

    def __init__(self, desk: Desk):
        self.desk, self.panels = desk, panels_of(desk.method)
        self.answers = Answers(desk)
        example = next(iter(desk.examples.values()))
        texts = tuple(texts_for(example)) if "texts" in desk.fields else ()
        question = question_for(example) if "question" in desk.fields else ""
        knobs = desk.engine.settings(desk.method.name, {})
        setting = Setting(desk.method.name, example.name, DEFAULT_FRAMES, knobs, texts, question=question)
        self.values = desk.values(setting, desk.clips.handle(example.path), desk.weights)

    @property
    def untouched(self) -> dict[str, Any]:
        """What is on the page before any knob was moved, as the browser would send it."""
        return {"values": self.values, "stamp": 0}

    @cached_property
    def picture(self) -> str:
        """All that is drawn of it."""
        (everything,) = self.desk.served(self.answers.everything)
        return everything(self.untouched)

    @cached_property
    def about(self) -> dict[str, Any]:
        """What does not change, and is too much for a tab that may never be opened."""
        return {"about": about_payload(self.desk.method), "examples": thumbs(self.desk)}

    def constants(self, message: Any = None) -> str:
        """The same, asked for when the tab is opened."""
        return json.dumps(self.about)

    def own(self, name: Any) -> str:
        """What a fold is told when it is opened for the first time; null for a name that no fold has."""
        return json.dumps(next((one.about(self.desk) for one in self.panels if one.name == name), None))

    def values_of_preset(self, preset: Any) -> dict[str, Any]:
        """What a preset's sentence was found true of; texts may be any, and a frame that it does not name."""
        clips, knobs = self.desk.clips, self.values["knobs"] | preset.values
        clip = {"clip": clips.handle(clips.examples[preset.clip].path), "moment": "[]", "edits": "[]"}
        knobs = {name: value for name, value in knobs.items() if name != FRAME}
        return {"clip": clip | {"weights": SHIPPED, "frames": DEFAULT_FRAMES}, "knobs": knobs}

    def viewer(self, first: bool, shared: Shared) -> gr.HTML:
        """The viewer and its folds, with every server function that they ask."""
        method, desk = self.desk.method, self.desk
        given = {
            "method": method.name,
            "figures": figures_of(self.desk.method),
            "panels": [[one.name, one.title] for one in self.panels],
            "untouched": self.untouched,
            "first": first,
            "pick": "pick",
            "written": {name: getattr(shared, name).elem_id for name in ("moment", "edits")},
        }
        if first:
            given["constants"] = self.about | {"clip": self.answers.frames(json.loads(self.picture)["clip"])}
        own = (self.constants, self.own, Address(desk).address)
        folds = (each for one in self.panels for each in one.serve(desk))
        return gr.HTML(
            self.picture if first else "",
            html_template='<div class="moment"></div><div class="viewer">Loading the viewer…</div><div class="panels"></div>',
            js_on_load=assets.component("page/tab.js", "tab", given), apply_default_css=False,
            server_functions=[*map(as_function, own), *self.answers.functions(), *Moments(desk).functions(), *folds],
            elem_id=f"viewer-{method.name}",
        )  # fmt: skip


def thumbs(desk: Desk) -> list[dict[str, str]]:
    """The examples of a tab as its viewer offers them."""
    return [
        {"name": one.name, "title": one.title, "thumb": jpeg(desk.clips.open(one.path, DEFAULT_FRAMES).frames_THWC[3], 96)}
        for one in desk.examples.values()
    ]


def frames_told(engine: Engine, method: Method) -> str:
    """What the number of frames means, and which one the weights know."""
    pace = engine.pace(method.name)
    return f"{FRAMES.meaning}; these weights were trained with {pace}" if pace else FRAMES.meaning


def texts_box(desk: Desk, value: str) -> Component:
    """Texts that a clip is compared with, and where they are not read."""
    later = any(one.over == "Y" and one.when == "whole" for one in desk.method.outputs)
    info = "read where the towers are a ViT-B/32" if later else None
    # other methods say it by a fact of their own, and load more for it
    silent = [] if later else [name for name, one in desk.engines.items() if not one.reads_texts(desk.method.name)]
    if silent:
        info = f"not read with {', '.join(silent)} weights: they have no text tower"
    return gr.Textbox(value, label="Texts, one a line", info=info, lines=4, max_lines=10, placeholder=PROMPT)


def question_box(desk: Desk, value: str) -> Component:
    """A question about what is seen."""
    return gr.Textbox(value, label="Question", lines=2, max_lines=10, elem_id=f"question-{desk.method.name}")


# A method has one where its stages ask for what it is named by.
WRITTEN: Mapping[str, Callable[[Desk, str], Component]] = {"texts": texts_box, "question": question_box}


def choices_of(desk: Desk) -> list[tuple[str, str]]:
    """Its weights: (what a reader knows them by, what they are called)."""
    return [(called(one, desk.method), name) for name, one in desk.engines.items()]


def called(engine: Engine, method: Method) -> str:
    """What a reader knows an engine's weights by: as they were named for this method, a file without its folders."""
    models = [engine.models[one] for one in method.models if one in engine.models]
    names = [one if isinstance(one, str) else one.label for one in models]
    return ", ".join(one.rpartition("/")[2] if Path(one[:250]).is_file() else one for one in names) or SHIPPED


def question_for(example: Example) -> str:
    """One that the example answers."""
    return example.recipe.question if example.recipe else example.title


def texts_for(example: Example, actions: Sequence[str] = ACTIONS_SHOWN, most: int = 6) -> list[str]:
    """The example's own sentence, and the same thing doing otherwise."""
    if example.truth is None:
        return []
    action = example.truth.action
    noun = example.title.removesuffix(action).strip()
    return [example.title, *(f"{noun} {other}" for other in actions if other != action)][:most]


def all_actions(clips: Clips, handle: Any) -> str:
    """One text for each action that there is in the world: of the example's own thing, else of an object."""
    with suppress(ReaderError):
        path = clips.path(handle)
        example = next((one for one in clips.examples.values() if str(one.path) == path), None)
        if example and (made := texts_for(example, ACTIONS, len(ACTIONS))):
            return "\n".join(made)
    return "\n".join(caption(None, None, action) for action in ACTIONS)


# ---- what happens -----------------------------------------------------------------------------------------------------


class Events:
    """Of one tab. limited: the knobs that end where the networks do."""

    def __init__(self, desk: Desk, inputs: Inputs):
        self.desk, self.inputs = desk, inputs
        self.limited = [name for name in desk.names if name in desk.engine.limits(desk.method.name)]

    def wire(self) -> None:
        method, fields, knobs, components = self.desk.method, self.inputs.fields, self.inputs.knobs, self.inputs.components
        noted = assets.event("page/values.js", "note", method.name, *self.inputs.names)
        gr.on([one.change for one in components], None, components, js=noted, api_visibility="private")
        clip, frames, edits = fields["clip"], fields["frames"], fields["edits"]
        if len(self.desk.engines) > 1 or clips_of(method):  # more may come
            limited = [knobs[name] for name in self.limited]
            ends = [fields["frames"], *limited]
            fields["weights"].change(self.ends, [fields["weights"], *limited], ends, queue=False, **QUIET)
        if FRAME in knobs:
            last = gr.Number(DEFAULT_FRAMES, visible=False)
            moved = [clip, frames, edits, fields["moment"]]
            known = gr.on([one.change for one in moved], self.length, moved, last, queue=False, **QUIET)
            fit = assets.event("page/values.js", "fit")
            known.success(None, [last, knobs[FRAME]], knobs[FRAME], js=fit, api_visibility="private")

    def ends(self, weights: str, *now: Any) -> list[Any]:
        """Other weights: their knobs end elsewhere, and they were trained with other clips."""
        engine, method = self.desk.engines[weights], self.desk.method
        limits = engine.limits(method.name)
        last = [limits[name] for name in self.limited]
        ends = [gr.update(maximum=most, value=min(value, most)) for most, value in zip(last, now, strict=True)]
        return [gr.update(info=frames_told(engine, method)), *ends]

    def length(self, handle: Any, frames: Any, edits: Any, moment: Any) -> Any:
        """Frames of the clip: as many as asked for, or as the file has, and as edits leave."""
        clips = self.desk.clips
        try:
            return len(clips.open(clips.path(handle), FRAMES.check(frames), edits_of(edits), moment_of(moment)))
        except ReaderError:  # the viewer says why
            return gr.skip()
