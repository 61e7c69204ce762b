// What the viewer of prompts and supports draws, as functions of numbers and canvases.

import {bytes, COLOURS, fit, outline, SCALE, twice} from "../base/drawing.js";
import {number, safe} from "../base/words.js";

// Maps are logarithmic, and their colours fixed: a knob may move a hundredfold, and what is alike stays alike.
const DECADES = [-4, 3];
export const SCALES = {
  even: {ends: [-1, 2], ticks: ["0.1", "1 = even", "10", "100"], unit: "times an even share"},
  share: {ends: [-3, 0], ticks: ["0.1 %", "1 %", "10 %", "100 %"], unit: ""},
  change: {ends: [-3, 0], ticks: ["0.001", "0.01", "0.1", "1"], unit: ""},
};
// Where prompts look can be nearly even: the narrowest of these that holds it. It widens when it must, and narrows only for
// another clip, predictor or depth: what is alike stays alike while a knob moves.
export const LADDER = [
  {...SCALES.even, ends: [Math.log10(0.8), Math.log10(1.25)], ticks: ["0.8", "1 = even", "1.25"]},
  {...SCALES.even, ends: [Math.log10(0.4), Math.log10(2.5)], ticks: ["0.4", "1 = even", "2.5"]},
  SCALES.even,
];
export function rung(values, from) {
  const holds = ({ends: [low, high]}) => values.every(value => value >= 10 ** low && value <= 10 ** high);
  while (from < LADDER.length - 1 && !holds(LADDER[from])) from++;
  return from;
}
const PAINT = Uint32Array.from(SCALE, one => {
  // as the bytes of a picture: R, G, B, A
  const [r, g, b] = one.match(/\d+/g).map(Number);
  return new Uint32Array(Uint8Array.of(r, g, b, 255).buffer)[0];
});
export const placeOn = (scale, value) => {
  const [low, high] = scale.ends;
  return Math.max(0, Math.min(1, (Math.log10(Math.max(value, 1e-9)) - low) / (high - low)));
};

// {shape: […, h, w], code} → {shape, value: Float32Array}
const UNLOGGED = Float32Array.from(
  {length: 65536},
  (_, code) => 10 ** (DECADES[0] + ((DECADES[1] - DECADES[0]) * code) / 65535),
);
export function unlogged({shape, code, at}) {
  const codes = new Uint16Array(bytes(code).buffer),
    value = new Float32Array(codes.length);
  for (let i = 0; i < value.length; i++) value[i] = UNLOGGED[codes[i]];
  return {at, shape, value};
}

// one of the first dimension's maps; null: all of them together
export function slice({shape, value}, q, together) {
  const [Q, ...rest] = shape,
    size = rest.reduce((a, b) => a * b, 1);
  if (q !== null) return value.subarray(q * size, (q + 1) * size);
  const out = new Float32Array(size);
  for (let i = 0; i < value.length; i++) out[i % size] += value[i] / (together === "mean" ? Q : 1);
  return out;
}

// the same of one head, from its 8 bits: code → even shares; a prompt's map over all supports, or the mean of all prompts
export const byHead = ([low, high]) => Float32Array.from({length: 256}, (_, code) => 10 ** (low + ((high - low) * code) / 255));
export function ofHead({shape: [, Q, K, h, w], code, value}, n, q) {
  const out = new Float32Array(K * h * w),
    some = q === null ? [...Array(Q).keys()] : [Math.min(q, Q - 1)];
  for (const one of some) {
    const start = (n * Q + one) * out.length;
    for (let i = 0; i < out.length; i++) out[i] += value[code[start + i]] / some.length;
  }
  return out;
}

// → a picture of as many pixels as cells.  place: cell → 0–1; below 0 there is nothing
export function inPixels(rows, columns, place) {
  const made = new ImageData(columns, rows),
    colours = new Uint32Array(made.data.buffer);
  for (let i = 0; i < colours.length; i++) {
    const at = place(i);
    if (at >= 0) colours[i] = PAINT[Math.round(255 * at)];
  }
  return made;
}

export const tallOf = (clip, width) => Math.round(Math.min((width * clip.height) / clip.width, 1.4 * width));
export const placed = at => (at.length > 1 ? `stage ${at[0] + 1}, block ${at[1] + 1}` : at.length ? `stage ${at[0] + 1}` : "");

// What lies over the frame of a side: {shape, value, scale, one} of an overlay, of a block (`place`; the last if not given or more
// than there are) and a prompt (null: all)
export function layOver({maps}, one, place, prompt) {
  const list = one && maps[one.stage];
  if (!list?.length) return null;
  const i = Math.min(place ?? list.length - 1, list.length - 1),
    map = list[i],
    [Q, rows, columns] = map.shape;
  if (one.kind === "FeatureChange") return {one, i, list, map, rows, columns, scale: SCALES.change, value: slice(map, 0)};
  const given = /patch's/.test(one.unit),
    q = prompt === null ? null : Math.min(prompt, Q - 1);
  const value = given ? slice(map, q, "sum") : slice(map, q, "mean").map(share => share * rows * columns);
  return {one, i, list, map, rows, columns, value, scale: given ? SCALES.share : SCALES.even};
}

// an overlay of a fold's making (see explain.js) as the same
export const laidOver = one => ({
  one,
  i: 0,
  list: [one],
  map: {at: []},
  rows: one.rows,
  columns: one.columns,
  value: one.value,
  scale: {ticks: one.ends, gradient: one.gradient},
});

export const stateOf = ({knobs}) =>
  knobs.spoil && knobs.spoil !== "none" && knobs.severity > 0 && knobs.spoiled !== "supports"
    ? `${knobs.spoil.replace("_", " ")}, ${knobs.severity}`
    : "clean";

// The current frame of a side as the network sees it, what lies over it, and what is there. → the same in words
export function paintCurrent(canvas, {trace, clip, images, pictures}, map, patch, {peek, opacity}, width) {
  const height = tallOf(clip, width),
    pen = fit(canvas, width, height),
    things = clip.truth?.things[trace.frame];
  pen.imageSmoothingQuality = "high";
  pen.drawImage(pictures.current || images[trace.frame], 0, 0, width, height);
  if (map?.one.paint && !peek) map.one.paint(pen, trace.frame, width, height, opacity);
  else if (map && !peek)
    paintMap(pen, i => placeOn(map.scale, map.value[i]), map.rows, map.columns, [0, 0, width, height], opacity);
  if (things && !peek) outlines(pen, things, clip.truth.size, width, height, COLOURS.truth);
  if (patch && map) cellEdge(pen, ...patch, map.rows, map.columns, width, height);
  return `frame ${trace.frame + 1} of ${images.length}, ${stateOf(trace)}; overlay: ${map ? `${map.one.title}, ${placed(map.map.at)}` : "none"}`;
}

const cells = document.createElement("canvas");
export function paintMap(pen, place, rows, columns, [x, y, width, height], alpha) {
  if (cells.width !== columns || cells.height !== rows) Object.assign(cells, {width: columns, height: rows});
  cells.getContext("2d").putImageData(inPixels(rows, columns, place), 0, 0);
  pen.save();
  pen.globalAlpha = alpha;
  pen.imageSmoothingEnabled = false;
  pen.drawImage(cells, x, y, width, height);
  pen.restore();
}

export function cellEdge(pen, row, column, rows, columns, width, height) {
  const path = new Path2D(),
    w = width / columns,
    h = height / rows;
  path.rect(column * w + 1, row * h + 1, Math.max(2, w - 2), Math.max(2, h - 2));
  twice(pen, path, "#fff", 2);
}

function unrun(runs, size) {
  // lengths of runs of 0, 1, 0, … → a mask, along the rows
  const out = new Uint8Array(size);
  let at = 0;
  runs.forEach((length, i) => {
    if (i % 2) out.fill(1, at, at + length);
    at += length;
  });
  return out;
}

export function outlines(pen, things, [rows, columns], width, height, colour) {
  pen.save();
  pen.scale(width / columns, height / rows);
  for (const one of things) {
    one.path ??= outline(unrun(one.runs, rows * columns), columns, rows);
    twice(pen, one.path, colour, (2 * columns) / width);
  }
  pen.restore();
}

// The colours of what was found: right, wrong, and found where nobody knows what is there
const foundColour = (one, known) => (!known ? COLOURS.kept : one.thing === null ? COLOURS.miss : COLOURS.hit);

// Names of boxes stand in the picture where it is at least this wide; they are listed below it anyway.
const NAMED = 180,
  LABEL = 15; // pixels; LABEL: how high one is

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

function drawFound(pen, found, least, known, width, height) {
  const shown = found.found.filter(one => one.score >= least);
  for (const one of [...shown].reverse()) {
    // the best on top
    const [x0, y0, x1, y1] = one.box,
      colour = foundColour(one, known),
      path = new Path2D();
    if (one.runs) drawMask(pen, one, found.size, colour, width, height);
    path.rect(x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height);
    twice(pen, path, colour, 1.5);
  }
  pen.font = "11px system-ui, sans-serif";
  const small = width < NAMED,
    drawn = [];
  for (const one of shown) {
    // the best has the first choice
    const mark = !known ? "" : one.thing === null ? "✗" : "✓",
      text = small ? mark : `${one.name} ${one.score.toFixed(2)} ${mark}`.trim();
    if (!text) continue;
    const wide = pen.measureText(text).width + 6,
      [x, y] = labelPlace(one.box, wide, drawn, width, height);
    drawn.push([x, y, wide]);
    pen.fillStyle = "rgba(0,0,0,.72)";
    pen.fillRect(x, y, wide, LABEL);
    pen.fillStyle = "#fff";
    pen.fillText(text, x + 3, y + 11);
  }
  return shown;
}

export function drawMask(pen, one, [rows, columns], colour, width, height) {
  if (!one.cut) {
    const mask = unrun(one.runs, rows * columns),
      [r, g, b] = [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));
    one.cut = Object.assign(document.createElement("canvas"), {width: columns, height: rows});
    const inner = one.cut.getContext("2d"),
      made = inner.createImageData(columns, rows);
    mask.forEach((on, i) => made.data.set(on ? [r, g, b, 110] : [0, 0, 0, 0], 4 * i));
    inner.putImageData(made, 0, 0);
  }
  pen.drawImage(one.cut, 0, 0, width, height);
}

// What was found in a side's current frame, in a box: a picture, a sentence and a list. said: before the title
export function foundIn(box, one, {trace, clip, images, pictures}, least, width, said = "") {
  const value = trace.values[one?.stage],
    things = clip.truth?.things[trace.frame],
    known = !!things;
  box.classList.toggle("vw-stale", !value);
  if (!value) {
    if (!box.firstChild) box.innerHTML = `<h4>${safe(one?.title ?? "")}</h4><p class="vw-empty">waiting for the network…</p>`;
    return;
  }
  if (!box.querySelector("canvas")) box.innerHTML = `<h4></h4><canvas role="img"></canvas><p></p><ul></ul>`;
  box.firstChild.textContent = said + one.title.replace(/^found /, "");
  const height = tallOf(clip, width),
    pen = fit(box.querySelector("canvas"), width, height);
  pen.drawImage(pictures.current || images[trace.frame], 0, 0, width, height);
  if (known) outlines(pen, things, clip.truth.size, width, height, COLOURS.truth);
  const shown = drawFound(pen, value, least, known, width, height),
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

// Likeness against severity: one chart, from the nearest of a few round numbers below all points to 1. points: [[severity, without, with], …]
export function drawLikeness(canvas, points, now, ink, width) {
  const height = 112,
    left = 26,
    bottom = 18,
    top = 8,
    pen = fit(canvas, width, height);
  const least = Math.min(...points.flatMap(([, ...cos]) => cos)),
    low = [0.9, 0.5, 0].find(one => one <= least) ?? -1;
  const X = s => left + s * (width - left - 10),
    Y = c => top + ((1 - c) / (1 - low)) * (height - top - bottom);
  pen.font = "10px system-ui, sans-serif";
  pen.strokeStyle = pen.fillStyle = ink;
  pen.globalAlpha = 0.28;
  pen.lineWidth = 1;
  for (const c of [low, (1 + low) / 2, 1]) {
    pen.beginPath();
    pen.moveTo(left, Y(c));
    pen.lineTo(width - 10, Y(c));
    pen.stroke();
  }
  pen.globalAlpha = 0.75;
  pen.textAlign = "right";
  for (const c of [low, (1 + low) / 2, 1]) pen.fillText(number(c).replace("-", "−"), left - 4, Y(c) + 3);
  pen.textAlign = "center";
  for (const s of [0, 0.5, 1]) pen.fillText(s, X(s), height - 5);
  pen.globalAlpha = 1;
  const line = (i, colour, dash) => {
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = 2;
    pen.setLineDash(dash);
    pen.beginPath();
    points.forEach(p => pen.lineTo(X(p[0]), Y(p[i])));
    pen.stroke();
    pen.setLineDash([]);
    for (const p of points) {
      pen.beginPath();
      pen.arc(X(p[0]), Y(p[i]), p[0] === now ? 4.5 : 2, 0, 7);
      if (p[0] === now && i === 1) {
        pen.stroke();
      } else pen.fill();
    }
  };
  line(2, COLOURS.kept, []);
  line(1, ink, [4, 3]);
}

// Tokens of every block, operations, and how long the steps took when they last ran
export function costTable(one, took) {
  const rows = one.patches.map((P, i) => {
    const V = one.windows[i],
      copies = one.copies[i];
    return `<tr><td>${i + 1}</td><td>${P}</td><td>${V}</td><td>${copies}</td><td>+${((100 * copies) / P).toFixed(1)} %</td></tr>`;
  });
  const flops = value => (value >= 1e9 ? `${number(value / 1e9)} G` : `${number(value / 1e6)} M`);
  const more = 100 * (one.prompted / one.plain - 1),
    ms = name => (name in took ? ` · ${number(took[name])} ms` : "");
  const line = (what, value, name) => `<tr><td>${what}</td><td>${flops(value)}FLOPs</td><td>${ms(name).slice(3)}</td></tr>`;
  return (
    `<table><thead><tr><th>block</th><th>patches</th><th>windows V</th><th>N·V copies</th><th>more tokens</th></tr></thead>${rows.join("")}</table>` +
    `<p class="vw-empty">N = ${one.prompts} prompts enter; attention reads a copy of each in every window.</p>` +
    `<table><thead><tr><th>step</th><th>operations</th><th>last took</th></tr></thead>${line("the frame, without prompts", one.plain, "plain")}${line(`the frame, with prompts (+${more.toFixed(1)} %)`, one.prompted, "prompted")}` +
    `${line("prompts from the supports", one.predictor, "predicted")}${line("features of one support", one.support, "")}</table>` +
    `${ms("feature_LTPF") ? `<p class="vw-empty">Features of all frames of the clip: ${ms("feature_LTPF").slice(3)}, then kept.</p>` : ""}`
  );
}
