// How a map lies over a picture, as in figures and movies (core/publish/painting.py): lightly. How much of the picture it hides follows
// the value, so that what is low keeps the colours of the scene; of a mask, what is not selected is darkened, which leaves its hue.
//
// An ink says how values look: place: value → 0–1 among its shades; value: the same undone; weight: value → how much of the picture
// it hides at full strength, 0–1; shades: 256 colours [r, g, b].

import {rgb, SHADES} from "./drawing.js";

export const STRENGTH = 0.85; // of what is highest: less would hide the colours that the bar explains, more the picture
const RISE = 1.5, // half of the highest hides a third: what is low is where most of a picture is, and shall be seen
  VEIL = 0.5, // of a picture at most is hidden, in the mean: a map that is high everywhere shall not cover the scene
  NIGHT = 0.6, // how much darker what is not selected is, at full strength
  GREY = 150, // under the colours of a bar, in place of a picture
  STEPS = 32; // of a bar

const within = x => Math.max(0, Math.min(1, x)),
  hidden = part => within(part) ** RISE;

// values 0 … most
export const valueInk = (most = 1) => ({
  place: value => within(value / (most || 1)),
  value: x => x * most,
  weight: value => hidden(value / (most || 1)),
  shades: SHADES.values,
});
// −most … most: nothing is hidden where there is nothing
export const signedInk = most => ({
  place: value => within((value / (most || 1) + 1) / 2),
  value: x => (2 * x - 1) * most,
  weight: value => hidden(Math.abs(value) / (most || 1)),
  shades: SHADES.signed,
});
// the colours follow the logarithm, from 10^low to 10^high; how much they hide does not, and is most at `full`
export const logInk = ([low, high], full) => ({
  place: value => within((Math.log10(Math.max(value, 1e-9)) - low) / (high - low)),
  value: x => 10 ** (low + (high - low) * x),
  weight: value => hidden((value - 10 ** low) / (full - 10 ** low || 1)),
  shades: SHADES.values,
});

const cells = document.createElement("canvas");
// value: cell → its number
export function paintLight(pen, ink, value, [rows, columns], width, height, strength) {
  if (cells.width !== columns || cells.height !== rows) Object.assign(cells, {width: columns, height: rows});
  const made = new ImageData(columns, rows),
    weights = Array.from({length: rows * columns}, (_, i) => ink.weight(value(i))),
    mean = weights.reduce((sum, one) => sum + one, 0) / weights.length,
    strong = 255 * strength * Math.min(1, (ink.veil ?? VEIL) / (mean || 1));
  for (const [i, weight] of weights.entries()) {
    made.data.set(ink.shades[Math.round(255 * ink.place(value(i)))], 4 * i);
    made.data[4 * i + 3] = Math.round(strong * weight);
  }
  cells.getContext("2d").putImageData(made, 0, 0);
  pen.save();
  pen.imageSmoothingEnabled = false;
  pen.drawImage(cells, 0, 0, width, height);
  pen.restore();
}

// what is not selected is darker. selected: cell → whether it is
export function paintNight(pen, selected, [rows, columns], width, height, strength) {
  paintLight(
    pen,
    {...valueInk(), weight: on => (on ? 0 : NIGHT), shades: BLACK, veil: 1},
    selected,
    [rows, columns],
    width,
    height,
    strength,
  );
}
const BLACK = SHADES.values.map(() => [0, 0, 0]);

// a shade as it looks over a grey picture, of which it hides so much
export const overGrey = (shade, weight) => rgb(shade.map(part => Math.round(GREY * (1 - weight) + part * weight)));

// the colours of a bar, as strong as the map
export function barOf(ink, strength) {
  const stop = k => {
    const value = ink.value(k / STEPS);
    return overGrey(ink.shades[Math.round(255 * ink.place(value))], strength * ink.weight(value));
  };
  return `linear-gradient(90deg, ${Array.from({length: STEPS + 1}, (_, k) => stop(k)).join(", ")})`;
}
