// What the viewer of regions and gaps draws, as functions of numbers and canvases. side: {clip, images, trace, maps, region}, of
// a run that is shown, be it A or B.

import {bits, bytes, COLOURS, colour, fit, outline, twice} from "../base/drawing.js";
import {make} from "../base/parts.js";

// Stage → whole numbers of 16 bits; the region's bits
export const unpacked = trace => ({
  maps: Object.fromEntries(Object.entries(trace.maps).map(([stage, text]) => [stage, new Uint16Array(bytes(text).buffer)])),
  region: bits(trace.region),
});

export const keptAt = (
  {
    trace: {
      grid: [rows, columns],
    },
    region,
  },
  t,
  p,
) => region && region[t * rows * columns + p];
export const mapAt = (
  {
    trace: {
      grid: [rows, columns],
    },
    maps,
  },
  stage,
  t,
  p,
) => maps[stage] && maps[stage][t * rows * columns + p] / 65535;
export const tallAs = ({clip}, width, most) => Math.round(Math.min((width * clip.height) / clip.width, most * width));
const outlinesOf = clip =>
  (clip.outlines ??= clip.truth && clip.truth.masks.map(mask => outline(bits(mask), clip.width, clip.height)));

// Frame t under a map, with what is kept, what is there and where the score is highest. → the same in words
export function paintFrame(canvas, side, t, {opacity, peek, patch}, map, width) {
  const {clip, images, trace} = side,
    [rows, columns] = trace.grid,
    height = tallAs(side, width, 1.25);
  const pen = fit(canvas, width, height),
    w = width / columns,
    h = height / rows;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(images[t], 0, 0, width, height);
  for (let p = 0; p < rows * columns && map && !map.paint && !peek; p++) {
    const x = (p % columns) * w,
      y = Math.floor(p / columns) * h;
    pen.globalAlpha = opacity;
    if (map.kind === "RegionMask") {
      if (!keptAt(side, t, p)) {
        pen.fillStyle = "#0b0d12";
        pen.fillRect(x, y, w, h);
      }
    } else {
      pen.fillStyle = colour(mapAt(side, map.stage, t, p));
      pen.fillRect(x, y, Math.ceil(w), Math.ceil(h));
    }
  }
  pen.globalAlpha = 1;
  if (map?.paint && !peek && !map.stale(trace)) map.paint(pen, t, width, height, opacity);
  const point = trace.pointing && trace.pointing[t];
  if (!peek) {
    keptEdges(pen, side, t, w, h, 2);
    if (outlinesOf(clip)) {
      pen.save();
      pen.scale(width / clip.width, height / clip.height);
      twice(pen, clip.outlines[t], COLOURS.truth, (2 * clip.width) / width);
      pen.restore();
    }
    if (point) target(pen, (point.patch[1] + 0.5) * w, (point.patch[0] + 0.5) * h, Math.min(w, h) / 4, point.hit);
    if (patch) patchEdge(pen, patch, w, h);
  }
  const count = trace.kept ? `${trace.kept[t]} of ${rows * columns} patches kept` : "";
  return `frame ${t + 1} of ${images.length}: ${count}${point && point.hit !== null ? `, top patch ${point.hit ? "on" : "off"} the actor` : ""}`;
}

export function patchEdge(pen, [r, c], w, h) {
  const path = new Path2D();
  path.rect(c * w + 1, r * h + 1, w - 2, h - 2);
  twice(pen, path, "#fff", 3);
}

function keptEdges(pen, side, t, w, h, width) {
  if (!side.region) return;
  const [rows, columns] = side.trace.grid,
    path = new Path2D(),
    kept = p => keptAt(side, t, p);
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

// One frame of the strip
export function paintThumb(canvas, side, t) {
  const [rows, columns] = side.trace.grid,
    width = 96,
    height = tallAs(side, width, 1.4),
    pen = fit(canvas, width, height, true);
  pen.drawImage(side.images[t], 0, 0, width, height);
  keptEdges(pen, side, t, width / columns, height / rows, 1.5);
}

export function thumbsOf(images, chosen) {
  return images.map((_, t) => {
    const button = make("button", {class: "vw-thumb", type: "button"});
    button.append(make("canvas"), make("span"));
    button.onclick = () => chosen(t);
    return button;
  });
}
