// What may lie over a picture: the map of a stage or block, of a prompt or of all. Part of Pictures.

import {opened, SCALES, slice} from "../base/maps.js";

export const isMap = one => one.kind === "FeatureChange" || one.kind === "PromptMaps";
export const placeIn = at => (at.length > 1 ? `stage ${at[0] + 1}, block ${at[1] + 1}` : at.length ? `stage ${at[0] + 1}` : "");

// → {one, i, list, map, rows, columns, value, scale} of a run's output: list: all its maps; i: which of them (`place`, or the last
// where there is none such). prompt: null, all. Null where the run has no such map
export function layerOf({trace}, one, place, prompt) {
  const list = one && trace.values[one.stage];
  if (!list?.length) return null;
  const i = Math.min(place ?? list.length - 1, list.length - 1),
    map = opened(list[i]),
    [Q, rows, columns] = map.shape,
    made = {one, i, list, map, rows, columns};
  if (one.kind === "FeatureChange") return {...made, scale: SCALES.change, value: slice(map, 0)};
  const q = prompt === null ? null : Math.min(prompt, Q - 1);
  return one.among === "prompts"
    ? {...made, scale: SCALES.share, value: slice(map, q, "sum")}
    : {...made, scale: SCALES.even, value: slice(map, q, "mean").map(share => share * rows * columns)};
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
  scale: {ticks: one.ends, gradient: one.gradient},
});
