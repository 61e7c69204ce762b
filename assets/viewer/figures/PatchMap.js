// Maps and regions over the patches of a frame: one at a time over the picture, the numbers behind a patch, A and B − A beside it.

import {plus, trio, VERSUS} from "../base/compare.js";
import {CLIP, SCRUB, STRIP} from "../base/frames.js";
import {icon} from "../base/icons.js";
import {barOf, valueInk} from "../base/light.js";
import {overlaid, toolKeys, toolsOf} from "../base/overlaid.js";
import {overlayButtons, PICTURE, still} from "../base/parts.js";
import {firstOf} from "../base/unpack.js";
import {OTHER_VALUES, pretty, safe} from "../base/words.js";
import {pairOf} from "./PatchMap_apart.js";
import {regionBeside} from "./PatchMap_beside.js";
import {headsIn} from "./PatchMap_heads.js";
import {keptAt, keptEdges, mapAt, paintFrame, seenOf} from "./PatchMap_paint.js";

export const look = "vw-stage";
export const region = "lead";
export const frame = {
  look: "",
  markup: `
  <div class="vw-wide-screen"><div class="vw-top">
    <template data-region="lead"></template>
    <div class="vw-side"><div class="vw-card"><h4>Patch</h4><div class="vw-patch" aria-live="polite"></div></div>
      ${VERSUS}<template data-region="side"></template>${CLIP}</div>
  </div>
  <div class="vw-line" tabindex="-1">
    <div class="vw-grid">
      <div class="vw-label">frames</div>${STRIP}
      <div class="vw-label vw-label-a" hidden>A</div><div class="vw-strip vw-strip-a" role="group" aria-label="All frames of A" hidden></div>
      <template data-region="line"></template>
    </div>
  </div>
  <template data-region="rest"></template></div>`,
};
const TOOLS = `
      <div class="vw-row">
        <div class="vw-kinds" role="radiogroup" aria-label="Overlay"></div>
        <div class="vw-heads-of" role="radiogroup" aria-label="Head" hidden></div>
        ${toolsOf("frame")}
      </div>
      <div class="vw-bar" aria-hidden="true"><span>0</span><i></i><span>1</span><b></b><em class="vw-edge" hidden></em></div>`;
const MOVES = ["frame", "overlay", "heads", "head", "patch", "near", "strength", "bare"];

export function figure(host, given) {
  const {cursor, shell} = given,
    each = firstOf(given.outputs, "HeadMaps"),
    outputs = given.outputs.filter(one => one !== each);
  if (outputs[0].beside) return regionBeside(host, given);
  const {extra, wide} = shell,
    $ = name => host.querySelector(`.vw-${name}`) ?? shell.$(name), // its own picture, else what the frame has
    mask = firstOf(outputs, "RegionMask"),
    sums = outputs.find(one => one.rule),
    maps = outputs.filter(one => one.kind === "PatchMap"),
    layers = () => outputs.concat(extra.now() ?? []);
  host.innerHTML = trio(PICTURE) + (shell.$("frame") ? "" : SCRUB) + TOOLS;
  const canvases = ["canvas", "canvas-a", "canvas-d"].map($),
    tools = overlaid(host, canvases, shell, () => shell.side().trace.grid),
    pair = pairOf({...shell, $}, outputs),
    heads = headsIn($("heads-of"), each, shell);
  cursor.put({overlay: (maps.at(-1) ?? outputs.at(-1)).stage});
  $("edge").innerHTML = `outlined: kept (${pretty(mask?.symbol ?? "")})`;

  function draw(side, A, changed) {
    if (changed && !MOVES.some(name => changed.has(name))) return;
    const seen = seenOf(side, outputs),
      [rows, columns] = seen.grid,
      outside = patch => patch && (patch[0] >= rows || patch[1] >= columns);
    for (const name of ["patch", "last"]) if (outside(cursor[name])) cursor.put({[name]: null});
    if (changed?.has("near")) still(host, cursor.near);
    tools.draw(changed);
    if (!changed) clipWords(seen);
    heads.draw(side, A);
    picture(seen, A);
    patchWords(seen, A);
    pair.draw(seen, A, changed);
  }

  function picture(seen, A) {
    const canvas = canvases[0],
      chosen = layers().find(one => one.stage === (cursor.near ?? cursor.overlay)),
      map = cursor.near ? chosen : heads.of(seen, chosen, A),
      looked = {...cursor, patch: cursor.patch ?? (cursor.near && cursor.last)};
    canvas.setAttribute("aria-label", paintFrame(canvas, seen, cursor.frame, looked, map, wide(canvas.parentElement, 480)));
    const [low, high] = $("bar").querySelectorAll(":scope > span");
    [low.textContent, high.textContent] = map?.ends ?? ["0", "1"];
    $("bar").querySelector("i").style.background = barOf(map?.ink ?? valueInk(), cursor.strength);
    $("bar").classList.toggle("vw-mask", !map || map.kind === "RegionMask");
    $("edge").hidden = !seen.region;
    $("bar").querySelector("b").innerHTML = map?.stale?.(seen.trace)
      ? `${pretty(map.symbol)}: ${OTHER_VALUES}`
      : map
        ? (map.words ?? `${pretty(map.symbol)}, ${safe(map.title)}: ${pretty(map.unit)}`)
        : "";
    for (const button of $("kinds").children) button.setAttribute("aria-checked", button.dataset.stage === cursor.overlay);
    if (cursor.patch) cursor.put({last: cursor.patch});
  }

  function clipWords({points}) {
    const known = (points || []).filter(one => one.hit !== null),
      hits = known.filter(one => one.hit).length;
    if ($("point") && known.length)
      $("point").innerHTML =
        `pointing: ${hits} of ${known.length} frames hit — the highest patch ${icon("target")} holds a part of the actor (${icon("hit")}, else ${icon("miss")}, under the frames)`;
  }

  // the numbers behind a patch, A's beside them
  function patchWords(seen, A) {
    const box = $("patch");
    if (!box) return;
    if (!cursor.patch) {
      box.innerHTML = `<p class="vw-empty">Point at the picture: the numbers behind a patch appear here.</p>`;
      return;
    }
    const [r, c] = cursor.patch,
      p = r * seen.grid[1] + c,
      t = cursor.frame,
      at = stage => mapAt(seen, stage, t, p).toFixed(3);
    const shown = maps.filter(one => seen.map(one.stage)),
      others = A && shown.map(one => pair.patch(seen, one.stage)),
      beside = A && pair.patch(seen, null);
    const rows = shown.map(
      (one, i) =>
        `<tr><th>${pretty(one.symbol)}</th>${A ? `<td>${others[i].a.toFixed(3)}</td>` : ""}<td>${at(one.stage)}</td>` +
        `${A ? `<td>${plus(others[i].by, 3)}</td>` : ""}<td>${safe(one.title)}</td></tr>`,
    );
    const head = heads.of(
      seen,
      outputs.find(one => one.stage === cursor.overlay),
      A,
    );
    if (head?.value)
      rows.push(
        `<tr><th>${head.name}</th><td>${(head.value[t * seen.P + p] / 65535).toFixed(3)}</td><td>${head.title}</td></tr>`,
      );
    const one = extra.now();
    if (one && !one.stale(seen.trace))
      rows.push(
        `<tr><th>${pretty(one.symbol)}</th>${A ? "<td></td>" : ""}<td>${one.told(t, p)}</td>${A ? "<td></td>" : ""}<td>${safe(one.title)}</td></tr>`,
      );
    const terms = sums && seen.trace.values[sums.stage]?.terms,
      sum = terms?.map(([stage, k]) => `${k.toFixed(2)}·${at(stage)}`).join(" + "),
      said = kept => `<b>${kept ? "kept" : "not kept"}</b>`;
    box.innerHTML =
      `<p>frame ${t + 1}, row ${r + 1}, column ${c + 1}: ${said(keptAt(seen, t, p))}${A ? `; in A ${beside.where}${said(beside.kept)}` : ""}</p>` +
      `<table>${A ? "<thead><tr><td></td><td>A</td><td>B</td><td>B − A</td><td></td></tr></thead>" : ""}${rows.join("")}</table>` +
      (terms ? `<p class="vw-eq">${sums.rule}<br>= ${sum} = ${at(sums.stage)}</p>` : "");
  }

  // ---- moving about -------------------------------------------------------------------------------------------------

  function press(k, event) {
    const map = layers()[+k - 1];
    if (k === "0") cursor.set({overlay: "none"});
    else if (map) cursor.set({overlay: map.stage});
    else return tools.press(k, event);
    return true;
  }

  const kinds = () =>
    overlayButtons(
      $("kinds"),
      layers(),
      i => i + 1,
      0,
      overlay => cursor.set({overlay}),
    );
  kinds();

  // in the order of the region itself: a patch that travels as another's equal keeps its place
  function ranked(seen, p) {
    const result = sums && seen.map(sums.stage),
      {P} = seen,
      from = cursor.frame * P,
      mine = keptAt(seen, cursor.frame, p),
      count = seen.kept(cursor.frame);
    if (!result) return "";
    let rank = mine ? 1 : 1 + count;
    for (let q = 0; q < P; q++)
      if (
        keptAt(seen, cursor.frame, q) === mine &&
        (result[from + q] > result[from + p] || (result[from + q] === result[from + p] && q < p))
      )
        rank++;
    return `rank ${rank} of ${P}; the first ${count} are kept`;
  }

  return {
    draw,
    press,
    point: tools.point,
    keys: [
      [outputs.map((_, i) => i + 1).join(" "), `overlay ${outputs.map(one => pretty(one.symbol)).join(", ")}`],
      ["0", "no overlay"],
      ...toolKeys("frame"),
      ["Esc", "let the patch go"],
    ],
    release: tools.release,
    wants: heads.wants,
    overlays: () => outputs,
    extra: kinds,
    thumb: (pen, side, t, width, height) => {
      const seen = seenOf(side, outputs);
      keptEdges(pen, seen, t, width / seen.grid[1], height / seen.grid[0], 1.5);
    },
    mark(side, t) {
      const hit = seenOf(side, outputs).points?.[t].hit ?? null;
      return hit === null
        ? {}
        : {after: ` ${icon(hit ? "hit" : "miss")}`, words: `, pointing ${hit ? "hits" : "misses"} the actor`};
    },
    looked: side => ({
      kept:
        cursor.patch && !!keptAt(seenOf(side, outputs), cursor.frame, cursor.patch[0] * side.trace.grid[1] + cursor.patch[1]),
    }),
    here() {
      const patch = cursor.patch ?? cursor.last;
      return `, ${patch ? `row ${patch[0] + 1}, column ${patch[1] + 1}` : "no patch yet"}`;
    },
    value({stage, kind}, side) {
      const seen = seenOf(side, outputs),
        patch = cursor.patch ?? cursor.last,
        p = patch && patch[0] * seen.grid[1] + patch[1];
      if (!patch) return null;
      if (kind === "RegionMask")
        return seen.region && {text: keptAt(seen, cursor.frame, p) ? "1" : "0", because: ranked(seen, p)};
      return seen.map(stage) ? {text: mapAt(seen, stage, cursor.frame, p).toFixed(4)} : null;
    },
    apart: pair.apart,
  };
}
