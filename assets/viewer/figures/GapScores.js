// A bar and a count for every gap between two frames, and the rule between them in the numbers of the gap that is looked at.

import {gapsApart, plus, sumOf, valuesApart} from "../base/compare.js";
import {make} from "../base/parts.js";
import {firstOf, resultOf} from "../base/unpack.js";
import {nice, number, pretty, safe} from "../base/words.js";

export const look = "vw-across";
export const region = "line";
const BAR = part => `calc((100% - 18px) * ${part})`; // what is below is the count's

export function figure(host, {outputs, cursor, shell}) {
  const {put} = shell,
    [scores, counts] = ["GapScores", "GapCounts"].map(kind => firstOf(outputs, kind)),
    [W, N] = [scores, counts].map(one => pretty(one?.symbol ?? ""));
  host.innerHTML = `<div class="vw-label vw-axis"></div><div class="vw-gaps" role="group" aria-label="Change and prompts of each gap"></div>`;
  const axis = host.querySelector(".vw-axis"),
    box = host.querySelector(".vw-gaps"),
    line = make("div", {class: "vw-rule", "aria-live": "polite"});
  put("rest", line);
  const gaps = () => [...box.querySelectorAll(".vw-gap")];
  let clip = null,
    top = 0,
    barred = false; // whether A's bars are there

  // → {score, count, rule, each} of a side, null where it has none
  const of = side => {
    const score = side && resultOf(side, scores);
    return score && {score, count: [], ...resultOf(side, counts)};
  };
  const now = side => {
    const score = of(side)?.score;
    return score?.length ? Math.min(cursor.gap ?? score.indexOf(Math.max(...score)), score.length - 1) : null;
  };
  const named = g => `gap ${g + 1}→${g + 2}`;
  const ruleOf = (made, g) => made.rule?.[g] ?? `${named(g)}: W = ${number(made.score[g])}`;

  function draw(side, A, changed) {
    if (changed && !changed.has("gap")) return;
    const made = of(side);
    if (clip !== side.clip) layOut(side);
    if (!made) return;
    if (!changed) bars(side, made, of(A));
    if (!changed) barsOfA(made, of(A));
    rule(side, made);
  }

  function layOut(side) {
    const T = side.images.length;
    clip = side.clip;
    top = 0;
    box.replaceChildren(
      ...Array.from({length: T - 1}, (_, g) => {
        const button = make("button", {class: "vw-gap", type: "button", style: `left:${(100 * (g + 1)) / T}%`});
        button.append(make("i"), make("b"));
        button.onmouseenter = button.onfocus = () => cursor.set({gap: g});
        return button;
      }),
    );
  }

  function bars(side, made, a) {
    const {score, count, each} = made;
    // a decoder's noise is no tall bar; and the axis only ever grows for a clip, so bars stay put while knobs move
    const highest = Math.max(...score, ...(a?.score ?? []), 0.1);
    if (highest > top) top = nice(highest);
    axis.innerHTML = `<span>${W}</span><small>${number(top)}</small><small>0</small><span>${N}</span>`;
    const lines = []; // where the count grows: a bar that crosses one more line gets one more
    for (let n = 1; each && n <= 8 && n * each < top; n++)
      lines.push(`<hr style="bottom:calc(18px + (100% - 18px) * ${(n * each) / top})">`);
    for (const old of box.querySelectorAll("hr")) old.remove();
    box.insertAdjacentHTML("afterbegin", lines.length < 9 ? lines.join("") : "");
    for (const [g, button] of gaps().entries()) {
      button.firstChild.style.height = BAR(score[g] / top);
      button.children[1].textContent = count[g] ?? "";
      button.ariaLabel = button.title = ruleOf(made, g);
    }
    box.style.setProperty("--bar", `${Math.min(26, (50 / side.images.length) * 3)}px`);
  }

  function barsOfA(b, a) {
    if (!a && !barred) return;
    const same = a && a.score.length === b.score.length;
    barred = !!same;
    box.classList.toggle("vw-gaps-two", !!same);
    for (const [g, button] of gaps().entries()) {
      let bar = button.querySelector("u");
      if (!same) {
        bar?.remove();
        continue;
      }
      if (!bar) button.append((bar = make("u")));
      bar.style.height = BAR(a.score[g] / top);
      if (a.count[g] !== b.count[g]) button.querySelector("b").textContent = `${a.count[g]}→${b.count[g]}`;
      button.ariaLabel = button.title += `; A: W = ${number(a.score[g])}, N = ${a.count[g]}`;
    }
  }

  function rule(side, made) {
    const g = now(side),
      formula = counts?.formula && `${N} = ${pretty(counts.formula)} · `;
    for (const [i, button] of gaps().entries()) button.classList.toggle("vw-on", i === g);
    line.innerHTML =
      g === null
        ? ""
        : `${ruleOf(made, g).replace(/= (\d+)( prompts?)?(, capped.*)?$/, "= <b>$1</b>$3")} <small>${formula || ""}${W} ${safe(scores.unit)}${formula ? " · dotted lines: where one more prompt begins" : ""}</small>`;
  }

  return {
    draw,
    lit: () => box,
    here(side) {
      const g = side && now(side);
      return g === null ? "" : ` · ${named(g)}`;
    },
    value({kind}, side) {
      const made = of(side),
        g = now(side);
      if (g === null) return null;
      return kind === "GapScores"
        ? {text: String(made.score[g]), because: `in ${named(g)}, ${scores.unit}`}
        : {text: String(made.count[g]), because: ruleOf(made, g)};
    },
    apart(sideA, sideB) {
      const [a, b] = [sideA, sideB].map(of);
      if (!a || !b) return null;
      const rows = counts ? [[`${N} in all`, sumOf(a.count), sumOf(b.count), plus(sumOf(b.count) - sumOf(a.count))]] : [];
      rows.push(valuesApart(`${W}, mean of gaps`, sumOf(a.score) / a.score.length, sumOf(b.score) / b.score.length, 3));
      if (a.score.length !== b.score.length) return {rows};
      const {moved, change, most} = gapsApart(a, b),
        short = g => `${g + 1}→${g + 2}`;
      return {
        rows,
        sentences: [
          `Counts changed in <b>${moved.length}</b> of ${change.length} gaps${moved.length ? `: ${moved.map(short).join(", ")}` : ""}.` +
            (change[most] ? ` ${W} moved most in gap ${short(most)}, by <b>${plus(change[most])}</b>.` : ""),
        ],
      };
    },
  };
}
