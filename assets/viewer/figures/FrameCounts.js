// A whole number for every frame, and beside it a second run's for every gap between frames.

import {resultOf} from "../base/unpack.js";
import {heading, linesOf, madeBy, safe} from "../base/words.js";
import {bars, framesApart, ROWS, waiting} from "./FrameScores.js";

export const look = "vw-card rl-counts";

export function figure(host, {outputs, group, cursor, shell}) {
  const words = group.words ?? {},
    own = outputs.filter(one => one.kind === "FrameCounts");
  host.innerHTML = `<h4>${heading(group.title)}</h4>${ROWS}`;
  const rows = host.querySelector(".rl-rows"),
    [said, by] = host.querySelectorAll("p");
  const countsOf = (side, output) => resultOf(side, output)?.count ?? resultOf(side, output);

  function draw(side, _, changed) {
    if (changed) return;
    const {full} = side;
    host.classList.toggle("vw-stale", !side.trace.done);
    if (!full) return waiting(rows, said);
    const counts = outputs.map(one => [one, countsOf(full, one)]).filter(([, list]) => list),
      top = Math.max(...counts.flatMap(([, list]) => list), 1),
      facts = Object.assign(madeBy(full), ...counts.map(([one, list]) => factsOf(one.stage, list)));
    rows.innerHTML = counts
      .map(([one, list]) =>
        bars(
          linesOf(words[one.stage] ?? safe(one.title), facts).join(" "),
          list.map(n => ({height: n / top, text: String(n)})),
          full.images.length,
          one.kind === "GapCounts",
        ),
      )
      .join("");
    said.innerHTML = linesOf(words.all, facts).join(" ");
    by.innerHTML = linesOf(words.by, facts).join(" ");
  }

  return {
    draw,
    lit: () => host,
    value(output) {
      const given = countsOf(shell.side().full ?? shell.side(), output);
      return given && output.kind === "FrameCounts"
        ? {text: String(given[cursor.frame]), because: `frame ${cursor.frame + 1}`}
        : null;
    },
    apart: (a, b) => framesApart(own, a, b, 0),
  };
}

// what the method's words may name of a row
function factsOf(stage, list) {
  const alike = list.every(n => n === list[0]);
  return {
    [`${stage}.each`]: {markup: alike ? `<b>${list[0]} in every frame</b>` : list.join(", ")},
    [`${stage}.sum`]: {markup: list.reduce((a, b) => a + b, 0)},
    [`${stage}.least`]: Math.min(...list),
    [`${stage}.most`]: Math.max(...list),
  };
}
