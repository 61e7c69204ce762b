// A against B on the same clips: which became right, which became wrong, and whether that is more than chance.

import {button, FLIPS, glossed, percent, text} from "./cells.js";

// found: as app/errors/questions.py compares. filter(filters)
export function drawFlips(box, found, filters, filter) {
  const own = filters.find(one => one[0] === "beside"),
    rest = filters.filter(one => one !== own);
  box.replaceChildren(
    ...Object.entries(FLIPS).map(([name, said]) => {
      const on = own?.[2] === name;
      return button(`${said} ${found[name]}`, () => filter(on ? rest : [...rest, ["beside", "eq", name]]), {
        "aria-pressed": String(on),
        "data-flip": name,
      });
    }),
    differs(found),
  );
}

function differs({gain, low, high, p}) {
  const line = text("span", `B − A: ${gain > 0 ? "+" : ""}${percent(gain)} (${percent(low)} to ${percent(high)}), p = `, {
    class: "er-dim",
  });
  line.append(`${p < 0.001 ? p.toExponential(0) : p.toFixed(3)} (`, glossed("McNemar, exact", "McNemar's test"), ")");
  return line;
}

// Filters where A and B change places
export const swapped = filters =>
  filters.map(one => (one[0] === "beside" ? [one[0], one[1], {fixed: "broken", broken: "fixed"}[one[2]] ?? one[2]] : one));
