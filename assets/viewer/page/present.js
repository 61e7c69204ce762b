// Presentation: one large picture, what is drawn of it beside it, one knob, and the notebook's cells as slides, each with its note.
// The page stays what it is: what a room need not see is hidden, and the viewer and its knob are where they were.
//
//   const shown = presentation({cells, open})     cells: () → the kept cells, in order; open: id → nothing, the page turns to it
//   shown.start()   shown.changed()               cells are others now

import {make, pageKeys} from "../base/parts.js";
import {seen} from "./sheet.js";
import {type} from "./values.js";

const ON = "presenting", // of the whole page
  PARAMETER = "present"; // of the address
const NONE = "Nothing is kept yet, so this is what the page shows. Press k to keep it: it becomes the first slide.";
// What a slide can do without, the first first (present.css knows what each is); then whole parts go, the lowest first: nothing on
// a slide is cut, and nothing scrolls.
const SPARE = ["axes", "legend", "notes", "scale", "room"],
  PART = ".vw-line, .vw-rule, .vw-bar, .vw-side > *, .sp-section, .rl-cards > *, .vw-found > *, .vw-least, .vw-title";
const BAR = `<p class="pr-note" role="status"></p><p class="pr-told"></p>
  <div class="pr-row"><button type="button" class="pr-before" aria-label="The kept view before">←</button><output class="pr-at"></output>
    <button type="button" class="pr-after" aria-label="The next kept view">→</button>
    <label>knob ↑↓ <select></select></label><button type="button" class="pr-end">end (Esc)</button></div>`;
const typing = one =>
  one.matches("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, [contenteditable=true]");

export function presentation({cells, open}) {
  pageKeys.push(
    ["← →", "presenting: the kept view before, after"],
    ["↑ ↓", "presenting: another knob"],
    ["+ -", "presenting: turn the knob"],
    ["Esc", "presenting: end"],
  );
  const bar = make("section", {class: "pr", "aria-label": "Presentation", hidden: ""});
  bar.innerHTML = BAR;
  document.body.append(bar);
  const $ = name => bar.querySelector(`.pr-${name}`),
    list = bar.querySelector("select");
  let on = false,
    at = null, // of the cells; null: none of them
    wish = null, // the symbol of the last knob that a slide has turned
    from = null; // what had the focus

  // ---- what a room sees: the viewer, and one knob ---------------------------------------------------------------------

  const knobs = () => [...(seen(".knobs")?.querySelectorAll('[id^="knob-"]') ?? [])];
  const nameOf = knob => (knob.querySelector("[data-testid=block-info]") ?? knob.querySelector("label")).textContent.trim();

  function mark() {
    for (const one of document.querySelectorAll(".pr-path")) one.classList.remove("pr-path", "pr-seen");
    drawn.disconnect();
    if (!on) return fit(true);
    const viewer = seen(".vw"),
      column = seen(".knobs"),
      known = knobs();
    for (const fold of column?.querySelectorAll("button.label-wrap:not(.open)") ?? [])
      if (/^More knobs/.test(fold.textContent.trim())) fold.click();
    if (known.map(one => one.id).join() !== [...list.options].map(one => one.value).join())
      list.replaceChildren(...known.map(one => Object.assign(make("option"), {value: one.id, textContent: nameOf(one)})));
    const turned = [...list.options].find(({text}) => text === wish || text.startsWith(`${wish} ·`));
    if (turned) list.value = turned.value;
    for (const end of [viewer, document.getElementById(list.value)].filter(Boolean)) {
      end.classList.add("pr-seen");
      for (let part = end; part !== document.documentElement; part = part.parentElement) part.classList.add("pr-path");
    }
    fit(true);
    for (const part of viewer?.children ?? []) drawn.observe(part);
    if (!document.activeElement.closest(".pr, .pr-seen")) viewer?.focus({preventScroll: true}); // its keys work: k keeps
  }

  // The slide within its window. again: what was left out may come back, for the window or the slide is another
  function fit(again) {
    const viewer = document.querySelector(".pr-seen.vw");
    if (again) {
      for (const one of document.querySelectorAll(".pr-spare")) one.classList.remove("pr-spare");
      for (const one of document.querySelectorAll(".vw[data-spare]")) delete one.dataset.spare;
    }
    if (!viewer) return;
    const over = () => viewer.scrollHeight > viewer.clientHeight + 1,
      foot = one => one.getBoundingClientRect().bottom,
      there = one => one.checkVisibility() && !one.matches(".pr-spare") && !one.querySelector(".vw-picture"),
      parts = () => [...viewer.querySelectorAll(PART)].filter(there);
    for (let n = 1; over() && n <= SPARE.length; n++) viewer.dataset.spare = SPARE.slice(0, n).join(" ");
    for (let left = parts(); over() && left.length; left = parts())
      left.reduce((low, one) => (foot(one) > foot(low) ? one : low)).classList.add("pr-spare");
  }
  const refit = () => fit(true),
    still = () => fit(false),
    drawn = new ResizeObserver(refit); // pictures are drawn anew after their column is another

  function tell() {
    const cell = cells()[at],
      count = cells().length;
    $("note").textContent = !count
      ? NONE
      : cell
        ? cell.view.note || cell.told.title
        : "What the page shows: → opens the first kept view.";
    $("told").textContent = cell ? [...cell.told.turned, cell.told.clip].join(" · ") : "";
    $("at").textContent = `${cell ? at + 1 : "–"} / ${count}`;
    $("before").disabled = !cell || at === 0;
    $("after").disabled = !count || at === count - 1;
  }

  // ---- what a speaker does --------------------------------------------------------------------------------------------

  function step(by) {
    const to = at === null ? 0 : at + by;
    if (!cells()[to]) return;
    at = to;
    wish = cells()[at].told.turned.at(-1)?.split(" = ")[0] ?? null;
    open(cells()[at].id);
    mark();
    tell();
  }
  function choose(by) {
    wish = null;
    list.selectedIndex = Math.max(0, Math.min(list.options.length - 1, list.selectedIndex + by));
    mark();
  }
  function turn(by) {
    const knob = document.getElementById(list.value),
      range = knob?.querySelector("input[type=range]"),
      boxes = [...(knob?.querySelectorAll("input[type=checkbox], input[type=radio]") ?? [])];
    if (range) {
      by > 0 ? range.stepUp() : range.stepDown();
      type(knob.querySelector("input[type=number]"), range.value);
    } else boxes[boxes.length === 1 ? 0 : boxes.findIndex(one => one.checked) + by]?.click();
  }
  const KEYS = {
    ArrowRight: () => step(1),
    PageDown: () => step(1),
    ArrowLeft: () => step(-1),
    PageUp: () => step(-1),
    ArrowDown: () => choose(1),
    ArrowUp: () => choose(-1),
    "+": () => turn(1),
    "-": () => turn(-1),
    Escape: end,
  };
  function key(event) {
    const does = KEYS[event.key];
    if (!does || event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key.startsWith("Arrow"))) return;
    if (document.querySelector("dialog[open]") || (typing(event.target) && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // an arrow is no step of the frame, nor of a slider that has the focus
    does();
  }

  function put(now) {
    const here = new URL(location.href);
    on = now;
    bar.hidden = !on;
    document.documentElement.classList.toggle(ON, on);
    here.searchParams.delete(PARAMETER);
    here.search = [here.searchParams, ...(on ? [PARAMETER] : [])].join("&").replace(/^&/, "");
    history.replaceState(history.state, "", here);
    mark();
    tell();
    on ? addEventListener("resize", refit) : removeEventListener("resize", refit);
    for (const [kind, does] of Object.entries({keydown: key, seen: mark, painted: still}))
      on ? document.addEventListener(kind, does, true) : document.removeEventListener(kind, does, true);
  }
  function start() {
    from = document.activeElement;
    at = null;
    put(true);
    scrollTo(0, 0);
    if (cells().length) step(0);
    else if (!seen(".vw")) document.querySelector("[role=tab]").click(); // a tab without a picture is no slide
  }
  function end() {
    put(false);
    from?.focus?.();
  }
  $("before").onclick = () => step(-1);
  $("after").onclick = () => step(1);
  $("end").onclick = end;
  list.onchange = () => choose(0);
  if (new URLSearchParams(location.search).has(PARAMETER)) {
    const begin = () => {
      if (!seen(".vw[data-shown]")) return;
      document.removeEventListener("painted", begin);
      put(true);
    };
    document.addEventListener("painted", begin);
    begin();
  }
  return {
    start,
    changed() {
      if (at !== null && !cells()[at]) at = cells().length ? cells().length - 1 : null;
      if (on) tell();
    },
  };
}
