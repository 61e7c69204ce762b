// A viewer: a clip's frames with what a method makes of them. The shell has what all methods share; what is drawn is drawn by
// figures, one for each group of the method's layout. The same in the page, in notebooks and in exported HTML.
//
//   const view = mount(element, {about, clip, trace, examples, untouched}, hooks, figures)
//   view.update({trace})  view.ask(taken)
//   view.state()  view.look({frame, overlay})          how it is looked at: a frame from 0, a stage's name or "none"
//   view.extra(map, show)                              one more overlay, of a fold's making (see explain.js); null: none
//   view.pin(taken, title)  view.unpin()  view.pinned()       see compare.js; state().pinned: what was taken of A, or null
//   view.here()  view.value(output)  view.peekAt(output)  view.point(event)     see base/parts.js
//   extra and point are there where a figure has a picture for them
//
// about    what does not change: title, groups [{title, figure, stages, words}], outputs [{stage, symbol, title, unit, kind, …}],
//          stages [{name, doc, source, knobs}], knobs [{name, symbol}], frame: the knob that is the frame, or null
// clip     frames as data URLs, their times and source indices, what is there where the truth is known
// trace    one run: values {stage: packed}, each as its kind travels; grid, knobs, texts, done: whether all is there, ledger,
//          weights, strange, untrained, edited, stamp. A trace with an older stamp than the one shown is dropped
// hooks    frames  async key → clip;  pick  name → nothing;  turn  (knob, value) → nothing;  keep  keeps what is shown;
//          soon, later, whole, curve, far, stop: see base/asking.js
// figures  {name: module} of figures/<name>.js for every `figure` of about.groups
//
// ---- A figure ----------------------------------------------------------------------------------------------------------
//
// A module of figures/ exports
//
//   figure(host, {outputs, group, about, cursor, shell}) → what is below; outputs: those of its group, in order
//   look      the class of its host, a div ("" if not said)
//   region    where its host stands: the name of a `<template data-region="…">` of the frame; in the region "rest" if not said,
//             or if the frame has no such region
//   frame     markup of the whole viewer between the examples and the ledger, of a figure that leads. The frame is that of the
//             first figure that has one, else FRAME below. {look: class of the section, markup}. In it, by their classes, stand what the shell fills
//             or listens to: vw-wait vw-far (in PICTURE or WAITING), vw-pin (PIN), vw-help-open, vw-strip, vw-frame, vw-scrub, vw-play,
//             buttons with data-step, vw-versus (VERSUS), vw-clip; and the templates of its regions. What is missing is left out
//
// and returns, everything but draw as it is needed:
//
//   draw(side, A, changed)   side (B): {trace, clip, images, full, …ready}; A: the pinned side or null. changed: null, draw
//                            everything: a run, A or the width is another; else a Set of the cursor's fields that moved, draw
//                            what follows them. side.full: the side of the last run in which everything was there, of the same
//                            clip (often the same), or null
//   ready(trace)             async → fields for the side, awaited before it is drawn (pictures to decode)
//   thumb(pen, side, t, width, height)    paints over a frame of the strip;  square: true, frames of the strip are their centres
//   mark(side, t)            {after, badge, words} of a frame of the strip: behind its number, in its corner, in words
//   keys                     [[key, what it does], …] for the help;  press(k, event, side) → true where it was one;  release(k)
//   overlays()               maps that may lie over the frame: {stage, symbol, title, …}; makes `look` and `extra` possible
//   extra()                  called when the extra overlay is another: `shell.extra.now()`
//   point(event)             as if a pointer were over the frame
//   value(output, side)      {text, because} at what is looked at, null: none
//   lit(output)              the element that shows an output, for a line around it
//   here(side)               the place in words, behind “frame 3”: ", row 1, column 2", " · gap 1→2"
//   looked(side)             fields of the event "looked" beside frame, patch and gap: {kept}
//   apart(a, b)              {rows, sentences} of the card “B against A”; rows as in compare.js, sentences as markup
//   wants()                  whether a reader wants what reads the whole clip;  pointed()  what he pointed at for it
//   idle(taken, still)       async, when nothing moves for a while
//   forget()                 the viewer is gone
//
// shell, as figures see it:
//
//   root, $(name), all(name)        the section; its first element, all elements of class "vw-" + name
//   hooks, say(text), wide(element, usual), zoom(host)      see parts.js, zoom.js
//   put(region, …elements)          places more than the host: before that region's template
//   go(t)                           to another frame, by the knob where it is one
//   side(), A(), whole(), redraw()  now; ask for what reads the whole clip; draw everything
//   versus()                        the card “B against A” anew (a threshold moved)
//   extra                           now(), own(): the overlay of a fold's making; the figures' own overlay that is chosen
//   memory                          a plain object that figures of one viewer share

import {asker, asOneStep, receiver} from "./asking.js";
import {PIN, pinning, VERSUS} from "./compare.js";
import {cursorOf} from "./cursor.js";
import {CLIP, framesOf, STRIP} from "./frames.js";
import {
  atNewWidths,
  EXAMPLES,
  exampleButtons,
  extraOf,
  FOOT,
  HELP,
  keysOf,
  ledgerOf,
  litOf,
  make,
  WAITING,
  widths,
} from "./parts.js";
import {versusOf} from "./versus.js";
import {safe} from "./words.js";
import {zoomOf} from "./zoom.js";

// Frames on top, a card for each figure below
export const FRAME = {
  look: "rl",
  markup: `
  ${STRIP}
  <div class="vw-row"><button class="vw-prev" data-step="-1" aria-label="One frame back">‹</button><button class="vw-next" data-step="1" aria-label="One frame forward">›</button>
    <output class="vw-frame"></output>${PIN}${HELP}</div>
  ${WAITING}
  ${VERSUS}
  <div class="rl-cards"><template data-region="rest"></template>${CLIP}</div>`,
};
const BANNER = `<div class="vw-banner" role="note" hidden></div>`;
const START = {
  frame: 0,
  patch: null,
  last: null,
  gap: null,
  overlay: "none",
  near: null,
  opacity: 0.6,
  bare: false,
  prompt: null,
};

export function mount(element, payload, hooks = {}, modules = {}) {
  const about = payload.about,
    missing = about.groups.find(one => !modules[one.figure]);
  if (missing) throw new Error(`No figure is called ${missing.figure}, and the group “${missing.title}” asks for it.`);
  const frame = about.groups.map(one => modules[one.figure].frame).find(Boolean) ?? FRAME;
  element.innerHTML = `
<section class="vw ${frame.look}" tabindex="0" aria-label="Viewer. Press question mark for the keys.">
  ${EXAMPLES}${BANNER}${frame.markup}${FOOT}
</section>`;
  const root = element.querySelector(".vw"),
    $ = name => root.querySelector(".vw-" + name),
    all = name => [...root.querySelectorAll(".vw-" + name)];
  const cursor = cursorOf(START),
    extra = extraOf(cursor),
    wide = widths(),
    lit = litOf(root);
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
  const figures = about.groups.map(group => {
    const {figure, look = "", region = "rest"} = modules[group.figure],
      host = make("div", {class: look}),
      outputs = group.stages.map(stage => about.outputs.find(one => one.stage === stage));
    put(region, host);
    return {stages: group.stages, ...figure(host, {outputs, group, about, cursor, shell})};
  });
  const frames = framesOf(shell, figures),
    versus = versusOf($, {about, figures}),
    ledger = ledgerOf($, about.stages),
    readies = figures.filter(one => one.ready),
    ready = async trace => Object.assign({}, ...(await Promise.all(readies.map(one => one.ready(trace)))));

  // ---- what arrives -------------------------------------------------------------------------------------------------

  const update = receiver({hooks, say, take, ...(readies.length ? {ready} : {})});
  const ask = asker($, {
    ...hooks,
    whole: taken =>
      hooks.whole(Object.assign({...taken}, ...figures.map(one => ({pointed: one.pointed?.()})).filter(one => one.pointed))),
    wants: () => figures.some(one => one.wants?.()),
    idle: figures.some(one => one.idle)
      ? async (...given) => {
          for (const one of figures) await one.idle?.(...given);
        }
      : undefined,
    update,
    say,
  });
  const shown = () => side && {...side, taken: ask.drawn() ?? payload.untouched ?? null};
  const A = pinning($, {
    hooks,
    held: update.held,
    shown,
    ready: one => ready(one.trace),
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
    side = {...made, trace, clip, images};
    side.full = trace.done ? side : full;
    $("wait").hidden = true;
    const t = about.frame ? trace.knobs[about.frame] - 1 : Math.min(Math.max(cursor.frame, wish), images.length - 1),
      elsewhere = about.frame && (fresh || t !== cursor.frame);
    if (t === asked) asked = null;
    cursor.put({frame: t, ...(fresh ? {patch: null, last: null, gap: null} : {})});
    if (fresh) wide.forget(); // long clips scroll: their strip is wider than the page
    if (fresh) frames.layOut(side);
    draw(fresh);
    if (elsewhere) frames.seen();
    root.dataset.shown = JSON.stringify({clip: trace.clip, ...trace.knobs});
    if (trace.texts) root.dataset.texts = root.dataset.shown;
    if (trace.done) root.dataset.done = root.dataset.shown;
    root.dispatchEvent(new CustomEvent("painted", {bubbles: true}));
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------

  function draw(fresh = false) {
    const {trace} = side,
      banner = $("banner"),
      untrained = trace.untrained ?? [];
    frames.draw(side, fresh);
    for (const one of figures) one.draw(side, A.now(), null);
    versus(side, A.now());
    banner.hidden = !untrained.length;
    banner.innerHTML = `<b>UNTRAINED</b>: ${untrained.map(safe).join(" and ")} ${untrained.length > 1 ? "have" : "has"} random weights. What is drawn is computed, and means nothing.`;
    ledger(trace);
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

  // ---- what others see of it ------------------------------------------------------------------------------------------

  const overlays = figures.flatMap(one => one.overlays?.() ?? []),
    pointed = figures.find(one => one.point);
  const view = {
    update,
    ask,
    state: () => ({frame: cursor.frame, overlay: extra.own(), pinned: A.now()?.taken ?? null}),
    look({frame = cursor.frame, overlay = cursor.overlay}) {
      if (overlay === "none" || overlays.some(one => one.stage === overlay)) cursor.set({overlay});
      if (about.frame) return;
      if (side) go(frame);
      else cursor.put({frame});
      if (cursor.frame < frame) wish = frame;
    },
    here: () => `frame ${cursor.frame + 1}${figures.map(one => one.here?.(side) ?? "").join("")}`,
    value: output =>
      (side &&
        figures
          .filter(one => one.value && one.stages.includes(output.stage))
          .map(one => one.value(output, side))
          .find(Boolean)) ||
      null,
    peekAt(output) {
      cursor.set({near: overlays.find(one => one.stage === output?.stage)?.stage ?? null});
      lit(
        output &&
          figures
            .filter(one => one.stages.includes(output.stage))
            .map(one => one.lit?.(output))
            .find(Boolean),
      );
    },
    pin: A.pin,
    unpin: A.unpin,
    pinned: A.told,
    destroy() {
      frames.stop();
      rest();
      forget();
      for (const one of figures) one.forget?.();
      element.replaceChildren();
    },
  };
  if (pointed) view.point = event => side && pointed.point(event);
  if (overlays.length)
    view.extra = (one, show) => {
      if (extra.put(one, show)) figures.forEach(each => each.extra?.());
      moved(new Set(["overlay"]));
    };
  if (!payload.trace) say("reading the clip…");
  update(payload);
  return view;
}
