// The numbers under a line of time: minutes and seconds, as far apart as they can be read.
//
// pen: of the canvas; x: second → pixels; [from, to]: seconds that are shown; width, y: pixels; ink: their colour

import {clock} from "./words.js";

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200], // seconds between two numbers
  APART = 56; // pixels

export function timeAxis(pen, x, [from, to], width, y, ink) {
  const step = STEPS.find(one => x(from + one) - x(from) > APART) ?? STEPS.at(-1);
  pen.font = "11px system-ui, sans-serif";
  pen.fillStyle = ink;
  for (let second = step * Math.ceil(from / step); second <= to; second += step) {
    pen.globalAlpha = 0.7;
    pen.textAlign = second > from ? (x(second) > width - 24 ? "right" : "center") : "left";
    pen.fillText(clock(second), x(second), y);
  }
  pen.globalAlpha = 1;
}
