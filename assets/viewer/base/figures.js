// What a viewer is made of: its frame, and a figure for each group of the method's layout.
//
// A module of figures/ exports
//
//   figure(host, {outputs, group, about, cursor, shell}) → what is below; outputs: those of its group, in order
//   look      the class of its host, a div ("" if not said)
//   region    where its host stands: the name of a `<template data-region="…">` of the frame; in the region "rest" if not said,
//             or if the frame has no such region
//   frame     {look, markup} of the viewer whose first group is its own, between examples and ledger; of other viewers it is
//             FRAME. look: class of the section. In the markup stand the templates of its regions and, by their classes, what the
//             shell fills and listens to: vw-wait vw-far (PICTURE; else WAITING is put there), vw-pin (PIN), vw-help-open (HELP),
//             vw-strip, vw-frame, vw-scrub, vw-play, buttons with data-step, vw-versus (VERSUS), vw-clip (CLIP). Of these only PIN
//             and HELP must be there
//
// and returns, everything but draw as it is needed:
//
//   draw(side, A, changed)   side (B): {trace, clip, images, full, …ready}; A: the pinned side or null. changed: null, draw
//                            everything: a run, A or the width is another; else a Set of the cursor's fields that moved, draw
//                            what follows them. side.full: the side of the last run in which everything was there, of the same
//                            clip (often the same), or null
//   ready(trace)             async → fields for the side, awaited before it is drawn (pictures to decode)
//   thumb(pen, side, t, width, height)    paints over a frame of the strip;  square: true, frames of the strip are their centres
//   mark(side, t)            {after, badge, words} of a frame of the strip: markup behind its number, a text in its corner, in words
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
//   idle(request, still)       async, when nothing moves for a while
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

import {PIN, VERSUS} from "./compare.js";
import {CAMERA, STRIP} from "./frames.js";
import {icon} from "./icons.js";
import {HELP, make, WAITING} from "./parts.js";

// Frames on top, a card for each figure below; more: what stands after them
export const cards = (more = "") => ({
  look: "rl",
  markup: `
  ${STRIP}${more ? "" : CAMERA}
  <div class="vw-row"><button class="vw-prev" data-step="-1" aria-label="One frame back" title="one frame back (,)">${icon("back")}</button><button class="vw-next" data-step="1" aria-label="One frame forward" title="one frame forward (.)">${icon("forward")}</button>
    <output class="vw-frame"></output>${PIN}${HELP}</div>
  ${VERSUS}
  <div class="rl-cards"><template data-region="rest"></template>${more}</div>`,
});
export const FRAME = cards();

// The frame of a viewer; a module that is missing is an error that names it
export function frameOf({groups}, modules) {
  const missing = groups.find(one => !modules[one.figure]);
  if (missing) throw new Error(`No figure is called ${missing.figure}, and the group “${missing.title}” asks for it.`);
  return modules[groups[0].figure].frame ?? FRAME;
}

// → the figures in the order of their groups, each with the stages that it draws
export function figuresOf(shell, modules) {
  const {about, cursor, put, $, all, root} = shell;
  const made = about.groups.map(group => {
    const {figure, look = "", region = "rest"} = modules[group.figure],
      host = make("div", {class: look}),
      outputs = group.stages.map(stage => about.outputs.find(one => one.stage === stage));
    put(region, host);
    return {stages: group.stages, ...figure(host, {outputs, group, about, cursor, shell})};
  });
  for (const button of ["pin", "help-open"].flatMap(name => all(name).slice(1))) button.remove(); // of a second picture
  if (!$("wait")) root.querySelector(".vw-row").insertAdjacentHTML("beforebegin", WAITING);
  return made;
}
