// What every viewer shares: receiving traces, colours, canvases, the ledger of stages, the keys. A viewer is a text of its
// own behind this one: joined, they are one module without dependencies, whose `mount` is its only export.

const HELD_CLIPS = 4;
const COLOURS = {kept: "#3b82f6", prompt: "#f59e0b", truth: "#ff4fa3", hit: "#22c55e", miss: "#ef4444"};
const DIVERGING = ["#3b4cc0", "#8db0fe", "#dddddd", "#f4987a", "#b40426"];  // less, the same, more
// viridis, nine points of it: even in lightness, and in order to colour-blind eyes
const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];

const EXAMPLES = `<div class="vw-examples" role="group" aria-label="Example clips"></div>`;
const PICTURE = `<div class="vw-picture"><canvas class="vw-canvas" role="img"></canvas><div class="vw-wait" role="status" hidden></div></div>
  <div class="vw-far" role="status" hidden><progress max="1"></progress><span></span><button type="button">stop</button></div>`;
const FOOT = `
  <details class="vw-ledger"><summary></summary><div class="vw-stages"></div><div class="vw-source"></div></details>
  <div class="vw-weights"></div>
  <dialog class="vw-help" aria-label="Keys"><h4>Keys</h4><dl></dl><p>Keys work while the viewer, or nothing else, has the focus.</p>
    <form method="dialog"><button>close</button></form></dialog>`;

// ---- receiving --------------------------------------------------------------------------------------------------------

// → update({clip, trace}): holds a few clips, asks for frames it has not, and lets nothing older than what is shown
// through. ready: async trace → what must be there before it is drawn. take: (trace, held clip, what is ready) → nothing.
// update.held: async key → a held clip, asked for if it has to be; null where nobody has it.
function receiver({hooks, say, ready = async () => null, take}) {
  const clips = new Map(), coming = new Map();   // key → {clip, images}; key → the same, under way
  let wanted = null;

  async function hold(found) {
    const one = {clip: found, images: await Promise.all(found.frames.map(picture))};
    clips.set(found.key, one);
    if (clips.size > HELD_CLIPS) clips.delete(clips.keys().next().value);
    return one;
  }

  async function held(key) {
    if (clips.has(key)) return clips.get(key);
    const read = async () => { const found = await hooks.frames?.(key); return found ? hold(found) : null; };
    if (!coming.has(key)) coming.set(key, read().finally(() => coming.delete(key)));
    return coming.get(key);
  }

  async function update(next) {
    if (next.clip) await hold(next.clip);
    if (next.trace?.error) return say(next.trace.error);
    if (!next.trace || (wanted && next.trace.stamp < wanted.stamp)) return;
    wanted = next.trace;
    if (!clips.has(wanted.clip)) say("reading the clip…");
    const found = clips.get(wanted.clip) ?? await held(wanted.clip);
    if (next.trace !== wanted) return;           // a newer one came while the frames were on their way
    if (!found) return say("This clip is no longer held by the server: choose it again.");
    const made = ready.length ? await ready(next.trace) : null;
    if (next.trace === wanted) take(next.trace, found, made);
  }
  return Object.assign(update, {held});
}

// → ask(taken): what comes at once; when that is painted, what takes longer; and after it, where a reader `wants` it, what
// reads the whole clip, or else, when nothing moves for a while, what fills the page's `idle` time. Of each one request at most
// is under way, and of those that wait the newest is kept: the last value has the last word. What takes longer is called off
// when newer values come. soon, later, whole: async taken → a trace's text. far, stop: see `patience`. ask.whole(): that alone, of the values last drawn. ask.drawn(): these, null before any.
const IDLE = 600;                                // milliseconds in which nothing moved
function asker($, {soon, later, whole, far, stop, wants = () => false, idle, update, say}) {
  const who = somebody(), waiting = patience($, far, stop, who);
  const turn = new WeakMap();                    // of what was taken: in which order
  let wanted = null, drawn = null, filling = false, refused = null, turns = 0;
  const show = async (kind, request, taken) => {
    const text = await waiting(kind, request({...taken, who})).catch(() => null);
    if (typeof text !== "string") return say("The server did not answer. What is shown is of the last values it knew.");
    const trace = JSON.parse(text);
    if (trace.cancelled) return;
    await update({trace});
    if (trace.error) refused = {taken, why: trace.error};
    else if (refused && turn.get(taken) < turn.get(refused.taken)) say(refused.why);  // what is drawn is older than what was refused
    else refused = null;
    $("ledger").closest(".vw").classList.toggle("vw-refused", !!refused);  // the picture is of other values than the knobs'
    return !trace.error;
  };
  const first = newest(async one => { if (await show("soon", soon, one.taken)) drawn = one.taken; });
  const rest = newest(one => show("later", later, one.taken));
  const all = newest(one => show("whole", whole, one.taken));
  async function ask(taken) {
    turn.set(wanted = taken, ++turns);
    if (rest.busy() || filling) stop?.({who, kind: "later"});
    if (all.busy()) stop?.({who, kind: "whole"});
    if (!await first({taken})) return;           // the call that is under way goes on with this one
    const last = wanted;
    await painted();                             // the server's work would delay the browser's
    if (last !== wanted || !drawn || !await rest({taken: drawn}) || last !== wanted) return;
    if (wants()) return all({taken: drawn});
    if (!idle) return;
    await new Promise(done => setTimeout(done, IDLE));
    if (last !== wanted || filling) return;
    filling = true;
    await idle({...drawn, who}, () => last === wanted).catch(() => null);
    filling = false;
  }
  return Object.assign(ask, {whole: () => all({taken: drawn}), drawn: () => drawn});
}

const somebody = () => crypto.randomUUID?.() ?? String(Math.random());  // whose runs they are, known to nobody else

// → waiting(kind, answer): the same answer; while it takes long, a line says how far it is and offers to stop.
// far: async {who, kind} → [stage, share done] or null. stop: {who, kind} → nothing.
const LONG = 700, LOOK = 400;                    // milliseconds until the line is shown, and between two looks
function patience($, far, stop, who) {
  const open = new Map();
  async function look(kind) {
    const found = await far({who, kind}).catch(() => null);
    if (!open.has(kind)) return;
    if (found) {
      const [stage, done] = found, box = $("far");
      box.querySelector("span").textContent = `${stage || "starting"} · ${Math.round(100 * done)} %`;
      box.querySelector("progress").value = done;
      box.querySelector("button").onclick = () => stop({who, kind});
      box.hidden = false;
    }
    open.set(kind, setTimeout(look, LOOK, kind));
  }
  return async (kind, answer) => {
    if (far && $("far")) open.set(kind, setTimeout(look, LONG, kind));
    try { return await answer; } finally {
      clearTimeout(open.get(kind));
      open.delete(kind);
      if (!open.size && $("far")) $("far").hidden = true;
    }
  };
}

// The same work, one call after another; what waits is replaced by what comes. → whether this call did the work.
function newest(work) {
  let next = null, busy = false;
  return Object.assign(async given => {
    next = given;
    if (busy) return false;
    busy = true;
    try {
      while (next) {
        const one = next;
        next = null;
        await work(one);
      }
    } finally { busy = false; }
    return true;
  }, {busy: () => busy});
}

// A page that is not seen paints nothing: no longer than a tenth of a second.
const painted = () => Promise.race([
  new Promise(done => requestAnimationFrame(() => setTimeout(done))), new Promise(done => setTimeout(done, 100)),
]);

async function picture(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

// What takes longer follows as a second run, and a preset is several events: runs with the same settings are one step of
// the ledger, for the later ones reuse what the first ran.
function asOneStep(before, next) {
  const same = before && before.clip === next.clip && JSON.stringify(before.knobs) === JSON.stringify(next.knobs);
  const ran = same ? Object.entries(before.ledger).filter(([, told]) => told[0] !== null) : [];
  return {...next, ledger: {...next.ledger, ...Object.fromEntries(ran)}};
}

// ---- parts of a viewer ------------------------------------------------------------------------------------------------

function exampleButtons($, examples, hooks, say) {
  $("examples").hidden = !examples?.length;
  $("examples").replaceChildren(...(examples || []).map(one => {
    const button = make("button", {type: "button", title: one.title, "data-title": one.title, "aria-pressed": "false"});
    button.innerHTML = `<img src="${one.thumb}" alt=""><span>${escape(one.title)}</span>`;
    button.onclick = () => { if (button.ariaPressed !== "true") say("reading the clip…"); hooks.pick?.(one.name); };
    return button;
  }));
}

const pressExample = ($, caption) => {
  for (const button of $("examples").children) button.setAttribute("aria-pressed", button.dataset.title === caption);
};

// → draw(trace): every stage, whether it ran, its milliseconds and shape; a click shows its sentence and source
function ledgerOf($, stages) {
  let opened = null, shown = null;
  function draw(trace) {
    shown = trace;
    const told = trace.ledger, run = stages.filter(one => told[one.name]);
    const ran = run.filter(one => told[one.name][0] !== null), ms = ran.reduce((sum, one) => sum + told[one.name][0], 0);
    $("ledger").querySelector("summary").textContent = `Stages: ${ran.length} ran (${ms.toFixed(0)} ms), ${run.length - ran.length} reused`;
    if ($("weights").textContent !== trace.weights.join("  ·  ")) $("weights").textContent = trace.weights.join("  ·  ");
    $("weights").classList.toggle("vw-untrained", /untrained|random/i.test(trace.weights.join()));
    if (!$("ledger").open) return;               // two dozen buttons that nobody sees would be laid out at every move
    $("stages").innerHTML = stages.map((one, i) => {
      const [took, shape] = told[one.name] || [undefined, ""];
      const state = took === undefined ? "waiting" : took === null ? "reused" : `${took < 10 ? took.toFixed(1) : took.toFixed(0)} ms`;
      return `<button type="button" class="${typeof took === "number" ? "vw-ran" : ""}" data-i="${i}" aria-expanded="${opened === i}"><b>${one.name}</b><span>${state}</span><small>${shape}</small></button>`;
    }).join("");
  }
  $("ledger").ontoggle = () => shown && draw(shown);
  $("stages").onclick = event => {
    const button = event.target.closest("button");
    if (!button) return;
    opened = opened === +button.dataset.i ? null : +button.dataset.i;
    const one = stages[opened];
    $("source").innerHTML = one ? `<p>${escape(one.doc)}</p><p>moves with ${one.knobs.length ? one.knobs.map(pretty).join(", ") : "the clip or the texts only"}</p><pre>${escape(one.source)}</pre>` : "";
    draw(shown);
    $("stages").querySelector(`[data-i="${button.dataset.i}"]`).focus();
  };
  return draw;
}

// Keys work in the viewer, and on the page while nothing else has the focus. press: (key, event) → whether it was one.
// keep: keeps what is shown, where there is something to keep it in.
const KEEP = ["k", "keep what is shown in the notebook below"];
function keysOf(root, $, lines, press, release, keep) {
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
  const outside = event => { if (event.target === document.body && root.offsetParent) key(event); };
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
  function help() {                              // a page may have keys of its own: `pageKeys`
    $("help").querySelector("dl").innerHTML = [...lines, ...globalThis.pageKeys ?? []].map(([k, does]) => `<dt>${k.split(" ").map(one => one === "+" ? "+" : `<kbd>${one}</kbd>`).join(" ")}</dt><dd>${does}</dd>`).join("");
    $("help").showModal();
  }
  return () => { document.removeEventListener("keydown", outside); document.removeEventListener("keyup", release); };
}

// “truth of the file …”: what was edited may say otherwise
const ofFile = trace => trace.edited ? " of the file, before your edits" : "";

function held(button, set) {                     // as long as it is held, by pointer or key
  button.onpointerdown = () => set(true);
  button.onpointerup = button.onpointerleave = button.onblur = () => set(false);
  button.onkeydown = event => { if (event.key === " " || event.key === "Enter") { set(true); event.preventDefault(); } };
  button.onkeyup = () => set(false);
}

// → width(element): asked of the browser once until `forget`, for after every changed word it would lay the page out anew
function widths() {
  let known = new WeakMap();
  const width = (element, usual) => {
    if (!known.has(element)) known.set(element, element.clientWidth || usual);
    return known.get(element);
  };
  return Object.assign(width, {forget() { known = new WeakMap(); }});
}

function atNewWidths(root, draw) {               // a new width, not every new height: drawing changes the height itself
  let width = 0;
  const resized = new ResizeObserver(() => {
    if (root.clientWidth !== width && draw() !== false) width = root.clientWidth;
  });
  resized.observe(root);
  return () => resized.disconnect();
}

function centred(line, item) {                   // scrolled so that it is in the middle
  if (item && line.scrollWidth > line.clientWidth) line.scrollLeft = item.offsetLeft - (line.clientWidth - item.offsetWidth) / 2;
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

function litOf(root) {                           // → lit(element or none): it alone has a line around it
  return element => {
    for (const one of root.querySelectorAll(".vw-lit")) one.classList.remove("vw-lit");
    element?.classList.add("vw-lit");
  };
}

// as tall as it is, for as long as `on`: words about another map may be longer, and what is pointed at must not slip away
function still(element, on) { element.style.height = on ? element.style.height || `${element.offsetHeight}px` : ""; }

// An overlay of a fold's making (see explain.js), one at most, besides the viewer's own: `view.overlay` may name it.
// now(): it, or null. own(): the viewer's own overlay that is shown, or was before. put(one, show) → whether it is another.
function extraOf(view) {
  let extra = null, last = view.overlay;
  const own = () => view.overlay === extra?.stage ? last : view.overlay;
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

const OTHER_VALUES = "of other values than these; explain again";

function make(tag, attributes = {}) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function fit(canvas, width, height, fluid = false) {
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const W = Math.round(width * ratio), H = Math.round(height * ratio);
  if (canvas.width !== W || canvas.height !== H) { canvas.width = W; canvas.height = H; }
  if (!fluid) Object.assign(canvas.style, {width: width + "px", height: height + "px"});
  const pen = canvas.getContext("2d");
  pen.setTransform(W / width, 0, 0, H / height, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

function twice(pen, path, colour, width) {       // a dark line under a bright one is seen on any picture
  pen.lineCap = "square";
  pen.strokeStyle = "rgba(0,0,0,.65)"; pen.lineWidth = width * 2; pen.stroke(path);
  pen.strokeStyle = colour; pen.lineWidth = width; pen.stroke(path);
}

function outline(mask, width, height) {
  const path = new Path2D(), inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x];
  for (let y = 0; y <= height; y++) for (let x = 0; x <= width; x++) {
    if (inside(x, y) !== inside(x, y - 1) && (inside(x, y) || inside(x, y - 1))) { path.moveTo(x, y); path.lineTo(x + 1, y); }
    if (inside(x, y) !== inside(x - 1, y) && (inside(x, y) || inside(x - 1, y))) { path.moveTo(x, y); path.lineTo(x, y + 1); }
  }
  return path;
}

function bytes(text) {
  const all = atob(text), out = new Uint8Array(all.length);
  for (let i = 0; i < out.length; i++) out[i] = all.charCodeAt(i);
  return out;
}
function bits(text) {
  if (!text) return null;
  const packed = bytes(text), out = new Uint8Array(packed.length * 8);
  for (let i = 0; i < out.length; i++) out[i] = packed[i >> 3] >> (i & 7) & 1;
  return out;
}

const SCALE = Array.from({length: 256}, (_, i) => {
  const x = i / 255 * (VIRIDIS.length - 1), k = Math.min(VIRIDIS.length - 2, Math.floor(x)), f = x - k;
  const part = (hex, j) => parseInt(hex.slice(1 + 2 * j, 3 + 2 * j), 16);
  return `rgb(${[0, 1, 2].map(j => Math.round(part(VIRIDIS[k], j) * (1 - f) + part(VIRIDIS[k + 1], j) * f)).join(",")})`;
});
const colour = value => SCALE[Math.round(255 * value)];
function signed(value) {                         // −1 … 1
  const x = (Math.max(-1, Math.min(1, value)) + 1) / 2 * (DIVERGING.length - 1), k = Math.min(DIVERGING.length - 2, Math.floor(x));
  const part = (hex, j) => parseInt(hex.slice(1 + 2 * j, 3 + 2 * j), 16);
  return `rgb(${[0, 1, 2].map(j => Math.round(part(DIVERGING[k], j) * (1 - x + k) + part(DIVERGING[k + 1], j) * (x - k))).join(",")})`;
}
const number = value => +value.toPrecision(3) + "";
const nice = value => { const ten = 10 ** Math.floor(Math.log10(value)); return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find(k => k * ten >= value) * ten; };
const escape = text => String(text).replace(/[&<>"']/g, one => `&#${one.charCodeAt(0)};`);
// W^s → W<sup>s</sup>, N_s → N<sub>s</sub>
const pretty = symbol => escape(symbol).replace(/\^(\w+)/g, "<sup>$1</sup>").replace(/_(\w+)/g, "<sub>$1</sub>");
