// The viewer of regions and gaps: a clip's frames with what a method makes of them. The same in the page, in notebooks and in
// exported HTML.
//
//   const view = mount(element, {about, clip, trace, examples, untouched}, {frames, pick})
//   view.update({trace})
//   view.state()  view.look({frame, overlay})     how it is looked at: a frame from 0, a stage's name or "none"
//   view.extra(map, show)                         one more overlay, of a fold's making (see explain.js); null: none
//   view.pin(taken, title)  view.unpin()  view.pinned()       see compare.js; state().pinned: what was taken of A, or null
//   view.here()  view.value(output)  view.peekAt(output)  view.point(event)     see base/parts.js
//
// about   what does not change: title, maps [{stage, symbol, title, unit, kind}], stages [{name, doc, source, knobs}],
//         knobs [{name, symbol}].  untouched: what `trace` was taken of
// clip    frames as data URLs, their times and source indices, the actor's masks where the truth is known
// trace   one run: maps as 16-bit grids on the scale 0–1, region and kept, gaps, texts, ledger, weights, stamp
// frames  async key → clip, asked when a trace speaks of a clip that is not held
// pick    name → nothing, called when an example is chosen
// soon, later   async taken → a trace's text, for `view.ask(taken)`
//
// A trace with an older stamp than the one shown is dropped: replies may overtake each other, the last value wins.

import {asker, asOneStep, receiver} from "../base/asking.js";
import {PIN, pinning, plus, trio, VERSUS} from "../base/compare.js";
import {COLOURS, fit, VIRIDIS} from "../base/drawing.js";
import {
  atNewWidths,
  centred,
  EXAMPLES,
  exampleButtons,
  extraOf,
  FOOT,
  held,
  keysOf,
  ledgerOf,
  litOf,
  make,
  ofFile,
  PICTURE,
  pressExample,
  still,
  widths,
} from "../base/parts.js";
import {nice, number, OTHER_VALUES, pretty, safe} from "../base/words.js";
import {ZOOM, ZOOM_KEYS, zoomOf} from "../base/zoom.js";
import {pairOf} from "./gaps_pair.js";
import {paintFrame, paintThumb, thumbsOf, unpacked} from "./gaps_parts.js";

const KEYS = [
  ["space", "play or pause"],
  [", .", "one frame back, forward (also ← →)"],
  ["Home End", "first, last frame"],
  ["1 2 3 4", "overlay A, M, W, region"],
  ["0", "no overlay"],
  ["[ ]", "overlay weaker, stronger"],
  ["o", "hold to see the bare frame"],
  ["Shift + arrows", "look at a patch, and move to its neighbour"],
  ["Esc", "let the patch go"],
  ZOOM_KEYS,
  ["p", "pin as A what is shown, or let A go"],
  ["?", "this help"],
];

const TEMPLATE = `
<section class="vw" tabindex="0" aria-label="Viewer. Press question mark for the keys.">
  ${EXAMPLES}
  <div class="vw-top">
    <div class="vw-stage">
      ${trio(PICTURE)}
      <div class="vw-row">
        <button class="vw-play" aria-label="Play">▶</button>
        <button class="vw-prev" aria-label="One frame back">‹</button>
        <input class="vw-scrub" type="range" min="0" max="0" step="1" value="0" aria-label="Frame">
        <button class="vw-next" aria-label="One frame forward">›</button>
        <output class="vw-frame"></output>
      </div>
      <div class="vw-row">
        <div class="vw-kinds" role="radiogroup" aria-label="Overlay"></div>
        <label class="vw-opacity">opacity <input type="range" min="0" max="1" step="0.05" value="0.6" aria-label="Overlay opacity"></label>
        <button class="vw-peek" title="hold to see the bare frame (o)">peek</button>
        ${ZOOM}${PIN}
        <button class="vw-help-open" aria-label="Keys and help" title="keys (?)">?</button>
      </div>
      <div class="vw-bar" aria-hidden="true"><span>0</span><i></i><span>1</span><b></b><em class="vw-edge" hidden></em></div>
    </div>
    <div class="vw-side">
      <div class="vw-card"><h4>Patch</h4><div class="vw-patch" aria-live="polite"></div></div>
      ${VERSUS}
      <div class="vw-card"><h4>Which text fits <small class="vw-texts-state"></small></h4><div class="vw-texts"></div></div>
      <div class="vw-card vw-clipcard"><h4>Clip</h4><div class="vw-clip"></div></div>
    </div>
  </div>
  <div class="vw-line" tabindex="-1">
    <div class="vw-grid">
      <div class="vw-label">frames</div><div class="vw-strip" role="group" aria-label="All frames"></div>
      <div class="vw-label vw-label-a" hidden>A</div><div class="vw-strip vw-strip-a" role="group" aria-label="All frames of A" hidden></div>
      <div class="vw-label vw-cls">tokens<span title="CLS: one class token for the whole video">CLS</span></div>
      <canvas class="vw-ribbon" role="img"></canvas>
      <div class="vw-label vw-axis"></div><div class="vw-gaps" role="group" aria-label="Change and prompts of each gap"></div>
    </div>
  </div>
  <div class="vw-legend"></div>
  <div class="vw-rule" aria-live="polite"></div>
${FOOT}
</section>`;

export function mount(element, payload, hooks = {}) {
  element.innerHTML = TEMPLATE;
  const root = element.querySelector(".vw");
  const $ = name => root.querySelector(".vw-" + name);
  const about = payload.about;
  const view = {
    frame: 0,
    overlay: "score_TP",
    opacity: 0.6,
    patch: null,
    gap: null,
    peek: false,
    near: null,
    last: null,
    timer: 0,
    wish: 0,
    highest: 0,
  };
  let clip = null,
    images = [],
    trace = null,
    texts = null,
    maps = {},
    region = null,
    told = "",
    top = {key: "", score: 0};
  const extra = extraOf(view),
    layers = () => about.maps.concat(extra.now() ?? []);

  const wide = widths(),
    mine = () => ({clip, images, trace, maps, region});
  const kept = (t, p) => region && region[t * trace.grid[0] * trace.grid[1] + p];
  const at = (stage, t, p) => maps[stage] && maps[stage][t * trace.grid[0] * trace.grid[1] + p] / 65535;

  // ---- what arrives -------------------------------------------------------------------------------------------------

  const update = receiver({hooks, say, take}),
    ask = asker($, {...hooks, update, say});
  const shown = () => trace && {...mine(), trace: {...trace, texts}, taken: ask.drawn() ?? payload.untouched ?? null};
  const A = pinning($, {
    hooks,
    held: update.held,
    shown,
    ready: one => unpacked(one.trace),
    say,
    changed: () => trace && draw(),
  });
  const pair = pairOf($, root, {about, view, mine, A: A.now, wide, go}),
    zoom = zoomOf($, $("trio"));

  function take(next, held) {
    const fresh = clip !== held.clip;
    ({clip, images} = held);
    $("wait").hidden = true;
    trace = asOneStep(trace, next);
    ({maps, region} = unpacked(trace));
    if (trace.texts) texts = trace.texts;
    if (fresh) {
      view.frame = Math.min(Math.max(view.frame, view.wish), images.length - 1);
      view.patch = view.last = view.gap = null;
      layOut();
    }
    const outside = patch => patch && (patch[0] >= trace.grid[0] || patch[1] >= trace.grid[1]);
    if (outside(view.patch)) view.patch = null;
    if (outside(view.last)) view.last = null;
    draw();
    root.dataset.shown = JSON.stringify({clip: trace.clip, ...trace.knobs});
    if (trace.texts) root.dataset.texts = root.dataset.shown;
    root.dispatchEvent(new CustomEvent("painted", {bubbles: true}));
  }

  // ---- once a clip --------------------------------------------------------------------------------------------------

  function layOut() {
    const T = images.length;
    $("scrub").max = T - 1;
    root.style.setProperty("--frames", T);
    $("strip").replaceChildren(...thumbsOf(images, go));
    $("gaps").replaceChildren(
      ...Array.from({length: T - 1}, (_, g) => {
        const button = make("button", {class: "vw-gap", type: "button", style: `left:${(100 * (g + 1)) / T}%`});
        button.append(make("i"), make("b"));
        button.onmouseenter = button.onfocus = () => {
          view.gap = g;
          rule();
        };
        return button;
      }),
    );
    const truth = clip.truth
      ? `<p><b class="vw-swatch" style="background:${COLOURS.truth}"></b>truth${ofFile(trace)}: ${safe(clip.truth.caption)}</p>`
      : "";
    $("clip").innerHTML =
      `<p><b>${safe(clip.name)}</b> · ${clip.width}×${clip.height} · ${T} frames</p>${truth}<p class="vw-strange"></p><p class="vw-point"></p>` +
      clip.notes.map(note => `<p class="vw-note">${safe(note)}</p>`).join("");
    top = {key: clip.key, score: 0};
    wide.forget(); // long clips scroll: their strip is wider than the page
    pressExample($, clip.truth?.caption);
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------

  function draw() {
    pair.arrange();
    stage();
    strip();
    ribbon();
    gaps();
    pair.draw();
    side();
    ledger(trace);
  }

  function stage() {
    const canvas = $("canvas"),
      t = view.frame,
      map = layers().find(one => one.stage === (view.near ?? view.overlay));
    const looked = {...view, patch: view.patch ?? (view.near && view.last)};
    canvas.setAttribute("aria-label", paintFrame(canvas, mine(), t, looked, map, wide(canvas.parentElement, 480)));
    $("frame").textContent = `${t + 1}/${images.length} · ${clip.time[t].toFixed(2)} s · #${clip.source[t]}`;
    $("frame").title = `frame ${t + 1} of ${images.length}: ${clip.time[t]} s, frame ${clip.source[t]} of the file`;
    $("scrub").value = t;
    $("scrub").setAttribute("aria-valuetext", `frame ${t + 1} of ${images.length}, ${clip.time[t].toFixed(2)} seconds`);
    const [low, high] = $("bar").querySelectorAll(":scope > span");
    [low.textContent, high.textContent] = map?.ends ?? ["0", "1"];
    $("bar").querySelector("i").style.background = map?.gradient ?? `linear-gradient(90deg, ${VIRIDIS.join(",")})`;
    $("bar").classList.toggle("vw-mask", !map || map.kind === "RegionMask");
    $("edge").hidden = !region;
    $("bar").querySelector("b").innerHTML = map?.stale?.(trace)
      ? `${pretty(map.symbol)}: ${OTHER_VALUES}`
      : map
        ? `${pretty(map.symbol)}, ${safe(map.title)}: ${pretty(map.unit)}`
        : "";
    for (const button of $("kinds").children) button.setAttribute("aria-checked", button.dataset.stage === view.overlay);
    view.last = view.patch ?? view.last;
    for (const [i, thumb] of [...$("strip").children].entries()) thumb.setAttribute("aria-current", i === t);
    patch();
    pair.stage();
    tell();
  }

  function strip() {
    for (const [t, button] of [...$("strip").children].entries()) {
      const point = trace.pointing?.[t];
      paintThumb(button.firstChild, mine(), t);
      const hit = !point || point.hit === null ? "" : point.hit ? " ●" : " ○";
      button.lastChild.textContent = `${t + 1}${hit}`;
      const said = point && point.hit !== null ? `, pointing ${point.hit ? "hits" : "misses"} the actor` : "";
      button.ariaLabel =
        button.title = `frame ${t + 1}, ${clip.time[t].toFixed(2)} s, frame ${clip.source[t]} of the file${said}`;
    }
  }

  function ribbon() {
    const [rows, columns] = trace.grid,
      T = images.length,
      canvas = $("ribbon");
    const width = wide($("strip"), 600),
      column = width / T;
    const cell = Math.max(1, Math.min((column * 0.64) / columns, 64 / rows)),
      height = Math.ceil(cell * rows) + 6;
    const pen = fit(canvas, width, height),
      spatial = trace.knobs.spatial !== false;
    for (let t = 0; t < T; t++) {
      const left = (t + 0.5) * column - (cell * columns) / 2;
      for (let p = 0; p < rows * columns; p++) {
        pen.fillStyle = kept(t, p) ? COLOURS.kept : "rgba(128,128,128,.38)";
        pen.globalAlpha = kept(t, p) && !spatial ? 0.5 : 1;
        pen.fillRect(left + (p % columns) * cell, 3 + Math.floor(p / columns) * cell, cell * 0.84, cell * 0.84);
      }
      pen.globalAlpha = 1;
      const count = t < T - 1 && trace.gaps ? trace.gaps.count[t] : 0,
        size = Math.min(9, Math.max(4, column * 0.09)),
        each = 4;
      for (let q = 0; q < count; q++) {
        const stack = Math.ceil(count / each),
          x = (t + 1) * column + (Math.floor(q / each) - stack / 2) * (size + 2);
        pen.fillStyle = COLOURS.prompt;
        pen.fillRect(x + 1, height / 2 + ((q % each) - Math.min(count, each) / 2) * (size + 2), size, size);
      }
    }
    const P = rows * columns,
      N = trace.gaps ? trace.gaps.count.reduce((a, b) => a + b, 0) : 0;
    const length = `1 CLS + ${T} × ${P} patches + ${N} temporal prompts = ${1 + T * P + N} tokens`;
    canvas.setAttribute("aria-label", `The sequence the encoder reads: ${length}.`);
    const swatch = (colour, text) => `<span><b class="vw-swatch" style="background:${colour}"></b>${text}</span>`;
    const legend =
      swatch("rgba(128,128,128,.5)", "patch token") +
      swatch(COLOURS.kept, spatial ? "kept patch, h + p<sup>s</sup>" : "kept patch, no prompt added") +
      swatch(COLOURS.prompt, "temporal prompt p<sup>t</sup>, between two frames") +
      `<span>${length}</span>`;
    if (legend !== told) $("legend").innerHTML = told = legend;
  }

  function gaps() {
    if (!trace.gaps) return;
    const {score, count, eta, symbols} = trace.gaps,
      T = images.length;
    // a decoder's noise is no tall bar; and the axis only ever grows for a clip, so bars stay put while knobs move
    const highest = Math.max(...score, ...pair.highest(), 0.1);
    if (highest > top.score) view.highest = top.score = nice(highest);
    $("axis").innerHTML =
      `<span>${pretty(symbols[0])}</span><small>${number(top.score)}</small><small>0</small><span>${pretty(symbols[1])}</span>`;
    const lines = []; // where η·W is whole: a bar that crosses one more line gets one more prompt
    for (let n = 1; eta && n <= 8 && n / eta < top.score; n++)
      lines.push(`<hr style="bottom:calc(18px + (100% - 18px) * ${n / eta / top.score})">`);
    $("gaps")
      .querySelectorAll("hr")
      .forEach(line => line.remove());
    $("gaps").insertAdjacentHTML("afterbegin", lines.length < 9 ? lines.join("") : "");
    for (const [g, button] of [...$("gaps").querySelectorAll(".vw-gap")].entries()) {
      button.firstChild.style.height = `calc((100% - 18px) * ${score[g] / top.score})`;
      button.children[1].textContent = count[g];
      button.ariaLabel = button.title = trace.gaps.rule[g];
    }
    $("gaps").style.setProperty("--bar", `${Math.min(26, (50 / T) * 3)}px`);
    rule();
  }

  function rule() {
    if (!trace?.gaps) return;
    const {score, eta, symbols, unit} = trace.gaps,
      [W, N] = symbols.map(pretty),
      g = Math.min(view.gap ?? score.indexOf(Math.max(...score)), score.length - 1);
    for (const [i, button] of [...$("gaps").querySelectorAll(".vw-gap")].entries()) button.classList.toggle("vw-on", i === g);
    tell();
    $("rule").innerHTML =
      g < 0
        ? ""
        : `${trace.gaps.rule[g].replace(/= (\d+)( prompts?)?(, capped.*)?$/, "= <b>$1</b>$3")} <small>${eta == null ? "" : `${N} = ⌈η·${W}⌉ · `}${W} ${safe(unit)}${eta == null ? "" : " · dotted lines: where one more prompt begins"}</small>`;
  }

  function side() {
    const box = $("texts");
    box.closest(".vw-card").hidden = about.texts === false;
    const some = (said, behind, end) => {
      const found = (trace.unknown || []).filter(word => word.startsWith("…") === behind);
      return found.length ? `<p class="vw-note">${said}: ${found.map(safe).join(", ")}.${end}</p>` : "";
    };
    const unknown =
      some("Words the model has never seen", false, "") +
      some("Longer than the model reads, so cut before", true, " Texts that differ only there get the same number.");
    $("texts-state").textContent = trace.texts || !texts ? "" : "updating…";
    box.classList.toggle("vw-stale", !trace.texts);
    if (trace.texts) {
      const best = texts.value.indexOf(Math.max(...texts.value));
      const left = c => 50 + Math.min(c, 0) * 50,
        span = c => Math.abs(c) * 50; // one axis for all values, so that bars compare
      box.innerHTML =
        texts.value
          .map(
            (c, y) =>
              `<div class="vw-text${y === best ? " vw-best" : ""}"><span>${safe(texts.text[y])}${y === best ? " <em>top 1</em>" : ""}</span>` +
              `<i><u style="left:${left(c)}%;width:${span(c)}%"></u></i><b>${c.toFixed(3)}</b></div>`,
          )
          .join("") +
        `<div class="vw-scale"><span>${pretty(texts.symbol)}, ${safe(texts.unit)}</span><i><span>−1</span><span>0</span><span>1</span></i></div>${unknown}`;
      if (!texts.value.length)
        box.innerHTML = `<p class="vw-empty">${safe(texts.why || "Write a text, one a line, to compare it with the clip.")}</p>`;
    }
    $("strange").textContent = trace.strange || "";
    $("strange").hidden = !trace.strange;
    const points = (trace.pointing || []).filter(one => one.hit !== null),
      hits = points.filter(one => one.hit).length;
    const line = root.querySelector(".vw-point");
    if (line && points.length)
      line.innerHTML = `pointing: ${hits} of ${points.length} frames hit — the top patch (◎) holds a part of the actor`;
  }

  function patch() {
    const box = $("patch");
    if (!view.patch) {
      box.innerHTML = `<p class="vw-empty">Point at the picture: the numbers behind a patch appear here.</p>`;
      return;
    }
    const [r, c] = view.patch,
      p = r * trace.grid[1] + c,
      t = view.frame;
    const shown = about.maps.filter(one => maps[one.stage]),
      others = shown.map(one => pair.patch(one.stage)),
      beside = others[0];
    const rows = shown.map(
      (one, i) =>
        `<tr><th>${pretty(one.symbol)}</th>${others[i] ? `<td>${others[i].a.toFixed(3)}</td>` : ""}<td>${at(one.stage, t, p).toFixed(3)}</td>` +
        `${others[i] ? `<td>${plus(others[i].by, 3)}</td>` : ""}<td>${safe(one.title)}</td></tr>`,
    );
    const one = extra.now();
    if (one && !one.stale(trace))
      rows.push(
        `<tr><th>${pretty(one.symbol)}</th>${beside ? "<td></td>" : ""}<td>${one.told(t, p)}</td>${beside ? "<td></td>" : ""}<td>${safe(one.title)}</td></tr>`,
      );
    const blend = trace.blend,
      sum = blend && blend.terms.map(([stage, k]) => `${k.toFixed(2)}·${at(stage, t, p).toFixed(3)}`).join(" + ");
    box.innerHTML =
      `<p>frame ${t + 1}, row ${r + 1}, column ${c + 1}: <b>${kept(t, p) ? "kept" : "not kept"}</b>${beside ? `; in A ${beside.where}<b>${beside.kept ? "kept" : "not kept"}</b>` : ""}</p>` +
      `<table>${beside ? "<thead><tr><td></td><td>A</td><td>B</td><td>B − A</td><td></td></tr></thead>" : ""}${rows.join("")}</table>` +
      (blend ? `<p class="vw-eq">${blend.rule}<br>= ${sum} = ${at(blend.result, t, p).toFixed(3)}</p>` : "");
  }

  const ledger = ledgerOf($, about.stages);

  // ---- for a panel --------------------------------------------------------------------------------------------------

  const gapNow = () => {
    const score = trace?.gaps?.score;
    return score?.length ? Math.min(view.gap ?? score.indexOf(Math.max(...score)), score.length - 1) : null;
  };
  const tell = () =>
    root.dispatchEvent(
      new CustomEvent("looked", {
        bubbles: true,
        detail: {
          frame: view.frame,
          patch: view.patch,
          gap: view.gap,
          kept: view.patch && !!kept(view.frame, view.patch[0] * trace.grid[1] + view.patch[1]),
        },
      }),
    );
  function here() {
    const patch = view.patch ?? view.last,
      g = gapNow();
    return `frame ${view.frame + 1}, ${patch ? `row ${patch[0] + 1}, column ${patch[1] + 1}` : "no patch yet"}${g === null ? "" : ` · gap ${g + 1}→${g + 2}`}`;
  }
  function value({stage, kind}) {
    const at4 = (t, p) => at(stage, t, p).toFixed(4),
      patch = view.patch ?? view.last,
      p = patch && patch[0] * trace.grid[1] + patch[1],
      g = gapNow();
    if (kind === "PatchMap") return patch && maps[stage] ? {text: at4(view.frame, p)} : null;
    if (kind === "RegionMask" && patch && region) return {text: kept(view.frame, p) ? "1" : "0", because: ranked(p)};
    if (kind === "GapScores" && g !== null)
      return {text: String(trace.gaps.score[g]), because: `in gap ${g + 1}→${g + 2}, ${trace.gaps.unit}`};
    if (kind === "GapCounts" && g !== null) return {text: String(trace.gaps.count[g]), because: trace.gaps.rule[g]};
    if (kind !== "TextScores" || !texts?.value.length) return null;
    const best = texts.value.indexOf(Math.max(...texts.value));
    return {text: texts.value[best].toFixed(4), because: `for “${texts.text[best]}”, the best of ${texts.value.length}`};
  }
  // in the order of the region itself: a patch that travels as another's equal keeps its place
  function ranked(p) {
    const result = maps[trace.blend?.result],
      [rows, columns] = trace.grid,
      P = rows * columns,
      from = view.frame * P,
      mine = kept(view.frame, p);
    if (!result) return "";
    let rank = mine ? 1 : 1 + trace.kept[view.frame];
    for (let q = 0; q < P; q++)
      if (
        kept(view.frame, q) === mine &&
        (result[from + q] > result[from + p] || (result[from + q] === result[from + p] && q < p))
      )
        rank++;
    return `rank ${rank} of ${P}; the first ${trace.kept[view.frame]} are kept`;
  }
  function peekAt(output) {
    const map = about.maps.find(one => one.stage === output?.stage);
    view.near = map?.stage ?? null;
    still($("stage"), view.near);
    lit({GapScores: $("gaps"), GapCounts: $("gaps"), TokenSequence: $("ribbon"), TextScores: $("texts")}[output?.kind]);
    if (trace) stage();
  }
  const lit = litOf(root);

  // ---- moving about -------------------------------------------------------------------------------------------------

  function go(t) {
    if (!clip) return;
    view.wish = 0;
    view.frame = Math.max(0, Math.min(images.length - 1, t));
    stage();
    centred($("line"), $("strip").children[view.frame]);
  }
  function overlay(stageName) {
    view.overlay = stageName;
    if (trace) stage();
  }
  function opacity(value) {
    view.opacity = Math.max(0, Math.min(1, value));
    $("opacity").querySelector("input").value = view.opacity;
    if (trace) stage();
  }
  function peek(on) {
    if (trace && view.peek !== on) {
      view.peek = on;
      $("peek").setAttribute("aria-pressed", on);
      stage();
    }
  }
  function say(text) {
    $("wait").hidden = false;
    $("wait").textContent = text;
  }

  function play() {
    const on = !view.timer;
    clearTimeout(view.timer);
    view.timer = 0;
    $("play").textContent = on ? "⏸" : "▶";
    $("play").setAttribute("aria-label", on ? "Pause" : "Play");
    const step = () => {
      const next = (view.frame + 1) % images.length,
        gap = (clip.time[next] - clip.time[view.frame]) * 1000;
      go(next);
      view.timer = setTimeout(step, Math.max(80, Math.min(600, gap > 0 ? gap : 600)));
    };
    if (on && clip) view.timer = setTimeout(step, 80);
  }

  function look(dr, dc) {
    const [rows, columns] = trace.grid,
      [r, c] = view.patch || [Math.floor(rows / 2), Math.floor(columns / 2)];
    view.patch = [Math.max(0, Math.min(rows - 1, r + dr)), Math.max(0, Math.min(columns - 1, c + dc))];
    zoom.see((view.patch[1] + 0.5) / columns, (view.patch[0] + 0.5) / rows);
    stage();
  }

  const arrows = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]};
  function press(k, event) {
    if (!trace) return false;
    const map = layers()[+k - 1];
    if (event.shiftKey && arrows[k]) look(...arrows[k]);
    else if (k === " ") play();
    else if (k === "," || k === "ArrowLeft") go(view.frame - 1);
    else if (k === "." || k === "ArrowRight") go(view.frame + 1);
    else if (k === "Home") go(0);
    else if (k === "End") go(images.length - 1);
    else if (k === "0") overlay("none");
    else if (map) overlay(map.stage);
    else if (k === "[") opacity(view.opacity - 0.1);
    else if (k === "]") opacity(view.opacity + 0.1);
    else if (k === "o") peek(true);
    else if (k === "p") A.toggle();
    else if (k === "Escape") {
      view.patch = null;
      stage();
    } else return zoom.press(k);
  }
  const forget = keysOf(
    root,
    $,
    KEYS,
    press,
    event => {
      if (event.key === "o") peek(false);
    },
    hooks.keep,
  );

  $("play").onclick = play;
  $("prev").onclick = () => go(view.frame - 1);
  $("next").onclick = () => go(view.frame + 1);
  $("scrub").oninput = event => go(+event.target.value);
  $("opacity").oninput = event => opacity(+event.target.value);
  held($("peek"), peek);
  function point(event) {
    // at a place of any of the pictures: it is the same in all
    if (!trace) return;
    const box = event.target.getBoundingClientRect(),
      [rows, columns] = trace.grid;
    const r = Math.floor(((event.clientY - box.top) / box.height) * rows),
      c = Math.floor(((event.clientX - box.left) / box.width) * columns);
    if (r < 0 || c < 0 || r >= rows || c >= columns || (view.patch && view.patch[0] === r && view.patch[1] === c)) return;
    view.patch = [r, c];
    stage();
  }
  for (const canvas of [$("canvas"), $("canvas-a"), $("canvas-d")]) {
    canvas.onpointermove = point;
    canvas.onpointerleave = () => {
      if (trace) {
        view.patch = null;
        stage();
      }
    };
  }

  const kinds = () =>
    $("kinds").replaceChildren(
      ...layers().map((one, i) => {
        const button = make("button", {
          type: "button",
          role: "radio",
          title: `${one.title} (${i + 1})`,
          "data-stage": one.stage,
        });
        button.innerHTML = pretty(one.symbol);
        button.onclick = () => overlay(one.stage);
        return button;
      }),
      Object.assign(make("button", {type: "button", role: "radio", title: "no overlay (0)", "data-stage": "none"}), {
        textContent: "none",
        onclick: () => overlay("none"),
      }),
    );
  kinds();
  $("edge").innerHTML = `outlined: kept (${pretty(about.maps.find(one => one.kind === "RegionMask")?.symbol ?? "")})`;
  exampleButtons($, payload.examples, hooks, say);
  if (!about.maps.some(one => one.stage === view.overlay)) view.overlay = about.maps.at(-1)?.stage ?? "none";
  const rest = atNewWidths(root, () => {
    wide.forget();
    return trace ? draw() : false;
  });
  update(payload);
  const state = () => ({frame: view.frame, overlay: extra.own(), pinned: A.now()?.taken ?? null});
  function more(one, show) {
    if (extra.put(one, show)) kinds();
    if (trace) stage();
  }
  function lookAt({frame = view.frame, overlay: shown = view.overlay}) {
    if (about.maps.some(one => one.stage === shown) || shown === "none") view.overlay = shown;
    if (trace) go(frame);
    else view.frame = frame;
    if (view.frame < frame) view.wish = frame; // of a longer clip that has yet to come
  }
  return {
    update,
    ask,
    state,
    look: lookAt,
    extra: more,
    here,
    value,
    peekAt,
    point,
    pin: A.pin,
    unpin: A.unpin,
    pinned: A.told,
    destroy() {
      clearTimeout(view.timer);
      rest();
      forget();
      element.replaceChildren();
    },
  };
}
