// One thing through the clip from its first box, which a reader chooses: where it is in every frame, and how well that agrees with
// the truth. Part of Tracks.

import {COLOURS, fit} from "../base/drawing.js";
import {make} from "../base/parts.js";
import {outlines, paintBox, paintFrame, thingsIn} from "../base/things.js";
import {frameRow} from "./Tracks_row.js";

export const FOLLOW = `<div class="vw-follow" hidden>
      <h4>One thing followed from its first box <small>— a frame's supports are K frames before it, nothing later is looked at</small></h4>
      <div class="sp-pick">
        <div><canvas class="vw-first" role="img"></canvas><p class="vw-empty">frame 1: click what is to be followed. Letters: the things of this frame; numbers, above: instances</p></div>
        <div><div class="vw-things" role="radiogroup" aria-label="The thing that is followed"></div><div class="vw-overlap"></div></div>
      </div>
      <div class="vw-path"></div><div class="vw-path"></div>
    </div>`;
const ACROSS = 232; // pixels of the frame in which it is chosen
const letter = i => String.fromCharCode(97 + (i % 26)); // of a thing; numbers are those of instances

// → {draw(shown), chosen: → the box that a reader chose, null where it is left to the server, forget: as if nobody had}.
// candidates: → things of the first frame. choose: called when a reader has chosen
export function followedOf(host, outputs, candidates, choose) {
  const $ = name => host.querySelector(`.vw-${name}`),
    paths = [...host.querySelectorAll(".vw-path")];
  let chosen = null,
    shown = null;

  function path(box, i) {
    const value = shown.trace.values[outputs[i]?.stage],
      there = t => thingsIn(shown.clip, t) ?? [],
      mine = t => there(t).filter(one => one.number === value.thing);
    const mean =
      value?.ao === null ? "the truth is not known" : `mean overlap with the truth (AO) <b>${value?.ao.toFixed(3)}</b>`;
    const lost = value?.seen.filter(seen => !seen).length;
    const title = `${mean}${lost ? `; not seen in ${lost} frame${lost > 1 ? "s" : ""} (dashed: where it was headed)` : ""}`;
    frameRow(box, outputs[i], shown, value, "waiting…", title, (pen, t, width, height, words) => {
      const overlap = value.overlap[t],
        seen = value.seen[t] ? "seen" : "not seen",
        hidden = value.thing !== null && !mine(t).length;
      if (shown.clip.truth) outlines(pen, mine(t), shown.clip.truth.size, width, height, COLOURS.truth);
      pen.setLineDash(value.seen[t] ? [] : [5, 4]);
      paintBox(pen, value.box[t], width, height, COLOURS.kept, 1.8);
      pen.setLineDash([]);
      words.textContent = t === 0 ? "given" : overlap !== null ? overlap.toFixed(2) : hidden ? "not there" : seen;
      return `${seen}, ${words.textContent}`;
    });
  }

  function draw(next) {
    shown = next;
    const values = outputs.map(one => shown.trace.values[one.stage]).filter(Boolean),
      things = candidates();
    host.hidden = !outputs.length || !things.length;
    if (host.hidden) return;
    const first = chosen ?? values[0]?.box[0],
      at = first ? things.map(one => overlapOf(one.box, first)) : [],
      current = at.length && Math.max(...at) > 0.5 ? at.indexOf(Math.max(...at)) : -1;
    list(things, current);
    firstFrame(things, current);
    paths.forEach(path);
    $("overlap").hidden = !values.some(one => one.ao !== null);
    if (values.length === 2 && !$("overlap").hidden) drawOverlap($("overlap"), values);
  }

  function list(things, current) {
    const names = things.map((one, i) => `${letter(i)} · ${one.name}`),
      box = $("things");
    if (box.dataset.names !== names.join("|")) {
      box.dataset.names = names.join("|");
      box.replaceChildren(
        ...names.map((name, i) =>
          Object.assign(make("button", {type: "button", role: "radio"}), {textContent: name, onclick: () => follow(i)}),
        ),
      );
    }
    [...box.children].forEach((button, i) => button.setAttribute("aria-checked", i === current));
  }

  function firstFrame(things, current) {
    const canvas = $("first"),
      {pen, height} = paintFrame(canvas, shown.image(0), shown.clip, ACROSS);
    pen.font = "600 12px system-ui, sans-serif";
    things.forEach((one, i) => {
      const [x0, y0] = one.box;
      paintBox(pen, one.box, ACROSS, height, i === current ? COLOURS.kept : "#fff", i === current ? 2.5 : 1);
      pen.fillStyle = "rgba(0,0,0,.72)";
      pen.fillRect(x0 * ACROSS, y0 * height, 14, 15);
      pen.fillStyle = "#fff";
      pen.fillText(letter(i), x0 * ACROSS + 4, y0 * height + 11);
    });
    const words = current < 0 ? "" : `; followed: ${things[current].name}`;
    canvas.ariaLabel = `frame 1 with ${things.length} things that can be followed${words}`;
  }

  function follow(i) {
    chosen = candidates()[i].box;
    draw(shown);
    for (const box of paths) box.classList.add("vw-stale");
    choose();
  }
  $("first").onclick = event => {
    const {left, top, width, height} = event.target.getBoundingClientRect(),
      x = (event.clientX - left) / width,
      y = (event.clientY - top) / height;
    const hit = candidates()
      .map(({box}, i) => ({i, box}))
      .filter(({box: [x0, y0, x1, y1]}) => x >= x0 && x <= x1 && y >= y0 && y <= y1);
    const [best] = hit.sort((a, b) => areaOf(a.box) - areaOf(b.box)); // of two, the smaller lies on top
    if (best) follow(best.i);
  };

  return {
    draw,
    chosen: () => chosen,
    forget() {
      chosen = null;
    },
  };
}

const areaOf = ([x0, y0, x1, y1]) => (x1 - x0) * (y1 - y0);
// intersection over union of two boxes
function overlapOf(a, b) {
  const side = i => Math.max(0, Math.min(a[2 + i], b[2 + i]) - Math.max(a[i], b[i])),
    inside = side(0) * side(1);
  return inside / Math.max(areaOf(a) + areaOf(b) - inside, 1e-12);
}

// Overlap with the truth, frame by frame: with prompts and without, on one fixed scale
function drawOverlap(box, values) {
  if (!box.firstChild)
    box.innerHTML = `<canvas role="img" aria-label="overlap with the truth, frame by frame"></canvas><div class="sp-key"></div>`;
  const T = values[0].overlap.length,
    width = Math.min(360, box.clientWidth || 300),
    height = 112,
    left = 26,
    bottom = 18,
    top = 8;
  const pen = fit(box.firstChild, width, height),
    X = t => left + (t / Math.max(1, T - 1)) * (width - left - 10),
    Y = v => top + (1 - v) * (height - top - bottom);
  const ink = getComputedStyle(box).color;
  pen.font = "10px system-ui, sans-serif";
  pen.strokeStyle = pen.fillStyle = ink;
  for (const v of [0, 0.5, 1]) {
    pen.globalAlpha = 0.28;
    pen.beginPath();
    pen.moveTo(left, Y(v));
    pen.lineTo(width - 10, Y(v));
    pen.stroke();
    pen.globalAlpha = 0.75;
    pen.textAlign = "right";
    pen.fillText(v, left - 4, Y(v) + 3);
  }
  pen.textAlign = "center";
  for (let t = 0; t < T; t += Math.ceil(T / 12)) pen.fillText(t + 1, X(t), height - 5);
  pen.globalAlpha = 1;
  [
    [1, ink, [4, 3]],
    [0, COLOURS.kept, []],
  ].forEach(([i, colour, dash]) => {
    const path = new Path2D();
    let down = false;
    values[i].overlap.forEach((v, t) => {
      if (v === null) {
        down = false;
      } else {
        path[down ? "lineTo" : "moveTo"](X(t), Y(v));
        down = true;
      }
    });
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = 2;
    pen.setLineDash(dash);
    pen.stroke(path);
    pen.setLineDash([]);
    values[i].overlap.forEach((v, t) => {
      if (v !== null) {
        pen.beginPath();
        pen.arc(X(t), Y(v), 2, 0, 7);
        pen.fill();
      }
    });
  });
  box.lastChild.innerHTML = `<span><i style="--c:${COLOURS.kept}"></i>with prompts, AO ${values[0].ao.toFixed(3)}</span><span><i class="sp-dash"></i>without, AO ${values[1].ao.toFixed(3)}</span><span>overlap (IoU) with the truth; across: frame</span>`;
}
