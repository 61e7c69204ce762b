// How well each text fits: bars on one axis from −1 to 1, and the words that the network does not know.

import {textRows} from "../base/compare.js";
import {firstOf, resultOf} from "../base/unpack.js";
import {heading, linesOf, madeBy, pretty, safe} from "../base/words.js";

export const look = "vw-card rl-texts";
export const region = "side";

export function figure(host, {outputs, group, shell}) {
  const [scores, fact] = ["TextScores", "Fact"].map(kind => firstOf(outputs, kind)), // fact: whether texts are read at all
    words = group.words ?? {};
  host.innerHTML = `<h4>${heading(group.title)} <small class="vw-texts-state"></small></h4><div class="vw-texts"></div>${words.by ? `<p class="rl-by"></p>` : ""}`;
  const box = host.querySelector(".vw-texts"),
    state = host.querySelector(".vw-texts-state"),
    by = host.querySelector(".rl-by");
  let known = null; // the last texts that came with their numbers

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
    const best = value.indexOf(Math.max(...value)),
      left = c => 50 + Math.min(c, 0) * 50,
      span = c => Math.abs(c) * 50; // one axis for all values, so that bars compare
    const some = (said, behind, end) => {
      const found = (trace.unknown || []).filter(word => word.startsWith("…") === behind);
      return found.length ? `<p class="vw-note">${said}: ${found.map(safe).join(", ")}.${end}</p>` : "";
    };
    if (by) by.innerHTML = linesOf(words.by, madeBy({trace})).join(" ");
    if (!value.length) {
      box.innerHTML = `<p class="vw-empty">${safe(trace.why || "Write a text, one a line, to compare it with the clip.")}</p>`;
      return;
    }
    box.innerHTML =
      value
        .map(
          (c, y) =>
            `<div class="vw-text${y === best ? " vw-best" : ""}"><span>${safe(text[y])}${y === best ? " <em>top 1</em>" : ""}</span>` +
            `<i><u style="left:${left(c)}%;width:${span(c)}%"></u></i><b>${c.toFixed(3)}</b></div>`,
        )
        .join("") +
      `<div class="vw-scale"><span>${pretty(scores.symbol)}, ${safe(scores.unit)}</span><i><span>−1</span><span>0</span><span>1</span></i></div>` +
      some("Words the model has never seen", false, "") +
      some("Longer than the model reads, so cut before", true, " Texts that differ only there get the same number.");
  }

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
