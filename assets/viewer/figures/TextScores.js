// How well each text fits: on an axis that fits the texts, on one from −1 to 1, or as the model's own softmax; why none of them may
// be called the best, and the words that the network does not know.

import {textRows} from "../base/compare.js";
import {firstOf, resultOf} from "../base/unpack.js";
import {heading, linesOf, madeBy, nice, number, pretty, safe} from "../base/words.js";

export const look = "vw-card rl-texts";
export const region = "side";

export function figure(host, {outputs, group, shell}) {
  const [scores, fact] = ["TextScores", "Fact"].map(kind => firstOf(outputs, kind)), // fact: whether texts are read at all
    words = group.words ?? {};
  host.innerHTML = `<h4>${heading(group.title)} <small class="vw-texts-state"></small></h4><div class="vw-texts"></div>${words.by ? `<p class="rl-by"></p>` : ""}`;
  const box = host.querySelector(".vw-texts"),
    state = host.querySelector(".vw-texts-state"),
    by = host.querySelector(".rl-by");
  let known = null, // the last texts that came with their numbers
    last = null; // the side that they are of

  const of = side => {
    const {texts} = side.trace;
    return texts && {text: texts, value: (texts.length && resultOf(side, scores)) || []};
  };

  function draw(side, _, changed) {
    if (changed) return;
    const reads = fact ? side.full && resultOf(side.full, fact) : true,
      made = of(side);
    host.hidden = reads === null;
    if (by) by.hidden = !reads;
    if (made && reads) known = made;
    state.textContent = made || !known || fact ? "" : "updating…";
    box.classList.toggle("vw-stale", reads !== false && !made);
    if (reads === false) box.innerHTML = `<p class="vw-empty">${words[fact.stage] ?? "These weights read no texts."}</p>`;
    else if (reads && made) write(side, made);
  }

  function write({trace}, {text, value}) {
    last = {trace};
    const best = trace.doubt ? -1 : value.indexOf(Math.max(...value)),
      axes = ["fit", "whole", ...(trace.scale ? ["softmax"] : [])],
      axis = AXES[axes.includes(shell.memory.axis) ? shell.memory.axis : "fit"](value, trace.scale);
    const some = (said, behind, end) => {
      const found = (trace.unknown || []).filter(word => word.startsWith("…") === behind);
      return found.length ? `<p class="vw-note">${said}: ${found.map(safe).join(", ")}.${end}</p>` : "";
    };
    if (by) by.innerHTML = linesOf(words.by, madeBy({trace})).join(" ");
    if (!value.length) {
      box.innerHTML = `<p class="vw-empty">${safe(trace.why || "Write a text, one a line, to compare it with the clip.")}</p>`;
      return;
    }
    host.classList.toggle("vw-doubted", !!trace.doubt);
    box.innerHTML =
      (trace.doubt ? `<p class="vw-doubt">${safe(trace.doubt)}</p>` : "") +
      `<div class="vw-axes" role="radiogroup" aria-label="Axis of the texts">${axes.map(one => `<button type="button" role="radio" data-axis="${one}" aria-checked="${AXES[one] === axis.of}">${CALLED[one]}</button>`).join("")}</div>` +
      value
        .map(
          (c, y) =>
            `<div class="vw-text${y === best ? " vw-best" : ""}${axis.dot ? " vw-dot" : ""}"><span>${safe(text[y])}${y === best ? " <em>top 1</em>" : ""}</span>` +
            `<i><u style="left:${axis.left[y]}%;width:${axis.wide[y]}%"></u></i><b title="${c}">${axis.said[y]}</b></div>`,
        )
        .join("") +
      `<div class="vw-scale"><span>${axis.name ?? `${pretty(scores.symbol)}, ${safe(scores.unit)}`}</span><i>${axis.ticks.map(one => `<span>${one}</span>`).join("")}</i></div>` +
      some("Words the model has never seen", false, "") +
      some("Longer than the model reads, so cut before", true, " Texts that differ only there get the same number.");
  }

  box.onclick = ({target}) => {
    const {axis} = target.dataset;
    if (!axis) return;
    shell.memory.axis = axis;
    write(last, known);
    box.querySelector(`[data-axis=${axis}]`).focus();
  };

  return {
    draw,
    lit: () => (fact ? host : box),
    wants: () => !!fact && !!shell.side() && resultOf(shell.side(), fact) === true,
    value({kind}) {
      if (kind !== "TextScores" || !known?.value.length) return null;
      const best = known.value.indexOf(Math.max(...known.value));
      return {text: known.value[best].toFixed(4), because: `for “${known.text[best]}”, the best of ${known.value.length}`};
    },
    apart(sideA, sideB) {
      const [a, b] = [sideA, sideB].map(of);
      if (fact) return null;
      if (!b) return {sentences: ["Similarities: updating…"]};
      if (!a?.text.length || !b.text.length) return null;
      const [rows, sentence] = textRows(a, b);
      return {rows, sentences: [sentence]};
    },
  };
}

// ---- axes -----------------------------------------------------------------------------------------------------------------

const CALLED = {fit: "fits the texts", whole: "−1 to 1", softmax: "softmax"};
const three = value => value.map(c => c.toFixed(3)),
  minus = number => String(number).replace("-", "−");

// (cosines, inverse temperature) → where each text's mark lies, in percent of the axis, and what stands beside and under it
const AXES = {
  fit(value) {
    const [low, high] = [Math.min(...value), Math.max(...value)],
      step = nice(Math.max(high - low, 0.002) / 5),
      from = Math.max(-1, Math.floor(low / step) * step),
      until = Math.min(1, Math.max(Math.ceil(high / step), Math.floor(low / step) + 1) * step),
      digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)),
      left = value.map(c => (100 * (c - from)) / (until - from));
    return {
      of: AXES.fit,
      dot: true,
      left,
      wide: left.map(() => 0),
      said: three(value),
      ticks: [from, until].map(x => minus(x.toFixed(digits))),
    };
  },
  whole(value) {
    const left = value.map(c => 50 + Math.min(c, 0) * 50), // one axis for all values, so that bars compare
      wide = value.map(c => Math.abs(c) * 50);
    return {of: AXES.whole, left, wide, said: three(value), ticks: ["−1", "0", "1"]};
  },
  softmax(value, scale) {
    const most = Math.max(...value),
      raised = value.map(c => Math.exp(scale * (c - most))),
      all = raised.reduce((a, b) => a + b),
      share = raised.map(one => (100 * one) / all);
    return {
      of: AXES.softmax,
      left: share.map(() => 0),
      wide: share,
      said: share.map(p => `${p.toFixed(p < 10 ? 1 : 0)} %`),
      ticks: ["0", "100 %"],
      name: `softmax of ${number(scale)} × cosine, the model’s own: shares among these texts alone`,
    };
  },
};
