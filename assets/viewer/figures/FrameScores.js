// A number from 0 to 1 for every frame, as rows of bars, and what they mean in the method's words.

import {valuesApart} from "../base/compare.js";
import {resultOf} from "../base/unpack.js";
import {heading, linesOf, madeBy, safe} from "../base/words.js";

export const look = "vw-card rl-weights";
export const ROWS = `<div class="rl-rows"></div><p class="rl-said"></p><p class="rl-by"></p>`;

export function figure(host, {outputs, group, cursor, shell}) {
  const scores = outputs.filter(one => one.kind === "FrameScores"),
    facts = outputs.filter(one => one.kind === "Fact"),
    words = group.words ?? {};
  host.innerHTML = `<h4>${heading(group.title)}</h4>${ROWS}`;
  const rows = host.querySelector(".rl-rows"),
    [said, by] = host.querySelectorAll("p");

  function draw(side, _, changed) {
    if (changed) return;
    const {full} = side;
    host.classList.toggle("vw-stale", !side.trace.done);
    by.innerHTML = linesOf(words.by, madeBy(side)).join(" ");
    if (!full) return waiting(rows, said);
    const known = factsOf(full);
    rows.innerHTML = scores
      .map(one =>
        bars(
          linesOf(words[one.stage] ?? safe(one.title), known).join(" "),
          resultOf(full, one).map(w => ({height: w ?? 0, text: w === null ? "NaN" : w.toFixed(2), edge: w === 0 || w === 1})),
          full.images.length,
        ),
      )
      .join("");
    said.innerHTML = linesOf(words.all, known)
      .map(one => `<span>${one}</span>`)
      .join(" ");
  }

  // what the method's words may name: its facts, its knobs, and how far the first two rows are apart
  function factsOf(side) {
    const [a, b] = scores.map(one => resultOf(side, one)),
      known = {apart: b ? Math.max(...a.map((w, t) => Math.abs(w - b[t]))) : null};
    for (const one of facts) {
      const value = resultOf(side, one);
      if (Array.isArray(value)) value.forEach((part, i) => void (known[`${one.stage}.${i}`] = part));
      else known[one.stage] = value;
    }
    for (const [name, value] of Object.entries(side.trace.knobs))
      known[`knob.${name}`] = words[`${name} ${value}`] ?? String(value);
    return known;
  }

  return {
    draw,
    lit: () => host,
    value(output) {
      const full = shell.side().full ?? shell.side(),
        given = resultOf(full, output),
        t = cursor.frame;
      if (given === null) return null;
      if (output.kind === "Fact") return typeof given === "number" ? {text: String(+given.toPrecision(4))} : null;
      return {text: given[t] === null ? "NaN" : String(+given[t].toPrecision(4)), because: `frame ${t + 1}`};
    },
    apart: (a, b) => framesApart(scores, a, b, 3),
  };
}

export function waiting(rows, said) {
  rows.textContent = "";
  said.textContent = "computing…";
}

// A row of bars from 0 to 1, one for each frame, or between frames. list: [{height, text, edge}]
export const bars = (title, list, T, between = false) =>
  `<div class="rl-row${between ? " rl-between" : ""}"><small>${title}</small><div style="--n:${T}">${list
    .map(
      one => `<span class="${one.edge ? "rl-edge" : ""}"><i style="height:${100 * one.height}%"></i><b>${one.text}</b></span>`,
    )
    .join("")}</div></div>`;

// Numbers of frames in A and B, of the last values whose networks had run: rows where they differ, and sentences
export function framesApart(outputs, a, {full}, digits) {
  if (!full) return {sentences: ["computing…"]};
  const rows = [],
    sentences = [];
  for (const one of outputs) {
    const [x, y] = [a, full].map(side => resultOf(side, one)),
      title = safe(one.title);
    if (!x || !y) continue;
    if (x.length !== y.length) sentences.push(`${title}: A has ${x.length} frames and B ${y.length}.`);
    else if (x.every((w, t) => w === y[t])) sentences.push(`${title}: the same.`);
    else
      x.forEach((w, t) => {
        if (w !== null && y[t] !== null) rows.push(valuesApart(`${title}, frame ${t + 1}`, w, y[t], digits));
      });
  }
  return {rows, sentences};
}
