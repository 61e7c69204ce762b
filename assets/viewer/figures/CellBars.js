// For each patch of the first frame, in its place, bars for all frames: how much of each it sees. On one scale; a click looks at the
// token of that patch.

import {COLOURS, fit} from "../base/drawing.js";
import {resultOf} from "../base/unpack.js";
import {heading, number, pretty, safe} from "../base/words.js";
import {cellAt, gridOf, inWords} from "./SquareMap_tokens.js";

export const look = "vw-card cb";
const [WIDE, TALL] = [420, 40]; // pixels: of all, and of a patch

export function figure(host, {outputs, group, shell}) {
  const [output] = outputs;
  host.innerHTML = `<h4>${heading(group.title)}</h4><canvas role="img"></canvas><p class="cb-said" role="status"></p>`;
  const canvas = host.querySelector("canvas"),
    said = host.querySelector("p");
  let bars = null, // [patch][frame]
    grid = null,
    most = 1,
    chosen = 0, // the token that is looked at
    at = null; // the patch that is pointed at

  function draw(side, _, changed) {
    if (changed) return;
    bars = resultOf(side, output);
    canvas.hidden = !bars;
    if (bars) {
      grid = gridOf(side);
      chosen = (side.trace.knobs[output.turns] ?? 1) - 1;
      most = Math.max(1e-9, ...bars.flat());
      paint();
    }
    tell();
  }

  function paint() {
    const [rows, columns] = grid,
      wide = Math.min(WIDE, shell.wide(host, 420) - 26),
      pen = fit(canvas, wide, TALL * rows),
      w = wide / columns,
      ink = getComputedStyle(host).color;
    bars.forEach((heights, p) => {
      const [x, y] = [(p % columns) * w, Math.floor(p / columns) * TALL],
        each = (w - 8) / heights.length;
      pen.globalAlpha = p === chosen ? 0.9 : 0.2;
      pen.strokeStyle = ink;
      pen.strokeRect(x + 1.5, y + 1.5, w - 3, TALL - 3);
      pen.globalAlpha = 1;
      pen.fillStyle = COLOURS.kept;
      heights.forEach((value, k) => {
        const tall = ((TALL - 8) * value) / most;
        pen.fillRect(x + 4 + k * each, y + TALL - 4 - tall, Math.max(1, each - 1), tall);
      });
    });
    canvas.ariaLabel = `${output.title}: ${bars.length} patches in ${rows} rows, ${bars[0].length} bars each, up to ${number(most)}. Most open: ${inWords(open(), grid)}`;
    canvas.classList.toggle("tm-turns", !!output.turns && !!shell.hooks.turn);
  }

  const sum = heights => heights.reduce((a, b) => a + b, 0),
    open = () => bars.reduce((best, one, p) => (sum(one) > sum(bars[best]) ? p : best), 0);

  function tell() {
    if (!bars) said.textContent = "waiting for the network…";
    else if (at === null)
      said.innerHTML = `${pretty(output.symbol)}, a bar for each of the ${bars[0].length} frames, up to <b>${number(most)}</b> ${safe(output.unit)}. Most open: ${inWords(open(), grid)}.`;
    else said.innerHTML = `${inWords(at, grid)}: <b>${bars[at].map(number).join(" · ")}</b>`;
  }

  canvas.onpointermove = canvas.onpointerdown = event => {
    if (!bars) return;
    at = cellAt(event, grid);
    tell();
  };
  canvas.onpointerleave = () => {
    at = null;
    tell();
  };
  canvas.onclick = event => bars && output.turns && shell.hooks.turn?.(output.turns, cellAt(event, grid) + 1);

  return {
    draw,
    value: () =>
      bars && {
        text: number(at === null ? most : sum(bars[at]) / bars[at].length),
        because: at === null ? "the largest" : inWords(at, grid),
      },
    lit: () => canvas,
  };
}
