"""The page: a tab a method, its knobs, and the only wiring of events.

Every change of anything — a knob by mouse, key or typing, a preset, a text, the clip — is the same event: it hands all values
and the browser's clock to the viewer. The viewer asks the server for what comes at once and, when that is painted, for what
takes longer (similarities, boxes), for which the network must run. It has one request of each under way at most, keeps the
newest of those that wait, and drops what is older than what it shows: the last value wins, whoever is answered first. What
takes longer is called off when a knob moves, and of what takes very long it asks how far it is.

The viewer asks by itself because Gradio (6.31) copies every part of every input several times for every event with a server's
function, and updates the whole page with the answer: that takes longer than to run the stages and to draw them.

`change` is written out: Gradio's other events lose the last value, or never fire from the keyboard.
"""

import json
from functools import cache, partial
from pathlib import Path

import gradio as gr

from app import assets
from app.controls.knobs import (
    DEFAULT_FRAMES,
    FRAME,
    FRAMES,
    control,
    first_sentence,
    knobs_of,
    presets_of,
    readings,
    scenes_of,
    set_knobs,
)
from app.controls.presets import looks_of
from app.export.notebook import notebook
from app.export.panel import address_of, opened_by, panel
from app.figures.drawing import view_of
from app.figures.pack import jpeg
from app.help.glossary import glossed
from app.help.tour import top
from app.panels import panels_of
from app.server.answers import answers_of
from app.server.api import path_of, publish
from app.server.clips import Clips
from app.server.errors import as_message
from app.server.guard import Page
from app.server.jobs import Running
from app.server.request import Desk, edits_of
from core import METHODS, ReaderError
from core.video.read import LIMITS_TEXT

DELETED = (3600, 23 * 3600)  # seconds: every hour, files older than 23 h, so that none stays longer than a day
SHIPPED = "shipped"  # what an engine without named weights is called
ACTIONS_SHOWN = ("moves left", "moves right", "moves up", "moves down", "grows", "shrinks", "blinks", "stays still")

QUIET = {"trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}


def build(engines, examples):
    """The whole page. engines: what its weights are called → Engine; the first is used until a reader chooses another.
    examples: name → Example; the first is open when the page is."""
    clips, running = Clips(examples), Running()
    with Page(analytics_enabled=False, title="What do video prompts look at?", delete_cache=DELETED) as page:
        with gr.Row(elem_classes="page-top"):
            gr.Markdown("# What do video prompts look at?", elem_classes="title")
            top()
        # the clip of all tabs, and what was edited in it: the browser writes the edits, so they are there, but not seen
        handle = gr.Textbox(clips.handle(next(iter(examples.values())).path), visible=False)
        edits = gr.Textbox("[]", visible="hidden", elem_id="edits")
        chosen, inputs, desks = [], {}, {}
        with gr.Tabs() as tabs:
            for place, method in enumerate(METHODS.values()):
                # a short name: Gradio hides tabs that do not fit a narrow screen
                with gr.Tab(method.title.partition(" — ")[0], id=method.name):
                    desk = desks[method.name] = Desk(method, engines_for(engines, method), clips, running)
                    *one, given = tab(desk, handle, edits, open_at_once=place == 0)
                    chosen.append(one)
                    inputs[method.name] = ([knob.name for knob in method.knobs.knobs()], given)
        notebook(desks, tabs, handle, edits, inputs)
        share(clips, handle, edits, chosen)
        opened_by(page, tabs, engines, clips, handle, edits, inputs)
        publish(next(iter(engines.values())), clips)
    return page


def engines_for(engines, method):
    """Those with weights that someone named for this method, and the one with the shipped weights."""
    models = set(method.models)
    return {name: one for name, one in engines.items() if not one.models or one.models.keys() & models} or engines


def tab(desk, handle, edits, open_at_once):
    """One method: viewer on the left, knobs on the right, and what happens when any of them changes. → (its viewer, its texts
    or None, presets that choose a clip, all that a run is asked with).

    handle, edits: of the clip, the same in all tabs: a tab that is not seen takes note of it, and asks when it is opened.
    open_at_once: what is seen first travels with the page; in every other tab it is asked for when the tab is opened."""
    method, engines, clips, engine = desk.method, desk.engines, desk.clips, desk.engine
    first = next(iter(clips.examples.values()))
    names, view, reads = list(desk.names), view_of(method), bool(method.text_stages)
    defaults = engine.settings(method.name, {})
    texts_of_first = "\n".join(texts_for(first)) if reads else ""
    # what is seen before any knob was moved
    begins = clips.handle(first.path), next(iter(engines)), DEFAULT_FRAMES, texts_of_first, "[]"
    untouched = {"values": [*begins, *defaults.values()], "stamp": 0}
    frames, at_once, everything, *others = answers_of(desk, untouched)
    seen_first = cache(lambda: everything(untouched))
    panels = panels_of(method)

    def constants(taken=None):
        """What does not change, and is too much for a tab that may never be opened."""
        return json.dumps(about)

    def own(name):
        """What a fold is told when it is opened for the first time; null for a name that no fold has."""
        return json.dumps(next((one.about(desk) for one in panels if one.name == name), None))

    about = {
        "about": view.about(method),
        "examples": [
            {"name": one.name, "title": one.title, "thumb": jpeg(clips.open(one.path, DEFAULT_FRAMES).frames_THWC[3], 96)}
            for one in clips.examples.values()
        ],
    }
    given = {
        "method": method.name,
        "viewer": view.module,
        "panels": [[one.name, one.title] for one in panels],
        "untouched": untouched,
        "first": open_at_once,
        "pick": "pick",
    }
    if open_at_once:
        given["constants"] = about | {"clip": frames(json.loads(seen_first())["clip"])}

    what = f"<p>{glossed(first_sentence(method))} Move a knob: everything follows.</p>"
    gr.HTML(what, elem_classes="what", apply_default_css=False, padding=False)
    scenes = scenes_of(method, clips.examples)

    def before(preset):
        """What a preset's sentence was found true of."""
        return [clips.handle(clips.examples[preset.clip].path), SHIPPED, DEFAULT_FRAMES, None, "[]"]

    if scenes:
        looks_of(method.name, {name: preset for name, (_, preset) in scenes.items()}, before, defaults)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            viewer = gr.HTML(
                seen_first() if open_at_once else "",
                html_template='<div class="viewer">Loading the viewer…</div><div class="panels"></div>',
                js_on_load=assets.component("page/tab.js", "tab", given), apply_default_css=False,
                server_functions=[
                    constants, own, frames, at_once, everything, *others, address_of(desk),
                    *(each for one in panels for each in one.serve(desk)),
                ],
                elem_id=f"viewer-{method.name}",
            )  # fmt: skip
        with gr.Column(scale=1, min_width=300, elem_classes="knobs"):
            with gr.Accordion("Your own clip: upload or webcam", open=False):
                # a file, not a video: a browser knows fewer kinds than the reader, who says himself what he refuses
                own = gr.File(label="Your own clip", height=150, elem_id=f"own-{method.name}")
                gr.Markdown(f"{LIMITS_TEXT} Your file stays on this server for a day at most.", elem_classes="limits")
                webcam = gr.Video(label="Webcam", sources=["webcam"], height=230, elem_id=f"webcam-{method.name}")
                # as they are: Gradio (6.31) lays down an empty file for each, and needs ffmpeg to mirror what was recorded
                own.preprocess = webcam.preprocess = path_of
            weights = gr.Radio(
                [(called(one, method), name) for name, one in engines.items()], value=next(iter(engines)), label="Weights",
                visible=len(engines) > 1, elem_id=f"weights-{method.name}",
            )  # fmt: skip
            presets = presets_of(method)
            knobs = knobs_of(method, {FRAME: DEFAULT_FRAMES} | engine.limits(method.name))
            count = control(FRAMES, {}, method.name)
            info = (
                "read where the towers are a ViT-B/32"
                if any(one.over == "Y" and one.when == "whole" for one in method.outputs)
                else None
            )
            alone = reads and info is None  # other methods say it by a fact of their own, and load more for it
            if silent := [name for name, one in engines.items() if alone and not one.reads_texts(method.name)]:
                info = f"not read with {', '.join(silent)} weights: they have no text tower"
            texts = gr.Textbox(texts_of_first, label="Texts, one a line", info=info, lines=4, max_lines=10, visible=reads)
    readings(method)

    values = [handle, weights, count, texts, edits, *knobs.values()]
    take_all = assets.event("page/values.js", "take", method.name)
    gr.on([one.change for one in values], None, values, js=take_all, api_visibility="private")
    for button, preset in (presets | scenes).values():
        set_knobs(button, knobs, defaults, preset)

    def take(uploaded, frames):
        if uploaded is None:
            return gr.skip(), gr.skip()
        with as_message():
            clips.open(uploaded, FRAMES.check(frames))
        return clips.handle(uploaded), "[]"

    def ends(chosen, *now):
        """Knobs that end where the networks do."""
        limits = engines[chosen].limits(method.name)
        last = [limits[name] for name in limited]
        return [gr.update(maximum=most, value=min(value, most)) for most, value in zip(last, now, strict=True)]

    def length(handle, frames, edits):
        """Frames of the clip: as many as asked for, or as the file has, and as edits leave."""
        try:
            return len(clips.open(clips.path(handle), FRAMES.check(frames), edits_of(edits)))
        except ReaderError:  # the viewer says why
            return gr.skip()

    for each in (own, webcam):
        each.change(take, [each, count], [handle, edits], concurrency_limit=2, **QUIET)
    if len(engines) > 1:
        limited = [name for name in names if name in engine.limits(method.name)]
        turned = [knobs[name] for name in limited]
        weights.change(ends, [weights, *turned], turned, queue=False, **QUIET)
    if FRAME in knobs:
        last = gr.Number(DEFAULT_FRAMES, visible=False)
        moved = [handle, count, edits]
        known = gr.on([one.change for one in moved], length, moved, last, queue=False, **QUIET)
        fit = assets.event("page/values.js", "fit")
        known.success(None, [last, knobs[FRAME]], knobs[FRAME], js=fit, api_visibility="private")
    panel(desk, values)
    return viewer, texts if reads else None, scenes, values


def share(clips, handle, edits, chosen):
    """An example that is chosen in one tab is the clip of all of them, and of all texts, without any edit. chosen: what `tab`
    gave, for each."""
    texts = [one for _, one, _ in chosen if one is not None]

    def opened(name):
        example = clips.examples.get(name)
        if example is None:
            return [gr.skip()] * (2 + len(texts))
        return [clips.handle(example.path), "[]"] + ["\n".join(texts_for(example))] * len(texts)

    def choose(picked: gr.EventData):
        return opened(picked.name)

    for viewer, _, scenes in chosen:
        viewer.pick(choose, None, [handle, edits, *texts], queue=False, **QUIET)
        for button, preset in scenes.values():
            button.click(partial(opened, preset.clip), None, [handle, edits, *texts], queue=False, **QUIET)


def called(engine, method):
    """What a reader knows an engine's weights by: as they were named for this method, a file without its folders."""
    given = [engine.models[one] for one in method.models if one in engine.models]
    names = [one if isinstance(one, str) else one.label for one in given]
    return ", ".join(one.rpartition("/")[2] if Path(one[:250]).is_file() else one for one in names) or SHIPPED


def texts_for(example):
    """The example's own sentence, and the same thing doing otherwise."""
    action = example.truth.action
    noun = example.title.removesuffix(action).strip()
    return [example.title, *(f"{noun} {other}" for other in ACTIONS_SHOWN if other != action)][:6]
