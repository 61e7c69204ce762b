// What a method says in words.

import {resultOf} from "../base/unpack.js";
import {heading, pretty, safe} from "../base/words.js";

export const look = "vw-card st";

export function figure(host, {outputs, group}) {
  host.innerHTML = `<h4>${heading(group.title)}</h4>${outputs.map(() => `<p class="st-said"></p>`).join("")}`;
  const lines = [...host.querySelectorAll(".st-said")],
    lineOf = ({stage}) => lines[outputs.findIndex(one => one.stage === stage)];

  function draw(side, A, changed) {
    if (changed) return;
    outputs.forEach((one, i) => {
      const text = resultOf(side, one),
        before = A ? resultOf(A, one) : null;
      lines[i].classList.toggle("vw-stale", text === null);
      if (text === null) return;
      lines[i].innerHTML =
        `${outputs.length > 1 ? `<b>${pretty(one.symbol)}</b> ` : ""}${safe(text)}` +
        (before !== null ? `<br><small class="vw-empty">A: ${safe(before)}</small>` : "");
    });
  }
  return {
    draw,
    lit: lineOf,
    value: (output, side) => {
      const text = resultOf(side, output);
      return text === null ? null : {text, because: "in words"};
    },
  };
}
