// One map, pooled in two ways: over the cells of a comb, which are no places in the frame, and over patches. Of every frame, or of
// a picture that is none of the clip's.

import {colour, fit, signed, twice} from "../base/drawing.js";
import {resultOf} from "../base/unpack.js";
import {heading, linesOf, madeBy} from "../base/words.js";
import {sizeIn} from "./PixelMask.js";

export const look = "vw-card rl-maps";
const FIGURE = `<figure><canvas role="img"></canvas><figcaption></figcaption></figure>`;

export function figure(host, {outputs, group, cursor, shell}) {
  const [comb, marks] = outputs.filter(one => one.kind === "CombMap"),
    patches = outputs.find(one => one.kind === "SignedPatchMap"),
    words = group.words ?? {};
  host.innerHTML = `<h4>${heading(group.title)}</h4><div class="rl-pair">${FIGURE}${FIGURE}</div><p class="rl-said"></p><p class="rl-by"></p>`;
  const [left, right] = host.querySelectorAll("figure"),
    [said, by] = host.querySelectorAll("p");
  host.classList.toggle("rl-turns", !!patches.turns);

  function draw(side, _, changed) {
    const ofFrames = Array.isArray(resultOf(side, comb)[0]),
      at = output => (ofFrames ? resultOf(side, output)[cursor.frame] : resultOf(side, output));
    if (changed && !(ofFrames && changed.has("frame"))) return;
    const [cells, parts] = [comb, patches].map(at),
      n = Math.sqrt(parts.length),
      best = parts.indexOf(Math.max(...parts)),
      facts = {
        largest: Math.max(...cells.map(Math.abs), ...parts.map(Math.abs)) || 1,
        side: n,
        low: Math.min(...cells),
        high: Math.max(...cells),
        best: parts[best],
        row: Math.floor(best / n) + 1,
        column: (best % n) + 1,
      };
    // of frames, values of either sign; of a picture, its brightness
    const paint = ofFrames ? value => signed(value / facts.largest) : colour;
    for (const [figure, output, values, gap, marked] of [
      [left, comb, cells, 2, marks && at(marks)],
      [right, patches, parts, -0.5],
    ]) {
      const spread = Math.max(...values) - Math.min(...values),
        text = linesOf(words[output.stage] ?? `${output.symbol}: {spread}`, {...facts, spread}).join(" ");
      squares(figure.querySelector("canvas"), values, n, paint, Math.min(170, (sizeIn(shell, host) - 10) / 2), gap, marked);
      figure.querySelector("figcaption").innerHTML = text;
      figure.querySelector("canvas").setAttribute("aria-label", figure.querySelector("figcaption").textContent);
    }
    said.innerHTML = linesOf(words.both, facts).join(" ");
    if (!changed) by.innerHTML = linesOf(words.by, madeBy(side)).join(" ");
  }
  if (patches.turns)
    right.querySelector("canvas").onclick = event => {
      const box = event.target.getBoundingClientRect(),
        n = Math.sqrt(resultOf(shell.side(), patches).length),
        at = (x, from, length) => Math.min(n - 1, Math.floor(((x - from) / length) * n));
      const patch = at(event.clientY, box.top, box.height) * n + at(event.clientX, box.left, box.width);
      shell.hooks.turn?.(patches.turns, patch + 1);
    };
  return {draw, lit: () => host};
}

// n × n numbers as squares, with a gap between; marked: those with an edge
function squares(canvas, values, n, paint, size, gap, marked = []) {
  const pen = fit(canvas, size, size),
    each = size / n;
  for (const [i, value] of values.entries()) {
    const [x, y] = [(i % n) * each, Math.floor(i / n) * each];
    pen.fillStyle = paint(value);
    pen.fillRect(x, y, each - gap, each - gap);
    if (!marked[i]) continue;
    const path = new Path2D();
    path.rect(x + 1, y + 1, each - 4, each - 4);
    twice(pen, path, "#fff", 1.5);
  }
}
