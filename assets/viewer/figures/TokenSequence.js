// The sequence that enters the encoder: a square for every patch token of every frame, and prompts between the frames. It is
// drawn from what is counted; the tokens themselves do not travel.

import {COLOURS, fit} from "../base/drawing.js";
import {make} from "../base/parts.js";
import {firstOf, resultOf, truths} from "../base/unpack.js";
import {pretty} from "../base/words.js";

export const look = "vw-across";
export const region = "line";

export function figure(host, {outputs, group, about, shell}) {
  const {$, wide, put} = shell,
    mask = firstOf(about.outputs, "RegionMask"),
    counts = firstOf(about.outputs, "GapCounts"),
    {kept = "kept patch", plain = kept, prompt = "prompt between two frames", prompts = "prompts"} = group.words ?? {};
  host.innerHTML = `<div class="vw-label vw-cls">tokens<span title="CLS: one class token for the whole video">CLS</span></div>
      <canvas class="vw-ribbon" role="img"></canvas>`;
  const legend = make("div", {class: "vw-legend"}),
    canvas = host.querySelector("canvas");
  put("rest", legend);
  let written = "";

  function draw(side, _, changed) {
    if (changed) return;
    const {trace, images} = side,
      [rows, columns] = trace.grid,
      P = rows * columns,
      T = images.length,
      region = truths(resultOf(side, mask)),
      count = resultOf(side, counts)?.count,
      added = trace.knobs[outputs[0].adds] !== false;
    const width = wide($("strip"), 600),
      column = width / T,
      cell = Math.max(1, Math.min((column * 0.64) / columns, 64 / rows)),
      height = Math.ceil(cell * rows) + 6,
      pen = fit(canvas, width, height);
    for (let t = 0; t < T; t++) {
      const left = (t + 0.5) * column - (cell * columns) / 2;
      for (let p = 0; p < P; p++) {
        const on = region?.[t * P + p];
        pen.fillStyle = on ? COLOURS.kept : "rgba(128,128,128,.38)";
        pen.globalAlpha = on && !added ? 0.5 : 1;
        pen.fillRect(left + (p % columns) * cell, 3 + Math.floor(p / columns) * cell, cell * 0.84, cell * 0.84);
      }
      pen.globalAlpha = 1;
      const N = t < T - 1 && count ? count[t] : 0,
        size = Math.min(9, Math.max(4, column * 0.09)),
        each = 4;
      for (let q = 0; q < N; q++) {
        const stack = Math.ceil(N / each),
          x = (t + 1) * column + (Math.floor(q / each) - stack / 2) * (size + 2);
        pen.fillStyle = COLOURS.prompt;
        pen.fillRect(x + 1, height / 2 + ((q % each) - Math.min(N, each) / 2) * (size + 2), size, size);
      }
    }
    const N = count ? count.reduce((a, b) => a + b, 0) : 0,
      length = `1 CLS + ${T} × ${P} patches + ${N} ${prompts} = ${1 + T * P + N} tokens`;
    canvas.setAttribute("aria-label", `The sequence the encoder reads: ${length}.`);
    const swatch = (colour, text) => `<span><b class="vw-swatch" style="background:${colour}"></b>${pretty(text)}</span>`;
    const made =
      swatch("rgba(128,128,128,.5)", "patch token") +
      swatch(COLOURS.kept, added ? kept : plain) +
      swatch(COLOURS.prompt, prompt) +
      `<span>${length}</span>`;
    if (made !== written) legend.innerHTML = written = made;
  }
  return {draw, lit: () => canvas};
}
