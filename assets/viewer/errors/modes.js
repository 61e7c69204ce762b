// Failure modes: a sentence each, its clips by a click. What did not hold on the other half is there, and said not to.

import {make} from "../base/parts.js";
import {button, text, words} from "./cells.js";

// found: as app/errors/analysis.py gives modes. of(column): by what clips fail; filter(filters)
export function drawModes(box, found, filters, {of, filter}) {
  const which = make("select", {"aria-label": "What a failure is"}),
    label = text("label", "a failure is ");
  which.append(
    ...found.outcomes.map(name =>
      Object.assign(text("option", name === "right" ? "a wrong answer" : `the bad end of ${words(name)}`), {value: name}),
    ),
  );
  which.value = found.of;
  which.onchange = () => of(which.value);
  label.append(which);
  const same = one => JSON.stringify(one.filters) === JSON.stringify(filters),
    list = make("ul", {class: "er-list"});
  list.append(
    ...found.modes.map(one => {
      const line = make("li", {class: one.confirmed ? "er-confirmed" : "er-unconfirmed"}),
        on = same(one);
      line.append(
        text("em", one.confirmed ? "confirmed" : "unconfirmed", {class: "er-status"}),
        text("span", one.says),
        button(`its ${one.clips} clips`, () => filter(on ? [] : one.filters), {"aria-pressed": String(on)}),
      );
      return line;
    }),
  );
  box.replaceChildren(
    label,
    text(
      "p",
      `${found.failed} of ${found.n} clips are ${found.says}. ${
        found.none ||
        `Found on half of the ${found.films} films that they are cut from, tested on one clip of each film of the other half.`
      }`,
      {class: "er-dim"},
    ),
    list,
  );
}
