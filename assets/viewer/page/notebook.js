// The notebook under the tabs: what a reader kept.
//
// about   forms: what an export is called; cells, bytes, note: how many, how large, how long; reopen: the event of a view that is
//         opened again; figure: of the composer, null where there is none; present: whether cells can be shown as slides
//
// What it asks of the page:
//
// keep    async {method, values, stamp, state} → {cells: [one], notes} as a JSON text; a viewer's “keep” event has the same detail
// read    async a JSON text → the same of all its cells
// write   async {form, text} → {name, type, data, cells, notes} as a JSON text: how many cells are in it, and why others are not
// reopen  {view, models, handle, link} → nothing: the page turns to a view. link: where a cell's words have one
// server  what the figure composer asks (figure.js)
//
// A cell is {view, weights, numbers, models, precision, picture, told}; told: it in words. What it says may be anybody's: it goes
// in as text alone, its picture as a PNG alone.

import {icon} from "../base/icons.js";
import {make} from "../base/parts.js";
import {save} from "../base/save.js";
import {number} from "../base/words.js";
import {keptCells} from "./cells.js";
import {composer} from "./figure.js";
import {presentation} from "./present.js";
import {requestOf, views} from "./values.js";

const PANEL = `
<details class="nb-fold"><summary>Notebook: what you kept (<b class="nb-count">0</b>)</summary><div class="nb-in" tabindex="-1">
  <p class="nb-hint">“keep” under a picture, or the key <kbd>k</kbd>, adds what is shown: picture, knobs, clip, numbers, weights. It stays in this browser: nothing is held on the server.</p>
  <div class="nb-bar">
    <button type="button" class="nb-keep">keep what is shown</button>
    <button type="button" class="nb-present" title="one large picture; the arrow keys go through what was kept">present</button>
    <span class="nb-group"><button type="button" class="nb-undo" title="undo (Ctrl+Z)">${icon("undo")} undo</button><button type="button" class="nb-redo" title="redo (Ctrl+Shift+Z)">${icon("redo")} redo</button></span>
    <span class="nb-group" role="group" aria-label="Export"><span class="nb-dim">export</span><span class="nb-forms"></span></span>
    <span class="nb-group"><button type="button" class="nb-read">open a JSON…</button><input class="nb-file" type="file" accept=".json,application/json" hidden></span>
  </div>
  <p class="nb-trouble" role="status" hidden></p><p class="nb-said" role="status"></p><ul class="nb-notes"></ul>
  <details class="nb-figure" hidden><summary>A figure for a paper, with its preview</summary><div></div></details>
  <ol class="nb-cells"></ol>
</div></details>`;
const CELL = `
<div class="nb-shown"><img alt="" loading="lazy" decoding="async"></div>
<div class="nb-words">
  <h4></h4>
  <p class="nb-chips"></p>
  <textarea rows="2" placeholder="your note"></textarea>
  <details class="nb-numbers"><summary>numbers</summary><table></table></details>
  <details class="nb-python"><summary>Python</summary><pre tabindex="0"></pre></details>
  <p class="nb-dim nb-weights"></p>
  <div class="nb-row">
    <span class="nb-grip" draggable="true" title="drag to another place" aria-hidden="true">${icon("grip")}</span>
    <button type="button" data-does="up" title="one place up" aria-label="One place up">${icon("up")}</button><button type="button" data-does="down" title="one place down" aria-label="One place down">${icon("down")}</button>
    <button type="button" data-does="open">open this view</button><button type="button" data-does="copy">copy as Python</button><button type="button" data-does="figure">figure…</button>
    <button type="button" data-does="delete">delete</button>
  </div>
</div>`;
const SAID_FOR = 6000,
  LOOKED_FOR = 30_000; // milliseconds: a word beside a viewer; until a view that is opened is there
const LONGEST = 12; // notes told at once

let cells = null; // {text() → all of them as a JSON text, bring(text, name)}

// A session's own part of what the page sends: the request of the tab that is seen, and all cells
export function session() {
  const method = Object.keys(views).find(one => document.querySelector(`#viewer-${one}`)?.offsetParent);
  return [method ? {...requestOf(method), method, state: views[method].state()} : {}, cells?.text() ?? ""];
}
// Cells that came with a session
export function bring(text) {
  if (text) cells?.bring(text, "the session");
}

export const notebook = ({element, server, trigger}, about) =>
  cellsIn(element.querySelector(".nb"), about, {
    keep: request => server.keep_view(request),
    read: text => server.read_cells(text),
    write: form => server.write_cells(form),
    reopen: view => trigger(about.reopen, view),
    server,
  });

export async function cellsIn(element, about, hooks) {
  element.innerHTML = PANEL;
  const $ = name => element.querySelector(".nb-" + name),
    kept = await keptCells(draw),
    items = new Map();
  let busy = 0,
    composing = null, // the figure composer, made when it is opened
    forget = () => {},
    shown = null; // the presentation

  // ---- keeping ------------------------------------------------------------------------------------------------------

  document.addEventListener("keep", async ({detail}) => {
    if (kept.cells.length >= about.cells) return say(`A notebook has up to ${about.cells} cells: export it and delete some.`);
    say("keeping…");
    const found = await ask(hooks.keep(detail));
    if (!found) return;
    add(found.cells.map(cell => ({...cell, handle: detail.values.clip})));
    say(`kept below as cell ${kept.cells.length}`, found.notes);
  });

  // What the server answers, or null when it is told what is wrong.
  async function ask(answer) {
    busy++;
    draw();
    const text = await answer.catch(() => null);
    busy--;
    draw();
    if (typeof text !== "string") return say("The server did not answer. What was kept before is still here.");
    const found = JSON.parse(text);
    return found.error ? say(found.error) : found;
  }

  function add(cells) {
    if (!kept.cells.length) $("fold").open = true;
    const name = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    kept.put([...kept.cells, ...cells.map(cell => ({...cell, id: name()}))]);
  }

  function say(text, notes = []) {
    const more = notes.length - LONGEST,
      shown = more > 0 ? [...notes.slice(0, LONGEST), `${more} more notes.`] : notes;
    $("said").textContent = text;
    $("notes").replaceChildren(...shown.map(note => Object.assign(make("li"), {textContent: note})));
    const beside = [...document.querySelectorAll(".vw-kept")];
    for (const one of beside) one.textContent = one.parentElement.offsetParent ? [text, ...shown].join(" ") : "";
    clearTimeout(say.timer);
    say.timer = setTimeout(() => {
      for (const one of beside) one.textContent = "";
    }, SAID_FOR);
    return null;
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------

  function draw() {
    shown?.changed();
    const {cells, can, trouble} = kept,
      has = new Set(cells.map(one => one.id));
    $("count").textContent = cells.length;
    $("undo").disabled = !can.undo;
    $("redo").disabled = !can.redo;
    for (const button of $("forms").children) button.disabled = !cells.length || busy > 0;
    $("hint").hidden = cells.length > 0;
    $("figure").hidden = !cells.length || !about.figure;
    composing?.changed();
    $("trouble").textContent = trouble;
    $("trouble").hidden = !trouble;
    for (const [id] of items) if (!has.has(id)) items.delete(id);
    const list = cells.map((one, i) => itemOf(one, i, cells.length)),
      now = [...$("cells").children];
    if (list.length !== now.length || list.some((one, i) => one !== now[i])) $("cells").replaceChildren(...list);
  }

  function itemOf(cell, place, count) {
    let item = items.get(cell.id);
    if (!item) items.set(cell.id, (item = filled(cell)));
    const note = item.querySelector("textarea");
    if (note.value !== cell.view.note && note !== document.activeElement) note.value = cell.view.note;
    note.setAttribute("aria-label", `Your note on cell ${place + 1}`);
    item.setAttribute("aria-label", `Cell ${place + 1} of ${count}: ${cell.told.title}`);
    item.querySelector("[data-does=up]").disabled = place === 0;
    item.querySelector("[data-does=down]").disabled = place === count - 1;
    return item;
  }

  function filled({id, picture, weights, numbers, told}) {
    const item = make("li", {class: "nb-cell", "data-id": id}),
      text = (tag, words) => Object.assign(make(tag), {textContent: words});
    item.innerHTML = CELL;
    const of = name => item.querySelector(name),
      marked = (name, words) => Object.assign(text("span", words), {className: name});
    of("img").src = `data:image/png;base64,${picture}`;
    of("img").alt = told.alt;
    of("h4").textContent = told.title;
    const chips = [marked("", told.clip), ...told.turned.map(one => marked("nb-turned", one))];
    if (!told.turned.length) chips.push(marked("", "knobs at their defaults"));
    if (told.edits) chips.push(marked("nb-turned", told.edits));
    if (told.compared.length) chips.push(marked("nb-against", `against ${told.compared.join(", ")}`));
    of(".nb-chips").append(...chips, ...told.texts.map(one => marked("nb-text", `“${one}”`)));
    of("textarea").maxLength = about.note;
    const rows = Object.entries(numbers).map(([stage, values]) => {
      const row = make("tr");
      row.append(text("th", told.names[stage] || stage), text("td", values.map(number).join(", ")));
      return row;
    });
    of("table").append(...rows);
    of(".nb-numbers").hidden = !rows.length;
    of("pre").textContent = told.python;
    for (const one of [".nb-python", "[data-does=copy]"]) of(one).hidden = !told.python;
    of("[data-does=figure]").hidden = !about.figure;
    of(".nb-weights").textContent = Object.values(weights).join("; ");
    return item;
  }

  // ---- what a reader does with a cell -------------------------------------------------------------------------------

  const at = id => kept.cells.findIndex(one => one.id === id);
  function move(id, to) {
    const cells = [...kept.cells],
      from = at(id);
    if (from < 0 || to < 0 || to >= cells.length || to === from) return;
    cells.splice(to, 0, ...cells.splice(from, 1));
    kept.put(cells);
    say(`moved to place ${to + 1}`);
  }

  const does = {
    up(id) {
      move(id, at(id) - 1);
    },
    down(id) {
      move(id, at(id) + 1);
    },
    delete(id) {
      const place = at(id);
      kept.put(kept.cells.filter(one => one.id !== id));
      say(`cell ${place + 1} deleted: undo brings it back`);
      $("undo").focus();
    },
    open(id) {
      const {view, models, handle, told} = kept.cells[at(id)];
      if (!view.compared) views[view.method]?.unpin?.();
      hooks.reopen({view: JSON.stringify(view), models, handle, link: told.link});
      look(view);
      say("opened on the page above");
    },
    figure(id) {
      compose(id);
      $("figure").open = true;
      $("figure").scrollIntoView({block: "nearest"});
    },
    async copy(id) {
      const {told} = kept.cells[at(id)],
        fold = items.get(id).querySelector(".nb-python");
      const copied = await navigator.clipboard?.writeText(told.python).then(
        () => true,
        () => false,
      );
      if (copied) return say("copied");
      fold.open = true; // a page without https may not copy
      getSelection().selectAllChildren(fold.querySelector("pre"));
      say("selected: copy it with Ctrl+C");
    },
  };

  function compose(id) {
    composing ??= composer($("figure").lastElementChild, about.figure, {cells: () => kept.cells, server: hooks.server, save});
    composing.show(id);
  }
  $("figure").ontoggle = () => $("figure").open && compose();

  // The frame and the overlay are no knobs: a viewer is told when what was opened is there.
  function look({method, frame, overlay, knobs}) {
    const host = () => document.querySelector(`#viewer-${method}`),
      same = told => Object.entries(knobs).every(([k, v]) => told[k] === v);
    const there = () => same(JSON.parse(host()?.querySelector(".vw")?.dataset.shown || "{}"));
    const turn = () => views[method]?.look({frame, overlay});
    const painted = ({target}) => {
      if (host()?.contains(target)) {
        turn();
        if (there()) soon();
      }
    };
    let settled = 0;
    const soon = () => {
      clearTimeout(settled);
      settled = setTimeout(forget, 1500);
    }; // a clip may still follow its knobs
    forget();
    const late = setTimeout(() => forget(), LOOKED_FOR),
      touched = ["pointerdown", "keydown"];
    forget = () => {
      clearTimeout(late);
      clearTimeout(settled);
      document.removeEventListener("painted", painted);
      for (const kind of touched) document.removeEventListener(kind, forget, true);
    };
    document.addEventListener("painted", painted);
    for (const kind of touched) document.addEventListener(kind, forget, true); // the reader goes on by himself
    if (there()) turn();
  }

  $("cells").onclick = ({target}) => {
    const button = target.closest("[data-does]"),
      id = target.closest(".nb-cell")?.dataset.id;
    if (!button) return;
    does[button.dataset.does](id);
    if (button.isConnected && button.dataset.does !== "delete")
      (button.disabled ? items.get(id).querySelector("[data-does]:enabled") : button).focus();
  };
  $("cells").oninput = ({target}) => {
    const id = target.closest(".nb-cell").dataset.id,
      view = one => ({...one.view, note: target.value});
    kept.put(
      kept.cells.map(one => (one.id === id ? {...one, view: view(one)} : one)),
      `note ${id}`,
    );
  };

  // dragged by its grip: it stands where it is dropped
  let dragged = null;
  $("cells").ondragstart = event => {
    if (!event.target.matches?.(".nb-grip")) return;
    dragged = event.target.closest(".nb-cell");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    event.dataTransfer.setDragImage(dragged, 0, 0);
    setTimeout(() => dragged?.classList.add("nb-dragged")); // after its picture was taken
  };
  $("cells").ondragover = event => {
    const over = event.target.closest(".nb-cell");
    if (!dragged) return;
    event.preventDefault();
    if (!over || over === dragged) return;
    const box = over.getBoundingClientRect();
    over[event.clientY > box.top + box.height / 2 ? "after" : "before"](dragged);
  };
  $("cells").ondrop = event => event.preventDefault();
  $("cells").ondragend = event => {
    if (!dragged) return;
    const [id, to] = [dragged.dataset.id, [...$("cells").children].indexOf(dragged)];
    dragged.classList.remove("nb-dragged");
    dragged = null;
    if (event.dataTransfer.dropEffect === "none") draw();
    else move(id, to);
  };

  // ---- undo, export, reading again ----------------------------------------------------------------------------------

  const step = name => {
    if (kept[name]()) say(name === "undo" ? "undone" : "done again");
  };
  $("undo").onclick = () => step("undo");
  $("redo").onclick = () => step("redo");
  element.addEventListener("keydown", event => {
    const key = event.key.toLowerCase();
    if (event.target.matches("textarea, input") || !(event.ctrlKey || event.metaKey) || !["z", "y"].includes(key)) return;
    event.preventDefault();
    step(key === "y" || event.shiftKey ? "redo" : "undo");
  });
  $("keep").onclick = () => {
    const seen = [...document.querySelectorAll(".vw-keep")].find(one => one.offsetParent);
    if (seen) seen.click();
    else say("There is nothing on the page yet.");
  };

  const parts = ["view", "weights", "numbers", "models", "precision", "picture"];
  const text = () =>
    JSON.stringify({
      what: "kept cells",
      version: 1,
      cells: kept.cells.map(one => Object.fromEntries(parts.map(part => [part, one[part]]))),
    });
  $("forms").replaceChildren(
    ...about.forms.map(form => {
      const button = Object.assign(make("button", {type: "button"}), {textContent: form});
      button.onclick = async () => {
        const all = text();
        if (all.length > about.bytes)
          return say(`A notebook is exported up to ${about.bytes / 1e6} MB: delete some cells first.`);
        say("writing…");
        const made = await ask(hooks.write({form, text: all, page: location.origin + location.pathname}));
        if (!made) return;
        save(made);
        say(
          `${made.name} is made of ${made.cells} of ${kept.cells.length} ${kept.cells.length === 1 ? "cell" : "cells"}`,
          made.notes,
        );
      };
      return button;
    }),
  );

  $("read").onclick = () => $("file").click();
  $("file").onchange = async () => {
    const [file] = $("file").files;
    $("file").value = "";
    if (!file) return;
    if (file.size > about.bytes) return say(`Kept cells are read up to ${about.bytes / 1e6} MB, and ${file.name} is larger.`);
    bringIn(await file.text(), file.name);
  };
  async function bringIn(all, name) {
    const found = await ask(hooks.read(all));
    if (!found) return;
    const room = about.cells - kept.cells.length,
      fitting = found.cells.slice(0, room),
      left = found.cells.length - fitting.length;
    if (fitting.length) add(fitting);
    say(
      `${fitting.length} ${fitting.length === 1 ? "cell" : "cells"} of ${name} added`,
      left ? [`${left} did not fit: a notebook has up to ${about.cells}.`, ...found.notes] : found.notes,
    );
  }
  cells = {text: () => (kept.cells.length ? text() : ""), bring: bringIn};

  $("fold").open = kept.cells.length > 0;
  draw();
  $("present").hidden = !about.present;
  if (about.present) shown = presentation({cells: () => kept.cells, open: does.open});
  $("present").onclick = () => shown.start();
  element.dataset.ready = "";
}
