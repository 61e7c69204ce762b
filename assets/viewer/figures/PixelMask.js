// Pixels of what the network sees that are selected, one by one: what selects them need be no patch.

import {fit} from "../base/drawing.js";
import {centre} from "../base/frames.js";
import {make, PICTURE} from "../base/parts.js";
import {resultOf, truths} from "../base/unpack.js";
import {heading, linesOf, madeBy} from "../base/words.js";

export const look = "vw-card rl-comb";
const LARGEST = 448; // pixels of a picture at most: twice the 224 of a comb, which is seen without a blur
export const sizeIn = (shell, card) => Math.max(120, Math.min(LARGEST, shell.wide(card, LARGEST + 26) - 26));
const SELECTED = [59, 130, 246, 235],
  OTHERS = [11, 13, 18, 120];

export function figure(host, {outputs, group, cursor, shell}) {
  const [mask, cells, share] = outputs,
    words = group.words ?? {};
  host.innerHTML = `<h4>${heading(group.title)}</h4>${PICTURE}<p class="rl-said"></p><p class="rl-by"></p>`;
  const [said, by] = host.querySelectorAll("p"),
    canvas = host.querySelector("canvas");

  function draw(side, _, changed) {
    if (changed && !changed.has("frame")) return;
    const t = cursor.frame,
      size = sizeIn(shell, host),
      [, H, W] = resultOf(side, mask).shape,
      on = truths(resultOf(side, mask)).subarray(t * H * W, (t + 1) * H * W),
      pen = fit(canvas, size, size);
    centre(pen, side.images[t], size);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(
      pixels(H, W, i => (on[i] ? SELECTED : OTHERS)),
      0,
      0,
      size,
      size,
    );
    const facts = factsOf(side, t, on);
    said.innerHTML = linesOf(words[mask.stage] ?? "<b>{selected}</b> of the frame's pixels.", facts).join(" ");
    canvas.setAttribute("aria-label", `frame ${t + 1}: ${facts.selected} of the pixels are selected`);
    if (!changed) by.innerHTML = linesOf(words.by, madeBy(side)).join(" ");
  }

  // how many cells and pixels are selected, and of how many patches how much
  function factsOf(side, t, on) {
    const percent = part => `${(100 * part).toFixed(2)} %`,
      marked = cells && resultOf(side, cells)[t],
      parts = share && resultOf(side, share)[t],
      mean = list => list.reduce((sum, one) => sum + one, 0) / list.length;
    return {
      selected: percent(mean(parts ?? on)), // patches are fewer than pixels
      side: side.trace.grid[0],
      cells: marked ? marked.length : null,
      kept: marked ? marked.reduce((sum, one) => sum + one, 0) : null,
      patches: parts ? parts.length : null,
      touched: parts ? parts.filter(one => one > 0).length : null,
      low: parts ? percent(Math.min(...parts)) : null,
      high: parts ? percent(Math.max(...parts)) : null,
    };
  }
  return {draw, square: true, lit: () => host};
}

function pixels(H, W, of) {
  // a picture of its own, one pixel for each: it is scaled without a blur
  const canvas = Object.assign(make("canvas"), {width: W, height: H}),
    pen = canvas.getContext("2d"),
    image = pen.createImageData(W, H);
  for (let i = 0; i < H * W; i++) image.data.set(of(i), 4 * i);
  pen.putImageData(image, 0, 0);
  return canvas;
}
