// A picture with maps over it: how strong they are, whether they are held away, the patch that is pointed at, what is large.

import {PIN} from "./compare.js";
import {icon} from "./icons.js";
import {STRENGTH} from "./light.js";
import {HELP, held} from "./parts.js";
import {ZOOM, ZOOM_KEYS} from "./zoom.js";

export const ARROWS = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}; // rows, columns
export const toolsOf = frames => `
        <label class="vw-strength">strength <input type="range" min="0" max="1" step="0.05" value="${STRENGTH}" aria-label="Overlay strength"></label>
        <button class="vw-peek" title="hold to see the bare ${frames} (o)">${icon("eye")} bare ${frames}</button>
        ${ZOOM}${PIN}${HELP}`;
export const toolKeys = frames => [
  ["[ ]", "overlay weaker, stronger"],
  ["o", `hold to see the bare ${frames}`],
  ["Shift + arrows", "point at a patch, and move to its neighbour"],
  ZOOM_KEYS,
];

export const middleOf = ([rows, columns]) => [Math.floor(rows / 2), Math.floor(columns / 2)];
export const neighbour = ([row, column], [down, right], [rows, columns]) => [
  Math.max(0, Math.min(rows - 1, row + down)),
  Math.max(0, Math.min(columns - 1, column + right)),
];
// the patch of a grid under a pointer; null beside the picture
export function patchUnder({target, clientX, clientY}, [rows, columns]) {
  const {left, top, width, height} = target.getBoundingClientRect(),
    row = Math.floor(((clientY - top) / height) * rows),
    column = Math.floor(((clientX - left) / width) * columns);
  return row >= 0 && column >= 0 && row < rows && column < columns ? [row, column] : null;
}
// a canvas over which a pointer points: a finger that is lifted leaves it where it was
export function pointed(canvas, point, away) {
  canvas.onpointermove = canvas.onpointerdown = point;
  canvas.onpointerleave = event => event.pointerType !== "touch" && away();
}

// → {point, press, release, draw(changed)}. host: where the tools are; canvases: that show the same; grid: → [rows, columns] of what
// lies over them, null where nothing does; here: fields of the cursor that say that it is this picture that is pointed at
export function overlaid(host, canvases, {cursor, zoom, side}, grid, here = {}) {
  const slider = host.querySelector(".vw-strength input"),
    peek = host.querySelector(".vw-peek"),
    large = zoom(host.querySelector(".vw-trio"));

  const fade = value => side() && cursor.set({strength: Math.max(0, Math.min(1, value))}),
    bare = on => side() && cursor.set({bare: on}),
    point = event => {
      const patch = side() && grid() && patchUnder(event, grid());
      if (patch) cursor.set({patch, ...here});
    };
  function step(by) {
    if (!grid()) return;
    const [rows, columns] = grid(),
      patch = neighbour(cursor.patch ?? middleOf(grid()), by, grid());
    large.see((patch[1] + 0.5) / columns, (patch[0] + 0.5) / rows);
    cursor.set({patch, ...here});
  }
  function press(k, event) {
    if (event.shiftKey && ARROWS[k]) step(ARROWS[k]);
    else if (k === "[" || k === "]") fade(cursor.strength + (k === "[" ? -0.1 : 0.1));
    else if (k === "o") bare(true);
    else if (k === "Escape") cursor.set({patch: null, ...here});
    else return large.press(k);
    return true;
  }
  slider.oninput = () => fade(+slider.value);
  held(peek, bare);
  for (const canvas of canvases) pointed(canvas, point, () => cursor.set({patch: null, ...here}));
  return {
    point,
    press,
    release: k => k === "o" && bare(false),
    draw(changed) {
      if (changed?.has("strength")) slider.value = cursor.strength;
      if (changed?.has("bare")) peek.setAttribute("aria-pressed", cursor.bare);
    },
  };
}
