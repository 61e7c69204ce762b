"""The page: a tab a method, its knobs, and the only wiring of events.

Every change of anything — a knob by mouse, key or typing, a preset, a text, the clip — is the same event. It computes
what is arithmetic and answers at once; when it has, a second one asks for the similarities, for which the network must
run. Both carry the browser's clock at the moment their values were read, and the viewer drops what is older than what it
shows: the last value wins, whoever answers first.

`change` and `always_last` are written out: Gradio's other events lose the last value, or never fire from the keyboard.
"""

import inspect
import json
import sys
from pathlib import Path

import gradio as gr

from app.api import publish
from app.store import Clips
from app.told import sentence, told
from app.viewer import about_payload, clip_payload, jpeg, trace_payload
from core import METHODS
from core import kinds as kind
from core.knobs import Knob
from core.video import LIMITS_TEXT

VIEWER = Path(__file__).resolve().parents[1] / "assets" / "viewer"
DEFAULT_FRAMES = 8
FRAMES = Knob("frames", "T", DEFAULT_FRAMES, (4, 32, 1), "read from the file at the centres of equal segments")
ACTIONS_SHOWN = ("moves left", "moves right", "moves up", "moves down", "grows", "shrinks", "blinks", "stays still")
PRESETS = {
    "stop": {
        "defaults": {},
        "attention only": {"alpha": 1.0},
        "dynamics only": {"alpha": 0.0},
        "one patch": {"kept": 1},
        "many prompts": {"eta": 12.0},
        "no prompts": {"spatial": False, "temporal": False},
    }
}

# The module travels inside the page: no path of the server, no second request, and it works behind any proxy. What does
# not change travels with it, not as a property, and a trace is one string, not an object: Gradio wraps, clones and
# compares every part of every property at every event (measured: 25 ms and 30 ms).
MOUNT = """
const source = new Blob([%s], {type: "text/javascript"}), about = %s;
import(URL.createObjectURL(source)).then(({mount}) => {
  const hooks = {frames: key => server.frames(key), pick: name => trigger("pick", {name})};
  const view = mount(element.querySelector(".viewer"), {...about, trace: JSON.parse(props.value)}, hooks);
  watch("value", () => view.update({trace: JSON.parse(props.value)}));
});
"""
STAMP = "(...all) => [...all.slice(0, -1), performance.now()]"


def build(engine, examples):
    """The whole page over one engine. examples: name → Example; the first is open when the page is."""
    clips = Clips(examples)
    with gr.Blocks(analytics_enabled=False, title="What do video prompts look at?", delete_cache=(3600, 86400)) as page:
        gr.Markdown("# What do video prompts look at?", elem_classes="title")
        for method in METHODS.values():
            with gr.Tab(method.title):
                tab(engine, clips, method)
        publish(engine, clips)
    return page


def tab(engine, clips, method):
    """One method: viewer on the left, knobs on the right, and what happens when any of them changes."""
    first = next(iter(clips.examples.values()))
    names = [one.name for one in method.knobs.knobs()]
    fast = tuple(
        one.stage for one in method.outputs
        if isinstance(one, (kind.PatchMap, kind.RegionMask, kind.GapScores, kind.GapCounts))
    )  # fmt: skip
    slow = fast + tuple(one.stage for one in method.outputs if isinstance(one, kind.TextScores)) + ("unknown_words",)

    def explain(outputs, path, frames, texts, values, stamp):
        """One run, as the viewer wants it."""
        lines = [line.strip() for line in texts.splitlines() if line.strip()]
        settings = engine.settings(method.name, dict(zip(names, values, strict=True)))
        clip = clips.open(path, FRAMES.check(frames))
        trace = engine.run(method.name, clip, texts=lines, outputs=outputs if lines else fast, **settings)
        done, grid = outputs is slow, engine.grid(method.name)
        key, truth = clips.key(path, FRAMES.check(frames)), clips.truth(path)
        return trace_payload(method, trace, key, clip, settings, grid, lines if done else None, truth, stamp)

    @sentence
    def at_once(path, frames, texts, *rest):
        return explain(fast, path, frames, texts, rest[:-1], rest[-1])

    @sentence
    def similarities(path, frames, texts, *rest):
        return explain(slow, path, frames, texts, rest[:-1], rest[-1])

    def frames(key):
        """The pictures of an open clip, asked for by the viewer once a clip."""
        found = clips.of_key(key) if isinstance(key, str) else None
        return found and clip_payload(key, *found)

    defaults = engine.settings(method.name, {})
    texts_of_first = "\n".join(texts_for(first))
    opening = explain(slow, str(first.path), DEFAULT_FRAMES, texts_of_first, list(defaults.values()), 0)
    about = {
        "about": about_payload(method),
        "clip": frames(opening["clip"]),
        "examples": [
            {"name": one.name, "title": one.title, "thumb": jpeg(clips.open(one.path, DEFAULT_FRAMES).frames_THWC[3], 96)}
            for one in clips.examples.values()
        ],
    }

    home = sys.modules[method.knobs.__module__]  # the file of the method: its first sentence and its readings are shown
    gr.Markdown(f"{(inspect.getdoc(home) or '').splitlines()[0]} Move a knob: everything follows.", elem_classes="what")
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            viewer = gr.HTML(
                json.dumps(opening), html_template='<div class="viewer">Loading the viewer…</div>',
                js_on_load=mount_script(about), server_functions=[frames], apply_default_css=False,
                elem_id=f"viewer-{method.name}",
            )  # fmt: skip
        with gr.Column(scale=1, min_width=300, elem_classes="knobs"):
            with gr.Accordion("Your own clip: upload or webcam", open=False):
                own = gr.Video(show_label=False, label="Your own clip", sources=["upload", "webcam"], height=180, elem_id="own")
                gr.Markdown(f"{LIMITS_TEXT} It stays on this server for a day at most.", elem_classes="limits")
            with gr.Row(elem_classes="presets"):
                chosen = PRESETS.get(method.name, {"defaults": {}})
                presets = {name: gr.Button(name, size="sm", min_width=60) for name in chosen}
            knobs = {one.name: control(one, engine.limits(method.name)) for one in method.knobs.knobs()}
            count = control(FRAMES, {})
            texts = gr.Textbox(texts_of_first, label="Texts, one a line", lines=4, max_lines=10)
    readings(method, home)

    path = gr.State(str(first.path))
    stamp = gr.Number(0, visible=False)
    inputs = [path, count, texts, *knobs.values(), stamp]
    live = {"trigger_mode": "always_last", "show_progress": "hidden", "queue": False, "api_visibility": "private"}
    changes = [one.change for one in (path, count, texts, *knobs.values())]
    gr.on(changes, at_once, inputs, viewer, js=STAMP, **live).success(similarities, inputs, viewer, js=STAMP, **live)
    for name, button in presets.items():
        values = list((defaults | chosen[name]).values())
        # in the browser: a preset is there at once, and no reply of the server can arrive after a later knob
        button.click(None, None, list(knobs.values()), js=f"() => {json.dumps(values)}", api_visibility="private")

    def choose(picked: gr.EventData):
        example = clips.examples.get(picked.name)
        return (str(example.path), "\n".join(texts_for(example))) if example else (gr.skip(), gr.skip())

    def take(uploaded, frames):
        if uploaded is None:
            return gr.skip()
        with told():
            clips.open(uploaded, FRAMES.check(frames))
        return uploaded

    still = {"trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    viewer.pick(choose, None, [path, texts], queue=False, **still)
    own.change(take, [own, count], path, concurrency_limit=2, **still)


def control(knob, limits):
    """A knob as it is drawn, from its declaration."""
    label, info = f"{plain(knob.symbol)} · {knob.name}", knob.meaning
    if knob.kind == "switch":
        return gr.Checkbox(knob.default, label=label, info=info)
    if knob.kind == "choice":
        return gr.Radio(list(knob.span), value=knob.default, label=label, info=info)
    low, high, step = knob.span
    high = min(high, limits.get(knob.name, high))
    made = gr.Slider(low, high, min(knob.default, high), step=step, label=label, info=info, elem_id=f"knob-{knob.name}")
    made.preprocess = lambda value: value  # the engine checks, in a sentence that is shown; Gradio's own refusal would not be
    return made


def readings(method, home):
    """Where the paper is silent, what we chose: said on the page, from the method's own list."""
    said = getattr(home, "READINGS", ())
    with gr.Accordion("Where the paper is silent: our readings", open=False):
        gr.Markdown("\n".join(f"- **{topic}**: {sentence}" for topic, sentence in said) + f"\n\n{method.paper}")


def texts_for(example):
    """The example's own sentence, and the same thing doing otherwise."""
    action = example.truth.action
    noun = example.title.removesuffix(action).strip()
    return [example.title, *(f"{noun} {other}" for other in ACTIONS_SHOWN if other != action)][:6]


def plain(symbol):
    """A symbol as Unicode, for labels that know no markup."""
    for written, shown in {"N_s": "Nₛ", "p^s": "pˢ", "p^t": "pᵗ"}.items():
        symbol = symbol.replace(written, shown)
    return symbol


def mount_script(about):
    return MOUNT % (json.dumps((VIEWER / "viewer.js").read_text()), json.dumps(about))
