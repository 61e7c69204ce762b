// The viewer: a clip's frames with what a method makes of them. One module, no dependencies; the same file in the page,
// in notebooks and in exported HTML.
//
//   const view = mount(element, {about, clip, trace, examples}, {frames, pick})
//   view.update({trace})
//
// about   what does not change: title, maps [{stage, symbol, title, unit, kind}], stages [{name, doc, source, knobs}]
// clip    frames as data URLs, their times and source indices, the actor's masks where the truth is known
// trace   one run: maps as 16-bit grids on the scale 0–1, region and kept, gaps, texts, ledger, weights, stamp
// frames  async key → clip, asked when a trace speaks of a clip that is not held
// pick    name → nothing, called when an example is chosen
//
// A trace with an older stamp than the one shown is dropped: replies may overtake each other, the last value wins.

const HELD_CLIPS = 4;
const COLOURS = {kept: "#3b82f6", prompt: "#f59e0b", truth: "#ff4fa3", hit: "#22c55e", miss: "#ef4444"};
// viridis, nine points of it: even in lightness, and in order to colour-blind eyes
const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];

const KEYS = [
  ["space", "play or pause"], [", .", "one frame back, forward (also ← →)"], ["Home End", "first, last frame"],
  ["1 2 3 4", "overlay A, M, W, region"], ["0", "no overlay"], ["[ ]", "overlay weaker, stronger"],
  ["o", "hold to see the bare frame"], ["Shift + arrows", "look at a patch, and move to its neighbour"],
  ["Esc", "let the patch go"], ["?", "this help"],
];

const TEMPLATE = `
<section class="vw" tabindex="0" aria-label="Viewer. Press question mark for the keys.">
  <div class="vw-examples" role="group" aria-label="Example clips"></div>
  <div class="vw-top">
    <div class="vw-stage">
      <div class="vw-picture"><canvas class="vw-canvas" role="img"></canvas><div class="vw-wait" role="status" hidden></div></div>
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
        <button class="vw-help-open" aria-label="Keys and help" title="keys (?)">?</button>
      </div>
      <div class="vw-bar" aria-hidden="true"><span>0</span><i></i><span>1</span><b></b></div>
    </div>
    <div class="vw-side">
      <div class="vw-card"><h4>Patch</h4><div class="vw-patch" aria-live="polite"></div></div>
      <div class="vw-card"><h4>Which text fits <small class="vw-texts-state"></small></h4><div class="vw-texts"></div></div>
      <div class="vw-card vw-clipcard"><h4>Clip</h4><div class="vw-clip"></div></div>
    </div>
  </div>
  <div class="vw-line" tabindex="-1">
    <div class="vw-grid">
      <div class="vw-label">frames</div><div class="vw-strip" role="group" aria-label="All frames"></div>
      <div class="vw-label vw-cls">tokens<span title="CLS: one class token for the whole video">CLS</span></div>
      <canvas class="vw-ribbon" role="img"></canvas>
      <div class="vw-label vw-axis"></div><div class="vw-gaps" role="group" aria-label="Change and prompts of each gap"></div>
    </div>
  </div>
  <div class="vw-legend"></div>
  <div class="vw-rule" aria-live="polite"></div>
  <details class="vw-ledger"><summary></summary><div class="vw-stages"></div><div class="vw-source"></div></details>
  <div class="vw-weights"></div>
  <dialog class="vw-help" aria-label="Keys"><h4>Keys</h4><dl></dl><p>Keys work while the viewer, or nothing else, has the focus.</p>
    <form method="dialog"><button>close</button></form></dialog>
</section>`;

export function mount(element, payload, hooks = {}) {
  element.innerHTML = TEMPLATE;
  const root = element.querySelector(".vw");
  const $ = name => root.querySelector(".vw-" + name);
  const about = payload.about;
  const clips = new Map();                       // key → {clip, images}
  const view = {frame: 0, overlay: "score_TP", opacity: 0.6, patch: null, gap: null, peek: false, timer: 0};
  let clip = null, images = [], trace = null, texts = null, maps = {}, region = null, wanted = null, top = {key: "", score: 0};

  // ---- what arrives -------------------------------------------------------------------------------------------------

  async function update(next) {
    if (next.clip) await hold(next.clip);
    if (next.trace?.error) return say(next.trace.error);
    if (!next.trace || (wanted && next.trace.stamp < wanted.stamp)) return;
    wanted = next.trace;
    if (!clips.has(wanted.clip)) {
      say("reading the clip…");
      const found = hooks.frames && await hooks.frames(wanted.clip);
      if (found) await hold(found);
      if (next.trace !== wanted) return;         // a newer one came while the frames were on their way
      if (!found) return say("This clip is no longer held by the server: choose it again.");
    }
    take(next.trace);
  }

  async function hold(found) {
    const pictures = await Promise.all(found.frames.map(async url => {
      const image = new Image();
      image.src = url;
      await image.decode();
      return image;
    }));
    clips.set(found.key, {clip: found, images: pictures});
    if (clips.size > HELD_CLIPS) clips.delete(clips.keys().next().value);
  }

  function take(next) {
    const held = clips.get(next.clip), fresh = clip !== held.clip;
    ({clip, images} = held);
    $("wait").hidden = true;
    // similarities follow their maps as a second run, which reuses what the first ran: both together are one step
    const same = trace && next.texts && trace.clip === next.clip && JSON.stringify(trace.knobs) === JSON.stringify(next.knobs);
    const ran = same ? Object.entries(trace.ledger).filter(([, told]) => told[0] !== null) : [];
    trace = {...next, ledger: {...next.ledger, ...Object.fromEntries(ran)}};
    maps = Object.fromEntries(Object.entries(trace.maps).map(([stage, text]) => [stage, new Uint16Array(bytes(text).buffer)]));
    region = bits(trace.region);
    if (trace.texts) texts = trace.texts;
    if (fresh) { view.frame = Math.min(view.frame, images.length - 1); view.patch = null; view.gap = null; layOut(); }
    if (view.patch && (view.patch[0] >= trace.grid[0] || view.patch[1] >= trace.grid[1])) view.patch = null;
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
    $("strip").replaceChildren(...images.map((_, t) => {
      const button = make("button", {class: "vw-thumb", type: "button"});
      button.append(make("canvas"), make("span"));
      button.onclick = () => go(t);
      return button;
    }));
    $("gaps").replaceChildren(...Array.from({length: T - 1}, (_, g) => {
      const button = make("button", {class: "vw-gap", type: "button", style: `left:${100 * (g + 1) / T}%`});
      button.append(make("i"), make("b"));
      button.onmouseenter = button.onfocus = () => { view.gap = g; rule(); };
      return button;
    }));
    const truth = clip.truth ? `<p><b class="vw-swatch" style="background:${COLOURS.truth}"></b>truth: ${escape(clip.truth.caption)}</p>` : "";
    $("clip").innerHTML = `<p><b>${escape(clip.name)}</b> · ${clip.width}×${clip.height} · ${T} frames</p>${truth}<p class="vw-point"></p>`
      + clip.notes.map(note => `<p class="vw-note">${escape(note)}</p>`).join("");
    clip.outlines ??= clip.truth && clip.truth.masks.map(mask => outline(bits(mask), clip.width, clip.height));
    top = {key: clip.key, score: 0};
    for (const button of $("examples").children) button.setAttribute("aria-pressed", button.dataset.title === clip.truth?.caption);
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------

  function draw() { stage(); strip(); ribbon(); gaps(); side(); ledger(); }

  const kept = (t, p) => region && region[t * trace.grid[0] * trace.grid[1] + p];
  const at = (stage, t, p) => maps[stage] && maps[stage][t * trace.grid[0] * trace.grid[1] + p] / 65535;

  function stage() {
    const [rows, columns] = trace.grid, canvas = $("canvas"), box = canvas.parentElement.clientWidth || 480;
    const width = box, height = Math.round(Math.min(box * clip.height / clip.width, 1.25 * box));
    const pen = fit(canvas, width, height), t = view.frame, w = width / columns, h = height / rows;
    const shown = view.peek ? "none" : view.overlay, kind = about.maps.find(one => one.stage === shown);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(images[t], 0, 0, width, height);
    for (let p = 0; p < rows * columns && kind; p++) {
      const x = (p % columns) * w, y = Math.floor(p / columns) * h;
      pen.globalAlpha = view.opacity;
      if (kind.kind === "RegionMask") {
        if (!kept(t, p)) { pen.fillStyle = "#0b0d12"; pen.fillRect(x, y, w, h); }
      } else {
        pen.fillStyle = colour(at(shown, t, p));
        pen.fillRect(x, y, Math.ceil(w), Math.ceil(h));
      }
    }
    pen.globalAlpha = 1;
    if (!view.peek) {
      keptEdges(pen, t, w, h, 2);
      if (clip.outlines) {
        pen.save();
        pen.scale(width / clip.width, height / clip.height);
        twice(pen, clip.outlines[t], COLOURS.truth, 2 * clip.width / width);
        pen.restore();
      }
      const point = trace.pointing && trace.pointing[t];
      if (point) target(pen, (point.patch[1] + 0.5) * w, (point.patch[0] + 0.5) * h, Math.min(w, h) / 4, point.hit);
      if (view.patch) {
        const path = new Path2D();
        path.rect(view.patch[1] * w + 1, view.patch[0] * h + 1, w - 2, h - 2);
        twice(pen, path, "#fff", 3);
      }
    }
    const count = trace.kept ? `${trace.kept[t]} of ${rows * columns} patches kept` : "";
    const hit = point => point && point.hit !== null ? `, top patch ${point.hit ? "on" : "off"} the actor` : "";
    canvas.setAttribute("aria-label", `frame ${t + 1} of ${images.length}: ${count}${hit(trace.pointing?.[t])}`);
    $("frame").textContent = `${t + 1}/${images.length} · ${clip.time[t].toFixed(2)} s · #${clip.source[t]}`;
    $("frame").title = `frame ${t + 1} of ${images.length}: ${clip.time[t]} s, frame ${clip.source[t]} of the file`;
    $("scrub").value = t;
    $("scrub").setAttribute("aria-valuetext", `frame ${t + 1} of ${images.length}, ${clip.time[t].toFixed(2)} seconds`);
    const map = about.maps.find(one => one.stage === view.overlay);
    $("bar").hidden = !map;
    $("bar").classList.toggle("vw-mask", map?.kind === "RegionMask");
    $("bar").querySelector("b").innerHTML = map ? `${pretty(map.symbol)}, ${escape(map.title)}: ${pretty(map.unit)}` : "";
    for (const button of $("kinds").children) button.setAttribute("aria-checked", button.dataset.stage === view.overlay);
    for (const [i, thumb] of [...$("strip").children].entries()) thumb.setAttribute("aria-current", i === t);
    const line = $("line"), thumb = $("strip").children[t];
    if (line.scrollWidth > line.clientWidth) line.scrollLeft = thumb.offsetLeft - (line.clientWidth - thumb.offsetWidth) / 2;
    patch();
  }

  function keptEdges(pen, t, w, h, width) {
    if (!region) return;
    const [rows, columns] = trace.grid, path = new Path2D();
    const line = (x, y, X, Y) => { path.moveTo(x * w, y * h); path.lineTo(X * w, Y * h); };
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
      if (!kept(t, r * columns + c)) continue;
      if (r === 0 || !kept(t, (r - 1) * columns + c)) line(c, r, c + 1, r);
      if (r === rows - 1 || !kept(t, (r + 1) * columns + c)) line(c, r + 1, c + 1, r + 1);
      if (c === 0 || !kept(t, r * columns + c - 1)) line(c, r, c, r + 1);
      if (c === columns - 1 || !kept(t, r * columns + c + 1)) line(c + 1, r, c + 1, r + 1);
    }
    twice(pen, path, "#fff", width);
  }

  function strip() {
    const [rows, columns] = trace.grid;
    for (const [t, button] of [...$("strip").children].entries()) {
      const width = 96, height = Math.round(Math.min(width * clip.height / clip.width, 1.4 * width));
      const pen = fit(button.firstChild, width, height, true), point = trace.pointing?.[t];
      pen.drawImage(images[t], 0, 0, width, height);
      keptEdges(pen, t, width / columns, height / rows, 1.5);
      const hit = !point || point.hit === null ? "" : point.hit ? " ●" : " ○";
      button.lastChild.textContent = `${t + 1}${hit}`;
      const said = point && point.hit !== null ? `, pointing ${point.hit ? "hits" : "misses"} the actor` : "";
      button.ariaLabel = button.title = `frame ${t + 1}, ${clip.time[t].toFixed(2)} s, frame ${clip.source[t]} of the file${said}`;
    }
  }

  function ribbon() {
    const [rows, columns] = trace.grid, T = images.length, canvas = $("ribbon");
    const width = $("strip").clientWidth || 600, column = width / T;
    const cell = Math.max(1, Math.min(column * 0.64 / columns, 64 / rows)), height = Math.ceil(cell * rows) + 6;
    const pen = fit(canvas, width, height), spatial = trace.knobs.spatial !== false;
    for (let t = 0; t < T; t++) {
      const left = (t + 0.5) * column - cell * columns / 2;
      for (let p = 0; p < rows * columns; p++) {
        pen.fillStyle = kept(t, p) ? COLOURS.kept : "rgba(128,128,128,.38)";
        pen.globalAlpha = kept(t, p) && !spatial ? 0.5 : 1;
        pen.fillRect(left + (p % columns) * cell, 3 + Math.floor(p / columns) * cell, cell * 0.84, cell * 0.84);
      }
      pen.globalAlpha = 1;
      const count = t < T - 1 && trace.gaps ? trace.gaps.count[t] : 0, size = Math.min(9, Math.max(4, column * 0.09)), each = 4;
      for (let q = 0; q < count; q++) {
        const stack = Math.ceil(count / each), x = (t + 1) * column + (Math.floor(q / each) - stack / 2) * (size + 2);
        pen.fillStyle = COLOURS.prompt;
        pen.fillRect(x + 1, height / 2 + (q % each - Math.min(count, each) / 2) * (size + 2), size, size);
      }
    }
    const P = rows * columns, N = trace.gaps ? trace.gaps.count.reduce((a, b) => a + b, 0) : 0;
    const length = `1 CLS + ${T} × ${P} patches + ${N} temporal prompts = ${1 + T * P + N} tokens`;
    canvas.setAttribute("aria-label", `The sequence the encoder reads: ${length}.`);
    const swatch = (colour, text) => `<span><b class="vw-swatch" style="background:${colour}"></b>${text}</span>`;
    $("legend").innerHTML = swatch("rgba(128,128,128,.5)", "patch token")
      + swatch(COLOURS.kept, spatial ? "kept patch, h + p<sup>s</sup>" : "kept patch, no prompt added")
      + swatch(COLOURS.prompt, "temporal prompt p<sup>t</sup>, between two frames") + `<span>${length}</span>`;
  }

  function gaps() {
    if (!trace.gaps) return;
    const {score, count, eta, symbols} = trace.gaps, T = images.length;
    const highest = Math.max(...score, 1e-6);    // the axis only ever grows for a clip, so bars stay put while knobs move
    if (highest > top.score) top.score = nice(highest);
    $("axis").innerHTML = `<span>${pretty(symbols[0])}</span><small>${number(top.score)}</small><small>0</small><span>${pretty(symbols[1])}</span>`;
    const lines = [];                            // where η·W is whole: a bar that crosses one more line gets one more prompt
    for (let n = 1; n <= 8 && n / eta < top.score; n++) lines.push(`<hr style="bottom:calc(18px + (100% - 18px) * ${n / eta / top.score})">`);
    $("gaps").querySelectorAll("hr").forEach(line => line.remove());
    $("gaps").insertAdjacentHTML("afterbegin", lines.length < 9 ? lines.join("") : "");
    for (const [g, button] of [...$("gaps").querySelectorAll(".vw-gap")].entries()) {
      button.firstChild.style.height = `calc((100% - 18px) * ${score[g] / top.score})`;
      button.lastChild.textContent = count[g];
      button.ariaLabel = button.title = trace.gaps.rule[g];
    }
    $("gaps").style.setProperty("--bar", `${Math.min(26, 50 / T * 3)}px`);
    rule();
  }

  function rule() {
    if (!trace?.gaps) return;
    const {score} = trace.gaps, g = Math.min(view.gap ?? score.indexOf(Math.max(...score)), score.length - 1);
    for (const [i, button] of [...$("gaps").querySelectorAll(".vw-gap")].entries()) button.classList.toggle("vw-on", i === g);
    $("rule").innerHTML = g < 0 ? "" : `${trace.gaps.rule[g].replace(/= (\d+)( prompts?)?(, capped.*)?$/, "= <b>$1</b>$3")} <small>N<sup>t</sup> = ⌈η·W<sup>t</sup>⌉ · W<sup>t</sup> ${escape(trace.gaps.unit)} · dotted lines: where one more prompt begins</small>`;
  }

  function side() {
    const box = $("texts");
    const unknown = trace.unknown?.length ? `<p class="vw-note">Words the model has never seen: ${trace.unknown.map(escape).join(", ")}.</p>` : "";
    $("texts-state").textContent = trace.texts || !texts ? "" : "updating…";
    box.classList.toggle("vw-stale", !trace.texts);
    if (trace.texts) {
      const best = texts.value.indexOf(Math.max(...texts.value));
      const sides = texts.value.some(c => c < 0), left = c => sides ? 50 + Math.min(c, 0) * 50 : 0, span = c => Math.abs(c) * (sides ? 50 : 100);
      box.innerHTML = texts.value.map((c, y) => `<div class="vw-text${y === best ? " vw-best" : ""}"><span>${escape(texts.text[y])}${y === best ? " <em>top 1</em>" : ""}</span>`
        + `<i><u style="left:${left(c)}%;width:${span(c)}%"></u></i><b>${c.toFixed(3)}</b></div>`).join("")
        + `<div class="vw-scale"><span>${pretty(texts.symbol)}, ${escape(texts.unit)}</span><i><span>${sides ? "−1" : "0"}</span>${sides ? "<span>0</span>" : ""}<span>1</span></i></div>${unknown}`;
      if (!texts.value.length) box.innerHTML = `<p class="vw-empty">${escape(texts.why || "Write a text, one a line, to compare it with the clip.")}</p>`;
    }
    const points = (trace.pointing || []).filter(one => one.hit !== null), hits = points.filter(one => one.hit).length;
    const line = root.querySelector(".vw-point");
    if (line && points.length) line.innerHTML = `pointing: ${hits} of ${points.length} frames hit — the top patch (◎) holds a part of the actor`;
    $("weights").textContent = trace.weights.join("  ·  ");
    $("weights").classList.toggle("vw-untrained", /untrained|random/i.test(trace.weights.join()));
  }

  function patch() {
    const box = $("patch");
    if (!view.patch) { box.innerHTML = `<p class="vw-empty">Point at the picture: the numbers behind a patch appear here.</p>`; return; }
    const [r, c] = view.patch, p = r * trace.grid[1] + c, t = view.frame;
    const rows = about.maps.filter(one => maps[one.stage]).map(one => `<tr><th>${pretty(one.symbol)}</th><td>${at(one.stage, t, p).toFixed(3)}</td><td>${escape(one.title)}</td></tr>`);
    const blend = trace.blend, sum = blend && blend.terms.map(([stage, k]) => `${k.toFixed(2)}·${at(stage, t, p).toFixed(3)}`).join(" + ");
    box.innerHTML = `<p>frame ${t + 1}, row ${r + 1}, column ${c + 1}: <b>${kept(t, p) ? "kept" : "not kept"}</b></p><table>${rows.join("")}</table>`
      + (blend ? `<p class="vw-eq">${blend.rule}<br>= ${sum} = ${at(blend.result, t, p).toFixed(3)}</p>` : "");
  }

  let opened = null;
  function ledger() {
    const told = trace.ledger, run = about.stages.filter(one => told[one.name]);
    const ran = run.filter(one => told[one.name][0] !== null), ms = ran.reduce((sum, one) => sum + told[one.name][0], 0);
    root.querySelector(".vw-ledger summary").textContent = `Stages: ${ran.length} ran (${ms.toFixed(0)} ms), ${run.length - ran.length} reused`;
    $("stages").innerHTML = about.stages.map((one, i) => {
      const [took, shape] = told[one.name] || [undefined, ""];
      const state = took === undefined ? "waiting" : took === null ? "reused" : `${took < 10 ? took.toFixed(1) : took.toFixed(0)} ms`;
      return `<button type="button" class="${typeof took === "number" ? "vw-ran" : ""}" data-i="${i}" aria-expanded="${opened === i}"><b>${one.name}</b><span>${state}</span><small>${shape}</small></button>`;
    }).join("");
  }
  $("stages").onclick = event => {
    const button = event.target.closest("button");
    if (!button) return;
    opened = opened === +button.dataset.i ? null : +button.dataset.i;
    const one = about.stages[opened];
    $("source").innerHTML = one ? `<p>${escape(one.doc)}</p><p>moves with ${one.knobs.length ? one.knobs.map(pretty).join(", ") : "the clip or the texts only"}</p><pre>${escape(one.source)}</pre>` : "";
    ledger();
    $("stages").querySelector(`[data-i="${button.dataset.i}"]`).focus();
  };

  // ---- moving about -------------------------------------------------------------------------------------------------

  function go(t) { if (!clip) return; view.frame = Math.max(0, Math.min(images.length - 1, t)); stage(); }
  function overlay(stageName) { view.overlay = stageName; if (trace) stage(); }
  function opacity(value) { view.opacity = Math.max(0, Math.min(1, value)); $("opacity").querySelector("input").value = view.opacity; if (trace) stage(); }
  function peek(on) { if (trace && view.peek !== on) { view.peek = on; $("peek").setAttribute("aria-pressed", on); stage(); } }
  function say(text) { $("wait").hidden = false; $("wait").textContent = text; }

  function play() {
    const on = !view.timer;
    clearTimeout(view.timer);
    view.timer = 0;
    $("play").textContent = on ? "⏸" : "▶";
    $("play").setAttribute("aria-label", on ? "Pause" : "Play");
    const step = () => {
      const next = (view.frame + 1) % images.length, gap = (clip.time[next] - clip.time[view.frame]) * 1000;
      go(next);
      view.timer = setTimeout(step, Math.max(80, Math.min(600, gap > 0 ? gap : 600)));
    };
    if (on && clip) view.timer = setTimeout(step, 80);
  }

  function look(dr, dc) {
    const [rows, columns] = trace.grid, [r, c] = view.patch || [Math.floor(rows / 2), Math.floor(columns / 2)];
    view.patch = [Math.max(0, Math.min(rows - 1, r + dr)), Math.max(0, Math.min(columns - 1, c + dc))];
    stage();
  }

  const arrows = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]};
  function key(event) {
    const {key: k, target} = event;
    if (!trace || event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
    if (target.matches("input") && /^(Arrow|Home|End|Page)/.test(k)) return;
    if (target.matches("button, summary") && (k === " " || k === "Enter")) return;
    const map = about.maps[+k - 1];
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
    else if (k === "Escape") { view.patch = null; stage(); }
    else if (k === "?") $("help").showModal();
    else return;
    event.preventDefault();
  }
  root.addEventListener("keydown", key);
  const outside = event => { if (event.target === document.body && root.offsetParent) key(event); };
  document.addEventListener("keydown", outside);
  const release = event => { if (event.key === "o") peek(false); };
  document.addEventListener("keyup", release);

  $("play").onclick = play;
  $("prev").onclick = () => go(view.frame - 1);
  $("next").onclick = () => go(view.frame + 1);
  $("scrub").oninput = event => go(+event.target.value);
  $("opacity").oninput = event => opacity(+event.target.value);
  $("peek").onpointerdown = () => peek(true);
  $("peek").onpointerup = $("peek").onpointerleave = $("peek").onblur = () => peek(false);
  $("peek").onkeydown = event => { if (event.key === " " || event.key === "Enter") { peek(true); event.preventDefault(); } };
  $("peek").onkeyup = () => peek(false);
  $("help-open").onclick = () => $("help").showModal();
  $("canvas").onpointermove = event => {
    if (!trace) return;
    const box = event.target.getBoundingClientRect(), [rows, columns] = trace.grid;
    const r = Math.floor((event.clientY - box.top) / box.height * rows), c = Math.floor((event.clientX - box.left) / box.width * columns);
    if (r < 0 || c < 0 || r >= rows || c >= columns || (view.patch && view.patch[0] === r && view.patch[1] === c)) return;
    view.patch = [r, c];
    stage();
  };
  $("canvas").onpointerleave = () => { if (trace) { view.patch = null; stage(); } };

  root.querySelector(".vw-help dl").innerHTML = KEYS.map(([k, does]) => `<dt>${k.split(" ").map(one => one === "+" ? "+" : `<kbd>${one}</kbd>`).join(" ")}</dt><dd>${does}</dd>`).join("");
  $("kinds").replaceChildren(...about.maps.map((one, i) => {
    const button = make("button", {type: "button", role: "radio", title: `${one.title} (${i + 1})`, "data-stage": one.stage});
    button.innerHTML = pretty(one.symbol);
    button.onclick = () => overlay(one.stage);
    return button;
  }), Object.assign(make("button", {type: "button", role: "radio", title: "no overlay (0)", "data-stage": "none"}), {textContent: "none", onclick: () => overlay("none")}));
  $("bar").querySelector("i").style.background = `linear-gradient(90deg, ${VIRIDIS.join(",")})`;
  $("examples").hidden = !payload.examples?.length;
  $("examples").replaceChildren(...(payload.examples || []).map(one => {
    const button = make("button", {type: "button", title: one.title, "data-title": one.title, "aria-pressed": "false"});
    button.innerHTML = `<img src="${one.thumb}" alt=""><span>${escape(one.title)}</span>`;
    button.onclick = () => { if (button.ariaPressed !== "true") say("reading the clip…"); hooks.pick?.(one.name); };
    return button;
  }));
  if (!about.maps.some(one => one.stage === view.overlay)) view.overlay = about.maps.at(-1)?.stage ?? "none";
  let width = 0;
  const resized = new ResizeObserver(() => {     // a new width, not every new height: drawing changes the height itself
    if (trace && root.clientWidth !== width) { width = root.clientWidth; draw(); }
  });
  resized.observe(root);
  update(payload);
  return {update, destroy() {
    clearTimeout(view.timer);
    resized.disconnect();
    document.removeEventListener("keydown", outside);
    document.removeEventListener("keyup", release);
    element.replaceChildren();
  }};
}

// ---- small things -----------------------------------------------------------------------------------------------------

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

function target(pen, x, y, radius, hit) {
  const path = new Path2D();
  path.arc(x, y, radius, 0, 7);
  path.moveTo(x + 2, y); path.arc(x, y, 2, 0, 7);
  twice(pen, path, hit === null ? "#ddd" : hit ? COLOURS.hit : COLOURS.miss, 2.5);
}

function outline(mask, width, height) {
  const path = new Path2D(), inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x];
  for (let y = 0; y <= height; y++) for (let x = 0; x <= width; x++) {
    if (inside(x, y) !== inside(x, y - 1) && (inside(x, y) || inside(x, y - 1))) { path.moveTo(x, y); path.lineTo(x + 1, y); }
    if (inside(x, y) !== inside(x - 1, y) && (inside(x, y) || inside(x - 1, y))) { path.moveTo(x, y); path.lineTo(x, y + 1); }
  }
  return path;
}

const bytes = text => Uint8Array.from(atob(text), one => one.charCodeAt(0));
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
const number = value => +value.toPrecision(3) + "";
const nice = value => { const ten = 10 ** Math.floor(Math.log10(value)); return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find(k => k * ten >= value) * ten; };
const escape = text => String(text).replace(/[&<>"']/g, one => `&#${one.charCodeAt(0)};`);
// W^s → W<sup>s</sup>, N_s → N<sub>s</sub>
const pretty = symbol => escape(symbol).replace(/\^(\w+)/g, "<sup>$1</sup>").replace(/_(\w+)/g, "<sub>$1</sub>");
