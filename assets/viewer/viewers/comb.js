// The viewer of what STOP's released code computes: a comb over pixels beside true regions, two ways of pooling one map,
// weights that depend on the batch and on the clip's ends, and four prompts in every frame.
//
//   const view = mount(element, {about, clip, trace, examples, untouched}, {frames, pick, turn})
//   view.update({trace})
//   view.state()  view.look({frame})  view.pin(taken, title)  view.unpin()  view.pinned()      see compare.js
//
// about   what does not change: title, outputs [{stage, symbol, title, unit, kind}], stages [{name, doc, source, knobs}],
//         knobs [{name, symbol}].  untouched: what `trace` was taken of
// trace   one run: values by output, packed as its kind is; stop, what STOP makes of the same clip; ledger; weights
// frames  async key → clip;  pick  name → nothing;  turn  (knob, value) → nothing, a patch of the test picture is chosen;
//         soon, later, whole  async taken → a trace's text, for `view.ask(taken)`
//
// The comb is drawn pixel by pixel: its cells are no patches. A trace with an older stamp than the one shown is dropped.

import {asker, asOneStep, receiver} from "../base/asking.js";
import {apartTable, chipsOf, PIN, pinning, settingsApart, VERSUS, valuesApart} from "../base/compare.js";
import {bits, COLOURS, colour, fit, outline, signed, twice} from "../base/drawing.js";
import {
  atNewWidths,
  EXAMPLES,
  exampleButtons,
  FOOT,
  keysOf,
  ledgerOf,
  litOf,
  make,
  PICTURE,
  pressExample,
} from "../base/parts.js";
import {number, safe} from "../base/words.js";

const KEYS = [
  [", .", "one frame back, forward (also ← →)"],
  ["Home End", "first, last frame"],
  ["p", "pin as A what is shown, or let A go"],
  ["?", "this help"],
];
const NO_TEXTS =
  "These towers read no texts. For that the code needs a ViT-B/32: <code>python -m app --models stop=ViT-B-32/openai</code>.";
const PICTURES = 360; // pixels of a picture at most: a comb of 224 is seen without a blur

const TEMPLATE = `
<section class="vw rl" tabindex="0" aria-label="Viewer of the released code. Press question mark for the keys.">
  ${EXAMPLES}
  <div class="vw-strip rl-strip" role="group" aria-label="All frames"></div>
  <div class="vw-row"><button class="vw-prev" aria-label="One frame back">‹</button><button class="vw-next" aria-label="One frame forward">›</button>
    <output class="vw-frame"></output>${PIN}<button class="vw-help-open" aria-label="Keys and help" title="keys (?)">?</button></div>
  ${VERSUS}
  <div class="rl-cards">
    <div class="vw-card rl-comb"><h4>What the code selects</h4>${PICTURE}<p class="rl-said"></p><p class="rl-by"></p></div>
    <div class="vw-card rl-stop"><h4>What STOP selects <small>(the paper's equations, in the tab STOP)</small></h4><canvas role="img"></canvas><p class="rl-said"></p><p class="rl-by"></p></div>
    <div class="vw-card rl-maps"><h4>One map, pooled in two ways</h4>
      <div class="rl-pair"><figure><canvas role="img"></canvas><figcaption></figcaption></figure><figure><canvas role="img"></canvas><figcaption></figcaption></figure></div>
      <p class="rl-said"></p><p class="rl-by"></p></div>
    <div class="vw-card rl-white"><h4>The same with one white patch <small>(click a patch)</small></h4>
      <div class="rl-pair"><figure><canvas role="img"></canvas><figcaption></figcaption></figure><figure><canvas role="img"></canvas><figcaption></figcaption></figure></div>
      <p class="rl-said"></p><p class="rl-by"></p></div>
    <div class="vw-card rl-weights"><h4>The weight of a frame depends on who else is in the batch, and on the clip's ends</h4><div class="rl-rows"></div><p class="rl-said"></p><p class="rl-by"></p></div>
    <div class="vw-card rl-counts"><h4>How many prompts, and where</h4><div class="rl-rows"></div><p class="rl-said"></p><p class="rl-by"></p></div>
    <div class="vw-card rl-texts"><h4>Which text fits</h4><div class="vw-texts"></div><p class="rl-by"></p></div>
  </div>
${FOOT}
</section>`;

export function mount(element, payload, hooks = {}) {
  element.innerHTML = TEMPLATE;
  const root = element.querySelector(".vw"),
    about = payload.about;
  const $ = name => root.querySelector(".vw-" + name),
    card = name => root.querySelector(".rl-" + name);
  const of = kind => about.outputs.filter(one => one.kind === kind),
    all = kind => of(kind).map(one => trace.values[one.stage]);
  const view = {frame: 0};
  let clip = null,
    images = [],
    trace = null,
    comb = null,
    slow = null; // slow: the last trace whose networks had run

  const update = receiver({hooks, say, take}),
    wants = () => trace?.values.reads_texts === true,
    ask = asker($, {...hooks, wants, update, say});
  const shown = () => trace && {trace, clip, images, taken: ask.drawn() ?? payload.untouched ?? null};
  const A = pinning($, {hooks, held: update.held, shown, ready: () => ({}), say, changed: () => trace && versus()});

  function take(next, held) {
    const fresh = clip !== held.clip;
    ({clip, images} = held);
    $("wait").hidden = true;
    trace = asOneStep(trace, next);
    comb = bits(all("PixelMask")[0].code);
    if (fresh) {
      view.frame = Math.min(view.frame, images.length - 1);
      layOut();
    }
    if (trace.stop || slow?.clip !== trace.clip) slow = trace.stop ? trace : null;
    draw();
    root.dataset.shown = JSON.stringify({clip: trace.clip, ...trace.knobs});
    if (trace.stop) root.dataset.done = root.dataset.shown;
    root.dispatchEvent(new CustomEvent("painted", {bubbles: true}));
  }

  function layOut() {
    root.style.setProperty("--frames", images.length);
    $("strip").replaceChildren(
      ...images.map((_, t) => {
        const button = make("button", {class: "vw-thumb", type: "button"});
        button.append(make("canvas"), Object.assign(make("span"), {textContent: t + 1}));
        centre(fit(button.firstChild, 72, 72, true), t, 72);
        button.ariaLabel = button.title = `frame ${t + 1}, ${clip.time[t].toFixed(2)} s`;
        button.onclick = () => go(t);
        return button;
      }),
    );
    pressExample($, clip.truth?.caption);
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------

  const ledger = ledgerOf($, about.stages);
  function draw() {
    frame();
    white();
    weights();
    counts();
    texts();
    versus();
    for (const box of [card("weights"), card("counts"), card("stop")]) box.classList.toggle("vw-stale", !trace.stop);
    const by = trace.weights.join(" · ");
    for (const name of ["comb", "maps", "weights"]) card(name).querySelector(".rl-by").textContent = `Made by: ${by}`;
    card("white").querySelector(".rl-by").textContent = "Made by: no weights, a mean filter as wide as Cal_Net";
    ledger(trace);
  }

  const side = () => Math.max(120, Math.min(PICTURES, card("comb").clientWidth - 26 || PICTURES));
  const rows = () => trace.grid[0];

  function centre(pen, t, size) {
    // what the code sees of a frame: its middle, cut square
    const image = images[t],
      cut = Math.min(image.width, image.height);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(image, (image.width - cut) / 2, (image.height - cut) / 2, cut, cut, 0, 0, size, size);
  }

  function frame() {
    const t = view.frame,
      size = side(),
      n = rows();
    $("frame").textContent = `${t + 1}/${images.length} · ${clip.time[t].toFixed(2)} s · #${clip.source[t]}`;
    for (const [i, thumb] of [...$("strip").children].entries()) thumb.setAttribute("aria-current", i === t);
    const [, H, W] = all("PixelMask")[0].shape,
      pen = fit($("canvas"), size, size);
    centre(pen, t, size);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(
      pixels(H, W, i => (comb[t * H * W + i] ? [59, 130, 246, 235] : [11, 13, 18, 120])),
      0,
      0,
      size,
      size,
    );
    const [mask, cells] = all("CombMap"),
      [meant, share] = all("SignedPatchMap"),
      marked = mask[t];
    const kept = marked.reduce((a, b) => a + b, 0),
      low = Math.min(...share[t]),
      high = Math.max(...share[t]);
    const whole = share[t].reduce((a, b) => a + b, 0) / share[t].length,
      touched = share[t].filter(one => one > 0).length;
    card("comb").querySelector(".rl-said").innerHTML =
      `${kept} of ${n * n} cells, every ${n} pixels: <b>${percent(whole)}</b> of the frame's pixels. ` +
      `<b>${touched} of ${share[t].length}</b> patches are touched, each in ${percent(low)} to ${percent(high)} of its pixels. Blue: p is added twice; dark: once.`;
    $("canvas").setAttribute("aria-label", `frame ${t + 1}: the code selects ${percent(whole)} of the pixels, in every patch`);
    const largest = Math.max(...cells[t].map(Math.abs), ...meant[t].map(Math.abs)) || 1,
      [left, right] = card("maps").querySelectorAll("figure");
    grid(
      left,
      cells[t],
      n,
      one => signed(one / largest),
      "comb",
      `the code: spread ${number(Math.max(...cells[t]) - Math.min(...cells[t]))}`,
      marked,
    );
    grid(
      right,
      meant[t],
      n,
      one => signed(one / largest),
      "patches",
      `meant: spread ${number(Math.max(...meant[t]) - Math.min(...meant[t]))}`,
    );
    root.dispatchEvent(new CustomEvent("looked", {bubbles: true, detail: {frame: t, patch: null, gap: null, kept: null}}));
    card("maps").querySelector(".rl-said").innerHTML =
      `The same answers of Cal_Net on this frame, from −${number(largest)} (blue) to ${number(largest)} (red). ` +
      `Left, a cell gathers every ${n}th row and column of the whole frame, so it has no place in it; right, a cell is a patch. Outlined: above the bar.`;
    stop();
  }

  function stop() {
    const box = card("stop"),
      size = side(),
      t = view.frame,
      found = slow?.stop;
    const pen = fit(box.querySelector("canvas"), size, size);
    if (!found) {
      box.querySelector("canvas").setAttribute("aria-label", "computing");
      box.querySelector(".rl-said").textContent = "computing…";
      return;
    }
    const [n, m] = found.grid,
      region = bits(found.region),
      kept = region.slice(t * n * m, (t + 1) * n * m);
    pen.drawImage(images[t], 0, 0, size, size);
    pen.fillStyle = "rgba(11,13,18,.6)";
    for (let p = 0; p < n * m; p++)
      if (!kept[p]) pen.fillRect(((p % m) * size) / m, (Math.floor(p / m) * size) / n, size / m, size / n);
    const path = new Path2D(),
      scaled = new Path2D();
    path.addPath(outline(kept, m, n));
    scaled.addPath(path, new DOMMatrix([size / m, 0, 0, size / n, 0, 0]));
    twice(pen, scaled, COLOURS.kept, 2);
    const count = kept.reduce((a, b) => a + b, 0);
    box.querySelector("canvas").setAttribute("aria-label", `frame ${t + 1}: STOP keeps ${count} of ${n * m} patches`);
    box.querySelector(".rl-said").innerHTML =
      `<b>${count} of ${n * m}</b> patches, each whole; the others get nothing. At STOP's default knobs.`;
    box.querySelector(".rl-by").textContent = `Made by: ${found.weights.join(" · ")}`;
  }

  function white() {
    const n = rows(),
      [, , cells] = all("CombMap"),
      [, , patches] = all("SignedPatchMap"),
      [left, right] = card("white").querySelectorAll("figure");
    const best = patches.indexOf(Math.max(...patches)),
      span = `${fixed(Math.min(...cells))} to ${fixed(Math.max(...cells))}`;
    grid(left, cells, n, colour, "comb", `the code: ${span}`);
    grid(
      right,
      patches,
      n,
      colour,
      "patches",
      `meant: ${fixed(patches[best])} at row ${Math.floor(best / n) + 1}, column ${(best % n) + 1}`,
    );
    card("white").querySelector(".rl-said").innerHTML =
      `A black clip with one white patch. The code's map is almost flat wherever the patch is: <b>${span}</b>, on a scale from 0 to 1. ` +
      `Pooled over patches it is <b>${fixed(patches[best])}</b> there.`;
    right.querySelector("canvas").onclick = event => {
      const box = event.target.getBoundingClientRect(),
        at = (x, from, length) => Math.min(n - 1, Math.floor(((x - from) / length) * n));
      hooks.turn?.("patch", at(event.clientY, box.top, box.height) * n + at(event.clientX, box.left, box.width) + 1);
    };
  }

  // n × n numbers as squares; marked: those with an edge
  function grid(figure, values, n, paint, what, said, marked = []) {
    const size = Math.min(170, (side() - 10) / 2),
      pen = fit(figure.querySelector("canvas"), size, size),
      each = size / n;
    for (const [i, value] of values.entries()) {
      pen.fillStyle = paint(value);
      pen.fillRect(
        (i % n) * each,
        Math.floor(i / n) * each,
        what === "comb" ? each - 2 : each + 0.5,
        what === "comb" ? each - 2 : each + 0.5,
      );
      if (!marked[i]) continue;
      const path = new Path2D();
      path.rect((i % n) * each + 1, Math.floor(i / n) * each + 1, each - 4, each - 4);
      twice(pen, path, "#fff", 1.5);
    }
    figure.querySelector("canvas").setAttribute("aria-label", said);
    figure.querySelector("figcaption").textContent = said;
  }

  function weights() {
    const box = card("weights"),
      known = slow && of("FrameScores").map(one => ({...one, value: slow.values[one.stage]}));
    if (!known) {
      box.querySelector(".rl-rows").textContent = "";
      box.querySelector(".rl-said").textContent = "computing…";
      return;
    }
    const mate =
      slow.knobs.mate === "none"
        ? "no mate"
        : `mate: ${{still: "its first frame repeated", noise: "noise", reversed: "itself backwards"}[slow.knobs.mate]}`;
    box.querySelector(".rl-rows").innerHTML = known
      .map((one, i) =>
        bars(
          one.title + (i === 1 ? ` (${mate})` : ""),
          one.value.map(w => ({
            height: w ?? 0,
            text: w === null ? "NaN" : w.toFixed(2),
            edge: w === 0 || w === 1,
          })),
        ),
      )
      .join("");
    const {one_frame_is_nan: nan, prompt_moved: moved, still_order: order} = slow.values;
    const [alone, beside] = known.map(one => one.value),
      most = Math.max(...alone.map((w, t) => Math.abs(w - beside[t])));
    box.querySelector(".rl-said").innerHTML = [
      `The batch-mate moves a weight of this clip by up to <b>${number(most)}</b> and a number of its prompts by up to <b>${number(moved[0])}</b> (the largest of them is ${number(moved[1])}).`,
      `Alone, one frame always has 0 and one has 1 (blue) — <b>of equal frames too</b>: zeros beyond both ends make the first and last differ.`,
      order === null
        ? ""
        : `How the clip's weights are ordered agrees with how the still clip's are: Spearman's ρ = <b>${order.toFixed(2)}</b>.`,
      nan ? `A batch of one frame has the weight <b>NaN</b>: (x − min) / (max − min) is 0/0.` : "",
    ]
      .map(one => `<span>${one}</span>`)
      .join(" ");
  }

  function counts() {
    const box = card("counts");
    if (!slow) {
      box.querySelector(".rl-rows").textContent = "";
      box.querySelector(".rl-said").textContent = "computing…";
      return;
    }
    const [mine] = of("FrameCounts").map(one => slow.values[one.stage]),
      gaps = slow.stop.count,
      top = Math.max(...mine, ...gaps, 1);
    const row = list => list.map(n => ({height: n / top, text: String(n)}));
    box.querySelector(".rl-rows").innerHTML =
      bars("the code: inside each frame, behind its CLS", row(mine)) +
      bars("STOP: N<sup>t</sup> in each gap between frames", row(gaps), true);
    const alike = mine.every(n => n === mine[0]),
      sum = list => list.reduce((a, b) => a + b, 0);
    box.querySelector(".rl-said").innerHTML =
      `The code: ${alike ? `<b>${mine[0]} in every frame</b>` : mine.join(", ")}, ${sum(mine)} in all, whatever happens; its dynamics only make them up to twice as large. ` +
      `STOP: ${sum(gaps)} in all, from ${Math.min(...gaps)} to ${Math.max(...gaps)} a gap, at its default knobs.`;
    box.querySelector(".rl-by").textContent = `Made by: ${slow.weights.join(" · ")} | STOP: ${slow.stop.weights.join(" · ")}`;
  }

  // a row of bars from 0 to 1, one for each frame, or between frames
  function bars(title, list, between = false) {
    return `<div class="rl-row${between ? " rl-between" : ""}"><small>${title}</small><div style="--n:${images.length}">${list
      .map(
        one =>
          `<span class="${one.edge ? "rl-edge" : ""}"><i style="height:${100 * one.height}%"></i><b>${one.text}</b></span>`,
      )
      .join("")}</div></div>`;
  }

  function texts() {
    const box = $("texts"),
      scores = of("TextScores")[0],
      reads = slow?.values.reads_texts;
    card("texts").hidden = reads === undefined;
    card("texts").querySelector(".rl-by").hidden = !reads;
    if (reads === false) {
      box.classList.remove("vw-stale");
      box.innerHTML = `<p class="vw-empty">${NO_TEXTS}</p>`;
      return;
    }
    if (!reads || !trace.texts?.text?.length) {
      box.classList.add("vw-stale");
      return;
    }
    const value = trace.values[scores.stage],
      best = value.indexOf(Math.max(...value));
    box.classList.remove("vw-stale");
    box.innerHTML = value
      .map(
        (c, y) =>
          `<div class="vw-text${y === best ? " vw-best" : ""}"><span>${safe(trace.texts.text[y])}</span>` +
          `<i><u style="left:${c < 0 ? 50 + 50 * c : 50}%;width:${50 * Math.abs(c)}%"></u></i><b>${c.toFixed(3)}</b></div>`,
      )
      .join("");
    card("texts").querySelector(".rl-by").textContent = `Made by: ${trace.weights.join(" · ")}`;
  }

  // A's numbers beside B's: of what needs the networks, and so of the last values whose networks had run
  function versus() {
    const a = A.now();
    $("versus").hidden = !a;
    if (!a) return;
    const b = slow,
      rows = [],
      value = (side, one) => side.trace.values[one.stage];
    $("versus").querySelector("h4").textContent = `B against A${a.title ? ` · ${a.title}` : ""}`;
    $("chips").innerHTML = chipsOf(settingsApart(a, {trace, clip, images}, about.knobs || []));
    if (!b) {
      $("apart").textContent = "computing…";
      return;
    }
    const said = [];
    for (const one of [...of("FrameScores"), ...of("FrameCounts")]) {
      const [x, y] = [value(a, one), b.values[one.stage]],
        digits = one.kind === "FrameCounts" ? 0 : 3;
      if (!x || !y) continue;
      if (x.length !== y.length) said.push(`${safe(one.title)}: A has ${x.length} frames and B ${y.length}.`);
      else if (x.every((w, t) => w === y[t])) said.push(`${safe(one.title)}: the same.`);
      else
        x.forEach((w, t) => {
          if (w !== null && y[t] !== null) rows.push(valuesApart(`${safe(one.title)}, frame ${t + 1}`, w, y[t], digits));
        });
    }
    $("apart").innerHTML = (rows.length ? apartTable(rows) : "") + said.map(one => `<p>${one}</p>`).join("");
  }
  // ---- for a panel: see base/parts.js ---------------------------------------------------------------------------------

  const here = () => `frame ${view.frame + 1}`;
  function value({stage, kind}) {
    const given = (trace.stop ? trace : (slow ?? trace)).values[stage];
    if (given === undefined || given === null) return null;
    if (kind === "FrameScores") return {text: given[view.frame] === null ? "NaN" : String(given[view.frame]), because: here()};
    if (kind === "FrameCounts") return {text: String(given[view.frame]), because: here()};
    return kind === "Fact" && typeof given === "number" ? {text: String(given)} : null;
  }
  const cards = {
    PixelMask: "comb",
    CombMap: "maps",
    SignedPatchMap: "maps",
    FrameScores: "weights",
    FrameCounts: "counts",
    Fact: "weights",
    TextScores: "texts",
  };
  const lit = litOf(root),
    peekAt = output => lit(output && card(/^white/.test(output.stage) ? "white" : (cards[output.kind] ?? "none")));

  // ---- moving about -------------------------------------------------------------------------------------------------

  function go(t) {
    if (!clip) return;
    view.frame = Math.max(0, Math.min(images.length - 1, t));
    frame();
  }
  function say(text) {
    $("wait").hidden = false;
    $("wait").textContent = text;
  }
  function press(k) {
    if (!trace) return false;
    if (k === "," || k === "ArrowLeft") go(view.frame - 1);
    else if (k === "." || k === "ArrowRight") go(view.frame + 1);
    else if (k === "Home") go(0);
    else if (k === "End") go(images.length - 1);
    else if (k === "p") A.toggle();
    else return false;
  }
  const forget = keysOf(root, $, KEYS, press, () => {}, hooks.keep);
  $("prev").onclick = () => go(view.frame - 1);
  $("next").onclick = () => go(view.frame + 1);
  exampleButtons($, payload.examples, hooks, say);
  const rest = atNewWidths(root, () => (trace ? draw() : false));
  if (!payload.trace) say("The networks of the released code are being made…");
  update(payload);
  const state = () => ({frame: view.frame, overlay: "none", pinned: A.now()?.taken ?? null});
  function look({frame: t = view.frame}) {
    if (trace) go(t);
    else view.frame = t;
  }
  return {
    update,
    ask,
    state,
    look,
    here,
    value,
    peekAt,
    pin: A.pin,
    unpin: A.unpin,
    pinned: A.told,
    destroy() {
      rest();
      forget();
      element.replaceChildren();
    },
  };
}

// ---- small things -----------------------------------------------------------------------------------------------------

const percent = share => `${(100 * share).toFixed(2)} %`,
  fixed = value => value.toFixed(4);

function pixels(H, W, of) {
  // a picture of its own, one pixel for each: it is scaled without a blur
  const canvas = Object.assign(make("canvas"), {width: W, height: H}),
    pen = canvas.getContext("2d"),
    image = pen.createImageData(W, H);
  for (let i = 0; i < H * W; i++) image.data.set(of(i), 4 * i);
  pen.putImageData(image, 0, 0);
  return canvas;
}
