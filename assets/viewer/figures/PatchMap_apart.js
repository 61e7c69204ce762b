// A beside B: A's picture, the signed difference of the overlay, and what changed in numbers. A's canvas is drawn when the frame,
// the overlay or the patch is another, not when a knob of B moves.

import {apart, apartBar, greyed, masksApart, paintApart, placeIn} from "../base/compare.js";
import {fit, SHADES} from "../base/drawing.js";
import {paintThumb, tallAs, thumbsOf} from "../base/frames.js";
import {overGrey, paintLight} from "../base/light.js";
import {number, pretty, safe} from "../base/words.js";
import {keptAt, keptEdges, mapAt, paintFrame, patchEdge, seenOf} from "./PatchMap_paint.js";

const MARKED = 0.6; // how much a mark hides of the picture, at full strength
// neither keeps it: darker; only A, only B; both: as it is
const REGION = {
  place: kind => kind / 255,
  weight: kind => (kind === 3 ? 0 : MARKED),
  shades: [[0, 0, 0], SHADES.signed[26], SHADES.signed[230], [0, 0, 0]],
};

// → {draw, patch, apart}. seen: B as `seenOf` makes it
export function pairOf({$, cursor, wide, A, go}, outputs) {
  // what A's canvas shows; A whose strip is there; the last difference
  let painted = "",
    mini = null,
    known = {};

  const alike = (a, b) => a.images.length === b.images.length && String(a.grid) === String(b.grid);
  const map = () => outputs.find(one => one.stage === cursor.overlay);
  const atA = a => Math.min(cursor.frame, a.images.length - 1);
  const inA = (a, b) => cursor.patch && placeIn(b.grid, a.grid, cursor.patch);

  // B − A of the overlay over the whole clip, and its masks'. Computed once for a run and an overlay.
  function difference(a, b) {
    const one = map();
    if (known.a === a.trace && known.b === b.trace && known.one === one) return known;
    const there = one && a.map(one.stage) && b.map(one.stage) && one.kind === "PatchMap",
      masks = a.region && b.region && masksApart(a.region, b.region, b.images.length, b.P);
    return (known = {
      a: a.trace,
      b: b.trace,
      one,
      masks,
      ...(there ? apart(a.map(one.stage), b.map(one.stage), x => x / 65535) : {}),
    });
  }

  function draw(b, side, changed) {
    const on = !!side;
    if (!changed)
      for (const name of ["fig-a", "say-a", "fig-d", "say-b", "label-a", "strip-a"]) if ($(name)) $(name).hidden = !on;
    if (!on) {
      painted = "";
      mini = null;
      return;
    }
    const a = seenOf(side, outputs),
      t = atA(a),
      width = wide($("canvas-a").parentElement, 300),
      patch = inA(a, b),
      key = JSON.stringify([t, cursor.overlay, cursor.strength, cursor.bare, patch, width]);
    if (mini !== side) {
      painted = "";
      strip(side, a);
      mini = side;
    }
    if (key !== painted) {
      const said = paintFrame($("canvas-a"), a, t, {...cursor, patch}, map(), width);
      $("canvas-a").setAttribute("aria-label", `A, ${said}`);
      painted = key;
    }
    const short = t < cursor.frame ? `, frame ${t + 1}: its last` : "";
    $("say-a").textContent = `A · ${side.title || "as pinned"}${short}`;
    $("say-b").textContent = "B · the knobs now";
    $("say-d").textContent = "B − A";
    changedBy(a, b);
    for (const [i, thumb] of [...($("strip-a")?.children ?? [])].entries()) thumb.setAttribute("aria-current", i === t);
  }

  function strip(side, a) {
    if (!$("strip-a")) return;
    $("strip-a").style.setProperty("--frames", side.images.length);
    $("strip-a").replaceChildren(...thumbsOf(side.images, go));
    const edges = (pen, _, t, width, height) => keptEdges(pen, a, t, width / a.grid[1], height / a.grid[0], 1.5);
    for (const [t, button] of [...$("strip-a").children].entries()) {
      paintThumb(button.firstChild, side, t, false, [edges]);
      button.children[1].textContent = t + 1;
      button.ariaLabel = button.title = `A, frame ${t + 1}: ${a.kept(t) ?? 0} patches kept`;
    }
  }

  function why(a, b) {
    if (!map())
      return cursor.overlay === "none"
        ? "No overlay is chosen: there is nothing to subtract."
        : "This overlay is of B alone: there is nothing to subtract.";
    const grids = [a, b].map(one => one.grid.join(" × "));
    if (grids[0] !== grids[1]) return `No difference: A has ${grids[0]} patches a frame and B ${grids[1]}.`;
    if (!alike(a, b)) return `No difference: A has ${a.images.length} frames and B ${b.images.length}.`;
    return map().kind !== "RegionMask" && !difference(a, b).value ? "No difference: A has no such map." : "";
  }

  function changedBy(a, b) {
    const sentence = why(a, b),
      t = cursor.frame,
      canvas = $("canvas-d"),
      region = map()?.kind === "RegionMask";
    $("none").hidden = !sentence;
    $("none").textContent = sentence;
    canvas.parentElement.hidden = $("bar-d").hidden = !!sentence;
    if (sentence) return;
    const {value, most} = difference(a, b),
      [rows, columns] = b.grid,
      width = wide(canvas.parentElement, 300),
      height = tallAs(b.clip, width, 1.25),
      pen = fit(canvas, width, height);
    const marked = region && regionApart(a, b, t),
      list = !region && value.subarray(t * b.P, (t + 1) * b.P);
    if (cursor.bare) greyed(pen, b.images[t], width, height);
    else if (region) paintRegions(pen, b.images[t], marked, b.grid, width, height, cursor.strength);
    else paintApart(pen, b.images[t], list, b.grid, most, cursor.strength, width, height);
    if (cursor.patch && !cursor.bare) patchEdge(pen, cursor.patch, width / columns, height / rows);
    const counts = marked && [1, 2, 3].map(kind => marked.filter(one => one === kind).length);
    const swatch = (colour, text) => `<b><b class="vw-swatch" style="background:${colour}"></b>${text}</b>`,
      marks = REGION.shades.map((shade, kind) => overGrey(shade, cursor.strength * REGION.weight(kind)));
    $("bar-d").innerHTML = region
      ? swatch(marks[2], `added ${counts[1]}`) +
        swatch(marks[1], `removed ${counts[0]}`) +
        swatch(marks[3], `kept in both ${counts[2]}`)
      : most
        ? apartBar(most, cursor.strength, `${pretty(map().symbol)} of B less A's, one scale for the clip`)
        : "A and B have the same map.";
    canvas.setAttribute(
      "aria-label",
      region
        ? `B less A, frame ${t + 1}: ${counts[1]} patches added, ${counts[0]} removed, ${counts[2]} kept in both`
        : `B less A, frame ${t + 1}: ${safe(map().title)} from ${number(Math.min(...list))} to ${number(Math.max(...list))}`,
    );
  }

  // what both have of the masks of all frames, in sentences
  function apartOf(sideA, sideB) {
    const [a, b] = [sideA, sideB].map(one => seenOf(one, outputs));
    if (!alike(a, b)) {
      const [x, y] = [a, b].map(one => one.grid.join(" × "));
      return {
        sentences: [
          `Regions cannot be laid over each other: A has ${a.images.length} frames of ${x} patches, B ${b.images.length} of ${y}.`,
        ],
      };
    }
    const {masks} = difference(a, b),
      t = cursor.frame;
    if (!masks) return null;
    return {
      sentences: [
        `Regions: mean IoU <b>${masks.mean.toFixed(3)}</b> over ${masks.iou.length} frames, <b>${masks.iou[t].toFixed(3)}</b> in this one. ` +
          `<b>${masks.all}</b> of ${masks.iou.length * b.P} patches changed sides, ${masks.moved[t]} of them here.`,
      ],
    };
  }

  // A's number of the patch that is pointed at, and how much more B has: of a map; whether A keeps the patch, and where it is if not there
  function patch(b, stage) {
    const a = seenOf(A(), outputs),
      [r, c] = inA(a, b),
      [R, C] = cursor.patch,
      t = atA(a),
      value = mapAt(a, stage, t, r * a.grid[1] + c);
    return {
      a: value,
      by: mapAt(b, stage, cursor.frame, R * b.grid[1] + C) - value,
      kept: keptAt(a, t, r * a.grid[1] + c),
      where: r !== R || c !== C || t !== cursor.frame ? `(frame ${t + 1}, row ${r + 1}, column ${c + 1}) ` : "",
    };
  }

  return {draw, patch, apart: apartOf};
}

// of each patch of a frame: 1 only A keeps it, 2 only B, 3 both
const regionApart = (a, b, t) => Array.from({length: b.P}, (_, p) => keptAt(a, t, p) + 2 * keptAt(b, t, p));

function paintRegions(pen, image, marked, grid, width, height, strength) {
  greyed(pen, image, width, height);
  paintLight(pen, REGION, p => marked[p], grid, width, height, strength);
}
