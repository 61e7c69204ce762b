// The middle: a page of rows as a table, or as pictures.

import {make} from "../base/parts.js";
import {button, isBad, text, worded, words} from "./cells.js";
import {drawStrip} from "./strip.js";

const naming = row => row.label ?? row.clip_id;

// state: sort, descending, clip, chosen: a set of ids. does: {sort(name), look(id), choose(id)}
export function drawTable(box, found, names, columns, state, does) {
  const table = make("table", {class: "er-table"}),
    head = make("tr");
  head.append(text("th", "✓", {"aria-label": "chosen", title: "chosen (x)"}));
  for (const name of names) {
    const column = columns.get(name),
      sorted = state.sort === name,
      cell = make("th", {scope: "col", "aria-sort": sorted ? (state.descending ? "descending" : "ascending") : "none"});
    const sort = button(words(name) + (sorted ? (state.descending ? " ↓" : " ↑") : ""), () => does.sort(name), {
      "data-sort": name,
    });
    sort.title = `${column?.says ?? ""}${column?.unit ? ` (${column.unit})` : ""}`;
    sort.disabled = column?.kind === "texts"; // lists have no order
    cell.append(sort);
    head.append(cell);
  }
  const body = make("tbody");
  body.append(
    ...found.rows.map(row => {
      const line = make("tr", {"data-id": row.clip_id, tabindex: "-1"});
      const first = make("td"),
        box = Object.assign(make("input", {type: "checkbox", tabindex: "-1", "aria-label": `choose ${row.clip_id}`}), {
          checked: state.chosen.has(row.clip_id),
        });
      box.onclick = event => {
        event.stopPropagation();
        does.choose(row.clip_id);
      };
      first.append(box);
      line.append(first);
      for (const name of names) {
        const column = columns.get(name),
          value = row[name];
        const cell = text("td", worded(value, column), {class: typeof value === "number" ? "er-number" : ""});
        if (isBad(value, column)) cell.classList.add("er-bad");
        if (name === "clip_id" && row.status !== "ok") cell.append(text("em", row.status, {class: "er-status"}));
        if (name === "clip_id")
          for (const tag of found.tags[row.clip_id] ?? []) cell.append(text("em", tag, {class: "er-tag"}));
        line.append(cell);
      }
      line.onclick = () => does.look(row.clip_id);
      return line;
    }),
  );
  const top = make("thead");
  top.append(head);
  table.append(top, body);
  box.replaceChildren(table);
}

export function drawGallery(box, found, columns, frames, state, does) {
  const tiles = found.rows.map(row => {
    const tile = make("figure", {class: "er-tile", "data-id": row.clip_id, tabindex: "-1"}),
      canvas = make("canvas", {role: "img", "aria-label": `Frames of ${row.clip_id}`}),
      words = make("figcaption");
    const verdict = row.right === null || row.right === undefined ? row.status : worded(row.right, columns.get("right"));
    words.append(
      text("b", verdict, {class: row.right === false ? "er-bad" : ""}),
      text("span", row.pred && row.label !== row.pred ? `${naming(row)} → ${row.pred}` : naming(row)),
    );
    for (const tag of found.tags[row.clip_id] ?? []) words.append(text("em", tag, {class: "er-tag"}));
    if (state.chosen.has(row.clip_id)) words.append(text("em", "chosen", {class: "er-status"}));
    tile.append(canvas, words);
    tile.onclick = () => does.look(row.clip_id);
    return [tile, canvas, row.clip_id];
  });
  const grid = make("div", {class: "er-tiles"});
  grid.append(...tiles.map(([tile]) => tile));
  box.replaceChildren(grid);
  for (const [tile, canvas, id] of tiles)
    drawStrip(canvas, found.pictures?.[id], frames, Math.max(120, tile.clientWidth - 10), Math.ceil(frames / 2));
}

export function markCurrent(box, id, focus) {
  for (const one of box.querySelectorAll("[data-id]")) {
    const is = one.dataset.id === id;
    one.setAttribute("aria-current", String(is));
    one.tabIndex = is ? 0 : -1;
    if (is && focus) one.focus({preventScroll: true});
    if (is && focus) one.scrollIntoView({block: "nearest"});
  }
}
