// The right side: one clip, all that is known of it, and what people wrote of it.

import {make} from "../base/parts.js";
import {causes} from "./cause.js";
import {button, glossed, isBad, text, worded, words} from "./cells.js";
import {drawStrip} from "./strip.js";

const FLAG = "error_", // columns that say whether a wrong answer is of a kind
  GLOSSED = ["loss", "margin"], // columns that the glossary has a word for
  NAMING = ["clip_id", "setting", "shard", "path", "clip_key"]; // of no interest to who looks at one clip

// found: as app/errors/questions.py gives a clip. does: {stage(), tag(name, on), note(text), near(box)}
export function drawDetail(box, found, {setting, columns, frames, tags, beside}, does) {
  const {row, other, picture} = found,
    canvas = make("canvas", {role: "img", "aria-label": `Frames of ${row.clip_id}, left to right`});
  const parts = [text("h3", row.clip_id), canvas];
  if (picture.region || picture.share)
    parts.push(
      text("p", picture.region ? "outlined: what the method keeps" : "bright: where the method looks", {class: "er-dim"}),
    );
  if (row.status !== "ok") parts.push(text("p", `${row.status}: ${row.why ?? "no reason is known"}`, {class: "er-note"}));
  if (row.pred) parts.push(answer("A", row, beside));
  if (other?.pred) parts.push(answer("B", other, true));
  const kinds = setting.columns.filter(one => one.name.startsWith(FLAG) && row[one.name] === true);
  if (row.error || kinds.length) {
    const list = make("ul", {class: "er-kinds"});
    list.append(...kinds.map(one => text("li", one.says.replace(" (Of wrong answers.)", ""))));
    parts.push(text("h4", row.error ? `Kind of error: ${row.error}` : "Kinds of error"), list);
  }
  parts.push(...causes(row, columns));
  if (found.opens) parts.push(button("open on the stage (Enter)", does.stage, {class: "er-open", "data-does": "open"}));
  else
    parts.push(
      text("p", "To open its clips, start the page with --data NAME=FOLDER, NAME being this run's.", {class: "er-dim"}),
    );
  parts.push(text("h4", "Tags"), tagsOf(found.tags, tags, does.tag), ...noteOf(found.note, does.note));
  for (const [stage, values] of Object.entries(picture.rows ?? {}))
    parts.push(text("h4", setting.drawn[stage] ?? stage), bars(values, setting.drawn[stage] ?? stage));
  parts.push(neighboursOf(does.near), text("h4", "Numbers"), numbers(row, other, columns));
  box.replaceChildren(...parts);
  drawStrip(canvas, picture, row.frames ?? frames, Math.max(160, box.clientWidth - 2), Math.ceil((row.frames ?? frames) / 2));
}

function answer(which, row, named) {
  const line = make("p"),
    known = row.right !== null && row.right !== undefined;
  if (named) line.append(text("b", `${which}: `));
  line.append(
    text("b", known ? worded(row.right, {name: "right"}) : "not known", {class: row.right === false ? "er-bad" : ""}),
    document.createTextNode(row.label ? ` – it is “${row.label}”, the answer “${row.pred}”` : ` – the answer is “${row.pred}”`),
  );
  return line;
}

let open = false; // whether neighbours are looked at: of the next clip, too

function neighboursOf(near) {
  const fold = make("details", {class: "er-neighbours"}),
    box = make("div");
  fold.append(text("summary", "Neighbours: the clips most like it"), box);
  fold.ontoggle = () => {
    open = fold.open;
    if (open && !box.firstChild) near(box);
  };
  fold.open = open; // which is a toggle, too
  return fold;
}

// A key 1 to 9 for each of the first nine tags in use
function tagsOf(own, every, tag) {
  const box = make("div", {class: "er-tags"});
  every.forEach((name, place) => {
    const on = own.includes(name),
      key = place < 9 ? `${place + 1} ` : "";
    box.append(button(`${key}${name}`, () => tag(name, !on), {"aria-pressed": String(on)}));
  });
  const fresh = make("input", {placeholder: "new tag, Enter", maxlength: "60", "aria-label": "A new tag", class: "er-fresh"});
  fresh.onkeydown = event => {
    if (event.key !== "Enter" || !fresh.value.trim()) return;
    tag(fresh.value.trim(), true);
    fresh.value = "";
  };
  box.append(fresh);
  return box;
}

function noteOf(note, write) {
  const box = make("textarea", {
    rows: "2",
    maxlength: "4000",
    placeholder: "your note (n)",
    "aria-label": "Note",
    class: "er-write",
  });
  box.value = note;
  box.onblur = () => box.value !== note && write(box.value);
  return [box, text("p", "", {class: "er-saved", role: "status"})];
}

const LABELLED = 8; // bars that have room for a number each

// A number in the width of a bar
const short = value => (value && Math.abs(value) < 0.01 ? value.toExponential(0) : String(+value.toPrecision(2)));

function bars(values, title) {
  const low = Math.min(0, ...values),
    span = Math.max(0, ...values) - low || 1,
    box = make("div", {class: "er-row", role: "img", "aria-label": `${title}: ${values.map(one => worded(one)).join(", ")}`});
  box.append(
    ...values.map(one => {
      const bar = make("i", {title: worded(one)});
      bar.append(Object.assign(make("u"), {style: `height:${Math.round((26 * Math.abs(one)) / span)}px`}));
      if (values.length <= LABELLED) bar.append(text("small", short(one)));
      return bar;
    }),
  );
  return box;
}

// In words, with units; what is not known is left out
function numbers(row, other, columns) {
  const table = make("table", {class: "er-numbers"});
  if (other) {
    const head = make("tr");
    head.append(make("td"), text("th", "A"), text("th", "B"));
    table.append(head);
  }
  for (const column of columns.values()) {
    const value = row[column.name];
    if (value === null || value === undefined || NAMING.includes(column.name)) continue;
    const line = make("tr", {title: column.says}),
      name = text("th", words(column.name), {scope: "row"});
    if (GLOSSED.includes(column.name)) name.replaceChildren(glossed(words(column.name)));
    line.append(name, text("td", `${worded(value, column)}${column.unit ? ` ${column.unit}` : ""}`));
    if (isBad(value, column)) line.lastChild.classList.add("er-bad");
    if (other) line.append(text("td", worded(other[column.name], column)));
    table.append(line);
  }
  return table;
}
