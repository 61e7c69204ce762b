// Maps of numbers that may move a hundredfold: as they travel, and in colours that stay where they are.
//
// A map as it travels: {at, shape: […, rows, columns], code}, 16 bits a number. Opened: {at, shape, value}. Its scale is
// logarithmic and fixed, so that what is alike stays alike while a knob moves.

import {bytes, SHADES, twice} from "./drawing.js";
import {barOf, logInk} from "./light.js";
import {DECADES} from "./pack.js";
import {once} from "./unpack.js";

export const SCALES = {
  even: {ends: [-1, 2], ticks: ["0.1", "1 = even", "10", "100"], unit: "times an even share"},
  share: {ends: [-3, 0], ticks: ["0.1 %", "1 %", "10 %", "100 %"], unit: ""},
  change: {ends: [-3, 0], ticks: ["0.001", "0.01", "0.1", "1"], unit: ""},
};
// full: the number that hides most of what it lies over
export const inkOn = (scale, full) => scale.ink ?? logInk(scale.ends, full);
export const scaleBar = (scale, full, strength, text) =>
  `<div class="sp-scale"><i style="background:${barOf(inkOn(scale, full), strength)}"></i><span>${scale.ticks.map(one => `<span>${one}</span>`).join("")}</span></div><b>${text}</b>`;

const NUMBERS = Float32Array.from(
  {length: 65536},
  (_, code) => 10 ** (DECADES[0] + ((DECADES[1] - DECADES[0]) * code) / 65535),
);
export const opened = once(({at, shape, code}) => ({
  at,
  shape,
  value: Float32Array.from(new Uint16Array(bytes(code).buffer), one => NUMBERS[one]),
}));

// one of the first dimension's maps; null: all of them together, their sum or mean
export function slice({shape, value}, q, together) {
  const [Q, ...rest] = shape,
    size = rest.reduce((a, b) => a * b, 1);
  if (q !== null) return value.subarray(q * size, (q + 1) * size);
  const out = new Float32Array(size);
  for (let i = 0; i < value.length; i++) out[i % size] += value[i] / (together === "mean" ? Q : 1);
  return out;
}

// ---- painted ------------------------------------------------------------------------------------------------------------

const PAINT = Uint32Array.from(SHADES.values, shade => new Uint32Array(Uint8Array.of(...shade, 255).buffer)[0]); // R, G, B, A

// → a picture of as many pixels as cells, over nothing.  place: cell → 0–1; below 0 there is nothing
export function inPixels(rows, columns, place) {
  const made = new ImageData(columns, rows),
    colours = new Uint32Array(made.data.buffer);
  for (let i = 0; i < colours.length; i++) {
    const at = place(i);
    if (at >= 0) colours[i] = PAINT[Math.round(255 * at)];
  }
  return made;
}

export function cellEdge(pen, [row, column], rows, columns, width, height) {
  const path = new Path2D(),
    w = width / columns,
    h = height / rows;
  path.rect(column * w + 1, row * h + 1, Math.max(2, w - 2), Math.max(2, h - 2));
  twice(pen, path, "#fff", 2);
}
