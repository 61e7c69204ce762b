// Lines over one axis, which is a knob: where that knob stands is marked, and what each line is there is told; elsewhere at the
// pointer. A's lines lie behind, paler.

import {COLOURS, fit} from "../base/drawing.js";
import {resultOf} from "../base/unpack.js";
import {heading, nice, number, pretty, safe} from "../base/words.js";

export const look = "vw-card cu";
export const region = "cards";
const TALL = 150,
  [LEFT, RIGHT, TOP, FOOT] = [34, 10, 8, 18]; // pixels around the lines: for numbers

export function figure(host, {outputs, group, about, shell}) {
  const [output] = outputs,
    knob = about.knobs?.find(one => one.name === output.against),
    colours = [COLOURS.kept, COLOURS.prompt, COLOURS.truth];
  host.innerHTML = `<h4>${heading(group.title)}</h4><canvas class="cu-canvas" role="img"></canvas><p class="cu-said"></p>`;
  const [canvas, said] = ["canvas", "said"].map(name => host.querySelector(`.cu-${name}`));
  let rows = [], // [[x, line, …], …]
    then = [], // A's
    at = null, // the knob's setting, or where a reader points
    place = null; // pixels → x

  function draw(side, A, changed) {
    if (changed) return;
    rows = resultOf(side, output) ?? [];
    then = (A && resultOf(A, output)) ?? [];
    at = side.trace.knobs[output.against] ?? rows.at(-1)?.[0];
    canvas.hidden = !rows.length;
    if (rows.length) paint();
    tell(at);
  }

  function paint() {
    const width = shell.wide(host, 420) - 26,
      pen = fit(canvas, width, TALL),
      [low, high] = [rows[0][0], rows.at(-1)[0]],
      most = nice(Math.max(1e-9, ...[...rows, ...then].flatMap(([, ...heights]) => heights))),
      X = x => LEFT + ((width - LEFT - RIGHT) * (x - low)) / (high - low || 1),
      Y = y => TALL - FOOT - ((TALL - FOOT - TOP) * y) / most;
    place = pixel => low + ((pixel - LEFT) * (high - low)) / (width - LEFT - RIGHT);
    pen.fillStyle = pen.strokeStyle = getComputedStyle(host).color;
    pen.font = "11px system-ui, sans-serif";
    pen.lineWidth = 1;
    for (const part of [0, 0.5, 1]) {
      pen.globalAlpha = 0.25;
      pen.strokeRect(LEFT, Y(part * most), width - LEFT - RIGHT, 0);
      pen.globalAlpha = 0.75;
      pen.textAlign = "right";
      pen.fillText(number(part * most), LEFT - 5, Y(part * most) + 4);
      pen.textAlign = ["left", "center", "right"][2 * part];
      pen.fillText(number(low + part * (high - low)), X(low + part * (high - low)), TALL - 4);
    }
    if (at >= low && at <= high) pen.strokeRect(X(at), TOP, 0, TALL - FOOT - TOP);
    const line = (points, alpha) =>
      output.lines.forEach((_, i) => {
        pen.globalAlpha = alpha;
        pen.strokeStyle = colours[i % colours.length];
        pen.lineWidth = 2;
        pen.beginPath();
        for (const row of points) pen.lineTo(X(row[0]), Y(row[i + 1]));
        pen.stroke();
      });
    line(then, 0.35);
    line(rows, 1);
    canvas.ariaLabel = `${output.title}: ${output.lines.join(", ")} for ${symbol()} from ${number(low)} to ${number(high)}`;
  }

  const symbol = () => knob?.symbol ?? output.against;
  const nearest = x => rows.reduce((best, row) => (Math.abs(row[0] - x) < Math.abs(best[0] - x) ? row : best));

  function tell(x) {
    if (!rows.length) {
      said.textContent = "Nothing was noted for this setting.";
      return;
    }
    const row = nearest(x);
    said.innerHTML =
      `${pretty(symbol())} = ${number(row[0])}: ` +
      output.lines
        .map((name, i) => `<b style="border-bottom:3px solid ${colours[i % 3]}">${pretty(name)}</b> ${number(row[i + 1])}`)
        .join(" · ") +
      ` <small>${safe(output.unit)}</small>`;
  }

  canvas.onpointermove = canvas.onpointerdown = ({offsetX}) => rows.length && tell(place(offsetX));
  canvas.onpointerleave = () => tell(at);

  return {
    draw,
    value() {
      return rows.length ? {text: number(nearest(at)[1]), because: said.textContent} : null;
    },
    lit: () => canvas,
  };
}
