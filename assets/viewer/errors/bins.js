// What a detector does wrong: TIDE's bins with what each costs, and what things are taken for, each by who looked.

import {make} from "../base/parts.js";
import {button, percent, text} from "./cells.js";
import {drawConfusion} from "./confusion.js";

const NOTHING = {real: "background", found: "missed"};

// readers: as app/errors/analysis.py gives bins. filter(column): only clips that have any of it
export function drawBins(box, readers, filters, filter) {
  const table = make("table", {class: "er-tide"}),
    head = make("tr"),
    costs = (gain, ap) => (gain === null ? (ap === null ? "–" : "all of it") : `${gain >= 0 ? "+" : ""}${percent(gain)}`);
  head.append(
    text("th", "TIDE's bin"),
    ...readers.map(one => text("th", `${one.says}: AP50 ${one.ap50 === null ? "not known" : percent(one.ap50)}`)),
  );
  const rows = readers[0].bins.map(([name, says], place) => {
    const row = make("tr"),
      first = text("th", name, {scope: "row"});
    first.append(text("small", ` ${says}`));
    row.append(
      first,
      ...readers.map(one => {
        const [, , count, gain] = one.bins[place],
          column = `${name.toLowerCase()}_${one.reader}`,
          said = `${count}, ΔAP ${costs(gain, one.ap50)}`,
          cell = make("td");
        const only = button(said, () => filter(column), {
          "aria-label": `${name}, ${one.says}: ${said}; only clips that have any`,
          "aria-pressed": String(filters.some(each => each[0] === column)),
        });
        only.disabled = !count;
        cell.append(only);
        return cell;
      }),
    );
    return row;
  });
  table.append(head, ...rows);
  box.replaceChildren(
    text("p", "How many over all frames, and by how much AP50 would rise were that bin cured and no other. A number filters.", {
      class: "er-dim",
    }),
    table,
  );
}

// found: as app/errors/analysis.py gives pairs. filter(cell): {real, found} of classes, null for nothing
export function drawPairs(box, found, readers, {reader, filter}) {
  const which = make("span", {class: "er-views", role: "group", "aria-label": "Who looked"});
  which.append(
    ...readers.map(one => button(one.says, () => reader(one.reader), {"aria-pressed": String(one.reader === found.reader)})),
  );
  const table = make("div"),
    named = ([real, said, count]) => [real ?? NOTHING.real, said ?? NOTHING.found, count],
    back = ({label, pred}) => ({
      ...(label === undefined ? {} : {real: label === NOTHING.real ? null : label}),
      ...(pred === undefined ? {} : {found: pred === NOTHING.found ? null : pred}),
    });
  const right = found.cells.filter(([real, said]) => real === said).reduce((sum, cell) => sum + cell[2], 0);
  drawConfusion(
    table,
    {
      classes: [...found.classes, NOTHING.real],
      across: [...found.classes, NOTHING.found],
      cells: found.cells.map(named),
      n: found.real,
      right,
      of: found.of + 1,
      what: "things",
    },
    chosen => filter(back(chosen)),
  );
  box.replaceChildren(which, table);
}
