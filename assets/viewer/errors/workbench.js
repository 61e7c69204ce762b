// A run, clip by clip: what fits the filters as a table or as pictures, one clip beside it, and another setting held against it.
//
// What is looked at is in the address (?errors=…), so that a link or a reload shows the same. A message to the server is the run,
// A, B and filters, as app/errors/questions.py reads them. An answer that is older than a later question is dropped.

import {make} from "../base/parts.js";
import {lookOf, places} from "../page/values.js";
import {button, FLIPS, glossed, percent, text, words} from "./cells.js";
import {drawConfusion} from "./confusion.js";
import {drawDetail} from "./detail.js";
import {takeAlong} from "./export.js";
import {drawBars, drawChips} from "./filters.js";
import {drawGallery, drawTable, markCurrent} from "./rows.js";
import {tryOut} from "./whatif.js";

const PAGE = `
<section class="vw-fold er" aria-label="Errors: a run, clip by clip">
  <div class="er-top">
    <label class="er-runs">run <select name="run"></select></label>
    <label>A <select name="a"></select></label><label class="er-second">B <select name="b"></select></label>
    <button type="button" class="er-swap" title="A and B in each other's place (a)">swap</button>
    <p class="er-said" role="status"></p>
    <span class="er-views" role="group" aria-label="View"><button type="button" data-view="table" title="t">table</button><button type="button" data-view="gallery" title="g">gallery</button></span>
  </div>
  <p class="er-wrong" role="alert" hidden></p>
  <div class="er-flips" hidden></div>
  <div class="er-main">
    <details class="er-left" open><summary>Filters</summary>
      <div class="er-chips"></div>
      <input class="er-find" type="search" placeholder="letters of a clip's name (/)" aria-label="Letters of a clip's name">
      <div class="er-slices"></div>
      <details class="er-choose"><summary>columns and histograms</summary><div></div></details>
      <div class="er-facets"></div>
    </details>
    <div class="er-mid">
      <details class="er-confused"><summary>Confusion: what is taken for what</summary><div></div></details>
      <div class="er-rows" tabindex="-1"></div>
      <div class="er-pages"><button type="button" data-to="-1">before</button><span></span><button type="button" data-to="1">next</button></div>
      <p class="er-dim er-keys"><kbd>j</kbd> <kbd>k</kbd> next, before · <kbd>Enter</kbd> on the stage · <kbd>x</kbd> choose · <kbd>1</kbd>–<kbd>9</kbd> tag · <kbd>n</kbd> note · <kbd>g</kbd> <kbd>t</kbd> gallery, table · <kbd>a</kbd> swap · <kbd>/</kbd> find · <kbd>u</kbd> undo</p>
      <details class="er-take"><summary>Export: these clips as a table, notebook, figure, for FiftyOne or Embedding Atlas</summary><div></div></details>
      <details class="er-try"><summary>What if: turn a knob on the chosen clips</summary><div></div></details>
    </div>
    <aside class="er-right" aria-label="The clip"><p class="er-dim">Choose a clip: click it, or press j.</p></aside>
  </div>
</section>`;
const LOOK = 3000; // milliseconds between two looks at a run that goes on
const NARROW = 720;

export async function workbench(root, {run, stage, most, forms, linked, server, trigger, host}) {
  root.innerHTML = PAGE;
  const $ = name => root.querySelector(`.er-${name}`),
    field = name => root.querySelector(`.er-top [name=${name}]`),
    start = {run, a: "", b: "", f: [], s: "clip_id", d: false, p: 0, v: "table", clip: "", cols: null};
  const state = {...start, ...read(linked)},
    chosen = new Set();
  let about = null,
    columns = new Map(),
    rows = null,
    detail = null,
    turn = 0,
    soon = 0;
  if (root.clientWidth < NARROW) $("left").open = false;

  // ---- asking -------------------------------------------------------------------------------------------------------

  const message = (more = {}) => ({run: state.run, a: state.a, b: state.b || null, filters: state.f, ...more});
  async function ask(name, more) {
    const answer = await server[name](message(more)).catch(() => null),
      found = typeof answer === "string" ? JSON.parse(answer) : {error: "The server did not answer."};
    $("wrong").hidden = !found?.error;
    $("wrong").textContent = found?.error ?? "";
    return found?.error ? null : found;
  }

  const setting = () => about.settings.find(one => one.id === state.a);
  const names = () => (state.cols ?? setting().first).filter(name => columns.has(name));

  async function begin() {
    about = await ask("overview");
    clearTimeout(soon);
    if (!about) return void (soon = setTimeout(() => host.offsetParent && begin(), LOOK)); // of a run of which nothing is there yet
    if (!setting()) state.a = about.settings[0].id;
    if (state.b === state.a || !about.settings.some(one => one.id === state.b)) state.b = "";
    columns = new Map(setting().columns.map(one => [one.name, one]));
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
    chooser();
    slices();
    whatif.about();
    await look();
    clearTimeout(soon);
    if (about.state === "running") soon = setTimeout(() => host.offsetParent && begin(), LOOK);
  }

  async function look() {
    const now = ++turn,
      limit = state.v === "table" ? about.page : about.tiles,
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
    $("said").textContent = told(found);
    const does = {sort, look: id => show(id), choose};
    const how = {sort: state.s, descending: state.d, chosen};
    if (state.v === "table") drawTable($("rows"), found, names(), columns, how, does);
    else drawGallery($("rows"), found, columns, about.frames, how, does);
    markCurrent($("rows"), state.clip, false);
    const last = Math.max(0, Math.ceil(found.total / limit) - 1),
      known = found.known < found.total ? `, ${words(state.s)} known for ${found.known} of ${found.total}` : "";
    root.querySelector(".er-pages span").textContent = found.total
      ? `${state.p * limit + 1} to ${Math.min(found.total, (state.p + 1) * limit)} of ${found.total}${known}`
      : "No clip fits these filters.";
    for (const one of root.querySelectorAll("[data-to]"))
      one.disabled = state.p + +one.dataset.to < 0 || state.p + +one.dataset.to > last;
    root.dataset.shown = JSON.stringify({total: found.total, ids: found.rows.map(row => row.clip_id)});
    if (state.clip) show(state.clip, false);
    const bars = await ask("bars", {
      names: names()
        .filter(counted)
        .concat(names().some(counted) ? [] : ["status"]),
    });
    if (bars && now === turn) drawBars($("facets"), bars.columns, state.f, columns, filter);
    if ($("confused").open) confuse();
    await compareNow(now);
  }

  const NAMING = ["clip_id", "path", "why", "group", "clip_key", "setting", "shard"];
  const counted = name => !NAMING.includes(name) && columns.get(name)?.kind !== "texts";

  function told({stats, beside, total}) {
    const done = setting().done,
      far = done < about.clips ? ` · first ${done} of ${about.clips}` : "",
      share = one => `${percent(one.accuracy)} (${percent(one.low)} to ${percent(one.high)})`;
    const left = stats.left_out ? `, ${stats.left_out} left out` : "";
    if (!stats.n) return `${total} clips${left}${far}`;
    const second = beside?.n ? ` · B ${share(beside)}` : "";
    return `n = ${stats.n}${left} · ${state.b ? "A " : ""}${share(stats)} right${second}${far}`;
  }

  async function compareNow(now) {
    const found = state.b ? await ask("compared", {filters: state.f.filter(one => one[0] !== "beside")}) : null;
    if (now !== turn) return;
    $("flips").hidden = !found?.n;
    if (!found?.n) return;
    const own = state.f.find(one => one[0] === "beside"),
      rest = state.f.filter(one => one !== own);
    $("flips").replaceChildren(
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

  async function confuse() {
    const found = await ask("confused");
    if (found)
      drawConfusion(root.querySelector(".er-confused > div"), found, chosen => {
        const rest = state.f.filter(one => !["label", "pred"].includes(one[0]));
        filter([...rest, ...Object.entries(chosen).map(([name, value]) => [name, "eq", value])]);
      });
  }

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
    drawDetail($("right"), detail, given, {stage: open, tag, note});
    $("right").dataset.clip = detail.row.clip_id;
    const box = held && $(held.className.slice("er-".length));
    if (!box) return;
    box.value = held.value;
    box.focus({preventScroll: true});
    box.setSelectionRange(held.selectionStart, held.selectionEnd);
  }

  const open = () => {
    scrollTo(0, 0);
    trigger(stage, {run: state.run, a: state.a, clip: state.clip});
  };

  async function mark(what) {
    const subject = detail.row.clip_id,
      found = await ask("mark", {
        kind: what.kind,
        subject: what.kind === "slice" ? "" : subject,
        name: what.name ?? "",
        value: what.value,
      });
    return found && marked(found, subject, "saved");
  }

  function marked(found, subject, words) {
    about.tags = found.tags;
    about.slices = found.slices;
    if (subject && detail?.row.clip_id === subject) {
      Object.assign(detail, {tags: found.of, note: found.note});
      redraw();
      $("saved").textContent = words; // the server has it on the disk by now
    }
    if (rows && subject) {
      rows.tags[subject] = found.of;
      look();
    }
    slices();
    return true;
  }

  const tag = (name, on) => mark({kind: "tag", name, value: on || null});
  const note = value => mark({kind: "note", value});
  async function undo() {
    const found = await ask("unmark");
    if (found?.change) marked(found, found.change.subject, "undone");
    else if (found && $("saved")) $("saved").textContent = "There is nothing to undo.";
  }

  function slices() {
    const name = make("input", {
      placeholder: "name these filters, Enter",
      maxlength: "60",
      "aria-label": "A name for these filters",
    });
    name.onkeydown = async event => {
      if (event.key !== "Enter" || !name.value.trim()) return;
      const found = await ask("mark", {kind: "slice", name: name.value.trim(), value: state.f, subject: ""});
      if (found) marked(found, "", "");
    };
    const known = Object.entries(about.slices).map(([said, filters]) =>
      button(said, () => filter(filters), {class: "er-slice"}),
    );
    $("slices").replaceChildren(...known, ...(state.f.length ? [name] : []));
  }

  // ---- what is looked at --------------------------------------------------------------------------------------------

  function filter(filters) {
    Object.assign(state, {f: filters, p: 0});
    slices();
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
    const other = {fixed: "broken", broken: "fixed"};
    state.f = state.f.map(one => (one[0] === "beside" ? [one[0], one[1], other[one[2]] ?? one[2]] : one));
    [state.a, state.b] = [state.b, state.a];
    begin();
  }
  function step(by) {
    const ids = rows?.rows.map(row => row.clip_id) ?? [],
      at = ids.indexOf(state.clip),
      next = ids[at < 0 ? 0 : at + by];
    if (next) show(next);
  }

  function chooser() {
    const box = root.querySelector(".er-choose > div");
    box.replaceChildren(
      ...[...columns.values()].map(one => {
        const label = make("label", {title: one.says}),
          check = Object.assign(make("input", {type: "checkbox"}), {checked: names().includes(one.name)});
        check.onchange = () => {
          const now = names().filter(name => name !== one.name);
          state.cols = check.checked ? [...now, one.name] : now;
          look();
        };
        label.append(check, document.createTextNode(` ${words(one.name)}`));
        return label;
      }),
    );
  }

  // ---- the address --------------------------------------------------------------------------------------------------

  function read(said) {
    try {
      const found = typeof said === "object" ? (said ?? {}) : JSON.parse(said || "{}"),
        fits = ([name, value]) =>
          name in start && (start[name] === null ? Array.isArray(value) : typeof value === typeof start[name]);
      return Object.fromEntries(Object.entries(found).filter(fits));
    } catch {
      return {};
    }
  }
  function address() {
    if (!host.offsetParent) return;
    const differs = Object.entries(state).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(start[name])),
      here = new URL(location.href);
    const own = [...here.searchParams].filter(([name]) => name.startsWith("__"));
    here.search = new URLSearchParams([...own, ["errors", JSON.stringify(Object.fromEntries(differs))]]);
    if (here.href !== location.href) history.replaceState(history.state, "", here);
  }

  // ---- with keys and by hand ----------------------------------------------------------------------------------------

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
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    x: () => state.clip && choose(state.clip),
    g: () => view("gallery"),
    t: () => view("table"),
    a: swap,
    u: undo,
    n: () => $("write")?.focus(),
    "/": () => ($("left").open = true) && $("find").focus(),
  };
  const typing = one => one.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable=true]");
  // before the page's own keys, of which some are the same
  document.addEventListener(
    "keydown",
    event => {
      if (!host.offsetParent || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]"))
        return;
      const {key, target} = event;
      if (key === "t" && document.querySelector(".tour:not([hidden])")) return; // back to the tour's card
      if (typing(target)) return void (key === "Escape" && root.contains(target) && target.blur());
      if (target !== document.body && !root.contains(target)) return;
      const at = /^[1-9]$/.test(key) && detail ? about.tags[key - 1] : null,
        onRow = target === document.body || target.matches("[data-id], .er-rows");
      if (at) tag(at, !detail.tags.includes(at));
      else if (key === "Enter" && onRow && detail?.opens)
        root.querySelector("[data-does=open]").click(); // a click is a step of the browser's history
      else if (KEYS[key]) KEYS[key]();
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
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
  $("confused").ontoggle = () => $("confused").open && confuse();
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
    Object.assign(state, start, read(look));
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

function options(select, pairs, value) {
  select.replaceChildren(...pairs.map(([name, said]) => Object.assign(text("option", said), {value: name})));
  select.value = value;
}
