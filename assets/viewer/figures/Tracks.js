// Through the clip, when a reader asks: every frame read and what is found linked to instances, and one thing followed.

import {COLOURS} from "../base/drawing.js";
import {currentOf, frameOf, outlines, paintBox, paintMask, thingsIn} from "../base/things.js";
import {safe} from "../base/words.js";
import {FOLLOW, followedOf} from "./Tracks_followed.js";
import {frameRow} from "./Tracks_row.js";

export function figure(host, {outputs, group, cursor, shell}) {
  const of = kind => outputs.filter(one => one.kind === kind),
    tracks = of("Tracks");
  host.innerHTML = `
  <details class="vw-through sp-section"><summary>${safe(group.title)}</summary>
    <p class="vw-empty">A colour and number is an instance: what is found in one frame is linked with what is most like it in the next.</p>
    ${tracks.map(() => `<div class="vw-tracks"></div>`).join("")}
    ${FOLLOW}</details>`;
  const fold = host.querySelector("details"),
    rows = [...fold.querySelectorAll(".vw-tracks")];
  fold.hidden = !shell.hooks.whole;
  let shown = null, // {trace, clip, images, frame, image, least}
    clip = null;
  const followed = followedOf(fold.querySelector(".vw-follow"), of("Followed"), candidates, () => shell.whole());

  // What may be followed: the things that are there, or where nobody knows, what is found in frame 1 by the last of the readings
  function candidates() {
    const there = thingsIn(shown.clip, 0);
    if (there) return there.map(one => ({...one, name: one.number === 1 ? `${one.name} (the actor)` : one.name}));
    const found = shown.trace.values[tracks.at(-1).stage]?.frames[0] ?? [];
    return found.filter(one => one.score >= shown.least);
  }

  function instances(box, i) {
    const value = shown.trace.values[tracks[i].stage],
      {least} = shown,
      title = value && linked(value, least, !!shown.clip.truth);
    frameRow(box, tracks[i], shown, value, "reading the whole clip…", title, (pen, t, width, height) => {
      if (shown.clip.truth) outlines(pen, thingsIn(shown.clip, t), shown.clip.truth.size, width, height, COLOURS.truth);
      const found = value.frames[t].filter(one => one.score >= least);
      paintInstances(pen, found, value.size, width, height);
      return found.map(one => `instance ${one.track + 1}, ${one.name}`).join("; ") || "nothing";
    });
  }

  function draw(side, _, changed) {
    if (changed && !(changed.has("least") && side.trace.done)) return;
    if (clip !== side.clip) followed.forget();
    clip = side.clip;
    const frame = currentOf(side, shell),
      image = t => (t === frame ? frameOf(side, t) : side.images[t]);
    shown = {...side, frame, image, least: cursor.least ?? 0};
    if (fold.open) open();
  }
  function open() {
    rows.forEach(instances);
    followed.draw(shown);
  }
  fold.ontoggle = () => {
    if (!shown || !fold.open || shown.trace.values[tracks[0].stage]) return;
    open();
    shell.whole();
  };
  return {draw, wants: () => fold.open, pointed: followed.chosen};
}

// Instances of one frame, each in its own colour; best first
const INSTANCES = ["#3b82f6", "#f59e0b", "#22c55e", "#a855f7", "#ef4444", "#14b8a6", "#eab308", "#ec4899"];
function paintInstances(pen, found, size, width, height) {
  pen.font = "600 11px system-ui, sans-serif";
  for (const one of [...found].reverse()) {
    const colour = INSTANCES[one.track % INSTANCES.length],
      [x0, y0] = one.box,
      number = String(one.track + 1);
    if (one.runs) paintMask(pen, one, size, colour, width, height);
    paintBox(pen, one.box, width, height, colour, 1.2);
    const x = Math.min(x0 * width, width - 14),
      y = Math.max(0, y0 * height - 13);
    pen.fillStyle = colour;
    pen.fillRect(x, y, 6 + 7 * number.length, 13);
    pen.fillStyle = "#000";
    pen.fillText(number, x + 3, y + 10.5);
  }
}

// In words: how many of the things are found, and how often one of them, rightly named, goes on as another instance.
function linked({frames, there}, least, known) {
  const shown = frames.map(found => found.filter(one => one.score >= least));
  const instances = new Set(shown.flat().map(one => one.track)).size,
    last = new Map();
  if (!known) return `${instances} instances`;
  let changes = 0;
  for (const one of shown.flat().filter(one => one.thing !== null)) {
    if (last.has(one.thing) && last.get(one.thing) !== one.track) changes++;
    last.set(one.thing, one.track);
  }
  const right = shown.flat().filter(one => one.thing !== null).length,
    all = there.reduce((a, b) => a + b, 0);
  return `${right} of ${all} things found over ${frames.length} frames, ${shown.flat().length - right} false; ${instances} instances; the same thing goes on as another instance ${changes} time${changes === 1 ? "" : "s"}, counting only boxes with the right name`;
}
