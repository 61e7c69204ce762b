// Where each prompt looked: its attention over the frames that it was made of, the share that each of them received, and the same
// of every head by itself. A's shares stand beside B's.

import {apart, plus} from "../base/compare.js";
import {paintLight} from "../base/light.js";
import {cellEdge, inkOn, opened, SCALES, scaleBar, slice} from "../base/maps.js";
import {ARROWS, middleOf, neighbour, patchUnder, pointed} from "../base/overlaid.js";
import {centred, make} from "../base/parts.js";
import {currentOf, frameOf, paintFrame} from "../base/things.js";
import {number, pretty, safe} from "../base/words.js";
import {headsOf, ofHead, thumbnails, valuesIn} from "./PromptAttention_heads.js";
import {promptOf, whoseOf} from "./PromptScores.js";

// Attention can be nearly even: the narrowest of these that holds it. It widens when it must, and narrows only for another clip, or
// where a knob was turned that makes it another network's.
const LADDER = [
  {...SCALES.even, ends: [Math.log10(0.8), Math.log10(1.25)], ticks: ["0.8", "1 = even", "1.25"]},
  {...SCALES.even, ends: [Math.log10(0.4), Math.log10(2.5)], ticks: ["0.4", "1 = even", "2.5"]},
  SCALES.even,
];
function rung(values, from) {
  const holds = ({ends: [low, high]}) => values.every(value => value >= 10 ** low && value <= 10 ** high);
  while (from < LADDER.length - 1 && !holds(LADDER[from])) from++;
  return from;
}
const MARKUP = `
  <div class="sp-section"><h4 class="vw-supports-title"></h4><template data-region="prompts"></template>
    <div class="vw-line vw-line2" tabindex="-1"><div class="vw-supports" role="group" aria-label="Support frames"></div></div>
    <div class="vw-bar vw-bar2"></div></div>
  <div class="sp-section"><h4>Heads <small class="vw-heads-title"></small></h4><div class="vw-heads" role="radiogroup" aria-label="Head"></div></div>`;

export function figure(host, {outputs, cursor, shell}) {
  host.innerHTML = MARKUP;
  const $ = name => host.querySelector(`.vw-${name}`),
    box = $("supports"),
    [output] = outputs,
    stageOf = kind => outputs.find(one => one.kind === kind)?.stage,
    massOutput = outputs.find(one => one.kind === "SupportScores"),
    thumbs = thumbnails(host.lastElementChild, cursor);
  cursor.put({head: null, support: null});
  let B = null,
    A = null,
    attention = null, // {shape: [Q, K, P], value}
    heads = null,
    rungs = {of: "", mean: 0, head: 0},
    last = null, // {k, row, column}: the last that was pointed at
    edged = false;

  const of = (kind, side = B) => side?.trace.values[stageOf(kind)],
    grid = () => of("MapGrid") ?? [1, 1],
    scale = () => LADDER[cursor.head === null ? rungs.mean : rungs.head];

  function take({trace}) {
    const packed = trace.values[output.stage],
      shared = JSON.stringify([trace.clip, (output.anew ?? []).map(name => trace.knobs[name])]);
    if (rungs.of !== shared) rungs = {of: shared, mean: 0, head: 0};
    attention = opened(packed);
    if (!attention) return;
    rungs.mean = rung(attention.value, rungs.mean);
    if (packed.each) {
      heads = headsOf(packed.each);
      rungs.head = rung(valuesIn(heads), rungs.head);
    }
    const [, K] = attention.shape,
      [rows, columns] = grid(),
      there = one => one.k < K && one.row < rows && one.column < columns;
    if (last && (!there(last) || trace.clip !== last.clip)) last = null;
    if (cursor.head !== null && heads && cursor.head >= heads.shape[0]) cursor.set({head: null});
    if (pointedAt() && !there(pointedAt())) cursor.set({patch: null, support: null});
  }
  const pointedAt = () =>
    cursor.patch && cursor.support !== null
      ? {k: cursor.support, row: cursor.patch[0], column: cursor.patch[1], clip: B.trace.clip}
      : null;

  function draw(side, pinned, changed) {
    [B, A] = [side, pinned];
    if (!changed) take(side);
    if (!attention) return;
    const any = (...names) => !changed || names.some(name => changed.has(name));
    last = pointedAt() ?? last;
    if (any("prompt", "hovered", "head", "strength", "bare") || (any("patch", "support") && (edged || pointedAt()))) supports();
    if (any("prompt", "hovered", "head")) thumbs.draw(heads, LADDER[rungs.head], !B.trace.values[output.stage].each);
  }

  // the map [K, P] over the supports: of a prompt or all, of a head or their mean, in even shares
  function looked() {
    if (cursor.head === null || !heads) return slice(attention, promptOf(cursor), "mean");
    const coarse = ofHead(heads, cursor.head, promptOf(cursor)),
      [, , , h, w] = heads.shape,
      [rows, columns] = grid();
    return Float32Array.from({length: attention.shape[1] * rows * columns}, (_, i) => {
      const k = Math.floor(i / rows / columns),
        r = Math.floor(i / columns) % rows,
        c = i % columns;
      return coarse[(k * h + Math.floor((r * h) / rows)) * w + Math.floor((c * w) / columns)];
    });
  }

  function supports() {
    const index = of("ChosenFrames"),
      mass = of("SupportScores") ?? [],
      [, K, P] = attention.shape,
      [rows, columns] = grid(),
      shown = looked(),
      full = shown.reduce((a, b) => Math.max(a, b)),
      ink = inkOn(scale(), full),
      {heads: N} = B.trace.values[output.stage],
      frame = currentOf(B, shell),
      turned = index.some((k, i) => i && k < index[i - 1]) ? ", in a shuffled order" : "",
      whose = promptOf(cursor) === null ? "the prompts (mean)" : whoseOf(cursor),
      which = cursor.head === null ? `mean over ${N} head${N > 1 ? "s" : ""}` : `head ${cursor.head + 1}`;
    $("supports-title").innerHTML =
      `Support frames <i>τ</i> <small>— where ${whose} looked, ${which}${turned}. Hover a prompt, click to lock it; H = 1: it looked everywhere alike</small>`;
    box.style.setProperty("--supports", K); // on the root it would restyle everything
    if (box.children.length !== K) box.replaceChildren(...Array.from({length: K}, (_, k) => cellOf(k)));
    const width = Math.max(64, Math.min(132, (shell.wide(box.parentElement, 700) + 8) / K - 8)), // as its grid divides it
      at = pointedAt();
    edged = !!at;
    for (const [k, cell] of [...box.children].entries()) {
      const {pen, height} = paintFrame(cell.firstChild, frameOf(B, index[k]), B.clip, width, true),
        share = mass[k] ?? 0,
        percent = `${(100 * share).toFixed(1)} %`;
      if (!cursor.bare) paintLight(pen, ink, i => shown[k * P + i], [rows, columns], width, height, cursor.strength);
      if (at?.k === k) cellEdge(pen, cursor.patch, rows, columns, width, height);
      cell.querySelector("i").style.height = tallOf(share, K);
      cell.lastChild.innerHTML = `frame ${index[k] + 1}${index[k] === frame ? " = t" : ""}<br><b>${percent}</b>`;
      cell.firstChild.ariaLabel = `support ${k + 1} of ${K}: frame ${index[k] + 1}, ${percent} of all attention`;
    }
    massesOfA(mass);
    $("bar2").innerHTML = scaleBar(
      scale(),
      full,
      cursor.strength,
      `${pretty(output.symbol)}: ${SCALES.even.unit}, 1/(K·P) = 1/${K * P} · bars: ${pretty(massOutput?.symbol ?? "")}, ${safe(massOutput?.title ?? "")}; dotted: an even share, 1/K = ${(100 / K).toFixed(1)} %, the top is twice that`,
    );
  }
  const tallOf = (share, K) => `${100 * Math.min(1, (share * K) / 2)}%`;

  function cellOf(k) {
    const cell = make("div", {class: "sp-support"}),
      canvas = make("canvas", {role: "img"}),
      mass = make("div", {class: "sp-mass"});
    mass.append(make("hr"), make("i"));
    cell.append(canvas, mass, make("span"));
    const point = event => {
      const patch = patchUnder(event, grid());
      if (patch) cursor.set({patch, support: k});
    };
    pointed(canvas, point, () => cursor.set({patch: null, support: null}));
    return cell;
  }

  // A's shares, dashed beside B's, where there are as many
  function massesOfA(b) {
    const a = of("SupportScores", A),
      same = a && a.length === b.length;
    for (const [k, cell] of [...box.children].entries()) {
      let bar = cell.querySelector("u");
      if (!same) {
        bar?.remove();
        continue;
      }
      if (!bar) cell.children[1].append((bar = make("u")));
      bar.style.height = tallOf(a[k], a.length);
      bar.title = `A: ${(100 * a[k]).toFixed(1)} %`;
      cell.firstChild.ariaLabel += `; ${bar.title}`;
    }
  }

  // ---- what is pointed at -----------------------------------------------------------------------------------------------

  // the number behind the patch of a support, in words; null where none is pointed at
  shell.memory.reading = () => {
    const at = pointedAt();
    if (!at || !attention) return null;
    const [, K, P] = attention.shape,
      value = looked()[at.k * P + at.row * grid()[1] + at.column],
      head = cursor.head === null ? "" : `, head ${cursor.head + 1}`;
    return `support ${at.k + 1} (frame ${of("ChosenFrames")[at.k] + 1}), row ${at.row + 1}, column ${at.column + 1}: <b>${number(value)}</b> × an even share = ${((100 * value) / K / P).toPrecision(3)} % of ${owner()} attention${head}`;
  };
  const owner = () => (promptOf(cursor) === null ? "a prompt's" : `${whoseOf(cursor)}'s`);

  // to the support so many further, after the last: to the frame
  function step(by) {
    const K = attention.shape[1],
      k = (((cursor.support ?? -1) + by + 1 + K + 1) % (K + 1)) - 1,
      patch = middleOf(grid());
    if (k < 0) return shell.memory.middle?.() ?? cursor.set({patch: null, support: null});
    cursor.set({support: k, patch});
    centred($("line2"), box.children[k]);
  }
  function value({kind, stage}) {
    const given = B.trace.values[stage];
    if (kind === "ChosenFrames") return {text: given.map(k => k + 1).join(", "), because: "frames of the clip, counted from 1"};
    if (kind === "SupportScores") {
      const k = last?.k ?? given.indexOf(Math.max(...given));
      return {text: String(given[k]), because: `support ${k + 1}${last ? "" : ", the largest"}`};
    }
    if (kind !== "PromptAttention" || !last) return null;
    const [, K, P] = attention.shape,
      share = slice(attention, promptOf(cursor), "mean")[last.k * P + last.row * grid()[1] + last.column] / K / P;
    return {
      text: share.toPrecision(4),
      because: `of ${owner()} attention; an even share is ${(1 / K / P).toPrecision(4)}`,
    };
  }

  return {
    draw,
    keys: [
      ["h H", "next, previous head"],
      ["s S", "point at the next, previous support (after the last: the frame)"],
    ],
    press(k, event) {
      if (!attention) return false;
      if (k === "Escape") cursor.set({head: null, patch: null, support: null});
      else if (event.shiftKey && ARROWS[k] && cursor.support !== null)
        cursor.set({patch: neighbour(cursor.patch, ARROWS[k], grid())});
      else if (k === "s" || k === "S") step(k === "s" ? 1 : -1);
      else return thumbs.press(k, heads?.shape[0] ?? 0);
      return true;
    },
    mark({trace}, t) {
      const times = (trace.values[stageOf("ChosenFrames")] ?? []).filter(k => k === t).length;
      return {
        badge: times ? `τ${times > 1 ? ` ×${times}` : ""}` : "",
        words: times ? `, supports ${times > 1 ? `${times} times` : "once"}` : "",
      };
    },
    value,
    lit: ({kind}) => (kind === "ChosenFrames" ? shell.$("strip") : box),
    here: () =>
      ` · ${whoseOf(cursor)}${last ? ` · support ${last.k + 1}, row ${last.row + 1}, column ${last.column + 1}` : ""}`,
    apart(a, b) {
      const [x, y] = [a, b].map(side => of("SupportScores", side));
      if (!x || !y) return {rows: [], sentences: []};
      const most =
        x.length === y.length && apart(x, y).value.reduce((all, one) => (Math.abs(one) > Math.abs(all) ? one : all), 0);
      const sentence =
        most === false
          ? `A has ${x.length} supports and B ${y.length}: their shares are not set side by side.`
          : `Dashed beside the bars of the supports: A's. The largest change is ${plus(100 * most, 1)} points.`;
      return {rows: [], sentences: [sentence]};
    },
  };
}
