// Frames, and the things in them: what is there where the truth is known, and what is found, as outlines and masks.
//
// A side: {trace, clip, images, pictures}, of a run that is shown (see shell.js). pictures: frame → how the network sees it, where
// that is not as it is in the clip

import {fit, outline, twice} from "./drawing.js";
import {tallAs} from "./frames.js";

export const frameOf = ({images, pictures}, t) => pictures?.[t] ?? images[t];
// the frame that a side is of: a knob may say it, and A's is its own
export const currentOf = ({trace}, {about, cursor}) => (about.frame ? trace.knobs[about.frame] - 1 : cursor.frame);
export const tallOf = (clip, width) => tallAs(clip, width, 1.4);
export const thingsIn = (clip, t) => clip.truth?.things?.[t];

// A frame of a clip on a canvas. fluid: as wide as its place. → {pen, height}
export function paintFrame(canvas, image, clip, width, fluid = false) {
  const height = tallOf(clip, width),
    pen = fit(canvas, width, height, fluid);
  pen.drawImage(image, 0, 0, width, height);
  return {pen, height};
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

// A box in fractions of the frame
export function paintBox(pen, [x0, y0, x1, y1], width, height, colour, line) {
  const path = new Path2D();
  path.rect(x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height);
  twice(pen, path, colour, line);
}

export function paintMask(pen, one, [rows, columns], colour, width, height) {
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

// lengths of runs of 0, 1, 0, … → a mask, along the rows
function unrun(runs, size) {
  const out = new Uint8Array(size);
  let at = 0;
  runs.forEach((length, i) => {
    if (i % 2) out.fill(1, at, at + length);
    at += length;
  });
  return out;
}
