// A, which is pinned, beside B, which goes on moving: how A is got and kept, in what the two settings differ, and the numbers of
// the difference, as functions of numbers alone. Part of every viewer.
//
//   view.pin(request, title)   asks the server once for everything of these values, and keeps it here
//   view.unpin()  view.pinned()                               {request, title} or null

import {patience, somebody} from "./asking.js";
import {barOf, paintLight, signedInk} from "./light.js";
import {number, pretty, safe} from "./words.js";

export const PIN = `<button class="vw-pin" type="button" aria-pressed="false" title="pin as A what is shown now, and go on moving B (p)">pin as A</button>`;
// A | B | B − A. around: what B's picture is
export const trio = around => `<div class="vw-trio">
  <figure class="vw-fig-a" hidden><figcaption class="vw-say-a"></figcaption><div class="vw-hold"><canvas class="vw-canvas-a" role="img"></canvas></div></figure>
  <figure class="vw-fig-b"><figcaption class="vw-say-b" hidden></figcaption>${around}</figure>
  <figure class="vw-fig-d" hidden><figcaption class="vw-say-d"></figcaption><div class="vw-hold"><canvas class="vw-canvas-d" role="img"></canvas></div>
    <p class="vw-none" hidden></p><div class="vw-bar-d"></div></figure></div>`;
export const VERSUS = `<div class="vw-card vw-versus" role="group" aria-label="B against A" hidden><h4>B against A</h4><div class="vw-chips"></div><div class="vw-apart"></div></div>`;

// → {pin, unpin, toggle, now}. now(): {request, title, trace, clip, images, …} or null, … being what `ready` makes of a trace.
// held: async key → a held clip. shown: → {request, trace, clip, images} on the screen, or null. changed: called when A is another.
// Its runs are somebody else's than B's: neither calls the other's off.
export function pinning($, {hooks, held, shown, ready, changed, say}) {
  const who = somebody(),
    waiting = patience($, hooks.far, hooks.stop, who),
    button = $("pin");
  let pinned = null,
    turn = 0;

  function label(busy = false) {
    button.setAttribute("aria-pressed", !!pinned);
    button.setAttribute("aria-busy", busy);
    button.textContent = busy ? "pinning…" : pinned ? "unpin A" : "pin as A";
  }

  // everything of these values; where no server is, what is on the screen
  async function got(request) {
    if (!hooks.later) return shown();
    const text = await waiting("later", hooks.later({...request, who})).catch(() => null);
    if (typeof text !== "string") return {error: "The server did not answer: nothing was pinned."};
    const trace = JSON.parse(text),
      clip = trace.error || trace.cancelled ? null : await held(trace.clip);
    if (trace.cancelled) return null;
    return clip ? {...clip, trace} : {error: trace.error || "The clip of A is no longer held by the server: choose it again."};
  }

  async function pin(request, title = "") {
    const mine = ++turn;
    label(true);
    const found = await got(request),
      more = found && !found.error ? await ready(found) : null;
    if (mine !== turn) return; // another was pinned meanwhile, or none is wanted any more
    if (found?.error) say(found.error);
    if (more) pinned = {...found, ...more, request: request && {values: request.values, stamp: 0}, title: String(title)};
    label();
    if (more) changed();
  }

  function unpin() {
    turn++;
    hooks.stop?.({who, kind: "later"});
    const was = pinned;
    pinned = null;
    label();
    if (was) changed();
  }

  const busy = () => button.getAttribute("aria-busy") === "true";
  function toggle() {
    const one = pinned || busy() ? null : shown();
    if (pinned || busy()) unpin();
    else if (one) pin(one.request);
  }
  button.onclick = toggle;
  return {pin, unpin, toggle, now: () => pinned, told: () => pinned && {request: pinned.request, title: pinned.title}};
}

// ---- what differs -----------------------------------------------------------------------------------------------------

// → [{name, a, b}]: knobs, clip, frames, weights, texts and what was said of the clips, where the two are not the same.
// knobs: [{name, symbol}]
export function settingsApart(A, B, knobs) {
  const made = [],
    add = (name, a, b) => {
      if (a !== b) made.push({name, a, b});
    };
  const said = value =>
    typeof value === "boolean"
      ? value
        ? "on"
        : "off"
      : typeof value === "number"
        ? number(value)
        : String(value).replaceAll("_", " ");
  for (const one of knobs) {
    const a = A.trace.knobs[one.name],
      b = B.trace.knobs[one.name];
    if (a !== undefined && b !== undefined) add(one.symbol, said(a), said(b));
  }
  const only = (one, other) => one.filter(x => !other.includes(x)),
    listed = list => list.join(", ") || "none";
  add("clip", A.clip.name, B.clip.name);
  add("frames", said(A.images.length), said(B.images.length));
  const noted = (one, other) => listed(only(one.clip.notes, other.clip.notes).map(note => note.replace(/\.$/, "")));
  add("of the clip", noted(A, B), noted(B, A));
  if (A.clip.key !== B.clip.key && !made.some(one => ["clip", "frames", "of the clip"].includes(one.name)))
    add("clip", A.clip.name, `another ${B.clip.name}`);
  add("weights", listed(only(A.trace.weights, B.trace.weights)), listed(only(B.trace.weights, A.trace.weights)));
  const [a, b] = [A, B].map(one => one.trace.texts);
  if (a && b) add("texts", listed(only(a, b)), listed(only(b, a)));
  return made;
}

export const chipsOf = list =>
  list.length
    ? list
        .map(({name, a, b}) => {
          const short = text => safe(text.length > 60 ? text.slice(0, 58) + "…" : text);
          return `<span class="vw-chip" title="${safe(`${name}: ${a} → ${b}`)}">${pretty(name)} <b>${short(a)} → ${short(b)}</b></span>`;
        })
        .join("")
    : `<span class="vw-empty">A and B are the same: move a knob.</span>`;

// Masks of T frames of P patches, as bytes. iou: of each frame, 1 where neither has any; mean: over the frames; moved: patches of each frame
// that only one has; all: their sum
export function masksApart(a, b, T, P) {
  const iou = [],
    moved = [];
  for (let t = 0; t < T; t++) {
    let both = 0,
      any = 0;
    for (let i = t * P; i < (t + 1) * P; i++) {
      both += a[i] & b[i];
      any += a[i] | b[i];
    }
    iou.push(any ? both / any : 1);
    moved.push(any - both);
  }
  return {iou, moved, mean: sumOf(iou) / T, all: sumOf(moved)};
}

// W and N of the gaps of two runs with as many: sums, means, the gaps whose count changed, and the one whose W changed most
export function gapsApart(a, b) {
  const change = b.score.map((w, g) => w - a.score[g]),
    sizes = change.map(Math.abs);
  return {
    count: [sumOf(a.count), sumOf(b.count)],
    score: [sumOf(a.score) / a.score.length, sumOf(b.score) / b.score.length],
    moved: b.count.map((_, g) => g).filter(g => a.count[g] !== b.count[g]),
    change,
    most: sizes.indexOf(Math.max(...sizes)),
  };
}

// Texts that both runs compared the clip with: [{text, a, b}], and the text that fits best in each
export function textsApart(a, b) {
  const both = b.text
    .map((text, y) => ({text, a: a.value[a.text.indexOf(text)], b: b.value[y]}))
    .filter(one => one.a !== undefined && one.b !== undefined);
  const top = one => one.text[one.value.indexOf(Math.max(...one.value))];
  return {both, top: [top(a), top(b)]};
}

// b − a of each value, and the largest of their sizes
export function apart(a, b, of = value => value) {
  const value = Float32Array.from(b, (x, i) => of(x) - of(a[i]));
  let most = 0;
  for (const one of value) most = Math.max(most, Math.abs(one));
  return {value, most};
}

export const sumOf = list => list.reduce((a, b) => a + b, 0);

// The patch of another grid that lies under the middle of a patch
export const placeIn = ([rows, columns], [otherRows, otherColumns], [r, c]) => [
  Math.floor(((r + 0.5) / rows) * otherRows),
  Math.floor(((c + 0.5) / columns) * otherColumns),
];

// ---- in words and colours -----------------------------------------------------------------------------------------------

const minus = text => String(text).replace(/^-/, "−");
export const plus = (value, digits) => {
  // +0.012, −0.3, 0: what rounds to nothing is nothing
  const text = digits === undefined ? number(value) : value.toFixed(digits);
  return +text === 0 ? "0" : (value > 0 ? "+" : "") + minus(text);
};

// rows: [[what, A, B, B − A], …] as markup
export const apartTable = rows =>
  `<div class="vw-wide"><table><thead><tr><th></th><th>A</th><th>B</th><th>B − A</th></tr></thead>${rows
    .map(([what, ...three]) => `<tr><td>${what}</td>${three.map(one => `<td>${one}</td>`).join("")}</tr>`)
    .join("")}</table></div>`;

export const valuesApart = (name, a, b, digits) => [
  name,
  minus(a.toFixed(digits)),
  minus(b.toFixed(digits)),
  plus(b - a, digits),
];

export function textRows(a, b) {
  // → rows, and a sentence on the text that fits best
  const {both, top} = textsApart(a, b);
  if (!both.length) return [[], a.text.length && b.text.length ? "No text is in both." : ""];
  return [
    both.map(one => valuesApart(safe(one.text), one.a, one.b, 3)),
    top[0] === top[1]
      ? "The text that fits best is the same."
      : `The text that fits best changed: “${safe(top[0])}” → <b>“${safe(top[1])}”</b>.`,
  ];
}

// B's picture without its colours, for red and blue shall be those of the difference, and over it what is more (red) and less (blue)
// in B than in A. value: of each cell; most: the end of the scale; of the same size on both sides of nothing, which hides nothing
export function paintApart(pen, image, value, grid, most, strength, width, height) {
  greyed(pen, image, width, height);
  if (value) paintLight(pen, signedInk(most), i => value[i], grid, width, height, strength);
}

export function greyed(pen, image, width, height) {
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, width, height);
  pen.globalCompositeOperation = "saturation";
  pen.fillStyle = "#808080";
  pen.fillRect(0, 0, width, height);
  pen.globalCompositeOperation = "source-over";
}

export const apartBar = (most, strength, text) =>
  `<span>${minus(number(-most))}</span><i style="background:${barOf(signedInk(most), strength)}"></i><span>+${number(most)}</span><b>${text}</b>`;
