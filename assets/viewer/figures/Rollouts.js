// Draws of candidates, one row each: a tick for every frame that is drawn, on the line of the video's time; beside it what the
// draw is worth. Where the evidence is known, it is shaded, and a tick in it is coloured. A video that knows questions offers them.

import {COLOURS} from "../base/drawing.js";
import {offer} from "../base/known.js";
import {firstOf, floats, resultOf} from "../base/unpack.js";
import {clock, heading, number, safe} from "../base/words.js";
import {evidenceOf} from "./Segments.js";

export const look = "vw-card ro";

export function figure(host, {outputs, group, shell}) {
  const [draws, rewards, spans] = ["Rollouts", "RolloutRewards", "Segments"].map(kind => firstOf(outputs, kind));
  host.innerHTML = `<h4>${heading(group.title)}</h4><div class="ro-rows"></div><p class="ro-said"></p><p class="ro-known"></p>`;
  const [rows, said, known] = ["rows", "said", "known"].map(name => host.querySelector(`.ro-${name}`));

  function draw(side, _, changed) {
    if (changed) return;
    const drawn = resultOf(side, draws) ?? [],
      worth = resultOf(side, rewards) ?? [],
      span = floats(resultOf(side, spans)),
      end = span.at(-1),
      evidence = evidenceOf(side),
      percent = second => `${((100 * second) / end).toFixed(2)}%`,
      inside = second => evidence.some(([from, to]) => second >= from && second < to),
      shade = evidence
        .map(([from, to]) => `<s style="left:${percent(from)};width:${percent(to - from)};background:${COLOURS.truth}"></s>`)
        .join("");
    offer(known, side, shell);
    rows.innerHTML = drawn
      .map((places, i) => {
        const seconds = places.map(place => span[2 * place]).sort((a, b) => a - b),
          ticks = seconds
            .map(one => `<i style="left:${percent(one)};background:${inside(one) ? COLOURS.truth : COLOURS.kept}"></i>`)
            .join("");
        return `<div class="ro-row" role="img" aria-label="Draw ${i + 1}: ${seconds.map(clock).join(", ")}${worth[i] ? `; ${inWords(worth[i])}` : ""}"><span class="ro-line">${shade}${ticks}</span><span class="ro-worth">${worth[i] ? marked(worth[i]) : ""}</span></div>`;
      })
      .join("");
    said.innerHTML = worth.length
      ? worth.every(one => one[0] + one[1] === worth[0][0] + worth[0][1])
        ? "All draws are worth the same: a group without a signal, from which nothing is learned."
        : `${worth.filter(one => one[0]).length} of ${drawn.length} answered right · each is held against the mean of its group: <b>A</b>`
      : `${drawn.length} draws of ${safe(side.trace.question ?? "")}: nobody here knows the answer, so nothing rewards them.`;
  }
  return {
    draw,
    lit: () => host,
    value(output, side) {
      if (output !== draws) return null;
      const drawn = resultOf(side, draws) ?? [];
      return {text: `${drawn.length} × ${drawn[0]?.length ?? 0}`, because: "draws of candidates"};
    },
  };
}

const signed = value => (value > 0 ? "+" : "") + number(value).replace("-", "−");
const inWords = ([right, share, gain]) =>
  `${right ? "right" : "wrong"}, ${number(100 * share)} % in the evidence, advantage ${signed(gain)}`;
const marked = ([right, share, gain]) =>
  `<b style="color:${right ? COLOURS.hit : COLOURS.miss}">${right ? "✓" : "✗"}</b> R<sub>T</sub> ${number(share)} · A <b>${signed(gain)}</b>`;
