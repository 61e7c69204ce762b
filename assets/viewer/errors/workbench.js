// A run, clip by clip: what fits the filters as a table, as pictures or on a map, one clip beside it, and another setting held
// against it.
//
// A message to the server is the run, A, B and filters, as app/errors/questions.py reads them. An answer that is older than a
// later question is dropped.

import {lookOf, places} from "../page/values.js";
import {readAddress, writeAddress} from "./address.js";
import {drawChooser, options} from "./chooser.js";
import {drawDetail} from "./detail.js";
import {takeAlong} from "./export.js";
import {drawBars, drawChips} from "./filters.js";
import {foldsOf} from "./folds.js";
import {hearKeys, typing} from "./keys.js";
import {LAYOUT, NARROW} from "./layout.js";
import {drawMap} from "./map.js";
import {marksOf} from "./marks.js";
import {drawMovers} from "./movers.js";
import {drawNeighbours} from "./neighbours.js";
import {drawPages, summary} from "./pages.js";
import {drawGallery, drawTable, markCurrent} from "./rows.js";
import {drawFlips, swapped} from "./versus.js";
import {tryOut} from "./whatif.js";

const LOOK = 3000; // milliseconds between two looks at a run that goes on
const NAMING = ["clip_id", "path", "why", "group", "clip_key", "setting", "shard"]; // of which there are no bars

export async function workbench(root, {run, stage, most, forms, linked, server, trigger, host}) {
  root.innerHTML = LAYOUT;
  const $ = name => root.querySelector(`.er-${name}`),
    field = name => root.querySelector(`.er-top [name=${name}]`),
    start = {
      ...{run, a: "", b: "", f: [], s: "clip_id", d: false, p: 0, v: "table", clip: "", cols: null},
      ...{colour: "", of: "", reader: ""}, // of the map's points, what a failure is, who looks for things
    };
  const state = {...start, ...readAddress(linked, start)},
    chosen = new Set();
  let about = null,
    columns = new Map(),
    rows = null,
    detail = null,
    turn = 0,
    soon = 0;
  if (root.clientWidth < NARROW) $("left").open = false;

  const message = (more = {}) => ({run: state.run, a: state.a, b: state.b || null, filters: state.f, ...more});
  async function ask(name, more) {
    const answer = await server[name](message(more)).catch(() => null),
      found = typeof answer === "string" ? JSON.parse(answer) : {error: "The server did not answer."};
    $("wrong").hidden = !found?.error;
    $("wrong").textContent = found?.error ?? "";
    return found?.error ? null : found;
  }
  const address = () => host.offsetParent && writeAddress(state, start);
  const setting = () => about.settings.find(one => one.id === state.a);
  const names = () => (state.cols ?? setting().first).filter(name => columns.has(name));
  const counted = name => !NAMING.includes(name) && columns.get(name)?.kind !== "texts";

  async function begin() {
    about = await ask("overview");
    clearTimeout(soon);
    if (!about) return void (soon = setTimeout(() => host.offsetParent && begin(), LOOK)); // of a run of which nothing is there yet
    if (!setting()) state.a = about.settings[0].id;
    if (state.b === state.a || !about.settings.some(one => one.id === state.b)) state.b = "";
    columns = new Map(setting().columns.map(one => [one.name, one]));
    if (!columns.has(state.s)) state.s = "clip_id"; // another method's column
    options(
      field("run"),
      about.runs.map(one => [one, one]),
      state.run,
    );
    options(
      field("a"),
      about.settings.map(one => [one.id, one.words]),
      state.a,
    );
    const others = about.settings.filter(one => one.id !== state.a && one.method === setting().method);
    options(field("b"), [["", "none"], ...others.map(one => [one.id, one.words])], state.b);
    $("runs").hidden = about.runs.length < 2;
    $("second").hidden = !others.length;
    $("swap").hidden = !state.b;
    $("try").hidden = !setting().knobs.length || !columns.has("right");
    $("confused").hidden = !columns.has("right");
    $("bins").hidden = !Object.keys(setting().readers).length;
    drawChooser(root.querySelector(".er-choose > div"), columns, names(), cols => {
      state.cols = cols;
      look();
    });
    marks.drawSlices();
    whatif.about();
    await look();
    clearTimeout(soon);
    if (about.state === "running") soon = setTimeout(() => host.offsetParent && begin(), LOOK);
  }

  // ---- what fits the filters ----------------------------------------------------------------------------------------

  async function look() {
    const now = ++turn,
      limit = state.v === "gallery" ? about.tiles : about.page,
      wanted = state.v === "table" ? names() : ["label", "pred", "right"].filter(name => columns.has(name));
    drawChips($("chips"), state.f, columns, filter);
    for (const one of root.querySelectorAll("[data-view]"))
      one.setAttribute("aria-pressed", String(one.dataset.view === state.v));
    address();
    const found = await ask("rows", {
      names: wanted.length ? wanted : ["clip_id"],
      sort: state.s,
      descending: state.d,
      offset: state.p * limit,
      limit,
      pictures: state.v === "gallery",
    });
    if (!found || now !== turn) return;
    rows = found;
    $("said").textContent = summary(found, setting().done, about.clips, state.b);
    const does = {sort, look: id => show(id), choose};
    const how = {sort: state.s, descending: state.d, chosen};
    if (state.v === "map") await map(now);
    else if (state.v === "table") drawTable($("rows"), found, names(), columns, how, does);
    else drawGallery($("rows"), found, columns, about.frames, how, does);
    if (now !== turn) return;
    markCurrent($("rows"), state.clip, false);
    drawPages($("pages"), found, state, limit);
    root.dataset.shown = JSON.stringify({total: found.total, ids: found.rows.map(row => row.clip_id)});
    if (state.clip) show(state.clip, false);
    const shown = names().filter(counted),
      bars = await ask("bars", {names: shown.length ? shown : ["status"]});
    if (bars && now === turn) drawBars($("facets"), bars.columns, state.f, columns, filter);
    folds.look();
    const pair = state.b ? await ask("comparison", {filters: state.f.filter(one => one[0] !== "beside")}) : null;
    if (now !== turn) return;
    $("flips").hidden = !pair?.n;
    if (!pair?.n) return;
    drawFlips($("flips"), pair, state.f, filter);
    drawMovers($("flips"), pair, id => show(id));
  }

  async function map(now) {
    if (!$("map")) $("rows").textContent = "The map is being drawn: the first time this takes some seconds.";
    const found = await ask("atlas", {colour: columns.has(state.colour) ? state.colour : null});
    if (!found || now !== turn) return;
    drawMap(
      $("rows"),
      found,
      columns,
      {filters: state.f, clip: state.clip},
      {
        colour: name => {
          state.colour = name;
          look();
        },
        filter,
        show: id => show(id),
      },
    );
  }

  const folds = foldsOf({ask, state, setting, has: name => columns.has(name), filter, address}, $);

  // ---- one clip -----------------------------------------------------------------------------------------------------

  async function show(id, focus = true) {
    state.clip = id;
    markCurrent($("rows"), id, focus);
    address();
    const found = await ask("clip", {clip: id});
    if (!found || state.clip !== id) return;
    detail = found;
    redraw();
    if (focus && root.clientWidth < NARROW) $("right").scrollIntoView({block: "start"}); // it lies below the rows there
  }
  function redraw() {
    const given = {setting: setting(), columns, frames: about.frames, tags: about.tags, beside: !!state.b};
    const writing = $("right").dataset.clip === detail.row.clip_id && $("right").contains(document.activeElement),
      held = writing && typing(document.activeElement) ? document.activeElement : null;
    if (held) held.onblur = null; // it goes on in the box that takes its place
    drawDetail($("right"), detail, given, {stage: open, tag: marks.tag, note: marks.note, near});
    $("right").dataset.clip = detail.row.clip_id;
    const box = held && $(held.className.slice("er-".length));
    if (!box) return;
    box.value = held.value;
    box.focus({preventScroll: true});
    box.setSelectionRange(held.selectionStart, held.selectionEnd);
  }
  async function near(box) {
    const id = detail.row.clip_id,
      found = await ask("neighbours", {clip: id});
    if (found && detail.row.clip_id === id) drawNeighbours(box, found, about.frames, one => show(one));
  }
  const open = () => {
    scrollTo(0, 0);
    trigger(stage, {run: state.run, a: state.a, clip: state.clip});
  };

  const marks = marksOf({ask, state, about: () => about, clip: () => detail.row.clip_id, filter, changed}, $);
  function changed(found, subject, said) {
    about.tags = found.tags;
    about.slices = found.slices;
    if (subject && detail?.row.clip_id === subject) {
      Object.assign(detail, {tags: found.of, note: found.note});
      redraw();
      $("saved").textContent = said; // the server has it on the disk by now
    }
    if (rows && subject) {
      rows.tags[subject] = found.of;
      look();
    }
    marks.drawSlices();
  }

  // ---- what is looked at --------------------------------------------------------------------------------------------

  function filter(filters) {
    Object.assign(state, {f: filters, p: 0});
    marks.drawSlices();
    look();
  }
  function sort(name) {
    Object.assign(state, state.s === name ? {d: !state.d} : {s: name, d: false}, {p: 0});
    look();
  }
  function choose(id) {
    if (!chosen.delete(id)) chosen.add(id);
    const box = [...$("rows").querySelectorAll("tr")].find(one => one.dataset.id === id)?.querySelector("input");
    if (box) box.checked = chosen.has(id);
    else look();
    whatif.changed();
  }
  function view(name) {
    Object.assign(state, {v: name, p: 0});
    look();
  }
  function swap() {
    if (!state.b) return;
    state.f = swapped(state.f);
    [state.a, state.b] = [state.b, state.a];
    begin();
  }
  function step(by) {
    const ids = rows?.rows.map(row => row.clip_id) ?? [],
      at = ids.indexOf(state.clip),
      next = ids[at < 0 ? 0 : at + by];
    if (next) show(next);
  }

  const whatif = tryOut(root.querySelector(".er-try > div"), {
    most,
    chosen,
    ask,
    server,
    setting: () => setting(),
    show,
    all: () => rows?.rows ?? [],
    choose: ids => {
      for (const id of ids) chosen.add(id);
      look();
      whatif.changed();
    },
  });
  takeAlong(root.querySelector(".er-take > div"), {forms, ask, many: () => rows?.total ?? 0});
  hearKeys(host, root, {
    keys: {
      j: () => step(1),
      k: () => step(-1),
      x: () => state.clip && choose(state.clip),
      g: () => view("gallery"),
      t: () => view("table"),
      m: () => view("map"),
      a: swap,
      u: marks.undo,
      n: () => $("write")?.focus(),
      "/": () => ($("left").open = true) && $("find").focus(),
    },
    digit: place => {
      const name = detail && about.tags[place];
      if (name) marks.tag(name, !detail.tags.includes(name));
      return !!name;
    },
    enter: () => {
      if (detail?.opens) root.querySelector("[data-does=open]").click(); // a click is a step of the browser's history
      return !!detail?.opens;
    },
  });
  for (const name of ["run", "a", "b"])
    field(name).onchange = () => {
      if (name === "run") {
        Object.assign(state, {...start, v: state.v});
        chosen.clear();
      }
      state[name] = field(name).value;
      if (!state.b) state.f = state.f.filter(one => one[0] !== "beside");
      begin();
    };
  $("swap").onclick = swap;
  for (const one of root.querySelectorAll("[data-view]")) one.onclick = () => view(one.dataset.view);
  for (const one of root.querySelectorAll("[data-to]"))
    one.onclick = () => {
      state.p += +one.dataset.to;
      look();
    };
  let typed = 0;
  $("find").oninput = () => {
    clearTimeout(typed);
    typed = setTimeout(() => {
      const rest = state.f.filter(one => !(one[0] === "clip_id" && one[1] === "has")),
        letters = $("find").value.trim();
      filter(letters ? [...rest, ["clip_id", "has", letters]] : rest);
    }, 250);
  };

  places.errors = {host, state: () => ({...state})};
  document.addEventListener("linked", () => {
    const look = lookOf("errors"); // Back, or Forward
    if (!look) return;
    Object.assign(state, start, readAddress(look, start));
    begin();
  });
  await begin();
  document.dispatchEvent(new Event("seen"));
  let width = root.clientWidth;
  return {
    seen() {
      address();
      if (!about) begin();
      else if (root.clientWidth && Math.abs(root.clientWidth - width) > 40) {
        width = root.clientWidth;
        look();
      }
    },
  };
}
