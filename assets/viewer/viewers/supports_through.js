import {COLOURS, fit, twice} from "../base/drawing.js";
import {make} from "../base/parts.js";
import {safe} from "../base/words.js";
import {drawMask, outlines} from "./supports_parts.js";

export const THROUGH = `
  <details class="vw-through sp-section" hidden><summary>Through the clip: every frame read, instances linked, one thing followed</summary>
    <p class="vw-empty">A colour and number is an instance: what is found in one frame is linked with what is most like it in the next.</p>
    <div class="vw-tracks"></div><div class="vw-tracks"></div>
    <div class="vw-follow" hidden>
      <h4>One thing followed from its first box <small>— a frame's supports are K frames before it, nothing later is looked at</small></h4>
      <div class="sp-pick">
        <div><canvas class="vw-first" role="img"></canvas><p class="vw-empty">frame 1: click what is to be followed. Letters: the things of this frame; numbers, above: instances</p></div>
        <div><div class="vw-things" role="radiogroup" aria-label="The thing that is followed"></div><div class="vw-overlap"></div></div>
      </div>
      <div class="vw-path"></div><div class="vw-path"></div>
    </div></details>`;

// → draw(shown): what there is to see of the whole clip, waiting where there is none yet. shown: {trace, clip, images, current,
// least, match}. draw.chosen(): the box that a reader chose, null where it is left to the server. draw.forget(): as if nobody had.
// of: kind → its outputs. choose: called when a reader has chosen.
export function throughOf($, all, of, choose) {
  let chosen = null,
    shown = null;
  const picture = t => (t === shown.trace.frame ? shown.current || shown.images[t] : shown.images[t]);
  const there = t => shown.clip.truth?.things[t] || [];

  // A row of all frames under a title; inside(pen, t, width, height, cell) draws one and says it in words
  function row(box, one, waiting, value, title, inside) {
    const T = shown.images.length;
    box.classList.toggle("vw-stale", !value);
    if (!value) {
      if (!box.firstChild) box.innerHTML = `<p class="vw-empty">${waiting}</p>`;
      return;
    }
    if (box.querySelectorAll("canvas").length !== T) {
      box.innerHTML = `<h4>${safe(one.title)} <small></small></h4><div class="vw-line"><div class="sp-tracks"></div></div>`;
      box.querySelector(".sp-tracks").replaceChildren(
        ...shown.images.map(() => {
          const cell = make("div");
          cell.append(make("canvas", {role: "img"}), make("span"));
          return cell;
        }),
      );
    }
    box.querySelector("small").innerHTML = `— ${title}`;
    for (const [t, cell] of [...box.querySelector(".sp-tracks").children].entries()) {
      const width = 132,
        height = Math.round(Math.min((width * shown.clip.height) / shown.clip.width, 1.4 * width));
      const canvas = cell.firstChild,
        pen = fit(canvas, width, height, true),
        now = t === shown.trace.frame;
      pen.drawImage(picture(t), 0, 0, width, height);
      canvas.setAttribute(
        "aria-label",
        `frame ${t + 1}${now ? ", the current one" : ""}: ${inside(pen, t, width, height, cell.lastChild)}`,
      );
      canvas.classList.toggle("sp-now", now);
    }
  }

  function instances(box, i) {
    const one = of("Tracks")[i],
      value = shown.trace.values[one?.stage],
      {clip, least} = shown;
    row(box, one, "reading the whole clip…", value, value && linked(value, least, !!clip.truth), (pen, t, width, height) => {
      if (clip.truth) outlines(pen, there(t), clip.truth.size, width, height, COLOURS.truth);
      drawInstances(pen, value.frames[t], value.size, least, width, height);
      return (
        value.frames[t]
          .filter(one => one.score >= least)
          .map(one => `instance ${one.track + 1}, ${one.name}`)
          .join("; ") || "nothing"
      );
    });
  }

  // What may be followed: the things that are there, or where nobody knows, what the single-frame detector finds in frame 1
  function candidates() {
    if (shown.clip.truth) return there(0).map(one => ({...one, name: one.number === 1 ? `${one.name} (the actor)` : one.name}));
    const found = shown.trace.values[of("Tracks").at(-1)?.stage]?.frames[0] || [];
    return found.filter(one => one.score >= shown.least);
  }

  function path(box, i) {
    const one = of("Followed")[i],
      value = shown.trace.values[one?.stage];
    const mean =
      value?.ao === null ? "the truth is not known" : `mean overlap with the truth (AO) <b>${value?.ao.toFixed(3)}</b>`;
    const lost = value?.seen.filter(seen => !seen).length;
    row(
      box,
      one,
      "waiting…",
      value,
      value && `${mean}${lost ? `; not seen in ${lost} frame${lost > 1 ? "s" : ""} (dashed: where it was headed)` : ""}`,
      (pen, t, width, height, told) => {
        const [x0, y0, x1, y1] = value.box[t],
          edge = new Path2D(),
          overlap = value.overlap[t];
        if (shown.clip.truth)
          outlines(
            pen,
            there(t).filter(one => one.number === value.thing),
            shown.clip.truth.size,
            width,
            height,
            COLOURS.truth,
          );
        edge.rect(x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height);
        pen.setLineDash(value.seen[t] ? [] : [5, 4]);
        twice(pen, edge, COLOURS.kept, 1.8);
        pen.setLineDash([]);
        const hidden = value.thing !== null && !there(t).some(one => one.number === value.thing);
        told.textContent =
          t === 0
            ? "given"
            : overlap !== null
              ? overlap.toFixed(2)
              : hidden
                ? "not there"
                : value.seen[t]
                  ? "seen"
                  : "not seen";
        return `${value.seen[t] ? "seen" : "not seen"}, ${told.textContent}`;
      },
    );
  }

  function following() {
    const box = $("follow"),
      values = of("Followed")
        .map(one => shown.trace.values[one.stage])
        .filter(Boolean),
      things = candidates();
    box.hidden = !of("Followed").length || !things.length;
    if (box.hidden) return;
    const first = chosen ?? values[0]?.box[0],
      at = first ? things.map(one => overlapOf(one.box, first)) : [];
    const current = at.length && Math.max(...at) > 0.5 ? at.indexOf(Math.max(...at)) : -1;
    const names = things.map((one, i) => `${letter(i)} · ${one.name}`).join("|"),
      list = $("things");
    if (list.dataset.names !== names) {
      list.dataset.names = names;
      list.replaceChildren(
        ...things.map((one, i) => {
          const button = make("button", {type: "button", role: "radio"});
          button.textContent = `${letter(i)} · ${one.name}`;
          button.onclick = () => take(i);
          return button;
        }),
      );
    }
    [...list.children].forEach((button, i) => button.setAttribute("aria-checked", i === current));
    const canvas = $("first"),
      width = 232,
      height = Math.round(Math.min((width * shown.clip.height) / shown.clip.width, 1.4 * width));
    const pen = fit(canvas, width, height);
    pen.drawImage(picture(0), 0, 0, width, height);
    pen.font = "600 12px system-ui, sans-serif";
    things.forEach((one, i) => {
      const [x0, y0, x1, y1] = one.box,
        edge = new Path2D();
      edge.rect(x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height);
      twice(pen, edge, i === current ? COLOURS.kept : "#fff", i === current ? 2.5 : 1);
      pen.fillStyle = "rgba(0,0,0,.72)";
      pen.fillRect(x0 * width, y0 * height, 14, 15);
      pen.fillStyle = "#fff";
      pen.fillText(letter(i), x0 * width + 4, y0 * height + 11);
    });
    canvas.setAttribute(
      "aria-label",
      `frame 1 with ${things.length} things that can be followed${current < 0 ? "" : `; followed: ${things[current].name}`}`,
    );
    all("path").forEach(path);
    $("overlap").hidden = !values.some(one => one.ao !== null);
    if (values.length === 2 && !$("overlap").hidden) drawOverlap($("overlap"), values);
  }

  function take(i) {
    chosen = candidates()[i].box;
    following();
    for (const box of all("path")) box.classList.add("vw-stale");
    choose();
  }
  $("first").onclick = event => {
    const box = event.target.getBoundingClientRect(),
      x = (event.clientX - box.left) / box.width,
      y = (event.clientY - box.top) / box.height;
    const hit = candidates().map(({box: [x0, y0, x1, y1]}, i) => ({
      i,
      area: (x1 - x0) * (y1 - y0),
      in: x >= x0 && x <= x1 && y >= y0 && y <= y1,
    }));
    const [best] = hit.filter(one => one.in).sort((a, b) => a.area - b.area); // of two, the smaller lies on top
    if (best) take(best.i);
  };

  function draw(next) {
    shown = next;
    all("tracks").forEach(instances);
    following();
  }
  return Object.assign(draw, {
    chosen: () => chosen,
    forget() {
      chosen = null;
    },
  });
}

const letter = i => String.fromCharCode(97 + (i % 26)); // of a thing; numbers are those of instances

function overlapOf(one, other) {
  // intersection over union of two boxes
  const side = i => Math.max(0, Math.min(one[2 + i], other[2 + i]) - Math.max(one[i], other[i]));
  const area = box => (box[2] - box[0]) * (box[3] - box[1]),
    inside = side(0) * side(1);
  return inside / Math.max(area(one) + area(other) - inside, 1e-12);
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

// Instances of one frame, each in its own colour. least: the score from which a detection is drawn.
const INSTANCES = ["#3b82f6", "#f59e0b", "#22c55e", "#a855f7", "#ef4444", "#14b8a6", "#eab308", "#ec4899"];
function drawInstances(pen, found, size, least, width, height) {
  pen.font = "600 11px system-ui, sans-serif";
  for (const one of found.filter(one => one.score >= least).reverse()) {
    const colour = INSTANCES[one.track % INSTANCES.length],
      [x0, y0, x1, y1] = one.box,
      path = new Path2D(),
      said = one.track + 1;
    if (one.runs) drawMask(pen, one, size, colour, width, height);
    path.rect(x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height);
    twice(pen, path, colour, 1.2);
    const x = Math.min(x0 * width, width - 14),
      y = Math.max(0, y0 * height - 13);
    pen.fillStyle = colour;
    pen.fillRect(x, y, 6 + 7 * String(said).length, 13);
    pen.fillStyle = "#000";
    pen.fillText(said, x + 3, y + 10.5);
  }
}

// In words: how many of the things are found, and how often one of them, rightly named, goes on as another instance.
function linked({frames, there}, least, known) {
  const shown = frames.map(found => found.filter(one => one.score >= least));
  const instances = new Set(shown.flat().map(one => one.track)).size,
    last = new Map();
  if (!known) return `${instances} instances`;
  let changes = 0;
  for (const one of shown.flat().filter(one => one.thing !== null)) {
    if (last.has(one.thing) && last.get(one.thing) !== one.track) changes++;
    last.set(one.thing, one.track);
  }
  const right = shown.flat().filter(one => one.thing !== null).length,
    all = there.reduce((a, b) => a + b, 0);
  return `${right} of ${all} things found over ${frames.length} frames, ${shown.flat().length - right} false; ${instances} instances; the same thing goes on as another instance ${changes} time${changes === 1 ? "" : "s"}, counting only boxes with the right name`;
}
