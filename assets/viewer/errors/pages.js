// How many clips fit, how many of them are right, and which of them are seen.

import {percent, words} from "./cells.js";

// found: a page of rows. done: clips of the setting that are there, of so many; b: whether another setting is held against it
export function summary({stats, beside, total}, done, clips, b) {
  const far = done < clips ? ` · first ${done} of ${clips}` : "",
    share = one => `${percent(one.accuracy)} (${percent(one.low)} to ${percent(one.high)})`;
  const left = stats.left_out ? `, ${stats.left_out} left out` : "";
  if (!stats.n) return `${total} clips${left}${far}`;
  const second = beside?.n ? ` · B ${share(beside)}` : "";
  return `n = ${stats.n}${left} · ${b ? "A " : ""}${share(stats)} right${second}${far}`;
}

export function drawPages(box, found, state, limit) {
  const last = Math.max(0, Math.ceil(found.total / limit) - 1),
    known = found.known < found.total ? `, ${words(state.s)} known for ${found.known} of ${found.total}` : "";
  box.hidden = state.v === "map";
  box.querySelector("span").textContent = found.total
    ? `${state.p * limit + 1} to ${Math.min(found.total, (state.p + 1) * limit)} of ${found.total}${known}`
    : "No clip fits these filters.";
  for (const one of box.querySelectorAll("[data-to]"))
    one.disabled = state.p + +one.dataset.to < 0 || state.p + +one.dataset.to > last;
}
