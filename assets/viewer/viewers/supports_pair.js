// A beside B in the viewer of prompts and supports: A's frame with its overlay, how many times as much B's map has, what was found
// in each, and the numbers of both. A side: {trace, clip, images, pictures, maps}. Maps are logarithmic, so is their difference.

import {
  apart,
  apartBar,
  apartTable,
  chipsOf,
  greyed,
  paintApart,
  placeIn,
  plus,
  settingsApart,
  valuesApart,
} from "../base/compare.js";
import {fit} from "../base/drawing.js";
import {make} from "../base/parts.js";
import {number, pretty, safe} from "../base/words.js";
import {cellEdge, SCALES, tallOf} from "./supports_parts.js";

export const FOUND_A = `<div class="vw-found-a sp-figure" hidden></div><div class="vw-found-a sp-figure" hidden></div>`;

// → {arrange, stage, draw, reading}. view: how it is looked at. mine: → B's side. A: → what is pinned, a side as well.
// over: side → what lies over its frame, see supports.js. paint: (canvas, side, what lies over it, patch, width) → words
export function pairOf($, all, root, {about, view, mine, A, of, over, prompt, paint, foundIn, wide}) {
  let painted = "",
    known = {},
    told = "",
    barred = false; // as in gaps_pair.js

  function arrange() {
    const on = !!A();
    if (root.classList.contains("vw-paired") === on) return;
    root.classList.toggle("vw-paired", on);
    for (const name of ["fig-a", "say-a", "fig-d", "say-b", "versus"]) $(name).hidden = !on;
    for (const box of all("found-a")) box.hidden = !on;
    painted = told = "";
    known = {};
    wide.forget();
  }

  const patchOf = (from, to) =>
    view.at?.k === -1 && from && to
      ? placeIn([from.rows, from.columns], [to.rows, to.columns], [view.at.row, view.at.column])
      : null;

  // log₁₀ of B's map over A's, of every block on one scale; what is below the colours' least counts as the least
  function difference() {
    const [a, b] = [A(), mine()],
      key = `${view.overlay} ${prompt()}`;
    if (known.a === a && known.b === b.trace && known.key === key) return known;
    const here = over(b),
      blocks = (here?.list || []).map((_, i) => [over(a, i), over(b, i)]);
    const same = blocks.length && blocks.every(([x, y]) => x && x.i === y.i && x.rows === y.rows && x.columns === y.columns);
    const low = here?.scale.ends && 10 ** here.scale.ends[0],
      apartOf = ([x, y]) => apart(x.value, y.value, value => Math.log10(Math.max(value, low)));
    const list = same ? blocks.map(apartOf) : null;
    return (known = {a, b: b.trace, key, list, most: list && Math.max(...list.map(one => one.most)), here});
  }

  function why() {
    if (view.overlay === "none") return "No overlay is chosen: there is nothing to subtract.";
    const [x, y] = [over(A()), over(mine())];
    if (y?.one.paint) return "This overlay is of B alone: there is nothing to subtract.";
    const grid = one => (one ? `${one.rows} × ${one.columns}` : "no map");
    return difference().list
      ? ""
      : `No difference: A's maps have other places or grids than B's (here A has ${grid(x)}, B ${grid(y)}).`;
  }

  function stage() {
    if (!A()) return;
    const a = A(),
      b = mine(),
      [x, y] = [over(a), over(b)],
      width = wide($("canvas-a").parentElement, 300),
      patch = patchOf(y, x);
    const key = JSON.stringify([view.overlay, x?.i, prompt(), view.opacity, view.peek, patch, width]);
    if (key !== painted) $("canvas-a").setAttribute("aria-label", `A, ${paint($("canvas-a"), a, x, patch, width)}`);
    painted = key;
    $("say-a").textContent = `A · ${a.title || "as pinned"}, frame ${a.trace.frame + 1}`;
    $("say-b").textContent = `B · the knobs now, frame ${b.trace.frame + 1}`;
    $("say-d").textContent = "B against A";
    changed(b, y);
  }

  function changed(b, map) {
    const sentence = why(),
      canvas = $("canvas-d");
    $("none").hidden = !sentence;
    $("none").textContent = sentence;
    canvas.parentElement.hidden = $("bar-d").hidden = !!sentence;
    if (sentence) return;
    const {list, most} = difference(),
      width = wide(canvas.parentElement, 300),
      height = tallOf(b.clip, width),
      pen = fit(canvas, width, height);
    const image = b.pictures.current || b.images[b.trace.frame],
      value = list[map.i].value;
    if (view.peek) greyed(pen, image, width, height);
    else paintApart(pen, image, value, [map.rows, map.columns], most, view.opacity, width, height);
    if (view.at?.k === -1 && !view.peek) cellEdge(pen, view.at.row, view.at.column, map.rows, map.columns, width, height);
    $("bar-d").innerHTML = most
      ? apartBar(
          most,
          `log<sub>10</sub> of B's ${pretty(map.one.symbol)} over A's, one scale for all blocks: +0.3 is twice as much`,
        )
      : "A and B have the same map.";
    canvas.setAttribute(
      "aria-label",
      `B against A, ${safe(map.one.title)}: log 10 of their ratio, from ${number(Math.min(...value))} to ${number(Math.max(...value))}`,
    );
  }

  // behind B's number of the patch that is pointed at
  function reading() {
    const [x, y] = A() ? [over(A()), over(mine())] : [],
      patch = patchOf(y, x);
    if (!patch) return "";
    const a = x.value[patch[0] * x.columns + patch[1]],
      b = y.value[view.at.row * y.columns + view.at.column];
    const said = value => (y.scale === SCALES.share ? `${(100 * value).toPrecision(3)} %` : number(value));
    return `<br>A there: <b>${said(a)}</b>; B − A: <b>${b - a < 0 ? "−" : "+"}${said(Math.abs(b - a))}</b>${a > 0 ? `, ${number(b / a)} times A's` : ""}`;
  }

  // ---- once a run -----------------------------------------------------------------------------------------------------

  function draw() {
    if (!A()) return masses();
    $("chips").innerHTML = chipsOf(settingsApart(A(), mine(), about.knobs || []));
    all("found-a").forEach((box, i) => foundIn(box, i, A(), "A · "));
    masses();
    numbers();
  }

  function masses() {
    if (!A() && !barred) return;
    const of_ = side => side?.trace.values[of("SupportScores")[0]?.stage],
      a = of_(A()),
      b = of_(mine()),
      same = a && b && a.length === b.length;
    barred = !!same;
    for (const [k, cell] of [...$("supports").children].entries()) {
      const box = cell.children[1];
      let bar = box.querySelector("u");
      if (!same) {
        bar?.remove();
        continue;
      }
      if (!bar) box.append((bar = make("u")));
      bar.style.height = `${100 * Math.min(1, (a[k] * a.length) / 2)}%`;
      bar.title = `A: ${(100 * a[k]).toFixed(1)} %`;
      cell.firstChild.ariaLabel += `; A: ${(100 * a[k]).toFixed(1)} %`;
    }
  }

  function numbers() {
    const [a, b] = [A(), mine()],
      rows = [],
      said = [],
      value = (side, one) => side.trace.values[one?.stage];
    for (const one of of("Boxes")) {
      const counts = [a, b]
        .map(side => value(side, one))
        .map(found => found && {...found, shown: found.found.filter(box => box.score >= view.least)});
      if (!counts.every(Boolean)) {
        said.push("Boxes and likeness: updating…");
        break;
      }
      const right = counts.map(found => found.shown.filter(box => box.thing !== null).length),
        numbersOf = (what, [x, y]) => rows.push([what, x, y, plus(y - x)]);
      numbersOf(
        `${safe(one.title)}: boxes ≥ ${view.least.toFixed(2)}`,
        counts.map(found => found.shown.length),
      );
      if (a.clip.truth && b.clip.truth) numbersOf("… that are right", right);
    }
    for (const one of of("StageScores")) {
      const [x, y] = [value(a, one), value(b, one)];
      if (x && y)
        x.forEach((cosine, i) => {
          if (i in y) rows.push(valuesApart(`${safe(one.title)}, stage ${i + 1}`, cosine, y[i], 3));
        });
    }
    const [x, y] = [a, b].map(side => value(side, of("SupportScores")[0]));
    if (x && y)
      said.push(
        x.length === y.length
          ? `Dashed beside the bars of the supports: A's. The largest change is ${plus(100 * apart(x, y).value.reduce((most, one) => (Math.abs(one) > Math.abs(most) ? one : most), 0), 1)} points.`
          : `A has ${x.length} supports and B ${y.length}: their shares are not set side by side.`,
      );
    if (a.trace.untrained.length) said.push(`A: UNTRAINED: ${a.trace.untrained.map(safe).join(" and ")}.`);
    const html = apartTable(rows) + said.map(one => `<p>${one}</p>`).join("");
    if (html !== told) $("apart").innerHTML = told = html;
  }

  return {arrange, stage, draw, reading};
}
