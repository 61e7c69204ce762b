// What is remembered, step by step: the memory after a step, what each step so far changed, and how alike the memories so far are.
// Played, a clip comes in, the memory changes, and the line of the video follows.

import {colour, fit, signed} from "../base/drawing.js";
import {icon} from "../base/icons.js";
import {codes, firstOf, floats, resultOf} from "../base/unpack.js";
import {clock, heading, number, pretty} from "../base/words.js";

export const look = "vw-card me";
export const region = "cards";
const WHOLE = 12000, // milliseconds that it plays, at most; a step takes at most SLOW and at least FAST
  [SLOW, FAST] = [600, 60],
  [STRIP, BARS, SQUARE] = [72, 64, 200]; // pixels: how tall memory and bars are, how large the square

export function figure(host, {outputs, group, cursor, shell}) {
  const memories = firstOf(outputs, "Memories"),
    spans = firstOf(outputs, "Segments"),
    [drifts, alike] = outputs.filter(one => one.kind === "Matrix");
  host.innerHTML = `<h4>${heading(group.title)}</h4>
    <div class="vw-row"><button class="me-play" type="button" aria-label="Play the memory" title="clip by clip">${icon("play")}</button>
    <input class="me-scrub" type="range" min="1" max="1" step="1" value="1" aria-label="Clip"><output class="me-now"></output></div>
    <div class="me-parts">${["strip", "bars", "square"].map(part => `<figure><canvas class="me-${part}" role="img"></canvas><figcaption></figcaption></figure>`).join("")}</div>`;
  const [play, scrub, now] = ["play", "scrub", "now"].map(name => host.querySelector(`.me-${name}`)),
    canvases = ["strip", "bars", "square"].map(name => host.querySelector(`.me-${name}`));
  let k = Infinity, // the step that is looked at, from 0
    timer = 0,
    made = null,
    then = null;

  const dataOf = side => {
    const given = side && resultOf(side, memories);
    if (!given) return null;
    const [drift, square] = [drifts, alike].map(one => resultOf(side, one));
    return {
      ...given,
      cells: codes(given),
      span: floats(resultOf(side, spans)),
      drift: {C: drift.shape[1], R: drift.shape[0], cells: floats(drift)},
      alike: {R: square.shape[0], cells: floats(square)},
      scenes: side.clip.scenes ?? [],
    };
  };
  // a memory's numbers; of very many steps some travel
  function memoryOf({cells, shape: [S, M, D], whole, far}, step) {
    const row = Math.min(S - 1, Math.floor((step * S) / whole));
    return Float32Array.from(cells.subarray(row * M * D, (row + 1) * M * D), code => (code / 32767.5 - 1) * far);
  }

  function draw(side, A, changed) {
    if (changed && !changed.has("second")) return;
    if (!changed) {
      made = dataOf(side);
      then = A ? dataOf(A) : null;
      if (made) scrub.max = made.whole;
    }
    if (!made) return void (now.textContent = "waiting for the network…");
    if (cursor.second !== null) k = at(cursor.second);
    k = Math.max(0, Math.min(made.whole - 1, k));
    paint();
  }

  const at = second => {
    let step = 0;
    while (step < made.whole - 1 && made.span[2 * step + 1] <= second) step++;
    return step;
  };

  function paint() {
    const [, M, D] = made.shape,
      held = memoryOf(made, k),
      [begin, end] = [made.span[2 * k], made.span[2 * k + 1]],
      scenes = made.scenes.filter(([from, to]) => from < end && to > begin).map(([, , caption]) => caption);
    scrub.value = k + 1;
    now.textContent = `clip ${k + 1} of ${made.whole}, ${clock(begin)}–${clock(end)}${scenes.length ? `: ${scenes.join(", then ")}` : ""}`;
    scrub.setAttribute("aria-valuetext", now.textContent);
    strip(held, M, D);
    bars();
    square();
  }

  const say = (canvas, words, text) => {
    canvas.nextElementSibling.innerHTML = words;
    canvas.ariaLabel = text;
  };

  function strip(held, M, D) {
    const width = Math.min(shell.wide(host, 640) - 26, 480),
      pen = fit(canvases[0], width, STRIP);
    for (let m = 0; m < M; m++)
      for (let d = 0; d < D; d++) {
        pen.fillStyle = signed(held[m * D + d] / made.far);
        pen.fillRect((width * d) / D, (STRIP * m) / M, width / D + 0.5, STRIP / M - 1);
      }
    const apart =
        then?.whole === made.whole && then.cells.length === made.cells.length ? distance(held, memoryOf(then, k)) : null,
      words = `${pretty(memories.symbol)}: ${M} tokens of ${D} numbers, however many clips`;
    say(
      canvases[0],
      words + (apart === null ? "" : ` · <b>${number(100 * apart)} %</b> from A’s`),
      `the memory after clip ${k + 1}: ${M} tokens of ${D} numbers`,
    );
  }

  const norm = values => Math.hypot(...values),
    distance = (a, b) => norm(a.map((value, i) => value - b[i])) / (norm(a) || 1);

  // means over tokens; large ones are cut, as is the first, before which there was nothing
  function bars() {
    const {drift, whole} = made,
      means = Array.from({length: drift.R}, (_, r) => {
        const row = drift.cells.subarray(r * drift.C, (r + 1) * drift.C);
        return row.reduce((sum, value) => sum + value, 0) / drift.C;
      }),
      most = Math.max(1e-9, ...means.slice(1)),
      width = Math.min(shell.wide(host, 640) - 26, 480),
      pen = fit(canvases[1], width, BARS),
      row = Math.floor((k * drift.R) / whole);
    pen.fillStyle = getComputedStyle(host).color;
    means.forEach((value, r) => {
      if (r > row) return;
      pen.globalAlpha = r === row ? 1 : 0.4;
      const tall = (BARS - 2) * Math.min(1, value / most);
      pen.fillRect((width * r) / drift.R, BARS - tall, Math.max(1, width / drift.R - 1), tall);
    });
    pen.globalAlpha = 1;
    const said = `clip ${k + 1} changes <b>${number(100 * means[row])} %</b> of it`;
    say(
      canvases[1],
      `${pretty(drifts.symbol)}: ${said}`,
      `what each clip so far changes in the memory, up to ${number(100 * most)} %`,
    );
  }

  function square() {
    const {R, cells} = made.alike,
      last = Math.floor((k * R) / made.whole),
      pen = fit(canvases[2], SQUARE, SQUARE);
    let low = 0;
    for (const value of cells) low = Math.min(low, value);
    for (let r = 0; r <= last; r++)
      for (let c = 0; c <= last; c++) {
        pen.fillStyle = low < 0 ? signed(cells[r * R + c]) : colour(Math.min(1, cells[r * R + c]));
        pen.fillRect((SQUARE * c) / R, (SQUARE * r) / R, SQUARE / R + 0.5, SQUARE / R + 0.5);
      }
    const first = cells[last * R];
    say(
      canvases[2],
      `${pretty(alike.symbol)} of all memories so far; to that after clip 1 <b>${number(first)}</b>`,
      `how alike the memories after clips 1 to ${k + 1} are: that after clip ${k + 1} to that after clip 1 ${number(first)}`,
    );
  }

  const go = step => {
    k = step;
    cursor.set({second: (made.span[2 * k] + made.span[2 * k + 1]) / 2});
  };
  function stop() {
    clearTimeout(timer);
    timer = 0;
    play.innerHTML = icon("play");
    play.ariaLabel = "Play the memory";
  }
  play.onclick = () => {
    if (timer || !made) return stop();
    play.innerHTML = icon("pause");
    play.ariaLabel = "Pause the memory";
    const next = () => {
      if (!host.isConnected || k >= made.whole - 1) return stop();
      go(k + 1);
      timer = setTimeout(next, Math.max(FAST, Math.min(SLOW, WHOLE / made.whole)));
    };
    go(k >= made.whole - 1 ? 0 : k);
    timer = setTimeout(next, FAST);
  };
  scrub.oninput = () => made && go(scrub.value - 1);

  return {
    draw,
    forget: stop,
    value({kind, stage}) {
      if (!made) return null;
      if (kind === "Memories") return {text: `${made.shape[1]} × ${made.shape[2]}`, because: `after clip ${k + 1}`};
      if (kind !== "Matrix") return {text: String(made.whole), because: "clips"};
      const i = canvases[stage === drifts.stage ? 1 : 2];
      return {text: i.nextElementSibling.querySelector("b").textContent, because: `at clip ${k + 1}`};
    },
    lit: ({stage}) => canvases[stage === drifts.stage ? 1 : stage === alike.stage ? 2 : 0],
  };
}
