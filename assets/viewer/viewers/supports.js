// The viewer of prompts and supports: a spoilt frame, the frames that support it, where each prompt looked, what that
// changed, and what is found with and without.
//
//   const view = mount(element, {about, clip, trace, examples, untouched}, {frames, pick, turn})
//   view.update({trace})
//   view.state()  view.look({overlay})      how it is looked at: a stage's name or "none"
//   view.pin(taken, title)  view.unpin()  view.pinned()       see compare.js; state().pinned: what was taken of A, or null
//   view.extra(map, show)                   one more overlay, of a fold's making (see explain.js); null: none
//   view.here()  view.value(output)  view.peekAt(output)  view.point(event)     see base/parts.js
//
// about   what does not change: title, outputs [{stage, symbol, title, unit, kind}], stages [{name, doc, source, knobs}],
//         knobs [{name, symbol}].  untouched: what `trace` was taken of
// clip    frames as data URLs, their times, and outlines of all things where the truth is known
// trace   one run: values by output, each packed as its kind is; knobs, frame, ledger, weights, untrained, stamp. `done`:
//         boxes and likeness are there too
// frames  async key → clip;  pick  name → nothing, an example is chosen;  turn  (knob, value) → nothing, a frame is chosen;
//         soon, later, whole  async taken → a trace's text, for `view.ask(taken)`
//
// A trace with an older stamp than the one shown is dropped: replies may overtake each other, the last value wins.

import {asker, asOneStep, picture, receiver} from "../base/asking.js";
import {pinning} from "../base/compare.js";
import {bytes, COLOURS, fit, VIRIDIS} from "../base/drawing.js";
import {
  atNewWidths,
  centred,
  exampleButtons,
  extraOf,
  held,
  keysOf,
  ledgerOf,
  litOf,
  make,
  pressExample,
  still,
  widths,
} from "../base/parts.js";
import {number, OTHER_VALUES, pretty, safe} from "../base/words.js";
import {zoomOf} from "../base/zoom.js";
import {KEYS, TEMPLATE} from "./supports_frame.js";
import {pairOf} from "./supports_pair.js";
import {
  byHead,
  cellEdge,
  costTable,
  drawLikeness,
  foundIn,
  inPixels,
  LADDER,
  laidOver,
  layOver,
  ofHead,
  paintCurrent,
  paintMap,
  placed,
  placeOn,
  rung,
  SCALES,
  slice,
  stateOf,
  tallOf,
  unlogged,
} from "./supports_parts.js";
import {throughOf} from "./supports_through.js";

export function mount(element, payload, hooks = {}) {
  element.innerHTML = TEMPLATE;
  const root = element.querySelector(".vw"),
    about = payload.about;
  const $ = name => root.querySelector(".vw-" + name),
    all = name => [...root.querySelectorAll(".vw-" + name)];
  const of = kind => about.outputs.filter(one => one.kind === kind),
    first = kind => trace.values[of(kind)[0]?.stage];
  const overlays = [...of("FeatureChange"), ...of("PromptMaps")],
    letters = ["c", "x", "v"];
  const view = {
    overlay: overlays[0]?.stage ?? "none",
    place: {},
    prompt: null,
    near: null,
    head: null,
    at: null,
    last: null,
    peeked: null,
    opacity: 0.5,
    peek: false,
    least: 0.3,
  };
  const extra = extraOf(view);
  let clip = null,
    images = [],
    trace = null,
    maps = {},
    attention = null,
    heads = null,
    pictures = {},
    asked = null,
    ink = null,
    rungs = {of: "", mean: 0, head: 0};
  const visited = new Map(),
    took = {}; // settings without severity → {severity: likeness}; stage → ms when it last ran

  const wide = widths();

  // ---- what arrives -------------------------------------------------------------------------------------------------

  // the spoilt frames of a run as pictures; what is shown already is not decoded again
  async function pictured(next) {
    const shown = of("Pictures").map(one => next.values[one.stage]);
    const current = shown.find(one => typeof one === "string"),
      others = Object.entries(shown.find(one => typeof one === "object") || {});
    return {
      url: current,
      current: current && (current === pictures.url ? pictures.current : await picture(current)),
      others: Object.fromEntries(await Promise.all(others.map(async ([k, url]) => [k, await picture(url)]))),
    };
  }
  const unlogs = next => Object.fromEntries(overlays.map(one => [one.stage, (next.values[one.stage] || []).map(unlogged)]));
  const mine = () => ({trace, clip, images, pictures, maps});

  const update = receiver({hooks, say, take, ready: async next => pictured(next)});
  const ask = asker($, {
    ...hooks,
    whole: taken => hooks.whole({...taken, pointed: wholeClip.chosen()}),
    update,
    say,
    idle: fill,
    wants: () => $("through").open,
  });
  const shown = () => trace && {trace, clip, images, taken: ask.drawn() ?? payload.untouched ?? null};
  const A = pinning($, {
    hooks,
    held: update.held,
    shown,
    say,
    ready: async ({trace: one}) => ({pictures: await pictured(one), maps: unlogs(one)}),
    changed: () => trace && draw(),
  });

  function take(next, held, made) {
    const fresh = clip !== held.clip,
      elsewhere = fresh || trace.frame !== next.frame;
    ({clip, images} = held);
    $("wait").hidden = true;
    trace = asOneStep(trace, next);
    for (const [name, told] of Object.entries(trace.ledger)) if (told[0] !== null) took[name] = told[0];
    pictures = made;
    maps = unlogs(trace);
    attention = first("PromptAttention") && {...unlogged(first("PromptAttention")), heads: first("PromptAttention").heads};
    if (trace.values.heads) heads = {...trace.values.heads, code: bytes(trace.values.heads.code), value: byHead(about.heads)};
    if (trace.frame === asked) asked = null;
    const shared = JSON.stringify([trace.clip, trace.knobs.predictor, trace.knobs.depth]);
    if (rungs.of !== shared) rungs = {of: shared, mean: 0, head: 0};
    if (attention) rungs.mean = rung(attention.value, rungs.mean);
    if (trace.values.heads)
      rungs.head = rung(
        [...new Set(heads.code)].map(code => heads.value[code]),
        rungs.head,
      );
    const [Q, K] = attention?.shape || [0, 0],
      [rows, columns] = first("MapGrid") || [1, 1],
      at = view.at;
    if (view.prompt >= Q) view.prompt = null;
    if (view.head !== null && heads && view.head >= heads.shape[0]) view.head = null;
    if (at && (at.k >= K || (at.k >= 0 && (at.row >= rows || at.column >= columns)))) view.at = null;
    if (fresh || (view.last && (view.last.k >= K || view.last.row >= rows || view.last.column >= columns))) view.last = null;
    if (trace.done) remember();
    if (fresh) {
      wholeClip.forget();
      layOut();
    }
    draw();
    if (elsewhere) centred($("line"), $("strip").children[trace.frame]);
    root.dataset.shown = JSON.stringify({clip: trace.clip, ...trace.knobs});
    if (trace.done) root.dataset.done = root.dataset.shown;
    root.dispatchEvent(new CustomEvent("painted", {bubbles: true}));
  }

  const settings = () => JSON.stringify([trace.clip, {...trace.knobs, severity: 0}]);
  function remember() {
    const [without, prompted] = of("StageScores").map(one => trace.values[one.stage]);
    if (!without || !prompted) return;
    if (!visited.has(settings())) visited.set(settings(), new Map());
    visited.get(settings()).set(trace.knobs.severity, [without, prompted]);
    if (visited.size > 64) visited.delete(visited.keys().next().value);
  }

  // the rest of the curve, when nothing moves: one request for each of the settings
  async function fill(taken, still) {
    const known = visited.get(settings()),
      card = $("likeness");
    if (!known || known.whole || !hooks.curve || !card.offsetParent) return;
    const points = JSON.parse(await hooks.curve(taken));
    if (!still() || !points.length) return;
    for (const [severity, scores] of points) known.set(severity, scores);
    known.whole = true;
    likeness();
  }

  function layOut() {
    root.dataset.frames = images.length;
    root.style.setProperty("--frames", images.length);
    $("strip").replaceChildren(
      ...images.map((_, t) => {
        const button = make("button", {class: "vw-thumb", type: "button"});
        button.append(make("canvas"), make("span"), make("em"));
        fit(button.firstChild, 96, tall(96), true).drawImage(images[t], 0, 0, 96, tall(96));
        button.onclick = () => turn(t);
        return button;
      }),
    );
    wide.forget();
    pressExample($, clip.truth?.caption);
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------

  function draw() {
    pair.arrange();
    stage();
    found();
    strip();
    prompts();
    supports();
    headRow();
    through();
    likeness();
    cost();
    pair.draw();
    ledger(trace);
  }
  const ledger = ledgerOf($, about.stages),
    wholeClip = throughOf($, all, of, () => ask.whole());
  const prompt = () => view.near ?? view.prompt,
    tall = width => tallOf(clip, width);
  const things = () => clip.truth?.things[trace.frame];
  const frame = k => (k === trace.frame ? pictures.current : pictures.others[k] || images[k]);

  // what lies over the frame of a side: {shape, value, scale, one} of the chosen overlay, block and prompt; what is peeked at, and
  // an extra one, are of B
  function over(side = mine(), place) {
    const own = side.trace === trace,
      chosen = own ? (view.peeked ?? view.overlay) : view.overlay;
    if (chosen === extra.now()?.stage) return !own || extra.now().stale(trace) ? null : laidOver(extra.now());
    return layOver(
      side,
      overlays.find(one => one.stage === chosen),
      place ?? view.place[chosen],
      prompt(),
    );
  }
  const beside = {
    about,
    view,
    mine,
    A: A.now,
    of,
    over,
    prompt: () => prompt(),
    wide,
    paint: (canvas, side, map, patch, width) => paintCurrent(canvas, side, map, patch, view, width),
    foundIn: (box, i, side, said) => foundIn(box, of("Boxes")[i], side, view.least, wide(box, 240), said),
  };
  const pair = pairOf($, all, root, beside),
    zoom = zoomOf($, $("trio"));
  const whose = () => (prompt() === null ? "all prompts" : `prompt ${prompt() + 1}`);
  const bar = (scale, text) =>
    `<div class="sp-scale"><i style="background:${scale.gradient ?? `linear-gradient(90deg, ${VIRIDIS.join(",")})`}"></i><span>${scale.ticks.map(one => `<span>${one}</span>`).join("")}</span></div><b>${text}</b>`;

  function stage() {
    const canvas = $("canvas"),
      map = over(),
      patch = view.at?.k === -1 && [view.at.row, view.at.column];
    canvas.setAttribute("aria-label", paintCurrent(canvas, mine(), map, patch, view, wide(canvas.parentElement, 400)));
    $("title").innerHTML =
      `<i>I<sub>t</sub></i> · frame ${trace.frame + 1} of ${images.length} <small>— ${safe(stateOf(trace))}</small>`;
    $("title").title = "the frame as the network sees it";
    $("place").textContent = map ? placed(map.map.at) : "";
    $("prev").disabled = !map || map.i === 0;
    $("next").disabled = !map || map.i === map.list.length - 1;
    $("bar").innerHTML = map
      ? bar(
          map.scale,
          `${pretty(map.one.symbol)}, ${safe(map.one.title)}${map.one.kind === "PromptMaps" ? ` (${whose()})` : ""}: ` +
            (map.scale === SCALES.even ? map.scale.unit : safe(map.one.unit)),
        )
      : view.overlay === extra.now()?.stage
        ? `${pretty(extra.now().symbol)}: ${OTHER_VALUES}`
        : "";
    for (const button of $("kinds").children) button.setAttribute("aria-checked", button.dataset.stage === view.overlay);
    reading();
    pair.stage();
    if (view.at?.k >= 0) view.last = view.at;
    root.dispatchEvent(
      new CustomEvent("looked", {
        bubbles: true,
        detail: {frame: trace.frame, patch: view.at && [view.at.row, view.at.column], gap: null, kept: null},
      }),
    );
  }

  function reading() {
    const box = $("reading"),
      at = view.at,
      share = value => `${(100 * value).toPrecision(3)} %`;
    if (!at) {
      box.textContent = "Point at the frame or at a support: the number behind a patch appears here.";
      return;
    }
    const where = `row ${at.row + 1}, column ${at.column + 1}`,
      [, K, P] = attention?.shape || [];
    if (at.k >= 0) {
      const value = looked()[at.k * P + at.row * first("MapGrid")[1] + at.column];
      const head = view.head === null ? "" : `, head ${view.head + 1}`;
      box.innerHTML = `support ${at.k + 1} (frame ${first("ChosenFrames")[at.k] + 1}), ${where}: <b>${number(value)}</b> × an even share = ${share(value / K / P)} of ${prompt() === null ? "a prompt's" : `prompt ${prompt() + 1}'s`} attention${head}`;
      return;
    }
    const map = over();
    if (!map) {
      box.textContent = "";
      return;
    }
    const i = at.row * map.columns + at.column,
      value = map.value[i];
    const each =
      map.scale === SCALES.share
        ? " · " + Array.from({length: map.map.shape[0]}, (_, q) => `P${q + 1} ${share(slice(map.map, q)[i])}`).join(", ")
        : "";
    box.innerHTML =
      `${[pretty(map.one.symbol), placed(map.map.at), where].filter(Boolean).join(", ")}: <b>${map.scale === SCALES.share ? share(value) : number(value)}</b>` +
      (map.scale === SCALES.even
        ? " × an even share"
        : map.scale === SCALES.change || map.one.paint
          ? ` ${safe(map.one.measure ?? map.one.unit)}`
          : "") +
      each +
      pair.reading();
  }

  function found() {
    const known = !!things();
    $("known").innerHTML = known
      ? `<b class="vw-swatch" style="background:${COLOURS.truth}"></b>outlined: what is there${trace.edited ? " in the file, before your edits" : ""} · ✓ right name, box IoU ≥ ${about.match}`
      : `what is there is not known of this clip${trace.strange ? `. ${safe(trace.strange)}` : ""}`;
    $("least").querySelector("output").textContent = view.least.toFixed(2);
    all("found").forEach((box, i) => foundIn(box, of("Boxes")[i], mine(), view.least, wide(box, 240), A.now() ? "B · " : ""));
  }

  function strip() {
    const index = first("ChosenFrames") || [];
    for (const [t, button] of [...$("strip").children].entries()) {
      const times = index.filter(k => k === t).length;
      button.children[1].textContent = t === trace.frame ? `t = ${t + 1}` : t + 1;
      button.lastChild.textContent = times ? `τ${times > 1 ? ` ×${times}` : ""}` : "";
      button.lastChild.hidden = !times;
      button.setAttribute("aria-current", t === trace.frame);
      const support = times ? `, supports ${times > 1 ? `${times} times` : "once"}` : "";
      button.ariaLabel =
        button.title = `frame ${t + 1}, ${clip.time[t].toFixed(2)} s${t === trace.frame ? ", the current frame" : ""}${support}`;
    }
  }

  const entropyOf = H => H?.toFixed(H > 0.995 && H < 1 ? 5 : 3) ?? ""; // nearly even is not even
  function prompts() {
    const entropy = first("PromptScores") || [],
      box = $("prompts"),
      Q = attention?.shape[0] || 0;
    if (box.children.length !== Q + 1)
      box.replaceChildren(
        ...Array.from({length: Q + 1}, (_, i) => {
          const q = i ? i - 1 : null,
            button = make("button", {type: "button", role: "radio", title: i ? `prompt ${i} (${i})` : "all prompts (0)"});
          button.onclick = () => lock(view.prompt === q ? null : q);
          button.onmouseenter = () => {
            view.near = q;
            stage();
            supports();
            headRow();
          };
          button.onmouseleave = () => {
            view.near = null;
            stage();
            supports();
            headRow();
          };
          return button;
        }),
      );
    for (const [i, button] of [...box.children].entries()) {
      const H = i ? entropy[i - 1] : null;
      button.innerHTML = i
        ? `<b>P<sub>${i}</sub></b><small>H ${entropyOf(H)}</small><u style="--full:${100 * (H || 0)}%"></u>`
        : "<b>all</b><small>mean</small>";
      button.setAttribute("aria-checked", view.prompt === (i ? i - 1 : null));
      button.ariaLabel = i ? `prompt ${i}, entropy ${entropyOf(H)} of 1` : "all prompts, their mean";
    }
  }

  // the map [K, P] over the supports that is shown: of a prompt or all, of a head or their mean, in even shares
  function looked() {
    if (view.head === null || !heads) return slice(attention, prompt(), "mean");
    const coarse = ofHead(heads, view.head, prompt()),
      [, , , h, w] = heads.shape,
      [rows, columns] = first("MapGrid");
    return Float32Array.from({length: attention.shape[1] * rows * columns}, (_, i) => {
      const k = Math.floor(i / rows / columns),
        r = Math.floor(i / columns) % rows,
        c = i % columns;
      return coarse[(k * h + Math.floor((r * h) / rows)) * w + Math.floor((c * w) / columns)];
    });
  }

  const lookScale = () => LADDER[view.head === null ? rungs.mean : rungs.head];
  function supports() {
    if (!attention) return;
    const index = first("ChosenFrames"),
      mass = first("SupportScores") || [],
      [, K, P] = attention.shape,
      [rows, columns] = first("MapGrid");
    const shown = looked(),
      box = $("supports");
    const turned = trace.knobs.shuffled ? ", in a shuffled order" : "";
    $("supports-title").innerHTML =
      `Support frames <i>τ</i> <small>— where ${whose() === "all prompts" ? "the prompts (mean)" : whose()} looked, ${view.head === null ? `mean over ${attention.heads} head${attention.heads > 1 ? "s" : ""}` : `head ${view.head + 1}`}${turned}. Hover a prompt, click to lock it; H = 1: it looked everywhere alike</small>`;
    box.style.setProperty("--supports", K); // on the root it would restyle everything
    if (box.children.length !== K)
      box.replaceChildren(
        ...Array.from({length: K}, (_, k) => {
          const cell = make("div", {class: "sp-support"}),
            canvas = make("canvas", {role: "img"}),
            mass = make("div", {class: "sp-mass"});
          mass.append(make("hr"), make("i"));
          cell.append(canvas, mass, make("span"));
          canvas.onpointermove = canvas.onpointerdown = event => point(event, k, first("MapGrid"));
          canvas.onpointerleave = let_go;
          return cell;
        }),
      );
    const width = Math.max(64, Math.min(132, (wide(box.parentElement, 700) + 8) / K - 8)); // as its grid divides it
    for (const [k, cell] of [...box.children].entries()) {
      const height = tall(width),
        pen = fit(cell.firstChild, width, height, true),
        share = mass[k] ?? 0;
      pen.drawImage(frame(index[k]), 0, 0, width, height);
      if (!view.peek)
        paintMap(pen, i => placeOn(lookScale(), shown[k * P + i]), rows, columns, [0, 0, width, height], view.opacity);
      if (view.at?.k === k) cellEdge(pen, view.at.row, view.at.column, rows, columns, width, height);
      cell.children[1].lastChild.style.height = `${100 * Math.min(1, (share * K) / 2)}%`;
      cell.children[2].innerHTML = `frame ${index[k] + 1}${index[k] === trace.frame ? " = t" : ""}<br><b>${(100 * share).toFixed(1)} %</b>`;
      cell.firstChild.setAttribute(
        "aria-label",
        `support ${k + 1} of ${K}: frame ${index[k] + 1}, ${(100 * share).toFixed(1)} % of all attention`,
      );
    }
    $("bar2").innerHTML = bar(
      lookScale(),
      `${pretty(of("PromptAttention")[0].symbol)}: ${SCALES.even.unit}, 1/(K·P) = 1/${K * P} · bars: ${pretty(of("SupportScores")[0]?.symbol ?? "")}, ${safe(of("SupportScores")[0]?.title ?? "")}; dotted: an even share, 1/K = ${(100 / K).toFixed(1)} %, the top is twice that`,
    );
  }

  function headRow() {
    const box = $("heads");
    box.parentElement.hidden = !heads || heads.shape[0] < 2;
    if (!heads) return;
    box.classList.toggle("vw-stale", !trace.values.heads);
    if (!trace.values.heads && box.children.length) return; // those of the values before: they follow with the boxes
    const [N, , K, h, w] = heads.shape;
    box.style.setProperty("--wide", K > 8 ? "200px" : "100px");
    $("heads-title").textContent =
      `— each over the ${K} supports side by side, ${prompt() === null ? "mean over prompts" : whose()}; click one to see it large (h); colours from ${LADDER[rungs.head].ticks[0]} to ${LADDER[rungs.head].ticks.at(-1)} × even`;
    if (box.children.length !== N)
      box.replaceChildren(
        ...Array.from({length: N}, (_, n) => {
          const button = make("button", {type: "button", role: "radio", "aria-label": `head ${n + 1}`});
          button.append(make("canvas"), `head ${n + 1}`);
          button.onclick = () => pickHead(view.head === n ? null : n);
          return button;
        }),
      );
    for (const [n, button] of [...box.children].entries()) {
      const canvas = button.firstChild,
        map = ofHead(heads, n, prompt()),
        across = K * (w + 1) - 1;
      if (canvas.width !== across || canvas.height !== h) Object.assign(canvas, {width: across, height: h});
      canvas.getContext("2d").putImageData(
        inPixels(h, across, i => {
          // the supports side by side, a column of nothing between
          const r = Math.floor(i / across),
            k = Math.floor((i % across) / (w + 1)),
            c = (i % across) % (w + 1);
          return c === w ? -1 : placeOn(LADDER[rungs.head], map[(k * h + r) * w + c]);
        }),
        0,
        0,
      );
      button.setAttribute("aria-checked", view.head === n);
    }
  }

  function through() {
    if ($("through").open) wholeClip({trace, clip, images, current: pictures.current, least: view.least});
  }

  function likeness() {
    const [without, prompted] = of("StageScores"),
      box = $("likeness"),
      now = trace.values[without?.stage],
      then = visited.get(settings());
    $("likeness-state").textContent = !trace.done
      ? "updating…"
      : then?.whole
        ? "— cosine, against severity"
        : "— cosine, against the severities visited";
    box.classList.toggle("vw-stale", !trace.done);
    if (!trace.done && box.querySelector("canvas")) return;
    if (!then) {
      if (!box.children.length) box.innerHTML = `<p class="vw-empty">waiting for the network…</p>`;
      return;
    }
    const points = [...then].sort(([a], [b]) => a - b),
      I = points[0][1][0].length;
    box.innerHTML = Array.from(
      {length: I},
      (_, i) =>
        `<div><canvas role="img" aria-label="stage ${i + 1}: cosine against severity"></canvas><p>stage ${i + 1}${now ? `<br>with <b>${trace.values[prompted.stage][i].toFixed(3)}</b><br>without ${now[i].toFixed(3)}` : ""}</p></div>`,
    ).join("");
    const width = Math.max(80, wide(box, 500) / I - 8); // as its grid divides it
    [...box.children].forEach((cell, i) =>
      drawLikeness(
        cell.firstChild,
        points.map(([s, [a, b]]) => [s, a[i], b[i]]),
        trace.knobs.severity,
        (ink ??= getComputedStyle(root).color),
        width,
      ),
    );
    box.nextElementSibling.innerHTML = `<span><i style="--c:${COLOURS.kept}"></i>both with the same prompts</span><span><i class="sp-dash"></i>both without</span><span>across: severity s; 1 = like the clean frame</span>`;
  }

  function cost() {
    const one = first("Cost"),
      shuffle = trace.shuffle;
    if (one && (trace.done || !$("cost").firstChild)) $("cost").innerHTML = costTable(one, took);
    if (shuffle)
      $("shuffle").innerHTML =
        `<p>${trace.knobs.shuffled ? "The supports are shuffled (π). In order" : "Shuffled (π), with the same frames"}, the prompts move by at most <b>${number(shuffle.moved)}</b>; their largest number is ${number(shuffle.largest)}. Prompts know no order, so nothing above may move.</p>`;
    $("banner").hidden = !trace.untrained.length;
    $("banner").innerHTML =
      `<b>UNTRAINED</b>: ${trace.untrained.map(safe).join(" and ")} ${trace.untrained.length > 1 ? "have" : "has"} random weights. What is drawn is computed, and means nothing.`;
  }

  // ---- for a panel --------------------------------------------------------------------------------------------------

  function here() {
    const at = view.at?.k >= 0 ? view.at : view.last;
    return `frame ${trace.frame + 1} · ${whose()}${at ? ` · support ${at.k + 1}, row ${at.row + 1}, column ${at.column + 1}` : ""}`;
  }
  function value({stage, kind}) {
    const given = trace.values[stage],
      at = view.at?.k >= 0 ? view.at : view.last,
      list = over()?.one.stage === stage && view.at?.k === -1 ? over() : null;
    if (given === undefined) return null;
    if (kind === "ChosenFrames") return {text: given.map(k => k + 1).join(", "), because: "frames of the clip, counted from 1"};
    if (kind === "PromptAttention" && at) {
      const share =
        slice(attention, prompt(), "mean")[at.k * attention.shape[2] + at.row * first("MapGrid")[1] + at.column] /
        attention.shape[1] /
        attention.shape[2];
      return {
        text: share.toPrecision(4),
        because: `of ${prompt() === null ? "a prompt's" : `prompt ${prompt() + 1}'s`} attention; an even share is ${(1 / attention.shape[1] / attention.shape[2]).toPrecision(4)}`,
      };
    }
    if (kind === "SupportScores") {
      const k = at?.k ?? given.indexOf(Math.max(...given));
      return {text: String(given[k]), because: `support ${k + 1}${at ? "" : ", the largest"}`};
    }
    if (kind === "PromptScores" && prompt() !== null) return {text: String(given[prompt()]), because: whose()};
    if (kind === "PromptScores") return {text: given.join(", "), because: "prompt by prompt"};
    if (kind === "StageScores") return {text: String(given.at(-1)), because: `in stage ${given.length}`};
    if (kind === "Boxes")
      return {
        text: String(given.found.filter(one => one.score >= view.least).length),
        because: `with a score of ${view.least.toFixed(2)} or more`,
      };
    return list
      ? {text: list.value[view.at.row * list.columns + view.at.column].toPrecision(4), because: placed(list.map.at)}
      : null;
  }
  function peekAt(output) {
    view.peeked = overlays.some(one => one.stage === output?.stage) ? output.stage : null;
    still($("stage"), view.peeked);
    lit(
      {
        ChosenFrames: $("strip"),
        Pictures: $("canvas").parentElement,
        PromptAttention: $("supports"),
        SupportScores: $("supports"),
        PromptScores: $("prompts"),
        StageScores: $("likeness"),
        Cost: $("cost"),
        Boxes: all("found")[of("Boxes").findIndex(one => one.stage === output?.stage)],
      }[output?.kind],
    );
    if (trace) stage();
  }
  const lit = litOf(root);

  // ---- moving about -------------------------------------------------------------------------------------------------

  function say(text) {
    $("wait").hidden = false;
    $("wait").textContent = text;
    asked = null;
  }
  function turn(t) {
    asked = Math.max(0, Math.min(images.length - 1, t));
    hooks.turn?.("t", asked + 1);
  }
  function overlay(name) {
    view.overlay = name;
    if (view.at?.k === -1) view.at = null;
    stage();
  }
  function step(by) {
    const map = over();
    if (map) {
      view.place[map.one.stage] = Math.max(0, Math.min(map.list.length - 1, map.i + by));
      if (view.at?.k === -1) view.at = null;
      stage();
    }
  }
  function lock(q) {
    if (q !== null && q >= attention.shape[0]) return;
    view.prompt = q;
    view.near = null;
    stage();
    prompts();
    supports();
    headRow();
  }
  function pickHead(n) {
    if (!heads) return;
    const N = heads.shape[0];
    view.head = n === null ? null : (n + N + 1) % (N + 1) === N ? null : (n + N) % N;
    stage();
    supports();
    headRow();
  }
  function opacity(value) {
    view.opacity = Math.max(0, Math.min(1, value));
    $("opacity").querySelector("input").value = view.opacity;
    stage();
    supports();
  }
  function least(value) {
    view.least = Math.max(0, Math.min(1, Math.round(value * 20) / 20));
    $("least").querySelector("input").value = view.least;
    if (trace.done) {
      found();
      through();
      pair.draw();
    }
  }
  function peek(on) {
    if (trace && view.peek !== on) {
      view.peek = on;
      $("peek").setAttribute("aria-pressed", on);
      stage();
      supports();
    }
  }
  function let_go(event) {
    if (trace && event.pointerType !== "touch") {
      view.at = null;
      stage();
      supports();
    }
  }

  const gridAt = k => {
    const map = over();
    return k >= 0 ? first("MapGrid") : map ? [map.rows, map.columns] : null;
  };
  function point(event, k, grid) {
    if (!trace || !grid) return;
    const box = event.target.getBoundingClientRect(),
      [rows, columns] = grid;
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows),
      column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    if (row < 0 || column < 0 || row >= rows || column >= columns) return;
    view.at = {k, row, column};
    stage();
    if (k >= 0) supports();
  }
  function look(dr, dc) {
    const k = view.at?.k ?? -1,
      grid = gridAt(k);
    if (!grid) return;
    const from = view.at || {row: Math.floor(grid[0] / 2), column: Math.floor(grid[1] / 2)};
    view.at = {
      k,
      row: Math.max(0, Math.min(grid[0] - 1, from.row + dr)),
      column: Math.max(0, Math.min(grid[1] - 1, from.column + dc)),
    };
    if (k === -1) zoom.see((view.at.column + 0.5) / grid[1], (view.at.row + 0.5) / grid[0]);
    stage();
    supports();
  }
  function support(by) {
    const K = attention?.shape[1] ?? 0,
      k = (((view.at?.k ?? -1) + by + 1 + K + 1) % (K + 1)) - 1,
      grid = gridAt(k);
    view.at = grid && {k, row: Math.floor(grid[0] / 2), column: Math.floor(grid[1] / 2)};
    stage();
    supports();
    if (k >= 0) centred($("line2"), $("supports").children[k]);
  }
  const arrows = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]};

  function press(k, event) {
    if (!trace) return false;
    const now = asked ?? trace.frame;
    if (event.shiftKey && arrows[k]) look(...arrows[k]);
    else if (k === "," || k === "ArrowLeft") turn(now - 1);
    else if (k === "." || k === "ArrowRight") turn(now + 1);
    else if (k === "Home") turn(0);
    else if (k === "End") turn(images.length - 1);
    else if (/^[0-9]$/.test(k)) lock(k === "0" ? null : +k - 1);
    else if (letters.includes(k) && overlays[letters.indexOf(k)]) overlay(overlays[letters.indexOf(k)].stage);
    else if (k === "n") overlay("none");
    else if (k === "e" && extra.now()) overlay(extra.now().stage);
    else if (k === "b" || k === "B") step(k === "b" ? 1 : -1);
    else if (k === "h" || k === "H")
      pickHead(view.head === null ? (k === "h" ? 0 : (heads?.shape[0] ?? 0) - 1) : view.head + (k === "h" ? 1 : -1));
    else if (k === "s" || k === "S") support(k === "s" ? 1 : -1);
    else if (k === "[" || k === "]") opacity(view.opacity + (k === "[" ? -0.1 : 0.1));
    else if (k === "-" || k === "+") least(view.least + (k === "-" ? -0.05 : 0.05));
    else if (k === "o") peek(true);
    else if (k === "p") A.toggle();
    else if (k === "Escape") {
      Object.assign(view, {at: null, head: null});
      lock(null);
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

  $("prev").onclick = () => step(-1);
  $("next").onclick = () => step(1);
  $("opacity").oninput = event => {
    if (trace) opacity(+event.target.value);
  };
  $("least").oninput = event => {
    if (trace) least(+event.target.value);
  };
  held($("peek"), peek);
  for (const canvas of [$("canvas"), $("canvas-a"), $("canvas-d")]) {
    canvas.onpointermove = canvas.onpointerdown = event => {
      if (trace) point(event, -1, gridAt(-1));
    };
    canvas.onpointerleave = let_go;
  }
  const kinds = () =>
    $("kinds").replaceChildren(
      ...overlays.concat(extra.now() ?? []).map((one, i) => {
        const button = make("button", {
          type: "button",
          role: "radio",
          title: `${one.title} (${one === extra.now() ? "e" : letters[i]})`,
          "data-stage": one.stage,
        });
        button.innerHTML = pretty(one.symbol);
        button.onclick = () => {
          if (trace) overlay(one.stage);
        };
        return button;
      }),
      Object.assign(make("button", {type: "button", role: "radio", title: "no overlay (n)", "data-stage": "none"}), {
        textContent: "none",
        onclick: () => trace && overlay("none"),
      }),
    );
  kinds();
  $("through").hidden = !of("Tracks").length || !hooks.whole;
  $("through").ontoggle = () => {
    if (trace && $("through").open && !trace.values[of("Tracks")[0].stage]) {
      through();
      ask.whole();
    }
  };
  exampleButtons($, payload.examples, hooks, say);
  if (!payload.trace) say("reading the clip…");
  const rest = atNewWidths(root, () => {
    wide.forget();
    ink = null;
    return trace ? draw() : false;
  });
  update(payload);
  const state = () => ({frame: trace?.frame ?? 0, overlay: extra.own(), pinned: A.now()?.taken ?? null});
  function more(one, show) {
    if (extra.put(one, show)) kinds();
    if (view.at?.k === -1) view.at = null; // of a grid that may be another
    if (trace) stage();
  }
  function lookAt({overlay: shown}) {
    // the frame is a knob
    if (overlays.some(one => one.stage === shown) || shown === "none") view.overlay = shown;
    if (trace) stage();
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
    point: event => point(event, -1, gridAt(-1)),
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
