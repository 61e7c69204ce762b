// The prompts, each with a number 0–1: the one that is hovered or locked is the one whose maps are drawn, else all together.

import {make} from "../base/parts.js";

export const look = "vw-prompts";
export const region = "prompts";

export const promptOf = ({hovered, prompt}) => hovered ?? prompt ?? null;
export const whoseOf = cursor => (promptOf(cursor) === null ? "all prompts" : `prompt ${promptOf(cursor) + 1}`);

export function figure(host, {outputs: [output], cursor}) {
  host.setAttribute("role", "radiogroup");
  host.setAttribute("aria-label", "Prompt");
  cursor.put({prompt: null, hovered: null});
  let Q = 0;

  const chip = i => {
    const q = i ? i - 1 : null,
      button = make("button", {type: "button", role: "radio", title: i ? `prompt ${i} (${i})` : "all prompts (0)"});
    button.onclick = () => lock(cursor.prompt === q ? null : q);
    button.onmouseenter = () => cursor.set({hovered: q});
    button.onmouseleave = () => cursor.set({hovered: null});
    return button;
  };

  function draw({trace}, _, changed) {
    if (changed && !changed.has("prompt")) return;
    const scores = trace.values[output.stage] ?? [];
    Q = scores.length;
    if (cursor.prompt >= Q) cursor.set({prompt: null});
    if (host.children.length !== Q + 1) host.replaceChildren(...Array.from({length: Q + 1}, (_, i) => chip(i)));
    for (const [i, button] of [...host.children].entries()) {
      const H = i ? scores[i - 1] : null;
      button.innerHTML = i
        ? `<b>P<sub>${i}</sub></b><small>H ${shortOf(H)}</small><u style="--full:${100 * (H || 0)}%"></u>`
        : "<b>all</b><small>mean</small>";
      button.setAttribute("aria-checked", cursor.prompt === (i ? i - 1 : null));
      button.ariaLabel = i ? `prompt ${i}, entropy ${shortOf(H)} of 1` : "all prompts, their mean";
    }
  }

  const lock = q => {
    if (q === null || q < Q) cursor.set({prompt: q, hovered: null});
  };
  return {
    draw,
    keys: [
      ["1 2 3 4 5", "lock a prompt"],
      ["0", "all prompts"],
    ],
    press(k) {
      if (k === "Escape") lock(null);
      if (!/^[0-9]$/.test(k)) return false;
      lock(k === "0" ? null : +k - 1);
      return true;
    },
    value(_, {trace}) {
      const given = trace.values[output.stage],
        q = promptOf(cursor);
      return q === null
        ? {text: given.join(", "), because: "prompt by prompt"}
        : {text: String(given[q]), because: whoseOf(cursor)};
    },
    lit: () => host,
  };
}

const shortOf = H => H?.toFixed(H > 0.995 && H < 1 ? 5 : 3) ?? ""; // nearly even is not even
