// What is drawn instead of written: a font may lack a sign, or have it in colours. In a square of 16, in the colour of the words.

const LINES = {
  back: "M10 3 5 8l5 5",
  forward: "m6 3 5 5-5 5",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  undo: "M3 6h7a3.5 3.5 0 0 1 0 7H6M6 3 3 6l3 3",
  redo: "M13 6H6a3.5 3.5 0 0 0 0 7h4M10 3l3 3-3 3",
  check: "m3 8.5 3.5 3.5L13 4.5",
  cross: "m4 4 8 8M12 4l-8 8",
  miss: "M8 4.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 1 1 0-7",
  target: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 1 1 0-11M8 7a1 1 0 1 1 0 2 1 1 0 1 1 0-2",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8M8 6a2 2 0 1 1 0 4 2 2 0 1 1 0-4",
};
const SHAPES = {
  play: "M4 2.5v11L13 8z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  hit: "M8 4a4 4 0 1 1 0 8 4 4 0 1 1 0-8",
  grip: "M5 3h2v2H5zM9 3h2v2H9zM5 7h2v2H5zM9 7h2v2H9zM5 11h2v2H5zM9 11h2v2H9z",
};

// said: what it means, where no words beside it say so
export const icon = (name, said = "") =>
  `<svg class="vw-icon" viewBox="0 0 16 16" ${said ? `role="img" aria-label="${said}"` : 'aria-hidden="true"'}>${
    LINES[name]
      ? `<path d="${LINES[name]}" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>`
      : `<path d="${SHAPES[name]}" fill="currentColor"/>`
  }</svg>`;

// the same on a canvas, so large, at its top left corner
export function paintIcon(pen, name, x, y, size) {
  const path = new Path2D();
  path.addPath(new Path2D(LINES[name] ?? SHAPES[name]), new DOMMatrix([size / 16, 0, 0, size / 16, x, y]));
  pen.lineWidth = (2 * size) / 16;
  pen.lineCap = pen.lineJoin = "round";
  if (LINES[name]) pen.stroke(path);
  else pen.fill(path);
}
