// The left side: what is filtered by, as chips, and histograms of the columns that are shown; a bar filters by what it stands for.

import {make} from "../base/parts.js";
import {number} from "../base/words.js";
import {button, inWords, text, worded, words} from "./cells.js";

const NAMES = 8; // bars of names that are seen at once
const isOf = (one, name) => Array.isArray(one) && one[0] === name;

export function drawChips(box, filters, columns, change) {
  const chips = filters.map((one, place) => {
    const said = inWords(one, columns);
    return button(`${said} ×`, () => change(filters.filter((_, at) => at !== place)), {
      class: "er-chip",
      "aria-label": `No longer filter by: ${said}`,
    });
  });
  const all = filters.length > 1 ? [button("clear all", () => change([]), {class: "er-clear"})] : [];
  box.replaceChildren(
    ...(chips.length ? [...chips, ...all] : [text("span", "No filter: every clip is shown.", {class: "er-dim"})]),
  );
}

// found: {column: {kind, known, of, bars}}. change(filters)
export function drawBars(box, found, filters, columns, change) {
  box.replaceChildren(
    ...Object.entries(found).map(([name, one]) => {
      const column = columns.get(name),
        fold = make("details", {class: "er-facet", "data-column": name}),
        head = text("summary", words(name));
      fold.open = true;
      head.title = column?.says ?? "";
      if (one.known < one.of) head.append(text("small", ` known for ${one.known} of ${one.of}`));
      const numeric = one.bars.length && one.bars[0].length === 4;
      fold.append(head, numeric ? numbers(name, one.bars, filters, change) : names(name, one, filters, columns, change));
      return fold;
    }),
  );
}

function numbers(name, bars, filters, change) {
  const most = Math.max(1, ...bars.map(bar => bar[3])),
    own = filters.find(one => isOf(one, name) && one[1] === "between"),
    box = make("div", {class: "er-hist", role: "group", "aria-label": `Histogram of ${words(name)}`});
  const row = make("div", {class: "er-bars"});
  row.append(
    ...bars.map(([low, high, fits, all]) => {
      const said = `${number(low)} to ${number(high)}: ${fits} of ${all}`,
        inside = !!own && low >= own[2][0] - 1e-12 && high <= own[2][1] + 1e-12;
      // a second bar widens the range to both; the same one alone ends it
      const range = own && !inside ? [Math.min(low, own[2][0]), Math.max(high, own[2][1])] : [low, high];
      const same = own && own[2][0] === low && own[2][1] === high,
        rest = filters.filter(one => one !== own);
      const bar = button("", () => change(same ? rest : [...rest, [name, "between", range]]), {
        title: said,
        "aria-label": `${words(name)} ${said}`,
        "aria-pressed": String(inside),
      });
      for (const [kind, n] of [
        ["er-all", all],
        ["er-fit", fits],
      ])
        bar.append(Object.assign(make("i", {class: kind}), {style: `height:${(100 * n) / most}%`}));
      return bar;
    }),
  );
  const ends = make("div", {class: "er-ends"});
  ends.append(text("span", number(bars[0][0])), text("span", number(bars[bars.length - 1][1])));
  box.append(row, ends);
  return box;
}

function names(name, {bars, names: of}, filters, columns, change) {
  const most = Math.max(1, ...bars.map(bar => bar[2])),
    column = columns.get(name),
    own = filters.find(one => isOf(one, name) && (one[1] === "in" || one[1] === "eq")),
    chosen = own ? (own[1] === "in" ? own[2] : [own[2]]) : [],
    box = make("div", {class: "er-names"});
  const row = ([value, fits, all]) => {
    const is = chosen.includes(value),
      next = is ? chosen.filter(one => one !== value) : [...chosen, value],
      rest = filters.filter(one => one !== own),
      filter = next.length === 1 ? [name, "eq", next[0]] : [name, "in", next];
    const bar = button("", () => change(next.length ? [...rest, filter] : rest), {"aria-pressed": String(is)}),
      share = make("i");
    share.append(
      Object.assign(make("u", {class: "er-all"}), {style: `width:${(100 * all) / most}%`}),
      Object.assign(make("u", {class: "er-fit"}), {style: `width:${(100 * fits) / most}%`}),
    );
    bar.append(text("span", worded(value, column)), share, text("b", fits === all ? `${all}` : `${fits} of ${all}`));
    return bar;
  };
  box.append(...bars.slice(0, NAMES).map(row));
  if (bars.length > NAMES) {
    const more = button(`${bars.length - NAMES} more`, () => more.replaceWith(...bars.slice(NAMES).map(row)), {
      class: "er-more",
    });
    box.append(more);
  }
  if (of > bars.length) box.append(text("small", `the ${bars.length} commonest of ${of}`, {class: "er-dim"}));
  if (!bars.length) box.append(text("small", "nothing is known", {class: "er-dim"}));
  return box;
}
