// A number for each stage of a tower, without prompts and with them, against the knob that it is drawn over: the points that were
// visited and, when nothing moves, the rest of the curve.

import {valuesApart} from "../base/compare.js";
import {COLOURS, fit} from "../base/drawing.js";
import {number, pretty, safe} from "../base/words.js";

const HELD = 64; // settings whose points are kept

export const look = "vw-card";
export const region = "cards";

export function figure(host, {outputs, group, about, shell}) {
  host.innerHTML = `<h4>${safe(group.title)} <small class="vw-likeness-state"></small></h4><div class="vw-likeness"></div><div class="sp-key"></div>`;
  const box = host.querySelector(".vw-likeness"),
    [without] = outputs,
    {against} = without,
    symbol = pretty(about.knobs?.find(one => one.name === against)?.symbol ?? ""),
    visited = new Map(); // settings without that knob → Map {its value: [without, with]}
  let trace = null;

  const settings = () => JSON.stringify([trace.clip, {...trace.knobs, [against]: 0}]);
  const values = () => outputs.map(one => trace.values[one.stage]);

  function draw(side, _, changed) {
    if (changed) return;
    ({trace} = side);
    if (trace.done) remember();
    curves();
  }

  function remember() {
    if (!values().every(Boolean)) return;
    if (!visited.has(settings())) visited.set(settings(), new Map());
    visited.get(settings()).set(trace.knobs[against], values());
    if (visited.size > HELD) visited.delete(visited.keys().next().value);
  }

  // the rest of the curve: one run for each of the settings. request: of what is drawn; still: → whether nothing moved since
  async function idle(request, still) {
    const known = visited.get(settings());
    if (!known || known.whole || !shell.hooks.curve || !box.offsetParent) return;
    const points = JSON.parse(await shell.hooks.curve(request));
    if (!still() || !points.length) return;
    for (const [at, scores] of points) known.set(at, scores);
    known.whole = true;
    curves();
  }

  function curves() {
    const then = visited.get(settings()),
      [now, made] = values();
    host.querySelector(".vw-likeness-state").textContent = !trace.done
      ? "updating…"
      : `— ${without.unit}, against ${then?.whole ? against : `the ${against.replace(/y$/, "ie")}s visited`}`;
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
        `<div><canvas role="img" aria-label="stage ${i + 1}: cosine against ${against}"></canvas><p>stage ${i + 1}${now ? `<br>with <b>${made[i].toFixed(3)}</b><br>without ${now[i].toFixed(3)}` : ""}</p></div>`,
    ).join("");
    const width = Math.max(80, shell.wide(box, 500) / I - 8), // as its grid divides it
      ink = getComputedStyle(box).color;
    [...box.children].forEach((cell, i) =>
      drawCurve(
        cell.firstChild,
        points.map(([s, [a, b]]) => [s, a[i], b[i]]),
        trace.knobs[against],
        ink,
        width,
      ),
    );
    box.nextElementSibling.innerHTML = `<span><i style="--c:${COLOURS.kept}"></i>both with the same prompts</span><span><i class="sp-dash"></i>both without</span><span>across: ${against} ${symbol}; 1 = like the clean frame</span>`;
  }

  return {
    draw,
    idle,
    value({stage}) {
      const given = trace.values[stage];
      return {text: String(given.at(-1)), because: `in stage ${given.length}`};
    },
    lit: () => box,
    apart(a, b) {
      const rows = [];
      for (const {stage, title} of outputs) {
        const [x, y] = [a, b].map(side => side.trace.values[stage]);
        if (!x || !y) return {rows, sentences: ["Likeness: updating…"]};
        x.forEach((value, i) => {
          if (i in y) rows.push(valuesApart(`${safe(title)}, stage ${i + 1}`, value, y[i], 3));
        });
      }
      return {rows, sentences: []};
    },
  };
}

// One chart, from the nearest of a few round numbers below all points to 1. points: [[the knob's value, without, with], …]
function drawCurve(canvas, points, now, ink, width) {
  const height = 112,
    left = 26,
    bottom = 18,
    top = 8,
    pen = fit(canvas, width, height);
  const least = Math.min(...points.flatMap(([, ...cos]) => cos)),
    low = [0.9, 0.5, 0].find(one => one <= least) ?? -1;
  const X = s => left + s * (width - left - 10),
    Y = c => top + ((1 - c) / (1 - low)) * (height - top - bottom);
  pen.font = "10px system-ui, sans-serif";
  pen.strokeStyle = pen.fillStyle = ink;
  pen.globalAlpha = 0.28;
  pen.lineWidth = 1;
  for (const c of [low, (1 + low) / 2, 1]) {
    pen.beginPath();
    pen.moveTo(left, Y(c));
    pen.lineTo(width - 10, Y(c));
    pen.stroke();
  }
  pen.globalAlpha = 0.75;
  pen.textAlign = "right";
  for (const c of [low, (1 + low) / 2, 1]) pen.fillText(number(c).replace("-", "−"), left - 4, Y(c) + 3);
  pen.textAlign = "center";
  for (const s of [0, 0.5, 1]) pen.fillText(s, X(s), height - 5);
  pen.globalAlpha = 1;
  const line = (i, colour, dash) => {
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = 2;
    pen.setLineDash(dash);
    pen.beginPath();
    points.forEach(p => pen.lineTo(X(p[0]), Y(p[i])));
    pen.stroke();
    pen.setLineDash([]);
    for (const p of points) {
      pen.beginPath();
      pen.arc(X(p[0]), Y(p[i]), p[0] === now ? 4.5 : 2, 0, 7);
      if (p[0] === now && i === 1) {
        pen.stroke();
      } else pen.fill();
    }
  };
  line(2, COLOURS.kept, []);
  line(1, ink, [4, 3]);
}
