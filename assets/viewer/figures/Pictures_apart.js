// A's picture beside B's, and how many times as much B's map has. Maps are logarithmic, so is their difference. Part of Pictures.

import {apart, apartBar, greyed, paintApart, placeIn} from "../base/compare.js";
import {fit} from "../base/drawing.js";
import {cellEdge, SCALES} from "../base/maps.js";
import {currentOf, frameOf, tallOf} from "../base/things.js";
import {number, pretty, safe} from "../base/words.js";

// → {stage, reading}. over: (side, place) → what lies over its picture; paint: (canvas, side, that, patch, width) → words
export function apartOf(host, {over, paint, promptOf, shell}) {
  const {cursor} = shell,
    $ = name => host.querySelector(`.vw-${name}`);
  let A = null,
    B = null,
    painted = "",
    known = {};

  const onFrame = () => cursor.patch && cursor.support == null,
    patchOf = (from, to) =>
      onFrame() && from && to ? placeIn([from.rows, from.columns], [to.rows, to.columns], cursor.patch) : null;

  // log₁₀ of B's map over A's, of every block on one scale; what is below the colours' least counts as the least
  function difference() {
    const key = `${cursor.overlay} ${promptOf(cursor)}`;
    if (known.a === A && known.b === B.trace && known.key === key) return known;
    const here = over(B),
      blocks = (here?.list || []).map((_, i) => [over(A, i), over(B, i)]);
    const same = blocks.length && blocks.every(([x, y]) => x && x.i === y.i && x.rows === y.rows && x.columns === y.columns);
    const low = here?.scale.ends && 10 ** here.scale.ends[0],
      apartIn = ([x, y]) => apart(x.value, y.value, value => Math.log10(Math.max(value, low)));
    const list = same ? blocks.map(apartIn) : null;
    return (known = {a: A, b: B.trace, key, list, most: list && Math.max(...list.map(one => one.most))});
  }

  function why() {
    if (cursor.overlay === "none") return "No overlay is chosen: there is nothing to subtract.";
    const [x, y] = [over(A), over(B)];
    if (y?.one.paint) return "This overlay is of B alone: there is nothing to subtract.";
    const grid = one => (one ? `${one.rows} × ${one.columns}` : "no map");
    return difference().list
      ? ""
      : `No difference: A's maps have other places or grids than B's (here A has ${grid(x)}, B ${grid(y)}).`;
  }

  function stage(b, a) {
    if (A !== a) painted = "";
    [B, A] = [b, a];
    for (const name of ["fig-a", "say-a", "fig-d", "say-b"]) $(name).hidden = !A;
    if (!A) return;
    const [x, y] = [over(A), over(B)],
      width = shell.wide($("canvas-a").parentElement, 300),
      patch = patchOf(y, x),
      named = side => `frame ${currentOf(side, shell) + 1}`;
    const key = JSON.stringify([cursor.overlay, x?.i, promptOf(cursor), cursor.strength, cursor.bare, patch, width]);
    if (key !== painted) $("canvas-a").setAttribute("aria-label", `A, ${paint($("canvas-a"), A, x, patch, width)}`);
    painted = key;
    $("say-a").textContent = `A · ${A.title || "as pinned"}, ${named(A)}`;
    $("say-b").textContent = `B · the knobs now, ${named(B)}`;
    $("say-d").textContent = "B against A";
    changed(y);
  }

  function changed(map) {
    const sentence = why(),
      canvas = $("canvas-d");
    $("none").hidden = !sentence;
    $("none").textContent = sentence;
    canvas.parentElement.hidden = $("bar-d").hidden = !!sentence;
    if (sentence) return;
    const {list, most} = difference(),
      width = shell.wide(canvas.parentElement, 300),
      height = tallOf(B.clip, width),
      pen = fit(canvas, width, height);
    const image = frameOf(B, currentOf(B, shell)),
      value = list[map.i].value,
      {rows, columns} = map;
    if (cursor.bare) greyed(pen, image, width, height);
    else paintApart(pen, image, value, [rows, columns], most, cursor.strength, width, height);
    if (onFrame() && !cursor.bare) cellEdge(pen, cursor.patch, rows, columns, width, height);
    $("bar-d").innerHTML = most
      ? apartBar(
          most,
          cursor.strength,
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
    const [x, y] = A ? [over(A), over(B)] : [],
      patch = patchOf(y, x);
    if (!patch) return "";
    const a = x.value[patch[0] * x.columns + patch[1]],
      b = y.value[cursor.patch[0] * y.columns + cursor.patch[1]];
    const said = value => (y.scale === SCALES.share ? `${(100 * value).toPrecision(3)} %` : number(value));
    return `<br>A there: <b>${said(a)}</b>; B − A: <b>${b - a < 0 ? "−" : "+"}${said(Math.abs(b - a))}</b>${a > 0 ? `, ${number(b / a)} times A's` : ""}`;
  }

  return {stage, reading};
}
