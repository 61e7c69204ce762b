// A number for each row and column: memories against memories, tokens against tokens. Negative and positive numbers have colours of
// their own, where there are both; the pointed cell is told in words. Where rows and columns have names of their own, these and the
// numbers stand there too.

import {colour, fit, signed} from "../base/drawing.js";
import {floats, resultOf} from "../base/unpack.js";
import {heading, number, pretty, safe} from "../base/words.js";

export const look = "vw-card mx";
export const region = "cards";
const TALL = 260, // pixels at most; a cell is square where there is room
  LEAST = 3,
  TOKENS = {left: 62, cell: 9}, // pixels for names of tokens, and of a cell that is tall enough to have one
  NAMED = {left: 104, below: 18, cell: 34};

export function figure(host, {outputs, group, shell}) {
  const [output] = outputs;
  host.innerHTML = `<h4>${heading(group.title)}</h4><canvas class="mx-canvas" role="img"></canvas><p class="mx-said"></p>`;
  const [canvas, said] = ["canvas", "said"].map(name => host.querySelector(`.mx-${name}`));
  let at = null, // [row, column] that a reader points at
    from = 0, // share of the canvas that names take
    made = null;

  const dataOf = side => {
    const given = resultOf(side, output);
    if (!given) return null;
    const [R, C] = given.shape,
      cells = floats(given),
      low = cells.reduce((a, b) => Math.min(a, b), 0),
      high = cells.reduce((a, b) => Math.max(a, b), 1e-9);
    return {...given, R, C, cells, low, far: Math.max(high, -low)};
  };

  function draw(side, _, changed) {
    if (changed) return;
    made = dataOf(side);
    canvas.hidden = !made?.cells.length;
    if (made?.cells.length) (output.row_names?.length ? table : paint)();
    tell();
  }

  function paint() {
    const {R, C, cells, low, far} = made,
      width = shell.wide(host, 420) - 26,
      cell = Math.max(LEAST, Math.min(width / C, TALL / R, 22)),
      wide = Math.min(width, Math.max(cell * C, Math.min(width, 220)) + leftOf(cell)),
      left = leftOf(cell),
      tall = cell * R,
      pen = fit(canvas, wide, tall),
      X = c => left + ((wide - left) * c) / C;
    pen.font = "10px system-ui, sans-serif";
    pen.fillStyle = getComputedStyle(host).color;
    if (left) for (let r = 0; r < R; r++) pen.fillText(made.names[r], 0, cell * (r + 0.5) + 4);
    from = left / wide;
    for (let r = 0; r < R; r++)
      for (let c = 0; c < C; c++) {
        const value = cells[r * C + c] / far;
        pen.fillStyle = low < 0 ? signed(value) : colour(value);
        pen.fillRect(X(c), cell * r, X(1) - X(0) + 0.5, cell + 0.5);
      }
    canvas.ariaLabel = `${output.title}: ${made.whole[0]} ${made.rows} rows, ${made.whole[1]} ${made.columns} columns, from ${number(low)} to ${number(far)}`;
  }

  // names stand at the rows where these are as many and tall enough
  const leftOf = cell => (made.names.length === made.R && cell >= TOKENS.cell ? TOKENS.left : 0);

  function table() {
    const {R, C, cells, far} = made,
      {left, below, cell} = NAMED,
      wide = shell.wide(host, 420) - 26,
      pen = fit(canvas, wide, cell * R + below),
      ink = getComputedStyle(host).color,
      X = c => left + ((wide - left) * c) / C;
    pen.font = "12px system-ui, sans-serif";
    for (let r = 0; r < R; r++) {
      pen.fillStyle = ink;
      pen.textAlign = "left";
      pen.fillText(output.row_names[r], 0, cell * (r + 0.5) + 4);
      pen.textAlign = "center";
      for (let c = 0; c < C; c++) {
        const value = cells[r * C + c],
          there = Number.isFinite(value);
        pen.fillStyle = there ? colour(value / far) : "transparent";
        pen.fillRect(X(c) + 1, cell * r + 1, X(c + 1) - X(c) - 2, cell - 2);
        pen.fillStyle = there ? (value / far > 0.6 ? "#000" : "#fff") : ink;
        pen.fillText(there ? value.toFixed(2) : "–", X(c + 0.5), cell * (r + 0.5) + 4);
      }
    }
    pen.fillStyle = ink;
    for (let c = 0; c < C; c++) pen.fillText(output.column_names[c], X(c + 0.5), cell * R + below - 4, X(1) - X(0) - 4);
    canvas.ariaLabel = `${output.title}: ${output.row_names.map((name, r) => `${name}: ${[...cells.slice(r * C, r * C + C)].map(number).join(", ")}`).join("; ")}`;
  }

  // a large matrix is drawn in blocks: the first of a block's rows
  const placeOf = (i, shown, whole) => Math.floor((i * whole) / shown);
  const nameOf = (i, shown, whole, kind) =>
    made.names.length ? `${kind} ${safe(made.names[i])}` : `${kind} ${placeOf(i, shown, whole) + 1}`;

  function tell() {
    if (!made) said.textContent = "waiting for the network…";
    else if (!made.cells.length) said.textContent = "Nobody measured this for these weights.";
    else if (output.row_names?.length)
      said.innerHTML = `${pretty(output.symbol)}, ${safe(output.unit)}: down, each ${safe(made.rows)}; across, each ${safe(made.columns)}`;
    else if (at)
      said.innerHTML = `${nameOf(at[0], made.R, made.whole[0], made.rows)} · ${nameOf(at[1], made.C, made.whole[1], made.columns)} · <b>${number(made.cells[at[0] * made.C + at[1]])}</b>`;
    else
      said.innerHTML = `${pretty(output.symbol)}, ${safe(output.unit)}: down, each ${safe(made.rows)}; across, each ${safe(made.columns)}; ${number(made.low)} to ${number(made.far)}`;
  }

  canvas.onpointermove = canvas.onpointerdown = ({offsetX, offsetY}) => {
    if (!made?.cells.length) return;
    const place = (x, whole, count) => Math.max(0, Math.min(count - 1, Math.floor((x / whole) * count)));
    at = [place(offsetY, canvas.clientHeight, made.R), place(offsetX / canvas.clientWidth - from, 1 - from, made.C)];
    tell();
  };
  canvas.onpointerleave = () => {
    at = null;
    tell();
  };

  return {
    draw,
    value() {
      if (!made?.cells.length) return null;
      if (at) return {text: number(made.cells[at[0] * made.C + at[1]]), because: said.textContent};
      return {text: number(made.far), because: "the largest"};
    },
    lit: () => canvas,
  };
}
