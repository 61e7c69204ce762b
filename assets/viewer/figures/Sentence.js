// What a method says in words, and how long that took when it last ran.

import {resultOf} from "../base/unpack.js";
import {heading, number, pretty, safe} from "../base/words.js";

export const look = "vw-card st";

export function figure(host, {outputs, group}) {
  host.innerHTML = `<h4>${heading(group.title)}</h4>${outputs.map(() => `<p class="st-said"></p>`).join("")}`;
  const lines = [...host.querySelectorAll(".st-said")],
    took = {}, // stage → ms when it last ran
    lineOf = ({stage}) => lines[outputs.findIndex(one => one.stage === stage)];

  function draw(side, A, changed) {
    if (changed) return;
    for (const [name, [ms]] of Object.entries(side.trace.ledger ?? {})) if (ms !== null) took[name] = ms;
    outputs.forEach((one, i) => {
      const text = resultOf(side, one),
        before = A ? resultOf(A, one) : null;
      lines[i].classList.toggle("vw-stale", text === null);
      if (text === null) return;
      lines[i].innerHTML =
        `${outputs.length > 1 ? `<b>${pretty(one.symbol)}</b> <small class="vw-empty">${safe(one.title)}:</small> ` : ""}${safe(text).replaceAll("\n", "<br>")}` +
        timed(one) +
        (before !== null ? `<br><small class="vw-empty">A: ${safe(before).replaceAll("\n", "<br>")}</small>` : "");
    });
  }
  function timed({times = []}) {
    const said = times
      .filter(([, stage]) => stage in took)
      .map(([words, stage]) => `${safe(words)} in ${number(took[stage])} ms`);
    return said.length ? ` <small class="vw-empty">${said.join("; ")}</small>` : "";
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
