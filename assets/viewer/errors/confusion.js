// Which classes are taken for which others. A cell, a row's and a column's head each filter by what they stand for.

import {make} from "../base/parts.js";
import {button, text} from "./cells.js";

// select({label, pred}): either may be missing
// across: what is answered, where that is not the classes; what: is counted
export function drawConfusion(box, {classes, across = classes, cells, n, right, of, what = ""}, select) {
  if (!classes.length)
    return box.replaceChildren(text("p", "Nothing is answered here, or no label is known.", {class: "er-dim"}));
  const counts = new Map(cells.map(([label, pred, count]) => [JSON.stringify([label, pred]), count])),
    most = Math.max(1, ...cells.filter(([label, pred]) => label !== pred).map(cell => cell[2])),
    table = make("table", {class: "er-confusion"}),
    head = make("tr");
  head.append(text("th", "is ↓ said →"));
  head.append(...across.map(pred => headed(pred, `said to be ${pred}`, () => select({pred}), "er-across")));
  const rows = classes.map(label => {
    const row = make("tr");
    row.append(headed(label, `is ${label}`, () => select({label}), ""));
    row.append(
      ...across.map(pred => {
        const cell = make("td"),
          count = counts.get(JSON.stringify([label, pred]));
        if (!count) return cell;
        const said = label === pred ? `${count} of ${label} right` : `${count} of ${label} said to be ${pred}`;
        const one = button(String(count), () => select({label, pred}), {title: said, "aria-label": said});
        one.className = label === pred ? "er-diagonal" : "er-off";
        if (label !== pred) one.style.setProperty("--share", `${Math.round(15 + (60 * count) / most)}%`);
        cell.append(one);
        return cell;
      }),
    );
    return row;
  });
  table.append(head, ...rows);
  const words = `${right} of ${n} ${what ? `${what} ` : ""}right.${of > classes.length ? ` Of ${of} classes the ${classes.length} that are confused most.` : ""}`,
    scroll = make("div", {class: "er-scroll", tabindex: "0", role: "region", "aria-label": "Confusion"});
  scroll.append(table);
  box.replaceChildren(text("p", words, {class: "er-dim"}), scroll);
}

function headed(name, said, does, kind) {
  const cell = make("th", {class: kind});
  cell.append(button(name, does, {title: said, "aria-label": said}));
  return cell;
}
