// A viewer: a clip's frames with what a method makes of them. The shell has what all methods share; what is drawn is drawn by
// figures, one for each group of the method's layout. The same in the page, in notebooks and in exported HTML.
//
//   const view = mount(element, {about, clip, trace, examples, untouched}, hooks, figures)
//   view.update({trace})  view.ask(request)
//   view.state()  view.look({frame, overlay})          how it is looked at: a frame from 0, a stage's name or "none"
//   view.extra(map, show)                              one more overlay, of a fold's making (see explain.js); null: none
//   view.pin(request, title)  view.unpin()  view.pinned()       see compare.js; state().pinned: the request of A, or null
//   view.here()  view.value(output)  view.peekAt(output)  view.point(event)     see base/parts.js
//   extra and point are there where a figure has a picture for them
//
// about    what does not change: title, groups [{title, figure, stages, words}], outputs [{stage, symbol, title, unit, kind, …}],
//          stages [{name, doc, source, knobs}], knobs [{name, symbol}], frame: the knob that is the frame, or null;
//          steady: the knob {name, symbol} that takes the camera's motion out, or null;
//          pipeline [{title, follows, results: [{stage, stages, follows}]}], see core/pipeline.py
// clip     frames as data URLs, their times and source indices, what is there where the truth is known
// trace    one run: values {stage: packed}, each as its kind travels; grid, knobs, texts, done: whether all is there, ledger,
//          weights, strange, untrained, edited, stamp. A trace with an older stamp than the one shown is dropped
// hooks    frames  async key → clip;  camera  async key → what the camera does, in a sentence;  pick  name → nothing;
//          turn  (knob, value) → nothing;  keep  keeps what is shown;  equation  (stage, whether to go there) → nothing;
//          soon, later, whole, curve, far, stop: see base/asking.js
// figures  {name: module} of figures/<name>.js for every `figure` of about.groups: see base/figures.js

import {asker, asOneStep, receiver} from "./asking.js";
import {pinning} from "./compare.js";
import {cursorOf} from "./cursor.js";
import {figuresOf, frameOf} from "./figures.js";
import {framesOf} from "./frames.js";
import {STRENGTH} from "./light.js";
import {atNewWidths, EXAMPLES, exampleButtons, extraOf, FOOT, keysOf, ledgerOf, litOf, widths} from "./parts.js";
import {PIPELINE, pipelineOf} from "./pipeline.js";
import {versusOf} from "./versus.js";
import {viewOf} from "./view.js";
import {safe} from "./words.js";
import {zoomOf} from "./zoom.js";

const BANNER = `<div class="vw-banner" role="note" hidden></div>`;
const START = {
  frame: 0,
  patch: null,
  last: null,
  gap: null,
  overlay: "none",
  near: null,
  strength: STRENGTH,
  bare: false,
  prompt: null,
};

export function mount(element, payload, hooks = {}, modules = {}) {
  const about = payload.about,
    frame = frameOf(about, modules);
  element.innerHTML = `
<section class="vw ${frame.look}" tabindex="0" aria-label="Viewer. Press question mark for the keys.">
  ${EXAMPLES}${BANNER}${PIPELINE}${frame.markup}${FOOT}
</section>`;
  const root = element.querySelector(".vw"),
    $ = name => root.querySelector(".vw-" + name),
    all = name => [...root.querySelectorAll(".vw-" + name)];
  const cursor = cursorOf(START),
    extra = extraOf(cursor),
    wide = widths();
  let side = null,
    asked = null, // a frame that a knob was turned to, and that is not here yet
    wish = 0; // a frame of a longer clip that has yet to come

  const put = (region, ...elements) =>
    (root.querySelector(`[data-region="${region}"]`) ?? root.querySelector(`[data-region="rest"]`)).before(...elements);
  const shell = {
    root,
    $,
    all,
    about,
    cursor,
    hooks,
    wide,
    put,
    go,
    say,
    redraw,
    extra,
    zoom: host => zoomOf($, host),
    side: () => side,
    now: () => asked ?? cursor.frame,
    A: () => A.now(),
    whole: () => ask.whole(),
    versus: () => side && versus(side, A.now()),
    memory: {},
  };
  const figures = figuresOf(shell, modules);
  const frames = framesOf(shell, figures),
    versus = versusOf($, {about, figures}),
    ledger = ledgerOf($, about.stages),
    pipeline = pipelineOf(shell, figures, litOf(root)),
    readies = figures.filter(one => one.ready),
    ready = async trace => Object.assign({}, ...(await Promise.all(readies.map(one => one.ready(trace)))));

  // ---- what arrives -------------------------------------------------------------------------------------------------

  const update = receiver({hooks, say, take, ...(readies.length ? {ready} : {})});
  const ask = asker($, {
    ...hooks,
    whole: request =>
      hooks.whole(Object.assign({...request}, ...figures.map(one => ({pointed: one.pointed?.()})).filter(one => one.pointed))),
    wants: () => figures.some(one => one.wants?.()),
    idle: figures.some(one => one.idle)
      ? async (...given) => {
          for (const one of figures) await one.idle?.(...given);
        }
      : undefined,
    update,
    part,
    say,
  });
  const shown = () => side && {...side, request: ask.drawn() ?? payload.untouched ?? null};
  const A = pinning($, {
    hooks,
    held: update.held,
    shown,
    ready: one => ready(joined(one.trace)),
    say,
    changed: () => {
      root.classList.toggle("vw-paired", !!A.now());
      wide.forget();
      redraw();
    },
  });

  function take(next, {clip, images}, made) {
    const fresh = side?.clip !== clip,
      full = fresh ? null : side.full,
      trace = asOneStep(side?.trace, next);
    joined(trace);
    side = {...made, trace, clip, images};
    side.full = trace.done ? side : full;
    $("wait").hidden = true;
    const t = about.frame ? trace.knobs[about.frame] - 1 : Math.min(Math.max(cursor.frame, wish), images.length - 1),
      elsewhere = about.frame && (fresh || t !== cursor.frame);
    if (t === asked) asked = null;
    cursor.put({frame: t, ...(fresh ? {patch: null, last: null, gap: null} : {})});
    if (fresh) wide.forget(); // long clips scroll: their strip is wider than the page
    if (fresh) frames.layOut(side);
    draw();
    if (elsewhere) frames.seen();
    root.dataset.spaced = trace.spaced ?? "";
    root.dataset.shown = JSON.stringify({clip: trace.clip, ...trace.knobs});
    if (trace.texts) root.dataset.texts = root.dataset.shown;
    if (trace.done) root.dataset.done = root.dataset.shown;
    root.dispatchEvent(new CustomEvent("painted", {bubbles: true}));
  }

  // what a stage has so far is drawn in the picture that waits for it
  function part({stamp, values}) {
    if (!side || side.trace.done || side.trace.stamp !== stamp) return;
    Object.assign(side.trace.values, values);
    draw();
  }

  // what a second run adds is a result like others
  const joined = trace => {
    Object.assign(trace.values, trace.beside?.values);
    return trace;
  };

  // ---- drawing ------------------------------------------------------------------------------------------------------

  function draw() {
    const {trace} = side,
      banner = $("banner"),
      untrained = trace.untrained ?? [];
    for (const one of figures) one.draw(side, A.now(), null);
    frames.draw(side);
    versus(side, A.now());
    banner.hidden = !untrained.length;
    banner.innerHTML = `<b>UNTRAINED</b>: ${untrained.map(safe).join(" and ")} ${untrained.length > 1 ? "have" : "has"} random weights. What is drawn is computed, and means nothing.`;
    ledger(trace);
    pipeline(trace);
    tell();
  }
  function moved(changed) {
    if (!side) return;
    if (changed.has("frame")) frames.step(side);
    for (const one of figures) one.draw(side, A.now(), changed);
    versus(side, A.now());
    tell();
  }
  cursor.on(moved);
  function redraw() {
    if (!side) return false;
    draw();
  }
  const tell = () => {
    const detail = {frame: cursor.frame, patch: cursor.patch, gap: cursor.gap, kept: null};
    root.dispatchEvent(
      new CustomEvent("looked", {bubbles: true, detail: Object.assign(detail, ...figures.map(one => one.looked?.(side)))}),
    );
  };

  // ---- moving about -------------------------------------------------------------------------------------------------

  function go(t) {
    if (!side) return;
    wish = 0;
    const frame = Math.max(0, Math.min(side.images.length - 1, t));
    if (about.frame) hooks.turn?.(about.frame, (asked = frame) + 1);
    else {
      cursor.set({frame});
      frames.seen();
    }
  }
  function say(text) {
    asked = null;
    $("wait").hidden = false;
    $("wait").textContent = text;
  }
  function press(k, event) {
    if (!side) return false;
    const pressed = figures.filter(one => one.press);
    if (k === "Escape") return pressed.map(one => one.press(k, event, side)).some(Boolean);
    if (pressed.some(one => one.press(k, event, side)) || frames.press(k)) return true;
    if (k !== "p") return false;
    A.toggle();
    return true;
  }
  const keys = [
    ...frames.keys,
    ...figures.flatMap(one => one.keys ?? []),
    ["p", "pin as A what is shown, or let A go"],
    ["?", "this help"],
  ];
  const release = event => figures.forEach(one => one.release?.(event.key));
  const forget = keysOf(root, $, keys, press, release, hooks.keep);
  exampleButtons($, payload.examples, hooks, say);
  const rest = atNewWidths(root, () => {
    wide.forget();
    return redraw();
  });

  const view = viewOf({
    about,
    cursor,
    extra,
    figures,
    update,
    ask,
    A,
    go,
    moved,
    side: () => side,
    lit: litOf(root),
    wishes: frame => void (wish = frame),
    destroy() {
      frames.stop();
      rest();
      forget();
      for (const one of figures) one.forget?.();
      element.replaceChildren();
    },
  });
  if (!payload.trace) say("reading the clip…");
  update(payload);
  return view;
}
