// A against B, clip by clip: whose loss fell and rose most.

import {make} from "../base/parts.js";
import {button, text} from "./cells.js";

const FIRST = 5; // that are seen at once, of each end

// found: as app/errors/questions.py compares. show(id)
export function drawMovers(box, {better, worse}, show) {
  if (!better.length && !worse.length) return;
  const fold = make("details", {class: "er-movers"}),
    list = make("div", {class: "er-moved"});
  fold.append(text("summary", "clips that moved most from A to B"), list);
  for (const [title, rows] of [
    ["better in B", better],
    ["worse in B", worse],
  ]) {
    const lines = rows.map(([id, label, before, after, change]) => {
      const said = before === after ? `“${after}” in both` : `“${before}” → “${after}”`,
        line = make("li");
      line.append(button(`${change > 0 ? "+" : "−"}${Math.abs(change).toFixed(2)} nats · ${label}: ${said}`, () => show(id)));
      return line;
    });
    const column = make("ul", {"aria-label": title});
    column.append(...lines.slice(0, FIRST));
    if (lines.length > FIRST) {
      const more = make("li");
      more.append(button(`${lines.length - FIRST} more`, () => more.replaceWith(...lines.slice(FIRST)), {class: "er-more"}));
      column.append(more);
    }
    const part = make("div");
    part.append(text("h4", `${title}: the loss ${title.startsWith("b") ? "fell" : "rose"}`), column);
    if (rows.length) list.append(part);
  }
  box.append(fold);
}
