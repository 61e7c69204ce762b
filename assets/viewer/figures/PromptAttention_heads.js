// Every head of a prompt's attention by itself, coarse, over the frames that support it, side by side. Part of PromptAttention.

import {bytes} from "../base/drawing.js";
import {inkOn, inPixels} from "../base/maps.js";
import {make} from "../base/parts.js";
import {promptOf, whoseOf} from "./PromptScores.js";

// {shape: [N, Q, K, h, w], code, ends}: 8 bits a number, in even shares → values besides, a number of each code
export const headsOf = packed => {
  const [low, high] = packed.ends,
    values = Float32Array.from({length: 256}, (_, code) => 10 ** (low + ((high - low) * code) / 255));
  return {shape: packed.shape, code: bytes(packed.code), values};
};
export const valuesIn = ({code, values}) => [...new Set(code)].map(one => values[one]);

// a prompt's map [K, h, w] of one head, or the mean of all prompts
export function ofHead({shape: [, Q, K, h, w], code, values}, n, q) {
  const out = new Float32Array(K * h * w),
    some = q === null ? [...Array(Q).keys()] : [Math.min(q, Q - 1)];
  for (const one of some) {
    const start = (n * Q + one) * out.length;
    for (let i = 0; i < out.length; i++) out[i] += values[code[start + i]] / some.length;
  }
  return out;
}

// → draw(heads, scale, stale): a picture of each, that chooses it
export function thumbnails(host, cursor) {
  const box = host.querySelector(".vw-heads");

  function pick(n, N) {
    if (N) cursor.set({head: n === null ? null : (n + N + 1) % (N + 1) === N ? null : (n + N) % N});
  }

  function draw(heads, scale, stale) {
    host.hidden = !heads || heads.shape[0] < 2;
    if (!heads) return;
    box.classList.toggle("vw-stale", stale);
    if (stale && box.children.length) return; // those of the values before: they follow with what takes longer
    const [N, , K, h, w] = heads.shape,
      across = K * (w + 1) - 1;
    box.style.setProperty("--wide", K > 8 ? "200px" : "100px");
    host.querySelector("small").textContent =
      `— each over the ${K} supports side by side, ${promptOf(cursor) === null ? "mean over prompts" : whoseOf(cursor)}; click one to see it large (h); colours from ${scale.ticks[0]} to ${scale.ticks.at(-1)} × even`;
    if (box.children.length !== N)
      box.replaceChildren(
        ...Array.from({length: N}, (_, n) => {
          const button = make("button", {type: "button", role: "radio", "aria-label": `head ${n + 1}`});
          button.append(make("canvas"), `head ${n + 1}`);
          button.onclick = () => pick(cursor.head === n ? null : n, N);
          return button;
        }),
      );
    for (const [n, button] of [...box.children].entries()) {
      const canvas = button.firstChild,
        map = ofHead(heads, n, promptOf(cursor)),
        ink = inkOn(scale);
      if (canvas.width !== across || canvas.height !== h) Object.assign(canvas, {width: across, height: h});
      const place = i => {
        // the supports side by side, a column of nothing between
        const r = Math.floor(i / across),
          k = Math.floor((i % across) / (w + 1)),
          c = (i % across) % (w + 1);
        return c === w ? -1 : ink.place(map[(k * h + r) * w + c]);
      };
      canvas.getContext("2d").putImageData(inPixels(h, across, place), 0, 0);
      button.setAttribute("aria-checked", cursor.head === n);
    }
  }

  function press(k, N) {
    if (k !== "h" && k !== "H") return false;
    pick(cursor.head === null ? (k === "h" ? 0 : N - 1) : cursor.head + (k === "h" ? 1 : -1), N);
    return true;
  }
  return {draw, press};
}
