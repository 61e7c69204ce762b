// How much of the evidence is found as K grows: a line for each method; a full point where the reader then answers right.

import {safe} from "../base/words.js";

export const INKS = ["#64748b", "#a16207", "#0891b2", "#2563eb", "#c026d3", "#16a34a", "#dc2626", "#7c3aed"];
const [WIDE, TALL, LEFT, FOOT, TOP] = [420, 210, 34, 24, 10];

// curves: {method: [[K, frames, recall, right], …]}, null: not here yet
export function drawCurve(box, curves, titles, budget) {
  const some = Object.entries(curves ?? {}).filter(([, rows]) => rows.some(([, , recall]) => recall !== null));
  if (!curves) return void (box.textContent = "Drawn when nothing moves for a moment.");
  if (!some.length) return void (box.textContent = "Nobody here knows where the answer is seen, so nothing can be counted.");
  const all = some[0][1].map(([K]) => K),
    x = K => LEFT + ((WIDE - LEFT - 10) * Math.log2(K / all[0])) / Math.log2(all.at(-1) / all[0]),
    y = recall => TALL - FOOT - (TALL - FOOT - TOP) * recall;
  const grid = [0, 0.5, 1]
      .map(
        one =>
          `<line x1="${LEFT}" x2="${WIDE - 10}" y1="${y(one)}" y2="${y(one)}" class="wf-grid"/><text x="${LEFT - 5}" y="${y(one) + 4}" text-anchor="end">${100 * one} %</text>`,
      )
      .join(""),
    axis = all.map(K => `<text x="${x(K)}" y="${TALL - 6}" text-anchor="middle">${K}</text>`).join(""),
    here = `<line x1="${x(budget)}" x2="${x(budget)}" y1="${TOP}" y2="${TALL - FOOT}" class="wf-here"/>`;
  const lines = some
    .map(([, rows], i) => {
      const ink = INKS[Object.keys(curves).indexOf(some[i][0]) % INKS.length],
        points = rows.map(([K, , recall]) => [x(K), y(recall) + i - some.length / 2]), // side by side where they are equal
        dots = rows.map(
          ([, , , right], k) =>
            `<circle cx="${points[k][0]}" cy="${points[k][1]}" r="3.4" fill="${right ? ink : "var(--card)"}"/>`,
        );
      return `<g stroke="${ink}"><polyline fill="none" points="${points.map(one => one.join(",")).join(" ")}"/>${dots.join("")}</g>`;
    })
    .join("");
  const said = some
    .map(([name, rows]) => `${titles[name]}: ${rows.map(([K, , recall]) => `K ${K} ${Math.round(100 * recall)} %`).join(", ")}`)
    .join("; ");
  box.innerHTML = `<svg viewBox="0 0 ${WIDE} ${TALL}" role="img" aria-label="${safe(said)}">${grid}${axis}${here}${lines}</svg>
<p class="wf-key">${some.map(([name], i) => `<span style="--ink: ${INKS[Object.keys(curves).indexOf(some[i][0]) % INKS.length]}">${safe(titles[name])}</span>`).join("")}</p><p class="wf-small">● the reader then answers right, ○ wrong. K along the axis.</p>`;
}
