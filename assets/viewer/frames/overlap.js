// Which choices are alike: of every two the number of frames that both have, darker the larger their share of all that either has.

import {safe} from "../base/words.js";

export function shared(a, b) {
  const both = a.filter(one => b.includes(one)).length,
    either = a.length + b.length - both;
  return {both, share: either ? both / either : 1};
}

// rows: those that have chosen
export function drawOverlap(box, rows) {
  if (rows.length < 2) return void (box.textContent = "Two of them must have chosen.");
  const cells = one =>
    rows.map(other => {
      const {both, share} = shared(one.frames, other.frames),
        title = `${one.title} and ${other.title}: ${both} frames, ${Math.round(100 * share)} % of all that either chose`;
      return `<td title="${safe(title)}" style="--share: ${Math.round(100 * share)}%">${both}</td>`;
    });
  box.innerHTML = `<table><thead><tr><td></td>${rows.map(one => `<th scope="col"><span>${safe(one.title)}</span></th>`).join("")}</tr></thead><tbody>${rows
    .map(one => `<tr><th scope="row">${safe(one.title)}</th>${cells(one).join("")}</tr>`)
    .join("")}</tbody></table>`;
}
