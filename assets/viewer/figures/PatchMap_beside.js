// Regions that a second run keeps of the same clip, in a card: it has its own grid, and its own weights.

import {COLOURS, fit, outline, twice} from "../base/drawing.js";
import {paintNight, STRENGTH} from "../base/light.js";
import {resultOf, truths} from "../base/unpack.js";
import {heading, linesOf, madeBy} from "../base/words.js";
import {sizeIn} from "./PixelMask.js";

export function regionBeside(host, {outputs: [mask], group, cursor, shell}) {
  const words = group.words ?? {};
  host.className = "vw-card rl-beside";
  host.innerHTML = `<h4>${heading(group.title)}</h4><canvas role="img"></canvas><p class="rl-said"></p><p class="rl-by"></p>`;
  const [said, by] = host.querySelectorAll("p"),
    canvas = host.querySelector("canvas");

  function draw(side, _, changed) {
    if (changed && !changed.has("frame")) return;
    const size = sizeIn(shell, host),
      t = cursor.frame,
      found = side.full && resultOf(side.full, mask),
      pen = fit(canvas, size, size);
    if (!changed) host.classList.toggle("vw-stale", !side.trace.done);
    if (!found) {
      canvas.setAttribute("aria-label", "computing");
      said.textContent = "computing…";
      return;
    }
    const [n, m] = side.full.trace.beside.grid,
      kept = truths(found).subarray(t * n * m, (t + 1) * n * m);
    pen.drawImage(side.images[t], 0, 0, size, size);
    paintNight(pen, p => kept[p], [n, m], size, size, STRENGTH);
    const path = new Path2D();
    path.addPath(outline(kept, m, n), new DOMMatrix([size / m, 0, 0, size / n, 0, 0]));
    twice(pen, path, COLOURS.kept, 2);
    const facts = {kept: kept.reduce((a, b) => a + b, 0), patches: n * m};
    canvas.setAttribute("aria-label", `frame ${t + 1}: ${facts.kept} of ${facts.patches} patches are kept`);
    said.innerHTML = linesOf(words[mask.stage] ?? "<b>{kept} of {patches}</b> patches.", facts).join(" ");
    if (!changed) by.innerHTML = linesOf(words.by, madeBy(side.full)).join(" ");
  }
  return {draw, lit: () => host};
}
