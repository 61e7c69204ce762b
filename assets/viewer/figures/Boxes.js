// What a detector finds in the current frame: boxes, names, scores and masks, and whether they are right where the truth is known.
// A's stand beside B's. The least score that is drawn is the cursor's: every box of the page obeys it.

import {plus} from "../base/compare.js";
import {COLOURS} from "../base/drawing.js";
import {icon, paintIcon} from "../base/icons.js";
import {currentOf, frameOf, outlines, paintBox, paintFrame, paintMask, thingsIn} from "../base/things.js";
import {safe} from "../base/words.js";

const LEAST = `<label class="vw-least">boxes with a score ≥ <output></output><input type="range" min="0" max="1" step="0.05" value="0.3" aria-label="Least score of a box">
      <span class="vw-known"></span></label>`;

export const look = "sp-found";
export const region = "found";

export function figure(host, {outputs, cursor, shell}) {
  host.innerHTML =
    outputs.map(() => `<div class="vw-found sp-figure"></div>`).join("") +
    outputs.map(() => `<div class="vw-found-a sp-figure" hidden></div>`).join("") +
    LEAST;
  cursor.put({least: 0.3});
  const [found, ofA] = ["found", "found-a"].map(name => [...host.querySelectorAll(`.vw-${name}`)]),
    slider = host.querySelector(".vw-least input");
  let B = null,
    A = null;

  function draw(side, pinned, changed) {
    [B, A] = [side, pinned];
    if (changed?.has("least")) slider.value = cursor.least;
    if (changed && !(changed.has("least") && B.trace.done)) return;
    const {trace, clip} = B,
      known = !!thingsIn(clip, currentOf(B, shell));
    host.querySelector(".vw-known").innerHTML = known
      ? `<b class="vw-swatch" style="background:${COLOURS.truth}"></b>outlined: what is there${trace.edited ? " in the file, before your edits" : ""} · ${icon("check")} right name, box IoU ≥ ${outputs[0].match}`
      : `what is there is not known of this clip${trace.strange ? `. ${safe(trace.strange)}` : ""}`;
    host.querySelector("output").textContent = cursor.least.toFixed(2);
    found.forEach((box, i) => foundIn(box, outputs[i], B, A ? "B · " : ""));
    ofA.forEach((box, i) => {
      box.hidden = !A;
      if (A) foundIn(box, outputs[i], A, "A · ");
    });
  }

  const foundIn = (box, one, side, said) =>
    foundOf(box, one, side, currentOf(side, shell), cursor.least, shell.wide(box, 240), said);
  const least = value => cursor.set({least: Math.max(0, Math.min(1, Math.round(value * 20) / 20))});
  slider.oninput = () => B && least(+slider.value);

  return {
    draw,
    keys: [["- +", "least score of a box"]],
    press(k) {
      if (k !== "-" && k !== "+") return false;
      least(cursor.least + (k === "-" ? -0.05 : 0.05));
      return true;
    },
    value({stage}) {
      const given = B.trace.values[stage];
      return {
        text: String(given.found.filter(one => one.score >= cursor.least).length),
        because: `with a score of ${cursor.least.toFixed(2)} or more`,
      };
    },
    lit: ({stage}) => found[outputs.findIndex(one => one.stage === stage)],
    apart,
  };

  function apart(a, b) {
    const rows = [];
    for (const {stage, title} of outputs) {
      const given = [a, b].map(side => side.trace.values[stage]);
      if (!given.every(Boolean)) return {rows, sentences: ["Boxes: updating…"]};
      const shown = given.map(({found}) => found.filter(one => one.score >= cursor.least)),
        row = (what, [x, y]) => rows.push([what, x, y, plus(y - x)]);
      row(
        `${safe(title)}: boxes ≥ ${cursor.least.toFixed(2)}`,
        shown.map(list => list.length),
      );
      if (a.clip.truth && b.clip.truth)
        row(
          "… that are right",
          shown.map(list => list.filter(one => one.thing !== null).length),
        );
    }
    return {rows, sentences: []};
  }
}

// In a box: a picture, a sentence and a list. said: before the title
function foundOf(box, one, side, t, least, width, said) {
  const {trace, clip} = side,
    value = trace.values[one.stage],
    things = thingsIn(clip, t),
    known = !!things;
  box.classList.toggle("vw-stale", !value);
  if (!value) {
    if (!box.firstChild) box.innerHTML = `<h4>${safe(one.title)}</h4><p class="vw-empty">waiting for the network…</p>`;
    return;
  }
  if (!box.querySelector("canvas")) box.innerHTML = `<h4></h4><canvas role="img"></canvas><p></p><ul></ul>`;
  box.firstChild.textContent = said + one.title.replace(/^found /, "");
  const {pen, height} = paintFrame(box.querySelector("canvas"), frameOf(side, t), clip, width);
  if (known) outlines(pen, things, clip.truth.size, width, height, COLOURS.truth);
  const shown = paintFound(pen, value, least, known, width, height),
    right = shown.filter(one => one.thing !== null).length;
  const told = `${known ? `${right} of ${value.there} things found, ${shown.length - right} false; ` : ""}${shown.length} of ${value.found.length} boxes reach ${least.toFixed(2)}`;
  box.querySelector("canvas").setAttribute("aria-label", `${said}${one.title}: ${told}`);
  box.querySelector("p").textContent = told;
  box.querySelector("ul").innerHTML = shown
    .slice(0, 8)
    .map(
      one =>
        `<li><b class="vw-swatch" style="background:${foundColour(one, known)}"></b>${safe(one.name)} ${one.score.toFixed(2)}</li>`,
    )
    .join("");
}

// ---- painted ------------------------------------------------------------------------------------------------------------

// right, wrong, and found where nobody knows what is there
const foundColour = (one, known) => (!known ? COLOURS.kept : one.thing === null ? COLOURS.miss : COLOURS.hit);

// Names of boxes stand in the picture where it is at least this wide; they are listed below it anyway.
const NAMED = 180,
  LABEL = 15, // pixels; LABEL: how high one is
  MARK = 11;

function paintFound(pen, {found, size}, least, known, width, height) {
  const shown = found.filter(one => one.score >= least);
  for (const one of [...shown].reverse()) {
    // the best on top
    const colour = foundColour(one, known);
    if (one.runs) paintMask(pen, one, size, colour, width, height);
    paintBox(pen, one.box, width, height, colour, 1.5);
  }
  pen.font = "11px system-ui, sans-serif";
  const small = width < NAMED,
    drawn = [];
  for (const one of shown) {
    // the best has the first choice
    const mark = known && (one.thing === null ? "cross" : "check"),
      text = small ? "" : `${one.name} ${one.score.toFixed(2)}`;
    if (!text && !mark) continue;
    const long = pen.measureText(text).width + (text && mark ? 3 : 0),
      wide = long + (mark ? MARK : 0) + 6,
      [x, y] = labelPlace(one.box, wide, drawn, width, height);
    drawn.push([x, y, wide]);
    pen.fillStyle = "rgba(0,0,0,.72)";
    pen.fillRect(x, y, wide, LABEL);
    pen.fillStyle = "#fff";
    pen.fillText(text, x + 3, y + 11);
    pen.strokeStyle = "#fff";
    if (mark) paintIcon(pen, mark, x + 3 + long, y + 2, MARK);
  }
  return shown;
}

// Where a box's label stands: over the box, or else in it, under it, or in the first free row further down; where all is full, over it.
function labelPlace([x0, y0, , y1], wide, drawn, width, height) {
  const x = Math.max(0, Math.min(x0 * width, width - wide)),
    within = y => Math.max(0, Math.min(y, height - LABEL));
  const top = y0 * height,
    foot = y1 * height,
    rows = Array.from({length: Math.floor(height / LABEL)}, (_, i) => top + LABEL * i);
  const free = y => drawn.every(([X, Y, W]) => x + wide <= X || X + W <= x || y + LABEL <= Y || Y + LABEL <= y);
  const places = [top - LABEL, top, foot - LABEL, foot, ...rows].map(within);
  return [x, places.find(free) ?? places[0]];
}
