// Tokens of the chosen frames: frame after frame, and in a frame row by row. Part of SquareMap, TokenMaps, CellBars and Caption.

import {fit} from "../base/drawing.js";
import {paintLight, STRENGTH, valueInk} from "../base/light.js";
import {firstOf, resultOf} from "../base/unpack.js";

// [rows, columns] of a frame's tokens
export const gridOf = ({trace}) => trace.grid;
export const inWords = (token, [rows, columns]) => {
  const cell = token % (rows * columns);
  return `frame ${Math.floor(token / (rows * columns)) + 1}, row ${Math.floor(cell / columns) + 1}, column ${(cell % columns) + 1}`;
};

// the token that a knob says, from 0: the last where it is behind the end
export const lookedAt = ({trace}, {turns}, count) => Math.min(count, trace.knobs[turns] ?? 1) - 1;

// places of the chosen frames in the clip
export const framesIn = (side, outputs) => resultOf(side, firstOf(outputs, "ChosenFrames"));

// the cell under a pointer, of a canvas that a grid fills
export const cellAt = ({offsetX, offsetY, target}, [rows, columns]) => {
  const at = (x, whole, n) => Math.max(0, Math.min(n - 1, Math.floor((x / whole) * n)));
  return at(offsetY, target.clientHeight, rows) * columns + at(offsetX, target.clientWidth, columns);
};

// the chosen frame as wide as asked for, under a map of its cells; most: the number that hides most of it
export function paintCells(canvas, image, value, grid, most, width) {
  const height = (width * image.naturalHeight) / image.naturalWidth,
    pen = fit(canvas, width, height);
  pen.imageSmoothingEnabled = image.naturalWidth > 2 * width;
  pen.drawImage(image, 0, 0, width, height);
  paintLight(pen, valueInk(most), value, grid, width, height, STRENGTH);
  return {pen, width, height};
}
