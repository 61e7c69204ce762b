// Frames under maps of their patches, as functions of numbers and canvases. seen: what `seenOf` makes of a side, be it A or B.

import {COLOURS, fit, twice} from "../base/drawing.js";
import {tallAs} from "../base/frames.js";
import {paintLight, paintNight, valueInk} from "../base/light.js";
import {outlines, thingsIn} from "../base/things.js";
import {codes, firstOf, resultOf, truths} from "../base/unpack.js";

// → {trace, clip, images, grid, P, region, counts, points, map}: patches of a frame, which are kept (bits) and how many a frame,
// where the highest is, and stage → numbers of 16 bits
export function seenOf(side, outputs) {
  const {trace, clip, images} = side,
    maps = Object.fromEntries(outputs.filter(one => one.kind === "PatchMap").map(one => [one.stage, resultOf(side, one)])),
    region = truths(resultOf(side, firstOf(outputs, "RegionMask"))),
    [rows, columns] = trace.grid,
    P = rows * columns;
  return {
    trace,
    clip,
    images,
    grid: trace.grid,
    P,
    region,
    points: Object.values(maps).find(one => one?.points)?.points,
    kept: t => region && region.subarray(t * P, (t + 1) * P).reduce((sum, on) => sum + on, 0),
    map: stage => codes(maps[stage]),
  };
}

export const keptAt = ({region, P}, t, p) => region && region[t * P + p];
export const mapAt = (seen, stage, t, p) => seen.map(stage) && seen.map(stage)[t * seen.P + p] / 65535;

const VALUE = valueInk();

// The actor in a frame, where the truth is known
const actorIn = (clip, t) => (thingsIn(clip, t) ?? []).filter(one => one.number === clip.truth.actor[t]);

// Frame t under a map, with what is kept, what is there and where the score is highest. → the same in words
export function paintFrame(canvas, seen, t, {strength, bare, patch}, map, width) {
  const {clip, images, trace, P} = seen,
    [rows, columns] = seen.grid,
    height = tallAs(clip, width, 1.25);
  const pen = fit(canvas, width, height),
    w = width / columns,
    h = height / rows;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(images[t], 0, 0, width, height);
  const values = map && !map.paint && (map.value ?? seen.map(map.stage)),
    grid = [rows, columns];
  if (map?.kind === "RegionMask" && !bare) paintNight(pen, p => keptAt(seen, t, p), grid, width, height, strength);
  else if (values && !bare) paintLight(pen, VALUE, p => values[t * P + p] / 65535, grid, width, height, strength);
  if (map?.paint && !bare && !map.stale(trace)) map.paint(pen, t, width, height, strength);
  const point = seen.points?.[t];
  if (!bare) {
    keptEdges(pen, seen, t, w, h, 2);
    if (clip.truth) outlines(pen, actorIn(clip, t), clip.truth.size, width, height, COLOURS.truth);
    if (point) target(pen, (point.patch[1] + 0.5) * w, (point.patch[0] + 0.5) * h, Math.min(w, h) / 4, point.hit);
    if (patch) patchEdge(pen, patch, w, h);
  }
  const count = seen.region ? `${seen.kept(t)} of ${P} patches kept` : "";
  return `frame ${t + 1} of ${images.length}: ${count}${point && point.hit !== null ? `, top patch ${point.hit ? "on" : "off"} the actor` : ""}`;
}

export function patchEdge(pen, [r, c], w, h) {
  const path = new Path2D();
  path.rect(c * w + 1, r * h + 1, w - 2, h - 2);
  twice(pen, path, "#fff", 3);
}

export function keptEdges(pen, seen, t, w, h, width) {
  if (!seen.region) return;
  const [rows, columns] = seen.grid,
    path = new Path2D(),
    kept = p => keptAt(seen, t, p);
  const line = (x, y, X, Y) => {
    path.moveTo(x * w, y * h);
    path.lineTo(X * w, Y * h);
  };
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      if (!kept(r * columns + c)) continue;
      if (r === 0 || !kept((r - 1) * columns + c)) line(c, r, c + 1, r);
      if (r === rows - 1 || !kept((r + 1) * columns + c)) line(c, r + 1, c + 1, r + 1);
      if (c === 0 || !kept(r * columns + c - 1)) line(c, r, c, r + 1);
      if (c === columns - 1 || !kept(r * columns + c + 1)) line(c + 1, r, c + 1, r + 1);
    }
  twice(pen, path, "#fff", width);
}

function target(pen, x, y, radius, hit) {
  const path = new Path2D();
  path.arc(x, y, radius, 0, 7);
  path.moveTo(x + 2, y);
  path.arc(x, y, 2, 0, 7);
  twice(pen, path, hit === null ? "#ddd" : hit ? COLOURS.hit : COLOURS.miss, 2.5);
}
