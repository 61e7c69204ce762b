import {pretty, safe} from "./words.js";

export const EXAMPLES = `<div class="vw-examples" role="group" aria-label="Example clips"></div>`;
const WAIT = `<div class="vw-wait" role="status" hidden></div>`,
  FAR = `<div class="vw-far" role="status" hidden><progress max="1"></progress><span></span><button type="button">stop</button></div>`;
export const PICTURE = `<div class="vw-picture"><canvas class="vw-canvas" role="img"></canvas>${WAIT}</div>
  ${FAR}`;
export const WAITING = `<div class="vw-waiting">${WAIT}${FAR}</div>`; // of a frame without a picture
export const HELP = `<button class="vw-help-open" aria-label="Keys and help" title="keys (?)">?</button>`;
export const FOOT = `
  <details class="vw-ledger"><summary></summary><div class="vw-stages"></div><div class="vw-source"></div></details>
  <div class="vw-weights"></div>
  <dialog class="vw-help" aria-label="Keys"><h4>Keys</h4><dl></dl><p>Keys work while the viewer, or nothing else, has the focus.</p>
    <form method="dialog"><button>close</button></form></dialog>`;

export function exampleButtons($, examples, hooks, say) {
  $("examples").hidden = !examples?.length;
  $("examples").replaceChildren(
    ...(examples || []).map(one => {
      const button = make("button", {type: "button", title: one.title, "data-title": one.title, "aria-pressed": "false"});
      button.innerHTML = `<img src="${one.thumb}" alt=""><span>${safe(one.title)}</span>`;
      button.onclick = () => {
        if (button.ariaPressed !== "true") say("reading the clip…");
        hooks.pick?.(one.name);
      };
      return button;
    }),
  );
}

export const pressExample = ($, caption) => {
  for (const button of $("examples").children) button.setAttribute("aria-pressed", button.dataset.title === caption);
};

// A button for every map that may lie over the picture, and one for none. keyOf: (place, map) → its key; none: that of no map
export const overlayButtons = (box, maps, keyOf, none, choose) =>
  box.replaceChildren(
    ...maps.map((one, i) => {
      const title = `${one.title} (${keyOf(i, one)})`,
        button = make("button", {type: "button", role: "radio", title, "data-stage": one.stage});
      button.innerHTML = pretty(one.symbol);
      button.onclick = () => choose(one.stage);
      return button;
    }),
    Object.assign(make("button", {type: "button", role: "radio", title: `no overlay (${none})`, "data-stage": "none"}), {
      textContent: "none",
      onclick: () => choose("none"),
    }),
  );

// → draw(trace): every stage, whether it ran, its milliseconds and shape; a click shows its sentence and source
export function ledgerOf($, stages) {
  let opened = null,
    shown = null;
  function draw(trace) {
    shown = trace;
    const told = trace.ledger,
      run = stages.filter(one => told[one.name]);
    const ran = run.filter(one => told[one.name][0] !== null),
      ms = ran.reduce((sum, one) => sum + told[one.name][0], 0);
    $("ledger").querySelector("summary").textContent =
      `Stages: ${ran.length} ran (${ms.toFixed(0)} ms), ${run.length - ran.length} reused`;
    if ($("weights").textContent !== trace.weights.join("  ·  ")) $("weights").textContent = trace.weights.join("  ·  ");
    $("weights").classList.toggle("vw-untrained", /untrained|random/i.test(trace.weights.join()));
    if (!$("ledger").open) return; // two dozen buttons that nobody sees would be laid out at every move
    $("stages").innerHTML = stages
      .map((one, i) => {
        const [took, shape] = told[one.name] || [undefined, ""];
        const state =
          took === undefined ? "waiting" : took === null ? "reused" : `${took < 10 ? took.toFixed(1) : took.toFixed(0)} ms`;
        return `<button type="button" class="${typeof took === "number" ? "vw-ran" : ""}" data-i="${i}" aria-expanded="${opened === i}"><b>${one.name}</b><span>${state}</span><small>${shape}</small></button>`;
      })
      .join("");
  }
  $("ledger").ontoggle = () => shown && draw(shown);
  $("stages").onclick = event => {
    const button = event.target.closest("button");
    if (!button) return;
    opened = opened === +button.dataset.i ? null : +button.dataset.i;
    const one = stages[opened];
    $("source").innerHTML = one
      ? `<p>${safe(one.doc)}</p><p>moves with ${one.knobs.length ? one.knobs.map(pretty).join(", ") : "the clip or the texts only"}</p><pre>${safe(one.source)}</pre>`
      : "";
    draw(shown);
    $("stages").querySelector(`[data-i="${button.dataset.i}"]`).focus();
  };
  return draw;
}

// Keys work in the viewer, and on the page while nothing else has the focus. press: (key, event) → whether it was one.
// keep: keeps what is shown, where there is something to keep it in.
export const pageKeys = []; // [[key, what it does], …] of the page around, if it has any
const KEEP = ["k", "keep what is shown in the notebook below"];
export function keysOf(root, $, lines, press, release, keep) {
  function key(event) {
    const {key: k, target} = event;
    if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
    if (target.matches("input") && /^(Arrow|Home|End|Page)/.test(k)) return;
    if (target.matches("button, summary") && (k === " " || k === "Enter")) return;
    if (k === "?") help();
    else if (k === KEEP[0] && keep) keep();
    else if (press(k, event) === false) return;
    event.preventDefault();
  }
  const outside = event => {
    if (event.target === document.body && root.offsetParent) key(event);
  };
  root.addEventListener("keydown", key);
  document.addEventListener("keydown", outside);
  document.addEventListener("keyup", release);
  $("help-open").onclick = help;
  if (keep) {
    const button = make("button", {class: "vw-keep", type: "button", title: `${KEEP[1]} (${KEEP[0]})`});
    $("help-open").before(Object.assign(button, {textContent: "keep", onclick: keep}));
    $("help-open").after(make("span", {class: "vw-kept", role: "status"}));
    lines = [...lines.slice(0, -1), KEEP, ...lines.slice(-1)];
  }
  function help() {
    $("help").querySelector("dl").innerHTML = [...lines, ...pageKeys]
      .map(
        ([k, does]) =>
          `<dt>${k
            .split(" ")
            .map(one => (one === "+" ? "+" : `<kbd>${one}</kbd>`))
            .join(" ")}</dt><dd>${does}</dd>`,
      )
      .join("");
    $("help").showModal();
  }
  return () => {
    document.removeEventListener("keydown", outside);
    document.removeEventListener("keyup", release);
  };
}

// “truth of the file …”: what was edited may say otherwise
export const ofFile = trace => (trace.edited ? " of the file, before your edits" : "");

export function held(button, set) {
  // as long as it is held, by pointer or key
  button.onpointerdown = () => set(true);
  button.onpointerup = button.onpointerleave = button.onblur = () => set(false);
  button.onkeydown = event => {
    if (event.key === " " || event.key === "Enter") {
      set(true);
      event.preventDefault();
    }
  };
  button.onkeyup = () => set(false);
}

// → width(element): asked of the browser once until `forget`, for after every changed word it would lay the page out anew
export function widths() {
  let known = new WeakMap();
  const width = (element, usual) => {
    if (!known.has(element)) known.set(element, element.clientWidth || usual);
    return known.get(element);
  };
  return Object.assign(width, {
    forget() {
      known = new WeakMap();
    },
  });
}

// → the place of the result that most of these knobs move, the first of several: it says more than one that a single knob moves
export function mostMoved(results, knobs, fits = () => true) {
  const moves = one => (fits(one) ? knobs.filter(each => one.moves.includes(each.name)).length : -1);
  return results.reduce((best, one, i) => (moves(one) > moves(results[best]) ? i : best), 0);
}

export function atNewWidths(root, draw) {
  // a new width, not every new height: drawing changes the height itself
  let width = 0;
  const resized = new ResizeObserver(() => {
    if (root.clientWidth !== width && draw() !== false) width = root.clientWidth;
  });
  resized.observe(root);
  return () => resized.disconnect();
}

export function centred(line, item) {
  // scrolled so that it is in the middle
  if (item && line.scrollWidth > line.clientWidth)
    line.scrollLeft = item.offsetLeft - (line.clientWidth - item.offsetWidth) / 2;
}

// ---- for a panel -------------------------------------------------------------------------------------------------------
//
// A viewer that has them tells a panel of what a reader looks at, in every trace and at the same place:
//
//   "looked"               an event of the viewer: {frame, patch, gap, kept}, null where nothing is pointed at
//   here()                 the place in words; the patch is the last one that was pointed at
//   value({stage, kind})   {text, because} of an output there, at the precision that it travels with; null: it has none there
//   peekAt({stage, kind})  its map over the frame, or a line around the part that shows it, until peekAt(null)
//   point(event)           as if a pointer were over the frame there; the event's target is a copy of the frame

export function litOf(root) {
  // → lit(element or none): it alone has a line around it
  return element => {
    for (const one of root.querySelectorAll(".vw-lit")) one.classList.remove("vw-lit");
    element?.classList.add("vw-lit");
  };
}

// as tall as it is, for as long as `on`: words about another map may be longer, and what is pointed at must not slip away
export function still(element, on) {
  element.style.height = on ? element.style.height || `${element.offsetHeight}px` : "";
}

// An overlay of a fold's making (see explain.js), one at most, besides the viewer's own: `view.overlay` may name it.
// now(): it, or null. own(): the viewer's own overlay that is shown, or was before. put(one, show) → whether it is another.
export function extraOf(view) {
  let extra = null,
    last = view.overlay;
  const own = () => (view.overlay === extra?.stage ? last : view.overlay);
  function put(one, show = false) {
    const other = one !== extra;
    last = own();
    extra = one;
    view.overlay = one && (show || view.overlay === one.stage) ? one.stage : last;
    return other;
  }
  return {now: () => extra, own, put};
}

// ---- small things -----------------------------------------------------------------------------------------------------

export function make(tag, attributes = {}) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
