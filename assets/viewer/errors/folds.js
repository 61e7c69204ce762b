// Above the rows: what is asked of all clips that fit, each when its fold is open.

import {make} from "../base/parts.js";
import {drawBins, drawPairs} from "./bins.js";
import {text} from "./cells.js";
import {drawConfusion} from "./confusion.js";
import {drawModes} from "./modes.js";
import {drawSearch, lettersOf} from "./search.js";

// tab: {ask, state, setting(), has(column), filter(filters), address()}
export function foldsOf(tab, $) {
  const {state, filter} = tab,
    inside = name => $(name).querySelector("div"),
    without = (...columns) => state.f.filter(one => !columns.includes(one[0]));

  async function confused() {
    const box = inside("confused"),
      found = await tab.ask("confusion", {find: lettersOf(box)});
    if (!found) return;
    drawConfusion(box, found, cell =>
      filter([...without("label", "pred"), ...Object.entries(cell).map(([name, value]) => [name, "eq", value])]),
    );
    drawSearch(box, found, confused);
  }
  async function bins() {
    const found = await tab.ask("bins"),
      pairs = found && (await tab.ask("pairs", {reader: tab.setting().readers[state.reader] ? state.reader : ""}));
    if (!pairs) return;
    if (!found.readers.some(one => one.real))
      return inside("bins").replaceChildren(
        text("p", "What is there is not known of these clips, so nothing is right or wrong.", {class: "er-dim"}),
      );
    const costs = make("div", {class: "er-costs"}),
      cells = make("div", {class: "er-pairs"});
    inside("bins").replaceChildren(costs, cells);
    drawBins(costs, found.readers, state.f, column =>
      filter(state.f.some(one => one[0] === column) ? without(column) : [...state.f, [column, "gt", 0]]),
    );
    drawPairs(cells, pairs, found.readers, {
      reader: name => {
        state.reader = name;
        tab.address();
        bins();
      },
      filter: cell => filter([...without("thing"), ["thing", "in", [pairs.reader, cell]]]),
    });
  }
  async function modes() {
    if (!inside("modes").firstChild)
      inside("modes").append(text("p", "Looked for: the first time this takes some seconds.", {class: "er-dim"}));
    const found = await tab.ask("modes", {of: tab.has(state.of) ? state.of : ""});
    if (!found) return inside("modes").replaceChildren(); // why is said above
    drawModes(inside("modes"), found, state.f, {
      of: name => {
        state.of = name;
        tab.address();
        modes();
      },
      filter,
    });
  }

  const folds = {confused, bins, modes};
  for (const [name, draw] of Object.entries(folds)) $(name).ontoggle = () => $(name).open && draw();
  return {
    look() {
      for (const [name, draw] of Object.entries(folds)) if ($(name).open && !$(name).hidden) draw();
    },
  };
}
