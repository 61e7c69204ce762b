// What may be remembered of a video, a row for each depth: a span is filled where a memory of it is written, and outlined where none
// is. Where agents looked is numbered in their order. Below, the memory in words, and what the step that is looked at changed.

import {COLOURS, fit} from "../base/drawing.js";
import {offer} from "../base/known.js";
import {memoriesAfter, stepping, visits} from "../base/stepping.js";
import {timeAxis} from "../base/timeaxis.js";
import {firstOf, resultOf} from "../base/unpack.js";
import {clock, heading, number, safe} from "../base/words.js";
import {MemoryWords} from "./MemoryTree_words.js";
import {evidenceOf} from "./Segments.js";

export const look = "vw-card mt";
const ROW = 24, // pixels of a depth, of the numbers of visits above and of the axis below
  TOP = 22,
  AXIS = 18,
  GUTTER = 62, // for the names of depths
  LEAST = 3, // of a span whose outline is seen
  TIMES = 2; // one press of a zoom button
const hex = {old: COLOURS.kept, fresh: COLOURS.prompt};

export function figure(host, {outputs, group, cursor, shell}) {
  const tree = firstOf(outputs, "MemoryTree"),
    walk = stepping(outputs, cursor, shell),
    button = (name, sign, said) =>
      `<button type="button" class="mt-${name}" aria-label="${said}" title="${said}">${sign}</button>`;
  host.innerHTML = `<h4>${heading(group.title)} <small class="mt-state" role="status"></small></h4>
    <div class="vw-row"><label class="mt-label">step <input class="mt-step" type="range" min="0" max="1" step="1" value="1" aria-label="Step"></label><output class="mt-now"></output>
    <span class="mt-zoom" role="group" aria-label="Zoom of the time line">${button("left", "‹", "Earlier")}${button("out", "−", "Less near")}${button("all", "whole video", "The whole video")}${button("in", "+", "Nearer")}${button("right", "›", "Later")}</span></div>
    <canvas class="mt-line" role="img"></canvas><p class="mt-said"></p><p class="mt-legend"></p><div class="mt-words"></div><p class="mt-known"></p>`;
  const $ = name => host.querySelector(`.mt-${name}`),
    [canvas, said, now, slider, state] = ["line", "said", "now", "step", "state"].map($),
    words = MemoryWords($("words"), walk.output, (one, on) => cursor.set({second: on ? (one.from + one.to) / 2 : null}));
  cursor.put({second: null, step: null});
  let from = 0, // seconds that are seen
    to = null,
    whole = 0,
    width = 0,
    levels = [],
    memories = [],
    pointed = null; // depth of the row that a reader points at

  $("legend").innerHTML = [
    ["filled", hex.old, "a memory is written"],
    ["filled", hex.fresh, "this step wrote it"],
    ["pale", "currentColor", "written, and left out"],
    ["outline", "currentColor", "nothing is known"],
    ["filled", COLOURS.truth, "where the answer is seen"],
  ]
    .map(([kind, colour, text]) => `<span><i class="mt-${kind}" style="--ink:${colour}"></i>${text}</span>`)
    .join("");

  function draw(side, A, changed) {
    if (changed && !["second", "step"].some(one => changed.has(one))) return;
    levels = resultOf(side, tree) ?? levels;
    if (!levels.length) return;
    whole = levels[0].at(-1)?.[1] ?? 0;
    if (to === null || to > whole || !changed) [from, to] = to === null || to > whole ? [0, whole] : [from, to];
    const {steps, done, stale} = walk.of(side),
      k = walk.at(side);
    memories = memoriesAfter(steps, k);
    canvas.classList.toggle("vw-stale", stale);
    $("words").classList.toggle("vw-stale", stale);
    state.textContent = done ? "" : stale ? "waiting for the captioner…" : `${steps.length} steps so far`;
    slider.max = Math.max(1, steps.length);
    slider.value = k;
    slider.disabled = steps.length < 2;
    now.textContent = steps[k - 1] ? `${k} of ${steps.length}: ${steps[k - 1].note}` : "nothing is done yet";
    slider.setAttribute("aria-valuetext", now.textContent);
    paint(side, steps, k);
    tell(side);
    if (!changed || changed.has("step")) words.draw(memories, k, steps);
    if (changed) return;
    offer($("known"), side, shell);
    if (A) aside(A);
  }

  const x = second => GUTTER + ((width - GUTTER) * (second - from)) / (to - from || 1),
    y = depth => TOP + ROW * depth;

  function paint(side, steps, k) {
    width = shell.wide(host, 640) - 26;
    const tall = TOP + ROW * levels.length + AXIS,
      pen = fit(canvas, width, tall),
      style = getComputedStyle(host),
      ink = style.color,
      foot = y(levels.length);
    pen.font = "11px system-ui, sans-serif";
    pen.fillStyle = ink;
    levels.forEach((_, depth) => pen.fillText(nameOf(depth), 0, y(depth) + ROW / 2 + 3));
    pen.save();
    pen.beginPath();
    pen.rect(GUTTER, 0, width - GUTTER, tall);
    pen.clip();
    levels.forEach((spans, depth) => outlines(pen, spans, depth, ink));
    for (const one of memories) {
      const left = x(one.from);
      pen.globalAlpha = one.kept ? 1 : 0.25;
      pen.fillStyle = one.kept ? (one.at === k ? hex.fresh : hex.old) : ink;
      const wide = Math.max(2, x(one.to) - left - 1);
      pen.fillRect(left + 0.5, y(one.depth) + 3, wide, ROW - 6);
    }
    pen.fillStyle = COLOURS.truth;
    for (const [begin, stop] of evidenceOf(side)) {
      pen.globalAlpha = 0.25;
      pen.fillRect(x(begin), TOP, Math.max(2, x(stop) - x(begin)), foot - TOP);
      pen.globalAlpha = 1;
      pen.fillRect(x(begin), foot - 2, Math.max(3, x(stop) - x(begin)), 3);
    }
    path(pen, visits(steps, k), ink);
    timeAxis(pen, x, [from, to], width, tall - 4, ink);
    if (cursor.second !== null) pen.fillRect(x(cursor.second) - 0.5, TOP - 4, 1, foot - TOP + 4);
    pen.restore();
    const counts = levels.map((_, depth) => `${memories.filter(one => one.depth === depth).length} ${nameOf(depth)}`),
      looked = visits(steps, k).map(([n, begin, stop]) => `${n}: ${clock(begin)}–${clock(stop)}`);
    canvas.ariaLabel = `Memories after step ${k}: ${counts.join(", ")}. ${looked.length ? `Looked at ${looked.join(", ")}.` : ""}`;
  }

  // each span of its own where it is wide enough, else the row they lie in
  function outlines(pen, spans, depth, ink) {
    pen.strokeStyle = ink;
    pen.lineWidth = 1;
    pen.globalAlpha = 0.35;
    if (!spans.length) return;
    if (x(spans[0][1]) - x(spans[0][0]) < LEAST)
      return pen.strokeRect(x(spans[0][0]) + 0.5, y(depth) + 3.5, x(spans.at(-1)[1]) - x(spans[0][0]) - 1, ROW - 7);
    for (const [begin, stop] of spans)
      if (stop > from && begin < to) pen.strokeRect(x(begin) + 0.5, y(depth) + 3.5, x(stop) - x(begin) - 1.5, ROW - 7);
  }

  // where agents looked, joined in their order; of two at one place the later number is seen beside the earlier
  function path(pen, looked, ink) {
    pen.globalAlpha = 0.6;
    pen.strokeStyle = pen.fillStyle = ink;
    pen.beginPath();
    for (const [, begin, stop] of looked) pen.lineTo(x((begin + stop) / 2), TOP - 11);
    pen.stroke();
    const taken = [];
    for (const [n, begin, stop] of looked) {
      let at = x((begin + stop) / 2);
      while (taken.some(one => Math.abs(one - at) < 15)) at += 15;
      taken.push(at);
      pen.globalAlpha = 1;
      pen.beginPath();
      pen.arc(at, TOP - 11, 7.5, 0, 7);
      pen.fillStyle = ink;
      pen.fill();
      pen.fillStyle = getComputedStyle(host).getPropertyValue("--card").trim() || "#fff";
      pen.textAlign = "center";
      pen.fillText(String(n), at, TOP - 7);
    }
    pen.fillStyle = ink;
    pen.textAlign = "left";
  }

  const nameOf = depth => walk.output.depths?.[depth] ?? `depth ${depth + 1}`;

  // what is at the pointer, in words; else what is written in all
  function tell(side) {
    if (cursor.second === null) {
      const kept = memories.filter(one => one.kept).length,
        all = levels.at(-1)?.length ?? 0;
      said.innerHTML = `<b>${memories.length}</b> memories are written, <b>${kept}</b> are read on; ${all} ${safe(nameOf(levels.length - 1))} ones would be all of ${safe(side.clip.name)}`;
      return;
    }
    const here = memories.filter(one => cursor.second >= one.from && cursor.second < one.to),
      one = here.find(each => each.depth === pointed) ?? here.at(-1);
    said.innerHTML = one
      ? `${safe(nameOf(one.depth))} ${clock(one.from)}–${clock(one.to)}, written in step ${one.at}${one.kept ? "" : ", left out"}: <b>${safe(one.text || "nothing")}</b>`
      : `${clock(cursor.second)}: nothing is known`;
  }

  function aside(A) {
    const {steps} = walk.of(A),
      last = steps.at(-1);
    if (last)
      said.innerHTML += ` · <small class="vw-empty">A: ${steps.length} steps, ${safe(last.answer || "no answer")}</small>`;
  }

  // ---- moving about -------------------------------------------------------------------------------------------------

  const again = () => shell.redraw();
  function zoom(times, at = (from + to) / 2) {
    const least = Math.max(2, 4 * (levels.at(-1)?.[0]?.[1] ?? 1)),
      long = Math.min(whole, Math.max(least, (to - from) / times));
    from = Math.max(0, Math.min(whole - long, at - ((at - from) / (to - from)) * long));
    to = from + long;
    again();
  }
  function pan(by) {
    const long = to - from;
    from = Math.max(0, Math.min(whole - long, from + by * long));
    to = from + long;
    again();
  }
  $("in").onclick = () => zoom(TIMES);
  $("out").onclick = () => zoom(1 / TIMES);
  $("all").onclick = () => zoom(0);
  $("left").onclick = () => pan(-0.5);
  $("right").onclick = () => pan(0.5);
  slider.oninput = () => walk.go(+slider.value);

  const second = event => from + ((event.offsetX - GUTTER) / (width - GUTTER)) * (to - from);
  let held = null; // where a drag began
  canvas.onpointerdown = event => {
    held = {x: event.offsetX, from};
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    held = null;
  };
  canvas.onpointermove = event => {
    if (held && Math.abs(event.offsetX - held.x) > 3 && to - from < whole) {
      const long = to - from;
      from = Math.max(0, Math.min(whole - long, held.from - ((event.offsetX - held.x) / (width - GUTTER)) * long));
      to = from + long;
      return void again();
    }
    pointed = Math.max(0, Math.min(levels.length - 1, Math.floor((event.offsetY - TOP) / ROW)));
    const at = second(event);
    cursor.set({second: at >= from && at < to ? at : null});
  };
  canvas.onpointerleave = () => cursor.set({second: null});
  canvas.ondblclick = event => zoom(4, second(event));
  canvas.addEventListener(
    "wheel",
    event => {
      if (!event.ctrlKey) return; // a pinch on a touchpad says Ctrl
      event.preventDefault();
      zoom(2 ** (-event.deltaY / 200), second(event));
    },
    {passive: false},
  );

  return {
    draw,
    value({kind}, side) {
      if (kind === "MemoryTree") return {text: levels.map(one => one.length).join(", "), because: "spans of each depth"};
      return {text: number(walk.of(side).steps.length), because: "steps"};
    },
    lit: () => canvas,
    apart(a, b) {
      const [one, two] = [a, b].map(side => walk.of(side).steps),
        count = steps => memoriesAfter(steps, steps.length).length;
      if (!one.length || !two.length) return null;
      return {sentences: [`Memories written: A <b>${count(one)}</b>, B <b>${count(two)}</b>.`]};
    },
  };
}
