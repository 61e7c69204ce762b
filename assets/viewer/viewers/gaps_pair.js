// A beside B in the viewer of regions and gaps: A's picture, the signed difference, and what changed in numbers. A's canvas is
// drawn when the frame, the overlay or the patch is another, not when a knob of B moves.

import {
  apart,
  apartBar,
  apartTable,
  chipsOf,
  gapsApart,
  greyed,
  masksApart,
  paintApart,
  placeIn,
  plus,
  settingsApart,
  sumOf,
  textRows,
  valuesApart,
} from "../base/compare.js";
import {DIVERGING, fit} from "../base/drawing.js";
import {make} from "../base/parts.js";
import {number, pretty, safe} from "../base/words.js";
import {keptAt, mapAt, paintFrame, paintThumb, patchEdge, tallAs, thumbsOf} from "./gaps_parts.js";

const ADDED = DIVERGING.at(-1),
  REMOVED = DIVERGING[0],
  BOTH = DIVERGING[2];

// → {arrange, stage, draw, patch, highest}. view: how it is looked at. mine: → B's side, see gaps_parts.js. A: → what is pinned,
// a side as well. go: t → nothing, a frame is chosen.
export function pairOf($, root, {about, view, mine, A, wide, go}) {
  // what A's canvas shows; A whose strip is there; the last difference, and its words; whether the gaps have A's bars
  let painted = "",
    mini = null,
    known = {},
    told = "",
    barred = false;

  const alike = () => A().images.length === mine().images.length && String(A().trace.grid) === String(mine().trace.grid);
  const patchesOf = ({
    trace: {
      grid: [rows, columns],
    },
  }) => rows * columns;
  const map = () => about.maps.find(one => one.stage === view.overlay);
  const atA = () => Math.min(view.frame, A().images.length - 1);
  const inA = () => view.patch && placeIn(mine().trace.grid, A().trace.grid, view.patch);

  // B − A of the overlay over the whole clip, and its masks'. Computed once for a run and an overlay.
  function difference() {
    const [a, b, one] = [A(), mine(), map()];
    if (known.a === a && known.b === b.trace && known.one === one) return known;
    const there = one && a.maps[one.stage] && b.maps[one.stage],
      masks = a.region && b.region && masksApart(a.region, b.region, b.images.length, patchesOf(b));
    return (known = {a, b: b.trace, one, masks, ...(there ? apart(a.maps[one.stage], b.maps[one.stage], x => x / 65535) : {})});
  }

  function arrange() {
    const on = !!A();
    if (root.classList.contains("vw-paired") === on) return;
    root.classList.toggle("vw-paired", on);
    for (const name of ["fig-a", "say-a", "fig-d", "say-b", "versus", "label-a", "strip-a"]) $(name).hidden = !on;
    painted = told = "";
    mini = null;
    wide.forget();
  }

  // ---- pictures -------------------------------------------------------------------------------------------------------

  function stage() {
    if (!A()) return;
    const a = A(),
      b = mine(),
      t = atA(),
      width = wide($("canvas-a").parentElement, 300),
      {overlay, opacity, peek} = view;
    const key = JSON.stringify([t, overlay, opacity, peek, inA(), width]);
    if (key !== painted) {
      $("canvas-a").setAttribute("aria-label", `A, ${paintFrame($("canvas-a"), a, t, {...view, patch: inA()}, map(), width)}`);
      painted = key;
    }
    const short = t < view.frame ? `, frame ${t + 1}: its last` : "";
    $("say-a").textContent = `A · ${a.title || "as pinned"}${short}`;
    $("say-b").textContent = "B · the knobs now";
    $("say-d").textContent = "B − A";
    changed(b);
    for (const [i, thumb] of [...$("strip-a").children].entries()) thumb.setAttribute("aria-current", i === t);
    numbers();
  }

  function why() {
    if (!map())
      return view.overlay === "none"
        ? "No overlay is chosen: there is nothing to subtract."
        : "This overlay is of B alone: there is nothing to subtract.";
    const [a, b] = [A(), mine()],
      grids = [a, b].map(one => one.trace.grid.join(" × "));
    if (grids[0] !== grids[1]) return `No difference: A has ${grids[0]} patches a frame and B ${grids[1]}.`;
    if (!alike()) return `No difference: A has ${a.images.length} frames and B ${b.images.length}.`;
    return map().kind !== "RegionMask" && !difference().value ? "No difference: A has no such map." : "";
  }

  function changed(b) {
    const sentence = why(),
      t = view.frame,
      canvas = $("canvas-d"),
      region = map()?.kind === "RegionMask";
    $("none").hidden = !sentence;
    $("none").textContent = sentence;
    canvas.parentElement.hidden = $("bar-d").hidden = !!sentence;
    if (sentence) return;
    const {value, most} = difference(),
      [rows, columns] = b.trace.grid,
      P = rows * columns;
    const width = wide(canvas.parentElement, 300),
      height = tallAs(b, width, 1.25),
      pen = fit(canvas, width, height);
    const marked = region && regionApart(t),
      list = !region && value.subarray(t * P, (t + 1) * P);
    if (view.peek) greyed(pen, b.images[t], width, height);
    else if (region) paintRegions(pen, b.images[t], marked, b.trace.grid, width, height);
    else paintApart(pen, b.images[t], list, b.trace.grid, most, view.opacity, width, height);
    if (view.patch && !view.peek) patchEdge(pen, view.patch, width / columns, height / rows);
    const counts = marked && [1, 2, 3].map(kind => marked.filter(one => one === kind).length);
    const swatch = (colour, text) => `<b><b class="vw-swatch" style="background:${colour}"></b>${text}</b>`;
    $("bar-d").innerHTML = region
      ? swatch(ADDED, `added ${counts[1]}`) +
        swatch(REMOVED, `removed ${counts[0]}`) +
        swatch(BOTH, `kept in both ${counts[2]}`)
      : most
        ? apartBar(most, `${pretty(map().symbol)} of B less A's, one scale for the clip`)
        : "A and B have the same map.";
    canvas.setAttribute(
      "aria-label",
      region
        ? `B less A, frame ${t + 1}: ${counts[1]} patches added, ${counts[0]} removed, ${counts[2]} kept in both`
        : `B less A, frame ${t + 1}: ${safe(map().title)} from ${number(Math.min(...list))} to ${number(Math.max(...list))}`,
    );
  }

  const regionApart = t => {
    // of each patch: 1 only A keeps it, 2 only B, 3 both
    const {
      grid: [rows, columns],
    } = mine().trace;
    return Array.from({length: rows * columns}, (_, p) => keptAt(A(), t, p) + 2 * keptAt(mine(), t, p));
  };
  function paintRegions(pen, image, marked, [rows, columns], width, height) {
    greyed(pen, image, width, height);
    pen.globalAlpha = view.opacity;
    for (const [p, kind] of marked.entries()) {
      pen.fillStyle = ["#0b0d12", REMOVED, ADDED, BOTH][kind];
      pen.fillRect(
        ((p % columns) * width) / columns,
        (Math.floor(p / columns) * height) / rows,
        Math.ceil(width / columns),
        Math.ceil(height / rows),
      );
    }
    pen.globalAlpha = 1;
  }

  // ---- once a run -----------------------------------------------------------------------------------------------------

  function draw() {
    if (!A()) return gaps();
    if (mini !== A()) {
      const side = (mini = A());
      $("strip-a").style.setProperty("--frames", side.images.length);
      $("strip-a").replaceChildren(...thumbsOf(side.images, go));
      for (const [t, button] of [...$("strip-a").children].entries()) {
        paintThumb(button.firstChild, side, t);
        button.lastChild.textContent = t + 1;
        button.ariaLabel = button.title = `A, frame ${t + 1}: ${side.trace.kept?.[t] ?? 0} patches kept`;
      }
    }
    $("chips").innerHTML = chipsOf(settingsApart(A(), mine(), about.knobs || []));
    gaps();
  }

  function gaps() {
    if (!A() && !barred) return;
    const a = A()?.trace.gaps,
      b = mine().trace.gaps,
      same = a && b && a.score.length === b.score.length;
    barred = !!same;
    $("gaps").classList.toggle("vw-gaps-two", !!same);
    for (const [g, button] of [...$("gaps").querySelectorAll(".vw-gap")].entries()) {
      let bar = button.querySelector("u");
      if (!same) {
        bar?.remove();
        continue;
      }
      if (!bar) button.append((bar = make("u")));
      bar.style.height = `calc((100% - 18px) * ${a.score[g] / view.highest})`;
      if (a.count[g] !== b.count[g]) button.querySelector("b").textContent = `${a.count[g]}→${b.count[g]}`;
      button.ariaLabel = button.title += `; A: W = ${number(a.score[g])}, N = ${a.count[g]}`;
    }
  }

  function numbers() {
    const [a, b] = [A(), mine()],
      rows = [],
      said = [];
    if (alike() && difference().masks) {
      const {mean, iou, all, moved} = difference().masks,
        t = view.frame;
      said.push(
        `Regions: mean IoU <b>${mean.toFixed(3)}</b> over ${iou.length} frames, <b>${iou[t].toFixed(3)}</b> in this one. ` +
          `<b>${all}</b> of ${iou.length * patchesOf(b)} patches changed sides, ${moved[t]} of them here.`,
      );
    } else if (!alike())
      said.push(
        `Regions cannot be laid over each other: A has ${a.images.length} frames of ${a.trace.grid.join(" × ")} patches, B ${b.images.length} of ${b.trace.grid.join(" × ")}.`,
      );
    const [x, y] = [a.trace.gaps, b.trace.gaps];
    if (x && y) {
      const symbols = y.symbols.map(pretty);
      rows.push([`${symbols[1]} in all`, sumOf(x.count), sumOf(y.count), plus(sumOf(y.count) - sumOf(x.count))]);
      rows.push(
        valuesApart(`${symbols[0]}, mean of gaps`, sumOf(x.score) / x.score.length, sumOf(y.score) / y.score.length, 3),
      );
      if (x.score.length === y.score.length) {
        const {moved, change, most} = gapsApart(x, y),
          named = g => `${g + 1}→${g + 2}`;
        said.push(
          `Counts changed in <b>${moved.length}</b> of ${change.length} gaps${moved.length ? `: ${moved.map(named).join(", ")}` : ""}.` +
            (change[most] ? ` ${symbols[0]} moved most in gap ${named(most)}, by <b>${plus(change[most])}</b>.` : ""),
        );
      }
    }
    if (a.trace.texts?.text.length && b.trace.texts?.text.length) {
      const [more, top] = textRows(a.trace.texts, b.trace.texts);
      rows.push(...more);
      said.push(top);
    } else if (!b.trace.texts) said.push("Similarities: updating…");
    const html =
      apartTable(rows) +
      said
        .filter(Boolean)
        .map(one => `<p>${one}</p>`)
        .join("");
    if (html !== told) $("apart").innerHTML = told = html;
  }

  // A's number of a hovered patch, and how much more B has: of a map; whether A keeps the patch, and where it is if not there
  function patch(stage) {
    if (!A()) return null;
    const [a, b] = [A(), mine()],
      [r, c] = inA(),
      [R, C] = view.patch,
      value = mapAt(a, stage, atA(), r * a.trace.grid[1] + c);
    const by = mapAt(b, stage, view.frame, R * b.trace.grid[1] + C) - value,
      elsewhere = r !== R || c !== C || atA() !== view.frame;
    return {
      a: value,
      by,
      kept: keptAt(a, atA(), r * a.trace.grid[1] + c),
      where: elsewhere ? `(frame ${atA() + 1}, row ${r + 1}, column ${c + 1}) ` : "",
    };
  }

  return {arrange, stage, draw, patch, highest: () => A()?.trace.gaps?.score ?? []};
}
