// What may lie over a picture: the map of a stage or block, of a prompt or of all. Part of Pictures.

import {opened, SCALES, slice} from "../base/maps.js";

export const isMap = one => one.kind === "FeatureChange" || one.kind === "PromptMaps";
export const placeIn = at => (at.length > 1 ? `stage ${at[0] + 1}, block ${at[1] + 1}` : at.length ? `stage ${at[0] + 1}` : "");

// → {one, i, list, map, rows, columns, value, scale, full} of a run's output: list: all its maps; i: which of them (`place`, or the
// last where there is none such); full: the largest number of all of them. prompt: null, all. Null where the run has no such map
export function layerOf({trace}, one, place, prompt) {
  const list = one && trace.values[one.stage];
  if (!list?.length) return null;
  const i = Math.min(place ?? list.length - 1, list.length - 1),
    map = opened(list[i]),
    [, rows, columns] = map.shape,
    scale = one.kind === "FeatureChange" ? SCALES.change : one.among === "prompts" ? SCALES.share : SCALES.even;
  return {one, i, list, map, rows, columns, scale, value: numbersOf(list[i], scale, prompt), full: fullOf(list, scale, prompt)};
}

const numbersOf = (packed, scale, prompt) => {
  const map = opened(packed),
    [Q, rows, columns] = map.shape,
    q = prompt === null ? null : Math.min(prompt, Q - 1);
  if (scale === SCALES.change) return slice(map, 0);
  return scale === SCALES.share ? slice(map, q, "sum") : slice(map, q, "mean").map(share => share * rows * columns);
};
const largest = new WeakMap(); // of a run's maps: for each prompt, asked for at every move
function fullOf(list, scale, prompt) {
  if (!largest.has(list)) largest.set(list, {});
  const known = largest.get(list);
  known[prompt] ??= Math.max(...list.map(one => numbersOf(one, scale, prompt).reduce((a, b) => Math.max(a, b))));
  return known[prompt];
}

// an overlay of a fold's making (see explain.js) as the same
export const layerOfExtra = one => ({
  one,
  i: 0,
  list: [one],
  map: {at: []},
  rows: one.rows,
  columns: one.columns,
  value: one.value,
  scale: {ticks: one.ends, ink: one.ink},
});
